/* SPDX-License-Identifier: MIT */
/* From what people write to rows: parts of compounds, and every rule. */
#include "words.h"

#include "fixture.h"
#include "suites.h"
#include "token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))
#define QUOTE "\xe2\x80\x99" /* the curly apostrophe */

/* ---------------------------------------------------------------- parts */

/* Each in brackets, with its name behind an equals sign. */
static char *bracketed(const char *word)
{
	char *out = NULL;
	size_t size, end = 0;
	struct dpt_parts parts = {.word = word, .len = strlen(word)};
	struct dpt_part p;
	FILE *f = open_memstream(&out, &size);
	while (dpt_next_part(&parts, &p)) {
		ck_assert_uint_ge(p.start, end);
		ck_assert_uint_gt(p.end, p.start);
		ck_assert_uint_le(p.end, strlen(word));
		fprintf(f, "[%.*s", (int)(p.end - p.start), word + p.start);
		if (p.name)
			fprintf(f, "=%.*s", (int)p.len, p.name);
		fputc(']', f);
		end = p.end;
	}
	fclose(f);
	return out;
}

static const struct {
	const char *word, *parts;
} compounds[] = {
    {"don't", "[do][n't=not]"},
    {"DON'T", "[DO][N'T=not]"},
    {"don" QUOTE "t", "[do][n" QUOTE "t=not]"},
    {"couldn't've", "[could][n't=not]['ve=have]"},
    {"can't", "[ca=can][n't=not]"},
    {"Won" QUOTE "t", "[Wo=will][n" QUOTE "t=not]"},
    {"shan't", "[sha=shall][n't=not]"},
    {"ain't", "[ai=is][n't=not]"},
    {"can'ted", "[can][ted]"},
    {"n't", "[n][t]"},
    {"I'm", "[I]['m=am]"},
    {"we've", "[we]['ve=have]"},
    {"they'll", "[they]['ll=will]"},
    {"you" QUOTE "re", "[you][" QUOTE "re=are]"},
    {"he'd", "[he]['d=would]"},
    {"he'dx", "[he][dx]"},
    {"it's", "[it]['s=is]"},
    {"What" QUOTE "S", "[What][" QUOTE "S=is]"},
    {"let's", "[let=let]['s=us]"},
    {"John's", "[John]"},
    {"boss's", "[boss]"},
    {"O'Neill's", "[O][Neill]"},
    {"y'all", "[y=you]['all=all]"},
    {"y'all'd've", "[y=you]['all=all]['d=would]['ve=have]"},
    {"c'mon", "[c=come]['mon=on]"},
    {"O'CLOCK", "[O'CLOCK=clock]"},
    {"ma'am", "[ma'am=madam]"},
    {"rock'n'roll", "[rock][n][roll]"},
    {"\xc3\xa9t\xc3\xa9's", "[\xc3\xa9t\xc3\xa9]"},
    {"U.S.A", "[U.S.A=USA]"},
    {"e.g", "[e.g=eg]"},
    {"U.S's", "[U.S=US]"},
    {"a'b.c", "[a][b.c=bc]"},
    {"word", "[word]"},
    {"-a--b-", "[a][b]"}, /* what is between hyphens, if they are there */
    {"'", ""},
    {"", ""},
};

START_TEST(compounds_fall_into_parts)
{
	char *parts = bracketed(compounds[_i].word);
	ck_assert_str_eq(parts, compounds[_i].parts);
	free(parts);
}
END_TEST

/* More letters than a part holds become several parts, and none is lost. */
START_TEST(long_initials_are_cut)
{
	char word[141];
	size_t letters = 0;
	struct dpt_parts parts = {.word = word, .len = 139};
	struct dpt_part p;
	for (int i = 0; i < 70; i++)
		memcpy(word + 2 * i, "a.", 3);
	while (dpt_next_part(&parts, &p)) {
		ck_assert_uint_le(p.len, sizeof p.letters);
		letters += p.name ? p.len : 1;
	}
	ck_assert_uint_eq(letters, 70);
}
END_TEST

/* ---------------------------------------------------------------- rows */

enum { DIM = 4 };
static const char *const rows[] = {
    "the",     "good", "so",          "cafe",   "na\xc3\xafve",
    "murmurs", "grin", "murmur",      "o'neil", "well-known",
    "path",    "foot", "probability", "Oslo",   "strasse",
    "not",     "usa",  "fin",         "less",   "foothold",
};
enum { N = COUNT(rows) };

static dpt_index *vocabulary;
static dpt_normaliser *normaliser;

static void open_vocabulary(void)
{
	fx_make_dir();
	float *vectors = fx_rows(FX_RANDOM, N, DIM, 1);
	dpt_vectors *v = fx_vectors(vectors, N, DIM, rows);
	vocabulary = fx_index_of("index", v, 5);
	ck_assert(!dpt_normaliser_new(vocabulary, &normaliser, NULL));
	dpt_vectors_free(v);
	free(vectors);
}

