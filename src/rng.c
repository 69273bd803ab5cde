/* SPDX-License-Identifier: MIT */
#include "rng.h"

#include "error.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <sodium.h>
#include <string.h>
#include <sys/random.h>

/*
 * Chooses the fastest code for this processor, once.  It fails where the
 * operating system has no randomness to give.
 */
static bool start_cipher(void)
{
	return sodium_init() >= 0;
}

static bool fill_random(unsigned char *to, size_t size)
{
	while (size > 0) {
		ssize_t got = getrandom(to, size, 0);
		if (got > 0) {
			to += got;
			size -= (size_t)got;
		} else if (got == 0 || errno != EINTR) {
			return false;
		}
	}
	return true;
}

enum dpt_status dpt_key_random(dpt_key *key, dpt_error *err)
{
	if (start_cipher() && fill_random(key->byte, sizeof key->byte))
		return DPT_OK;
	dpt_key_wipe(key);
	return dpt_fail(err, DPT_EENTROPY,
	                "no randomness from the operating system; nothing was "
	                "written");
}

static void put_little64(unsigned char *p, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		p[i] = (unsigned char)(v >> (8 * i));
}

void dpt_key_from_seed(dpt_key *key, uint64_t seed)
{
	unsigned char message[16] = "dptext s";
	(void)start_cipher();
	put_little64(message + 8, seed);
	crypto_generichash(key->byte, sizeof key->byte, message, sizeof message,
	                   NULL, 0);
}

void dpt_key_derive(dpt_key *out, const dpt_key *key, uint64_t purpose)
{
	unsigned char message[16] = "dptext p";
	put_little64(message + 8, purpose);
	crypto_generichash(out->byte, sizeof out->byte, message, sizeof message,
	                   key->byte, sizeof key->byte);
}

void dpt_key_wipe(dpt_key *key)
{
	sodium_memzero(key, sizeof *key);
}

void dpt_rng_start(struct dpt_rng *rng, const dpt_key *key, uint64_t record)
{
	assert(record < DPT_RNG_RECORDS);
	rng->key = *key;
	rng->record = record;
	rng->block = 0;
	rng->begun = false;
	rng->used = DPT_RNG_HALVES;
}

void dpt_rng_wipe(struct dpt_rng *rng)
{
	sodium_memzero(rng, sizeof *rng);
}

/*
 * The numbers are those of the key stream in little-endian order, which is
 * that of the machine: an index needs it too.  The vector code of the cipher
 * makes DPT_RNG_HALVES at once; fewer take as long, or longer.
 */
static void make(const dpt_key *key, uint64_t nonce, uint64_t block,
                 uint16_t *half, size_t n)
{
	unsigned char *stream = (unsigned char *)half, bytes[8];
	size_t size = n * sizeof *half;
	put_little64(bytes, nonce);
	memset(stream, 0, size);
	crypto_stream_chacha20_xor_ic(stream, stream, size, bytes, block,
	                              key->byte);
}

/* A stream whose first numbers were made. */
static void start_made(struct dpt_rng *rng, const dpt_key *key, uint64_t record,
                       const uint16_t *first, unsigned n)
{
	dpt_rng_start(rng, key, record);
	rng->begun = true;
	rng->used -= n;
	memcpy(rng->half + rng->used, first, n * sizeof *first);
}

void dpt_rng_start_all(struct dpt_rng *rng, const dpt_key *key, uint64_t record,
                       size_t n)
{
	uint16_t first[DPT_RNG_TOGETHER][DPT_RNG_FIRST];
	uint64_t blocks = sizeof first[0] / 64;
	size_t halves = n * DPT_RNG_FIRST + DPT_RNG_HALVES - 1;
	halves -= halves % DPT_RNG_HALVES;
	make(key, UINT64_MAX, blocks * record, first[0], halves);
	for (size_t i = 0; i < n; i++)
		start_made(&rng[i], key, record + i, first[i], DPT_RNG_FIRST);
	sodium_memzero(first, halves * sizeof first[0][0]);
}

