/* SPDX-License-Identifier: MIT */
#include "texts.h"

#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add_bytes(struct texts *t, const void *bytes, size_t size)
{
	t->bytes = memory_room(t->bytes, &t->room, t->size + size, 1);
	if (size > 0)
		memcpy(t->bytes + t->size, bytes, size);
	t->size += size;
}

static void add_start(struct texts *t, size_t start)
{
	t->start =
	    memory_room(t->start, &t->room_rows, t->rows + 1, sizeof *t->start);
	t->start[t->rows++] = start;
}

void texts_add(struct texts *t, const char *text, size_t len)
{
	size_t start = t->size;
	add_start(t, start);
	add_bytes(t, text, len);
	for (size_t i = start; i < t->size; i++)
		if (t->bytes[i] == '\n' || t->bytes[i] == '\r')
			t->bytes[i] = ' ';
	add_bytes(t, "\n", 1);
}

const char *texts_at(const struct texts *t, size_t row, size_t *len)
{
	size_t end = row + 1 < t->rows ? t->start[row + 1] : t->size;
	*len = end - t->start[row] - 1;
	return t->bytes + t->start[row];
}

void texts_free(struct texts *t)
{
	free(t->bytes);
	free(t->start);
	*t = (struct texts){0};
}

/* ----------------------------------------------------------- rewriting */

struct pass {
	const struct texts *in;
	struct texts *out;
	size_t at;
	struct progress *progress;
};

static ptrdiff_t read_texts(void *ctx, void *buffer, size_t size)
{
	struct pass *p = ctx;
	size_t left = p->in->size - p->at;
	if (size > left)
		size = left;
	if (size > 0)
		memcpy(buffer, p->in->bytes + p->at, size);
	p->at += size;
	return (ptrdiff_t)size;
}

static int write_texts(void *ctx, const void *bytes, size_t size)
{
	struct pass *p = ctx;
	add_bytes(p->out, bytes, size);
	return 0;
}

static void show(void *ctx, uint64_t bytes)
{
	struct pass *p = ctx;
	progress_show(p->progress, "rewriting", (double)bytes,
	              (double)p->in->size, 1e6, "MB");
}

/* Finds the texts in bytes that came all at once. */
static void cut(struct texts *t)
{
	for (size_t at = 0; at < t->size;) {
		const char *end = memchr(t->bytes + at, '\n', t->size - at);
		add_start(t, at);
		at = end ? (size_t)(end - t->bytes) + 1 : t->size;
	}
}

enum dpt_status texts_rewrite(const struct texts *in, const dpt_model *model,
                              uint64_t seed, uint64_t first, unsigned threads,
                              struct progress *progress, struct texts *out,
                              struct dpt_counts *counts, dpt_error *err)
{
	dpt_key key;
	struct pass pass = {.in = in, .out = out, .progress = progress};
	struct dpt_stream_options options = {
	    .model = model,
	    .key = &key,
	    .first_record = first,
	    .threads = threads,
	    .read = read_texts,
	    .write = write_texts,
	    .progress = show,
	    .ctx = &pass,
	};
	dpt_key_from_seed(&key, seed);
	enum dpt_status status = dpt_stream(&options, counts, err);
	dpt_key_wipe(&key);
	progress_end(progress);
	if (status)
		return status;
	cut(out);
	if (out->rows != in->rows) {
		*err = (dpt_error){.status = DPT_EFORMAT};
		snprintf(err->text, sizeof err->text,
		         "%zu texts became %zu when rewritten", in->rows,
		         out->rows);
		return DPT_EFORMAT;
	}
	return DPT_OK;
}
