/* SPDX-License-Identifier: MIT */
/*
 * Guessing words from what they became.  An attacker sees the output for
 * each word of a text, knows the mechanism, and has read other texts of the
 * kind.
 */
#ifndef EVAL_INVERSION_H
#define EVAL_INVERSION_H

#include "interval.h"
#include "likelihood.h"

enum guess {
	GUESS_SAME,    /* that nothing was changed */
	GUESS_NEAREST, /* the nearest other word */
	GUESS_PRIOR,   /* the most frequent word, whatever is seen */
	GUESS_UNIGRAM, /* the likeliest by Bayes, each word by itself */
	GUESS_TEXT,    /* the likeliest text by bigrams, */
	GUESS_WORDS,   /* and the likeliest words in it, see viterbi.h */
	GUESSES
};

enum subset {
	ALL_WORDS,
	CHANGED_WORDS, /* that came out as others */
	CONTENT_WORDS, /* but the INVERSION_COMMON most frequent of the index */
	SUBSETS
};

enum { INVERSION_COMMON = 100 };

struct inversion {
	struct interval success[GUESSES][SUBSETS]; /* shares of words */
	double expected; /* of GUESS_UNIGRAM, if the attacker's prior is true */
	size_t words;    /* that were attacked */
};

/*
 * Attacks what the words of texts became.  choices: how many candidates for
 * each word the attacks by bigrams consider, those of the highest posterior.
 * Intervals are over texts.
 */
void inversion_run(struct inversion *out, const struct sequences *texts,
                   const uint32_t *became, const struct language *language,
                   const struct likelihood *likelihood, size_t choices);

#endif
