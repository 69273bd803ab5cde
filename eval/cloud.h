/* SPDX-License-Identifier: MIT */
/* The distances of any point to all words. */
#ifndef EVAL_CLOUD_H
#define EVAL_CLOUD_H

#include <stddef.h>

struct points {
	size_t n, dim;
	float *x; /* n rows of dim numbers */
};

struct cloud {
	size_t n, dim;
	double *mean;
	float *x;      /* about the mean */
	float *square; /* lengths */
	float *at;     /* the point */
	float *d2;     /* squared distances of it to all */
};

void cloud_make(struct cloud *c, const struct points *p);
void cloud_free(struct cloud *c);
/* Fills d2, in single precision, and returns the nearest. */
size_t cloud_measure(struct cloud *c, const double *z);

#endif
