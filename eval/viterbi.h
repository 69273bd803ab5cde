/* SPDX-License-Identifier: MIT */
/* The likeliest text, and the likeliest words, behind a rewritten text. */
#ifndef EVAL_VITERBI_H
#define EVAL_VITERBI_H

#include "language.h"

/* A word that may have become the one that is seen. */
struct candidate {
	uint32_t word; /* DPT_NO_WORD: there is none, nor behind it */
	double log;    /* ln P(seen|word) */
};

/*
 * Chooses one candidate for each of n places, so that the sum of all
 * ln P(seen|word) and ln P(word|word before) is largest; the first word has
 * ln P(word).  Place i has at most choices candidates, at least one, in
 * place[i].  Ties go to the first.
 */
void viterbi_decode(const struct language *l, size_t n, size_t choices,
                    const struct candidate *const *place, uint32_t *best);

/*
 * As viterbi_decode, but for each place the word that is likeliest over all
 * texts (forward and backward sums): fewest words are wrong on average.
 */
void viterbi_words(const struct language *l, size_t n, size_t choices,
                   const struct candidate *const *place, uint32_t *best);

#endif
