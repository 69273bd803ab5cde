/* SPDX-License-Identifier: MIT */
#include "coding.h"

#include <stdio.h>
#include <string.h>
#include <unistr.h>

/* ------------------------------------------------------------ JSON strings */

static uint32_t hex4(const char *s)
{
	uint32_t value = 0;
	for (int i = 0; i < 4; i++) {
		uint32_t c = (unsigned char)s[i];
		value =
		    value << 4 | (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	return value;
}

/* The character of the escape at s, and its length. */
static uint32_t unescape(const char *s, size_t left, size_t *n)
{
	*n = 2;
	switch (s[1]) {
	case 'b': return '\b';
	case 'f': return '\f';
	case 'n': return '\n';
	case 'r': return '\r';
	case 't': return '\t';
	case 'u': break;
	default: return (unsigned char)s[1];
	}
	*n = 6;
	uint32_t c = hex4(s + 2);
	if (c < 0xD800 || c >= 0xE000)
		return c;
	if (c < 0xDC00 && left >= 12 && s[6] == '\\' && s[7] == 'u') {
		uint32_t low = hex4(s + 8);
		if (low >= 0xDC00 && low < 0xE000) {
			*n = 12;
			return 0x10000 + ((c - 0xD800) << 10) + low - 0xDC00;
		}
	}
	return 0xFFFD;
}

size_t dpt_json_decode(const char *text, size_t n, char *out, uint32_t *origin)
{
	size_t made = 0;
	for (size_t at = 0, step; at < n; at += step) {
		size_t len = step = 1;
		if (text[at] == '\\') {
			uint32_t c = unescape(text + at, n - at, &step);
			len = (size_t)u8_uctomb((uint8_t *)out + made, c, 6);
		} else {
			out[made] = text[at];
		}
		for (size_t i = 0; origin && i < len; i++)
			origin[made + i] = (uint32_t)at;
		made += len;
	}
	if (origin)
		origin[made] = (uint32_t)n;
	return made;
}

/* What a byte becomes in a JSON string: its length, 1 for most. */
static size_t json_escape(char c, char out[8])
{
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	const char *found = c ? strchr(from, c) : NULL;
	out[0] = '\\';
	if (found) {
		out[1] = to[found - from];
		return 2;
	}
	if ((unsigned char)c < 0x20)
		return (size_t)snprintf(out, 8, "\\u%04x", (unsigned)c);
	out[0] = c;
	return 1;
}

/* ------------------------------------------------------------ any of them */

/* What a byte is written as; never nothing. */
static size_t coded(enum dpt_coding coding, char c, char out[8])
{
	if (coding == DPT_STRING)
		return json_escape(c, out);
	out[0] = c;
	out[1] = '"';
	if (coding == DPT_TABBED && (c == '\t' || c == '\n' || c == '\r'))
		out[0] = ' ';
	return coding == DPT_QUOTED && c == '"' ? 2 : 1;
}

bool dpt_encode(enum dpt_coding coding, struct dpt_buf *out, size_t from)
{
	char code[8];
	size_t size = 0, len = out->len;
	if (coding == DPT_PLAIN || coding == DPT_BARE)
		return true;
	for (size_t i = from; i < len; i++)
		size += coded(coding, out->data[i], code);
	if (!dpt_buf_reserve(out, size - (len - from)))
		return false;
	/* from the end, so that nothing is overwritten before it is read */
	size_t put = out->len = from + size;
	for (size_t i = len; i > from; i--) {
		size_t n = coded(coding, out->data[i - 1], code);
		put -= n;
		memcpy(out->data + put, code, n);
	}
	return true;
}

bool dpt_enclose(struct dpt_buf *out, size_t from)
{
	bool bare = true;
	for (size_t i = from; i < out->len && bare; i++)
		bare = !out->data[i] || !strchr(",\"\r\n", out->data[i]);
	if (bare)
		return true;
	if (!dpt_encode(DPT_QUOTED, out, from) || !dpt_buf_reserve(out, 2))
		return false;
	memmove(out->data + from + 1, out->data + from, out->len - from);
	out->data[from] = '"';
	out->len += 2;
	out->data[out->len - 1] = '"';
	return true;
}
