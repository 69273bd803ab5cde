/* SPDX-License-Identifier: MIT */
/* A growable run of bytes. */
#ifndef DPT_BUF_H
#define DPT_BUF_H

#include "dptext.h"

struct dpt_buf {
	char *data;
	size_t len, cap;
};

/* Room for extra more bytes behind len; false when out of memory. */
DPT_MUST_USE bool dpt_buf_reserve(struct dpt_buf *b, size_t extra);
DPT_MUST_USE bool dpt_buf_add(struct dpt_buf *b, const void *bytes, size_t n);
/* The same as dpt_buf_reserve, for where there mostly is room. */
static inline bool dpt_buf_room(struct dpt_buf *b, size_t extra)
{
	return extra <= b->cap - b->len || dpt_buf_reserve(b, extra);
}

/* Wipes and releases. */
void dpt_buf_free(struct dpt_buf *b);

#endif
