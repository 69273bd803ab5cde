/* SPDX-License-Identifier: MIT */
/* Logistic regression on texts: tf-idf, then LIBLINEAR's -s 0 -c 10. */
#ifndef EVAL_CLASSIFY_H
#define EVAL_CLASSIFY_H

#include "texts.h"

struct scores {
	double accuracy;
	double macro_f1; /* over the labels of test texts or predictions */
};

/*
 * Labels are numbers below labels; those of test need not be in train.  The
 * bias is the value of a feature that all texts have; 0: there is none.
 */
struct scores classify(const struct texts *train, const int *train_label,
                       const struct texts *test, const int *test_label,
                       size_t labels, double bias);

#endif
