/* SPDX-License-Identifier: MIT */
/* What experiments are measured with. */
#include "classify.h"
#include "closeness.h"
#include "equal.h"
#include "fixture.h"
#include "interval.h"
#include "msg.h"
#include "ngram.h"
#include "store.h"
#include "suites.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

static struct texts texts_of(const char *const *line, int n)
{
	struct texts t = {0};
	for (int i = 0; i < n; i++)
		texts_add(&t, line[i], strlen(line[i]));
	return t;
}

/* ------------------------------------------------------------- features */

static const char *const three[] = {"The cat; the DOG", "the cat", "--"};

START_TEST(tfidf_by_hand)
{
	struct texts t = texts_of(three, 3);
	struct vocabulary v;
	struct vectors x;
	vocabulary_make(&v, &t);
	ck_assert_uint_eq(v.words.n, 3);
	vectors_tfidf(&x, &v, &t);
	ck_assert_uint_eq(x.rows, 3);
	ck_assert_uint_eq(x.columns, 3);
	double the = 2 * (log(4. / 3) + 1), cat = log(4. / 3) + 1;
	double dog = log(4. / 2) + 1;
	double length = sqrt(the * the + cat * cat + dog * dog);
	const struct feature_node *row = x.row[0];
	ck_assert_int_eq(row[0].index, 1);
	ck_assert_double_eq_tol(row[0].value, the / length, 1e-12);
	ck_assert_double_eq_tol(row[1].value, cat / length, 1e-12);
	ck_assert_int_eq(row[2].index, 3);
	ck_assert_double_eq_tol(row[2].value, dog / length, 1e-12);
	ck_assert_int_eq(row[3].index, -1);
	ck_assert_double_eq_tol(x.row[1][0].value, sqrt(.5), 1e-12);
	ck_assert_int_eq(x.row[2][0].index, -1); /* no words: no features */
	vectors_free(&x);
	vocabulary_free(&v);
	texts_free(&t);
}
END_TEST

/* Words that were not in training texts do not count. */
START_TEST(tfidf_of_unknown_words)
{
	const char *const other[] = {"a cat sat", "caf\xc3\xa9"};
	struct texts t = texts_of(three, 3), z = texts_of(other, 2);
	struct vocabulary v;
	struct vectors x;
	vocabulary_make(&v, &t);
	vectors_tfidf(&x, &v, &z);
	ck_assert_int_eq(x.row[0][0].index, 2);
	ck_assert_double_eq(x.row[0][0].value, 1);
	ck_assert_int_eq(x.row[0][1].index, -1);
	ck_assert_int_eq(x.row[1][0].index, -1);
	vectors_free(&x);
	vocabulary_free(&v);
	texts_free(&t);
	texts_free(&z);
}
END_TEST

START_TEST(mean_vectors)
{
	char line[64];
	dpt_index *index = fx_index(FX_RANDOM, 20, 4, 5);
	snprintf(line, sizeof line, "%s, none %s!", fx_word(3), fx_word(7));
	const char *const lines[] = {line, "none"};
	struct texts t = texts_of(lines, 2);
	struct vectors x;
	uint32_t a = dpt_index_find(index, fx_word(3), 4);
	uint32_t b = dpt_index_find(index, fx_word(7), 4);
	const float *u = dpt_index_vector(index, a);
	const float *w = dpt_index_vector(index, b);
	double square = 0;
	vectors_mean(&x, index, &t);
	for (int i = 0; i < 4; i++) {
		ck_assert_int_eq(x.row[0][i].index, i + 1);
		ck_assert_double_eq_tol(x.row[0][i].value,
		                        ((double)u[i] + w[i]) / 2, 1e-12);
		square += ((double)u[i] - w[i]) * ((double)u[i] - w[i]);
	}
	ck_assert_double_eq_tol(sqrt(square), dpt_index_distance(index, a, b),
	                        1e-6);
	ck_assert_int_eq(x.row[0][4].index, -1);
	ck_assert_int_eq(x.row[1][0].index, -1);
	vectors_free(&x);
	texts_free(&t);
	dpt_index_free(index);
}
END_TEST

