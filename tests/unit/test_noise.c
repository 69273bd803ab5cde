/* SPDX-License-Identifier: MIT */
/*
 * The mechanisms that add noise, against integrals of their densities and
 * against the plainest simulation; each with a sample that must not fit.
 */
#include "fixture.h"
#include "gumbel_published.h"
#include "reference.h"
#include "stats.h"
#include "suites.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

/* Draws for one word, in records of some words each. */
static void draw_many(const dpt_model *model, uint32_t w, size_t n,
                      uint64_t *seen)
{
	enum { EACH = 1000 };
	uint32_t in[EACH], out[EACH];
	dpt_key key;
	dpt_key_from_seed(&key, w);
	for (int i = 0; i < EACH; i++)
		in[i] = w;
	for (uint64_t record = 0; record < n / EACH; record++) {
		ck_assert(
		    !dpt_model_draw(model, &key, record, EACH, in, out, NULL));
		for (int i = 0; i < EACH; i++)
			seen[out[i]]++;
	}
}

static dpt_index *index_of_rows(const float *rows, uint32_t n, uint32_t dim)
{
	dpt_vectors *v = fx_vectors(rows, n, dim, NULL);
	dpt_index *x = fx_index_of("index", v, 45);
	dpt_vectors_free(v);
	return x;
}

/* -------------------------------------------------------------- laplace */

/* The distribution function of Laplace noise of scale 1/eps on a line. */
static double laplace_cdf(double eps, double z)
{
	return z < 0 ? exp(eps * z) / 2 : 1 - exp(-eps * z) / 2;
}

static const float line[] = {-4, -1.5F, -1, 0, 0.25F, 2, 7};

START_TEST(laplace_on_a_line_is_its_integral)
{
	enum { N = COUNT(line), DRAWS = 100000 };
	float rows[N * 8] = {0};
	for (int i = 0; i < N; i++)
		rows[i * 8] = line[i];
	dpt_index *x = index_of_rows(rows, N, 1);
	double eps = 0.9;
	dpt_model *model = fx_model(x, "laplace", eps, 0.5);
	ck_assert(dpt_model_about(model).epsilon_verified == eps);
	for (uint32_t w = 0; w < N; w += 3) {
		uint64_t seen[N] = {0};
		draw_many(model, w, DRAWS, seen);
		for (int off = 0; off < 2; off++) {
			double e = off ? 1.3 * eps : eps, p[N], below = 0;
			for (int v = 0; v < N; v++) {
				double edge =
				    v + 1 < N
				        ? (line[v] + line[v + 1]) / 2 - line[w]
				        : INFINITY;
				p[v] = laplace_cdf(e, edge) - below;
				below += p[v];
			}
			double fit = stats_chi2(N, seen, p);
			ck_assert_msg((fit < STATS_ALPHA) == off, "%g", fit);
		}
	}
	dpt_model_free(model);
	dpt_index_free(x);
}
END_TEST

/* The shares of a plane of density eps^2/2pi exp(-eps |z|) around w. */
static void integrate(const struct dpt_space *s, double eps, uint32_t w,
                      double *p)
{
	enum { RADII = 600, ANGLES = 361 };
	memset(p, 0, s->n * sizeof *p);
	for (int i = 0; i < RADII * ANGLES; i++) {
		double r = (i / ANGLES + 0.5) * 30 / eps / RADII;
		double a = i % ANGLES * 6.283185307179586 / ANGLES;
		double x = (double)dpt_row(s, w)[0] + r * cos(a), least = 1e300;
		double y = (double)dpt_row(s, w)[1] + r * sin(a);
		uint32_t best = 0;
		for (uint32_t v = 0; v < s->n; v++) {
			double dx = x - (double)dpt_row(s, v)[0];
			double dy = y - (double)dpt_row(s, v)[1];
			if (dx * dx + dy * dy < least) {
				least = dx * dx + dy * dy;
				best = v;
			}
		}
		p[best] += r * exp(-eps * r);
	}
}

