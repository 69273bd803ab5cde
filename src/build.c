/* SPDX-License-Identifier: MIT */
/* From word vectors to an index file. */
#include "error.h"
#include "index.h"
#include "normal.h"
#include "save.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

/* Settings t for which Z_t is stored: multiples of RATE_STEP. */
#define RATES 16
#define RATE_STEP 0.25

struct build {
	const dpt_vectors *v;
	const struct dpt_build_options *o;
	uint32_t words, dim, stride;
	float *rows;	 /* words x stride; then one a class, in front */
	uint32_t *klass; /* class of each word */
	uint32_t classes;
	struct dpt_header *image; /* the file */
	pthread_mutex_t lock;	  /* over klass while merging */
	struct dpt_space space;
};

/* ---------------------------------------------------- words to classes */

/* Copies the rows with padding; -0 becomes 0, so equal means same bytes. */
static enum dpt_status copy_rows(struct build *b, dpt_error *err)
{
	struct dpt_vectors_info info = dpt_vectors_about(b->v);
	if (info.rows < 2 || info.rows > INT32_MAX)
		return dpt_fail(err, DPT_EFORMAT, "%zu words: an index "
				"needs at least 2", info.rows);
	b->words = (uint32_t)info.rows;
	b->dim = (uint32_t)info.dim;
	b->stride = dpt_stride(b->dim);
	size_t bytes = (size_t)b->words * b->stride * sizeof(float);
	b->rows = aligned_alloc(64, (bytes + 63) / 64 * 64);
	b->klass = malloc(b->words * sizeof *b->klass);
	if (!b->rows || !b->klass)
		return dpt_fail_memory(err);
	memset(b->rows, 0, bytes);
	for (uint32_t w = 0; w < b->words; w++) {
		const float *from = dpt_vectors_row(b->v, w);
		float *to = b->rows + (size_t)w * b->stride;
		for (uint32_t i = 0; i < b->dim; i++) {
			if (!(fabsf(from[i]) <= 1e15F))
				return dpt_fail(err, DPT_ERANGE, "row %u: a "
						"value beyond 1e15", w + 1);
			to[i] = from[i] + 0.0F;
		}
	}
	return DPT_OK;
}

/* Links each word with the first that has the same vector. */
static enum dpt_status merge_equal(struct build *b, dpt_error *err)
{
	size_t row = b->stride * sizeof(float), slots = 4;
	while (slots < 2 * (size_t)b->words)
		slots *= 2;
	uint32_t *table = calloc(slots, sizeof *table);
	if (!table)
		return dpt_fail_memory(err);
	for (uint32_t w = 0; w < b->words; w++) {
		const float *x = b->rows + (size_t)w * b->stride;
		size_t i = XXH3_64bits(x, row) & (slots - 1);
		while (table[i] &&
		       memcmp(b->rows + (size_t)(table[i] - 1) * b->stride, x,
			      row) != 0)
			i = (i + 1) & (slots - 1);
		if (!table[i])
			table[i] = w + 1;
		b->klass[w] = table[i] - 1;
	}
	free(table);
	return DPT_OK;
}

static uint32_t leader(uint32_t *klass, uint32_t w)
{
	while (klass[w] != w)
		w = klass[w] = klass[klass[w]];
	return w;
}

/* Links all pairs of a tile closer than the threshold, exactly. */
static void merge_tile(void *ctx, unsigned thread, const struct dpt_tile *t)
{
	(void)thread;
	struct build *b = ctx;
	double limit = b->o->merge_below * b->o->merge_below;
	double wide = limit + dpt_tile_error(&b->space) + 1e-9 * limit;
	for (size_t i = 0; i < (size_t)t->rows * t->cols; i++) {
		if (t->d2[i] > wide)
			continue;
		uint32_t w = t->row + (uint32_t)(i / t->cols);
		uint32_t x = t->col + (uint32_t)(i % t->cols);
		if (w == x ||
		    dpt_squared(dpt_row(&b->space, w), dpt_row(&b->space, x),
				b->stride) >= limit)
			continue;
		pthread_mutex_lock(&b->lock);
		w = leader(b->klass, w);
		x = leader(b->klass, x);
		b->klass[w < x ? x : w] = w < x ? w : x;
		pthread_mutex_unlock(&b->lock);
	}
}

static enum dpt_status merge_near(struct build *b, dpt_error *err)
{
	if (!(b->o->merge_below > 0))
		return DPT_OK;
	enum dpt_status status = dpt_space_open(&b->space, b->rows, b->words,
						b->dim, err);
	if (status)
		return status;
	struct dpt_pass pass = {.space = &b->space,
				.threads = b->o->threads,
				.visit = merge_tile,
				.ctx = b,
				.stage = "merging close words",
				.progress = b->o->progress,
				.progress_ctx = b->o->progress_ctx};
	status = dpt_pairs(&pass, err);
	dpt_space_close(&b->space);
	return status;
}