static void close_vocabulary(void)
{
	dpt_normaliser_free(normaliser);
	dpt_normaliser_free(NULL);
	dpt_index_free(vocabulary);
	fx_remove_dir();
}

static const struct {
	const char *word, *row;
	enum dpt_rule rule;
} found[] = {
    {"the", "the", DPT_AS_WRITTEN},
    {"Oslo", "Oslo", DPT_AS_WRITTEN},
    {"well-known", "well-known", DPT_AS_WRITTEN},
    {"The", "the", DPT_LETTER_CASE},
    {"NA\xc3\x8fVE", "na\xc3\xafve", DPT_LETTER_CASE},
    {"nai\xcc\x88ve", "na\xc3\xafve", DPT_LETTER_CASE}, /* its mark apart */
    {"stra\xc3\x9f"
     "e",
     "strasse", DPT_LETTER_CASE},
    {"O" QUOTE "Neil", "o'neil", DPT_LETTER_CASE},
    {"Well-Known", "well-known", DPT_LETTER_CASE},
    {"oslo", NULL, DPT_NO_ROW},
    {"Caf\xc3\xa9", "cafe", DPT_NO_ACCENTS},
    {"cafe\xcc\x81", "cafe", DPT_NO_ACCENTS},
    {"\xef\xac\x81n", "fin", DPT_LETTER_CASE}, /* a ligature */
    {"goooood", "good", DPT_REPEATS},
    {"Sooo", "so", DPT_REPEATS},
    {"caf\xc3\xa9\xc3\xa9\xc3\xa9", "cafe", DPT_REPEATS},
    {"caffff\xc3\xa9", "cafe", DPT_REPEATS},
    {"murmured", "murmurs", DPT_SAME_STEM}, /* the first row with it */
    {"Probabilities", "probability", DPT_SAME_STEM},
    {"grinned", "grin", DPT_SAME_STEM},
    {"footpath", "path", DPT_SECOND},
    {"pathless", "less", DPT_SECOND},
    {"Footpath", NULL, DPT_NO_ROW}, /* it may be a name */
    {"foothold", "foothold", DPT_AS_WRITTEN},
    {"sopath", NULL, DPT_NO_ROW}, /* too short a first part */
    {"footthe", NULL, DPT_NO_ROW},
    {"footpaths", NULL, DPT_NO_ROW},
    {"o'neils", NULL, DPT_NO_ROW}, /* of compounds, the whole only */
    {"well-knowns", NULL, DPT_NO_ROW},
    {"ths", NULL, DPT_NO_ROW},
    {"", NULL, DPT_NO_ROW},
    {"\xe4\xbd\xa0", NULL, DPT_NO_ROW},
};

START_TEST(rows_are_found_by_rules)
{
	enum dpt_rule rule;
	const char *word = found[_i].word, *row = found[_i].row;
	uint32_t c = dpt_normalise(normaliser, word, strlen(word), &rule);
	uint32_t expected =
	    row ? dpt_index_find(vocabulary, row, strlen(row)) : DPT_NO_WORD;
	ck_assert_msg(c == expected, "%s: %u, not %u", word, c, expected);
	ck_assert_str_eq(dpt_rule_name(rule), dpt_rule_name(found[_i].rule));
	ck_assert(!dpt_normaliser_failed(normaliser));
}
END_TEST

/* Words up to and beyond the longest that is looked at, of all kinds. */
START_TEST(long_words_have_no_row)
{
	static const char *const units[] = {
	    "a", "\xc3\x89", "\xef\xb7\xba", "ab", "s", "\xcc\x81", "the"};
	char word[3 * DPT_LONGEST_WORD];
	enum dpt_rule rule;
	for (int u = 0; u < COUNT(units); u++) {
		size_t n = strlen(units[u]);
		for (size_t i = 0; i + n <= sizeof word; i += n)
			memcpy(word + i, units[u], n);
		for (size_t len = 4 * n; len + n <= sizeof word; len += n)
			ck_assert_uint_eq(
			    dpt_normalise(normaliser, word, len, &rule),
			    DPT_NO_WORD);
	}
	ck_assert(!dpt_normaliser_failed(normaliser));
}
END_TEST

START_TEST(rules_have_names)
{
	for (int r = 0; r < DPT_RULES; r++)
		ck_assert_uint_gt(strlen(dpt_rule_name((enum dpt_rule)r)), 0);
}
END_TEST

Suite *suite_words(void)
{
	TCase *t = tcase_create("words");
	tcase_add_unchecked_fixture(t, open_vocabulary, close_vocabulary);
	tcase_add_loop_test(t, compounds_fall_into_parts, 0, COUNT(compounds));
	tcase_add_test(t, long_initials_are_cut);
	tcase_add_loop_test(t, rows_are_found_by_rules, 0, COUNT(found));
	tcase_add_test(t, long_words_have_no_row);
	tcase_add_test(t, rules_have_names);
	Suite *s = suite_create("words");
	suite_add_tcase(s, t);
	return s;
}
