/* SPDX-License-Identifier: MIT */
/* What is said of a proposal from afar is what measuring it says. */
#include "fixture.h"
#include "kernels.h"
#include "stats.h"
#include "suites.h"
#include "tail.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

/* What there is not. */
enum { ALL, NO_CELLS, NO_COPY };

static const struct {
	enum fx_kind kind;
	uint32_t n, dim, k;
	double t;
	int without;
} cases[] = {
    {FX_RANDOM, 150, 4, 12, 1, ALL},      {FX_RANDOM, 151, 4, 12, 1, NO_CELLS},
    {FX_LATTICE, 300, 3, 8, 1, NO_CELLS}, {FX_RANDOM, 150, 4, 12, 1, NO_COPY},
    {FX_HUB, 130, 6, 64, 1, NO_COPY},     {FX_RANDOM, 400, 70, 20, 0.4, ALL},
    {FX_LATTICE, 150, 5, 12, 0.5, ALL},   {FX_LATTICE, 300, 3, 8, 6, ALL},
    {FX_CLUSTERS, 100, 6, 20, 1, ALL},    {FX_OUTLIER, 60, 4, 10, 0.1, ALL},
    {FX_HUB, 130, 6, 64, 2, ALL},         {FX_NEAR, 60, 3, 10, 1, ALL},
    {FX_RANDOM, 3, 2, 1, 1, ALL},         {FX_SKEWED, 90, 5, 9, 0.01, ALL},
};

enum { ROUNDS = 20000 };

struct seen {
	unsigned rejected, accepted;
};

static struct dpt_try proposal(const dpt_tail *tail, uint32_t w,
                               struct dpt_rng *rng)
{
	struct dpt_try try = {.w = w};
	dpt_tail_begin(tail, &try);
	dpt_tail_aim(tail, rng, &try);
	dpt_tail_propose(tail, rng, &try);
	dpt_tail_read(tail, &try);
	return try;
}

/* Whatever the other bits of the number are that decides on it. */
static void measure_again(const dpt_tail *tail, const struct dpt_try *try,
                          bool right, struct dpt_rng *rng)
{
	for (int i = 0; i < 3; i++)
		ck_assert_msg(dpt_tail_measure(tail, rng, try) == right,
		              "word %u, %u: not %d", try->w, try->v, right);
}

static void check_try(const dpt_tail *tail, uint32_t w, struct dpt_rng *rng,
                      struct dpt_rng *other, struct seen *seen)
{
	struct dpt_try try = proposal(tail, w, rng);
	enum dpt_judgement judgement = dpt_tail_judge(tail, &try);
	if (judgement == DPT_UNDECIDED)
		return;
	measure_again(tail, &try, judgement == DPT_ACCEPTED, other);
	seen->accepted += judgement == DPT_ACCEPTED;
	seen->rejected += judgement == DPT_REJECTED;
}

/* ------------------------------------------------------------- the limit */

static bool is_accepted(const dpt_tail *tail, struct dpt_try try, uint16_t high,
                        struct dpt_rng *rng)
{
	try.high = high;
	return dpt_tail_measure(tail, rng, &try);
}

static enum dpt_judgement judged(const dpt_tail *tail, struct dpt_try try,
                                 int high)
{
	try.high = (uint16_t)high;
	try.sure = false; /* that was said of another */
	return dpt_tail_judge(tail, &try);
}

/* Where the first bits are so near the limit that nothing is left for room. */
static void check_limit(const dpt_tail *tail, const struct dpt_try *try,
                        struct dpt_rng *rng)
{
	uint16_t low = 0, high = UINT16_MAX;
	if (!is_accepted(tail, *try, low, rng) ||
	    is_accepted(tail, *try, high, rng))
		return;
	while (high - low > 1) {
		uint16_t middle = (uint16_t)(low + (high - low) / 2);
		*(is_accepted(tail, *try, middle, rng) ? &low : &high) = middle;
	}
	if (low < 2 || high > UINT16_MAX - 2)
		return;
	ck_assert_int_ne(judged(tail, *try, high + 2), DPT_ACCEPTED);
	ck_assert_int_ne(judged(tail, *try, low - 2), DPT_REJECTED);
}

static dpt_tail *open_case(int i, struct fx_ground *g, struct dpt_rng *rng,
                           struct dpt_rng *other)
{
	dpt_tail *tail;
	dpt_key key;
	*g = fx_ground(cases[i].kind, cases[i].n, cases[i].dim, cases[i].k);
	dpt_key_from_seed(&key, 77);
	dpt_rng_start(rng, &key, 0);
	dpt_rng_start(other, &key, 1);
	struct dpt_ground ground = g->ground;
	if (cases[i].without == NO_CELLS)
		ground.cells = (struct dpt_cells){0};
	if (cases[i].without == NO_COPY)
		ground.screen = (struct dpt_screen){0};
	ck_assert_int_eq(dpt_tail_new(&ground, cases[i].t, &tail, NULL),
	                 DPT_OK);
	return tail;
}

