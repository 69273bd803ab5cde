/* SPDX-License-Identifier: MIT */
/*
 * Random streams and distributions.  One key a run, one stream a record,
 * which is numbers of ChaCha20: what a record becomes depends on (key, record
 * number) and never on threads or on how input was cut.
 *
 * Most records need few numbers.  The first DPT_RNG_FIRST of all records are
 * one stream of the cipher, so that it is called once for many; its nonce is
 * 2^64 - 1, and those of record r are its blocks 2 r and 2 r + 1.  The others
 * are the stream whose nonce is r.
 *
 * Where a record needs a number or two the first are DPT_RNG_FEW, so that a
 * block is of four records.
 */
#ifndef DPT_RNG_H
#define DPT_RNG_H

#include "dptext.h"

#define DPT_RNG_HALVES 256U /* numbers of 16 bits, made at a time */
#define DPT_RNG_FIRST 64U   /* of a record, made with those of others */
#define DPT_RNG_FEW 8U
#define DPT_RNG_RECORDS (UINT64_C(1) << 62) /* no more have streams */

struct dpt_rng {
	dpt_key key;
	uint64_t record;
	uint64_t block; /* next 64-byte block of the stream */
	bool begun;     /* the first numbers were made */
	unsigned used;  /* of the halves */
	uint16_t half[DPT_RNG_HALVES];
};

/* An independent key for a purpose: a keyed hash of its number. */
void dpt_key_derive(dpt_key *out, const dpt_key *key, uint64_t purpose);

/* Starts the stream of a record; the key is copied. */
void dpt_rng_start(struct dpt_rng *rng, const dpt_key *key, uint64_t record);
/* The same for n records in a row, n at most DPT_RNG_TOGETHER. */
#define DPT_RNG_TOGETHER 256U
void dpt_rng_start_all(struct dpt_rng *rng, const dpt_key *key, uint64_t record,
                       size_t n);
/*
 * The same for DPT_RNG_MADE records, the first of which is a multiple of that;
 * each has few numbers first.  A key is for one of both ways.
 */
#define DPT_RNG_MADE (DPT_RNG_HALVES / DPT_RNG_FEW)
void dpt_rng_start_few(struct dpt_rng *rng, const dpt_key *key,
                       uint64_t record);
void dpt_rng_wipe(struct dpt_rng *rng);
void dpt_rng_refill(struct dpt_rng *rng);

/* The next n halves, for which there is room in one making. */
static inline const uint16_t *dpt_rng_halves(struct dpt_rng *rng, unsigned n)
{
	if (rng->used + n > DPT_RNG_HALVES)
		dpt_rng_refill(rng);
	rng->used += n;
	return rng->half + rng->used - n;
}

static inline uint16_t dpt_rng_u16(struct dpt_rng *rng)
{
	return *dpt_rng_halves(rng, 1);
}

/* So many of these. */
void dpt_rng_fill(struct dpt_rng *rng, size_t n, uint16_t *out);

/* The lower half first; never a part of each of two makings. */
static inline uint32_t dpt_rng_u32(struct dpt_rng *rng)
{
	const uint16_t *half = dpt_rng_halves(rng, 2);
	return (uint32_t)half[1] << 16 | half[0];
}

static inline uint64_t dpt_rng_u64(struct dpt_rng *rng)
{
	const uint16_t *half = dpt_rng_halves(rng, 4);
	return (uint64_t)half[3] << 48 | (uint64_t)half[2] << 32 |
	       (uint64_t)half[1] << 16 | half[0];
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
/*
 * The same from 16 bits that are random and of no other use, and from the
 * stream where they are not enough.
 */
uint32_t dpt_rng_below_more(struct dpt_rng *rng, uint16_t bits, uint32_t n);
static inline uint32_t dpt_rng_below_16(struct dpt_rng *rng, uint16_t bits,
                                        uint32_t n)
{
	uint64_t m = (uint64_t)bits * n;
	return (m & 0xFFFF) >= n ? (uint32_t)(m >> 16)
	                         : dpt_rng_below_more(rng, bits, n);
}
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
