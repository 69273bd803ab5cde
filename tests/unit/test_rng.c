/* SPDX-License-Identifier: MIT */
/*
 * Random streams against the cipher itself, distributions against their
 * formulas.  Each test of fit also shows its power: the same sample against
 * a scale 30 % off, or its like, is rejected.
 */
#include "reference.h"
#include "rng.h"
#include "stats.h"
#include "suites.h"

#include <math.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static dpt_key key_of(uint64_t seed)
{
	dpt_key key;
	dpt_key_from_seed(&key, seed);
	return key;
}

/* -------------------------------------------------------------- streams */

/* The key stream of the cipher for a nonce, from a block on, as numbers. */
static void key_stream(const dpt_key *key, uint64_t nonce, uint64_t block,
                       uint32_t *number, size_t n)
{
	unsigned char from[8], *bytes = calloc(n, 4);
	for (int b = 0; b < 8; b++)
		from[b] = (unsigned char)(nonce >> 8 * b);
	crypto_stream_chacha20_xor_ic(bytes, bytes, 4 * n, from, block,
	                              key->byte);
	for (size_t i = 0; i < n; i++)
		number[i] = (uint32_t)bytes[4 * i] |
		            (uint32_t)bytes[4 * i + 1] << 8 |
		            (uint32_t)bytes[4 * i + 2] << 16 |
		            (uint32_t)bytes[4 * i + 3] << 24;
	free(bytes);
}

/* RFC 8439 has a 96-bit nonce; with zeros in front it is this one. */
START_TEST(the_cipher_is_chacha20)
{
	static const uint32_t rfc[] = {0xade0b876, 0x903df1a0, 0xe56a5d40,
	                               0x28bd8653, 0xb819d2bd, 0x1aed8da0,
	                               0xccef36a8, 0xc70d778b};
	uint32_t number[8];
	dpt_key zero = {{0}};
	key_stream(&zero, 0, 0, number, 8);
	ck_assert_mem_eq(number, rfc, sizeof rfc);
}
END_TEST

/* The first numbers, and then those of its own. */
START_TEST(a_stream_is_the_key_stream_of_its_record)
{
	enum { N = 1000 };
	static const uint64_t records[] = {0,   1,   255,
	                                   256, 257, (UINT64_C(1) << 62) - 1};
	uint32_t number[N];
	struct dpt_rng rng;
	dpt_key key = key_of(7);
	key_stream(&key, UINT64_MAX, 2 * records[_i], number, 32);
	key_stream(&key, records[_i], 0, number + 32, N - 32);
	dpt_rng_start(&rng, &key, records[_i]);
	for (int i = 0; i < N; i++)
		ck_assert_uint_eq(dpt_rng_u32(&rng), number[i]);
	dpt_rng_start(&rng, &key, records[_i]);
	for (int i = 0; i < N; i += 2)
		ck_assert_uint_eq(dpt_rng_u64(&rng),
		                  (uint64_t)number[i + 1] << 32 | number[i]);
}
END_TEST

/* A number of 64 bits is not put together from two makings. */
START_TEST(a_half_that_is_left_is_not_used)
{
	uint32_t number[4];
	struct dpt_rng rng;
	dpt_key key = key_of(8);
	key_stream(&key, 5, 0, number, 4);
	dpt_rng_start(&rng, &key, 5);
	for (int i = 0; i < 31; i++)
		dpt_rng_u32(&rng);
	ck_assert_uint_eq(dpt_rng_u64(&rng),
	                  (uint64_t)number[1] << 32 | number[0]);
	ck_assert_uint_eq(dpt_rng_u32(&rng), number[2]);
}
END_TEST

START_TEST(streams_started_together_are_those_started_alone)
{
	struct dpt_rng all[DPT_RNG_TOGETHER], one;
	dpt_key key = key_of(9);
	for (size_t n = 1; n <= DPT_RNG_TOGETHER; n++) {
		dpt_rng_start_all(all, &key, 1000 * n, n);
		for (size_t i = 0; i < n; i++) {
			dpt_rng_start(&one, &key, 1000 * n + i);
			for (int j = 0; j < 300; j++)
				ck_assert_uint_eq(dpt_rng_u32(&all[i]),
				                  dpt_rng_u32(&one));
		}
	}
}
END_TEST

