/* SPDX-License-Identifier: MIT */
/*
 * Plain local differential privacy of a channel for one word: the largest
 * ln P(v|w) - ln P(v|x) over all v, w and x, whatever their distance.
 */
#ifndef DPT_WORST_H
#define DPT_WORST_H

#include "verify.h"

/* Exact; infinite where some ratio is. */
DPT_MUST_USE enum dpt_status dpt_worst_loss(const struct dpt_rows *rows,
                                            double *out, dpt_error *err);

#endif
