/* SPDX-License-Identifier: MIT */
/* Amounts and their intervals. */
#ifndef DPT_SPREAD_H
#define DPT_SPREAD_H

#include "dptext.h"

/* In millionths, rounded up; epsilon is at least 0 and finite. */
uint64_t dpt_epsilon_units(double epsilon);

/* The number of the interval an amount is counted in. */
size_t dpt_spread_interval(uint64_t amount);

#endif
