/* SPDX-License-Identifier: MIT */
/* Words in text, their letter case, and what is UTF-8. */
#include "fixture.h"
#include "suites.h"
#include "token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))
#define B(s) s, sizeof s - 1

static dpt_pattern *pattern;
static dpt_matcher *matcher;
static struct dpt_scan scan; /* of the last text */

static void open_matcher(void)
{
	ck_assert_int_eq(dpt_pattern_new(&pattern, NULL), DPT_OK);
	ck_assert_int_eq(dpt_matcher_new(pattern, &matcher, NULL), DPT_OK);
}

static void close_matcher(void)
{
	dpt_matcher_free(matcher);
	dpt_pattern_free(pattern);
	dpt_scan_free(&scan);
	dpt_matcher_free(NULL);
	dpt_pattern_free(NULL);
}

/* ---------------------------------------------------------------- words */

static void begin(const char *text, size_t from, size_t to)
{
	ck_assert(dpt_scan_text(&scan, text, to));
	dpt_words_begin(matcher, &scan, from, to);
}

/* The words of plain runs and those between them are all words. */
static void check_plain(const char *text, size_t len)
{
	struct dpt_scan other = {0};
	struct dpt_bounds word[100];
	dpt_matcher *plain;
	size_t n, start, end;
	int found;
	ck_assert_int_eq(dpt_matcher_new(pattern, &plain, NULL), DPT_OK);
	ck_assert(dpt_scan_text(&other, text, len));
	dpt_words_begin(plain, &other, 0, len);
	begin(text, 0, len);
	do {
		n = dpt_plain_words(plain, word, DPT_PLAIN_ROOM + len % 60);
		for (size_t i = 0; i < n; i++) {
			found = dpt_next_word(matcher, &start, &end);
			ck_assert_int_eq(found, 1);
			ck_assert_uint_eq(word[i].start, start);
			ck_assert_uint_eq(word[i].end, end);
		}
		found = dpt_next_word(plain, &word->start, &word->end);
		ck_assert_int_eq(dpt_next_word(matcher, &start, &end), found);
		ck_assert(found <= 0 ||
		          (word->start == start && word->end == end));
	} while (found > 0);
	ck_assert_int_eq(found, 0);
	dpt_scan_free(&other);
	dpt_matcher_free(plain);
}

/* Words, each in brackets; to be freed. */
static char *bracketed(const char *text, size_t len)
{
	char *out = NULL;
	size_t size, at = 0, start, end;
	int found;
	FILE *f = open_memstream(&out, &size);
	begin(text, 0, len);
	while ((found = dpt_next_word(matcher, &start, &end)) > 0) {
		ck_assert_uint_ge(start, at);
		ck_assert_uint_gt(end, start);
		ck_assert_uint_le(end, len);
		fputc('[', f);
		fwrite(text + start, 1, end - start, f);
		fputc(']', f);
		at = end;
	}
	ck_assert_int_eq(found, 0);
	fclose(f);
	return out;
}

