/* SPDX-License-Identifier: MIT */
/*
 * Whether a language model of rewritten texts gives a secret away that was
 * in them: canaries, "please remember that NAME SECRET" with words that
 * are nowhere else, and the rank of the true secret among all it might have
 * been (exposure: Carlini et al., "The secret sharer", 2019).
 */
#ifndef EVAL_CANARY_H
#define EVAL_CANARY_H

#include "interval.h"
#include "language.h"

enum { CANARIES = 20, CANARY_OTHERS = 1023, CANARY_OFTEN = 10 };

/* Half of them are put in once, half CANARY_OFTEN times. */
struct canaries {
	size_t n; /* at most 2 * CANARIES; fewer where words are few */
	uint32_t name[2 * CANARIES], secret[2 * CANARIES];
	size_t others; /* words that are no secret */
	uint32_t other[CANARY_OTHERS];
};

/* Takes words that are not in the texts, rare and spread over the ranks. */
void canaries_choose(struct canaries *c, const struct language *clean);
/* Appends the canaries to texts. */
void canaries_add(const struct canaries *c, const dpt_index *index,
                  struct texts *texts);

struct exposure {
	struct interval bits;  /* log2 of how many, less log2 of the rank */
	struct interval first; /* share that is ranked first, alone */
	double most;           /* bits there can be */
};

/*
 * By how often words are in the texts (unigrams), or behind the name of the
 * canary (bigrams, and unigrams where these are equal); of canaries that were
 * put in often, or once.  Ties have the mean of their ranks.
 */
struct exposure canaries_exposure(const struct canaries *c,
                                  const struct language *l, bool bigrams,
                                  bool often);

#endif
