/* SPDX-License-Identifier: MIT */
/*
 * Multivariate Laplace noise cut off by what is around the word, as Feyisetan,
 * Aggarwal, Xu and Teissier propose (Research challenges in designing
 * differentially private text generation mechanisms, FLAIRS 2021).  Neither
 * keeps any epsilon: what can come of a word depends on the word.
 */
#ifndef EVAL_TRUNCATED_H
#define EVAL_TRUNCATED_H

#include "random.h"

enum { RADIUS_STEPS = 8192 };

/* The length of noise in dim dimensions, conditioned to be at most most. */
struct radius {
	double most;
	double cdf[RADIUS_STEPS]; /* at (i + 1) / RADIUS_STEPS of most */
};

void radius_make(struct radius *r, size_t dim, double epsilon, double most);
double radius_draw(const struct radius *r, struct random_state *random);
/* Noise of this length in a random direction is added to z. */
void radius_add(struct random_state *random, double length, size_t dim,
                double *z);

#endif