static const struct {
	const char *text;
	size_t len;
	const char *words;
} texts[] = {
    {B(""), ""},
    {B(" \t.,;-1234"), ""},
    {B("word"), "[word]"},
    {B("The cat, the dog."), "[The][cat][the][dog]"},
    {B("well-known e.g. foo_bar"), "[well-known][e.g][foo][bar]"},
    {B("x1y 2nd 3D"), "[x][y][nd][D]"},
    {B("a@b.c http://x.y/z"), "[a][b.c][http][x.y][z]"},
    /* hyphens join letters, dots join single ones */
    {B("a-b-c- -d e--f"), "[a-b-c][d][e][f]"},
    {B("U.S.A. i.e., J.R.Tolkien ab.c a.bc \xc3\xa9.a"),
     "[U.S.A][i.e][J.R][Tolkien][ab][c][a][bc][\xc3\xa9][a]"},
    {B("rock-'n'-roll U.S.-led"), "[rock][n][roll][U.S][led]"},
    /* an s of its own behind an apostrophe is no word */
    {B("\"Bat\"'s 'S \xe2\x80\x99s s 's"), "[Bat][s]"},
    {B("'s-a 'sa"), "[a][sa]"},
    {B("'~~s \"'.s"), "[s][s]"}, /* what is behind one, not near one */
    /* apostrophes join letters on both sides, of either kind */
    {B("don't stop"), "[don't][stop]"},
    {B("don\xe2\x80\x99t"), "[don\xe2\x80\x99t]"},
    {B("rock \xe2\x80\x99n\xe2\x80\x99 roll"), "[rock][n][roll]"},
    {B("'tis the dogs'"), "[tis][the][dogs]"},
    {B("a''b a'1 a' 'b"), "[a][b][a][a][b]"},
    {B("y'all'd've"), "[y'all'd've]"},
    {B("l\xe2\x80\x98"
       "un"),
     "[l][un]"}, /* the other quotation mark */
    {B("o`clock o\xca\xbc"
       "clock"),
     "[o][clock][o\xca\xbc"
     "clock]"},
    /* letters of any script, with their marks */
    {B("na\xc3\xafve"), "[na\xc3\xafve]"},
    {B("nai\xcc\x88ve"), "[nai\xcc\x88ve]"},
    {B("\xcc\x88"
       "a'\xcc\x88"),
     "[\xcc\x88"
     "a'\xcc\x88]"},
    {B("\xe4\xbd\xa0\xe5\xa5\xbd\xe3\x80\x82x"),
     "[\xe4\xbd\xa0\xe5\xa5\xbd][x]"},
    {B("\xd0\xbc\xd0\xb8\xd1\x80\xc2\xa0\xce\xb3\xce\xb7"),
     "[\xd0\xbc\xd0\xb8\xd1\x80][\xce\xb3\xce\xb7]"},
    {B("\xef\xac\x81n \xc7\x85"), "[\xef\xac\x81n][\xc7\x85]"},
    {B("\xf0\x9d\x92\xb3x\xf0\x9f\x98\x80y"),
     "[\xf0\x9d\x92\xb3x][y]"}, /* a letter and a face beyond 16 bits */
    {B("\xd9\xa3\xe2\x85\xa3\xc2\xb2"), ""}, /* digits, numerals, powers */
    {B("a\xc2\xad"
       "b\xe2\x80\x8d"
       "c"),
     "[a][b][c]"}, /* soft hyphen, joiner */
    {B("\xef\xbb\xbf"
       "a"),
     "[a]"}, /* byte order mark */
    /* bytes that are special elsewhere */
    {B("a\0b\0\0c"), "[a][b][c]"},
    {B("a\nb\r\nc"), "[a][b][c]"},
    {B("\x7f"
       "a\x1b[31mb"),
     "[a][mb]"},
};

START_TEST(words_are_found)
{
	/* in memory of just its size, for the tools that look beyond */
	char *text = malloc(texts[_i].len + 1);
	memcpy(text, texts[_i].text, texts[_i].len);
	char *exact = realloc(text, texts[_i].len ? texts[_i].len : 1);
	char *words = bracketed(exact, texts[_i].len);
	ck_assert_str_eq(words, texts[_i].words);
	check_plain(exact, texts[_i].len);
	free(words);
	free(exact);
}
END_TEST

static int first_word(const char *text, size_t from, size_t to, size_t *start,
                      size_t *end)
{
	begin(text, from, to);
	return dpt_next_word(matcher, start, end);
}

START_TEST(the_search_starts_where_it_is_told)
{
	static const char text[] = "one two three";
	size_t start, end;
	ck_assert_int_eq(first_word(text, 4, 13, &start, &end), 1);
	ck_assert_uint_eq(start, 4);
	ck_assert_uint_eq(end, 7);
	ck_assert_int_eq(first_word(text, 8, 10, &start, &end), 1);
	ck_assert_uint_eq(end, 10); /* and ends there, too */
	ck_assert_int_eq(first_word(text, 13, 13, &start, &end), 0);
	ck_assert_int_eq(first_word(text, 0, 0, &start, &end), 0);
}
END_TEST

