/* SPDX-License-Identifier: MIT */
/* Distributions of amounts, against the amounts themselves. */
#include "fixture.h"
#include "spread.h"
#include "suites.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

START_TEST(intervals_follow_one_another)
{
	for (size_t i = 0; i < DPT_SPREAD_INTERVALS; i++) {
		struct dpt_spread s = {0};
		uint64_t end = dpt_spread_end(i);
		uint64_t first = i ? dpt_spread_end(i - 1) + 1 : 0;
		ck_assert_uint_le(first, end);
		ck_assert(i >= 32 || end == i);
		ck_assert_uint_le(end - first, first / 16);
		dpt_spread_add(&s, first);
		dpt_spread_add(&s, end);
		ck_assert_uint_eq(s.interval[i], 2);
	}
	ck_assert_uint_eq(dpt_spread_end(DPT_SPREAD_INTERVALS - 1), UINT64_MAX);
}
END_TEST

static int by_size(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;
	return *x < *y ? -1 : *x > *y;
}

/* Quantiles are never below the real ones and at most a 16th above. */
START_TEST(quantiles_are_close_to_those_of_all_amounts)
{
	enum { N = 5000 };
	static const double share[] = {1e-9, 0.1, 0.5, 0.9, 0.99, 1};
	static uint64_t amount[N];
	struct fx_seq seq = {7 + (uint64_t)_i};
	struct dpt_spread s = {0};
	uint64_t sum = 0;
	for (int i = 0; i < N; i++) {
		amount[i] =
		    fx_u64(&seq) >> (10 + fx_u64(&seq) % (54 - (uint64_t)_i));
		sum += amount[i];
		dpt_spread_add(&s, amount[i]);
	}
	qsort(amount, N, sizeof *amount, by_size);
	ck_assert_uint_eq(s.count, N);
	ck_assert_uint_eq(s.sum, sum);
	ck_assert_uint_eq(s.least, amount[0]);
	ck_assert_uint_eq(s.most, amount[N - 1]);
	for (size_t q = 0; q < sizeof share / sizeof *share; q++) {
		uint64_t got = dpt_spread_quantile(&s, share[q]);
		uint64_t real = amount[(size_t)ceil(share[q] * N) - 1];
		ck_assert_uint_ge(got, real);
		ck_assert_uint_le(got, real + real / 16);
	}
	ck_assert_uint_eq(dpt_spread_quantile(&s, 1), amount[N - 1]);
}
END_TEST

START_TEST(parts_join_to_the_whole)
{
	struct fx_seq seq = {5};
	struct dpt_spread whole = {0}, joined = {0}, part[4] = {0};
	for (int i = 0; i < 3000; i++) {
		uint64_t amount = fx_u64(&seq) >> (fx_u64(&seq) % 60 + 4);
		dpt_spread_add(&whole, amount / 4096);
		dpt_spread_add(&part[i % 3], amount / 4096); /* one is empty */
	}
	for (int i = 0; i < 4; i++)
		dpt_spread_join(&joined, &part[(i + 3) % 4]);
	ck_assert_int_eq(memcmp(&whole, &joined, sizeof whole), 0);
}
END_TEST

START_TEST(edges_of_amounts_are_kept)
{
	struct dpt_spread none = {0}, s = {0};
	ck_assert_uint_eq(dpt_spread_quantile(&none, 0.5), 0);
	dpt_spread_add(&s, UINT64_MAX);
	dpt_spread_add(&s, UINT64_MAX);
	ck_assert_uint_eq(s.sum, UINT64_MAX);
	dpt_spread_join(&s, &s);
	ck_assert_uint_eq(s.sum, UINT64_MAX);
	ck_assert_uint_eq(dpt_spread_quantile(&s, 0.5), UINT64_MAX);
}
END_TEST

START_TEST(epsilons_are_rounded_up)
{
	ck_assert_uint_eq(dpt_epsilon_units(0), 0);
	ck_assert_uint_eq(dpt_epsilon_units(1e-300), 1);
	ck_assert_uint_eq(dpt_epsilon_units(2), 2000000);
	ck_assert_uint_eq(dpt_epsilon_units(0.3), 300000);
	ck_assert_uint_eq(dpt_epsilon_units(1.9998121), 1999813);
	ck_assert_uint_eq(dpt_epsilon_units(1e300), UINT64_MAX);
}
END_TEST

START_TEST(counts_add_up)
{
	struct dpt_counts a = {.records = 1,
	                       .broken = 2,
	                       .words = 3,
	                       .unchanged = 4,
	                       .outside = 5,
	                       .bytes_in = 6,
	                       .bytes_out = 7};
	struct dpt_counts b = a;
	dpt_spread_add(&a.record_words, 3);
	dpt_spread_add(&b.record_words, 5);
	dpt_spread_add(&b.record_epsilon, 9);
	dpt_counts_add(&a, &b);
	ck_assert_uint_eq(a.records, 2);
	ck_assert_uint_eq(a.broken, 4);
	ck_assert_uint_eq(a.words, 6);
	ck_assert_uint_eq(a.unchanged, 8);
	ck_assert_uint_eq(a.outside, 10);
	ck_assert_uint_eq(a.bytes_in, 12);
	ck_assert_uint_eq(a.bytes_out, 14);
	ck_assert_uint_eq(a.record_words.most, 5);
	ck_assert_uint_eq(a.record_words.sum, 8);
	ck_assert_uint_eq(a.record_epsilon.least, 9);
}
END_TEST

Suite *suite_spread(void)
{
	Suite *s = suite_create("spread");
	TCase *t = tcase_create("spread");
	tcase_add_test(t, intervals_follow_one_another);
	tcase_add_loop_test(t, quantiles_are_close_to_those_of_all_amounts, 0,
	                    40);
	tcase_add_test(t, parts_join_to_the_whole);
	tcase_add_test(t, edges_of_amounts_are_kept);
	tcase_add_test(t, epsilons_are_rounded_up);
	tcase_add_test(t, counts_add_up);
	suite_add_tcase(s, t);
	return s;
}
