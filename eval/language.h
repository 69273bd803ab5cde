/* SPDX-License-Identifier: MIT */
/*
 * What an attacker knows of a language: how frequent words and pairs of words
 * are in some texts, smoothed.
 *
 *     P(w)   = (c(w) / n + q(w) / 10) / 1.1,  q(w) ~ 1 / (rank of w + 2.7)
 *     P(w|u) = (c(u,w) + m P(w)) / (c(u) + m)
 *
 * with c how often words, and pairs of neighbours in a text, are there, and m
 * the power of 2 by which each pair is likeliest when it is left out itself.
 */
#ifndef EVAL_LANGUAGE_H
#define EVAL_LANGUAGE_H

#include "sequences.h"

struct language {
	uint32_t n;       /* words of the index */
	double *unigram;  /* P(w), of all words */
	uint32_t *count;  /* c(w) */
	size_t *start;    /* of the pairs that begin with a word; n + 1 */
	uint32_t *second; /* of each pair, rising for each first word */
	uint32_t *pairs;  /* how often it is there */
	double pseudo;    /* m */
};

void language_learn(struct language *l, const struct sequences *s, uint32_t n);
/* c(u,w). */
uint32_t language_pairs(const struct language *l, uint32_t u, uint32_t w);
/* P(w|u). */
double language_bigram(const struct language *l, uint32_t u, uint32_t w);
void language_free(struct language *l);

#endif
