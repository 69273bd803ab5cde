/* SPDX-License-Identifier: MIT */
/* A small index for the fuzzers, made when they start. */
#ifndef TINY_INDEX_H
#define TINY_INDEX_H

#include "vectors.h"

#include "require.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct tiny_text {
	const char *at;
};

static inline enum dpt_status tiny_read(void *ctx, void *buffer, size_t size,
                                        size_t *got, dpt_error *err)
{
	(void)err;
	struct tiny_text *t = ctx;
	*got = strnlen(t->at, size);
	memcpy(buffer, t->at, *got);
	t->at += *got;
	return DPT_OK;
}

/* Builds the index of vectors in text form in a new file, and names it. */
static inline void tiny_index(const char *vectors, uint32_t neighbours,
                              char path[static 32])
{
	struct tiny_text text = {vectors};
	struct dpt_vectors_source source = {tiny_read, &text};
	struct dpt_build_options options = {.neighbours = neighbours,
	                                    .threads = 1};
	dpt_vectors *v;
	strcpy(path, "/tmp/dptext-fuzz-XXXXXX");
	int fd = mkstemp(path);
	require(fd >= 0 && close(fd) == 0);
	require(!dpt_vectors_parse(&source, "tiny", 0, &v, NULL));
	require(!dpt_index_build(v, &options, path, NULL));
	dpt_vectors_free(v);
}

#endif
