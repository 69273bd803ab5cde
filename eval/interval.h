/* SPDX-License-Identifier: MIT */
/* Means and how sure they are. */
#ifndef EVAL_INTERVAL_H
#define EVAL_INTERVAL_H

#include <stddef.h>

struct interval {
	double mean;
	double half; /* of the 95 % interval by Student's t; NaN: n is 1 */
};

struct interval interval_of(const double *x, size_t n);

/*
 * Sum of x over sum of y, as of n clusters: x are hits among y items each.
 * The interval is of a ratio estimator (Cochran, "Sampling techniques", 1977,
 * 6.4), by the normal distribution; clusters without items do not count.
 */
struct interval interval_ratio(const double *x, const double *y, size_t n);

#endif
