/* SPDX-License-Identifier: MIT */
/* The exact channel: its rows against the formula, its draws against them. */
#include "channel.h"
#include "fixture.h"
#include "parallel.h"
#include "reference.h"
#include "sampler.h"
#include "stats.h"
#include "suites.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

/* Over how many words, of which so many are listed. */
static const struct {
	enum fx_kind kind;
	uint32_t n, dim, k;
} grounds[] = {
    {FX_RANDOM, 150, 4, 12}, {FX_LATTICE, 150, 5, 12},
    {FX_NEAR, 60, 3, 59},    {FX_CLUSTERS, 100, 6, 20},
    {FX_OUTLIER, 60, 4, 10}, {FX_COLLINEAR, 40, 2, 1},
    {FX_HUB, 130, 6, 64},    {FX_RANDOM, 3, 2, 1},
    {FX_RANDOM, 2, 2, 1},    {FX_LATTICE, 40, 6, 39},
};

static const struct {
	double t, fallback, scale, mean;
	uint32_t kmax; /* or as many as are listed */
} settings[] = {
    {1, 1, INFINITY, 1, 1},     {0.3, 1, INFINITY, 1, 1},
    {7, 1, INFINITY, 1, 1},     {1.1, 0.25, 0.9, 5, 64},
    {1, 0.5, 0.05, 5, 64},      {0.2, 0.01, 2, 3, 1000},
    {2, 1e-3, INFINITY, 2, 4},  {1, 0, 1, 5, 64},
    {0.5, 1e-6, 0.5, 0.01, 64}, {1.5, 0.1, 1, 500, 64},
    {1, 0.2, 1, 5, 1},
};

enum { CASES = COUNT(grounds) * COUNT(settings) };

struct test_case {
	struct fx_ground g;
	struct dpt_setting setting;
	double t, *others, *exact; /* exact: n x n */
	dpt_channel *channel;
	uint64_t *weight;
};

static struct test_case open_case(int i)
{
	int a = i / COUNT(settings), b = i % COUNT(settings);
	struct test_case c = {.t = settings[b].t};
	uint32_t n = grounds[a].n, listed = grounds[a].k + 1;
	c.g = fx_ground(grounds[a].kind, n, grounds[a].dim, grounds[a].k);
	c.setting = (struct dpt_setting){
	    .scale = settings[b].scale,
	    .fallback = settings[b].fallback,
	    .mean = settings[b].mean,
	    .kmax = settings[b].kmax < listed ? settings[b].kmax : listed};
	c.others = malloc(2 * n * sizeof *c.others);
	ref_sums(&c.g.space, c.t, c.others, c.others + n);
	c.exact = ref_channel(&c.g.space, &c.setting, c.t);
	ck_assert_int_eq(dpt_channel_new(&c.g.ground, &c.setting, c.t, c.others,
	                                 &c.channel, NULL),
	                 DPT_OK);
	ck_assert_uint_eq(dpt_channel_listed(c.channel), listed);
	ck_assert_int_eq(dpt_channel_prepare(c.channel, false, NULL), DPT_OK);
	c.weight = malloc(listed * sizeof *c.weight);
	return c;
}

static void close_case(struct test_case *c)
{
	dpt_channel_free(c->channel);
	free(c->weight);
	free(c->exact);
	free(c->others);
	fx_ground_free(&c->g);
}

/* ----------------------------------------------------------------- rows */

static uint32_t entry(const struct test_case *c, uint32_t w, uint32_t rank)
{
	return rank ? c->g.lists.id[w * c->g.lists.k + rank - 1] : w;
}

static double as_share(uint64_t weight)
{
	return (double)weight / (double)DPT_WEIGHTS;
}

/* The weights are the exact shares, each rounded, and nothing is lost. */
static void check_weights(const struct test_case *c, uint32_t w,
                          const struct dpt_channel_row *row)
{
	const double *p = c->exact + (size_t)w * c->g.space.n;
	uint64_t sum = row->tail;
	/* p_k is a difference of two sums; E is not */
	double tail = 1, rounding = c->setting.fallback < 1 ? 1e-15 : 0x1p-63;
	for (uint32_t r = 0; r <= c->g.lists.k; r++) {
		double right = p[entry(c, w, r)];
		double off = fabs(as_share(row->weight[r]) - right);
		ck_assert_uint_le(row->weight[r], DPT_WEIGHTS);
		ck_assert_msg(off <= 1e-11 * right + (r ? rounding : 1e-14),
		              "word %u, rank %u: off by %g of %g", w, r, off,
		              right);
		sum += row->weight[r];
		tail -= right;
	}
	ck_assert_uint_eq(sum, DPT_WEIGHTS);
	if (c->g.lists.k + 1 == c->g.space.n)
		ck_assert_uint_eq(row->tail, 0);
	else
		ck_assert_double_le(fabs(as_share(row->tail) - tail), 1e-13);
}