void dpt_rng_start_few(struct dpt_rng *rng, const dpt_key *key, uint64_t record)
{
	uint16_t first[DPT_RNG_MADE][DPT_RNG_FEW];
	assert(record % DPT_RNG_MADE == 0);
	make(key, UINT64_MAX, record / (64 / sizeof first[0]), first[0],
	     DPT_RNG_HALVES);
	for (size_t i = 0; i < DPT_RNG_MADE; i++)
		start_made(&rng[i], key, record + i, first[i], DPT_RNG_FEW);
	sodium_memzero(first, sizeof first);
}

void dpt_rng_refill(struct dpt_rng *rng)
{
	if (!rng->begun) {
		dpt_rng_start_all(rng, &rng->key, rng->record, 1);
		return;
	}
	make(&rng->key, rng->record, rng->block, rng->half, DPT_RNG_HALVES);
	rng->block += sizeof rng->half / 64;
	rng->used = 0;
}

void dpt_rng_fill(struct dpt_rng *rng, size_t n, uint16_t *out)
{
	while (n > 0) {
		if (rng->used == DPT_RNG_HALVES)
			dpt_rng_refill(rng);
		size_t left = DPT_RNG_HALVES - rng->used;
		size_t some = n < left ? n : left;
		memcpy(out, rng->half + rng->used, some * sizeof *out);
		rng->used += (unsigned)some;
		out += some;
		n -= some;
	}
}

/* Lemire's multiplication method, rejecting the short remainder. */
uint32_t dpt_rng_below(struct dpt_rng *rng, uint32_t n)
{
	assert(n > 0);
	for (;;) {
		uint64_t m = (uint64_t)dpt_rng_u32(rng) * n;
		if ((uint32_t)m >= n || (uint32_t)m >= (0U - n) % n)
			return (uint32_t)(m >> 32);
	}
}

uint32_t dpt_rng_below_more(struct dpt_rng *rng, uint16_t bits, uint32_t n)
{
	assert(n > 0);
	uint32_t m = bits * n;
	if (n <= 0xFFFF && (m & 0xFFFF) >= 0x10000 % n)
		return m >> 16;
	return dpt_rng_below(rng, n);
}

/* Marsaglia's polar method: two at a time. */
void dpt_rng_normals(struct dpt_rng *rng, size_t n, double *out)
{
	for (size_t i = 0; i < n; i += 2) {
		double x, y, s;
		do {
			x = 2 * dpt_rng_open(rng) - 1;
			y = 2 * dpt_rng_open(rng) - 1;
			s = x * x + y * y;
		} while (s >= 1 || s == 0);
		double f = sqrt(-2 * log(s) / s);
		out[i] = f * x;
		if (i + 1 < n)
			out[i + 1] = f * y;
	}
}

double dpt_rng_gamma(struct dpt_rng *rng, double shape)
{
	assert(shape >= 1);
	double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
	for (;;) {
		double x, v;
		dpt_rng_normals(rng, 1, &x);
		v = 1 + c * x;
		if (v <= 0)
			continue;
		v = v * v * v;
		if (log(dpt_rng_open(rng)) < x * x / 2 + d - d * v + d * log(v))
			return d * v;
	}
}

double dpt_rng_gumbel(struct dpt_rng *rng, double scale, double bound)
{
	double low = exp(-exp(bound / scale));
	double high = exp(-exp(-bound / scale));
	double u = low + (high - low) * dpt_rng_open(rng);
	return -scale * log(-log(u));
}

/* In logarithms up to the largest term, which becomes 1. */
void dpt_poisson_table(double mean, uint32_t max, double *cdf)
{
	double top = -INFINITY, log_p = 0, sum = 0;
	for (uint32_t k = 1; k <= max; k++) {
		log_p += log(mean / k);
		cdf[k - 1] = log_p;
		top = fmax(top, log_p);
	}
	for (uint32_t k = 0; k < max; k++)
		cdf[k] = sum += exp(cdf[k] - top);
	for (uint32_t k = 0; k < max; k++)
		cdf[k] /= sum;
}
