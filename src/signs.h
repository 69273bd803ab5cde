/* SPDX-License-Identifier: MIT */
/*
 * What is no word and yet private: addresses and numbers.  Where they are is
 * told by the text and the kinds that are looked for, alone.
 */
#ifndef DPT_SIGNS_H
#define DPT_SIGNS_H

#include "scan.h"

/* Digits, with what is between them, that are of no kind. */
#define DPT_NUMBER DPT_KINDS

/* The compiled patterns; immutable, shared by threads. */
typedef struct dpt_sign_patterns dpt_sign_patterns;

/* All kinds but those whose bits (1 << kind) are in unmasked. */
DPT_MUST_USE enum dpt_status dpt_sign_patterns_new(unsigned unmasked,
                                                   dpt_sign_patterns **out,
                                                   dpt_error *err);
void dpt_sign_patterns_free(dpt_sign_patterns *patterns);

struct dpt_sign {
	size_t start, end;
	unsigned kind; /* enum dpt_kind, or DPT_NUMBER */
};

/* What one thread needs to find them; borrows the patterns. */
typedef struct dpt_sign_finder dpt_sign_finder;

DPT_MUST_USE enum dpt_status dpt_sign_finder_new(dpt_sign_patterns *patterns,
                                                 dpt_sign_finder **out,
                                                 dpt_error *err);
void dpt_sign_finder_free(dpt_sign_finder *f);

/* Begins with text[from..to) of a scan, which is UTF-8. */
void dpt_signs_begin(dpt_sign_finder *f, const struct dpt_scan *scan,
                     size_t from, size_t to);
/* The next sign: 1, or 0 at the end, or -1 when out of memory. */
int dpt_next_sign(dpt_sign_finder *f, struct dpt_sign *out);

#endif
