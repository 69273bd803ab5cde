/* SPDX-License-Identifier: MIT */
/*
 * How fluent a text is: its perplexity under a bigram model of others.
 *
 * Interpolated Kneser-Ney smoothing with a discount of 0.75 (Kneser and Ney,
 * "Improved backing-off for m-gram language modeling", ICASSP 1995; in the
 * interpolated form of Chen and Goodman 1999, section 2.7):
 *
 *	P(w|h) = (max(c(hw) - D, 0) + D F(h) P(w)) / c(h)
 *	P(w) = (max(B(w) - D, 0) + D V / (V + 1)) / N
 *
 * c: counts of pairs, and of words before others; F(h): different words
 * behind h; B(w): different words before w; N: different pairs; V: different
 * words.  All words that the model has not seen are one more word, whose B is
 * 0.  A text begins behind a mark of its own; its end is not predicted.
 * Words are those of features.h.
 */
#ifndef EVAL_NGRAM_H
#define EVAL_NGRAM_H

#include "names.h"
#include "texts.h"

struct ngram {
	struct names words;
	struct pair *pair; /* in rising order */
	size_t pairs;
	double *seen, *behind, *before; /* c, F, B; seen[n]: of the mark */
};

void ngram_make(struct ngram *m, const struct texts *texts);
/*
 * P(word|last): numbers among words, or -1: an unknown word; last may be
 * words.n: the mark.
 */
double ngram_p(const struct ngram *m, int last, int word);
/* exp(- mean ln P) of all words of the texts; NaN without any. */
double ngram_perplexity(const struct ngram *m, const struct texts *texts);
void ngram_free(struct ngram *m);

#endif
