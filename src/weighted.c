/* SPDX-License-Identifier: MIT */
#include "weighted.h"

#include "kernels.h"

#include <math.h>

/* Goes over the tail of w until the sum of its terms is beyond a number. */
struct walk {
	double sum;
	uint32_t word;
};

static struct walk walk(const struct dpt_ground *g, double t, uint32_t w,
                        double until)
{
	uint32_t stride = dpt_stride(g->dim);
	const float *x = g->vectors + (size_t)w * stride;
	struct walk walk = {0, w};
	for (uint32_t v = 0; v < g->n && walk.sum <= until; v++) {
		double d = sqrt(
		    dpt_squared(x, g->vectors + (size_t)v * stride, stride));
		if (!dpt_list_behind(&g->lists, w, v, d))
			continue;
		walk.sum += g->weight[v] * exp(-dpt_clipped(t * d));
		walk.word = v;
	}
	return walk;
}

double dpt_weighted_sum(const struct dpt_ground *g, double t, uint32_t w)
{
	return walk(g, t, w, INFINITY).sum;
}

static bool accept(double q, struct dpt_rng *rng)
{
	return q >= 1 || dpt_rng_u64(rng) < (uint64_t)(q * 0x1p64);
}

/* Where as many proposals fail as there are words, a pass over all decides. */
uint32_t dpt_weighted_draw(const struct dpt_ground *g, double t,
                           const dpt_tail *tail, struct dpt_rng *rng,
                           uint32_t w)
{
	for (uint32_t tries = 0; tries < g->n; tries++) {
		uint32_t v = dpt_tail_try(tail, rng, w);
		if (v != DPT_NO_WORD && accept(g->weight[v], rng))
			return v;
	}
	return walk(g, t, w, dpt_rng_unit(rng) * dpt_weighted_sum(g, t, w))
	    .word;
}
