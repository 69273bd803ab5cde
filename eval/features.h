/* SPDX-License-Identifier: MIT */
/*
 * Texts as vectors, in the form of LIBLINEAR.
 *
 * A word is a run of ASCII letters, digits and bytes from 0x80 on, its ASCII
 * letters made lower-case.  There is no bias.
 */
#ifndef EVAL_FEATURES_H
#define EVAL_FEATURES_H

#include "dptext.h"
#include "names.h"
#include "texts.h"

#include <linear.h>

/* The words of the training texts; all zero: none. */
struct vocabulary {
	struct names words;
	double *idf; /* of each word */
};

struct vectors {
	size_t rows, columns;
	struct feature_node **row; /* feature i is column i - 1; ends with -1 */
	struct feature_node *node; /* of all rows */
};

void vocabulary_make(struct vocabulary *v, const struct texts *train);
void vocabulary_free(struct vocabulary *v);

/*
 * tf * (ln((1 + n) / (1 + df)) + 1) for each word of the vocabulary: tf, how
 * often it is in the text; n, the number of training texts; df, in how many
 * of them it is.  A vector has length 1, or 0 without any such word.
 */
void vectors_tfidf(struct vectors *x, const struct vocabulary *v,
                   const struct texts *texts);
/* The mean of the embedding's vectors of those words it has. */
void vectors_mean(struct vectors *x, const dpt_index *index,
                  const struct texts *texts);
void vectors_free(struct vectors *x);

/* Whether a byte, in lower case, is part of a word. */
bool features_in_word(char c);
/*
 * Calls take with each word of a text, in order, in lower case; the word is
 * valid during the call.
 */
void features_words(const struct texts *texts, size_t row,
                    void (*take)(void *ctx, const char *word, size_t len),
                    void *ctx);

#endif
