/* SPDX-License-Identifier: MIT */
/* From word vectors to an index file. */
#include "cells.h"
#include "checksum.h"
#include "error.h"
#include "mech.h"
#include "save.h"
#include "screen.h"
#include "seals.h"
#include "words.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

/* Rates t measured in any case: multiples of RATE_STEP. */
#define RATES 16
#define RATE_STEP 0.25

/* Words with far neighbours, and with distances to cells: for speed alone. */
#define FAR_ROWS 8192U
#define FAR_COUNT 2048U
#define FAR_DISTANCES (UINT32_C(1) << 28) /* measured for those, at most */
#define LONG_ROWS 512U
#define LONG_COUNT (DPT_FAR_BLOCKS * DPT_FAR_BLOCK)
#define CELL_ROWS 32768U

/* Epsilons for which every mechanism is calibrated, and the share. */
static const double epsilons[] = {0.1, 0.5, 1, 1.5, 2, 3, 5, 8, 10, 20};
#define EPSILONS (sizeof epsilons / sizeof *epsilons)
#define MAX_UNCHANGED 0.5

/* Beyond this many words calibration takes long: it waits until asked for. */
#define CALIBRATED_WORDS 100000

/* The first rows with their neighbours, and so many of these far ones. */
struct far_rows {
	uint32_t rows, count;
	uint32_t *id; /* rows x (neighbours + count) */
	double *distance;
};

struct build {
	const dpt_vectors *v;
	const struct dpt_build_options *o;
	uint32_t words, dim, stride, classes;
	float *rows;          /* words x stride; then one a class, in front */
	uint32_t *klass;      /* class of each word */
	pthread_mutex_t lock; /* over klass while merging */
	struct dpt_space space;

	uint32_t neighbours;
	uint32_t *id; /* classes x neighbours */
	double *distance;
	struct dpt_extreme least, most;
	struct far_rows far, longer;
	uint32_t *cell_start, *cell_word;
	struct dpt_cells cells;
	struct dpt_reaches reaches;
	int8_t *coarse; /* classes x dpt_screen_stride */
	float *off, coarse_step;
	struct dpt_rates rates;
	struct dpt_setting *setting;
	uint32_t settings;
	uint32_t *stored; /* numbers of the rates to store */
	uint32_t stored_rates;

	struct dpt_header *image; /* the file */
};

/* ---------------------------------------------------- words to classes */

/* Copies the rows with padding; -0 becomes 0, so equal means same bytes. */
static enum dpt_status copy_rows(struct build *b, dpt_error *err)
{
	struct dpt_vectors_info info = dpt_vectors_about(b->v);
	if (info.rows < 2 || info.rows > INT32_MAX)
		return dpt_fail(err, DPT_EFORMAT,
		                "%zu words: an index "
		                "needs at least 2",
		                info.rows);
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
				return dpt_fail(err, DPT_ERANGE,
				                "row %u: a "
				                "value beyond 1e15",
				                w + 1);
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
	enum dpt_status status =
	    dpt_space_open(&b->space, b->rows, b->words, b->dim, err);
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
		b->klass[w] = b->klass[w] == w ? next++ : b->klass[b->klass[w]];
	if (b->classes < 2)
		return dpt_fail(err, DPT_EFORMAT,
		                "all words have one vector: an index needs at "
		                "least 2 different ones");
	return DPT_OK;
}

/* ------------------------------------------------- geometry and settings */

struct geometry {
	dpt_knn *knn;
	struct dpt_reaches *reaches;
	struct dpt_normal normal;
};

static void visit_geometry(void *ctx, unsigned thread, const struct dpt_tile *t)
{
	struct geometry *g = ctx;
	dpt_knn_visit(g->knn, thread, t);
	dpt_normal_visit(&g->normal, thread, t);
	dpt_reaches_visit(g->reaches, t);
}

/* Neighbours, extremes and the rates in g: one pass over all pairs. */
static enum dpt_status measure_all(struct build *b, struct geometry *g,
                                   dpt_error *err)
{
	struct dpt_pass pass = {.space = &b->space,
	                        .threads = b->o->threads,
	                        .visit = visit_geometry,
	                        .ctx = g,
	                        .stage = "measuring all pairs",
	                        .progress = b->o->progress,
	                        .progress_ctx = b->o->progress_ctx};
	enum dpt_status status =
	    dpt_knn_new(&b->space, b->neighbours, b->o->threads, &g->knn, err);
	if (!status)
		status = dpt_pairs(&pass, err);
	if (!status)
		status = dpt_knn_finish(g->knn, b->id, b->distance, &b->least,
		                        &b->most, err);
	dpt_knn_free(g->knn);
	return status;
}

