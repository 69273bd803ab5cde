/* SPDX-License-Identifier: MIT */
/* Budgets of records, and words that are drawn once for all. */
#include "buf.h"
#include "codebook.h"
#include "fixture.h"
#include "stats.h"
#include "suites.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

enum { N = 90 };
static dpt_index *index_of_all;
static dpt_key key;

/* The last two rows are one class. */
static void open_index(void)
{
	fx_make_dir();
	float *rows = fx_rows(FX_RANDOM, N + 1, 4, 3);
	memcpy(rows + (size_t)N * dpt_stride(4),
	       rows + (size_t)(N - 1) * dpt_stride(4), 4 * sizeof *rows);
	dpt_vectors *v = fx_vectors(rows, N + 1, 4, NULL);
	index_of_all = fx_index_of("index", v, 40);
	ck_assert_uint_eq(dpt_index_about(index_of_all).classes, N);
	dpt_key_from_seed(&key, 5);
	dpt_vectors_free(v);
	free(rows);
}

static void close_index(void)
{
	dpt_index_free(index_of_all);
	fx_remove_dir();
}

static const char *const budgeted[] = {"gumbel", "exponential", "laplace"};

static struct dpt_settings settings(const char *mechanism, double epsilon,
                                    double budget)
{
	return (struct dpt_settings){.mechanism = mechanism,
	                             .epsilon = epsilon,
	                             .max_unchanged = 0.5,
	                             .threads = 1,
	                             .budget = budget};
}

static dpt_model *model_of(const char *mechanism, double epsilon, double budget)
{
	struct dpt_settings s = settings(mechanism, epsilon, budget);
	dpt_error err = {0};
	dpt_model *model;
	ck_assert_msg(!dpt_model_new(index_of_all, &s, &model, &err), "%s",
	              err.text);
	return model;
}

/* ---------------------------------------------------------------- budgets */

START_TEST(rungs_rise_from_nothing_to_epsilon)
{
	dpt_model *model = model_of(budgeted[_i], 2.5, 10);
	struct dpt_model_info info = dpt_model_about(model);
	ck_assert_double_eq(info.budget, 10);
	ck_assert_uint_gt(info.rungs, 3);
	ck_assert_double_eq(info.rung[0].verified, 0);
	for (size_t i = 1; i < info.rungs; i++) {
		ck_assert_double_gt(info.rung[i].requested,
		                    info.rung[i - 1].requested);
		ck_assert_double_le(info.rung[i].verified,
		                    info.rung[i].requested);
		ck_assert_double_gt(info.rung[i].verified, 0);
	}
	ck_assert_double_eq(info.rung[info.rungs - 1].requested, 2.5);
	ck_assert_double_eq(info.rung[info.rungs - 1].verified,
	                    info.epsilon_verified);
	dpt_model_free(model);
}
END_TEST

START_TEST(the_best_rung_that_fits_is_taken)
{
	static const double budget[] = {1e-6, 0.3, 1, 7, 20, 100, 1e9};
	for (int b = 0; b < COUNT(budget); b++) {
		dpt_model *model = model_of(budgeted[_i], 20, budget[b]);
		struct dpt_model_info info = dpt_model_about(model);
		ck_assert_uint_eq(dpt_model_rung(model, 0), info.rungs - 1);
		for (uint64_t words = 1; words < 5000; words += words / 9 + 1) {
			double n = (double)words;
			size_t rung = dpt_model_rung(model, words);
			ck_assert_uint_lt(rung, info.rungs);
			ck_assert_double_le(n * info.rung[rung].verified,
			                    budget[b] * (1 + 1e-9));
			if (rung + 1 < info.rungs)
				ck_assert_double_gt(
				    n * info.rung[rung + 1].requested,
				    budget[b]);
		}
		dpt_model_free(model);
	}
	/* what is left of a budget after rounding is not given away */
	dpt_model *model = model_of("laplace", 2, 0.3);
	struct dpt_model_info info = dpt_model_about(model);
	ck_assert_double_eq(info.rung[dpt_model_rung(model, 3)].requested, 0.1);
	dpt_model_free(model);
}
END_TEST

