/* SPDX-License-Identifier: MIT */
/* The verified Gumbel mechanism: calibration, parameters, cache, sampler. */
#include "channel.h"
#include "fixture.h"
#include "stats.h"
#include "suites.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

enum { N = 150, NEAR = 20 };

static dpt_index *index_;

static void open_index(void)
{
	fx_make_dir();
	index_ = fx_index(FX_RANDOM, N, 4, NEAR);
}

static void close_index(void)
{
	dpt_index_free(index_);
	fx_remove_dir();
}

/* All rows, N x N; to be freed. */
static double *rows_of(const dpt_model *m)
{
	double *p = malloc((size_t)N * N * sizeof *p);
	for (uint32_t w = 0; w < N; w++)
		ck_assert_int_eq(dpt_model_row(m, w, p + (size_t)w * N, NULL),
		                 DPT_OK);
	return p;
}

static double worst_of(const double *p)
{
	double *logs = malloc((size_t)N * N * sizeof *logs), worst = 0;
	for (size_t i = 0; i < (size_t)N * N; i++)
		logs[i] = log(p[i]);
	for (uint32_t w = 0; w < N; w++)
		for (uint32_t x = 0; x < w; x++) {
			double most = 0;
			for (uint32_t v = 0; v < N; v++) {
				double gap =
				    fabs(logs[w * N + v] - logs[x * N + v]);
				if (!(gap <= most))
					most = gap;
			}
			worst = fmax(worst,
			             most / dpt_index_distance(index_, w, x));
		}
	free(logs);
	return worst;
}

static void check_averages(const struct dpt_model_info *i, const double *p)
{
	double same = 0, token = 0, tokens = 0, distance = 0;
	for (uint32_t w = 0; w < N; w++) {
		same += p[w * N + w] / N;
		token += p[w * N + w] / (w + 2.7);
		tokens += 1 / (w + 2.7);
		for (uint32_t v = 0; v < N; v++)
			distance +=
			    p[w * N + v] / N * dpt_index_distance(index_, w, v);
	}
	ck_assert_double_eq_tol(i->unchanged_mean, same, 1e-9);
	ck_assert_double_eq_tol(i->unchanged_token_mean, token / tokens, 1e-9);
	ck_assert_double_eq_tol(i->distance_mean, distance, 1e-9);
}

/* ---------------------------------------------------------- calibration */

static const double epsilons[] = {0.05, 0.3, 1, 2, 5, 20};
static const double shares[] = {0.1, 0.5, 1};

START_TEST(calibration_keeps_what_was_asked_for)
{
	double epsilon = epsilons[_i / COUNT(shares)];
	double share = shares[_i % COUNT(shares)];
	dpt_model *m = fx_model(index_, "gumbel", epsilon, share);
	dpt_model *e = fx_model(index_, "exponential", epsilon, share);
	struct dpt_model_info i = dpt_model_about(m);
	double *p = rows_of(m), brute = worst_of(p);
	ck_assert_double_le(i.epsilon_verified, epsilon);
	ck_assert_double_le(brute, epsilon);
	ck_assert_double_le(brute, i.epsilon_verified * (1 + 1e-9));
	ck_assert_double_le(i.unchanged_token_mean, share + 1e-12);
	ck_assert_double_eq(i.epsilon_requested, epsilon);
	check_averages(&i, p);
	ck_assert_double_le(i.distance_mean,
	                    dpt_model_about(e).distance_mean * (1 + 1e-12));
	free(p);
	dpt_model_free(m);
	dpt_model_free(e);
}
END_TEST

/* ----------------------------------------------------- given parameters */

static enum dpt_status open_given(size_t n, const struct dpt_param *param,
                                  dpt_model **out, dpt_error *err)
{
	struct dpt_settings s = {.mechanism = "gumbel",
	                         .max_unchanged = 1,
	                         .params = n,
	                         .param = param,
	                         .threads = 1};
	return dpt_model_new(index_, &s, out, err);
}

static const struct dpt_param whole[] = {
    {"rate", 1.1}, {"scale", 0.4}, {"fallback", 0.2},
    {"mean", 3.5}, {"kmax", 7},
};

static void check_given(size_t n, double scale, double mean, double kmax)
{
	struct dpt_param param[COUNT(whole)];
	dpt_model *m;
	memcpy(param, whole, sizeof param);
	param[1].value = scale;
	ck_assert_int_eq(open_given(n, param, &m, NULL), DPT_OK);
	struct dpt_model_info i = dpt_model_about(m);
	const double expected[] = {1.1, scale, 0.2, mean, kmax};
	for (int k = 0; k < COUNT(expected); k++)
		ck_assert_double_eq(i.value[k], expected[k]);
	double *p = rows_of(m);
	ck_assert_double_eq(i.epsilon_requested, 0);
	ck_assert_double_eq_tol(i.epsilon_verified, worst_of(p), 1e-8);
	check_averages(&i, p);
	free(p);
	dpt_model_free(m);
}

