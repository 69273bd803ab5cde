/* SPDX-License-Identifier: MIT */
#include "corpus.h"

#include "clinc.h"
#include "memory.h"
#include "msg.h"

#include <errno.h>
#include <iconv.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void corpus_add(struct corpus *c, struct names *labels, const char *label,
                size_t label_len, const char *text, size_t len)
{
	size_t row = c->texts.rows;
	c->label = memory_room(c->label, &c->room, row + 1, sizeof *c->label);
	c->label[row] = names_add(labels, label, label_len);
	texts_add(&c->texts, text, len);
}

void corpus_split(const struct corpus *all, size_t k, struct corpus *train,
                  struct corpus *test)
{
	for (size_t i = 0; i < all->texts.rows; i++) {
		struct corpus *to = (i + 1) % k == 0 ? test : train;
		size_t len, row = to->texts.rows;
		const char *text = texts_at(&all->texts, i, &len);
		to->label = memory_room(to->label, &to->room, row + 1,
		                        sizeof *to->label);
		to->label[row] = all->label[i];
		texts_add(&to->texts, text, len);
	}
}

void corpus_free(struct corpus *c)
{
	texts_free(&c->texts);
	free(c->label);
	*c = (struct corpus){0};
}

/* --------------------------------------------------------------- bytes */

/* The same text in UTF-8; the number of bytes replaced goes to *bad. */
static bool mend(const char *path, char **bytes, size_t *size, size_t *bad)
{
	iconv_t cd = iconv_open("UTF-8", "UTF-8");
	if (cd == (iconv_t)-1) {
		msg("%s: %s", path, strerror(errno));
		return false;
	}
	char *in = *bytes, *whole = memory_new(*size + 1, 3), *out = whole;
	size_t left = *size, room = 3 * *size;
	*bad = 0;
	while (left > 0 && iconv(cd, &in, &left, &out, &room) == (size_t)-1) {
		memcpy(out, "\xEF\xBF\xBD", 3);
		out += 3;
		room -= 3;
		in++;
		left--;
		++*bad;
	}
	iconv_close(cd);
	free(*bytes);
	*bytes = whole;
	*size = (size_t)(out - whole);
	return true;
}

static bool read_all(FILE *f, char **bytes, size_t *size)
{
	size_t room = 0;
	*bytes = NULL;
	*size = 0;
	do {
		*bytes = memory_room(*bytes, &room, *size + (1 << 16), 1);
		*size += fread(*bytes + *size, 1, room - *size, f);
	} while (!feof(f) && !ferror(f));
	return !ferror(f);
}

bool corpus_load(const char *path, char **bytes, size_t *size)
{
	size_t bad;
	FILE *f = fopen(path, "rbe");
	*bytes = NULL;
	if (!f || !read_all(f, bytes, size)) {
		msg("%s: %s", path, strerror(errno));
		if (f)
			fclose(f);
		free(*bytes);
		return false;
	}
	fclose(f);
	if (!mend(path, bytes, size, &bad)) {
		free(*bytes);
		return false;
	}
	if (bad > 0)
		msg("%s: bytes that are not UTF-8, replaced: %zu", path, bad);
	return true;
}

/* --------------------------------------------------------------- lines */

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

static bool read_space(struct corpus *c, struct names *labels, const char *path,
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
    {"tsv", false, read_tsv},    {"space", false, read_space},
    {"trec", false, read_trec},  {"snips", false, read_snips},
    {"clinc", true, clinc_read}, {NULL, false, NULL},
};
