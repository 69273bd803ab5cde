/* SPDX-License-Identifier: MIT */
/* One piece of text, rewritten: words found, looked up, drawn, put back. */
#ifndef DPT_REWRITE_H
#define DPT_REWRITE_H

#include "buf.h"
#include "groups.h"
#include "mech.h"
#include "policy.h"
#include "record.h"
#include "signs.h"
#include "token.h"

/* What all threads share; immutable. */
struct dpt_shared {
	const dpt_model *model;
	const dpt_codebook *codebook; /* NULL: each word is drawn anew */
	const dpt_groups *groups;     /* NULL: they are not accounted for */
	dpt_pattern *pattern;
	const struct dpt_policy *policy;
	dpt_sign_patterns *signs;
	dpt_public *keep;              /* or NULL */
	struct dpt_spelling *spelling; /* one a class */
	const dpt_frame *frame;
	enum dpt_on_error on_error;
	size_t longest; /* bytes of a record */
	void (*word)(void *ctx, const char *word, size_t len,
	             enum dpt_rule rule); /* or NULL */
	void *word_ctx;
	dpt_key words;   /* streams of the mechanism */
	dpt_key outside; /* streams of everything else */
};

/* Model and policy are borrowed. */
DPT_MUST_USE enum dpt_status dpt_shared_open(struct dpt_shared *shared,
                                             const dpt_model *model,
                                             const struct dpt_policy *policy,
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
 * Appends the rewriting of whole records to out; first_record is the number
 * of the first, from 0, in its random streams.  At a record that is broken
 * those before it are rewritten, and err->record is its number, from 1,
 * within text; unless broken ones are left out or emptied, then it is that of
 * the first and the result DPT_OK.  counts and members are added to.  err is
 * not NULL.
 */
DPT_MUST_USE enum dpt_status
dpt_rewrite(dpt_rewriter *rewriter, const char *text, size_t len,
            uint64_t first_record, struct dpt_buf *out,
            struct dpt_counts *counts, struct dpt_members *members,
            dpt_error *err);

/* The same for one record that was too long to be kept. */
DPT_MUST_USE enum dpt_status
dpt_rewrite_too_long(const struct dpt_shared *shared, bool ended,
                     struct dpt_buf *out, struct dpt_counts *counts,
                     dpt_error *err);

#endif
