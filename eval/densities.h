/* SPDX-License-Identifier: MIT */
/* Gaussian kernel density estimates of a cloud of points. */
#ifndef EVAL_DENSITIES_H
#define EVAL_DENSITIES_H

#include "cloud.h"

/*
 * The bandwidths of two rules for normally distributed points with deviation
 * `spread` in each of dim directions, n of them:
 *     Scott      spread n^(-1 / (dim + 4))
 *     Silverman  spread (4 / (dim + 2))^(1 / (dim + 4)) n^(-1 / (dim + 4))
 * (Scott, Multivariate Density Estimation, 1992, equation 6.42; Silverman,
 * Density Estimation, 1986, equation 4.14).
 */
double density_scott(size_t n, size_t dim, double spread);
double density_silverman(size_t n, size_t dim, double spread);

/* The root of the mean variance of the coordinates. */
double density_spread(const struct points *p);

/*
 * ln of the estimate at each point w from all others,
 *     1 / (n - 1) sum over u != w of N(u; w, h[w]^2 I),
 * so that h may differ from point to point: with the distance of the k-th
 * neighbour for h it is the balloon estimator of Terrell and Scott, Annals of
 * Statistics, 1992.  Products in single precision, sums in double.
 */
void density_estimate(const struct points *p, const double *h,
                      double *log_density);

/* Spearman's correlation of ranks; equal values share theirs. */
double rank_correlation(size_t n, const double *a, const double *b);

#endif
