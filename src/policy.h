/* SPDX-License-Identifier: MIT */
/* Words that pass through: declared public, or of a fixed list. */
#ifndef DPT_POLICY_H
#define DPT_POLICY_H

#include "dptext.h"

/* Immutable, shared by threads. */
typedef struct dpt_public dpt_public;

/* *out stays NULL where there are none. */
DPT_MUST_USE enum dpt_status dpt_public_new(const struct dpt_policy *policy,
                                            dpt_public **out, dpt_error *err);
void dpt_public_free(dpt_public *words);

/* Whether a word is among them, whatever its letter case. */
bool dpt_is_public(const dpt_public *words, const char *word, size_t len);

#endif