/* A record is drawn as by a model with the epsilon of its rung. */
START_TEST(draws_are_those_of_the_rung)
{
	static const size_t words[] = {1, 2, 5, 9, 30, 100, 150};
	uint32_t in[150], out[150], right[150];
	dpt_model *model = model_of(budgeted[_i], 5, 30);
	struct dpt_model_info info = dpt_model_about(model);
	for (uint32_t i = 0; i < 150; i++)
		in[i] = i * 7 % N;
	for (int k = 0; k < COUNT(words); k++) {
		size_t n = words[k], rung = dpt_model_rung(model, n);
		ck_assert(!dpt_model_draw(model, &key, 8, n, in, out, NULL));
		ck_assert_uint_gt(rung, 0);
		dpt_model *plain =
		    model_of(budgeted[_i], info.rung[rung].requested, 0);
		ck_assert(!dpt_model_draw(plain, &key, 8, n, in, right, NULL));
		ck_assert_int_eq(memcmp(out, right, n * sizeof *out), 0);
		dpt_model_free(plain);
	}
	dpt_model_free(model);
}
END_TEST

/* Where nothing can be had for the budget, what came in makes no difference. */
START_TEST(long_records_get_any_word)
{
	enum { WORDS = 20000 };
	static uint32_t a[WORDS], b[WORDS];
	uint64_t seen[N] = {0};
	double p[N];
	dpt_model *model = model_of(budgeted[_i], 5, 1);
	ck_assert_uint_eq(dpt_model_rung(model, WORDS), 0);
	for (uint32_t i = 0; i < WORDS; i++) {
		a[i] = i % N;
		b[i] = 3;
	}
	ck_assert(!dpt_model_draw(model, &key, 1, WORDS, a, a, NULL));
	ck_assert(!dpt_model_draw(model, &key, 1, WORDS, b, b, NULL));
	ck_assert_int_eq(memcmp(a, b, sizeof a), 0);
	for (uint32_t i = 0; i < WORDS; i++)
		seen[a[i]]++;
	for (uint32_t i = 0; i < N; i++)
		p[i] = 1;
	ck_assert_double_gt(stats_chi2(N, seen, p), STATS_ALPHA);
	dpt_model_free(model);
}
END_TEST

/* Records on many rungs at once, against each on its own. */
START_TEST(a_batch_is_drawn_as_its_records_are)
{
	enum { RECORDS = 60 };
	uint32_t start[RECORDS + 1] = {0}, in[3000], out[3000], one[100];
	dpt_model *model = model_of(budgeted[_i], 5, 12);
	void *scratch;
	ck_assert(!dpt_scratch_new(model, &scratch, NULL));
	for (uint32_t i = 0; i < RECORDS; i++)
		start[i + 1] = start[i] + i * 37 % 11 * (i % 3 ? 1 : 9);
	ck_assert_uint_lt(start[RECORDS], COUNT(in));
	for (uint32_t i = 0; i < start[RECORDS]; i++)
		in[i] = i * 11 % N;
	struct dpt_batch batch = {&key, 40, RECORDS, start, in};
	ck_assert_int_eq(dpt_draw(model, &batch, scratch, out, NULL), DPT_OK);
	for (uint32_t i = 0; i < RECORDS; i++) {
		uint32_t n = start[i + 1] - start[i];
		ck_assert(!dpt_model_draw(model, &key, 40 + i, n, in + start[i],
		                          one, NULL));
		ck_assert_int_eq(memcmp(one, out + start[i], n * sizeof *one),
		                 0);
	}
	free(scratch);
	dpt_model_free(model);
}
END_TEST

static void must_fail(const struct dpt_settings *s, enum dpt_status status,
                      const char *text)
{
	dpt_error err;
	dpt_model *model;
	ck_assert_int_eq(dpt_model_new(index_of_all, s, &model, &err), status);
	ck_assert_ptr_null(model);
	ck_assert_msg(strstr(err.text, text) != NULL, "%s", err.text);
}

START_TEST(budgets_that_mean_nothing_are_refused)
{
	static const double bad[] = {-1, 1.1e9, NAN, INFINITY};
	for (int i = 0; i < COUNT(bad); i++) {
		struct dpt_settings s = settings("gumbel", 2, bad[i]);
		must_fail(&s, DPT_ERANGE, "a budget must be");
	}
	struct dpt_settings s = settings("gumbel-published", 1e5, 3);
	must_fail(&s, DPT_EPRIVACY, "keeps no epsilon");
	struct dpt_param p = {"rate", 1};
	s = settings("exponential", 0, 3);
	s.params = 1;
	s.param = &p;
	must_fail(&s, DPT_ERANGE, "not parameters");
}
END_TEST

