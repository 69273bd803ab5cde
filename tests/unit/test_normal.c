/* SPDX-License-Identifier: MIT */
/* The normaliser of the kernel, its steepness, and what is known of rates. */
#include "fixture.h"
#include "normal.h"
#include "rates.h"
#include "reference.h"
#include "suites.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double rates[] = {0.02, 0.5, 1.25, 4, 40};
enum { RATES = 5, N = 540, DIM = 6 };

/* Each the sum of the one before and the first, which goes another way. */
static const double multiples[] = {0.25, 0.5, 0.75, 1, 1.25};

static void run_normal(struct dpt_normal *z, const struct dpt_space *s,
                       const double *t, unsigned threads)
{
	ck_assert_int_eq(dpt_normal_new(z, s, RATES, t, NULL), DPT_OK);
	ck_assert_int_eq(z->powers, t == multiples);
	struct dpt_pass pass = {.space = s,
	                        .threads = threads,
	                        .visit = dpt_normal_visit,
	                        .ctx = z};
	ck_assert_int_eq(dpt_pairs(&pass, NULL), DPT_OK);
}

static double worst_relative(const double *got, const double *right)
{
	double worst = 0;
	for (uint32_t w = 0; w < N; w++)
		worst = fmax(worst, fabs(got[w] - right[w]) / right[w]);
	return worst;
}

START_TEST(normalisers_are_those_of_the_formula)
{
	double others[N], moments[N];
	const double *t = _i < FX_KINDS ? rates : multiples;
	struct dpt_normal z, again;
	float *x = fx_rows((enum fx_kind)(_i % FX_KINDS), N, DIM, 2);
	struct dpt_space s = fx_space(x, N, DIM);
	run_normal(&z, &s, t, 1);
	for (size_t k = 0; k < RATES; k++) {
		ref_sums(&s, t[k], others, moments);
		ck_assert_double_le(worst_relative(z.others + k * N, others),
		                    1e-11);
		ck_assert_double_le(worst_relative(z.moments + k * N, moments),
		                    1e-11);
	}
	run_normal(&again, &s, t, 3);
	size_t bytes = 2 * RATES * N * sizeof(double);
	ck_assert_int_eq(memcmp(z.others, again.others, bytes), 0);
	dpt_normal_free(&z);
	dpt_normal_free(&again);
	dpt_space_close(&s);
	free(x);
}
END_TEST

/* ------------------------------------------------------------ steepness */

static double brute_steepness(const struct dpt_space *s, const double *v)
{
	double worst = 0;
	for (uint32_t w = 0; w < s->n; w++)
		for (uint32_t x = 0; x < w; x++) {
			double gap = v[w] - v[x];
			worst = fmax(worst, fabs(gap) / fx_distance(s, w, x));
		}
	return worst;
}

static void check_steepness(const struct dpt_space *s, uint32_t k,
                            const double *others)
{
	struct dpt_lists lists = fx_lists(s, k);
	double right = brute_steepness(s, others);
	for (unsigned threads = 1; threads <= 3; threads++) {
		double got = -1;
		ck_assert_int_eq(
		    dpt_steepness(s, &lists, others, threads, &got, NULL),
		    DPT_OK);
		ck_assert_msg(fabs(got - right) <= 1e-9 * right,
		              "k %u: %.17g, not %.17g", k, got, right);
	}
	fx_lists_free(&lists);
}

static const uint32_t list_lengths[] = {1, 3, 20, N - 1};
enum { LENGTHS = 4 };

START_TEST(steepness_of_normalisers_is_that_of_all_pairs)
{
	double others[N], moments[N];
	float *x = fx_rows((enum fx_kind)_i, N, DIM, 2);
	struct dpt_space s = fx_space(x, N, DIM);
	for (size_t k = 0; k < RATES; k++) {
		ref_sums(&s, rates[k], others, moments);
		check_steepness(&s, list_lengths[k % LENGTHS], others);
	}
	dpt_space_close(&s);
	free(x);
}
END_TEST

/* Any numbers at all: the steepest pair may be in no list. */
START_TEST(steepness_of_anything_is_that_of_all_pairs)
{
	enum fx_kind kind = (enum fx_kind)(_i % FX_KINDS);
	double others[N];
	struct fx_seq seq = {(uint64_t)_i};
	float *x = fx_rows(kind, N, DIM, 3);
	struct dpt_space s = fx_space(x, N, DIM);
	for (int mode = 0; mode < 3; mode++) {
		for (uint32_t w = 0; w < N; w++) {
			double low = fx_unit(&seq) * fx_distance(&s, w, 7);
			others[w] = mode == 0   ? 5 * fx_unit(&seq)
			            : mode == 1 ? expm1(fmin(low, 500))
			                        : (w % 97 == 0) * 1e3 + 1;
		}
		check_steepness(&s, list_lengths[_i % LENGTHS], others);
	}
	dpt_space_close(&s);
	free(x);
}
END_TEST

START_TEST(steepness_of_a_constant_is_zero)
{
	double others[40];
	float *x = fx_rows(FX_RANDOM, 40, 3, 3);
	struct dpt_space s = fx_space(x, 40, 3);
	for (int w = 0; w < 40; w++)
		others[w] = 0.7;
	check_steepness(&s, 1, others);
	dpt_space_close(&s);
	free(x);
}
END_TEST

/* Two groups far apart; the pair that counts is the closest across. */
START_TEST(the_steepest_pair_may_be_far_apart)
{
	enum { HALF = 300 };
	double others[2 * HALF];
	float *x = fx_rows(FX_RANDOM, 2 * HALF, DIM, 8);
	for (uint32_t i = 0; i < 2 * HALF; i++) {
		for (uint32_t k = 0; k < DIM; k++)
			x[i * 8 + k] *= 1e-3F;
		x[i * 8] += i < HALF ? 0 : 50;
		others[i] = i < HALF ? 1 : 1e6;
	}
	struct dpt_space s = fx_space(x, 2 * HALF, DIM);
	check_steepness(&s, 5, others);
	dpt_space_close(&s);
	free(x);
}
END_TEST

