/* SPDX-License-Identifier: MIT */
/*
 * Tests of fit.  All give the probability of a sample at least as far from
 * what was expected; samples are fixed by their seeds, so a test that holds
 * once holds always.
 */
#ifndef TEST_STATS_H
#define TEST_STATS_H

#include <stddef.h>
#include <stdint.h>

#define STATS_ALPHA 1e-6

/* Regularised incomplete gamma function P(a, x). */
double stats_gamma(double a, double x);
double stats_normal(double x);

/*
 * Pearson's test of counts against probabilities (or anything proportional
 * to them); cells expected fewer than 10 times are taken together.
 */
double stats_chi2(size_t cells, const uint64_t *seen, const double *p);

/* Two samples of counts: whether they may come from one distribution. */
double stats_chi2_same(size_t cells, const uint64_t *a, const uint64_t *b);

typedef double stats_cdf(const double *param, double x);

/* Kolmogorov and Smirnov; sorts the sample. */
double stats_ks(size_t n, double *x, stats_cdf *cdf, const double *param);

#endif