/* Text is looked at piece by piece: it does not matter where they end. */
START_TEST(words_are_found_wherever_they_lie)
{
	static const char *const words[] = {"word", "\xc3\xa9t\xc3\xa9",
	                                    "don't", "a.m", "x"};
	enum { SIZE = 400 };
	const char *word = words[_i];
	size_t len = strlen(word), start, end;
	for (size_t at = 0; at + len <= SIZE; at++) {
		char *text = malloc(at + len);
		memset(text, ' ', at);
		memcpy(text + at, word, len);
		begin(text, 0, at + len);
		ck_assert_int_gt(dpt_next_word(matcher, &start, &end), 0);
		ck_assert_uint_eq(start, at);
		ck_assert_uint_eq(end, at + len);
		ck_assert_int_eq(dpt_next_word(matcher, &start, &end), 0);
		free(text);
	}
}
END_TEST

/* Millions of parts in one word, or of words in one line. */
START_TEST(long_words_are_found_whole)
{
	static const char *const units[] = {
	    "a", "\xc3\xa9", "a'", "a\xcc\x88\xe2\x80\x99", "a ", "' "};
	enum { SIZE = 3 << 20 };
	const char *unit = units[_i];
	size_t n = strlen(unit), len = SIZE / n * n, start, end;
	char *text = malloc(len);
	size_t words = 0, longest = 0;
	int found;
	for (size_t i = 0; i < len; i += n)
		memcpy(text + i, unit, n);
	begin(text, 0, len);
	while ((found = dpt_next_word(matcher, &start, &end)) > 0) {
		words++;
		longest = end - start > longest ? end - start : longest;
	}
	ck_assert_int_eq(found, 0);
	size_t cut = unit[n - 1] == '\'' ? 1 : unit[n - 1] == '\x99' ? 3 : 0;
	if (_i < 4) {
		ck_assert_uint_eq(words, 1);
		ck_assert_uint_eq(longest, len - cut);
	} else {
		ck_assert_uint_eq(words, _i == 4 ? SIZE / 2 : 0);
	}
	free(text);
}
END_TEST

/* ---------------------------------------------------------------- UTF-8 */

/* RFC 3629, its table of well-formed sequences read byte by byte. */
static size_t sequence(const unsigned char *s, size_t len)
{
	unsigned char a = s[0], low = 0x80, high = 0xbf;
	size_t n = a < 0x80   ? 1
	           : a < 0xc2 ? 0
	           : a < 0xe0 ? 2
	           : a < 0xf0 ? 3
	           : a < 0xf5 ? 4
	                      : 0;
	if (n > len)
		return 0;
	low = a == 0xe0 ? 0xa0 : a == 0xf0 ? 0x90 : low;
	high = a == 0xed ? 0x9f : a == 0xf4 ? 0x8f : high;
	if (n > 1 && (s[1] < low || s[1] > high))
		return 0;
	for (size_t i = 2; i < n; i++)
		if (s[i] < 0x80 || s[i] > 0xbf)
			return 0;
	return n;
}

static size_t prefix(const char *text, size_t len)
{
	size_t at = 0, n;
	while (at < len &&
	       (n = sequence((const unsigned char *)text + at, len - at)) > 0)
		at += n;
	return at;
}

START_TEST(every_short_sequence_is_judged_right)
{
	static const unsigned char fourth[] = {0,    0x41, 0x7f, 0x80,
	                                       0xbf, 0xc0, 0xff};
	size_t wrong = 0;
	unsigned char s[4];
	for (unsigned a = 0x70; a < 0x100; a++)
		for (unsigned b = 0; b < 0x100; b++)
			for (unsigned c = 0x70; c < 0x100;
			     c += a < 0xe0 ? 15 : 1)
				for (size_t d = 0; d < 7;
				     d += a < 0xf0 ? 3 : 1) {
					s[0] = (unsigned char)a;
					s[1] = (unsigned char)b;
					s[2] = (unsigned char)c;
					s[3] = fourth[d];
					const char *t = (const char *)s;
					wrong += dpt_utf8_prefix(t, 4) !=
					         prefix(t, 4);
					wrong += dpt_utf8_prefix(t, 3) !=
					         prefix(t, 3);
				}
	ck_assert_uint_eq(wrong, 0);
}
END_TEST

