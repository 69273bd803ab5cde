/* SPDX-License-Identifier: MIT */
/* The density prior: estimate, channel, promise, calibration and draws. */
#include "fixture.h"
#include "kde.h"
#include "reference.h"
#include "stats.h"
#include "suites.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

static const struct {
	enum fx_kind kind;
	uint32_t n, dim, k;
} embeddings[] = {
    {FX_RANDOM, 120, 5, 12}, {FX_HUB, 100, 20, 8},     {FX_NEAR, 90, 4, 20},
    {FX_OUTLIER, 80, 4, 79}, {FX_CLUSTERS, 110, 6, 1}, {FX_OFFSET, 90, 6, 9},
};
enum { EMBEDDINGS = COUNT(embeddings) };

static dpt_index *embedding[EMBEDDINGS];

static void open_embeddings(void)
{
	fx_make_dir();
	for (int i = 0; i < EMBEDDINGS; i++)
		embedding[i] = fx_index(embeddings[i].kind, embeddings[i].n,
		                        embeddings[i].dim, embeddings[i].k);
}

static void close_embeddings(void)
{
	for (int i = 0; i < EMBEDDINGS; i++)
		dpt_index_free(embedding[i]);
	fx_remove_dir();
}

/* ------------------------------------------------------------- estimate */

static double density_at(const struct dpt_space *s, uint32_t w, double h)
{
	double sum = 0;
	for (uint32_t u = 0; u < s->n; u++) {
		double d = fx_distance(s, w, u);
		sum += exp(-fmin(d * d / (2 * h * h), 25));
	}
	return sum / s->n;
}

/* More words than a tile has, in one thread and in two. */
START_TEST(estimates_are_those_of_the_formula)
{
	enum { N = 1200 };
	static const double bandwidths[] = {0.1, 1, 30};
	static const enum fx_kind kinds[] = {FX_RANDOM, FX_NEAR, FX_OFFSET};
	struct dpt_settings settings = {.threads = 1U + (unsigned)_i % 2};
	float *rows = fx_rows(kinds[_i % 3], N, 7, 1);
	struct dpt_space s = fx_space(rows, N, 7);
	double got[N], h = bandwidths[_i / 3];
	ck_assert_int_eq(dpt_kde(&s, h, &settings, got, NULL), DPT_OK);
	for (uint32_t w = 0; w < N; w += 11) {
		double right = density_at(&s, w, h);
		ck_assert_double_eq_tol(got[w], right, 1e-6 * right);
	}
	dpt_space_close(&s);
	free(rows);
}
END_TEST

/* -------------------------------------------------------------- channel */

struct given {
	double rate, power, bandwidth;
};

static dpt_model *model_given(const dpt_index *x, struct given g)
{
	const struct dpt_param param[] = {
	    {"bandwidth", g.bandwidth}, {"power", g.power}, {"rate", g.rate}};
	struct dpt_settings s = {.mechanism = "density",
	                         .max_unchanged = 1,
	                         .params = 3,
	                         .param = param,
	                         .threads = 1};
	dpt_model *model = NULL;
	dpt_error err = {0};
	ck_assert_msg(!dpt_model_new(x, &s, &model, &err), "%s", err.text);
	return model;
}

/* q as the manual has it: at most 1, at least exp(-12). */
static void weights(const struct dpt_space *s, struct given g, double *q)
{
	double most = -INFINITY;
	for (uint32_t w = 0; w < s->n; w++) {
		q[w] = g.power * log(density_at(s, w, g.bandwidth));
		most = fmax(most, q[w]);
	}
	for (uint32_t w = 0; w < s->n; w++)
		q[w] = exp(fmax(q[w] - most, -12));
}

/* ln Z(w) */
static double normaliser(const struct dpt_space *s, double t, const double *q,
                         uint32_t w)
{
	double z = 0;
	for (uint32_t v = 0; v < s->n; v++)
		z += q[v] * ref_kernel(t * fx_distance(s, w, v));
	return log(z);
}

/* t + max |ln Z(w) - ln Z(x)| / d(w,x) */
static double formula(const struct dpt_space *s, double t, const double *q)
{
	double worst = 0;
	for (uint32_t w = 0; w < s->n; w++)
		for (uint32_t x = 0; x < w; x++)
			worst = fmax(worst, fabs(normaliser(s, t, q, w) -
			                         normaliser(s, t, q, x)) /
			                        fx_distance(s, w, x));
	return t + worst;
}

static double *rows_of(const dpt_model *model, uint32_t n)
{
	double *p = malloc((size_t)n * n * sizeof *p);
	for (uint32_t w = 0; w < n; w++)
		ck_assert(!dpt_model_row(model, w, p + (size_t)w * n, NULL));
	return p;
}

static const struct given givens[] = {
    {1, -1, 1},      {1, 1, 1},     {2, -0.5, 0.5}, {0.3, 0.5, 2},
    {1.5, 8, 1},     {1.5, -8, 1},  {1, 0, 1},      {8, -2, 0.3},
    {0.01, -1, 0.7}, {1, -1, 1e-3}, {1, 1, 1e3},
};

