/* SPDX-License-Identifier: MIT */
/* How text is written down within a record. */
#ifndef DPT_CODING_H
#define DPT_CODING_H

#include "buf.h"

enum dpt_coding {
	DPT_PLAIN,  /* as it is */
	DPT_TABBED, /* as it is, but without tabs and ends of lines */
	DPT_BARE,   /* a field of CSV without quotes around it */
	DPT_QUOTED, /* one with them; within it they are doubled */
	DPT_STRING  /* of JSON */
};

/*
 * Decodes n bytes from within a JSON string, which jsmn has accepted, to
 * out, which has room for n; returns how many there are.  origin, where
 * wanted, has room for n + 1: out[i] comes from the bytes at text[origin[i]]
 * on, and what is behind out from origin[its length].  A lone surrogate
 * becomes U+FFFD.
 */
size_t dpt_json_decode(const char *text, size_t n, char *out, uint32_t *origin);

/* Encodes in place all that is in out from offset from on. */
DPT_MUST_USE bool dpt_encode(enum dpt_coding coding, struct dpt_buf *out,
                             size_t from);

/*
 * Puts quotes around all that is in out from offset from on, if it would not
 * be a field of CSV without them.
 */
DPT_MUST_USE bool dpt_enclose(struct dpt_buf *out, size_t from);

#endif
