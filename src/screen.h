/* SPDX-License-Identifier: MIT */
/*
 * A coarse copy of the vectors, one byte a number, that tells most words too
 * far away from another without reading their vectors.
 */
#ifndef DPT_SCREEN_H
#define DPT_SCREEN_H

#include "knn.h"

struct dpt_screen {
	int8_t *row; /* n rows of stride numbers, in steps */
	float *off;  /* no farther than this is a row from its copy */
	uint32_t stride;
	float step, inverse; /* and 1 / step */
};

DPT_MUST_USE enum dpt_status dpt_screen_new(struct dpt_screen *s,
                                            const struct dpt_ground *ground,
                                            dpt_error *err);
void dpt_screen_free(struct dpt_screen *s);

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
