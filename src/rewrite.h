/* SPDX-License-Identifier: MIT */
/* One piece of text, rewritten: words found, looked up, drawn, put back. */
#ifndef DPT_REWRITE_H
#define DPT_REWRITE_H

#include "buf.h"
#include "mech.h"
#include "record.h"
#include "token.h"

/* What all threads share; immutable. */
struct dpt_shared {
	const dpt_model *model;
	const dpt_pattern *pattern;
	const dpt_frame *frame;
	dpt_key words;   /* streams of the mechanism */
	dpt_key outside; /* streams of everything else */
};

/* What one thread owns. */
typedef struct dpt_rewriter dpt_rewriter;

DPT_MUST_USE enum dpt_status dpt_rewriter_new(const struct dpt_shared *shared,
                                              dpt_rewriter **out,
                                              dpt_error *err);
void dpt_rewriter_free(dpt_rewriter *rewriter);

/*
 * Appends the rewriting of whole records to out; first_record is the number
 * of the first, from 0, in its random streams.  At a record that is broken
 * those before it are rewritten, and err->record is its number, from 1,
 * within text.  counts are added to.
 */
DPT_MUST_USE enum dpt_status
dpt_rewrite(dpt_rewriter *rewriter, const char *text, size_t len,
            uint64_t first_record, struct dpt_buf *out,
            struct dpt_counts *counts, dpt_error *err);

#endif
