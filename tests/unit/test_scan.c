/* SPDX-License-Identifier: MIT */
/* Marks of a text are those of its bytes, one by one. */
#include "fixture.h"
#include "scan.h"
#include "suites.h"

#include <stdlib.h>
#include <string.h>

enum { LONGEST = 200 };

/* One of the bytes that mean something, or any. */
static unsigned char some_byte(struct fx_seq *seq)
{
	static const char some[] = "az AZ09w.w-w'@:/{`[\xD8\xD9\xE1\xE2\xE9";
	uint64_t u = fx_u64(seq);
	return u & 1 ? (unsigned char)(u >> 8)
	             : (unsigned char)some[(u >> 8) % (sizeof some - 1)];
}

static bool is_letter(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_w(unsigned char c)
{
	return c == 'w' || c == 'W';
}

static bool is_marked(const struct dpt_scan *s, enum dpt_mark mark, size_t at)
{
	return s->window[at / 64].mark[mark] >> at % 64 & 1;
}

/* An address may also be told where it is not known what comes next. */
static void check_byte(const struct dpt_scan *s, size_t at)
{
	unsigned char c = (unsigned char)s->text[at];
	unsigned char next =
	    at + 1 < s->len ? (unsigned char)s->text[at + 1] : 'w';
	bool high = c >= 0x80, address = c == '@' || c == ':';
	bool digit =
	    (c >= '0' && c <= '9') || (c >= 0xD9 && (c < 0xE2 || c > 0xE9));
	ck_assert(is_marked(s, DPT_RUN, at) == (high || is_letter(c)));
	ck_assert(is_marked(s, DPT_HIGH, at) == high);
	ck_assert(is_marked(s, DPT_JOINT, at) == (c == '\'' || c == '-'));
	ck_assert(is_marked(s, DPT_DOT, at) == (c == '.'));
	ck_assert(is_marked(s, DPT_DIGIT, at) == digit);
	if (is_w(c) && is_w(next) && at % 64 < 63 && at + 1 < s->len)
		address = true;
	ck_assert(!address || is_marked(s, DPT_ADDRESS, at));
	ck_assert(address || !is_marked(s, DPT_ADDRESS, at) ||
	          (is_w(c) && at % 64 == 63));
}

static void check_marks(const struct dpt_scan *s, enum dpt_mark mark,
                        size_t from, size_t to)
{
	size_t at = from;
	while (at < to && !is_marked(s, mark, at))
		at++;
	ck_assert_uint_eq(dpt_scan_next(s, mark, from, to), at);
	for (size_t i = from / 64; i <= to / 64; i++)
		for (at = i * 64; at < i * 64 + 64; at++)
			ck_assert(
			    (dpt_scan_marks(s, mark, i, from, to) >> at % 64 &
			     1) ==
			    (at >= from && at < to && is_marked(s, mark, at)));
}

START_TEST(marks_are_those_of_the_bytes)
{
	struct fx_seq seq = {7};
	struct dpt_scan scan = {0};
	for (size_t len = 0; len < LONGEST; len++) {
		/* as much memory as text, to see reads behind it */
		char *text = malloc(len + !len);
		for (size_t i = 0; i < len; i++)
			text[i] = (char)some_byte(&seq);
		ck_assert(dpt_scan_text(&scan, text, len));
		for (size_t at = 0; at < len; at++)
			check_byte(&scan, at);
		for (int mark = 0; mark < DPT_MARKS; mark++) {
			size_t from = fx_u64(&seq) % (len + 1);
			check_marks(&scan, (enum dpt_mark)mark, from,
			            from + fx_u64(&seq) % (len + 1 - from));
			check_marks(&scan, (enum dpt_mark)mark, 0, len);
		}
		free(text);
	}
	dpt_scan_free(&scan);
	dpt_scan_free(&scan);
}
END_TEST

Suite *suite_scan(void)
{
	TCase *t = tcase_create("scan");
	tcase_add_test(t, marks_are_those_of_the_bytes);
	Suite *s = suite_create("scan");
	suite_add_tcase(s, t);
	return s;
}
