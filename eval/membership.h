/* SPDX-License-Identifier: MIT */
/*
 * Whether a classifier tells which texts it was trained on: an attacker who
 * has a text and its label says that it was, when the loss of the classifier
 * is low (Yeom et al., "Privacy risk in machine learning", 2018).
 */
#ifndef EVAL_MEMBERSHIP_H
#define EVAL_MEMBERSHIP_H

#include "interval.h"
#include "texts.h"

struct membership {
	/*
	 * The probability that a member has the lower loss of a pair, half
	 * of ties; interval by DeLong et al. (1988).
	 */
	struct interval auc;
	/*
	 * True less false positives where the loss is below the median of
	 * all: half of the texts being members is all the attacker knows.
	 */
	struct interval advantage;
};

struct membership membership_of(const double *member, size_t members,
                                const double *other, size_t others);

/*
 * Attacks a classifier, of tf-idf, that learnt from train, which is what the
 * members became.  Labels are numbers below labels; those of others follow
 * those of the members.
 */
struct membership membership_attack(const struct texts *train,
                                    const struct texts *members,
                                    const struct texts *others,
                                    const int *label);

#endif