START_TEST(nothing_is_judged_too_near_the_limit)
{
	struct fx_ground g;
	struct dpt_rng rng, other;
	dpt_tail *tail = open_case(_i, &g, &rng, &other);
	for (uint32_t i = 0; i < ROUNDS / 4; i++) {
		struct dpt_try try = proposal(tail, i % cases[_i].n, &rng);
		check_limit(tail, &try, &other);
	}
	dpt_tail_free(tail);
	fx_ground_free(&g);
}
END_TEST

START_TEST(judgements_are_those_of_measuring)
{
	struct fx_ground g;
	struct dpt_rng rng, other;
	struct seen seen = {0};
	dpt_tail *tail = open_case(_i, &g, &rng, &other);
	for (uint32_t i = 0; i < ROUNDS; i++)
		check_try(tail, i % cases[_i].n, &rng, &other, &seen);
	ck_assert_uint_gt(seen.accepted, 0);
	if (cases[_i].n > 3 && cases[_i].without != NO_COPY)
		ck_assert_uint_gt(seen.rejected, 0);
	dpt_tail_free(tail);
	fx_ground_free(&g);
}
END_TEST

/* ------------------------------------------------------------ many at once */

/* In one stream or in one each, a word is drawn as it is alone. */
START_TEST(many_draws_are_those_of_their_streams)
{
	static struct dpt_tails tails, alone;
	static struct dpt_rng rng[DPT_TAILS], same[DPT_TAILS];
	uint32_t out[DPT_TAILS], single;
	struct fx_ground g;
	struct dpt_rng unused, other;
	dpt_key key;
	dpt_tail *tail = open_case(_i, &g, &unused, &other);
	uint32_t n = cases[_i].n;
	dpt_key_from_seed(&key, 5);
	tails.words = DPT_TAILS;
	for (uint32_t i = 0; i < DPT_TAILS; i++) {
		dpt_rng_start(&rng[i], &key, i);
		dpt_rng_start(&same[i], &key, i);
		tails.try[i].w = i % n;
		dpt_tail_begin(tail, &tails.try[i]);
		tails.rng[i] = &rng[i];
		tails.out[i] = &out[i];
	}
	dpt_tail_draw(tail, &tails);
	for (uint32_t i = 0; i < DPT_TAILS; i++) {
		alone.words = 1;
		alone.try[0].w = i % n;
		dpt_tail_begin(tail, &alone.try[0]);
		alone.rng[0] = &same[i];
		alone.out[0] = &single;
		dpt_tail_draw(tail, &alone);
		ck_assert_uint_eq(single, out[i]);
		ck_assert_uint_lt(single, n);
	}
	dpt_tail_free(tail);
	fx_ground_free(&g);
}
END_TEST

/* Of every kind of row: with many far neighbours, with few, and with none. */
START_TEST(draws_follow_the_kernel)
{
	enum { TIMES = 20 };
	static struct dpt_tails tails;
	uint32_t out[DPT_TAILS], n = cases[_i].n;
	uint32_t words[] = {0, n / 6, n / 3, n / 2, n - 1};
	double *p = malloc(n * sizeof *p);
	uint64_t *seen = malloc(n * sizeof *seen);
	struct fx_ground g;
	struct dpt_rng rng, unused;
	dpt_tail *tail = open_case(_i, &g, &rng, &unused);
	for (int k = 0; k < COUNT(words); k++) {
		uint32_t w = words[k];
		memset(seen, 0, n * sizeof *seen);
		for (uint32_t v = 0; v < n; v++) {
			double d = sqrt(dpt_squared(dpt_row(&g.space, w),
			                            dpt_row(&g.space, v),
			                            g.space.stride));
			bool behind = dpt_list_behind(&g.ground.lists, w, v, d);
			p[v] = behind ? exp(-dpt_clipped(cases[_i].t * d)) : 0;
		}
		for (int turn = 0; turn < TIMES; turn++) {
			tails.words = DPT_TAILS;
			for (uint32_t i = 0; i < DPT_TAILS; i++) {
				tails.try[i].w = w;
				tails.rng[i] = &rng;
				tails.out[i] = &out[i];
				dpt_tail_begin(tail, &tails.try[i]);
			}
			dpt_tail_draw(tail, &tails);
			for (uint32_t i = 0; i < DPT_TAILS; i++)
				seen[out[i]]++;
		}
		ck_assert_double_gt(stats_chi2(n, seen, p), STATS_ALPHA);
	}
	free(p);
	free(seen);
	dpt_tail_free(tail);
	fx_ground_free(&g);
}
END_TEST

Suite *suite_tail(void)
{
	TCase *t = tcase_create("tail");
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, judgements_are_those_of_measuring, 0,
	                    COUNT(cases));
	tcase_add_loop_test(t, nothing_is_judged_too_near_the_limit, 0,
	                    COUNT(cases));
	tcase_add_loop_test(t, many_draws_are_those_of_their_streams, 0,
	                    COUNT(cases));
	tcase_add_loop_test(t, draws_follow_the_kernel, 0, COUNT(cases));
	Suite *s = suite_create("tail");
	suite_add_tcase(s, t);
	return s;
}
