/* SPDX-License-Identifier: MIT */
/* Reading word vectors from anything that gives bytes. */
#ifndef DPT_VECTORS_H
#define DPT_VECTORS_H

#include "dptext.h"

struct dpt_vectors_source {
	/* Puts up to size bytes into buffer; *got is 0 at the end only. */
	enum dpt_status (*read)(void *ctx, void *buffer, size_t size,
	                        size_t *got, dpt_error *err);
	void *ctx;
};

/* As dpt_vectors_read; name stands for the source in messages. */
DPT_MUST_USE enum dpt_status
dpt_vectors_parse(const struct dpt_vectors_source *source, const char *name,
                  size_t max_words, dpt_vectors **out, dpt_error *err);

#endif
