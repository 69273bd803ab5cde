/* SPDX-License-Identifier: MIT */
#include "clinc.h"

#include "memory.h"
#include "msg.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define JSMN_STATIC
#define JSMN_STRICT
#define JSMN_PARENT_LINKS
#include <jsmn.h>

struct json {
	const char *path;
	char *bytes;
	size_t size;
	jsmntok_t *token;
	int tokens;
};

static bool fault(const struct json *j, size_t at, const char *what)
{
	size_t line = 1;
	for (size_t i = 0; i < at && i < j->size; i++)
		line += j->bytes[i] == '\n';
	msg("%s:%zu: %s", j->path, line, what);
	return false;
}

/* The token behind all that is in token i. */
static int after(const struct json *j, int i)
{
	int end = j->token[i].end;
	do
		i++;
	while (i < j->tokens && j->token[i].start < end);
	return i;
}

static bool parse(struct json *j)
{
	jsmn_parser p;
	size_t room = 0;
	const char *nul = memchr(j->bytes, 0, j->size);
	if (nul)
		return fault(j, (size_t)(nul - j->bytes), "a NUL byte");
	if (j->size > INT_MAX)
		return fault(j, 0, "too large for JSON of this kind");
	jsmn_init(&p);
	do {
		j->token =
		    memory_room(j->token, &room, room + 1, sizeof *j->token);
		j->tokens =
		    jsmn_parse(&p, j->bytes, j->size, j->token, (unsigned)room);
	} while (j->tokens == JSMN_ERROR_NOMEM);
	if (j->tokens == JSMN_ERROR_PART)
		return fault(j, j->size, "the JSON ends too soon");
	if (j->tokens < 0)
		return fault(j, p.pos, "not JSON");
	if (j->tokens == 0 || j->token[0].type != JSMN_OBJECT)
		return fault(j, 0, "not a JSON object");
	if (after(j, 0) < j->tokens)
		return fault(j, (size_t)j->token[0].end, "not one JSON object");
	return true;
}

/* ------------------------------------------------------------- strings */

static unsigned hex4(const char *s)
{
	char digits[5] = {s[0], s[1], s[2], s[3], 0};
	return (unsigned)strtoul(digits, NULL, 16);
}

/* Writes a code point in UTF-8; a surrogate becomes U+FFFD. */
static char *put(char *out, unsigned c)
{
	if (c >= 0xD800 && c < 0xE000)
		c = 0xFFFD;
	if (c < 0x80) {
		*out++ = (char)c;
	} else if (c < 0x800) {
		*out++ = (char)(0xC0 | c >> 6);
		*out++ = (char)(0x80 | (c & 63));
	} else if (c < 0x10000) {
		*out++ = (char)(0xE0 | c >> 12);
		*out++ = (char)(0x80 | (c >> 6 & 63));
		*out++ = (char)(0x80 | (c & 63));
	} else {
		*out++ = (char)(0xF0 | c >> 18);
		*out++ = (char)(0x80 | (c >> 12 & 63));
		*out++ = (char)(0x80 | (c >> 6 & 63));
		*out++ = (char)(0x80 | (c & 63));
	}
	return out;
}

/* The character of an escape at s, which has left bytes; its length: *n. */
static unsigned escaped(const char *s, size_t left, size_t *n)
{
	*n = 2;
	switch (s[1]) {
	case 'b':
	case 'f':
	case 'n':
	case 'r':
	case 't': return ' ';
	case 'u': break;
	default: return (unsigned char)s[1];
	}
	unsigned c = hex4(s + 2);
	*n = 6;
	if (c >= 0xD800 && c < 0xDC00 && left >= 12 && s[6] == '\\' &&
	    s[7] == 'u') {
		unsigned low = hex4(s + 8);
		if (low >= 0xDC00 && low < 0xE000) {
			*n = 12;
			return 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
		}
	}
	return c ? c : ' ';
}

/* Decodes a string token in place, where it gets no longer. */
static const char *string(const struct json *j, int i, size_t *len)
{
	char *start = j->bytes + j->token[i].start, *out = start;
	const char *in = start, *end = j->bytes + j->token[i].end;
	while (in < end) {
		size_t n = 1;
		if (*in == '\\')
			out = put(out, escaped(in, (size_t)(end - in), &n));
		else
			*out++ = *in ? *in : ' ';
		in += n;
	}
	*len = (size_t)(out - start);
	return start;
}

/* ------------------------------------------------------------ the shape */

/* The array of the split of a name, or -1. */
static int find_split(const struct json *j, const char *name)
{
	int i = 1;
	while (i < j->tokens) {
		const jsmntok_t *key = &j->token[i];
		size_t len = (size_t)(key->end - key->start);
		if (key->type != JSMN_STRING || key->size != 1 ||
		    i + 1 >= j->tokens) {
			fault(j, (size_t)key->start, "no \"split\": [...]");
			return -1;
		}
		if (len == strlen(name) &&
		    memcmp(j->bytes + key->start, name, len) == 0)
			return i + 1;
		i = after(j, i + 1);
	}
	msg("%s: no split named %s", j->path, name);
	return -1;
}

/* An array of two strings, which are the tokens behind it. */
static bool is_pair(const jsmntok_t *t)
{
	return t[0].type == JSMN_ARRAY && t[0].size == 2 &&
	       t[1].type == JSMN_STRING && t[1].size == 0 &&
	       t[2].type == JSMN_STRING && t[2].size == 0;
}

static bool read_split(const struct json *j, int array, struct corpus *c,
                       struct names *labels)
{
	const jsmntok_t *t = j->token;
	if (t[array].type != JSMN_ARRAY)
		return fault(j, (size_t)t[array].start, "no array");
	for (int i = array + 1, rows = 0; rows < t[array].size; rows++) {
		int first = i < j->tokens ? i : array;
		size_t len, label_len, at = (size_t)t[first].start;
		if (i + 2 >= j->tokens || !is_pair(&t[i]))
			return fault(j, at, "no [\"text\", \"intent\"]");
		if (t[i + 2].start == t[i + 2].end)
			return fault(j, at, "no label");
		const char *text = string(j, i + 1, &len);
		const char *label = string(j, i + 2, &label_len);
		corpus_add(c, labels, label, label_len, text, len);
		i += 3;
	}
	return true;
}

bool clinc_read(struct corpus *c, struct names *labels, const char *path,
                enum part part)
{
	struct json j = {.path = path};
	if (!corpus_load(path, &j.bytes, &j.size))
		return false;
	bool ok = parse(&j);
	int array = ok ? find_split(&j, part == TRAIN ? "train" : "test") : -1;
	ok = array >= 0 && read_split(&j, array, c, labels);
	free(j.token);
	free(j.bytes);
	return ok;
}
