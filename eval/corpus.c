/* SPDX-License-Identifier: MIT */
#include "corpus.h"

#include "input.h"
#include "memory.h"
#include "msg.h"

#include <errno.h>
#include <iconv.h>
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

static void copy_row(struct corpus *to, const struct corpus *from, size_t i)
{
	size_t len, row = to->texts.rows;
	const char *text = texts_at(&from->texts, i, &len);
	to->label =
	    memory_room(to->label, &to->room, row + 1, sizeof *to->label);
	to->label[row] = from->label[i];
	texts_add(&to->texts, text, len);
}

void corpus_split(const struct corpus *all, size_t k, struct corpus *train,
                  struct corpus *test)
{
	for (size_t i = 0; i < all->texts.rows; i++)
		copy_row((i + 1) % k == 0 ? test : train, all, i);
}

void corpus_unique(struct corpus *c)
{
	struct names seen = {0};
	struct corpus kept = {0};
	for (size_t i = 0; i < c->texts.rows; i++) {
		size_t len, known = seen.n;
		const char *text = texts_at(&c->texts, i, &len);
		names_add(&seen, text, len);
		if (seen.n > known)
			copy_row(&kept, c, i);
	}
	names_free(&seen);
	corpus_free(c);
	*c = kept;
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

/* The whole of a file, inflated where it is gzip. */
static bool read_all(const char *path, char **bytes, size_t *size)
{
	struct input *in = memory_new(1, sizeof *in);
	size_t room = 0;
	ptrdiff_t n = 0;
	*bytes = NULL;
	*size = 0;
	if (!input_open(in, path)) {
		free(in);
		return false;
	}
	do {
		*size += (size_t)n;
		*bytes = memory_room(*bytes, &room, *size + (1 << 16), 1);
		n = input_read(in, *bytes + *size, room - *size);
	} while (n > 0);
	if (n < 0) {
		msg("%s: %s", path, in->fault ? in->fault : strerror(errno));
		free(*bytes);
	}
	input_close(in);
	free(in);
	return n == 0;
}

bool corpus_load(const char *path, char **bytes, size_t *size)
{
	size_t bad;
	if (!read_all(path, bytes, size))
		return false;
	if (!mend(path, bytes, size, &bad)) {
		free(*bytes);
		return false;
	}
	if (bad > 0)
		msg("%s: bytes that are not UTF-8, replaced: %zu", path, bad);
	return true;
}