static const struct {
	const char *text;
	size_t len, good;
} malformed[] = {
    {B("abc\xff"), 3},
    {B("abc\x80"), 3},
    {B("\xc3"), 0},
    {B("\xc3\n"), 0},
    {B("\xc3\xa9\xc3"), 2},
    {B("\xc0\xaf"), 0},             /* overlong */
    {B("\xe0\x80\xaf"), 0},         /* overlong */
    {B("\xf0\x80\x80\xaf"), 0},     /* overlong */
    {B("x\xed\xa0\x80"), 1},        /* surrogate */
    {B("\xed\x9f\xbf"), 3},         /* the last before them */
    {B("\xee\x80\x80"), 3},         /* the first behind them */
    {B("\xf4\x8f\xbf\xbf"), 4},     /* the last of all */
    {B("\xf4\x90\x80\x80"), 0},     /* beyond */
    {B("\xf8\x88\x80\x80\x80"), 0}, /* five bytes */
    {B("\xef\xbf\xbe"), 3},         /* no character, but well-formed */
    {B("a\0b\0\xff"), 4},
    {B("\xe2\x82"), 0},
    {B("\xf0\x9f\x98"), 0},
};

/* Behind any number of plain bytes, which are skipped several at a time. */
START_TEST(malformed_text_is_good_up_to_its_fault)
{
	for (size_t before = 0; before < 40; before++) {
		size_t len = before + malformed[_i].len;
		char *text = malloc(len);
		memset(text, 'a', before);
		memcpy(text + before, malformed[_i].text, malformed[_i].len);
		ck_assert_uint_eq(dpt_utf8_prefix(text, len),
		                  before + malformed[_i].good);
		ck_assert_uint_eq(dpt_utf8_prefix(text, before), before);
		free(text);
	}
}
END_TEST

START_TEST(random_bytes_are_judged_right)
{
	struct fx_seq seq = {1};
	size_t wrong = 0;
	for (int i = 0; i < 20000; i++) {
		char text[48];
		size_t len = fx_u64(&seq) % sizeof text, at = 0;
		while (at < len) { /* plain bytes and whole characters */
			static const char *const some[] = {
			    "a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
			    "\n"};
			const char *s = some[fx_u64(&seq) % 5];
			for (; *s && at < len; s++)
				text[at++] = *s;
		}
		if (len && i % 2)
			text[fx_u64(&seq) % len] = (char)fx_u64(&seq);
		wrong += dpt_utf8_prefix(text, len) != prefix(text, len);
	}
	ck_assert_uint_eq(wrong, 0);
}
END_TEST

/* --------------------------------------------------------------- shapes */