/* --------------------------------------------------------------- scores */

START_TEST(scores_by_hand)
{
	const int truth[] = {0, 0, 0, 1, 1, 3};
	const int guess[] = {0, 0, 1, 1, 2, 3};
	struct scores s = classify_scores(truth, guess, 6, 5);
	ck_assert_double_eq_tol(s.accuracy, 4. / 6, 1e-12);
	/* label 0: 4/5; 1: 2/4; 2, only predicted: 0; 3: 1; 4: not there */
	ck_assert_double_eq_tol(s.macro_f1, (.8 + .5 + 0 + 1) / 4, 1e-12);
	s = classify_scores(truth, truth, 6, 5);
	ck_assert_double_eq(s.accuracy, 1);
	ck_assert_double_eq(s.macro_f1, 1);
}
END_TEST

START_TEST(learns_what_can_be_learnt)
{
	const char *const lines[] = {"good film", "a good one", "bad film",
	                             "a bad one"};
	const int label[] = {1, 1, 0, 0};
	struct texts t = texts_of(lines, 4);
	struct vocabulary v;
	struct vectors x;
	vocabulary_make(&v, &t);
	vectors_tfidf(&x, &v, &t);
	struct model *m = classify_train(&x, label);
	ck_assert_double_eq(classify_test(m, &x, label, 2).accuracy, 1);
	classify_free(m);
	vectors_free(&x);
	vocabulary_free(&v);
	texts_free(&t);
}
END_TEST

/* The half width is t(0.975, n - 1) s / sqrt(n); R's qt for t. */
START_TEST(intervals)
{
	const double x[] = {1, 2, 4, 3, 5};
	struct interval i = interval_of(x, 1);
	ck_assert_double_eq(i.mean, 1);
	ck_assert(isnan(i.half));
	i = interval_of(x, 3);
	ck_assert_double_eq_tol(i.mean, 7. / 3, 1e-12);
	ck_assert_double_eq_tol(i.half, 4.302653 * sqrt(7. / 3) / sqrt(3),
	                        1e-5);
	i = interval_of(x, 5);
	ck_assert_double_eq_tol(i.half, 2.776445 * sqrt(2.5) / sqrt(5), 1e-5);
}
END_TEST

/* Beyond the table of quantiles: t(0.975, 29) = 2.045230. */
START_TEST(interval_of_many)
{
	double x[30];
	for (int i = 0; i < 30; i++)
		x[i] = i % 2;
	struct interval i = interval_of(x, 30);
	ck_assert_double_eq_tol(i.half, 2.045230 * sqrt(7.5 / 29) / sqrt(30),
	                        1e-5);
}
END_TEST

/* -------------------------------------------------------------- fluency */

/* Whatever comes before, the probabilities of all words sum to 1. */
START_TEST(ngram_sums_to_one)
{
	const char *const lines[] = {"a b a c", "b a", "", "d"};
	struct texts t = texts_of(lines, 4);
	struct ngram m;
	ngram_make(&m, &t);
	ck_assert_uint_eq(m.words.n, 4);
	for (int last = -1; last <= 4; last++) {
		double sum = 0;
		for (int word = -1; word < 4; word++)
			sum += ngram_p(&m, last, word);
		ck_assert_double_eq_tol(sum, 1, 1e-12);
	}
	ngram_free(&m);
	texts_free(&t);
}
END_TEST

/* "a b a" alone: pairs mark-a, a-b, b-a, each once. */
START_TEST(ngram_by_hand)
{
	const char *const lines[] = {"a b a"}, *const other[] = {"a x"};
	struct texts t = texts_of(lines, 1), z = texts_of(other, 1);
	struct texts none = {0};
	struct ngram m;
	ngram_make(&m, &t);
	double add = .75 * 2 / 3; /* D V / (V + 1) */
	double a = (2 - .75 + add) / 3, unknown = add / 3;
	double first = (1 - .75) + .75 * a; /* behind the mark */
	double second = .75 * unknown;      /* behind a */
	ck_assert_double_eq_tol(ngram_p(&m, 2, 0), first, 1e-12);
	ck_assert_double_eq_tol(ngram_p(&m, 0, -1), second, 1e-12);
	ck_assert_double_eq_tol(ngram_perplexity(&m, &z),
	                        1 / sqrt(first * second), 1e-9);
	ck_assert(isnan(ngram_perplexity(&m, &none)));
	ngram_free(&m);
	texts_free(&t);
	texts_free(&z);
}
END_TEST

