/* SPDX-License-Identifier: MIT */
/* Making and using the coarse copy of the vectors, struct dpt_screen. */
#ifndef DPT_SCREEN_H
#define DPT_SCREEN_H

#include "knn.h"

/* Bytes of a copied row of so many numbers. */
uint32_t dpt_screen_stride(uint32_t dim);

/*
 * Fills row (n x dpt_screen_stride) and off (n) with the copy of n vectors of
 * dim numbers, padded; returns its step.
 */
DPT_MUST_USE enum dpt_status dpt_screen_make(const struct dpt_ground *ground,
                                             int8_t *row, float *off,
                                             float *step, dpt_error *err);

/*
 * The distance of the copies of w and v, from which that of the words differs
 * by less than their dpt_screen_slack; or, as soon as the distance of the
 * words is seen to be above radius, infinity.
 */
float dpt_screen_distance(const struct dpt_screen *s, uint32_t w, uint32_t v,
                          float radius);

/* By the triangle inequality, with room for rounding. */
static inline float dpt_screen_slack(const struct dpt_screen *s, uint32_t w,
                                     uint32_t v, float distance)
{
	return s->off[w] + s->off[v] + 1e-5F * distance;
}

/* Asks for a row before it is needed. */
static inline void dpt_screen_prefetch(const struct dpt_screen *s, uint32_t v)
{
	const int8_t *row = s->row + (size_t)v * s->stride;
	__builtin_prefetch(row);
	__builtin_prefetch(row + 64);
	__builtin_prefetch(&s->off[v]);
}

#endif