START_TEST(laplace_on_a_plane_is_its_integral)
{
	enum { N = 9, DRAWS = 100000 };
	float *rows = fx_rows(FX_RANDOM, N, 2, 31);
	struct dpt_space s = fx_space(rows, N, 2);
	dpt_index *x = index_of_rows(rows, N, 2);
	double eps = 2, p[N];
	dpt_model *model = fx_model(x, "laplace", eps, 0.5);
	uint64_t seen[N] = {0};
	draw_many(model, (uint32_t)_i, DRAWS, seen);
	integrate(&s, eps, (uint32_t)_i, p);
	ck_assert_double_gt(stats_chi2(N, seen, p), STATS_ALPHA);
	integrate(&s, 1.3 * eps, (uint32_t)_i, p);
	ck_assert_double_lt(stats_chi2(N, seen, p), STATS_ALPHA);
	dpt_model_free(model);
	dpt_index_free(x);
	dpt_space_close(&s);
	free(rows);
}
END_TEST

/* In many dimensions by simulation: a gamma of whole shape is a sum. */
static uint32_t plain_laplace(const struct dpt_space *s, struct fx_seq *seq,
                              double eps, uint32_t w)
{
	double z[100], square = 0, r = 0, least = INFINITY;
	uint32_t best = 0;
	for (uint32_t i = 0; i < s->dim; i++) {
		z[i] = fx_normal(seq);
		square += z[i] * z[i];
		r -= log(fx_unit(seq)) / eps;
	}
	for (uint32_t v = 0; v < s->n; v++) {
		double d2 = 0;
		for (uint32_t i = 0; i < s->dim; i++) {
			double at =
			    (double)dpt_row(s, w)[i] + z[i] * r / sqrt(square);
			at -= (double)dpt_row(s, v)[i];
			d2 += at * at;
		}
		if (d2 < least) {
			least = d2;
			best = v;
		}
	}
	return best;
}

static const struct {
	enum fx_kind kind;
	uint32_t dim;
	double eps;
} clouds[] = {{FX_RANDOM, 3, 1.5},
              {FX_RANDOM, 20, 6},
              {FX_RANDOM, 50, 5},
              {FX_HUB, 30, 30}};

START_TEST(laplace_in_space_is_what_simulation_gives)
{
	enum { N = 30, DRAWS = 20000, W = 0 };
	uint32_t dim = clouds[_i].dim;
	double eps = clouds[_i].eps;
	float *rows = fx_rows(clouds[_i].kind, N, dim, 17);
	struct dpt_space s = fx_space(rows, N, dim);
	dpt_index *x = index_of_rows(rows, N, dim);
	dpt_model *model = fx_model(x, "laplace", eps, 0.5);
	struct fx_seq seq = {5};
	uint64_t seen[N] = {0}, plain[N] = {0}, off[N] = {0};
	draw_many(model, W, DRAWS, seen);
	for (int i = 0; i < DRAWS; i++) {
		plain[plain_laplace(&s, &seq, eps, W)]++;
		off[plain_laplace(&s, &seq, 1.3 * eps, W)]++;
	}
	ck_assert_double_gt(stats_chi2_same(N, seen, plain), STATS_ALPHA);
	ck_assert_double_lt(stats_chi2_same(N, seen, off), STATS_ALPHA);
	dpt_model_free(model);
	dpt_index_free(x);
	dpt_space_close(&s);
	free(rows);
}
END_TEST

START_TEST(laplace_draws_at_every_epsilon)
{
	enum { N = 50 };
	dpt_index *x = fx_index(FX_RANDOM, N, 30, 10);
	for (int e = -12; e <= 6; e++) {
		dpt_model *model = fx_model(x, "laplace", pow(10, e), 0.5);
		uint64_t seen[N] = {0};
		draw_many(model, 7, 1000, seen);
		if (e == 6)
			ck_assert_uint_eq(seen[7], 1000);
		if (e < -2) /* noise alone: nothing sticks out */
			ck_assert_uint_lt(seen[7], 400);
		dpt_model_free(model);
	}
	dpt_index_free(x);
}
END_TEST

