/* SPDX-License-Identifier: MIT */
/* From an epsilon to the parameters of a mechanism. */
#ifndef DPT_CALIBRATE_H
#define DPT_CALIBRATE_H

#include "channel.h"

/*
 * The share by which a verified epsilon stays below the one asked for: more
 * than covers the rounding of normalisers, weights and acceptance.
 */
#define DPT_SLACK 1e-6

/* A rate of the exponential kernel with all that is known of it. */
struct dpt_rate {
	double t;
	double epsilon;		     /* eps_E(t), exact */
	double unchanged_mean;	     /* of E, uniform over words */
	double unchanged_token_mean; /* and weighted by 1/(rank + 2.7) */
	double *others;		     /* Z_t(w) - 1; malloc'd */
};

/* Measures eps_E of one rate: two passes over the pairs. */
DPT_MUST_USE enum dpt_status dpt_rate_measure(const dpt_index *index, double t,
					      const struct dpt_settings *s,
					      struct dpt_rate *out,
					      dpt_error *err);

/*
 * The largest rate found with eps_E(t) <= (1 - slack) epsilon and a token
 * unchanged share of at most max_unchanged.
 */
DPT_MUST_USE enum dpt_status dpt_rate_calibrate(const dpt_index *index,
						const struct dpt_settings *s,
						struct dpt_rate *out,
						dpt_error *err);

#endif
