/* SPDX-License-Identifier: MIT */
/*
 * Rows of an index that are checked when they are first drawn from, so that
 * nobody waits for those that are never needed.  A seal is the checksum of a
 * row, of all parts of it in one.
 */
#ifndef DPT_SEALS_H
#define DPT_SEALS_H

#include "knn.h"

#include <stdatomic.h>

struct dpt_seals {
	const uint64_t *list;   /* n: neighbours and their distances */
	const uint64_t *point;  /* n: a vector and its coarse copy */
	const uint64_t *far;    /* of each row of struct dpt_far */
	const uint64_t *near;   /* of each row of struct dpt_cells */
	const uint64_t *others; /* of each rate */
	double least;           /* distance of two words */
	atomic_bool damaged;    /* a row was: nothing drawn since may be used */
	atomic_bool all;        /* points have been checked */
	atomic_uint points;     /* so many have, one by one */
	atomic_bool point_checked[]; /* n */
};

/* How many seals there are. */
uint64_t dpt_seals_count(uint64_t n, uint64_t far_rows, uint64_t cell_rows,
                         uint64_t rates);
/* NULL: memory. */
struct dpt_seals *dpt_seals_new(const struct dpt_ground *ground,
                                const uint64_t *seal, double least);

/* Fills the seals of a ground and its rates, whose others are rates x n. */
void dpt_seals_fill(const struct dpt_ground *ground, uint32_t rates,
                    const double *others, uint64_t *seal);

/* Whether what w is drawn from is sound; if not, that is noted. */
bool dpt_row_sound(const struct dpt_ground *ground, uint32_t w);
/* Whether the numbers of a rate are: n of them. */
bool dpt_rate_sound(const struct dpt_ground *ground, uint32_t rate,
                    const double *others);

/*
 * The same of the vector of v; use dpt_point_sound.  When so many have been
 * needed that the others will be, all are checked.
 */
bool dpt_point_check(const struct dpt_ground *ground, uint32_t v);

static inline bool dpt_point_sound(const struct dpt_ground *g, uint32_t v)
{
	return !g->seals ||
	       atomic_load_explicit(&g->seals->all, memory_order_relaxed) ||
	       dpt_point_check(g, v);
}

#endif
