/* SPDX-License-Identifier: MIT */
/* Draws from the rows of a channel. */
#ifndef DPT_SAMPLER_H
#define DPT_SAMPLER_H

#include "channel.h"
#include "tail.h"

typedef struct dpt_sampler dpt_sampler;

/* The channel is borrowed. */
DPT_MUST_USE enum dpt_status dpt_sampler_new(const dpt_channel *channel,
                                             dpt_sampler **out, dpt_error *err);
void dpt_sampler_free(dpt_sampler *sampler);

/*
 * What w becomes where u, below 2^63, falls among its weights: w, one of its
 * neighbours, or DPT_NO_WORD, for a word of the tail.
 */
uint32_t dpt_sampler_pick(const dpt_sampler *sampler, uint32_t w, uint64_t u);

/* Draws the words of the tail, without weights. */
const dpt_tail *dpt_sampler_tail(const dpt_sampler *sampler);

/* What a record becomes depends on nothing but its stream and its words. */
void dpt_sampler_draw(const dpt_sampler *sampler, const struct dpt_batch *batch,
                      uint32_t *out);

#endif
