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
 * A draw is made by tries: a word is proposed and accepted or not, and the
 * first that is accepted counts.  The steps of a try, each of which asks for
 * the memory of the next.
 */
struct dpt_try {
	uint32_t w, v;
	const struct dpt_row *row; /* of the buckets; NULL: there are none */
	uint32_t place;            /* where v is listed, or DPT_NO_WORD */
	float coarse;              /* how far away its copy is */
	double most;               /* of the exponent, that is accepted */
	uint16_t unit, part;       /* random: its bucket, its place in that */
	uint16_t high;             /* the first bits of what decides on it */
	uint16_t bucket, units;    /* see tail.c */
	bool sound;                /* what is known of w */
	bool far;                  /* v is a far neighbour */
	bool sure;                 /* and accepted, whichever it is */
};

enum dpt_judgement { DPT_REJECTED, DPT_ACCEPTED, DPT_UNDECIDED };

/* Before the first try for try->w. */
void dpt_tail_begin(const dpt_tail *tail, struct dpt_try *try);
/* Begins a try, */
void dpt_tail_aim(const dpt_tail *tail, struct dpt_rng *rng,
                  struct dpt_try *try);
/* proposes a word, */
void dpt_tail_propose(const dpt_tail *tail, struct dpt_rng *rng,
                      struct dpt_try *try);
/* reads which it is, */
void dpt_tail_read(const dpt_tail *tail, struct dpt_try *try);
/* and judges it, unless that takes its exact distance. */
enum dpt_judgement dpt_tail_judge(const dpt_tail *tail, struct dpt_try *try);
/* Whether it is accepted by that. */
bool dpt_tail_measure(const dpt_tail *tail, struct dpt_rng *rng,
                      const struct dpt_try *try);

/* All of these: a word, or DPT_NO_WORD. */
uint32_t dpt_tail_try(const dpt_tail *tail, struct dpt_rng *rng, uint32_t w);

/*
 * Draws for many words at once, which wait for memory together: words of them,
 * of which try, begun, rng and out are given.  What else there is is room.
 */
#define DPT_TAILS 2048U
struct dpt_tails {
	size_t words;
	struct dpt_try try[DPT_TAILS];
	struct dpt_rng *rng[DPT_TAILS];
	uint32_t *out[DPT_TAILS];
	uint16_t left[DPT_TAILS], far[DPT_TAILS], other[DPT_TAILS],
	    open[DPT_TAILS];
};
void dpt_tail_draw(const dpt_tail *tail, struct dpt_tails *tails);

/* The whole draw by a pass over all words; at least one must be in the tail. */
uint32_t dpt_tail_invert(const dpt_tail *tail, struct dpt_rng *rng, uint32_t w);

/* The sum of the kernel over the tail, directly. */
double dpt_tail_sum(const struct dpt_ground *ground, double t, uint32_t w);

#endif