/* ------------------------------------------------------------ closeness */

START_TEST(cosine_of_words)
{
	char before[64], after[64];
	dpt_index *index = fx_index(FX_RANDOM, 20, 4, 5);
	snprintf(before, sizeof before, "%s, none\t%s", fx_word(3), fx_word(5));
	snprintf(after, sizeof after, "%s, %s\t%s", fx_word(4), fx_word(1),
	         fx_word(5));
	const char *const a[] = {before}, *const b[] = {after};
	struct texts t = texts_of(a, 1), z = texts_of(b, 1), none = {0};
	const float *u =
	    dpt_index_vector(index, dpt_index_find(index, fx_word(3), 4));
	const float *w =
	    dpt_index_vector(index, dpt_index_find(index, fx_word(4), 4));
	double uw = 0, uu = 0, ww = 0;
	for (int i = 0; i < 4; i++) {
		uw += (double)u[i] * w[i];
		uu += (double)u[i] * u[i];
		ww += (double)w[i] * w[i];
	}
	ck_assert_double_eq_tol(closeness_cosine(index, &t, &t), 1, 1e-12);
	ck_assert_double_eq_tol(closeness_cosine(index, &t, &z),
	                        (uw / sqrt(uu * ww) + 1) / 2, 1e-9);
	ck_assert(isnan(closeness_cosine(index, &none, &none)));
	texts_free(&t);
	texts_free(&z);
	dpt_index_free(index);
}
END_TEST

START_TEST(vocabulary_left)
{
	const char *const a[] = {"one two", "Two three four"};
	const char *const b[] = {"two, five", "two six one"};
	struct texts t = texts_of(a, 2), z = texts_of(b, 2), none = {0};
	ck_assert_double_eq_tol(closeness_vocabulary(&t, &z), .5, 1e-12);
	ck_assert_double_eq(closeness_vocabulary(&t, &t), 1);
	ck_assert_double_eq(closeness_vocabulary(&t, &none), 0);
	ck_assert(isnan(closeness_vocabulary(&none, &t)));
	texts_free(&t);
	texts_free(&z);
}
END_TEST

/* ------------------------------------------------------------ comparing */

/* What was found has as much as was asked for, and hardly more. */
START_TEST(equal_shares)
{
	static const double target[] = {.3, .5, .8};
	dpt_index *index = fx_index(FX_RANDOM, 60, 4, 8);
	struct dpt_settings s = {
	    .mechanism = "exponential", .max_unchanged = .5, .threads = 1};
	for (int i = 0; i < 2 * COUNT(target); i++) {
		enum equal what = i % 2 ? EQUAL_BAYES : EQUAL_UNCHANGED;
		struct dpt_audit audit;
		dpt_error err;
		ck_assert(!equal_find(index, &s, what, target[i / 2],
		                      &s.epsilon, &err));
		dpt_model *m = fx_model(index, "exponential", s.epsilon, 1);
		ck_assert(!dpt_model_audit(m, &s, &audit, &err));
		double has = what == EQUAL_BAYES ? audit.bayes_token
		                                 : audit.unchanged_token_mean;
		ck_assert_double_ge(has, target[i / 2]);
		ck_assert_double_le(has, 1.02 * target[i / 2] + 1e-9);
		dpt_model_free(m);
	}
	dpt_index_free(index);
}
END_TEST

START_TEST(equal_out_of_reach)
{
	dpt_index *index = fx_index(FX_RANDOM, 60, 4, 8);
	struct dpt_settings s = {.mechanism = "exponential", .threads = 1};
	dpt_error err;
	double epsilon = 0;
	ck_assert(
	    !equal_find(index, &s, EQUAL_UNCHANGED, 1.01, &epsilon, &err));
	ck_assert(isnan(epsilon));
	s.mechanism = "nonsense";
	ck_assert_int_eq(
	    equal_find(index, &s, EQUAL_UNCHANGED, .5, &epsilon, &err),
	    DPT_EUNKNOWN);
	dpt_index_free(index);
}
END_TEST

