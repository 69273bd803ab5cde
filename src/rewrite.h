/* SPDX-License-Identifier: MIT */
/* One piece of text, rewritten: words found, looked up, drawn, put back. */
#ifndef DPT_REWRITE_H
#define DPT_REWRITE_H

#include "buf.h"
#include "mech.h"
#include "token.h"

/* What all threads share; immutable. */
struct dpt_shared {
	const dpt_model *model;
	dpt_pattern *pattern;
	struct dpt_spelling *spelling; /* one a class */
	dpt_key words;                 /* streams of the mechanism */
	dpt_key outside;               /* streams of everything else */
};

/* The model is borrowed. */
DPT_MUST_USE enum dpt_status dpt_shared_open(struct dpt_shared *shared,
                                             const dpt_model *model,
                                             const dpt_key *key,
                                             dpt_error *err);
void dpt_shared_close(struct dpt_shared *shared);

/* What one thread owns. */
typedef struct dpt_rewriter dpt_rewriter;

DPT_MUST_USE enum dpt_status dpt_rewriter_new(const struct dpt_shared *shared,
                                              dpt_rewriter **out,
                                              dpt_error *err);
void dpt_rewriter_free(dpt_rewriter *rewriter);

/*
 * Appends the rewriting of whole lines to out; first_record is the number of
 * the first, from 0, in its random streams.  At a line that is not UTF-8 the
 * lines before it are rewritten, and err->record is its number, from 1,
 * within text.  counts are added to.
 */
DPT_MUST_USE enum dpt_status
dpt_rewrite(dpt_rewriter *rewriter, const char *text, size_t len,
            uint64_t first_record, struct dpt_buf *out,
            struct dpt_counts *counts, dpt_error *err);

#endif