/* A smaller share than that of the index leaves out rungs beyond it. */
START_TEST(rungs_keep_the_unchanged_share)
{
	struct dpt_settings s = settings("exponential", 20, 100);
	dpt_model *all = model_of("exponential", 20, 100), *few;
	s.max_unchanged = 0.2;
	ck_assert(!dpt_model_new(index_of_all, &s, &few, NULL));
	struct dpt_model_info info = dpt_model_about(few);
	ck_assert_uint_lt(info.rungs, dpt_model_about(all).rungs);
	for (size_t i = 1; i < info.rungs; i++) {
		s.epsilon = info.rung[i].requested;
		s.budget = 0;
		s.max_unchanged = i + 1 < info.rungs ? 0.5 : 0.2;
		dpt_model *rung;
		ck_assert(!dpt_model_new(index_of_all, &s, &rung, NULL));
		ck_assert_double_le(dpt_model_about(rung).unchanged_token_mean,
		                    0.2);
		dpt_model_free(rung);
	}
	dpt_model_free(all);
	dpt_model_free(few);
}
END_TEST

/* -------------------------------------------------------------- codebooks */

static const char secret[] = "thirty-two bytes and some more of them";

static dpt_codebook *book_of(const dpt_model *model, unsigned number,
                             unsigned threads)
{
	char text[sizeof secret];
	dpt_codebook *book;
	dpt_error err = {0};
	memcpy(text, secret, sizeof text);
	memcpy(text, &number, sizeof number);
	ck_assert_msg(
	    !dpt_codebook_new(model, text, sizeof text, threads, &book, &err),
	    "%s", err.text);
	return book;
}

static int same_words(const dpt_codebook *a, const dpt_codebook *b)
{
	int same = 0;
	for (uint32_t i = 0; i < N; i++)
		same += dpt_codebook_known(a, i) == dpt_codebook_known(b, i);
	return same;
}

static dpt_model *any_model(int i, double epsilon)
{
	const struct dpt_mechanism *m = dpt_mechanism_at((size_t)i);
	return model_of(
	    m->name, m->guarantee == DPT_NOMINAL ? 1e4 * epsilon : epsilon, 0);
}

START_TEST(a_secret_always_makes_the_same)
{
	dpt_model *model = any_model(_i, 0.5), *again = any_model(_i, 0.5);
	dpt_codebook *book = book_of(model, 1, 1);
	for (unsigned threads = 1; threads < 4; threads++) {
		dpt_codebook *other = book_of(again, 1, threads);
		ck_assert_int_eq(same_words(book, other), N);
		ck_assert_uint_eq(dpt_codebook_other(book, "other", 5),
		                  dpt_codebook_other(other, "oTHEr", 5));
		dpt_codebook_free(other);
	}
	dpt_codebook_free(book);
	dpt_model_free(model);
	dpt_model_free(again);
}
END_TEST

/* Draws under other keys are independent: few are equal, and by chance. */
START_TEST(anything_else_makes_another)
{
	dpt_model *model = model_of("exponential", 0.5, 0);
	dpt_model *epsilon = model_of("exponential", 0.1, 0);
	dpt_model *mechanism = model_of("laplace", 0.5, 0);
	dpt_model *laplace = model_of("laplace", 0.1, 0);
	dpt_codebook *book[] = {
	    book_of(model, 1, 1), book_of(model, 2, 1), book_of(epsilon, 1, 1),
	    book_of(mechanism, 1, 1), book_of(laplace, 1, 1)};
	for (int i = 0; i < COUNT(book); i++)
		for (int k = 0; k < i; k++) {
			ck_assert_int_lt(same_words(book[i], book[k]), N / 3);
			int same = 0;
			for (char c = 'a'; c <= 'z'; c++)
				same += dpt_codebook_other(book[i], &c, 1) ==
				        dpt_codebook_other(book[k], &c, 1);
			ck_assert_int_lt(same, 6);
		}
	for (int i = 0; i < COUNT(book); i++)
		dpt_codebook_free(book[i]);
	dpt_model_free(model);
	dpt_model_free(epsilon);
	dpt_model_free(mechanism);
	dpt_model_free(laplace);
}
END_TEST

