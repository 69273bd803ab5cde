/* SPDX-License-Identifier: MIT */
/*
 * The tail of a channel whose outputs have weights: a word outside the list
 * of w with probability proportional to q_v kernel(t d(w,v)).
 */
#ifndef DPT_WEIGHTED_H
#define DPT_WEIGHTED_H

#include "tail.h"

/* The sum of q_v times the kernel over the tail, directly. */
double dpt_weighted_sum(const struct dpt_ground *ground, double t, uint32_t w);

/*
 * A draw: tail is that of the same ground and t, which draws without weights;
 * what it gives is accepted with probability q_v, exact to 2^-64.
 */
uint32_t dpt_weighted_draw(const struct dpt_ground *ground, double t,
                           const dpt_tail *tail, struct dpt_rng *rng,
                           uint32_t w);

#endif
