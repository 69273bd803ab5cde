/* SPDX-License-Identifier: MIT */
/* Statistics of a mechanism that has no finite channel, by drawing. */
#ifndef DPT_SIMULATE_H
#define DPT_SIMULATE_H

#include "mech.h"

/* Fills the shares and the distance, with 95 % intervals; the rest is NaN. */
DPT_MUST_USE enum dpt_status
dpt_simulate(const dpt_model *model, struct dpt_audit *out, dpt_error *err);

#endif