/* What tail_log says of the words of the tail, and that they sum to it. */
static void check_tail(const struct test_case *c, uint32_t w,
                       const struct dpt_channel_row *row)
{
	uint32_t n = c->g.space.n;
	double sum = as_share(row->tail), left = sum;
	double slack = 1e-9 + 1 / (double)row->tail;
	char *listed = calloc(n, 1);
	for (uint32_t r = 0; r <= c->g.lists.k; r++)
		listed[entry(c, w, r)] = 1;
	for (uint32_t v = 0; v < n; v++) {
		double d = fx_distance(&c->g.space, w, v);
		double log_p = row->tail_log - fmin(c->t * d, 25);
		double right = log(c->exact[(size_t)w * n + v]);
		if (listed[v])
			continue;
		left -= exp(log_p);
		ck_assert_msg(log_p == right || fabs(log_p - right) <= slack,
		              "%u %u: %g, not %g", w, v, log_p, right);
	}
	ck_assert_double_le(fabs(left), 1e-8 * sum);
	free(listed);
}

START_TEST(rows_are_those_of_the_formula)
{
	struct test_case c = open_case(_i);
	struct dpt_channel_row row = {.weight = c.weight};
	for (uint32_t w = 0; w < c.g.space.n; w++) {
		dpt_channel_row(c.channel, w, &row);
		check_weights(&c, w, &row);
		if (c.g.lists.k + 1 < c.g.space.n)
			check_tail(&c, w, &row);
	}
	close_case(&c);
}
END_TEST

START_TEST(logarithms_are_those_of_the_rows)
{
	struct test_case c = open_case(_i);
	struct dpt_channel_row row = {.weight = c.weight};
	double wrong = 0;
	for (uint32_t w = 0; w < c.g.space.n; w += 7) {
		dpt_channel_row(c.channel, w, &row);
		for (uint32_t v = 0; v < c.g.space.n; v++) {
			double d = fx_distance(&c.g.space, w, v);
			double right = row.tail_log - fmin(c.t * d, 25);
			for (uint32_t r = 0; r <= c.g.lists.k; r++)
				if (entry(&c, w, r) == v)
					right = log(as_share(row.weight[r]));
			double got = dpt_channel_log(c.channel, w, v);
			wrong += !(got == right || fabs(got - right) < 1e-12);
		}
	}
	ck_assert(wrong == 0);
	close_case(&c);
}
END_TEST

/* ------------------------------------------------------------- averages */

START_TEST(averages_are_those_of_the_rows)
{
	struct test_case c = open_case(_i);
	uint32_t n = c.g.space.n;
	double same = 0, token = 0, weights = 0, far = 0;
	struct dpt_setting alone = c.setting, mixed = c.setting;
	struct dpt_candidates k;
	struct dpt_rate e = {.unchanged_mean = 0.3,
	                     .unchanged_token_mean = 0.2,
	                     .distance_mean = 7};
	double f = c.setting.fallback;
	alone.fallback = 0;
	double *p = ref_channel(&c.g.space, &alone, c.t);
	for (uint32_t w = 0; w < n; w++) {
		double weight = 1 / (w + 2.7);
		same += p[(size_t)w * n + w] / n;
		token += p[(size_t)w * n + w] * weight;
		weights += weight;
		for (uint32_t v = 0; v < n; v++)
			far += p[(size_t)w * n + v] / n *
			       fx_distance(&c.g.space, w, v);
	}
	token /= weights;
	ck_assert_int_eq(dpt_candidates_measure(c.channel, 2, &k, NULL),
	                 DPT_OK);
	ck_assert_double_eq_tol(k.unchanged_mean, same, 1e-12);
	ck_assert_double_eq_tol(k.unchanged_token_mean, token, 1e-12);
	ck_assert_double_le(fabs(k.distance_mean - far), 1e-11 * far + 1e-14);
	dpt_setting_average(&mixed, &k, &e);
	ck_assert_double_eq_tol(mixed.unchanged_mean, f * 0.3 + (1 - f) * same,
	                        1e-12);
	ck_assert_double_eq_tol(mixed.unchanged_token_mean,
	                        f * 0.2 + (1 - f) * token, 1e-12);
	ck_assert_double_le(fabs(mixed.distance_mean - f * 7 - (1 - f) * far),
	                    1e-11 * far + 1e-14);
	free(p);
	close_case(&c);
}
END_TEST

