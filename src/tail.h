/* SPDX-License-Identifier: MIT */
/*
 * Draws from the tail of a channel: a word outside the list of w with
 * probability proportional to kernel(t d(w,v)), never by a pass over all.
 */
#ifndef DPT_TAIL_H
#define DPT_TAIL_H

#include "knn.h"
#include "rng.h"

typedef struct dpt_tail dpt_tail;

/* What ground points to must outlive it. */
DPT_MUST_USE enum dpt_status dpt_tail_new(const struct dpt_ground *ground,
                                          double t, dpt_tail **out,
                                          dpt_error *err);
void dpt_tail_free(dpt_tail *tail);

/*
 * A draw is made in rounds of proposals.  First some are made, which asks for
 * the memory they need, then they are settled: so many draws can wait for
 * memory together.
 */
#define DPT_TRIES 8 /* proposals of a round, at most */

struct dpt_try {
	uint32_t v, high;
	uint32_t place; /* among the far neighbours, or DPT_NO_WORD */
};

/* Makes the proposals of a round for w; returns their number. */
unsigned dpt_tail_propose(const dpt_tail *tail, struct dpt_rng *rng, uint32_t w,
                          struct dpt_try *tries);
/* Asks for the memory that proposals for w need first. */
void dpt_tail_prefetch(const dpt_tail *tail, uint32_t w);
/* The first of the n proposals that is accepted, or DPT_NO_WORD. */
uint32_t dpt_tail_settle(const dpt_tail *tail, struct dpt_rng *rng, uint32_t w,
                         unsigned n, const struct dpt_try *tries);
/* The whole draw by a pass over all words; at least one must be in the tail. */
uint32_t dpt_tail_invert(const dpt_tail *tail, struct dpt_rng *rng, uint32_t w);

/* The sum of the kernel over the tail, directly. */
double dpt_tail_sum(const struct dpt_ground *ground, double t, uint32_t w);

#endif