/* The first numbers, and then those of its own. */
START_TEST(streams_of_few_numbers_go_on_as_others_do)
{
	static const uint64_t records[] = {0, 32, (UINT64_C(1) << 62) - 32};
	enum { FIRST = DPT_RNG_FEW / 2, N = 300 };
	struct dpt_rng rng[DPT_RNG_MADE];
	uint32_t first[DPT_RNG_MADE * FIRST], number[N];
	dpt_key key = key_of(10);
	uint64_t record = records[_i];
	dpt_rng_start_few(rng, &key, record);
	key_stream(&key, UINT64_MAX, record / 4, first, DPT_RNG_MADE * FIRST);
	for (size_t i = 0; i < DPT_RNG_MADE; i++) {
		for (size_t j = 0; j < FIRST; j++)
			ck_assert_uint_eq(dpt_rng_u32(&rng[i]),
			                  first[i * FIRST + j]);
		key_stream(&key, record + i, 0, number, N);
		for (size_t j = 0; j < N; j++)
			ck_assert_uint_eq(dpt_rng_u32(&rng[i]), number[j]);
	}
}
END_TEST

/* However they are asked for. */
START_TEST(halves_are_those_of_the_numbers)
{
	enum { N = 600 };
	struct dpt_rng rng, one;
	uint16_t half[N];
	dpt_key key = key_of(11);
	for (unsigned part = 1; part < 300; part += 7) {
		dpt_rng_start(&rng, &key, 3);
		dpt_rng_start(&one, &key, 3);
		for (unsigned at = 0; at < N; at += part)
			dpt_rng_fill(&rng, at + part < N ? part : N - at,
			             half + at);
		for (int i = 0; i < N; i++)
			ck_assert_uint_eq(half[i], dpt_rng_u16(&one));
		dpt_rng_start(&one, &key, 3);
		for (int i = 0; i < N; i += 2)
			ck_assert_uint_eq(dpt_rng_u32(&one),
			                  (uint32_t)half[i + 1] << 16 |
			                      half[i]);
	}
}
END_TEST

START_TEST(streams_of_other_records_and_keys_differ)
{
	enum { N = 512 };
	uint64_t *first = malloc(4 * N * sizeof *first), same = 0;
	for (uint64_t i = 0; i < 4 * N; i++) {
		struct dpt_rng rng;
		dpt_key key = key_of(i / N);
		dpt_rng_start(&rng, &key, i % N);
		first[i] = dpt_rng_u64(&rng);
		for (uint64_t j = 0; j < i; j++)
			same += first[i] == first[j];
	}
	ck_assert_uint_eq(same, 0);
	free(first);
}
END_TEST

START_TEST(a_stream_does_not_depend_on_earlier_draws)
{
	dpt_key key = key_of(3);
	struct dpt_rng fresh, used;
	dpt_rng_start(&used, &key, 1);
	for (uint64_t record = 2; record < 40; record++) {
		double scratch[7];
		dpt_rng_normals(&used, record % 7, scratch);
		for (uint64_t i = 0; i < record * 13; i++)
			dpt_rng_u64(&used);
		dpt_rng_start(&used, &key, record);
		dpt_rng_start(&fresh, &key, record);
		for (int i = 0; i < 300; i++)
			ck_assert_uint_eq(dpt_rng_u64(&used),
			                  dpt_rng_u64(&fresh));
	}
}
END_TEST

/* ----------------------------------------------------------------- keys */

