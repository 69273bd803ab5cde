/* SPDX-License-Identifier: MIT */
/* What is said of a proposal from afar is what measuring it says. */
#include "fixture.h"
#include "suites.h"
#include "tail.h"

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

static const struct {
	enum fx_kind kind;
	uint32_t n, dim, k;
	double t;
} cases[] = {
    {FX_RANDOM, 150, 4, 12, 1},    {FX_RANDOM, 400, 70, 20, 0.4},
    {FX_LATTICE, 150, 5, 12, 0.5}, {FX_LATTICE, 300, 3, 8, 6},
    {FX_CLUSTERS, 100, 6, 20, 1},  {FX_OUTLIER, 60, 4, 10, 0.1},
    {FX_HUB, 130, 6, 64, 2},       {FX_NEAR, 60, 3, 10, 1},
    {FX_RANDOM, 3, 2, 1, 1},       {FX_SKEWED, 90, 5, 9, 0.01},
};

enum { ROUNDS = 20000 };

struct seen {
	unsigned rejected, accepted;
};

static struct dpt_round proposals(const dpt_tail *tail, uint32_t w,
                                  struct dpt_rng *rng)
{
	struct dpt_round r = {.w = w};
	dpt_tail_aim(tail, rng, &r);
	dpt_tail_propose(tail, rng, &r);
	dpt_tail_read(tail, &r);
	return r;
}

/* Whatever the second half of the number is that decides on it. */
static void measure_again(const dpt_tail *tail, const struct dpt_round *r,
                          unsigned at, uint32_t right, struct dpt_rng *rng)
{
	for (int i = 0; i < 3; i++) {
		struct dpt_round again = *r;
		again.at = at;
		uint32_t got = dpt_tail_measure(tail, rng, &again);
		ck_assert_msg(got == right, "word %u, %u: %u, not %u", r->w,
		              r->try[at].v, got, right);
	}
}

static void check_round(const dpt_tail *tail, uint32_t w, struct dpt_rng *rng,
                        struct dpt_rng *other, struct seen *seen)
{
	struct dpt_round r = proposals(tail, w, rng);
	while (r.at < r.tries) {
		unsigned before = r.at;
		uint32_t v = dpt_tail_judge(tail, &r);
		for (unsigned i = before; i < r.at; i++)
			measure_again(tail, &r, i, DPT_NO_WORD, other);
		seen->rejected += r.at - before;
		if (v != DPT_NO_WORD) {
			measure_again(tail, &r, r.at, v, other);
			seen->accepted++;
			return;
		}
		r.at++; /* it must be measured, or there is none */
	}
}

/* ------------------------------------------------------------- the limit */

static bool is_accepted(const dpt_tail *tail, struct dpt_round r, uint16_t high,
                        struct dpt_rng *rng)
{
	r.try[r.at].high = high;
	return dpt_tail_measure(tail, rng, &r) != DPT_NO_WORD;
}

/* Where the first half is so near the limit that nothing is left for room. */
static void check_limit(const dpt_tail *tail, const struct dpt_round *r,
                        struct dpt_rng *rng)
{
	uint16_t low = 0, high = UINT16_MAX;
	struct dpt_round again = *r;
	again.tries = again.at + 1;
	if (!is_accepted(tail, again, low, rng) ||
	    is_accepted(tail, again, high, rng))
		return;
	while (high - low > 1) {
		uint16_t middle = (uint16_t)(low + (high - low) / 2);
		*(is_accepted(tail, again, middle, rng) ? &low : &high) =
		    middle;
	}
	if (low < 2 || high > UINT16_MAX - 2)
		return;
	again.try[again.at].high = (uint16_t)(high + 2);
	ck_assert_uint_eq(dpt_tail_judge(tail, &again), DPT_NO_WORD);
	again = *r;
	again.tries = again.at + 1;
	again.try[again.at].high = (uint16_t)(low - 2);
	if (dpt_tail_judge(tail, &again) == DPT_NO_WORD)
		ck_assert_uint_eq(again.at, r->at); /* to be measured */
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
	ck_assert_int_eq(dpt_tail_new(&g->ground, cases[i].t, &tail, NULL),
	                 DPT_OK);
	return tail;
}

START_TEST(nothing_is_judged_too_near_the_limit)
{
	struct fx_ground g;
	struct dpt_rng rng, other;
	dpt_tail *tail = open_case(_i, &g, &rng, &other);
	for (uint32_t i = 0; i < ROUNDS / 8; i++) {
		struct dpt_round r = proposals(tail, i % cases[_i].n, &rng);
		for (; r.at < r.tries; r.at++)
			check_limit(tail, &r, &other);
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
		check_round(tail, i % cases[_i].n, &rng, &other, &seen);
	ck_assert_uint_gt(seen.accepted, 0);
	if (cases[_i].n > 3)
		ck_assert_uint_gt(seen.rejected, 0);
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
	Suite *s = suite_create("tail");
	suite_add_tcase(s, t);
	return s;
}
