/* SPDX-License-Identifier: MIT */
/* Epsilons as amounts that can be counted. */
#ifndef DPT_SPREAD_H
#define DPT_SPREAD_H

#include "dptext.h"

/* In millionths, rounded up; epsilon is at least 0 and finite. */
uint64_t dpt_epsilon_units(double epsilon);

#endif
