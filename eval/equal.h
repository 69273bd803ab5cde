/* SPDX-License-Identifier: MIT */
/* What mechanisms have in common when they are compared. */
#ifndef EVAL_EQUAL_H
#define EVAL_EQUAL_H

#include "dptext.h"

enum equal { EQUAL_EPSILON, EQUAL_UNCHANGED, EQUAL_BAYES, EQUALS };

extern const char *const equal_name[EQUALS];

/*
 * The epsilon from 0.25 to 64 at which a mechanism has as much as a target of
 *
 *	EQUAL_UNCHANGED  the share of tokens that come out as they went in
 *	EQUAL_BAYES      the success of the best guess of a token from what it
 *	                 became (laplace: of the guess that it is the same)
 *
 * to within 2 %, by bisection of its logarithm; *epsilon is NaN where 64 is
 * not enough.  settings->mechanism tells which; its max_unchanged does not
 * count.
 */
DPT_MUST_USE enum dpt_status equal_find(const dpt_index *index,
                                        const struct dpt_settings *settings,
                                        enum equal equal, double target,
                                        double *epsilon, dpt_error *err);

#endif
