/* SPDX-License-Identifier: MIT */
/* Texts of one line each, in one piece of memory; read, and rewritten. */
#ifndef EVAL_TEXTS_H
#define EVAL_TEXTS_H

#include "dptext.h"
#include "progress.h"

/* All zero: none yet. */
struct texts {
	char *bytes; /* each text is followed by a newline */
	size_t size, room;
	size_t *start; /* of each in bytes */
	size_t rows, room_rows;
};

/* Line breaks in a text become blanks. */
void texts_add(struct texts *t, const char *text, size_t len);
/* Text number row, without its newline; valid until the next change. */
const char *texts_at(const struct texts *t, size_t row, size_t *len);
void texts_free(struct texts *t);

/*
 * Rewrites all texts of in to out, which is all zero, as records first + 1
 * and on, with the key of a seed: reproducible, and therefore for research
 * only.
 */
DPT_MUST_USE enum dpt_status
texts_rewrite(const struct texts *in, const dpt_model *model, uint64_t seed,
              uint64_t first, unsigned threads, struct progress *progress,
              struct texts *out, struct dpt_counts *counts, dpt_error *err);

#endif