static enum dpt_status measure(struct build *b, dpt_error *err)
{
	double t[RATES];
	struct geometry g = {.reaches = &b->reaches};
	size_t entries = (size_t)b->classes * b->neighbours;

	for (int i = 0; i < RATES; i++)
		t[i] = RATE_STEP * (i + 1);
	b->id = malloc(entries * sizeof *b->id);
	b->distance = malloc(entries * sizeof *b->distance);
	if (!b->id || !b->distance)
		return dpt_fail_memory(err);
	enum dpt_status status =
	    dpt_normal_new(&g.normal, &b->space, RATES, t, err);
	if (status)
		return status;
	status = measure_all(b, &g, err);
	b->rates = (struct dpt_rates){
	    .ground = {.vectors = b->rows,
	               .n = b->classes,
	               .dim = b->dim,
	               .lists = {b->neighbours, b->id, b->distance}},
	    .threads = b->o->threads,
	    .progress = b->o->progress,
	    .progress_ctx = b->o->progress_ctx};
	if (!status)
		status = dpt_rates_take(&b->rates, &g.normal, err);
	dpt_normal_free(&g.normal);
	return status;
}

/* Cells, for the distances to them from the words that are met most often. */
static enum dpt_status make_cells(struct build *b, dpt_error *err)
{
	struct dpt_cells *c = &b->cells;
	c->count = dpt_cells_count(b->classes);
	if (c->count == 0)
		return DPT_OK;
	c->rows = b->classes < CELL_ROWS ? b->classes : CELL_ROWS;
	b->cell_start = malloc((c->count + 1) * sizeof *b->cell_start);
	b->cell_word = malloc(b->classes * sizeof *b->cell_word);
	if (!b->cell_start || !b->cell_word)
		return dpt_fail_memory(err);
	c->start = b->cell_start;
	c->word = b->cell_word;
	enum dpt_status status =
	    dpt_cells_divide(&b->space, c->count, b->o->threads, b->cell_start,
	                     b->cell_word, err);
	return status ? status
	              : dpt_reaches_new(&b->reaches, &b->space, c, err);
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* How many words have far neighbours: of many words fewer, but no less than
 * have many of them. */
static uint32_t far_rows(const struct build *b)
{
	uint32_t rows = smaller(FAR_ROWS, FAR_DISTANCES / b->classes);
	return rows > LONG_ROWS ? rows : LONG_ROWS;
}

/* So many rows with so many far neighbours, or with as many as there are. */
static enum dpt_status measure_far(struct build *b, uint32_t rows,
                                   uint32_t count, struct far_rows *far,
                                   dpt_error *err)
{
	uint32_t left = smaller(b->classes - 1 - b->neighbours, count);
	far->count = left - left % DPT_FAR_BLOCK;
	if (far->count == 0)
		return DPT_OK;
	far->rows = smaller(b->classes, rows);
	uint32_t k = b->neighbours + far->count;
	size_t entries = (size_t)far->rows * k;
	far->id = malloc(entries * sizeof *far->id);
	far->distance = malloc(entries * sizeof *far->distance);
	if (!far->id || !far->distance)
		return dpt_fail_memory(err);
	return dpt_knn_first(&b->space, far->rows, k, b->o->threads, far->id,
	                     far->distance, err);
}

static void free_far(struct far_rows *far)
{
	free(far->id);
	free(far->distance);
}

static enum dpt_status make_coarse(struct build *b, dpt_error *err)
{
	uint32_t stride = dpt_screen_stride(b->dim);
	b->coarse = malloc((size_t)b->classes * stride);
	b->off = malloc(b->classes * sizeof *b->off);
	if (!b->coarse || !b->off)
		return dpt_fail_memory(err);
	enum dpt_status status = dpt_screen_make(&b->rates.ground, b->coarse,
	                                         b->off, &b->coarse_step, err);
	b->rates.ground.screen = (struct dpt_screen){
	    b->coarse, b->off, stride, b->coarse_step, 1 / b->coarse_step};
	return status;
}

static enum dpt_status calibrate(struct build *b, dpt_error *err)
{
	b->setting =
	    calloc(dpt_mechanism_count() * EPSILONS, sizeof *b->setting);
	if (!b->setting)
		return dpt_fail_memory(err);
	if (b->classes > CALIBRATED_WORDS)
		return DPT_OK;
	for (size_t i = 0; dpt_mech_at(i); i++) {
		const struct dpt_mech *mech = dpt_mech_at(i);
		for (size_t e = 0; mech->calibrate && e < EPSILONS; e++) {
			enum dpt_status status = mech->calibrate(
			    &b->rates, epsilons[e], MAX_UNCHANGED,
			    &b->setting[b->settings], err);
			if (!status)
				b->settings++;
			else if (status != DPT_EPRIVACY) /* too few words */
				return status;
		}
	}
	return DPT_OK;
}

/* Lists the rates to store: the round ones and those of the settings. */
static enum dpt_status choose_rates(struct build *b, dpt_error *err)
{
	b->stored = malloc((RATES + b->settings) * sizeof *b->stored);
	if (!b->stored)
		return dpt_fail_memory(err);
	for (uint32_t i = 0; i < RATES; i++)
		b->stored[b->stored_rates++] = i;
	for (uint32_t s = 0; s < b->settings; s++) {
		uint32_t at = 0;
		while (at < b->stored_rates &&
		       b->stored[at] != b->setting[s].rate)
			at++;
		if (at == b->stored_rates)
			b->stored[b->stored_rates++] = b->setting[s].rate;
		b->setting[s].rate = at;
	}
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
	                       .neighbours = b->neighbours,
	                       .rates = b->stored_rates,
	                       .settings = b->settings,
	                       .lookup_bits = 1,
	                       .far_rows = b->far.rows,
	                       .far_count = b->far.count,
	                       .far_long_rows = b->longer.rows,
	                       .far_long_count = b->longer.count,
	                       .cell_rows = b->cells.rows,
	                       .cells = b->cells.count,
	                       .coarse_step = b->coarse_step,
	                       .merge_below = b->o->merge_below,
	                       .distance_max = b->most.distance,
	                       .distance_min = b->least.distance};
	memcpy(h.magic, DPT_INDEX_MAGIC, sizeof h.magic);
	memcpy(h.max_pair, b->most.pair, sizeof h.max_pair);
	memcpy(h.min_pair, b->least.pair, sizeof h.min_pair);
	while (UINT64_C(1) << h.lookup_bits < 2 * (uint64_t)b->words)
		h.lookup_bits++;
	h.bytes = sizeof h;
	for (int i = 0; i < DPT_SECTIONS; i++) {
		struct dpt_section *s = &h.section[i];
		s->offset = (h.bytes + DPT_INDEX_ALIGN - 1) / DPT_INDEX_ALIGN *
		            DPT_INDEX_ALIGN;
		s->bytes = i == DPT_TEXT
		               ? text_bytes(b)
		               : dpt_section_bytes(&h, (enum dpt_section_id)i);
		h.bytes = s->offset + s->bytes;
	}
	if (h.section[DPT_TEXT].bytes > UINT32_MAX)
		return dpt_fail(err, DPT_EFORMAT, "more than 4 GiB of words");
	size_t room =
	    (h.bytes + DPT_INDEX_ALIGN - 1) / DPT_INDEX_ALIGN * DPT_INDEX_ALIGN;
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
	uint64_t mask = dpt_lookup_slots(b->image) - 1;

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

static enum dpt_status fill_stems(struct build *b, dpt_error *err)
{
	dpt_index x;
	dpt_index_over(&x, b->image);
	return dpt_stems_fill(&x, section(b, DPT_STEMS), err);
}

static void fill_numbers(struct build *b)
{
	const struct dpt_section *at = b->image->section;
	struct dpt_rate *rate = section(b, DPT_RATES);
	double *others = section(b, DPT_OTHERS);

	memcpy(section(b, DPT_VECTORS), b->rows, at[DPT_VECTORS].bytes);
	memcpy(section(b, DPT_NEIGHBOURS), b->id, at[DPT_NEIGHBOURS].bytes);
	memcpy(section(b, DPT_DISTANCES), b->distance, at[DPT_DISTANCES].bytes);
	memcpy(section(b, DPT_COARSE), b->coarse, at[DPT_COARSE].bytes);
	memcpy(section(b, DPT_OFF), b->off, at[DPT_OFF].bytes);
	memcpy(section(b, DPT_SETTINGS), b->setting, at[DPT_SETTINGS].bytes);
	for (uint32_t i = 0; i < b->stored_rates; i++) {
		rate[i] = b->rates.rate[b->stored[i]];
		memcpy(others + (size_t)i * b->classes,
		       b->rates.others[b->stored[i]],
		       b->classes * sizeof *others);
	}
}

/* Rows from number first on; returns what is behind them. */
static double *fill_far(const struct build *b, const struct far_rows *far,
                        uint32_t first, uint16_t **narrow, uint32_t **id,
                        double *reach)
{
	size_t k = b->neighbours + far->count;
	for (size_t w = first; w < far->rows; w++) {
		const uint32_t *from = far->id + w * k + b->neighbours;
		const double *d = far->distance + w * k + b->neighbours;
		for (uint32_t i = 0; i < far->count; i++)
			if (b->classes <= DPT_NARROW)
				*(*narrow)++ = (uint16_t)from[i];
			else
				*(*id)++ = from[i];
		for (uint32_t i = 0; i < far->count; i += DPT_FAR_BLOCK)
			*reach++ = d[i];
		*reach++ = d[far->count - 1];
	}
	return reach;
}

static void fill_all_far(struct build *b)
{
	uint16_t *narrow = section(b, DPT_FAR);
	uint32_t *id = section(b, DPT_FAR);
	double *reach = section(b, DPT_REACH);
	reach = fill_far(b, &b->longer, 0, &narrow, &id, reach);
	fill_far(b, &b->far, b->longer.rows, &narrow, &id, reach);
}

static void fill_cells(struct build *b)
{
	const struct dpt_section *at = b->image->section;
	if (b->cells.count == 0)
		return;
	memcpy(section(b, DPT_CELL_START), b->cell_start,
	       at[DPT_CELL_START].bytes);
	memcpy(section(b, DPT_CELL), b->cell_word, at[DPT_CELL].bytes);
	dpt_reaches_finish(&b->reaches, &b->rates.ground.lists,
	                   dpt_cell_step(b->image), section(b, DPT_NEAR));
}

static void seal(struct build *b)
{
	dpt_index x;
	dpt_index_over(&x, b->image);
	dpt_seals_fill(&x.ground, b->stored_rates, x.others,
	               section(b, DPT_SEALS));
	for (int i = 0; i < DPT_SECTIONS; i++) {
		struct dpt_section *s = &b->image->section[i];
		s->hash =
		    dpt_checksum(section(b, (enum dpt_section_id)i), s->bytes);
	}
	b->image->checksum = dpt_header_checksum(b->image);
}

static enum dpt_status make_classes(struct build *b, dpt_error *err)
{
	enum dpt_status status = copy_rows(b, err);
	if (!status)
		status = merge_equal(b, err);
	if (!status)
		status = merge_near(b, err);
	if (!status)
		status = number_classes(b, err);
	b->neighbours =
	    b->o->neighbours < b->classes ? b->o->neighbours : b->classes - 1;
	return status;
}

static enum dpt_status build(struct build *b, const char *path, dpt_error *err)
{
	enum dpt_status status = make_classes(b, err);
	if (!status)
		status =
		    dpt_space_open(&b->space, b->rows, b->classes, b->dim, err);
	if (!status)
		status = make_cells(b, err);
	if (!status)
		status = measure(b, err);
	if (!status)
		status = measure_far(b, LONG_ROWS, LONG_COUNT, &b->longer, err);
	if (!status)
		status = measure_far(b, far_rows(b), FAR_COUNT, &b->far, err);
	if (!status)
		status = make_coarse(b, err);
	if (!status)
		status = calibrate(b, err);
	if (!status)
		status = choose_rates(b, err);
	if (!status)
		status = lay_out(b, err);
	if (status)
		return status;
	fill_words(b);
	status = fill_stems(b, err);
	if (status)
		return status;
	fill_numbers(b);
	fill_all_far(b);
	fill_cells(b);
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
	struct build b = {
	    .v = v, .o = options, .lock = PTHREAD_MUTEX_INITIALIZER};
	enum dpt_status status = build(&b, path, err);
	dpt_rates_free(&b.rates);
	dpt_space_close(&b.space);
	free(b.rows);
	free(b.klass);
	free(b.id);
	free(b.distance);
	free_far(&b.far);
	free_far(&b.longer);
	free(b.cell_start);
	free(b.cell_word);
	dpt_reaches_free(&b.reaches);
	free(b.coarse);
	free(b.off);
	free(b.setting);
	free(b.stored);
	free(b.image);
	return status;
}
