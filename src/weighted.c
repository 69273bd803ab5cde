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

/* A round of the tail without weights: a word of it, or DPT_NO_WORD. */
static uint32_t propose(const dpt_tail *tail, struct dpt_rng *rng, uint32_t w)
{
	struct dpt_round round = {.w = w};
	uint32_t v = DPT_NO_WORD;
	dpt_tail_aim(tail, rng, &round);
	dpt_tail_propose(tail, rng, &round);
	dpt_tail_read(tail, &round);
	while (v == DPT_NO_WORD && round.at < round.tries) {
		v = dpt_tail_judge(tail, &round);
		if (v == DPT_NO_WORD && round.at < round.tries)
			v = dpt_tail_measure(tail, rng, &round);
	}
	return v;
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
	for (uint32_t tries = 0; tries < g->n; tries += DPT_TRIES) {
		uint32_t v = propose(tail, rng, w);
		if (v != DPT_NO_WORD && accept(g->weight[v], rng))
			return v;
	}
	return walk(g, t, w, dpt_rng_unit(rng) * dpt_weighted_sum(g, t, w))
	    .word;
}