/* ---------------------------------------------------------------- draws */

enum { DRAWS = 30000 };

/* Counts what comes of a record of one word repeated. */
static void draw_times(const struct test_case *c, uint64_t seed, uint32_t w,
                       uint32_t times, uint64_t *seen)
{
	uint32_t *word = malloc(times * sizeof *word), start[] = {0, times};
	dpt_key key;
	dpt_key_from_seed(&key, seed);
	for (uint32_t i = 0; i < times; i++)
		word[i] = w;
	struct dpt_batch batch = {&key, w, 1, start, word};
	dpt_channel_draw(c->channel, &batch, word);
	for (uint32_t i = 0; i < times; i++)
		seen[word[i]]++;
	free(word);
}

static void draw_many(const struct test_case *c, uint32_t w, uint64_t *seen)
{
	draw_times(c, 42, w, DRAWS, seen);
}

/* Word 0, the middle one and the last: hub, any, outlier. */
START_TEST(draws_follow_the_row)
{
	struct test_case c = open_case(_i);
	uint32_t n = c.g.space.n;
	for (uint32_t w = 0; w < n; w += n / 2 ? n / 2 : 1) {
		uint64_t *seen = calloc(n, sizeof *seen);
		draw_many(&c, w, seen);
		ck_assert_double_gt(
		    stats_chi2(n, seen, c.exact + (size_t)w * n), STATS_ALPHA);
		free(seen);
	}
	close_case(&c);
}
END_TEST

/* The same draws do not fit where anything is 30 % off. */
static const struct {
	double t, fallback, scale, mean;
	int setting; /* to draw from; factors on it */
} faults[] = {
    {1.3, 1, 1, 1, 1}, {1 / 1.3, 1, 1, 1, 1}, {1, 1 / 1.3, 1, 1, 1},
    {1.3, 1, 1, 1, 3}, {1, 1.3, 1, 1, 3},     {1, 1, 1.3, 1, 3},
    {1, 1, 1, 1.3, 3},
};

START_TEST(draws_do_not_follow_another_row)
{
	enum { WORD = 5, TIMES = 20 };
	struct test_case c = open_case(faults[_i].setting);
	uint32_t n = c.g.space.n;
	uint64_t *seen = calloc(n, sizeof *seen);
	double *p = malloc(n * sizeof *p);
	struct dpt_setting off = c.setting;
	draw_times(&c, 43, WORD, TIMES * DRAWS, seen);
	off.fallback *= faults[_i].fallback;
	off.scale *= faults[_i].scale;
	off.mean *= faults[_i].mean;
	ref_row(&c.g.space, &off, c.t * faults[_i].t, WORD, p);
	ck_assert_double_lt(stats_chi2(n, seen, p), STATS_ALPHA);
	ref_row(&c.g.space, &c.setting, c.t, WORD, p);
	ck_assert_double_gt(stats_chi2(n, seen, p), STATS_ALPHA);
	free(p);
	free(seen);
	close_case(&c);
}
END_TEST

/* The first and the last of the numbers below DPT_WEIGHTS that mean a word. */
START_TEST(weights_are_drawn_to_their_last_unit)
{
	struct test_case c = open_case(_i);
	uint64_t weight[DPT_MAX_LISTED];
	struct dpt_channel_row row = {.weight = weight};
	dpt_sampler *s;
	ck_assert_int_eq(dpt_sampler_new(c.channel, &s, NULL), DPT_OK);
	for (uint32_t w = 0; w < c.g.space.n; w++) {
		uint64_t sum = 0;
		dpt_channel_row(c.channel, w, &row);
		for (uint32_t i = 0; i < c.g.lists.k + 2; i++) {
			/* w, then the tail, then the neighbours */
			uint32_t is = i == 1  ? DPT_NO_WORD
			              : i > 1 ? entry(&c, w, i - 1)
			                      : w;
			uint64_t units =
			    i == 1 ? row.tail : weight[i - (i > 1)];
			if (units > 0) {
				ck_assert_uint_eq(dpt_sampler_pick(s, w, sum),
				                  is);
				ck_assert_uint_eq(
				    dpt_sampler_pick(s, w, sum + units - 1),
				    is);
			}
			sum += units;
		}
		ck_assert_uint_eq(sum, DPT_WEIGHTS);
	}
	dpt_sampler_free(s);
	close_case(&c);
}
END_TEST

