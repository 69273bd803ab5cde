/* SPDX-License-Identifier: MIT */
/*
 * The normaliser of the exponential kernel,
 *     Z_t(w) = sum_v exp(-min(t d(w,v), clip)),
 * and how fast its logarithm changes, which is what the exponential
 * mechanism costs beyond t:
 *     eps_E(t) = t + max_{w != x} |ln Z_t(w) - ln Z_t(x)| / d(w,x).
 *
 * What is stored is Z_t(w) - 1, the sum over the other words: at large t it
 * is tiny beside the 1 of the word itself, and must keep its precision.
 *
 * Where the outputs have weights, each term counts q_v times, and what is
 * stored is the sum over the other words divided by q_w.
 */
#ifndef DPT_NORMAL_H
#define DPT_NORMAL_H

#include "knn.h"
#include "space.h"

/* Collects Z_t for several t from the tiles of one dpt_pairs pass. */
struct dpt_normal {
	const struct dpt_space *space;
	size_t rates;
	const double *t;      /* rates values, > 0 */
	bool powers;          /* t[k] is (k + 1) t[0] for all k */
	const double *weight; /* q, set before the pass; NULL: all are 1 */
	double *others;       /* rates x n: Z_t - 1 */
	double *moments;      /* rates x n: sums of d times the kernel */
};

/* Allocates the sums, all 0; t is borrowed. */
DPT_MUST_USE enum dpt_status dpt_normal_new(struct dpt_normal *z,
                                            const struct dpt_space *space,
                                            size_t rates, const double *t,
                                            dpt_error *err);
void dpt_normal_free(struct dpt_normal *z);
/* A dpt_tile_fn of dpt_pairs; ctx is a struct dpt_normal. */
void dpt_normal_visit(void *ctx, unsigned thread, const struct dpt_tile *t);
/* After the pass: divides by the weights, if there are any. */
void dpt_normal_finish(struct dpt_normal *z);

/*
 * The exact maximum over all pairs of |v[w] - v[x]| / d(w,x); infinite where
 * some v is not finite.  Pairs at distance 0 must not occur.
 */
DPT_MUST_USE enum dpt_status dpt_steepness(const struct dpt_space *space,
                                           const struct dpt_lists *lists,
                                           const double *v, unsigned threads,
                                           double *out, dpt_error *err);

#endif