/* Over many secrets a word is drawn as the channel says, as are members. */
START_TEST(secrets_draw_from_the_channel)
{
	enum { BOOKS = 3000 };
	static const uint32_t word[] = {0, 17, N - 1};
	static uint64_t seen[COUNT(word)][N], others[N];
	uint64_t members[2] = {0};
	double p[N], any[N];
	dpt_model *model = model_of(_i ? "gumbel" : "exponential", 2, 0);
	for (unsigned b = 0; b < BOOKS; b++) {
		dpt_codebook *book = book_of(model, b, 1);
		for (int k = 0; k < COUNT(word); k++) {
			uint32_t w = dpt_codebook_known(book, word[k]);
			ck_assert_uint_le(w, N);
			if (w >= N - 1)
				members[w - (N - 1)]++;
			seen[k][w < N ? w : N - 1]++;
		}
		uint32_t w = dpt_codebook_other(book, "other", 5);
		others[w < N ? w : N - 1]++;
		dpt_codebook_free(book);
	}
	for (uint32_t i = 0; i < N; i++)
		any[i] = 1;
	for (int k = 0; k < COUNT(word); k++) {
		ck_assert(!dpt_model_row(model, word[k], p, NULL));
		ck_assert_double_gt(stats_chi2(N, seen[k], p), STATS_ALPHA);
		ck_assert_double_lt(stats_chi2(N, seen[k], any), STATS_ALPHA);
	}
	ck_assert_double_gt(stats_chi2(N, others, any), STATS_ALPHA);
	static const double half[2] = {1, 1};
	ck_assert_uint_gt(members[0] + members[1], 100);
	ck_assert_double_gt(stats_chi2(2, members, half), STATS_ALPHA);
	dpt_model_free(model);
}
END_TEST

START_TEST(weak_secrets_and_budgets_are_refused)
{
	dpt_error err;
	dpt_codebook *book;
	dpt_model *plain = model_of("gumbel", 2, 0);
	dpt_model *budget = model_of("gumbel", 2, 5);
	ck_assert_int_eq(dpt_codebook_new(plain, secret,
	                                  DPT_SHORTEST_SECRET - 1, 1, &book,
	                                  &err),
	                 DPT_ERANGE);
	ck_assert_ptr_null(book);
	ck_assert_ptr_nonnull(strstr(err.text, "less than 32 bytes"));
	ck_assert_int_eq(
	    dpt_codebook_new(budget, secret, sizeof secret, 1, &book, &err),
	    DPT_ERANGE);
	ck_assert_ptr_null(book);
	dpt_codebook_free(NULL);
	dpt_model_free(plain);
	dpt_model_free(budget);
}
END_TEST

/* ---------------------------------------------------------------- streams */

static struct dpt_buf stream(const dpt_model *model, const dpt_codebook *book,
                             const char *text, unsigned threads, size_t chunk,
                             struct dpt_counts *counts)
{
	struct fx_io io = {.in = text, .size = strlen(text), .piece = SIZE_MAX};
	dpt_error err = {0};
	struct dpt_stream_options o = {.model = model,
	                               .key = &key,
	                               .codebook = book,
	                               .threads = threads,
	                               .chunk = chunk,
	                               .read = fx_io_read,
	                               .write = fx_io_write,
	                               .ctx = &io};
	ck_assert_msg(!dpt_stream(&o, counts, &err), "%s", err.text);
	ck_assert(dpt_buf_add(&io.out, "", 1));
	return io.out;
}

/* Lines of 0 to 40 words of which every ninth is unknown; to be freed. */
static char *some_text(void)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	for (uint32_t line = 0; line < 200; line++) {
		for (uint32_t i = 0; i < line * 7 % 41; i++)
			fprintf(f, "%s ",
			        (line + i) % 9 ? fx_word((line + i) % (N + 1))
			                       : "elsewhere");
		fputc('\n', f);
	}
	fclose(f);
	return text;
}

