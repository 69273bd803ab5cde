/* SPDX-License-Identifier: MIT */
/* The formulas, computed the slow and plain way. */
#ifndef TEST_REFERENCE_H
#define TEST_REFERENCE_H

#include "index.h"

/* exp(-min(td, clip)) */
double ref_kernel(double td);

/* Z_t(w) - 1 and the sum of d times the kernel, of all words. */
void ref_sums(const struct dpt_space *s, double t, double *others,
              double *moments);

/* p[k], k from 1 to max: Poisson conditioned on that range. */
void ref_poisson(double mean, uint32_t max, double *p);

/* P(v|w) of all n words v, for the channel of channel.h. */
void ref_row(const struct dpt_space *s, const struct dpt_setting *setting,
             double t, uint32_t w, double *p);

/* The same for all w: n x n; to be freed. */
double *ref_channel(const struct dpt_space *s,
                    const struct dpt_setting *setting, double t);

struct ref_verdict {
	double epsilon;
	uint32_t w, x, v;
};

/* max |ln P(v|w) - ln P(v|x)| / d(w,x) of an n x n matrix of logarithms. */
struct ref_verdict ref_epsilon(const struct dpt_space *s, const double *logs);

/* Takes logarithms of n x n probabilities in place. */
void ref_logs(uint32_t n, double *p);

#endif
