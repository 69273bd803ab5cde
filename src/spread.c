/* SPDX-License-Identifier: MIT */
/* Distributions of amounts, and counts put together. */
#include "spread.h"

#include <math.h>

#define PARTS 16     /* of the distance between two powers of two */
#define PARTS_LOG2 4 /* its binary logarithm */

/* The number of bits behind the first one. */
static unsigned magnitude(uint64_t amount)
{
	return 63 - (unsigned)__builtin_clzll(amount);
}

size_t dpt_spread_interval(uint64_t amount)
{
	if (amount < PARTS)
		return (size_t)amount;
	unsigned shift = magnitude(amount) - PARTS_LOG2;
	return PARTS * (size_t)shift + (size_t)(amount >> shift);
}

uint64_t dpt_spread_end(size_t i)
{
	if (i < PARTS)
		return i;
	unsigned shift = (unsigned)(i / PARTS - 1);
	/* the last one ends where 64 bits do */
	return ((PARTS + i % PARTS + 1) << shift) - 1;
}

/* The largest number stays it. */
static uint64_t sum_of(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

void dpt_spread_add(struct dpt_spread *s, uint64_t amount)
{
	if (s->count == 0 || amount < s->least)
		s->least = amount;
	if (amount > s->most)
		s->most = amount;
	s->count++;
	s->sum = sum_of(s->sum, amount);
	s->interval[dpt_spread_interval(amount)]++;
}

void dpt_spread_join(struct dpt_spread *to, const struct dpt_spread *more)
{
	if (more->count == 0)
		return;
	if (to->count == 0 || more->least < to->least)
		to->least = more->least;
	if (more->most > to->most)
		to->most = more->most;
	to->count += more->count;
	to->sum = sum_of(to->sum, more->sum);
	for (size_t i = 0; i < DPT_SPREAD_INTERVALS; i++)
		to->interval[i] += more->interval[i];
}

uint64_t dpt_spread_quantile(const struct dpt_spread *s, double share)
{
	uint64_t wanted = (uint64_t)ceil(share * (double)s->count), seen = 0;
	size_t i = 0;
	if (s->count == 0)
		return 0;
	while (i < DPT_SPREAD_INTERVALS - 1 &&
	       (seen += s->interval[i]) < wanted)
		i++;
	uint64_t end = dpt_spread_end(i);
	return end < s->most ? end : s->most;
}

void dpt_counts_add(struct dpt_counts *to, const struct dpt_counts *more)
{
	to->records += more->records;
	to->broken += more->broken;
	to->words += more->words;
	to->unchanged += more->unchanged;
	to->outside += more->outside;
	to->kept += more->kept;
	to->numbers += more->numbers;
	for (int k = 0; k < DPT_KINDS; k++)
		to->masked[k] += more->masked[k];
	to->bytes_in += more->bytes_in;
	to->bytes_out += more->bytes_out;
	dpt_spread_join(&to->record_words, &more->record_words);
	dpt_spread_join(&to->record_epsilon, &more->record_epsilon);
	for (size_t i = 0; i < DPT_MAX_RUNGS; i++) {
		to->rung_records[i] += more->rung_records[i];
		to->rung_words[i] += more->rung_words[i];
	}
}

/* What cannot be counted counts as the most there is. */
uint64_t dpt_epsilon_units(double epsilon)
{
	double units = ceil(epsilon * DPT_EPSILON_UNITS);
	return units < 0x1p63 ? (uint64_t)units : UINT64_MAX;
}
