/* SPDX-License-Identifier: MIT */
/*
 * A budget for the epsilon of a record, split evenly over its words.  The
 * channels it buys are the rungs of a ladder: any word alike, which costs
 * nothing; then the mechanism at the epsilons the index has settings for;
 * last the model itself.
 */
#ifndef DPT_LADDER_H
#define DPT_LADDER_H

#include "mech.h"

typedef struct dpt_ladder dpt_ladder;

/*
 * For a model that is open; fills model->info.rung.  The model is borrowed.
 * DPT_EPRIVACY where the mechanism keeps no epsilon, DPT_ERANGE where
 * parameters were given instead of one.
 */
DPT_MUST_USE enum dpt_status dpt_ladder_new(dpt_model *model,
                                            const struct dpt_settings *s,
                                            dpt_ladder **out, dpt_error *err);
void dpt_ladder_free(dpt_ladder *ladder);

/* As dpt_mech.draw, each record by its rung. */
void dpt_ladder_draw(const dpt_ladder *ladder, const struct dpt_batch *batch,
                     void *scratch, uint32_t *out);

#endif
