/* SPDX-License-Identifier: MIT */
/* What the tables of `dptext-eval density` have in common. */
#ifndef EVAL_LANDSCAPE_H
#define EVAL_LANDSCAPE_H

#include "densities.h"
#include "sweep.h"
#include "tsv.h"

struct landscape {
	struct choice choice;
	struct sweep sweep;
	uint32_t neighbours; /* k */
	double bandwidth;    /* 0: the mean distance of the k-th neighbours */
	const char *words;   /* of the chains */
	size_t draws;        /* of each chain, or of each word */
	struct points points;
	struct tsv output;
};

/* The distance of the k-th neighbour of a word, and the mean of all. */
double landscape_reach(const struct landscape *l, uint32_t w);
double landscape_mean_reach(const struct landscape *l);

/* Print a table; false after saying why not. */
bool landscape_deciles(struct landscape *l);
bool landscape_chains(struct landscape *l);
bool landscape_truncation(struct landscape *l);

#endif