/* Whatever the threads and chunks; and nothing costs more than the budget. */
START_TEST(budgets_of_streams_are_kept)
{
	static const size_t chunks[] = {1, 100, 0};
	dpt_model *model = model_of(budgeted[_i], 5, 20);
	struct dpt_model_info info = dpt_model_about(model);
	struct dpt_counts right, counts;
	char *text = some_text();
	struct dpt_buf whole = stream(model, NULL, text, 1, 0, &right);
	for (unsigned i = 0; i < 9; i++) {
		struct dpt_buf out = stream(model, NULL, text, 1 + i / 3,
		                            chunks[i % 3], &counts);
		ck_assert_str_eq(out.data, whole.data);
		ck_assert_int_eq(memcmp(&counts, &right, sizeof right), 0);
		dpt_buf_free(&out);
	}
	uint64_t records = 0, words = 0, used = 0;
	for (size_t i = 0; i < DPT_MAX_RUNGS; i++) {
		ck_assert(i < info.rungs || right.rung_records[i] == 0);
		records += right.rung_records[i];
		words += right.rung_words[i];
		used += right.rung_records[i] > 0;
	}
	ck_assert_uint_eq(records, right.records);
	ck_assert_uint_eq(words, right.words - right.outside);
	ck_assert_uint_gt(used, 3);
	ck_assert_uint_eq(right.record_epsilon.count, right.records);
	ck_assert_uint_le(right.record_epsilon.most, 20 * DPT_EPSILON_UNITS);
	ck_assert_uint_gt(right.record_epsilon.most, 15 * DPT_EPSILON_UNITS);
	dpt_buf_free(&whole);
	dpt_model_free(model);
	free(text);
}
END_TEST

/* The same word becomes the same, and else as the codebook says. */
START_TEST(streams_are_consistent)
{
	dpt_model *model = any_model(_i, 1);
	dpt_codebook *book = book_of(model, 9, 1);
	struct dpt_counts counts;
	char *text = some_text();
	struct dpt_buf out =
	    stream(model, book, text, 1 + (unsigned)_i, 50, &counts);
	char *a, *b, *in = strtok_r(text, " \n", &a);
	char *to = strtok_r(out.data, " \n", &b);
	for (; in; in = strtok_r(NULL, " \n", &a)) {
		size_t len = strlen(in);
		uint32_t id = dpt_index_find(index_of_all, in, len);
		uint32_t word = id == DPT_NO_WORD
		                    ? dpt_codebook_other(book, in, len)
		                    : dpt_codebook_known(book, id);
		ck_assert_ptr_nonnull(to);
		ck_assert_str_eq(to, fx_word(word));
		to = strtok_r(NULL, " \n", &b);
	}
	ck_assert_ptr_null(to);
	ck_assert_uint_gt(counts.outside, 100);
	ck_assert_uint_eq(counts.record_epsilon.count, 0);
	dpt_codebook_free(book);
	dpt_model_free(model);
	dpt_buf_free(&out);
	free(text);
}
END_TEST

Suite *suite_ladder(void)
{
	Suite *s = suite_create("ladder");
	TCase *t = tcase_create("budget");
	tcase_add_unchecked_fixture(t, open_index, close_index);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, rungs_rise_from_nothing_to_epsilon, 0, 3);
	tcase_add_loop_test(t, the_best_rung_that_fits_is_taken, 0, 3);
	tcase_add_loop_test(t, draws_are_those_of_the_rung, 0, 3);
	tcase_add_loop_test(t, long_records_get_any_word, 0, 3);
	tcase_add_loop_test(t, a_batch_is_drawn_as_its_records_are, 0, 3);
	tcase_add_test(t, budgets_that_mean_nothing_are_refused);
	tcase_add_test(t, rungs_keep_the_unchanged_share);
	tcase_add_loop_test(t, budgets_of_streams_are_kept, 0, 3);
	suite_add_tcase(s, t);
	t = tcase_create("codebook");
	tcase_add_unchecked_fixture(t, open_index, close_index);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, a_secret_always_makes_the_same, 0,
	                    (int)dpt_mechanism_count());
	tcase_add_test(t, anything_else_makes_another);
	tcase_add_loop_test(t, secrets_draw_from_the_channel, 0, 2);
	tcase_add_test(t, weak_secrets_and_budgets_are_refused);
	tcase_add_loop_test(t, streams_are_consistent, 0,
	                    (int)dpt_mechanism_count());
	suite_add_tcase(s, t);
	return s;
}
