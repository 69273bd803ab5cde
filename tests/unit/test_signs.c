/* SPDX-License-Identifier: MIT */
/* Addresses and numbers, where they begin and end, in time. */
#include "signs.h"

#include "suites.h"
#include "token.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

static dpt_sign_patterns *patterns;
static dpt_sign_finder *finder;

static void open_finder(void)
{
	ck_assert(!dpt_sign_patterns_new(0, &patterns, NULL));
	ck_assert(!dpt_sign_finder_new(patterns, &finder, NULL));
}

static void close_finder(void)
{
	dpt_sign_finder_free(finder);
	dpt_sign_patterns_free(patterns);
	dpt_sign_finder_free(NULL);
	dpt_sign_patterns_free(NULL);
}

/* Signs, each in brackets behind the first letter of its kind; to be freed. */
static char *bracketed(dpt_sign_finder *f, const char *text, size_t len)
{
	char *out = NULL;
	size_t size, end = 0;
	struct dpt_sign sign;
	int found;
	FILE *file = open_memstream(&out, &size);
	struct dpt_scan scan = {0};
	ck_assert(dpt_scan_text(&scan, text, len));
	dpt_signs_begin(f, &scan, 0, len);
	while ((found = dpt_next_sign(f, &sign)) > 0) {
		ck_assert_uint_ge(sign.start, end);
		ck_assert_uint_gt(sign.end, sign.start);
		ck_assert_uint_le(sign.end, len);
		fprintf(file, "%c[%.*s]", "euhcpn"[sign.kind],
		        (int)(sign.end - sign.start), text + sign.start);
		end = sign.end;
	}
	ck_assert_int_eq(found, 0);
	dpt_scan_free(&scan);
	fclose(file);
	return out;
}

static const struct {
	const char *text, *signs;
} texts[] = {
    {"", ""},
    {"No sign: here; w, ww, (a) + b / c.", ""},
    /* addresses */
    {"to anna.b+c@mail.example.org.", "e[anna.b+c@mail.example.org]"},
    {"<J99@x.y>, ...a@b", "e[J99@x.y]e[a@b]"},
    {"m\xc3\xbcller@b\xc3\xbc"
     "cher.de",
     "e[m\xc3\xbcller@b\xc3\xbc"
     "cher.de]"},
    {"me@home and you@", "e[me@home]"},
    {"a@b@c.d", "e[a@b]h[@c.d]"},
    {"@anna: hi @b_2, cc @c.d.", "h[@anna]h[@b_2]h[@c.d]"},
    {"@a@host.example, a @ b, @", "h[@a@host.example]"},
    {"see http://x.y/z?a=1#b.", "u[http://x.y/z?a=1#b]"},
    {"(HTTPS://u:p@h.org:80/), x", "u[HTTPS://u:p@h.org:80/]"},
    {"www.example.com, WWW.x.y awww.no", "u[www.example.com]u[WWW.x.y]"},
    {"www. ://x 9http://a", "n[9]u[http://a]"},
    {"\xe2\x80\x9cgit+ssh://a\xe2\x80\x9d", "u[git+ssh://a]"},
    /* numbers */
    {"4111 1111 1111 1111.", "c[4111 1111 1111 1111]"},
    {"4111-1111-1111-1111-123", "c[4111-1111-1111-1111-123]"},
    {"3782 822463 10005", "c[3782 822463 10005]"},
    {"4111111111111111", "c[4111111111111111]"},
    {"41111111111111111111", "n[41111111111111111111]"},
    {"+44 20 7946 0018, x", "p[+44 20 7946 0018]"},
    {"+1 (555) 123-4567", "p[+1 (555) 123-4567]"},
    {"(555) 123-4567 or 555.123.4567", "p[(555) 123-4567]p[555.123.4567]"},
    {"1-800-555-1234", "p[1-800-555-1234]"},
    {"call 555-1234", "p[555-1234]"},
    {"020 7946 0018; 07700900123", "p[020 7946 0018]p[07700900123]"},
    {"089/12345678", "p[089/12345678]"},
    {"6:15, 2024-01-15 and 1/2", "n[6:15]n[2024-01-15]n[1/2]"},
    {"1,234.50. 1914-1918", "n[1,234.50]n[1914-1918]"},
    {"1st 22nd 3RD 1960s '90\xe2\x80\x99s 6am 4x4 mp3",
     "n[1st]n[22nd]n[3RD]n[1960s]n[90\xe2\x80\x99s]n[6]n[4]n[4]n[3]"},
    {"5 stars 1sta +5", "n[5]n[1]n[5]"},
    {"\xd9\xa3\xd9\xa4 \xef\xbc\x91", "n[\xd9\xa3\xd9\xa4]n[\xef\xbc\x91]"},
    {"\xc2\xbd \xc2\xb2 \xe2\x85\xa3 \xf0\x9f\x98\x80", ""},
    /* both */
    {"12 a1@b.c 34 http://5 67", "n[12]e[a1@b.c]n[34]u[http://5]n[67]"},
    {"555 1234@x", "n[555]e[1234@x]"},
};

/* Wherever it is in a longer text, whose blocks are looked at together. */
START_TEST(signs_are_found)
{
	for (size_t before = 0; before < 70; before++) {
		size_t n = strlen(texts[_i].text), len = before + n;
		char *text = malloc(len + 1);
		memset(text, ' ', before);
		memcpy(text + before, texts[_i].text, n);
		char *signs = bracketed(finder, text, len);
		ck_assert_str_eq(signs, texts[_i].signs);
		free(signs);
		free(text);
	}
}
END_TEST

START_TEST(what_is_not_masked_is_numbers_and_words)
{
	dpt_sign_patterns *few;
	dpt_sign_finder *f;
	const char *text = "a1@b.c http://x @d 555-1234 4111111111111111";
	ck_assert(!dpt_sign_patterns_new((1U << DPT_KINDS) - 1, &few, NULL));
	ck_assert(!dpt_sign_finder_new(few, &f, NULL));
	char *signs = bracketed(f, text, strlen(text));
	ck_assert_str_eq(signs, "n[1]n[555-1234]n[4111111111111111]");
	free(signs);
	dpt_sign_finder_free(f);
	dpt_sign_patterns_free(few);
}
END_TEST

/* Megabytes of what almost is a sign, in time that is not their square. */
START_TEST(long_texts_take_no_longer)
{
	static const char *const units[] = {
	    "a",  "1",  "@",  "a@", "www", "://", "http://.", "1-", "+1",
	    "(0", "a.", "1 ", "+",  ".",   "0 1", "@a.",      "a1", "\xd9\xa3"};
	enum { SIZE = 1 << 18 };
	const char *unit = units[_i];
	size_t n = strlen(unit), len = SIZE / n * n;
	char *text = malloc(len);
	for (size_t i = 0; i < len; i += n)
		memcpy(text + i, unit, n);
	free(bracketed(finder, text, len));
	free(text);
}
END_TEST

Suite *suite_signs(void)
{
	TCase *t = tcase_create("signs");
	tcase_add_unchecked_fixture(t, open_finder, close_finder);
	tcase_set_timeout(t, 20);
	tcase_add_loop_test(t, signs_are_found, 0, COUNT(texts));
	tcase_add_test(t, what_is_not_masked_is_numbers_and_words);
	tcase_add_loop_test(t, long_texts_take_no_longer, 0, 18);
	Suite *s = suite_create("signs");
	suite_add_tcase(s, t);
	return s;
}
