/* SPDX-License-Identifier: MIT */
/*
 * Random streams and distributions.  One key a run; one ChaCha20 stream a
 * record (the record number is the nonce), so what a record becomes depends
 * on (key, record number) and never on threads or on how input was cut.
 */
#ifndef DPT_RNG_H
#define DPT_RNG_H

#include "dptext.h"

#define DPT_RNG_WORDS 64 /* 64-bit words made at a time */

struct dpt_rng {
	dpt_key key;
	uint64_t record;
	uint64_t block; /* next 64-byte block of the stream */
	unsigned used;  /* of the words */
	uint64_t word[DPT_RNG_WORDS];
};

/* An independent key for a purpose: a keyed hash of its number. */
void dpt_key_derive(dpt_key *out, const dpt_key *key, uint64_t purpose);

/* Starts the stream of a record; the key is copied. */
void dpt_rng_start(struct dpt_rng *rng, const dpt_key *key, uint64_t record);
void dpt_rng_wipe(struct dpt_rng *rng);
void dpt_rng_refill(struct dpt_rng *rng);

static inline uint64_t dpt_rng_u64(struct dpt_rng *rng)
{
	if (rng->used == DPT_RNG_WORDS)
		dpt_rng_refill(rng);
	return rng->word[rng->used++];
}

/* Uniform on the multiples of 2^-53 in [0, 1). */
static inline double dpt_rng_unit(struct dpt_rng *rng)
{
	return (double)(dpt_rng_u64(rng) >> 11) * 0x1p-53;
}

/* Uniform on the midpoints of the same cells: never 0, never 1. */
static inline double dpt_rng_open(struct dpt_rng *rng)
{
	return ((double)(dpt_rng_u64(rng) >> 12) + 0.5) * 0x1p-52;
}

/* Uniform on 0..n-1 without modulo bias; n > 0. */
uint32_t dpt_rng_below(struct dpt_rng *rng, uint32_t n);
/* n independent standard normals. */
void dpt_rng_normals(struct dpt_rng *rng, size_t n, double *out);
/* Gamma of the given shape (>= 1) and scale 1: Marsaglia and Tsang 2000. */
double dpt_rng_gamma(struct dpt_rng *rng, double shape);
/* Gumbel(0, scale) conditioned on [-bound, bound], by inversion. */
double dpt_rng_gumbel(struct dpt_rng *rng, double scale, double bound);

/*
 * Poisson(mean) conditioned on [1, max]: fills cdf[0..max-1], where
 * cdf[k-1] = P(K <= k) and the last is 1.
 */
void dpt_poisson_table(double mean, uint32_t max, double *cdf);

#endif