START_TEST(impossible_normalisers_are_not_overlooked)
{
	double others[40], got = 0;
	float *x = fx_rows(FX_RANDOM, 40, 3, 3);
	struct dpt_space s = fx_space(x, 40, 3);
	struct dpt_lists lists = fx_lists(&s, 2);
	for (int w = 0; w < 40; w++)
		others[w] = w == _i ? INFINITY : 1;
	ck_assert_int_eq(dpt_steepness(&s, &lists, others, 2, &got, NULL),
	                 DPT_OK);
	ck_assert(!(got < 1e300));
	fx_lists_free(&lists);
	dpt_space_close(&s);
	free(x);
}
END_TEST

/* ---------------------------------------------------------------- rates */

static struct dpt_rates rates_of(const float *x, const struct dpt_lists *lists)
{
	return (struct dpt_rates){
	    .ground = {.vectors = x, .n = N, .dim = DIM, .lists = *lists},
	    .threads = 2};
}

static void check_rate(const struct dpt_space *s, const struct dpt_rate *rate,
                       const double *others)
{
	double right[N], moments[N], lnz[N];
	double sum = 0, token = 0, weights = 0, far = 0;
	ref_sums(s, rate->t, right, moments);
	ck_assert_double_le(worst_relative(others, right), 1e-11);
	for (uint32_t w = 0; w < N; w++) {
		double p = 1 / (1 + right[w]), weight = 1 / (w + 2.7);
		ck_assert(dpt_token_weight(w) == weight);
		sum += p / N;
		far += p * moments[w] / N;
		token += p * weight;
		weights += weight;
		lnz[w] = log1p(right[w]);
	}
	double eps = rate->t + brute_steepness(s, lnz);
	ck_assert_double_eq_tol(rate->unchanged_mean, sum, 1e-11);
	ck_assert_double_eq_tol(rate->unchanged_token_mean, token / weights,
	                        1e-11);
	ck_assert_double_le(fabs(rate->distance_mean - far), 1e-10 * far);
	ck_assert_double_le(fabs(rate->epsilon - eps), 1e-8 * eps);
}

START_TEST(rates_are_measured_right)
{
	enum fx_kind kind = (enum fx_kind)_i;
	float *x = fx_rows(kind, N, DIM, 2);
	struct dpt_space s = fx_space(x, N, DIM);
	struct dpt_lists lists = fx_lists(&s, 12);
	struct dpt_rates r = rates_of(x, &lists);
	ck_assert_int_eq(dpt_rates_measure(&r, 2, rates + 1, NULL), DPT_OK);
	ck_assert_uint_eq(r.count, 2);
	for (size_t i = 0; i < r.count; i++) {
		ck_assert(r.rate[i].t == rates[i + 1]);
		check_rate(&s, &r.rate[i], r.others[i]);
	}
	dpt_rates_free(&r);
	fx_lists_free(&lists);
	dpt_space_close(&s);
	free(x);
}
END_TEST

START_TEST(known_rates_are_found_and_others_measured)
{
	float *x = fx_rows(FX_RANDOM, N, DIM, 2);
	struct dpt_space s = fx_space(x, N, DIM);
	struct dpt_lists lists = fx_lists(&s, 12);
	struct dpt_rates r = rates_of(x, &lists);
	static const struct dpt_rate known[] = {{.t = 7}, {.t = 9}};
	static double others[2 * N] = {[N] = 5};
	size_t at;
	ck_assert_int_eq(dpt_rates_borrow(&r, 2, known, others, NULL), DPT_OK);
	ck_assert_int_eq(dpt_rates_find(&r, 9, &at, NULL), DPT_OK);
	ck_assert_uint_eq(at, 1);
	ck_assert_ptr_eq(r.others[1], others + N);
	for (int i = 0; i < 40; i++) { /* more than there is room for */
		ck_assert_int_eq(dpt_rates_find(&r, 0.1 * (i + 1), &at, NULL),
		                 DPT_OK);
		ck_assert_uint_eq(at, (size_t)i + 2);
		ck_assert(r.rate[at].t == 0.1 * (i + 1));
	}
	ck_assert_int_eq(dpt_rates_find(&r, 0.1 * 3, &at, NULL), DPT_OK);
	ck_assert_uint_eq(at, 4);
	ck_assert_uint_eq(r.count, 42);
	check_rate(&s, &r.rate[20], r.others[20]);
	dpt_rates_free(&r);
	fx_lists_free(&lists);
	dpt_space_close(&s);
	free(x);
}
END_TEST

Suite *suite_normal(void)
{
	TCase *t = tcase_create("normal");
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, normalisers_are_those_of_the_formula, 0,
	                    FX_KINDS * 2);
	tcase_add_loop_test(t, steepness_of_normalisers_is_that_of_all_pairs, 0,
	                    FX_KINDS);
	tcase_add_loop_test(t, steepness_of_anything_is_that_of_all_pairs, 0,
	                    2 * FX_KINDS);
	tcase_add_test(t, steepness_of_a_constant_is_zero);
	tcase_add_test(t, the_steepest_pair_may_be_far_apart);
	tcase_add_loop_test(t, impossible_normalisers_are_not_overlooked, 0,
	                    40);
	tcase_add_loop_test(t, rates_are_measured_right, 0, FX_KINDS);
	tcase_add_test(t, known_rates_are_found_and_others_measured);
	Suite *s = suite_create("normal");
	suite_add_tcase(s, t);
	return s;
}