enum { RECORDS = 50, LONGEST = 700 };

static uint32_t *new_words(void)
{
	return malloc(RECORDS * LONGEST * sizeof(uint32_t));
}

/* Records of a few words, and some of many. */
static void make_batch(const struct test_case *c, uint32_t *start,
                       uint32_t *word)
{
	struct fx_seq seq = {6};
	start[0] = 0;
	for (uint32_t i = 0; i < RECORDS; i++)
		start[i + 1] =
		    start[i] + (uint32_t)(fx_u64(&seq) % (i % 9 ? 9 : LONGEST));
	for (uint32_t i = 0; i < start[RECORDS]; i++)
		word[i] = (uint32_t)(fx_u64(&seq) % c->g.space.n);
}

START_TEST(batches_are_their_records)
{
	struct test_case c = open_case(_i);
	uint32_t start[RECORDS + 1], *word = new_words(), *out = new_words();
	uint32_t *alone = new_words();
	dpt_key key;
	dpt_key_from_seed(&key, 4);
	make_batch(&c, start, word);
	struct dpt_batch batch = {&key, 1000, RECORDS, start, word};
	dpt_channel_draw(c.channel, &batch, out);
	for (uint32_t i = 0; i < RECORDS; i++) {
		struct dpt_batch one = {&key, 1000 + i, 1, start + i, word};
		dpt_channel_draw(c.channel, &one, alone);
	}
	size_t size = start[RECORDS] * sizeof *out;
	ck_assert_int_eq(memcmp(out, alone, size), 0);
	dpt_channel_draw(c.channel, &batch, word); /* in place */
	ck_assert_int_eq(memcmp(out, word, size), 0);
	free(alone);
	free(word);
	free(out);
	close_case(&c);
}
END_TEST

struct drawing {
	const dpt_channel *channel;
	uint32_t n;
	uint32_t *out;
};

static void draw_word(void *ctx, unsigned thread, size_t item)
{
	struct drawing *d = ctx;
	uint32_t start[] = {0, 1}, word = (uint32_t)item / 20 % d->n;
	dpt_key key;
	(void)thread;
	dpt_key_from_seed(&key, 4);
	struct dpt_batch batch = {&key, item, 1, start, &word};
	dpt_channel_draw(d->channel, &batch, &d->out[item]);
}

/* Threads that meet a word at the same time make one table of it. */
START_TEST(threads_draw_the_same)
{
	enum { ITEMS = 3000 };
	struct test_case c = open_case(3), fresh = open_case(3);
	uint32_t a[ITEMS], b[ITEMS];
	struct drawing one = {c.channel, c.g.space.n, a};
	struct drawing many = {fresh.channel, c.g.space.n, b};
	dpt_parallel(1, ITEMS, draw_word, &one);
	dpt_parallel(4, ITEMS, draw_word, &many);
	ck_assert_int_eq(memcmp(a, b, sizeof a), 0);
	close_case(&c);
	close_case(&fresh);
}
END_TEST

Suite *suite_channel(void)
{
	TCase *t = tcase_create("channel");
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, rows_are_those_of_the_formula, 0, CASES);
	tcase_add_loop_test(t, logarithms_are_those_of_the_rows, 0, CASES);
	tcase_add_loop_test(t, averages_are_those_of_the_rows, 0, CASES);
	tcase_add_loop_test(t, draws_follow_the_row, 0, CASES);
	tcase_add_loop_test(t, draws_do_not_follow_another_row, 0,
	                    COUNT(faults));
	tcase_add_loop_test(t, weights_are_drawn_to_their_last_unit, 0, CASES);
	tcase_add_loop_test(t, batches_are_their_records, 0, CASES);
	tcase_add_test(t, threads_draw_the_same);
	Suite *s = suite_create("channel");
	suite_add_tcase(s, t);
	return s;
}
