/* SPDX-License-Identifier: MIT */
/*
 * What is known of the exponential kernel at certain rates: the rates stored
 * in an index, and those measured since.
 */
#ifndef DPT_RATES_H
#define DPT_RATES_H

#include "normal.h"

/*
 * All of E(v|w) = kernel(t d(w,v)) / Z_t(w), exactly; where the ground has
 * weights, of E(v|w) proportional to q_v kernel(t d(w,v)).
 */
struct dpt_rate {
	double t;
	double epsilon;              /* eps_E(t) */
	double unchanged_mean;       /* of E(w|w), uniform over words */
	double unchanged_token_mean; /* weighted by 1/(rank + 2.7) */
	double distance_mean;        /* expected distance, uniform */
};

struct dpt_rates {
	struct dpt_ground ground;
	unsigned threads;
	dpt_progress_fn *progress;
	void *progress_ctx;

	size_t count, room, borrowed;
	struct dpt_rate *rate;
	const double **others;  /* for each rate, of all words: see normal.h */
	struct dpt_space space; /* opened when first needed */
};

/* Frees what was measured; all that was put in is borrowed. */
void dpt_rates_free(struct dpt_rates *r);

/* Puts in rates that are already known; others holds n values for each. */
DPT_MUST_USE enum dpt_status dpt_rates_borrow(struct dpt_rates *r, size_t count,
                                              const struct dpt_rate *rate,
                                              const double *others,
                                              dpt_error *err);

/* Adds a rate that is known from elsewhere; others is copied. */
DPT_MUST_USE enum dpt_status dpt_rates_keep(struct dpt_rates *r,
                                            const struct dpt_rate *rate,
                                            const double *others,
                                            dpt_error *err);

/* Keeps the rates of a finished pass. */
DPT_MUST_USE enum dpt_status
dpt_rates_take(struct dpt_rates *r, const struct dpt_normal *z, dpt_error *err);

/* Measures the rates t[0..n-1] and adds them, in one pass over all pairs. */
DPT_MUST_USE enum dpt_status dpt_rates_measure(struct dpt_rates *r, size_t n,
                                               const double *t, dpt_error *err);

/* Opens r->space, if it is not open yet. */
DPT_MUST_USE enum dpt_status dpt_rates_space(struct dpt_rates *r,
                                             dpt_error *err);

/* The number of rate t, measured if it is not known yet. */
DPT_MUST_USE enum dpt_status dpt_rates_find(struct dpt_rates *r, double t,
                                            size_t *out, dpt_error *err);

/* ln q_v; 0 without weights. */
double dpt_log_weight(const struct dpt_ground *ground, uint32_t v);

/* The share of a word of this rank among tokens: 1/(rank + 2.7). */
double dpt_token_weight(uint32_t rank);

#endif
