/* SPDX-License-Identifier: MIT */
/* Verification against all triples, and what must not pass it. */
#include "channel.h"
#include "fixture.h"
#include "reference.h"
#include "suites.h"
#include "verify.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

/* A channel in logarithms, whole and as verification takes it. */
struct channel {
	struct fx_ground g;
	struct dpt_rows rows;
	double *logs; /* n x n */
	double tails; /* what the tails alone cost */
};

static struct channel channel_new(enum fx_kind kind, uint32_t n, uint32_t dim,
                                  uint32_t k, double t)
{
	struct channel c = {.g = fx_ground(kind, n, dim, k)};
	c.logs = malloc((size_t)n * n * sizeof *c.logs);
	c.rows = (struct dpt_rows){
	    .t = t,
	    .listed = k + 1,
	    .log = malloc((size_t)n * (k + 1) * sizeof(double)),
	    .tail = malloc(n * sizeof(double))};
	return c;
}

static void channel_free(struct channel *c)
{
	free(c->logs);
	free(c->rows.log);
	free(c->rows.tail);
	fx_ground_free(&c->g);
}

static uint32_t entry(const struct channel *c, uint32_t w, uint32_t rank)
{
	return rank ? c->g.lists.id[w * c->g.lists.k + rank - 1] : w;
}

/* Copies what is listed from the whole. */
static void take_lists(struct channel *c)
{
	uint32_t n = c->g.space.n, listed = c->rows.listed;
	c->rows.space = &c->g.space;
	c->rows.lists = &c->g.lists;
	for (uint32_t w = 0; w < n; w++)
		for (uint32_t r = 0; r < listed; r++)
			c->rows.log[w * listed + r] =
			    c->logs[(size_t)w * n + entry(c, w, r)];
}

/* Tails of any height, lists that exceed them by up to some factor. */
static void random_channel(struct channel *c, double height, double excess,
                           struct fx_seq *seq)
{
	uint32_t n = c->g.space.n;
	for (uint32_t w = 0; w < n; w++) {
		double *row = c->logs + (size_t)w * n;
		c->rows.tail[w] = -9 - height * fx_unit(seq);
		for (uint32_t v = 0; v < n; v++) {
			double td = c->rows.t * fx_distance(&c->g.space, w, v);
			row[v] = c->rows.tail[w] - fmin(td, 25);
		}
		for (uint32_t r = 0; r < c->rows.listed; r++)
			row[entry(c, w, r)] += excess * fx_unit(seq);
	}
	take_lists(c);
	c->tails = c->rows.t;
	for (uint32_t w = 0; w < n; w++)
		for (uint32_t x = 0; x < w; x++)
			c->tails =
			    fmax(c->tails,
			         c->rows.t +
			             fabs(c->rows.tail[w] - c->rows.tail[x]) /
			                 fx_distance(&c->g.space, w, x));
}

static struct dpt_verdict verify(const struct channel *c, double limit,
                                 unsigned threads)
{
	struct dpt_verdict v;
	ck_assert_int_eq(
	    dpt_verify(&c->rows, c->tails, limit, threads, &v, NULL), DPT_OK);
	return v;
}

/* The ratio of the triple of a verdict. */
static double ratio(const struct channel *c, const struct dpt_verdict *v)
{
	uint32_t n = c->g.space.n;
	if (v->w == v->x)
		return c->tails;
	return (c->logs[(size_t)v->w * n + v->v] -
	        c->logs[(size_t)v->x * n + v->v]) /
	       fx_distance(&c->g.space, v->w, v->x);
}

static void check_verdict(const struct channel *c, unsigned threads)
{
	struct ref_verdict brute = ref_epsilon(&c->g.space, c->logs);
	bool has_tail = c->rows.listed < c->g.space.n;
	double right = brute.epsilon;
	if (has_tail)
		right = fmax(right, c->tails);
	struct dpt_verdict v = verify(c, 0, threads);
	ck_assert_msg(fabs(v.epsilon - right) <= 1e-9 * right,
	              "%.17g, not %.17g", v.epsilon, right);
	if (right > c->tails)
		ck_assert_double_le(fabs(ratio(c, &v) - right), 1e-9 * right);
	v = verify(c, right * 1.001, threads);
	ck_assert_double_le(v.epsilon, right * 1.001);
	v = verify(c, right * 0.999, threads);
	ck_assert_double_gt(v.epsilon, right * 0.999);
	ck_assert_double_le(v.epsilon, right * (1 + 1e-6));
}