static const struct {
	const char *word;
	enum dpt_shape shape;
} shapes[] = {
    {"", DPT_LOWER},
    {"word", DPT_LOWER},
    {"Word", DPT_CAPITALISED},
    {"WORD", DPT_UPPER},
    {"wORD", DPT_LOWER},
    {"iPhone", DPT_LOWER},
    {"McDonald", DPT_LOWER},
    {"WORd", DPT_LOWER},
    {"W", DPT_CAPITALISED},
    {"w", DPT_LOWER},
    {"WO", DPT_UPPER},
    {"Don't", DPT_CAPITALISED},
    {"DON'T", DPT_UPPER},
    {"DON\xe2\x80\x99T", DPT_UPPER},
    {"I'm", DPT_CAPITALISED},
    {"I'M", DPT_UPPER},
    {"O'Neill", DPT_LOWER},
    {"\xc3\x89"
     "cole",
     DPT_CAPITALISED}, /* École */
    {"\xc3\x89"
     "COLE",
     DPT_UPPER}, /* ÉCOLE */
    {"E\xcc\x81"
     "COLE",
     DPT_UPPER}, /* its accent apart */
    {"E\xcc\x81"
     "cole",
     DPT_CAPITALISED},
    {"\xc3\xa9"
     "cole",
     DPT_LOWER}, /* école */
    {"\xc3\xa9"
     "COLE",
     DPT_LOWER},                   /* éCOLE */
    {"\xc7\x85", DPT_CAPITALISED}, /* ǅ, a title case letter */
    {"\xc7\x85"
     "ep",
     DPT_CAPITALISED}, /* ǅep */
    {"\xc7\x86"
     "ep",
     DPT_LOWER}, /* ǆep */
    {"\xc7\x84"
     "EP",
     DPT_UPPER}, /* Ǆ */
    {"STRA\xc3\x9f"
     "E",
     DPT_LOWER}, /* STRAßE: ß is lower */
    {"STRA\xe1\xba\x9e"
     "E",
     DPT_UPPER},                                   /* STRAẞE */
    {"\xd0\x9c\xd0\xb8\xd1\x80", DPT_CAPITALISED}, /* Мир */
    {"\xd0\x9c\xd0\x98\xd0\xa0", DPT_UPPER},       /* МИР */
    {"\xe4\xbd\xa0\xe5\xa5\xbd", DPT_LOWER},       /* no case at all */
    {"\xe4\xbd\xa0"
     "A",
     DPT_CAPITALISED},
};

START_TEST(shapes_are_recognised)
{
	ck_assert_int_eq(dpt_shape_of(shapes[_i].word, strlen(shapes[_i].word)),
	                 shapes[_i].shape);
}
END_TEST

static const struct {
	const char *word, *lower;
} lowers[] = {
    {"word", "word"},
    {"WoRD's", "word's"},
    {"@[`{", "@[`{"},
    {"\xc3\x89"
     "COLE",
     "\xc3\xa9"
     "cole"},
    {"STRA\xe1\xba\x9e"
     "E",
     "stra\xc3\x9f"
     "e"},
    {"\xc7\x85"
     "EP",
     "\xc7\x86"
     "ep"},
    {"\xce\x9f\xce\xa3", "\xce\xbf\xcf\x82"}, /* a final sigma */
    {"\xc4\xb0", "i\xcc\x87"},                /* İ: longer than before */
    {"\xe4\xbd\xa0", "\xe4\xbd\xa0"},
};

START_TEST(words_are_lower_cased)
{
	char out[DPT_LONGEST_WORD];
	const char *lower = lowers[_i].lower;
	size_t n =
	    dpt_lower_case(lowers[_i].word, strlen(lowers[_i].word), out);
	ck_assert_uint_eq(n, strlen(lower));
	ck_assert_int_eq(memcmp(out, lower, n), 0);
}
END_TEST

START_TEST(words_that_do_not_fit_are_not_lower_cased)
{
	char word[2 * DPT_LONGEST_WORD], out[DPT_LONGEST_WORD];
	memset(word, 'A', sizeof word);
	ck_assert_uint_eq(dpt_lower_case(word, DPT_LONGEST_WORD, out),
	                  DPT_LONGEST_WORD);
	ck_assert_uint_eq(dpt_lower_case(word, DPT_LONGEST_WORD + 1, out), 0);
	ck_assert_uint_eq(dpt_lower_case(word, sizeof word, out), 0);
	memcpy(word, "\xc3\x89", 2); /* É stays as long as it is */
	ck_assert_uint_eq(dpt_lower_case(word, DPT_LONGEST_WORD, out),
	                  DPT_LONGEST_WORD);
	memcpy(word, "\xc4\xb0", 2); /* İ does not */
	ck_assert_uint_eq(dpt_lower_case(word, DPT_LONGEST_WORD, out), 0);
	ck_assert_uint_eq(dpt_lower_case(word, DPT_LONGEST_WORD - 1, out),
	                  DPT_LONGEST_WORD);
	ck_assert_uint_eq(dpt_lower_case(word, 0, out), 0);
}
END_TEST

