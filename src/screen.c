/* SPDX-License-Identifier: MIT */
#include "screen.h"

#include "error.h"
#include "wide.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#define LANES 64U  /* numbers compared before looking whether it is enough */
#define MOST 32768U /* numbers copied: their squares fit 32 bits */

static float largest(const struct dpt_ground *g, uint32_t stride)
{
	float most = 0;
	for (size_t i = 0; i < (size_t)g->n * stride; i++)
		most = fmaxf(most, fabsf(g->vectors[i]));
	return most;
}

/* Copies the first numbers of a row; the square of what is lost by it. */
DPT_WIDE static double copy(const struct dpt_screen *s, const float *x,
                            uint32_t full, uint32_t numbers, int8_t *to)
{
	double off = 0, step = (double)s->step;
	for (uint32_t i = 0; i < numbers; i++) {
		float q = rintf(x[i] * s->inverse);
		q = q > 127 ? 127 : q < -127 ? -127 : q;
		double rest = (double)x[i] - (double)q * step;
		to[i] = (int8_t)q;
		off += rest * rest;
	}
	for (uint32_t i = numbers; i < full; i++)
		off += (double)x[i] * (double)x[i];
	return off;
}

enum dpt_status dpt_screen_new(struct dpt_screen *s, const struct dpt_ground *g,
                               dpt_error *err)
{
	uint32_t full = dpt_stride(g->dim), numbers = full < MOST ? full : MOST;
	double off = 0;
	*s = (struct dpt_screen){
	    .stride = (numbers + LANES - 1) / LANES * LANES,
	    .step = fmaxf(largest(g, full) / 127, FLT_MIN),
	};
	s->inverse = 1 / s->step;
	s->row = aligned_alloc(LANES, (size_t)g->n * s->stride);
	if (!s->row)
		return dpt_fail_memory(err);
	for (uint32_t w = 0; w < g->n; w++) {
		int8_t *to = s->row + (size_t)w * s->stride;
		for (uint32_t i = numbers; i < s->stride; i++)
			to[i] = 0;
		off = fmax(off, copy(s, g->vectors + (size_t)w * full, full,
		                     numbers, to));
	}
	s->off = (float)(sqrt(off) * (1 + 1e-6));
	return DPT_OK;
}

void dpt_screen_free(struct dpt_screen *s)
{
	free(s->row);
	*s = (struct dpt_screen){0};
}

static inline int32_t squared(const int8_t *a, const int8_t *b)
{
	int32_t sum = 0;
	for (int i = 0; i < (int)LANES; i++) {
		int16_t d = (int16_t)(a[i] - b[i]);
		sum += d * d;
	}
	return sum;
}

DPT_WIDE float dpt_screen_distance(const struct dpt_screen *s, uint32_t w,
                                   uint32_t v, float radius)
{
	const int8_t *a = s->row + (size_t)w * s->stride;
	const int8_t *b = s->row + (size_t)v * s->stride;
	float most = (radius + dpt_screen_slack(s, radius)) * s->inverse;
	float limit = most * most * 1.00001F;
	int32_t sum = 0;
	for (uint32_t k = 0; k < s->stride; k += LANES) {
		sum += squared(a + k, b + k);
		if ((float)sum > limit)
			return INFINITY;
	}
	return sqrtf((float)sum) * s->step;
}