/* ---------------------------------------------------------------- store */

static const char head[] = "corpus\tmechanism\taccuracy\tconfig";

static bool open_table(struct store *s, const char *text)
{
	static struct names asked;
	names_add(&asked, "one\ta", 5);
	names_add(&asked, "one\tb", 5);
	msg_start("t");
	fx_write("table", text, strlen(text));
	bool ok = store_open(s, fx_path("table"), head, 2, 2, &asked);
	names_free(&asked);
	return ok;
}

START_TEST(store_keeps)
{
	struct store s;
	char text[512];
	snprintf(text, sizeof text,
	         "%s\n# of two\n# too\ntwo\ta\t0.5\tc1\n# of one\n"
	         "one\ta\t0.1\tc1\none\ta\t0.2\tc1\none\tb\t0.1\tc1\n"
	         "one\tb\t0.3\tc2\n# of both\none\tb\t0.3\tc2\n"
	         "one\tab\t0.4\tc9\none\tc\t0.4\tc9\n",
	         head);
	ck_assert(open_table(&s, text));
	ck_assert(s.keeps);
	ck_assert_str_eq(s.others, "# of two\n# too\ntwo\ta\t0.5\tc1\n"
	                           "# of both\none\tab\t0.4\tc9\n"
	                           "one\tc\t0.4\tc9\n");
	ck_assert_str_eq(store_find(&s, "c1"), "0.5\n0.1\n0.2\n");
	ck_assert_str_eq(store_find(&s, "c2"), "0.3\n");
	ck_assert_str_eq(store_find(&s, "c9"), "0.4\n");
	ck_assert_ptr_null(store_find(&s, "c8"));
	store_add(&s, "c8", "0.7", 3);
	ck_assert_str_eq(store_find(&s, "c8"), "0.7\n");
	store_free(&s);
}
END_TEST

START_TEST(store_refuses)
{
	static const char *const text[] = {
	    "corpus\tother\n", "one\ta\t0.1\tc1\n",
	    "corpus\tmechanism\taccuracy\tconfig\none\ta\n",
	    "corpus\tmechanism\taccuracy\tconfig\none\n", "\n"};
	struct store s;
	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
	for (int i = 0; i < COUNT(text); i++) {
		ck_assert_msg(!open_table(&s, text[i]), "table %d", i);
		store_free(&s);
	}
}
END_TEST

START_TEST(store_of_nothing)
{
	struct store s;
	ck_assert(open_table(&s, "") && s.keeps && !s.others);
	store_free(&s);
	ck_assert(store_open(&s, NULL, head, 2, 2, NULL) && !s.keeps);
	store_free(&s);
	ck_assert(store_open(&s, "/dev/null", head, 2, 2, NULL) && !s.keeps);
	store_free(&s);
}
END_TEST

Suite *suite_utility(void)
{
	Suite *s = suite_create("utility");
	TCase *t = tcase_create("features");
	tcase_add_unchecked_fixture(t, fx_make_dir, fx_remove_dir);
	tcase_add_test(t, tfidf_by_hand);
	tcase_add_test(t, tfidf_of_unknown_words);
	tcase_add_test(t, mean_vectors);
	tcase_add_test(t, scores_by_hand);
	tcase_add_test(t, learns_what_can_be_learnt);
	tcase_add_test(t, intervals);
	tcase_add_test(t, interval_of_many);
	tcase_add_test(t, ngram_sums_to_one);
	tcase_add_test(t, ngram_by_hand);
	tcase_add_test(t, cosine_of_words);
	tcase_add_test(t, vocabulary_left);
	tcase_add_test(t, equal_shares);
	tcase_add_test(t, equal_out_of_reach);
	tcase_add_test(t, store_keeps);
	tcase_add_test(t, store_refuses);
	tcase_add_test(t, store_of_nothing);
	suite_add_tcase(s, t);
	return s;
}