static const struct {
	uint32_t n, dim, k;
	double t, height, excess;
} sets[] = {
    {90, 3, 8, 1, 0.01, 0.1},  {90, 3, 8, 1, 5, 3},
    {90, 3, 1, 0.1, 1e-6, 20}, {90, 6, 30, 2, 1e-3, 8},
    {90, 2, 4, 4, 0, 0.3},     {90, 4, 16, 0.5, 1e-9, 1e-3},
    {40, 3, 39, 1, 1, 2},      {40, 3, 38, 1, 0.1, 2},
    {130, 4, 3, 0.3, 1e-4, 0},
};

START_TEST(verdicts_are_those_of_all_triples)
{
	enum fx_kind kind = (enum fx_kind)(_i % FX_KINDS);
	int i = _i / FX_KINDS;
	struct fx_seq seq = {(uint64_t)_i};
	struct channel c =
	    channel_new(kind, sets[i].n, sets[i].dim, sets[i].k, sets[i].t);
	for (int repeat = 0; repeat < 3; repeat++) {
		/* the excess of some channels is at a few words only */
		random_channel(&c, sets[i].height, sets[i].excess, &seq);
		check_verdict(&c, 1 + (unsigned)repeat);
	}
	channel_free(&c);
}
END_TEST

/* One word stands out: its list reaches nowhere near those it accuses. */
START_TEST(far_pairs_are_not_overlooked)
{
	struct fx_seq seq = {(uint64_t)_i};
	struct channel c =
	    channel_new((enum fx_kind)(_i % FX_KINDS), 90, 3, 2, 0.01);
	random_channel(&c, 1e-9, 1e-9, &seq);
	uint32_t n = c.g.space.n, w = (uint32_t)_i;
	for (uint32_t r = 0; r < c.rows.listed; r++)
		c.logs[(size_t)w * n + entry(&c, w, r)] += 7;
	/* its neighbours look the same: they must not give it away */
	for (uint32_t r = 1; r < c.rows.listed; r++) {
		uint32_t x = entry(&c, w, r);
		for (uint32_t k = 0; k < c.rows.listed; k++) {
			uint32_t v = entry(&c, x, k);
			c.logs[(size_t)x * n + v] =
			    fmax(c.logs[(size_t)x * n + v],
			         c.logs[(size_t)w * n + v]);
		}
	}
	take_lists(&c);
	check_verdict(&c, 2);
	channel_free(&c);
}
END_TEST

/* ------------------------------------------- channels that must not pass */

/* Everything listed: any matrix can be told. */
static struct channel whole(enum fx_kind kind, uint32_t n, uint32_t dim)
{
	struct channel c = channel_new(kind, n, dim, n - 1, 1);
	for (uint32_t w = 0; w < n; w++)
		c.rows.tail[w] = NAN; /* not to be looked at */
	return c;
}

/* Takes weights for probabilities and verifies. */
static double verdict_of(struct channel *c)
{
	uint32_t n = c->g.space.n;
	for (uint32_t w = 0; w < n; w++) {
		double sum = 0, *row = c->logs + (size_t)w * n;
		for (uint32_t v = 0; v < n; v++)
			sum += row[v];
		for (uint32_t v = 0; v < n; v++)
			row[v] = log(row[v] / sum);
	}
	take_lists(c);
	double right = ref_epsilon(&c->g.space, c->logs).epsilon;
	double got = verify(c, 0, 2).epsilon;
	ck_assert(got == right || fabs(got - right) <= 1e-9 * right);
	return got;
}

enum { WORDS = 60 };

static double *cell(struct channel *c, uint32_t w, uint32_t v)
{
	return c->logs + (size_t)w * WORDS + v;
}

