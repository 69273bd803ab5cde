/* SPDX-License-Identifier: MIT */
/*
 * Random numbers of experiments, the same for the same seed and not for
 * privacy: splitmix64 (Steele, Lea and Flood, OOPSLA 2014).
 */
#ifndef EVAL_RANDOM_H
#define EVAL_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct random_state {
	uint64_t state; /* the seed */
};

/* Uniform in (0, 1). */
double random_unit(struct random_state *r);
/* n independent standard normals. */
void random_normals(struct random_state *r, size_t n, double *out);
/* Uniform on 0..n-1; n is far below 2^53. */
size_t random_below(struct random_state *r, size_t n);

#endif