/* -------------------------------------------------- gumbel as published */

static const double lambert[][2] = {
    {1, 0.56714329040978387},    {2.718281828459045, 1},
    {10, 1.7455280027406994},    {100, 3.3856301402900502},
    {0.5, 0.35173371124919583},  {1e-9, 9.99999999e-10},
    {14.778112197861300, 2},     {1e6, 11.383358086140053},
    {0.1, 0.091276527160862264},
};

START_TEST(lambert_w_has_its_known_values)
{
	for (int i = 0; i < COUNT(lambert); i++)
		ck_assert_double_le(
		    fabs(dpt_lambert_w0(lambert[i][0]) / lambert[i][1] - 1),
		    4e-15);
	for (int e = -300; e <= 300; e++) {
		double x = pow(10, e), w = dpt_lambert_w0(x);
		double off = fabs(log(w) + w - log(x));
		ck_assert_double_le(off, 1e-13 * (1 + fabs(log(x))));
	}
}
END_TEST

START_TEST(thresholds_and_scales_are_those_of_the_paper)
{
	double n = 20000, least = 0.606205, most = 16.783339;
	double at = dpt_published_threshold(n, least);
	ck_assert_double_eq_tol(at, (5 + 2 * log(n)) / least, 1e-12);
	ck_assert_double_eq_tol(at, 40.9, 0.05);
	for (double eps = 1.01 * at; eps < 20 * at; eps *= 1.2) {
		double alpha = (eps - 2 * (1 + log(n)) / least) / 3;
		double b = dpt_published_scale(eps, n, least, most);
		/* the smaller of: w with w e^w = 2 alpha Delta, or the log */
		double w = 2 * most / b, cap = log(alpha * least);
		ck_assert_double_le(w, cap * (1 + 1e-12));
		ck_assert_double_le(w + log(w), log(2 * alpha * most) + 1e-12);
		ck_assert(fabs(w - cap) < 1e-12 * cap ||
		          fabs(w + log(w) - log(2 * alpha * most)) < 1e-12);
	}
}
END_TEST

START_TEST(below_its_threshold_it_is_refused)
{
	dpt_index *x = fx_index(FX_RANDOM, 60, 4, 45);
	struct dpt_index_info info = dpt_index_about(x);
	double at = dpt_published_threshold(60, info.distance_min);
	struct dpt_settings s = {.mechanism = "gumbel-published",
	                         .max_unchanged = 0.5,
	                         .threads = 1};
	dpt_model *model;
	dpt_error err;
	for (int i = 0; i < 3; i++) {
		s.epsilon = i == 0 ? at : i == 1 ? at * (1 - 1e-12) : 0.1;
		ck_assert_int_eq(dpt_model_new(x, &s, &model, &err),
		                 DPT_EPRIVACY);
		ck_assert_ptr_nonnull(strstr(err.text, "above"));
		ck_assert_ptr_null(model);
	}
	model = fx_model(x, "gumbel-published", at * 1.0001, 0.5);
	ck_assert_int_eq(dpt_model_about(model).mechanism->guarantee,
	                 DPT_NOMINAL);
	ck_assert(isnan(dpt_model_about(model).epsilon_verified));
	dpt_model_free(model);
	dpt_index_free(x);
}
END_TEST

/* As the paper has it: noise truncated by drawing again. */
static uint32_t plain_published(const struct dpt_lists *lists, const double *pk,
                                uint32_t n, double b, double bound,
                                struct fx_seq *seq, uint32_t w)
{
	double u = fx_unit(seq), least = INFINITY;
	uint32_t k = 1, best = w;
	while (k < n && (u -= pk[k]) >= 0)
		k++;
	for (uint32_t j = 0; j < k; j++) {
		size_t at = (size_t)w * lists->k + j - 1;
		double g, d = j ? lists->distance[at] : 0;
		do
			g = -b * log(-log(fx_unit(seq)));
		while (fabs(g) > bound);
		if (d + g < least) {
			least = d + g;
			best = j ? lists->id[at] : w;
		}
	}
	return best;
}

