/* SPDX-License-Identifier: MIT */
/* Composition of privacy losses, and the report of a run. */
#ifndef DPT_ACCOUNT_H
#define DPT_ACCOUNT_H

#include "dptext.h"

#define DPT_MOST_COMPOSED (UINT64_C(1) << 32)
#define DPT_MOST_LOSS 100.0 /* above, nothing is gained by any delta */

/*
 * ln delta_i of the composition theorem (see dpt_compose_optimal): that of
 * (words - 2i) epsilon, i from 0 to words / 2, words at most
 * DPT_MOST_COMPOSED, epsilon above 0 and at most DPT_MOST_LOSS.  The relative
 * error of delta_i is below 1e-9 where a double can hold it.
 */
double dpt_compose_log_delta(double epsilon, uint64_t words, uint64_t i);

#endif
