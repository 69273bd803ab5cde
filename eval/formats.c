/* SPDX-License-Identifier: MIT */
/* The formats of corpora, and those that are read by lines. */
#include "clinc.h"
#include "corpus.h"
#include "corpus_csv.h"
#include "folders.h"
#include "memory.h"
#include "msg.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lines {
	const char *path;
	char *bytes, *next, *end;
	size_t number; /* of the line last taken */
};

static bool lines_open(struct lines *l, const char *path)
{
	size_t size;
	*l = (struct lines){.path = path};
	if (!corpus_load(path, &l->bytes, &size))
		return false;
	l->next = l->bytes;
	l->end = l->bytes + size;
	return true;
}

/* The next line without its end, or NULL. */
static const char *lines_take(struct lines *l, size_t *len)
{
	char *line = l->next;
	if (line == l->end)
		return NULL;
	char *stop = memchr(line, '\n', (size_t)(l->end - line));
	*len = (size_t)((stop ? stop : l->end) - line);
	l->next = stop ? stop + 1 : l->end;
	l->number++;
	if (*len > 0 && line[*len - 1] == '\r')
		--*len;
	return line;
}

static bool fault(const struct lines *l, const char *what)
{
	msg("%s:%zu: %s", l->path, l->number, what);
	return false;
}

static bool add_row(struct corpus *c, struct names *labels,
                    const struct lines *l, const char *label, size_t n,
                    const char *text, size_t len)
{
	if (n == 0)
		return fault(l, "no label");
	if (memchr(label, 0, n) || memchr(text, 0, len))
		return fault(l, "a NUL byte");
	corpus_add(c, labels, label, n, text, len);
	return true;
}

/* A line "label", gap, "text"; a colon, if there must be one, ends the label.
 */
static bool add_line(struct corpus *c, struct names *labels,
                     const struct lines *l, const char *line, size_t len,
                     char gap, bool colon)
{
	const char *text = memchr(line, gap, len);
	size_t n = text ? (size_t)(text - line) : 0;
	const char *stop = colon ? memchr(line, ':', n) : text;
	if (len == 0)
		return fault(l, "an empty line");
	if (!text)
		return fault(l, gap == '\t' ? "no TAB behind a label"
		                            : "no blank behind a label");
	if (!stop)
		return fault(l, "no label of the form COARSE:fine");
	return add_row(c, labels, l, line, (size_t)(stop - line), text + 1,
	               len - n - 1);
}

static bool read_lines(struct corpus *c, struct names *labels, const char *path,
                       char gap, bool colon)
{
	struct lines l;
	const char *line;
	size_t len;
	if (!lines_open(&l, path))
		return false;
	bool ok = true;
	while (ok && (line = lines_take(&l, &len)))
		ok = add_line(c, labels, &l, line, len, gap, colon);
	free(l.bytes);
	return ok;
}

static bool read_tsv(struct corpus *c, struct names *labels, const char *path,
                     enum part part)
{
	(void)part;
	return read_lines(c, labels, path, '\t', false);
}

static bool read_sst(struct corpus *c, struct names *labels, const char *path,
                     enum part part)
{
	(void)part;
	return read_lines(c, labels, path, ' ', false);
}

static bool read_trec(struct corpus *c, struct names *labels, const char *path,
                      enum part part)
{
	(void)part;
	return read_lines(c, labels, path, ' ', true);
}

/* label TAB rating TAB id TAB text. */
static bool read_imdb(struct corpus *c, struct names *labels, const char *path,
                      enum part part)
{
	struct lines l;
	const char *line;
	size_t len;
	(void)part;
	if (!lines_open(&l, path))
		return false;
	bool ok = true;
	while (ok && (line = lines_take(&l, &len))) {
		const char *end = line + len, *field[4] = {line};
		int fields = 1;
		for (; fields < 4; fields++) {
			const char *at = field[fields - 1];
			at = memchr(at, '\t', (size_t)(end - at));
			if (!at)
				break;
			field[fields] = at + 1;
		}
		ok = fields == 4 ? add_row(c, labels, &l, line,
		                           (size_t)(field[1] - line) - 1,
		                           field[3], (size_t)(end - field[3]))
		                 : fault(&l, "no label, rating, id and text");
	}
	free(l.bytes);
	return ok;
}

/* Line by line: a file of labels beside a file of texts. */
static bool read_pairs(struct corpus *c, struct names *labels,
                       struct lines *of_labels, struct lines *of_texts)
{
	for (;;) {
		size_t n, len;
		const char *label = lines_take(of_labels, &n);
		const char *text = lines_take(of_texts, &len);
		if (!label && !text)
			return true;
		if (!text)
			return fault(of_labels, "more labels than texts");
		if (!label)
			return fault(of_texts, "more texts than labels");
		if (!add_row(c, labels, of_labels, label, n, text, len))
			return false;
	}
}

static bool read_snips(struct corpus *c, struct names *labels, const char *path,
                       enum part part)
{
	char label_path[PATH_MAX], text_path[PATH_MAX];
	struct lines of_labels, of_texts;
	(void)part;
	if (strlen(path) > PATH_MAX - sizeof "/seq.in") {
		msg("the name of the folder is too long");
		return false;
	}
	sprintf(label_path, "%s/label", path);
	sprintf(text_path, "%s/seq.in", path);
	if (!lines_open(&of_labels, label_path))
		return false;
	if (!lines_open(&of_texts, text_path)) {
		free(of_labels.bytes);
		return false;
	}
	bool ok = read_pairs(c, labels, &of_labels, &of_texts);
	free(of_labels.bytes);
	free(of_texts.bytes);
	return ok;
}

const struct corpus_format corpus_formats[] = {
    {"tsv", "label TAB text", false, read_tsv},
    {"csv", "RFC 4180, with columns named label and text", false, csv_read},
    {"sst", "label, a blank, text (SST-2)", false, read_sst},
    {"trec", "COARSE:fine, a blank, text; the coarse label counts", false,
     read_trec},
    {"snips", "FILE is a folder with the files label and seq.in", false,
     read_snips},
    {"clinc", "JSON of CLINC150: its splits train and test", true, clinc_read},
    {"imdb", "label TAB rating TAB id TAB text", false, read_imdb},
    {"folders", "FILE is a folder: LABEL/ANY holds a text", false,
     folders_read},
    {NULL, NULL, false, NULL},
};

const struct corpus_format *corpus_format_named(const char *name)
{
	for (const struct corpus_format *f = corpus_formats; f->name; f++)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}