START_TEST(rows_are_those_of_the_formula)
{
	struct given g = givens[_i / EMBEDDINGS];
	const dpt_index *x = embedding[_i % EMBEDDINGS];
	struct dpt_space s;
	double q[200], same = 0, token = 0, tokens = 0, far = 0;
	ck_assert_int_eq(dpt_index_space(x, &s, NULL), DPT_OK);
	weights(&s, g, q);
	dpt_model *model = model_given(x, g);
	struct dpt_model_info info = dpt_model_about(model);
	double *p = rows_of(model, s.n);
	for (uint32_t w = 0; w < s.n; w++) {
		double z = normaliser(&s, g.rate, q, w);
		for (uint32_t v = 0; v < s.n; v++) {
			double d = fx_distance(&s, w, v);
			double right = q[v] * ref_kernel(g.rate * d) / exp(z);
			double got = p[(size_t)w * s.n + v];
			ck_assert_double_eq_tol(got, right,
			                        1e-6 * right + 1e-18);
			far += got * d / s.n;
		}
		same += p[(size_t)w * s.n + w] / s.n;
		token += p[(size_t)w * s.n + w] / (w + 2.7);
		tokens += 1 / (w + 2.7);
	}
	ck_assert_double_eq_tol(info.unchanged_mean, same, 1e-8);
	ck_assert_double_eq_tol(info.unchanged_token_mean, token / tokens,
	                        1e-8);
	ck_assert_double_eq_tol(info.distance_mean, far, 1e-7 * far + 1e-12);
	ck_assert(info.value[0] == g.rate && info.value[1] == g.power &&
	          info.value[2] == g.bandwidth);
	free(p);
	dpt_model_free(model);
	dpt_space_close(&s);
}
END_TEST

/* Over all triples of words; and by the formula, which bounds them. */
START_TEST(what_is_said_is_exact)
{
	struct given g = givens[_i / EMBEDDINGS];
	const dpt_index *x = embedding[_i % EMBEDDINGS];
	struct dpt_space s;
	double q[200];
	ck_assert_int_eq(dpt_index_space(x, &s, NULL), DPT_OK);
	weights(&s, g, q);
	dpt_model *model = model_given(x, g);
	double said = dpt_model_about(model).epsilon_verified;
	double *p = rows_of(model, s.n), most = formula(&s, g.rate, q);
	ref_logs(s.n, p);
	double exact = ref_epsilon(&s, p).epsilon;
	double noise = 1e-14 / dpt_index_about(x).distance_min;
	ck_assert_msg(exact <= said * (1 + 1e-6) + noise,
	              "%.10g is sampled, %.10g promised", exact, said);
	ck_assert_msg(said <= fmax(most, exact) * (1 + 1e-5) + noise,
	              "%.10g promised, %.10g by the formula", said, most);
	free(p);
	dpt_model_free(model);
	dpt_space_close(&s);
}
END_TEST

/* ---------------------------------------------------------- calibration */

static const double epsilons[] = {0.05, 0.3, 1, 2, 7};
static const double shares[] = {0.1, 0.5, 1};

START_TEST(calibrated_channels_keep_their_promise)
{
	int goal = _i / EMBEDDINGS;
	double epsilon = epsilons[goal % COUNT(epsilons)];
	double share = shares[goal / COUNT(epsilons)];
	const dpt_index *x = embedding[_i % EMBEDDINGS];
	struct dpt_space s;
	ck_assert_int_eq(dpt_index_space(x, &s, NULL), DPT_OK);
	dpt_model *model = fx_model(x, "density", epsilon, share);
	struct dpt_model_info info = dpt_model_about(model);
	double *p = rows_of(model, s.n);
	ref_logs(s.n, p);
	double exact = ref_epsilon(&s, p).epsilon;
	double used = fmax(info.epsilon_verified / epsilon,
	                   info.unchanged_token_mean / share);
	ck_assert(info.epsilon_requested == epsilon);
	ck_assert_double_le(info.epsilon_verified, epsilon);
	ck_assert_msg(exact <= epsilon, "%.12g is sampled", exact);
	ck_assert_double_le(info.unchanged_token_mean, share);
	/* and uses what is allowed, if two words do not nearly coincide */
	if (share < 1 && embeddings[_i % EMBEDDINGS].kind != FX_NEAR)
		ck_assert_double_ge(used, 0.99);
	free(p);
	dpt_model_free(model);
	dpt_space_close(&s);
}
END_TEST

START_TEST(a_rate_must_be_given)
{
	const struct dpt_param power = {"power", 1};
	struct dpt_settings s = {.mechanism = "density",
	                         .max_unchanged = 1,
	                         .params = 1,
	                         .param = &power,
	                         .threads = 1};
	dpt_model *model;
	dpt_error err;
	ck_assert_int_eq(dpt_model_new(embedding[0], &s, &model, &err),
	                 DPT_ERANGE);
	ck_assert_str_eq(err.text, "density needs rate");
}
END_TEST

