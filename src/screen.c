/* SPDX-License-Identifier: MIT */
#include "screen.h"

#include "error.h"
#include "wide.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#define LANES 64U   /* numbers compared before looking whether it is enough */
#define MOST 32768U /* numbers copied: their squares fit 32 bits */
#define SAMPLE 512U /* rows that tell which step is best */

/* What is taken off every row before it is copied: distances stay as they
 * are, and numbers become smaller. */
struct frame {
	uint32_t full, numbers;
	float *center; /* with as much room behind it */
	float widest;  /* most that is left of any number */
};

DPT_WIDE static void widen(const float *x, uint32_t n, float *low, float *high)
{
	for (uint32_t i = 0; i < n; i++) {
		low[i] = x[i] < low[i] ? x[i] : low[i];
		high[i] = x[i] > high[i] ? x[i] : high[i];
	}
}

static void measure_frame(struct frame *f, const struct dpt_ground *g)
{
	float *low = f->center, *high = f->center + f->numbers;
	for (uint32_t i = 0; i < f->numbers; i++)
		low[i] = high[i] = g->vectors[i];
	for (uint32_t w = 1; w < g->n; w++)
		widen(g->vectors + (size_t)w * f->full, f->numbers, low, high);
	for (uint32_t i = 0; i < f->numbers; i++) {
		f->widest = fmaxf(f->widest, (high[i] - low[i]) / 2);
		f->center[i] = (low[i] + high[i]) / 2;
	}
}

/* Copies the first numbers of a row; the square of what is lost by it. */
DPT_WIDE static double copy(const struct frame *f, double step, float inverse,
                            const float *x, int8_t *to)
{
	double off = 0;
	for (uint32_t i = 0; i < f->numbers; i++) {
		float q = rintf((x[i] - f->center[i]) * inverse);
		q = q > 127 ? 127 : q < -127 ? -127 : q;
		double rest =
		    (double)x[i] - (double)f->center[i] - (double)q * step;
		to[i] = (int8_t)q;
		off += rest * rest;
	}
	for (uint32_t i = f->numbers; i < f->full; i++)
		off += (double)x[i] * (double)x[i];
	return off;
}

/* What is lost of rows spread over all, by one step. */
static double loss(const struct frame *f, const struct dpt_ground *g,
                   float step, int8_t *room)
{
	uint32_t apart = g->n < SAMPLE ? 1 : g->n / SAMPLE;
	double sum = 0;
	for (uint32_t w = 0; w < g->n; w += apart)
		sum += sqrt(copy(f, (double)step, 1 / step,
		                 g->vectors + (size_t)w * f->full, room));
	return sum;
}

/* Numbers beyond 127 steps are cut: a few cost less than coarser steps. */
static float best_step(const struct frame *f, const struct dpt_ground *g,
                       int8_t *room)
{
	float step = fmaxf(f->widest / 127, FLT_MIN), best = step;
	double least = loss(f, g, step, room);
	for (int i = 0; i < 6; i++) {
		step = fmaxf(step * 0.8F, FLT_MIN);
		double lost = loss(f, g, step, room);
		if (lost < least) {
			least = lost;
			best = step;
		}
	}
	return best;
}

uint32_t dpt_screen_stride(uint32_t dim)
{
	uint32_t numbers = dim < MOST ? dim : MOST;
	return (numbers + LANES - 1) / LANES * LANES;
}

enum dpt_status dpt_screen_make(const struct dpt_ground *g, int8_t *row,
                                float *off, float *step, dpt_error *err)
{
	uint32_t full = dpt_stride(g->dim), stride = dpt_screen_stride(g->dim);
	uint32_t numbers = full < MOST ? full : MOST;
	struct frame f = {full, numbers, malloc(2 * numbers * sizeof *f.center),
	                  0};
	if (!f.center)
		return dpt_fail_memory(err);
	measure_frame(&f, g);
	*step = best_step(&f, g, row);
	for (uint32_t w = 0; w < g->n; w++) {
		int8_t *to = row + (size_t)w * stride;
		double lost = copy(&f, (double)*step, 1 / *step,
		                   g->vectors + (size_t)w * full, to);
		for (uint32_t i = numbers; i < stride; i++)
			to[i] = 0;
		off[w] = (float)(sqrt(lost) * (1 + 1e-6));
	}
	free(f.center);
	return DPT_OK;
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
	float most = (radius + dpt_screen_slack(s, w, v, radius)) * s->each;
	float limit = most * most * 1.00001F;
	int32_t sum = 0;
	for (uint32_t k = 0; k < s->stride; k += LANES) {
		sum += squared(a + k, b + k);
		if ((float)sum > limit)
			return INFINITY;
	}
	return sqrtf((float)sum) * s->step;
}