/* Numbers the classes by their first word and moves their rows in front. */
static enum dpt_status number_classes(struct build *b, dpt_error *err)
{
	for (uint32_t w = 0; w < b->words; w++) {
		uint32_t first = leader(b->klass, w);
		if (first == w) {
			memmove(b->rows + (size_t)b->classes * b->stride,
				b->rows + (size_t)w * b->stride,
				b->stride * sizeof(float));
		}
		b->klass[w] = first; /* still a word: leaders come first */
		b->classes += first == w;
	}
	uint32_t next = 0;
	for (uint32_t w = 0; w < b->words; w++)
		b->klass[w] = b->klass[w] == w ? next++
					       : b->klass[b->klass[w]];
	if (b->classes < 2)
		return dpt_fail(err, DPT_EFORMAT,
				"all words have one vector: an index needs at "
				"least 2 different ones");
	return DPT_OK;
}

/* ----------------------------------------------------------- the image */

static void *section(struct build *b, enum dpt_section_id id)
{
	return (char *)b->image + b->image->section[id].offset;
}

static uint64_t text_bytes(const struct build *b)
{
	uint64_t total = 0;
	for (uint32_t w = 0; w < b->words; w++) {
		size_t len;
		dpt_vectors_word(b->v, w, &len);
		total += len;
	}
	return total;
}

static enum dpt_status lay_out(struct build *b, dpt_error *err)
{
	struct dpt_header h = {.version = DPT_INDEX_VERSION,
			       .sections = DPT_SECTIONS,
			       .words = b->words,
			       .classes = b->classes,
			       .dim = b->dim,
			       .neighbours = b->o->neighbours,
			       .rates = RATES,
			       .lookup_bits = 1,
			       .merge_below = b->o->merge_below};
	memcpy(h.magic, DPT_INDEX_MAGIC, sizeof h.magic);
	if (h.neighbours > b->classes - 1)
		h.neighbours = b->classes - 1;
	while (UINT64_C(1) << h.lookup_bits < 2 * (uint64_t)b->words)
		h.lookup_bits++;
	h.bytes = sizeof h;
	for (int i = 0; i < DPT_SECTIONS; i++) {
		struct dpt_section *s = &h.section[i];
		s->offset = (h.bytes + DPT_INDEX_ALIGN - 1) /
			    DPT_INDEX_ALIGN * DPT_INDEX_ALIGN;
		s->bytes = i == DPT_TEXT
				   ? text_bytes(b)
				   : dpt_section_bytes(&h,
						       (enum dpt_section_id)i);
		h.bytes = s->offset + s->bytes;
	}
	if (h.section[DPT_TEXT].bytes > UINT32_MAX)
		return dpt_fail(err, DPT_EFORMAT, "more than 4 GiB of words");
	size_t room = (h.bytes + DPT_INDEX_ALIGN - 1) / DPT_INDEX_ALIGN *
		      DPT_INDEX_ALIGN;
	b->image = aligned_alloc(DPT_INDEX_ALIGN, room);
	if (!b->image)
		return dpt_fail_memory(err);
	memset(b->image, 0, room);
	*b->image = h;
	return DPT_OK;
}

static void fill_words(struct build *b)
{
	char *text = section(b, DPT_TEXT);
	uint32_t *offsets = section(b, DPT_OFFSETS);
	uint32_t *starts = section(b, DPT_STARTS);
	uint32_t *members = section(b, DPT_MEMBERS);
	uint64_t *lookup = section(b, DPT_LOOKUP);
	uint64_t mask = (UINT64_C(1) << b->image->lookup_bits) - 1;

	memcpy(section(b, DPT_CLASSES), b->klass, b->words * sizeof *b->klass);
	for (uint32_t w = 0; w < b->words; w++) {
		size_t len;
		const char *word = dpt_vectors_word(b->v, w, &len);
		uint64_t hash = dpt_word_hash(word, len), i = hash & mask;
		memcpy(text + offsets[w], word, len);
		offsets[w + 1] = offsets[w] + (uint32_t)len;
		while (lookup[i])
			i = (i + 1) & mask;
		lookup[i] = hash >> 32 << 32 | (w + 1);
		starts[b->klass[w] + 1]++;
	}
	for (uint32_t c = 0; c < b->classes; c++)
		starts[c + 1] += starts[c];
	/* fill each class from its start, then move the starts back */
	for (uint32_t w = 0; w < b->words; w++)
		members[starts[b->klass[w]]++] = w;
	memmove(starts + 1, starts, b->classes * sizeof *starts);
	starts[0] = 0;
}

