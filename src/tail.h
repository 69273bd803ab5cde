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
 * A draw is made in rounds of proposals: the first that is accepted counts.
 * Each step asks for the memory of the next, so that many draws can wait for
 * memory together.
 */
#define DPT_TRIES 2 /* proposals of a round, at most */

struct dpt_try {
	uint32_t v;
	uint32_t place;         /* where v is listed, or DPT_NO_WORD */
	uint16_t unit, part;    /* random: its bucket, its place in that */
	uint16_t high;          /* the first bits of what decides on it */
	uint16_t bucket, units; /* see tail.c */
	bool far;               /* v is a far neighbour */
};

struct dpt_round {
	uint32_t w;
	unsigned tries, at;        /* made, and judged */
	bool sound;                /* what is known of w */
	const struct dpt_row *row; /* of the buckets; NULL: there are none */
	struct dpt_try try[DPT_TRIES];
};

/* Asks for the memory that proposals for w need first. */
void dpt_tail_prefetch(const dpt_tail *tail, uint32_t w);
/* Begins the proposals of a round for round->w. */
void dpt_tail_aim(const dpt_tail *tail, struct dpt_rng *rng,
                  struct dpt_round *round);
/* Makes them. */
void dpt_tail_propose(const dpt_tail *tail, struct dpt_rng *rng,
                      struct dpt_round *round);
/* Reads which words they are. */
void dpt_tail_read(const dpt_tail *tail, struct dpt_round *round);
/*
 * Judges proposals until one is accepted, which is returned, until all are
 * rejected (at == tries), or one can only be judged by its exact distance.
 */
uint32_t dpt_tail_judge(const dpt_tail *tail, struct dpt_round *round);
/* Judges that one; DPT_NO_WORD if it is rejected. */
uint32_t dpt_tail_measure(const dpt_tail *tail, struct dpt_rng *rng,
                          struct dpt_round *round);
/* The whole draw by a pass over all words; at least one must be in the tail. */
uint32_t dpt_tail_invert(const dpt_tail *tail, struct dpt_rng *rng, uint32_t w);

/* The sum of the kernel over the tail, directly. */
double dpt_tail_sum(const struct dpt_ground *ground, double t, uint32_t w);

#endif