START_TEST(any_matrix_is_verified)
{
	struct fx_seq seq = {(uint64_t)_i};
	struct channel c = whole((enum fx_kind)(_i % FX_KINDS), WORDS, 3);
	for (uint32_t w = 0; w < WORDS; w++)
		for (uint32_t v = 0; v < WORDS; v++)
			*cell(&c, w, v) = fx_unit(&seq);
	ck_assert(isfinite(verdict_of(&c)));
	channel_free(&c);
}
END_TEST

START_TEST(the_exponential_mechanism_passes)
{
	struct channel c = whole(FX_RANDOM, WORDS, 5);
	for (uint32_t w = 0; w < WORDS; w++)
		for (uint32_t v = 0; v < WORDS; v++)
			*cell(&c, w, v) = exp(-fx_distance(&c.g.space, w, v));
	ck_assert_double_le(verdict_of(&c), 2);
	channel_free(&c);
}
END_TEST

START_TEST(neighbours_alone_are_no_privacy)
{
	struct channel c = whole(FX_RANDOM, WORDS, 5);
	for (uint32_t w = 0; w < WORDS; w++)
		for (uint32_t r = 0; r < WORDS; r++)
			*cell(&c, w, entry(&c, w, r)) = r < 20;
	ck_assert(isinf(verdict_of(&c)));
	channel_free(&c);
}
END_TEST

START_TEST(never_the_word_itself_is_no_privacy)
{
	struct channel c = whole(FX_RANDOM, WORDS, 5);
	for (uint32_t w = 0; w < WORDS; w++)
		for (uint32_t v = 0; v < WORDS; v++)
			*cell(&c, w, v) =
			    w == v ? 0 : exp(-fx_distance(&c.g.space, w, v));
	ck_assert(isinf(verdict_of(&c)));
	channel_free(&c);
}
END_TEST

START_TEST(squared_distances_cost_more_than_they_say)
{
	struct channel c = whole(FX_RANDOM, WORDS, 5);
	for (uint32_t w = 0; w < WORDS; w++)
		for (uint32_t v = 0; v < WORDS; v++) {
			double d = fx_distance(&c.g.space, w, v);
			*cell(&c, w, v) = exp(-d * d);
		}
	ck_assert_double_gt(verdict_of(&c), 2 * 2);
	channel_free(&c);
}
END_TEST

/* The guarantee is claimed for the first 3 coordinates only. */
START_TEST(another_metric_is_another_guarantee)
{
	struct channel c = whole(FX_RANDOM, WORDS, 3);
	float *x = fx_rows(FX_RANDOM, WORDS, 8, 77);
	struct dpt_space full = fx_space(x, WORDS, 8);
	for (uint32_t w = 0; w < WORDS; w++)
		memcpy(c.g.rows + w * 8, x + w * 8, 3 * sizeof *x);
	fx_lists_free(&c.g.lists);
	c.g.lists = fx_lists(&c.g.space, WORDS - 1);
	for (uint32_t w = 0; w < WORDS; w++)
		for (uint32_t v = 0; v < WORDS; v++)
			*cell(&c, w, v) = exp(-fx_distance(&full, w, v));
	ck_assert_double_gt(verdict_of(&c), 2 * 2);
	dpt_space_close(&full);
	free(x);
	channel_free(&c);
}
END_TEST

START_TEST(what_is_not_a_number_fails)
{
	struct channel c = whole(FX_RANDOM, WORDS, 3);
	for (uint32_t i = 0; i < WORDS * WORDS; i++)
		c.logs[i] = -3;
	*cell(&c, 5, 7) = NAN;
	take_lists(&c);
	ck_assert(isinf(verify(&c, 0, 2).epsilon));
	ck_assert(isinf(verify(&c, 1, 2).epsilon));
	channel_free(&c);
}
END_TEST

/* ------------------------------------------------- channels of the library */

