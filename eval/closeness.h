/* SPDX-License-Identifier: MIT */
/* How much of a text is left in what became of it. */
#ifndef EVAL_CLOSENESS_H
#define EVAL_CLOSENESS_H

#include "dptext.h"
#include "texts.h"

/*
 * Mean cosine of the vectors of a word and of what it became, over what is
 * between white space and, without punctuation around it and in lower case,
 * in the index on both sides; NaN if nothing is.
 */
double closeness_cosine(const dpt_index *index, const struct texts *before,
                        const struct texts *after);
/* Share of the different words before that are still there after. */
double closeness_vocabulary(const struct texts *before,
                            const struct texts *after);

#endif
