/* SPDX-License-Identifier: MIT */
/*
 * Exact verification of a channel: the largest
 *     |ln P(v|w) - ln P(v|x)| / d(w,x)   over all v, w and x != w.
 */
#ifndef DPT_VERIFY_H
#define DPT_VERIFY_H

#include "rates.h"

/*
 * A channel in logarithms.  Row w lists w itself and its neighbours in the
 * order of lists; a word v outside the list of w has
 *     ln P(v|w) = tail[w] - min(t d(w,v), clip).
 * Where outputs have weights, ln P(v|w) is ln q_v more than this and than what
 * is listed: that makes no difference to any ratio of an output.
 */
struct dpt_rows {
	struct dpt_space *space;
	const struct dpt_lists *lists;
	const double *weight; /* q of all words; NULL: all are 1 */
	double t;
	uint32_t listed; /* lists->k + 1; equal to n: there is no tail */
	double *log;     /* n x listed */
	double *tail;    /* n */
};

struct dpt_verdict {
	double epsilon;   /* infinite where some ratio is */
	uint32_t w, x, v; /* where it is met; w == x: in the tails */
};

/*
 * tails: the exact constant of the tails alone, eps_E(t) for E.  With limit
 * 0 the result is exact; with a larger one it only tells whether limit is
 * exceeded: out->epsilon is at most limit, or some ratio above it, which
 * is the largest among pairs of neighbours.
 */
DPT_MUST_USE enum dpt_status
dpt_verify(const struct dpt_rows *rows, double tails, double limit,
           unsigned threads, struct dpt_verdict *out, dpt_error *err);

#endif