static bool same_key(const dpt_key *a, const dpt_key *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

START_TEST(derived_keys_are_keyed_hashes_and_all_differ)
{
	dpt_key key = key_of(1), other = key_of(2), out, again, plain;
	ck_assert(!same_key(&key, &other));
	for (uint64_t purpose = 0; purpose < 300; purpose++) {
		unsigned char message[16] = "dptext p";
		message[8] = (unsigned char)purpose;
		message[9] = (unsigned char)(purpose >> 8);
		crypto_generichash(plain.byte, 32, message, 16, key.byte, 32);
		dpt_key_derive(&out, &key, purpose);
		ck_assert(same_key(&out, &plain));
		dpt_key_derive(&again, &other, purpose);
		ck_assert(!same_key(&out, &again));
		dpt_key_derive(&again, &key, purpose + 1);
		ck_assert(!same_key(&out, &again));
		ck_assert(!same_key(&out, &key));
	}
}
END_TEST

START_TEST(seeds_are_told_apart_by_every_bit)
{
	dpt_key zero = key_of(0);
	for (int bit = 0; bit < 64; bit++) {
		dpt_key key = key_of(UINT64_C(1) << bit);
		ck_assert(!same_key(&key, &zero));
	}
}
END_TEST

START_TEST(random_keys_differ_and_can_be_wiped)
{
	dpt_key a, b, zero = {{0}};
	ck_assert_int_eq(dpt_key_random(&a, NULL), DPT_OK);
	ck_assert_int_eq(dpt_key_random(&b, NULL), DPT_OK);
	ck_assert(!same_key(&a, &b));
	dpt_key_wipe(&a);
	ck_assert(same_key(&a, &zero));
	struct dpt_rng rng;
	static const struct dpt_rng empty;
	dpt_rng_start(&rng, &b, 5);
	dpt_rng_u64(&rng);
	dpt_rng_wipe(&rng);
	ck_assert_int_eq(memcmp(&rng, &empty, sizeof rng), 0);
}
END_TEST

/* ------------------------------------------------------ uniform numbers */

static double uniform(const double *param, double x)
{
	return x / param[0];
}

START_TEST(units_are_uniform_and_inside_their_bounds)
{
	enum { N = 200000 };
	double *x = malloc(N * sizeof *x), one = 1, more = 1.3;
	bool inside = true;
	struct dpt_rng rng;
	dpt_key key = key_of(11);
	dpt_rng_start(&rng, &key, (uint64_t)_i);
	for (int i = 0; i < N; i++) {
		x[i] = _i ? dpt_rng_open(&rng) : dpt_rng_unit(&rng);
		inside &= x[i] >= 0 && x[i] < 1;
	}
	ck_assert(inside);
	ck_assert_double_gt(stats_ks(N, x, uniform, &one), STATS_ALPHA);
	ck_assert_double_lt(stats_ks(N, x, uniform, &more), STATS_ALPHA);
	free(x);
}
END_TEST

/* A stream of one number, to see the ends of the ranges. */
static struct dpt_rng constant(uint64_t word)
{
	struct dpt_rng rng = {.used = 0};
	for (unsigned i = 0; i < DPT_RNG_HALVES; i++)
		rng.half[i] = (uint16_t)(word >> 16 * (i % 4));
	return rng;
}

START_TEST(units_reach_the_ends_they_should)
{
	struct dpt_rng low = constant(0), high = constant(UINT64_MAX);
	ck_assert(dpt_rng_unit(&low) == 0);
	ck_assert(dpt_rng_unit(&high) == 1 - 0x1p-53);
	ck_assert(dpt_rng_open(&low) == 0x1p-53);
	ck_assert(dpt_rng_open(&high) == 1 - 0x1p-53);
	ck_assert_uint_eq(dpt_rng_below(&high, 1), 0);
	ck_assert_uint_eq(dpt_rng_below(&high, 7), 6);
	ck_assert_uint_eq(dpt_rng_below(&high, UINT32_MAX), UINT32_MAX - 1);
}
END_TEST

static const uint32_t bounds[] = {1, 2, 3, 5, 7, 64, 100, 255, 1000};

START_TEST(numbers_below_a_bound_are_uniform)
{
	enum { N = 200000 };
	uint64_t seen[1001] = {0};
	double p[1000], off[1000];
	uint32_t n = bounds[_i];
	struct dpt_rng rng;
	dpt_key key = key_of(12);
	dpt_rng_start(&rng, &key, (uint64_t)_i);
	for (int i = 0; i < N; i++) {
		uint32_t v = dpt_rng_below(&rng, n);
		seen[v < n ? v : n]++;
	}
	ck_assert_uint_eq(seen[n], 0);
	for (uint32_t i = 0; i < n; i++) {
		p[i] = 1;
		off[i] = i < n / 2 ? 1.3 : 1;
	}
	ck_assert_double_gt(stats_chi2(n, seen, p), STATS_ALPHA);
	if (n > 1)
		ck_assert_double_lt(stats_chi2(n, seen, off), STATS_ALPHA);
}
END_TEST

/* Modulo or unrejected products would favour a third of these by half. */
START_TEST(large_bounds_have_no_bias)
{
	enum { N = 60000 };
	uint32_t n = (UINT32_C(1) << 31) + (UINT32_C(1) << 30);
	uint64_t seen[3] = {0};
	static const double even[3] = {1, 1, 1};
	struct dpt_rng rng;
	dpt_key key = key_of(13);
	dpt_rng_start(&rng, &key, 0);
	for (int i = 0; i < N; i++)
		seen[dpt_rng_below(&rng, n) % 3]++;
	ck_assert_double_gt(stats_chi2(3, seen, even), STATS_ALPHA);
	memset(seen, 0, sizeof seen);
	for (int i = 0; i < N; i++)
		seen[dpt_rng_below(&rng, n) / (n / 3)]++;
	ck_assert_double_gt(stats_chi2(3, seen, even), STATS_ALPHA);
}
END_TEST

/* The words that would be one too many for the lowest number are drawn
 * again: with 2^32 = 4 n + 4 only 2^32 - 4 words are used. */
START_TEST(the_remainder_is_rejected)
{
	uint32_t n = (UINT32_C(1) << 30) - 1;
	struct dpt_rng rng = constant(0);
	rng.half[3] = 5 << 12;
	dpt_rng_below(&rng, n);
	ck_assert_uint_eq(rng.used, 4);
	rng = constant(0);
	dpt_rng_below(&rng, UINT32_C(1) << 30);
	ck_assert_uint_eq(rng.used, 2);
}
END_TEST

static const uint32_t few[] = {1,  2,   3,     7,     63,    64,
                               65, 700, 32767, 32768, 65535, 65536};

/* Of all that 16 bits can be, as many become each number, and the others are
 * drawn again; what is above them does not matter. */
START_TEST(sixteen_bits_are_shared_evenly)
{
	uint32_t n = few[_i], *seen = calloc(n, sizeof *seen), again = 0;
	size_t uneven = 0;
	for (uint32_t bits = 0; bits < 0x10000; bits++) {
		struct dpt_rng rng = constant(UINT32_MAX);
		uint32_t x = dpt_rng_below_16(&rng, (uint16_t)bits, n);
		ck_assert_uint_lt(x, n);
		if (rng.used > 0)
			again++;
		else
			seen[x]++;
	}
	for (uint32_t x = 0; x < n; x++)
		uneven += seen[x] != (n < 0x10000 ? 0x10000 / n : 0);
	ck_assert_uint_eq(uneven, 0);
	ck_assert_uint_eq(again, n < 0x10000 ? 0x10000 % n : 0x10000);
	free(seen);
}
END_TEST

/* -------------------------------------------------------- distributions */

enum { SAMPLE = 40000 };

static double normal(const double *param, double x)
{
	return stats_normal(x / param[0]);
}

static double chi(const double *param, double x)
{
	return stats_gamma(param[0] / 2, x * x / 2 / param[1] / param[1]);
}

START_TEST(normals_are_normal)
{
	double *x = malloc(SAMPLE * sizeof *x), one = 1, off = 1.3;
	struct dpt_rng rng;
	dpt_key key = key_of(20);
	size_t batch = (size_t)_i;
	dpt_rng_start(&rng, &key, batch);
	for (size_t i = 0; i + batch <= SAMPLE; i += batch)
		dpt_rng_normals(&rng, batch, x + i);
	size_t n = SAMPLE / batch * batch;
	ck_assert_double_gt(stats_ks(n, x, normal, &one), STATS_ALPHA);
	ck_assert_double_lt(stats_ks(n, x, normal, &off), STATS_ALPHA);
	free(x);
}
END_TEST

/* Length and direction of vectors: no number depends on another. */
START_TEST(vectors_of_normals_point_anywhere)
{
	enum { N = 20000, DIM = 5 };
	static const double right[2] = {DIM, 1}, off[2] = {DIM, 1.3};
	double *length = malloc(N * sizeof *length), z[DIM], p[1 << DIM];
	uint64_t seen[1 << DIM] = {0};
	struct dpt_rng rng;
	dpt_key key = key_of(21);
	dpt_rng_start(&rng, &key, 0);
	for (int i = 0; i < N; i++) {
		double square = 0;
		unsigned signs = 0;
		dpt_rng_normals(&rng, DIM, z);
		for (int k = 0; k < DIM; k++) {
			square += z[k] * z[k];
			signs = signs << 1 | (z[k] < 0);
		}
		length[i] = sqrt(square);
		seen[signs]++;
	}
	for (int i = 0; i < 1 << DIM; i++)
		p[i] = 1;
	ck_assert_double_gt(stats_ks(N, length, chi, right), STATS_ALPHA);
	ck_assert_double_lt(stats_ks(N, length, chi, off), STATS_ALPHA);
	ck_assert_double_gt(stats_chi2(1 << DIM, seen, p), STATS_ALPHA);
	free(length);
}
END_TEST

/* Neighbouring numbers of one call, turned by 45 degrees. */
START_TEST(pairs_of_normals_are_independent)
{
	double *x = malloc(SAMPLE * sizeof *x), one = 1;
	struct dpt_rng rng;
	dpt_key key = key_of(22);
	dpt_rng_start(&rng, &key, 0);
	for (int i = 0; i < SAMPLE; i++) {
		double z[3];
		dpt_rng_normals(&rng, 3, z);
		x[i] = (z[i % 2] + z[1 + i % 2]) / sqrt(2);
	}
	ck_assert_double_gt(stats_ks(SAMPLE, x, normal, &one), STATS_ALPHA);
	free(x);
}
END_TEST

static double gamma_cdf(const double *param, double x)
{
	return stats_gamma(param[0], x / param[1]);
}

static const double shapes[] = {1, 1.5, 2, 3, 10, 100, 300};

START_TEST(gammas_are_gamma)
{
	double *x = malloc(SAMPLE * sizeof *x);
	const double right[2] = {shapes[_i], 1}, off[2] = {shapes[_i], 1.3};
	struct dpt_rng rng;
	dpt_key key = key_of(23);
	dpt_rng_start(&rng, &key, (uint64_t)_i);
	for (int i = 0; i < SAMPLE; i++)
		x[i] = dpt_rng_gamma(&rng, shapes[_i]);
	ck_assert_double_gt(stats_ks(SAMPLE, x, gamma_cdf, right), STATS_ALPHA);
	ck_assert_double_lt(stats_ks(SAMPLE, x, gamma_cdf, off), STATS_ALPHA);
	free(x);
}
END_TEST

static double gumbel_cdf(const double *param, double x)
{
	double low = exp(-exp(param[1] / param[0]));
	double high = exp(-exp(-param[1] / param[0]));
	return (exp(-exp(-x / param[0])) - low) / (high - low);
}

static const double gumbels[][2] = {{1, 1},   {1, 3},  {2, 40},
                                    {0.5, 2}, {8, 17}, {0.1, 1000}};

START_TEST(gumbels_are_truncated_gumbels)
{
	double *x = malloc(SAMPLE * sizeof *x);
	const double *g = gumbels[_i], off[2] = {1.3 * g[0], g[1]};
	bool inside = true;
	struct dpt_rng rng;
	dpt_key key = key_of(24);
	dpt_rng_start(&rng, &key, (uint64_t)_i);
	for (int i = 0; i < SAMPLE; i++) {
		x[i] = dpt_rng_gumbel(&rng, g[0], g[1]);
		inside &= fabs(x[i]) <= g[1] * (1 + 1e-12);
	}
	ck_assert(inside);
	ck_assert_double_gt(stats_ks(SAMPLE, x, gumbel_cdf, g), STATS_ALPHA);
	ck_assert_double_lt(stats_ks(SAMPLE, x, gumbel_cdf, off), STATS_ALPHA);
	free(x);
}
END_TEST

START_TEST(gumbels_are_finite_at_the_ends)
{
	for (int i = -40; i <= 40; i++) {
		double scale = pow(10, i / 10.0);
		struct dpt_rng low = constant(0), high = constant(UINT64_MAX);
		double a = dpt_rng_gumbel(&low, scale, 17);
		double b = dpt_rng_gumbel(&high, scale, 17);
		ck_assert(isfinite(a) && isfinite(b));
		ck_assert_double_ge(a, -17 * (1 + 1e-9));
		ck_assert_double_le(b, 17 * (1 + 1e-9));
		ck_assert_double_lt(a, b);
	}
}
END_TEST

static const struct {
	double mean;
	uint32_t max;
} poissons[] = {{0.01, 5}, {1, 1},      {2.5, 30},   {9.9, 64}, {9.9, 3},
                {500, 64}, {700, 1025}, {2000, 100}, {1e6, 64}, {1e5, 1025}};

START_TEST(poisson_tables_are_right)
{
	double cdf[1025], p[1026], sum = 0;
	uint32_t max = poissons[_i].max;
	dpt_poisson_table(poissons[_i].mean, max, cdf);
	ref_poisson(poissons[_i].mean, max, p);
	for (uint32_t k = 1; k <= max; k++) {
		sum += p[k];
		ck_assert_double_eq_tol(cdf[k - 1], sum, 1e-12);
		ck_assert(k == 1 || cdf[k - 1] >= cdf[k - 2]);
	}
	ck_assert(cdf[max - 1] == 1);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

static void add_distributions(TCase *t)
{
	tcase_add_loop_test(t, normals_are_normal, 1, 4);
	tcase_add_test(t, vectors_of_normals_point_anywhere);
	tcase_add_test(t, pairs_of_normals_are_independent);
	tcase_add_loop_test(t, gammas_are_gamma, 0, COUNT(shapes));
	tcase_add_loop_test(t, gumbels_are_truncated_gumbels, 0,
	                    COUNT(gumbels));
	tcase_add_test(t, gumbels_are_finite_at_the_ends);
	tcase_add_loop_test(t, poisson_tables_are_right, 0, COUNT(poissons));
}

Suite *suite_rng(void)
{
	TCase *t = tcase_create("rng");
	tcase_set_timeout(t, 60);
	tcase_add_test(t, the_cipher_is_chacha20);
	tcase_add_loop_test(t, a_stream_is_the_key_stream_of_its_record, 0, 6);
	tcase_add_test(t, a_half_that_is_left_is_not_used);
	tcase_add_loop_test(t, streams_of_few_numbers_go_on_as_others_do, 0, 3);
	tcase_add_test(t, halves_are_those_of_the_numbers);
	tcase_add_test(t, streams_started_together_are_those_started_alone);
	tcase_add_test(t, streams_of_other_records_and_keys_differ);
	tcase_add_test(t, a_stream_does_not_depend_on_earlier_draws);
	tcase_add_test(t, derived_keys_are_keyed_hashes_and_all_differ);
	tcase_add_test(t, seeds_are_told_apart_by_every_bit);
	tcase_add_test(t, random_keys_differ_and_can_be_wiped);
	tcase_add_loop_test(t, units_are_uniform_and_inside_their_bounds, 0, 2);
	tcase_add_test(t, units_reach_the_ends_they_should);
	tcase_add_loop_test(t, numbers_below_a_bound_are_uniform, 0,
	                    COUNT(bounds));
	tcase_add_test(t, large_bounds_have_no_bias);
	tcase_add_test(t, the_remainder_is_rejected);
	tcase_add_loop_test(t, sixteen_bits_are_shared_evenly, 0, COUNT(few));
	add_distributions(t);
	Suite *s = suite_create("rng");
	suite_add_tcase(s, t);
	return s;
}