static const struct {
	const char *word, *capitalised, *upper;
} shaped[] = {
    {"word", "Word", "WORD"},
    {"o'clock", "O'clock", "O'CLOCK"},
    {"a", "A", "A"},
    {"1980s", "1980s", "1980S"},
    {"\xc3\xa9t\xc3\xa9", "\xc3\x89t\xc3\xa9", "\xc3\x89T\xc3\x89"},
    {"stra\xc3\x9f"
     "e",
     "Stra\xc3\x9f"
     "e",
     "STRASSE"},
    {"\xc7\x86"
     "ep",
     "\xc7\x85"
     "ep",
     "\xc7\x84"
     "EP"},
    {"\xef\xac\x81n", "Fin", "FIN"}, /* a ligature */
    {"e\xcc\x81t", "E\xcc\x81t", "E\xcc\x81T"},
    {"\xe4\xbd\xa0", "\xe4\xbd\xa0", "\xe4\xbd\xa0"},
};

static void check_shaped(enum dpt_shape shape, const char *word,
                         const char *expected)
{
	struct dpt_buf out = {0};
	size_t n = strlen(expected);
	ck_assert(dpt_buf_add(&out, "before ", 7));
	ck_assert(dpt_add_shaped(&out, shape, word, strlen(word)));
	ck_assert_uint_eq(out.len, 7 + n);
	ck_assert_int_eq(memcmp(out.data, "before ", 7), 0);
	ck_assert_msg(memcmp(out.data + 7, expected, n) == 0, "%s became %.*s",
	              word, (int)n, out.data + 7);
	dpt_buf_free(&out);
}

START_TEST(words_are_put_in_shape)
{
	const char *word = shaped[_i].word;
	check_shaped(DPT_LOWER, word, word);
	check_shaped(DPT_CAPITALISED, word, shaped[_i].capitalised);
	check_shaped(DPT_UPPER, word, shaped[_i].upper);
}
END_TEST

/* What is not to be capitalised stays as the vocabulary has it. */
START_TEST(lower_shape_changes_nothing)
{
	check_shaped(DPT_LOWER, "McDonald", "McDonald");
	check_shaped(DPT_LOWER,
	             "\xc3\x89"
	             "t",
	             "\xc3\x89"
	             "t");
	check_shaped(DPT_LOWER, "", "");
}
END_TEST

Suite *suite_token(void)
{
	TCase *t = tcase_create("token");
	tcase_add_unchecked_fixture(t, open_matcher, close_matcher);
	tcase_set_timeout(t, 20);
	tcase_add_loop_test(t, words_are_found, 0, COUNT(texts));
	tcase_add_test(t, the_search_starts_where_it_is_told);
	tcase_add_loop_test(t, words_are_found_wherever_they_lie, 0, 5);
	tcase_add_loop_test(t, long_words_are_found_whole, 0, 6);
	tcase_add_test(t, every_short_sequence_is_judged_right);
	tcase_add_loop_test(t, malformed_text_is_good_up_to_its_fault, 0,
	                    COUNT(malformed));
	tcase_add_test(t, random_bytes_are_judged_right);
	tcase_add_loop_test(t, shapes_are_recognised, 0, COUNT(shapes));
	tcase_add_loop_test(t, words_are_lower_cased, 0, COUNT(lowers));
	tcase_add_test(t, words_that_do_not_fit_are_not_lower_cased);
	tcase_add_loop_test(t, words_are_put_in_shape, 0, COUNT(shaped));
	tcase_add_test(t, lower_shape_changes_nothing);
	Suite *s = suite_create("token");
	suite_add_tcase(s, t);
	return s;
}
