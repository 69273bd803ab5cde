/* SPDX-License-Identifier: MIT */
/*
 * P(v|w) of one output v and all words w, for an attacker: exact where the
 * channel is finite.  Otherwise it is taken to depend on the distance of v
 * and w alone, and to fall with it; how, is estimated from draws for words
 * that are spread over the tokens of a language.  That is less than could be
 * known, so attacks by it succeed at most as often as the best ones.
 */
#ifndef EVAL_LIKELIHOOD_H
#define EVAL_LIKELIHOOD_H

#include "language.h"

struct likelihood {
	const dpt_index *index;
	dpt_columns *exact; /* NULL: by distance */
	double *at;         /* by distance: the first is 0, then steps */
	size_t steps;
};

/* The model, and its index, are borrowed. */
DPT_MUST_USE enum dpt_status likelihood_new(struct likelihood *l,
                                            const dpt_model *model,
                                            const dpt_index *index,
                                            const struct language *language,
                                            unsigned threads, dpt_error *err);
/* By distance, whatever the model. */
DPT_MUST_USE enum dpt_status likelihood_draw(struct likelihood *l,
                                             const dpt_model *model,
                                             const dpt_index *index,
                                             const struct language *language,
                                             dpt_error *err);
/* Fills p for all words. */
void likelihood_at(const struct likelihood *l, uint32_t v, double *p);
void likelihood_free(struct likelihood *l);

/*
 * The closest falling sequence: weighted least squares, by pooling adjacent
 * violators (Ayer et al., 1955).
 */
void likelihood_fall(double *y, const double *weight, size_t n);

#endif