/* ---------------------------------------------------------------- draws */

/* The least probability of draws from one model by the rows of another. */
static double fit(const dpt_index *x, const dpt_model *drawn,
                  const dpt_model *right)
{
	enum { DRAWS = 40000 };
	static uint32_t in[DRAWS], out[DRAWS];
	uint32_t n = dpt_index_about(x).classes;
	double least = 1, *p = rows_of(right, n);
	dpt_key key;
	dpt_key_from_seed(&key, 5);
	for (uint32_t w = 0; w < n; w += 9) {
		uint64_t seen[200] = {0};
		for (int i = 0; i < DRAWS; i++)
			in[i] = w;
		ck_assert(
		    !dpt_model_draw(drawn, &key, w, DRAWS, in, out, NULL));
		for (int i = 0; i < DRAWS; i++)
			seen[out[i]]++;
		least = fmin(least, stats_chi2(n, seen, p + (size_t)w * n));
	}
	free(p);
	return least;
}

/* Flat and steep priors, of which most proposals are rejected. */
static const struct given drawn[] = {
    {1, -1, 1}, {0.5, 2, 1}, {0.3, -2, 0.7}, {0.2, 8, 1.5}, {0.2, -8, 1},
};

START_TEST(draws_are_those_of_the_rows)
{
	struct given g = drawn[_i / EMBEDDINGS];
	const dpt_index *x = embedding[_i % EMBEDDINGS];
	dpt_model *model = model_given(x, g);
	ck_assert_double_gt(fit(x, model, model), STATS_ALPHA);
	dpt_model_free(model);
}
END_TEST

/* The prior a tenth off in its power, or the rate. */
START_TEST(draws_that_are_a_tenth_off_are_noticed)
{
	struct given g = {0.5, -2, 1};
	dpt_model *right = model_given(embedding[0], g);
	if (_i)
		g.power *= 1.1;
	else
		g.rate *= 1.1;
	dpt_model *wrong = model_given(embedding[0], g);
	ck_assert_double_lt(fit(embedding[0], wrong, right), STATS_ALPHA);
	dpt_model_free(right);
	dpt_model_free(wrong);
}
END_TEST

/* ---------------------------------------------------------------- cache */

static struct dpt_model_info cached(const char *folder)
{
	struct dpt_settings s = {.mechanism = "density",
	                         .epsilon = 1.7,
	                         .max_unchanged = 0.4,
	                         .threads = 1,
	                         .cache = folder};
	dpt_model *model;
	ck_assert_int_eq(dpt_model_new(embedding[0], &s, &model, NULL), DPT_OK);
	struct dpt_model_info info = dpt_model_about(model);
	dpt_model_free(model);
	return info;
}

static bool same(const struct dpt_model_info *a, const struct dpt_model_info *b)
{
	return a->epsilon_verified == b->epsilon_verified &&
	       a->unchanged_mean == b->unchanged_mean &&
	       memcmp(a->value, b->value, sizeof a->value) == 0;
}

START_TEST(densities_are_kept)
{
	char name[80];
	struct dpt_model_info first = cached(fx_path(".")), plain, again;
	snprintf(name, sizeof name, "%016llx-kde-%.9g",
	         (unsigned long long)dpt_index_about(embedding[0]).checksum,
	         first.value[2]);
	plain = cached(NULL);
	again = cached(fx_path("."));
	ck_assert(same(&first, &plain) && same(&first, &again));
	size_t size;
	char *file = fx_read(name, &size);
	file[size - 3] ^= 1;
	fx_write(name, file, size);
	again = cached(fx_path("."));
	ck_assert(same(&first, &again));
	free(file);
	file = fx_read(name, &size);
	fx_write(name, file, size - 1);
	again = cached(fx_path("."));
	ck_assert(same(&first, &again));
	free(file);
}
END_TEST

Suite *suite_density(void)
{
	Suite *s = suite_create("density");
	TCase *t = tcase_create("density");
	tcase_set_timeout(t, 60);
	tcase_add_unchecked_fixture(t, open_embeddings, close_embeddings);
	tcase_add_loop_test(t, estimates_are_those_of_the_formula, 0, 9);
	tcase_add_loop_test(t, rows_are_those_of_the_formula, 0,
	                    COUNT(givens) * EMBEDDINGS);
	tcase_add_loop_test(t, what_is_said_is_exact, 0,
	                    COUNT(givens) * EMBEDDINGS);
	tcase_add_loop_test(t, calibrated_channels_keep_their_promise, 0,
	                    COUNT(epsilons) * COUNT(shares) * EMBEDDINGS);
	tcase_add_test(t, a_rate_must_be_given);
	tcase_add_loop_test(t, draws_are_those_of_the_rows, 0,
	                    COUNT(drawn) * EMBEDDINGS);
	tcase_add_loop_test(t, draws_that_are_a_tenth_off_are_noticed, 0, 2);
	tcase_add_test(t, densities_are_kept);
	suite_add_tcase(s, t);
	return s;
}