struct geometry {
	dpt_knn *knn;
	struct dpt_normal normal;
};

static void visit_geometry(void *ctx, unsigned thread, const struct dpt_tile *t)
{
	struct geometry *g = ctx;
	dpt_knn_visit(g->knn, thread, t);
	dpt_normal_visit(&g->normal, t);
}

/* Neighbours, extremes and normalisers: one pass over all pairs. */
static enum dpt_status fill_geometry(struct build *b, dpt_error *err)
{
	double rate[RATES];
	struct dpt_header *h = b->image;
	struct geometry g = {.normal = {.space = &b->space,
					.rates = RATES,
					.t = rate,
					.others = section(b, DPT_OTHERS)}};
	struct dpt_pass pass = {.space = &b->space,
				.threads = b->o->threads,
				.visit = visit_geometry,
				.ctx = &g,
				.stage = "measuring all pairs",
				.progress = b->o->progress,
				.progress_ctx = b->o->progress_ctx};
	struct dpt_extreme least, most;

	for (int i = 0; i < RATES; i++)
		rate[i] = RATE_STEP * (i + 1);
	enum dpt_status status = dpt_knn_new(&b->space, h->neighbours,
					     b->o->threads, &g.knn, err);
	dpt_normal_start(&g.normal);
	if (!status)
		status = dpt_pairs(&pass, err);
	if (!status)
		status = dpt_knn_finish(g.knn, section(b, DPT_NEIGHBOURS),
					section(b, DPT_DISTANCES), &least,
					&most, err);
	dpt_knn_free(g.knn);
	if (status)
		return status;
	h->distance_min = least.distance;
	h->distance_max = most.distance;
	memcpy(h->min_pair, least.pair, sizeof h->min_pair);
	memcpy(h->max_pair, most.pair, sizeof h->max_pair);
	return DPT_OK;
}

static enum dpt_status fill_rates(struct build *b, dpt_error *err)
{
	struct dpt_lists lists = {b->image->neighbours,
				  section(b, DPT_NEIGHBOURS),
				  section(b, DPT_DISTANCES)};
	const double *others = section(b, DPT_OTHERS);
	double *rates = section(b, DPT_RATES);
	enum dpt_status status = DPT_OK;
	for (int i = 0; !status && i < RATES; i++) {
		double steepness = 0;
		if (b->o->progress)
			b->o->progress(b->o->progress_ctx, "verifying rates",
				       i, RATES);
		status = dpt_steepness(&b->space, &lists,
				       others + (size_t)i * b->classes,
				       b->o->threads, &steepness, err);
		rates[2 * i] = RATE_STEP * (i + 1);
		rates[2 * i + 1] = rates[2 * i] + steepness;
	}
	return status;
}

static void seal(struct build *b)
{
	for (int i = 0; i < DPT_SECTIONS; i++) {
		struct dpt_section *s = &b->image->section[i];
		s->hash = XXH3_64bits(section(b, (enum dpt_section_id)i),
				      s->bytes);
	}
	b->image->checksum = dpt_header_checksum(b->image);
}

static enum dpt_status build(struct build *b, const char *path, dpt_error *err)
{
	enum dpt_status status = copy_rows(b, err);
	if (!status)
		status = merge_equal(b, err);
	if (!status)
		status = merge_near(b, err);
	if (!status)
		status = number_classes(b, err);
	if (!status)
		status = lay_out(b, err);
	if (status)
		return status;
	fill_words(b);
	memcpy(section(b, DPT_VECTORS), b->rows,
	       b->image->section[DPT_VECTORS].bytes);
	status = dpt_space_open(&b->space, section(b, DPT_VECTORS), b->classes,
				b->dim, err);
	if (!status)
		status = fill_geometry(b, err);
	if (!status)
		status = fill_rates(b, err);
	if (status)
		return status;
	seal(b);
	return dpt_save(path, b->image, b->image->bytes, err);
}

enum dpt_status dpt_index_build(const dpt_vectors *v,
				const struct dpt_build_options *options,
				const char *path, dpt_error *err)
{
	if (options->neighbours < 1 || options->neighbours > DPT_MAX_NEIGHBOURS)
		return dpt_fail(err, DPT_ERANGE,
				"neighbours must be from 1 to %d",
				DPT_MAX_NEIGHBOURS);
	if (!(options->merge_below >= 0 && options->merge_below < 1e15))
		return dpt_fail(err, DPT_ERANGE,
				"the merging distance must be 0 or more");
	struct build b = {.v = v,
			  .o = options,
			  .lock = PTHREAD_MUTEX_INITIALIZER};
	enum dpt_status status = build(&b, path, err);
	dpt_space_close(&b.space);
	free(b.rows);
	free(b.klass);
	free(b.image);
	return status;
}