static const struct {
	double t, fallback, scale, mean;
	uint32_t n, k, kmax;
} mixtures[] = {
    {1, 0.3, 1, 4, 120, 12, 13},
    {2, 0.01, 0.5, 4, 120, 30, 20},
    {0.5, 1e-4, INFINITY, 2, 120, 8, 9},
    {1.1, 0.9, 3, 5, 120, 12, 5},
    {1, 0.2, 1, 4, 50, 49, 50},
    {1, 0.2, 1, 4, 50, 49, 7},
    {3, 1, INFINITY, 1, 120, 12, 1},
    {1, 0, 1, 4, 60, 12, 13},
    {1, 0, 1, 4, 40, 39, 9},
    {1, 0.3, 1, 0.01, 120, 12, 13},
};

static void exact_logs(const dpt_channel *channel, uint32_t n, double *logs)
{
	for (uint32_t w = 0; w < n; w++)
		for (uint32_t v = 0; v < n; v++)
			logs[(size_t)w * n + v] =
			    dpt_channel_log(channel, w, v);
}

/* Of the weights, to the last digits; of the formula, nearly. */
START_TEST(mixtures_are_verified_as_sampled)
{
	int i = _i / FX_KINDS;
	uint32_t n = mixtures[i].n;
	double t = mixtures[i].t, others[120], moments[120];
	struct fx_ground g =
	    fx_ground((enum fx_kind)(_i % FX_KINDS), n, 4, mixtures[i].k);
	struct dpt_setting s = {.scale = mixtures[i].scale,
	                        .fallback = mixtures[i].fallback,
	                        .mean = mixtures[i].mean,
	                        .kmax = mixtures[i].kmax};
	struct dpt_rates rates = {.ground = g.ground, .threads = 2};
	dpt_channel *c;
	struct dpt_verdict v;
	size_t at;
	ref_sums(&g.space, t, others, moments);
	ck_assert_int_eq(dpt_rates_find(&rates, t, &at, NULL), DPT_OK);
	ck_assert_int_eq(dpt_channel_new(&g.ground, &s, t, others, &c, NULL),
	                 DPT_OK);
	ck_assert_int_eq(dpt_channel_verify(c, &rates, 0, &v, NULL), DPT_OK);
	double *logs = malloc((size_t)n * n * sizeof *logs);
	exact_logs(c, n, logs);
	double right = ref_epsilon(&g.space, logs).epsilon;
	double *p = ref_channel(&g.space, &s, t);
	ref_logs(n, p);
	double ideal = ref_epsilon(&g.space, p).epsilon;
	if (s.fallback == 0) {
		ck_assert(isinf(v.epsilon) && isinf(right));
	} else {
		/* tails that are not there may be counted */
		ck_assert_msg(v.epsilon >= right * (1 - 1e-8),
		              "%.15g is below %.15g", v.epsilon, right);
		if (g.lists.k + 1 < n)
			right = fmax(right, rates.rate[at].epsilon);
		ck_assert_double_le(v.epsilon, right * (1 + 1e-6));
		ck_assert_double_ge(v.epsilon, ideal * (1 - 1e-6));
	}
	free(p);
	free(logs);
	dpt_channel_free(c);
	dpt_rates_free(&rates);
	fx_ground_free(&g);
}
END_TEST

Suite *suite_triples(void)
{
	TCase *t = tcase_create("verify");
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, verdicts_are_those_of_all_triples, 0,
	                    FX_KINDS * COUNT(sets));
	tcase_add_loop_test(t, far_pairs_are_not_overlooked, 0, 40);
	tcase_add_loop_test(t, any_matrix_is_verified, 0, 3 * FX_KINDS);
	tcase_add_test(t, the_exponential_mechanism_passes);
	tcase_add_test(t, neighbours_alone_are_no_privacy);
	tcase_add_test(t, never_the_word_itself_is_no_privacy);
	tcase_add_test(t, squared_distances_cost_more_than_they_say);
	tcase_add_test(t, another_metric_is_another_guarantee);
	tcase_add_test(t, what_is_not_a_number_fails);
	tcase_add_loop_test(t, mixtures_are_verified_as_sampled, 0,
	                    FX_KINDS * COUNT(mixtures));
	Suite *s = suite_create("triples");
	suite_add_tcase(s, t);
	return s;
}
