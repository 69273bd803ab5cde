/* SPDX-License-Identifier: MIT */
#include "buf.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/*
 * Not realloc: these buffers hold private text, and realloc may leave a copy
 * of it behind in freed memory.
 */
bool dpt_buf_reserve(struct dpt_buf *b, size_t extra)
{
	if (extra <= b->cap - b->len)
		return true;
	if (extra > SIZE_MAX / 4 - b->len)
		return false;
	size_t cap = b->cap ? b->cap : 4096;
	while (cap < b->len + extra)
		cap *= 2;
	char *data = malloc(cap);
	if (!data)
		return false;
	if (b->len)
		memcpy(data, b->data, b->len);
	size_t len = b->len;
	dpt_buf_free(b);
	*b = (struct dpt_buf){.data = data, .len = len, .cap = cap};
	return true;
}

bool dpt_buf_add(struct dpt_buf *b, const void *bytes, size_t n)
{
	if (!dpt_buf_reserve(b, n))
		return false;
	if (n)
		memcpy(b->data + b->len, bytes, n);
	b->len += n;
	return true;
}

void dpt_buf_free(struct dpt_buf *b)
{
	if (b->data)
		sodium_memzero(b->data, b->cap);
	free(b->data);
	*b = (struct dpt_buf){0};
}
