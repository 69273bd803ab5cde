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

#endif