START_TEST(given_parameters_are_used_and_verified)
{
	check_given(5, 0.4, 3.5, 7);
	check_given(5, INFINITY, 3.5, 7);
	check_given(4, 0.4, 3.5, NEAR + 1);
	check_given(3, 0.4, log(N), NEAR + 1);
}
END_TEST

START_TEST(parameters_out_of_range_are_refused)
{
	static const struct {
		const char *name;
		double value;
	} wrong[] = {
	    {"rate", 0},           {"rate", -1},          {"rate", 2e6},
	    {"rate", (double)NAN}, {"scale", 0},          {"scale", -1},
	    {"fallback", -0.1},    {"fallback", 1.1},     {"mean", 0},
	    {"mean", 1e9},         {"kmax", 0},           {"kmax", 2.5},
	    {"kmax", NEAR + 2},    {"kmax", (double)NAN},
	};
	dpt_error err;
	dpt_model *m;
	for (int i = 0; i < COUNT(wrong); i++) {
		struct dpt_param param[COUNT(whole)];
		memcpy(param, whole, sizeof param);
		for (int k = 0; k < COUNT(param); k++)
			if (strcmp(param[k].name, wrong[i].name) == 0)
				param[k].value = wrong[i].value;
		ck_assert_msg(open_given(5, param, &m, &err) == DPT_ERANGE,
		              "%s=%g", wrong[i].name, wrong[i].value);
		ck_assert_ptr_nonnull(strstr(err.text, wrong[i].name));
		ck_assert_ptr_null(m);
	}
}
END_TEST

START_TEST(parameters_must_be_all_there_and_known)
{
	dpt_error err;
	dpt_model *m;
	for (size_t left_out = 0; left_out < 3; left_out++) {
		struct dpt_param param[2];
		for (size_t k = 0, n = 0; k < 3; k++)
			if (k != left_out)
				param[n++] = whole[k];
		ck_assert_int_eq(open_given(2, param, &m, &err), DPT_ERANGE);
		ck_assert_str_eq(err.text,
		                 "gumbel needs rate, scale and fallback");
	}
	struct dpt_param unknown = {"epsilon", 1};
	ck_assert_int_eq(open_given(1, &unknown, &m, &err), DPT_EUNKNOWN);
	ck_assert_str_eq(err.text, "gumbel has no parameter 'epsilon'");
}
END_TEST

/* ---------------------------------------------------------------- cache */

static void count_calls(void *ctx, const char *stage, double done, double total)
{
	(void)stage;
	(void)done;
	(void)total;
	++*(int *)ctx;
}

/* Off the grid of the index; *measured tells whether rates were measured. */
static struct dpt_model_info open_cached(const char *folder, double epsilon,
                                         int *measured)
{
	dpt_model *m;
	*measured = 0;
	struct dpt_settings s = {.mechanism = "gumbel",
	                         .epsilon = epsilon,
	                         .max_unchanged = 0.45,
	                         .threads = 1,
	                         .cache = folder,
	                         .progress = count_calls,
	                         .progress_ctx = measured};
	ck_assert_int_eq(dpt_model_new(index_, &s, &m, NULL), DPT_OK);
	struct dpt_model_info info = dpt_model_about(m);
	dpt_model_free(m);
	return info;
}

static void check_same(const struct dpt_model_info *a,
                       const struct dpt_model_info *b)
{
	ck_assert_double_eq(a->epsilon_verified, b->epsilon_verified);
	ck_assert_double_eq(a->unchanged_mean, b->unchanged_mean);
	ck_assert_double_eq(a->unchanged_token_mean, b->unchanged_token_mean);
	ck_assert_double_eq(a->distance_mean, b->distance_mean);
	for (int i = 0; i < 5; i++)
		ck_assert_double_eq(a->value[i], b->value[i]);
}

static const char *cache_name(double epsilon)
{
	static char name[100];
	unsigned long long sum = dpt_index_about(index_).checksum;
	snprintf(name, sizeof name, "%016llx-gumbel-%.9g-0.45", sum, epsilon);
	return name;
}

START_TEST(calibrations_are_kept)
{
	int measured;
	struct dpt_model_info first =
	    open_cached(fx_path("."), 1.234, &measured);
	ck_assert_int_gt(measured, 0);
	ck_assert_int_eq(access(fx_path(cache_name(1.234)), R_OK), 0);
	struct dpt_model_info again =
	    open_cached(fx_path("."), 1.234, &measured);
	ck_assert_int_eq(measured, 0);
	check_same(&first, &again);
	again = open_cached(NULL, 1.234, &measured);
	ck_assert_int_gt(measured, 0);
	check_same(&first, &again);
}
END_TEST

