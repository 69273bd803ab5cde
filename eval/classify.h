/* SPDX-License-Identifier: MIT */
/* Logistic regression: LIBLINEAR's -s 0 -c 10, without a bias. */
#ifndef EVAL_CLASSIFY_H
#define EVAL_CLASSIFY_H

#include "features.h"

/* Of LIBLINEAR; labels are those of the training texts. */
struct model *classify_train(const struct vectors *x, const int *label);
/* A label for each row of x, which has the columns of the training texts. */
void classify_predict(const struct model *model, const struct vectors *x,
                      int *label);
void classify_free(struct model *model);

struct scores {
	double accuracy;
	double macro_f1; /* over the labels of truth or predicted */
};

/* Labels are numbers below labels. */
struct scores classify_scores(const int *truth, const int *predicted,
                              size_t rows, size_t labels);
/* The same of what a model predicts. */
struct scores classify_test(const struct model *model, const struct vectors *x,
                            const int *truth, size_t labels);

#endif
