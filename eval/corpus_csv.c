/* SPDX-License-Identifier: MIT */
#include "corpus_csv.h"

#include "msg.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_COLUMNS = 64 };

struct csv {
	const char *path;
	char *at, *end;
	size_t line; /* where the record begins */
	size_t next; /* and the one behind it */
	char *field[MOST_COLUMNS];
	size_t len[MOST_COLUMNS];
	int fields;
};

static bool fault(const struct csv *f, const char *what)
{
	msg("%s:%zu: %s", f->path, f->line, what);
	return false;
}

/* A quoted field, put together in place; at is behind its first quote. */
static bool quoted(struct csv *f, size_t *len)
{
	char *out = f->at, *start = f->at;
	for (; f->at < f->end; f->at++) {
		if (*f->at == '"') {
			if (f->at + 1 == f->end || f->at[1] != '"')
				break;
			f->at++;
		}
		f->next += *f->at == '\n';
		*out++ = *f->at;
	}
	if (f->at == f->end)
		return fault(f, "a quote is not closed");
	f->at++;
	*len = (size_t)(out - start);
	return true;
}

static bool plain(struct csv *f, size_t *len)
{
	char *start = f->at;
	while (f->at < f->end && !strchr(",\r\n", *f->at)) {
		if (*f->at == '"')
			return fault(f, "a quote within a field");
		f->at++;
	}
	*len = (size_t)(f->at - start);
	return true;
}

/* Goes behind the end of a record, if it is there. */
static bool end_record(struct csv *f)
{
	if (f->at < f->end && *f->at == '\r')
		f->at++;
	if (f->at < f->end && *f->at != '\n')
		return fault(f, "no comma behind a field");
	f->next++;
	f->at += f->at < f->end;
	return true;
}

static bool take_record(struct csv *f)
{
	f->line = f->next;
	for (f->fields = 0; f->fields < MOST_COLUMNS;) {
		int i = f->fields++;
		bool quote = f->at < f->end && *f->at == '"';
		f->at += quote;
		f->field[i] = f->at;
		if (!(quote ? quoted(f, &f->len[i]) : plain(f, &f->len[i])))
			return false;
		if (f->at == f->end || *f->at != ',')
			return end_record(f);
		f->at++;
	}
	return fault(f, "too many columns");
}

static int find_column(const struct csv *f, const char *name)
{
	for (int i = 0; i < f->fields; i++)
		if (f->len[i] == strlen(name) &&
		    memcmp(f->field[i], name, f->len[i]) == 0)
			return i;
	return -1;
}

static bool read_records(struct csv *f, struct corpus *c, struct names *labels)
{
	if (!take_record(f))
		return false;
	int label = find_column(f, "label"), text = find_column(f, "text");
	int columns = f->fields;
	if (label < 0 || text < 0)
		return fault(f, "no columns named label and text");
	while (f->at < f->end) {
		if (!take_record(f))
			return false;
		if (f->fields != columns)
			return fault(f, "not as many fields as in the header");
		if (f->len[label] == 0)
			return fault(f, "no label");
		corpus_add(c, labels, f->field[label], f->len[label],
		           f->field[text], f->len[text]);
	}
	return true;
}

bool csv_read(struct corpus *c, struct names *labels, const char *path,
              enum part part)
{
	char *bytes;
	size_t size;
	(void)part;
	if (!corpus_load(path, &bytes, &size))
		return false;
	struct csv f = {.path = path,
	                .at = bytes,
	                .end = bytes + size,
	                .line = 1,
	                .next = 1};
	bool ok = memchr(bytes, 0, size) ? fault(&f, "a NUL byte in the file")
	                                 : read_records(&f, c, labels);
	free(bytes);
	return ok;
}