START_TEST(damaged_files_are_ignored)
{
	int measured;
	size_t size, bytes;
	const char *name = cache_name(1.345);
	struct dpt_model_info right =
	    open_cached(fx_path("."), 1.345, &measured);
	char *file = fx_read(name, &size);
	size_t places[] = {0, 7, 8, 16, 60, size / 2, size - 1};
	for (int i = 0; i < COUNT(places); i++) {
		file[places[i]] ^= 1;
		fx_write(name, file, size);
		file[places[i]] ^= 1;
		struct dpt_model_info again =
		    open_cached(fx_path("."), 1.345, &measured);
		ck_assert_msg(measured > 0, "byte %zu", places[i]);
		check_same(&right, &again);
	}
	size_t sizes[] = {0, 1, 8, size / 2, size - 1, size + 1};
	file = realloc(file, size + 1);
	file[size] = 0;
	for (int i = 0; i < COUNT(sizes); i++) {
		fx_write(name, file, sizes[i]);
		struct dpt_model_info again =
		    open_cached(fx_path("."), 1.345, &measured);
		ck_assert_msg(measured > 0, "%zu bytes", sizes[i]);
		check_same(&right, &again);
	}
	/* each time it was written anew */
	char *anew = fx_read(name, &bytes);
	ck_assert_uint_eq(bytes, size);
	ck_assert_int_eq(memcmp(anew, file, size), 0);
	free(anew);
	/* whole, but of another epsilon */
	fx_write(cache_name(1.346), file, size);
	struct dpt_model_info other =
	    open_cached(fx_path("."), 1.346, &measured);
	ck_assert_int_gt(measured, 0);
	ck_assert_double_eq(other.epsilon_requested, 1.346);
	free(file);
}
END_TEST

START_TEST(nothing_kept_is_no_fault)
{
	int measured;
	struct dpt_model_info right = open_cached(NULL, 1.456, &measured);
	const char *folders[] = {fx_path("no/where"), "/dev/null", "",
	                         fx_path("vectors")};
	for (int i = 0; i < COUNT(folders); i++) {
		struct dpt_model_info again =
		    open_cached(folders[i], 1.456, &measured);
		check_same(&right, &again);
	}
}
END_TEST

/* -------------------------------------------------------------- sampler */

static double fit(double drawn_fallback, double fallback, uint32_t w)
{
	enum { DRAWS = 400000, BATCH = 10000 };
	static uint32_t in[BATCH], out[BATCH];
	uint64_t seen[N] = {0};
	double p[N];
	dpt_key key;
	dpt_model *drawn, *right;
	struct dpt_param param[] = {
	    {"rate", 0.6}, {"scale", 0.5}, {"fallback", drawn_fallback}};
	ck_assert_int_eq(open_given(3, param, &drawn, NULL), DPT_OK);
	param[2].value = fallback;
	ck_assert_int_eq(open_given(3, param, &right, NULL), DPT_OK);
	dpt_key_from_seed(&key, 5);
	for (uint64_t record = 0; record < DRAWS / BATCH; record++) {
		for (int i = 0; i < BATCH; i++)
			in[i] = w;
		ck_assert_int_eq(
		    dpt_model_draw(drawn, &key, record, BATCH, in, out, NULL),
		    DPT_OK);
		for (int i = 0; i < BATCH; i++)
			seen[out[i]]++;
	}
	ck_assert_int_eq(dpt_model_row(right, w, p, NULL), DPT_OK);
	dpt_model_free(drawn);
	dpt_model_free(right);
	return stats_chi2(N, seen, p);
}

START_TEST(draws_are_those_of_the_row)
{
	static const uint32_t words[] = {0, 1, N / 2, N - 1};
	uint32_t w = words[_i];
	ck_assert_double_gt(fit(0.5, 0.5, w), STATS_ALPHA);
	ck_assert_double_gt(fit(0, 0, w), STATS_ALPHA);
	ck_assert_double_lt(fit(0.55, 0.5, w), STATS_ALPHA);
	ck_assert_double_lt(fit(0.45, 0.5, w), STATS_ALPHA);
}
END_TEST

Suite *suite_gumbel(void)
{
	Suite *s = suite_create("gumbel");
	TCase *t = tcase_create("gumbel");
	tcase_set_timeout(t, 120);
	tcase_add_unchecked_fixture(t, open_index, close_index);
	tcase_add_loop_test(t, calibration_keeps_what_was_asked_for, 0,
	                    COUNT(epsilons) * COUNT(shares));
	tcase_add_test(t, given_parameters_are_used_and_verified);
	tcase_add_test(t, parameters_out_of_range_are_refused);
	tcase_add_test(t, parameters_must_be_all_there_and_known);
	tcase_add_test(t, calibrations_are_kept);
	tcase_add_test(t, damaged_files_are_ignored);
	tcase_add_test(t, nothing_kept_is_no_fault);
	tcase_add_loop_test(t, draws_are_those_of_the_row, 0, 4);
	suite_add_tcase(s, t);
	return s;
}
