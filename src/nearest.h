/* SPDX-License-Identifier: MIT */
/* The exact nearest row of arbitrary points, many at a time. */
#ifndef DPT_NEAREST_H
#define DPT_NEAREST_H

#include "blas.h"
#include "space.h"

#define DPT_NEAREST_POINTS 512 /* at most, in one call */

/* Scratch bytes for dpt_nearest; alignment 64. */
size_t dpt_nearest_scratch(void);

/*
 * out[i] is the row nearest to points[i * stride], ties to the lowest row:
 * single precision proposes all rows within a proved margin, a fixed-order
 * double computation decides.  Points have zeros in their padding.
 */
void dpt_nearest(const struct dpt_blas *blas, const struct dpt_space *space,
                 const float *half_norms, size_t n, const float *points,
                 void *scratch, uint32_t *out);

/* |x|^2 / 2 of every row, rounded to float. */
void dpt_half_norms(const struct dpt_space *space, float *out);

#endif
