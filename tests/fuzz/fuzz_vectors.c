/* SPDX-License-Identifier: MIT */
/*
 * Word vectors from memory: the first byte says how many bytes come at a
 * time, the second after how many rows to stop, the rest is the file.
 */
#include "vectors.h"

#include "require.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistr.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct memory {
	const uint8_t *bytes;
	size_t size, chunk;
};

static enum dpt_status read_memory(void *ctx, void *buffer, size_t size,
                                   size_t *got, dpt_error *err)
{
	(void)err;
	struct memory *m = ctx;
	size_t n = size < m->chunk ? size : m->chunk;
	*got = n < m->size ? n : m->size;
	memcpy(buffer, m->bytes, *got);
	m->bytes += *got;
	m->size -= *got;
	return DPT_OK;
}

/* What dptext.h says of vectors that were read. */
static void check(const dpt_vectors *v, size_t max_words)
{
	struct dpt_vectors_info info = dpt_vectors_about(v);
	require(info.rows > 0 && (!max_words || info.rows <= max_words));
	require(info.dim >= 1 && info.dim <= 65536 && info.format);
	for (size_t i = 0; i < info.rows; i++) {
		size_t len, other;
		const char *word = dpt_vectors_word(v, i, &len);
		require(len >= 1 && len <= 1024);
		require(!u8_check((const uint8_t *)word, len));
		require(!memchr(word, '\0', len) && !memchr(word, '\n', len));
		for (size_t j = 0; j < info.dim; j++)
			require(isfinite(dpt_vectors_row(v, i)[j]));
		for (size_t j = 0; j < i && j < 50; j++) {
			const char *w = dpt_vectors_word(v, j, &other);
			require(len != other || memcmp(word, w, len) != 0);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	size_t max_words = data[1] % 8;
	struct memory m = {data + 2, size - 2, (size_t)data[0] + 1};
	struct dpt_vectors_source source = {read_memory, &m};
	dpt_vectors *v;
	dpt_error err = {0};
	enum dpt_status status =
	    dpt_vectors_parse(&source, "memory", max_words, &v, &err);
	require(status == err.status);
	if (status) {
		require(strncmp(err.text, "memory:", 7) == 0);
		return 0;
	}
	check(v, max_words);
	dpt_vectors_free(v);
	return 0;
}
