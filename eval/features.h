/* SPDX-License-Identifier: MIT */
/*
 * Texts as tf-idf vectors of single words, in the form of LIBLINEAR.
 *
 * A word is a run of ASCII letters, digits and bytes from 0x80 on, its ASCII
 * letters made lower-case.  A value is tf * (ln((1 + n) / (1 + df)) + 1): tf,
 * how often the word is in the text; n, the number of training texts; df, in
 * how many of them it is.  A vector has length 1, or 0 without any word of
 * the training texts.
 */
#ifndef EVAL_FEATURES_H
#define EVAL_FEATURES_H

#include "names.h"
#include "texts.h"

#include <linear.h>

/* The words of the training texts; all zero: none. */
struct vocabulary {
	struct names words;
	double *idf; /* of each word */
};

struct vectors {
	size_t rows;
	struct feature_node **row; /* ends with the bias, then index -1 */
	struct feature_node *node; /* of all rows */
};

void vocabulary_make(struct vocabulary *v, const struct texts *train);
void vocabulary_free(struct vocabulary *v);
/* Feature i + 1 is word i; the one behind the last word is the bias. */
void vectors_make(struct vectors *x, const struct vocabulary *v,
                  const struct texts *texts, double bias);
void vectors_free(struct vectors *x);

#endif