START_TEST(published_draws_are_what_simulation_gives)
{
	enum { N = 60, DRAWS = 40000, W = 4 };
	float *rows = fx_rows(FX_RANDOM, N, 4, 60);
	struct dpt_space s = fx_space(rows, N, 4);
	struct dpt_lists lists = fx_lists(&s, N - 1);
	dpt_index *x = index_of_rows(rows, N, 4);
	struct dpt_index_info info = dpt_index_about(x);
	static const double above[] = {1.01, 1.5, 5, 50};
	double eps = above[_i] * dpt_published_threshold(N, info.distance_min);
	double b =
	    dpt_published_scale(eps, N, info.distance_min, info.distance_max);
	double pk[N + 1];
	uint64_t seen[N] = {0}, plain[N] = {0}, off[N] = {0}, few[N] = {0};
	struct fx_seq seq = {6};
	dpt_model *model = fx_model(x, "gumbel-published", eps, 0.5);
	draw_many(model, W, DRAWS, seen);
	ref_poisson(log(N), N, pk);
	for (int i = 0; i < DRAWS; i++) {
		plain[plain_published(&lists, pk, N, b, info.distance_max, &seq,
		                      W)]++;
		off[plain_published(&lists, pk, N, b / 1.3 / 1.3,
		                    info.distance_max, &seq, W)]++;
	}
	ref_poisson(1.3 * log(N), N, pk);
	for (int i = 0; i < DRAWS; i++)
		few[plain_published(&lists, pk, N, b, info.distance_max, &seq,
		                    W)]++;
	ck_assert_double_gt(stats_chi2_same(N, seen, plain), STATS_ALPHA);
	if (_i > 1) /* else the bound hides the scale */
		ck_assert_double_lt(stats_chi2_same(N, seen, off), STATS_ALPHA);
	ck_assert_double_lt(stats_chi2_same(N, seen, few), STATS_ALPHA);
	dpt_model_free(model);
	dpt_index_free(x);
	fx_lists_free(&lists);
	dpt_space_close(&s);
	free(rows);
}
END_TEST

START_TEST(too_few_neighbours_are_refused)
{
	dpt_index *x = fx_index(FX_RANDOM, 100, 4, 10);
	struct dpt_settings s = {.mechanism = "gumbel-published",
	                         .epsilon = 1e5,
	                         .max_unchanged = 0.5,
	                         .threads = 1};
	dpt_model *model;
	dpt_error err;
	ck_assert_int_eq(dpt_model_new(x, &s, &model, &err), DPT_ERANGE);
	ck_assert_ptr_nonnull(strstr(err.text, "neighbours than 10"));
	dpt_index_free(x);
}
END_TEST

Suite *suite_noise(void)
{
	TCase *t = tcase_create("noise");
	tcase_add_unchecked_fixture(t, fx_make_dir, fx_remove_dir);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, laplace_on_a_line_is_its_integral);
	tcase_add_loop_test(t, laplace_on_a_plane_is_its_integral, 0, 3);
	tcase_add_loop_test(t, laplace_in_space_is_what_simulation_gives, 0,
	                    COUNT(clouds));
	tcase_add_test(t, laplace_draws_at_every_epsilon);
	tcase_add_test(t, lambert_w_has_its_known_values);
	tcase_add_test(t, thresholds_and_scales_are_those_of_the_paper);
	tcase_add_test(t, below_its_threshold_it_is_refused);
	tcase_add_loop_test(t, published_draws_are_what_simulation_gives, 0, 4);
	tcase_add_test(t, too_few_neighbours_are_refused);
	Suite *s = suite_create("noise");
	suite_add_tcase(s, t);
	return s;
}
