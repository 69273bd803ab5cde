/* SPDX-License-Identifier: MIT */
/* The mechanisms and epsilons an experiment goes through. */
#ifndef EVAL_SWEEP_H
#define EVAL_SWEEP_H

#include "choice.h"

#include <stdio.h>

/* Rows for the option table of a command; the rest is choice_option's. */
#define SWEEP_OPTIONS                                                          \
	{'e', "epsilon", "EPS,...", "privacy losses to try [2]"},              \
	    {'m', "mechanism", "MECH,...",                                     \
	     "mechanisms to try, or all [the default one]"},                   \
	    {'x', "index", "INDEX",                                            \
	     "index of an embedding [the default one]"},                       \
	    {OPT_MAX_UNCHANGED, "max-unchanged", "U",                          \
	     "largest share of tokens left as they are [0.5]"},                \
	{                                                                      \
		'T', "threads", "N", "worker threads [one a processor]"        \
	}

enum { SWEEP_MOST = 32 };

struct sweep {
	double epsilon[SWEEP_MOST];
	const struct dpt_mechanism *mechanism[SWEEP_MOST];
	size_t epsilons, mechanisms;
};

void sweep_start(struct sweep *s);
/* Takes one of SWEEP_OPTIONS; false if it is none of them. */
bool sweep_option(struct sweep *s, struct choice *c, int id, const char *arg);
/* "-e 1,2 -m gumbel --max-unchanged 0.5". */
void sweep_print(const struct sweep *s, const struct choice *c, FILE *f);
/*
 * Opens a model.  *refused: the mechanism cannot keep the epsilon; that is
 * said, and no fault.  False after saying any other fault.
 */
bool sweep_open(struct choice *c, const struct dpt_mechanism *mechanism,
                double epsilon, bool *refused);
/* Closes the model, if there is one. */
void sweep_close(struct choice *c);

#endif
