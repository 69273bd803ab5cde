/* SPDX-License-Identifier: MIT */
/*
 * Metropolis-Hastings: a Markov chain whose draws are, in the end, those of a
 * distribution that is known up to a constant.
 */
#ifndef EVAL_CHAIN_H
#define EVAL_CHAIN_H

#include "random.h"

#include <stdbool.h>

/* ln of the density at z, up to a constant. */
typedef double chain_density(void *ctx, const double *z);

/*
 * Proposes to, from from.  Returns ln q(from|to) - ln q(to|from), Hastings'
 * correction: 0 if the proposal is as likely one way as the other.
 */
typedef double chain_move(struct random_state *r, size_t dim, double step,
                          const double *from, double *to);

/* Normal steps with deviation step: symmetric. */
double chain_walk(struct random_state *r, size_t dim, double step,
                  const double *from, double *to);

struct chain {
	size_t dim;
	chain_density *density;
	void *ctx; /* of density */
	chain_move *move;
	double step;
	struct random_state random;
	double *z, *proposal; /* dim numbers each; the caller's */
	double log_density;   /* at z */
	size_t steps, accepted;
};

/* All but the last three fields are filled, and z is where it starts. */
void chain_start(struct chain *c);
/* One step; whether the proposal was taken. */
bool chain_step(struct chain *c);
/*
 * So many steps that are not to be used, adapting step until a share of about
 * wanted is accepted (Robbins and Monro); the step is fixed from then on.
 */
void chain_warm_up(struct chain *c, size_t steps, double wanted);

/*
 * Of several chains, x[chain * draws + i], draws even and at least 8: the
 * split R-hat and the effective number of draws as in Gelman and others,
 * Bayesian Data Analysis, 3rd edition, section 11.4 and 11.5.
 */
double chain_rhat(const double *x, size_t chains, size_t draws);
double chain_effective(const double *x, size_t chains, size_t draws);

#endif
