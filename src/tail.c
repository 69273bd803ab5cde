/* SPDX-License-Identifier: MIT */
/*
 * Rejection: a candidate is proposed in proportion to a bound on its kernel
 * and accepted by the kernel over that bound.
 *
 * The words outside the list of w are in buckets, all of one bound.  The first
 * words, which are met most often, have buckets of their own: blocks of their
 * far neighbours, bounded by their first, and all words once more, bounded by
 * the last of those.  For the others the buckets are the cells of the index,
 * bounded by how far away they begin.  Where there are none of either, any
 * word alike is proposed, bounded by the last of the list.
 *
 * Buckets have whole numbers of units in place of their bounds, no less than
 * them and UNITS together, so that a draw takes a few bits and no arithmetic.
 */
#include "tail.h"

#include "error.h"
#include "kernels.h"
#include "screen.h"
#include "seals.h"
#include "shelf.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PARTS 128 /* of a binade */
#define UNITS 65536U
#define BLOCK 32U  /* buckets looked at together */
#define MOST 1024U /* buckets of a word */
#define STEPS 256

_Static_assert(DPT_FAR_BLOCKS + 1 <= MOST && DPT_CELLS <= MOST &&
                   MOST <= BLOCK * BLOCK,
               "the last units of all blocks are one block");

/*
 * Of a word: what its proposals are judged by, then the last unit of every
 * block of buckets and that of every bucket; behind the end they are the last
 * of all.
 */
struct dpt_row {
	_Alignas(64) double units; /* those of a bound of 1 */
	double nearest;            /* exponent that is taken off all */
	double base;               /* the same with the logarithm of units */
	double end;                /* how far away the longest list ends */
	_Alignas(64) uint16_t block[BLOCK];
	uint16_t last[];
};

/* A cell of the index, and the reciprocal of its size. */
struct cell {
	uint32_t start, size;
	float each;
};

struct buckets {
	uint32_t rows, count;
	struct dpt_shelf *shelf;
	dpt_place *place; /* one a row */
};

struct dpt_tail {
	struct dpt_ground ground;
	uint32_t stride;
	double t;
	struct buckets far, cells; /* a word of both is drawn by the first */
	struct cell *cell;
	double decay[STEPS];       /* of the kernel, by steps of a cell */
	float log_part[PARTS + 1]; /* ln(1 + i / PARTS) */
};

static double exponent(double t, double d)
{
	return dpt_clipped(t * d);
}

/* That a vector is not sound is noted: nothing that is drawn will be used. */
static double distance(const struct dpt_ground *g, uint32_t a, uint32_t b)
{
	uint32_t stride = dpt_stride(g->dim);
	if (!dpt_point_sound(g, a) || !dpt_point_sound(g, b))
		return 0;
	return sqrt(dpt_squared(g->vectors + (size_t)a * stride,
	                        g->vectors + (size_t)b * stride, stride));
}

static uint32_t blocks(const struct dpt_ground *g)
{
	return g->far.count / DPT_FAR_BLOCK;
}

static const double *reach(const struct dpt_ground *g, uint32_t w)
{
	return dpt_far_reach(&g->far, w);
}

/* How far away the list of w ends. */
static const double *list_end(const struct dpt_ground *g, uint32_t w)
{
	return dpt_list_end(&g->lists, w);
}

static const uint8_t *near(const struct dpt_ground *g, uint32_t w)
{
	return g->cells.near + (size_t)w * g->cells.count;
}

/* How far away the longest list of w ends. */
static double last_end(const struct dpt_ground *g, uint32_t w)
{
	return w < g->far.rows ? reach(g, w)[blocks(g)] : *list_end(g, w);
}

/* Its last. */
static uint32_t last_id(const struct dpt_ground *g, uint32_t w)
{
	return w < g->far.rows ? dpt_far_id(&g->far, w, g->far.count - 1)
	                       : dpt_list_last(&g->lists, w);
}

/* -------------------------------------------------------------- buckets */

static bool is_far(const dpt_tail *tail, uint32_t w)
{
	return w < tail->far.rows;
}

/* The last units of so many buckets, in whole blocks. */
static uint32_t padded(uint32_t count)
{
	return (count + BLOCK - 1) / BLOCK * BLOCK;
}

/* Those of w, or NULL. */
static const struct buckets *buckets_of(const dpt_tail *tail, uint32_t w)
{
	if (is_far(tail, w))
		return &tail->far;
	return w < tail->cells.rows ? &tail->cells : NULL;
}

/* How many words a bucket of w has. */
static uint32_t bucket_size(const dpt_tail *tail, uint32_t w, uint32_t b)
{
	const struct dpt_ground *g = &tail->ground;
	if (is_far(tail, w))
		return b < blocks(g) ? DPT_FAR_BLOCK : g->n;
	return tail->cell[b].size;
}

/* The reciprocal of that. */
static float bucket_each(const dpt_tail *tail, uint32_t w, uint32_t b)
{
	const struct dpt_ground *g = &tail->ground;
	if (is_far(tail, w))
		return 1 / (float)(b < blocks(g) ? DPT_FAR_BLOCK : g->n);
	return tail->cell[b].each;
}

/* How near a word of the bucket may be. */
static double bucket_reach(const dpt_tail *tail, uint32_t w, uint32_t b)
{
	const struct dpt_ground *g = &tail->ground;
	if (is_far(tail, w))
		return reach(g, w)[b];
	return *list_end(g, w) + near(g, w)[b] * g->cells.step;
}

static struct dpt_row *row_of(const struct buckets *k, uint32_t w)
{
	return dpt_shelf_row(k->shelf, &k->place[w]);
}

/* The exponent of the nearest: what the kernels are divided by. */
static double nearest(const dpt_tail *tail, uint32_t w)
{
	const struct dpt_ground *g = &tail->ground;
	double d = is_far(tail, w) ? *reach(g, w) : *list_end(g, w);
	return exponent(tail->t, d);
}

static void far_bounds(const dpt_tail *tail, uint32_t w, double *bound)
{
	double first = nearest(tail, w);
	for (uint32_t b = 0; b < tail->far.count; b++)
		bound[b] =
		    bucket_size(tail, w, b) *
		    exp(first - exponent(tail->t, bucket_reach(tail, w, b)));
}

static void cell_bounds(const dpt_tail *tail, uint32_t w, double *bound)
{
	double least = exp(nearest(tail, w) - DPT_KERNEL_CLIP);
	const uint8_t *steps = near(&tail->ground, w);
	for (uint32_t b = 0; b < tail->cells.count; b++) {
		double decay = tail->decay[steps[b]];
		bound[b] =
		    bucket_size(tail, w, b) * (decay > least ? decay : least);
	}
}

/* x, or the next whole number above it. */
static uint32_t rounded_up(double x)
{
	uint32_t whole = (uint32_t)x;
	return whole + (whole < x);
}

/* What is left of the units goes to the last bucket. */
static void fill_buckets(const struct buckets *k, const double *bound,
                         struct dpt_row *row)
{
	uint32_t units = 0, all = padded(k->count);
	for (uint32_t b = 0; b < k->count; b++) {
		units += rounded_up(bound[b] * row->units);
		row->last[b] = (uint16_t)(units - 1);
	}
	for (uint32_t b = k->count - 1; b < all; b++)
		row->last[b] = UNITS - 1;
	for (uint32_t i = 0; i < BLOCK; i++)
		row->block[i] = (i + 1) * BLOCK <= all
		                    ? row->last[(i + 1) * BLOCK - 1]
		                    : UNITS - 1;
}

static void make_buckets(const dpt_tail *tail, const struct buckets *k,
                         uint32_t w)
{
	double bound[MOST], sum = 0;
	struct dpt_row *row = dpt_shelf_begin(k->shelf, &k->place[w]);
	if (!row)
		return;
	(is_far(tail, w) ? far_bounds : cell_bounds)(tail, w, bound);
	for (uint32_t b = 0; b < k->count; b++)
		sum += bound[b];
	row->units = (UNITS - k->count) / sum;
	row->nearest = nearest(tail, w);
	row->base = row->nearest + log(row->units);
	row->end = last_end(&tail->ground, w);
	fill_buckets(k, bound, row);
	dpt_shelf_end(k->shelf, &k->place[w], row);
}

static bool new_buckets(struct buckets *k, uint32_t rows, uint32_t count)
{
	*k = (struct buckets){.rows = rows, .count = count};
	if (rows == 0)
		return true;
	k->shelf = dpt_shelf_new(rows, sizeof(struct dpt_row) +
	                                   padded(count) * sizeof(uint16_t));
	k->place = calloc(rows, sizeof *k->place);
	return k->shelf && k->place;
}

static bool new_cells(dpt_tail *tail)
{
	const struct dpt_cells *c = &tail->ground.cells;
	tail->cell = malloc((c->count + 1) * sizeof *tail->cell);
	for (uint32_t b = 0; tail->cell && b < c->count; b++) {
		uint32_t size = c->start[b + 1] - c->start[b];
		tail->cell[b] =
		    (struct cell){c->start[b], size, 1 / (float)size};
	}
	return tail->cell;
}

static void free_buckets(struct buckets *k)
{
	dpt_shelf_free(k->shelf);
	free(k->place);
}

enum dpt_status dpt_tail_new(const struct dpt_ground *ground, double t,
                             dpt_tail **out, dpt_error *err)
{
	dpt_tail *tail = calloc(1, sizeof *tail);
	*out = NULL;
	if (!tail)
		return dpt_fail_memory(err);
	tail->ground = *ground;
	tail->stride = dpt_stride(ground->dim);
	tail->t = t;
	if (!new_buckets(&tail->far, ground->far.rows, blocks(ground) + 1) ||
	    !new_buckets(&tail->cells, ground->cells.rows,
	                 ground->cells.count) ||
	    !new_cells(tail)) {
		dpt_tail_free(tail);
		return dpt_fail_memory(err);
	}
	for (int i = 0; i < STEPS; i++)
		tail->decay[i] = exp(-t * (i * ground->cells.step));
	for (int i = 0; i <= PARTS; i++)
		tail->log_part[i] = (float)log1p((double)i / PARTS);
	*out = tail;
	return DPT_OK;
}

void dpt_tail_free(dpt_tail *tail)
{
	if (!tail)
		return;
	free_buckets(&tail->far);
	free_buckets(&tail->cells);
	free(tail->cell);
	free(tail);
}

/* ------------------------------------------------------------ proposals */

void dpt_tail_prefetch(const dpt_tail *tail, uint32_t w)
{
	const struct dpt_ground *g = &tail->ground;
	const struct buckets *k = buckets_of(tail, w);
	if (k) {
		const struct dpt_row *row = row_of(k, w);
		if (row) {
			__builtin_prefetch(row);
			__builtin_prefetch(row->block);
		}
	}
	if (!is_far(tail, w) && g->screen.row)
		dpt_screen_prefetch(&g->screen, w);
}

static uint32_t count_below(const uint16_t *last, uint16_t unit)
{
	uint16_t count = 0;
	for (uint32_t i = 0; i < BLOCK; i++)
		count = (uint16_t)(count + (last[i] < unit));
	return count;
}

void dpt_tail_aim(const dpt_tail *tail, struct dpt_rng *rng,
                  struct dpt_round *round)
{
	uint32_t w = round->w;
	const struct buckets *k = buckets_of(tail, w);
	round->at = 0;
	round->tries = is_far(tail, w) ? 1 : DPT_TRIES;
	round->row = NULL;
	round->sound = dpt_point_sound(&tail->ground, w);
	if (!k)
		return;
	round->row = row_of(k, w);
	if (!round->row) {
		make_buckets(tail, k, w);
		round->row = row_of(k, w);
	}
	for (unsigned i = 0; i < round->tries; i++) {
		struct dpt_try *try = &round->try[i];
		const uint16_t *half = dpt_rng_halves(rng, 3);
		try->unit = half[0];
		try->part = half[1];
		try->high = half[2];
		uint32_t b = count_below(round->row->block, try->unit);
		try->bucket = (uint16_t)(b * BLOCK);
		__builtin_prefetch(round->row->last + try->bucket);
	}
}

static void choose_bucket(const struct dpt_row *row, struct dpt_try *try)
{
	const uint16_t *last = row->last;
	uint32_t b = try->bucket + count_below(last + try->bucket, try->unit);
	int before = b > 0 ? last[b - 1] : -1;
	try->bucket = (uint16_t)b;
	try->units = (uint16_t)(last[b] - before);
}

/* One of all words. */
static void propose_any(const dpt_tail *tail, struct dpt_rng *rng,
                        struct dpt_try *try)
{
	try->v = dpt_rng_below(rng, tail->ground.n);
	try->place = DPT_NO_WORD;
}

/* One of the far neighbours of w, or of all words. */
static void propose_far(const dpt_tail *tail, struct dpt_rng *rng, uint32_t w,
                        struct dpt_try *try)
{
	const struct dpt_ground *g = &tail->ground;
	try->far = try->bucket < blocks(g);
	if (!try->far) {
		propose_any(tail, rng, try);
		return;
	}
	try->place = try->bucket * DPT_FAR_BLOCK + try->part % DPT_FAR_BLOCK;
	__builtin_prefetch(dpt_far_place(&g->far, w, try->place));
	__builtin_prefetch(reach(g, w) + try->bucket + 1);
}

static void propose_of_cell(const dpt_tail *tail, struct dpt_rng *rng,
                            struct dpt_try *try)
{
	const struct cell *c = &tail->cell[try->bucket];
	try->place = c->start + dpt_rng_below_16(rng, try->part, c->size);
	__builtin_prefetch(&tail->ground.cells.word[try->place]);
}

void dpt_tail_propose(const dpt_tail *tail, struct dpt_rng *rng,
                      struct dpt_round *round)
{
	bool far = is_far(tail, round->w);
	for (unsigned i = 0; i < round->tries; i++) {
		struct dpt_try *try = &round->try[i];
		try->far = false;
		if (!round->row) {
			try->high = dpt_rng_u16(rng);
			propose_any(tail, rng, try);
			continue;
		}
		choose_bucket(round->row, try);
		if (far)
			propose_far(tail, rng, round->w, try);
		else
			propose_of_cell(tail, rng, try);
	}
}

void dpt_tail_read(const dpt_tail *tail, struct dpt_round *round)
{
	const struct dpt_ground *g = &tail->ground;
	for (unsigned i = 0; i < round->tries; i++) {
		struct dpt_try *try = &round->try[i];
		if (try->far) {
			try->v = dpt_far_id(&g->far, round->w, try->place);
			continue;
		}
		if (try->place != DPT_NO_WORD)
			try->v = g->cells.word[try->place];
		if (g->screen.row)
			dpt_screen_prefetch(&g->screen, try->v);
	}
}

/* ------------------------------------------------------------ judgement */

/*
 * ln x, or less by no more than LOG_ROOM: between the parts of a binade it is
 * a line, which is below by at most 1 / (8 PARTS^2), and the rest is room for
 * the rounding.
 */
#define LOG_ROOM 2e-5F

static float log_of(const dpt_tail *tail, float x)
{
	uint32_t bits;
	memcpy(&bits, &x, sizeof bits);
	int binade = (int)(bits >> 23) - 127;
	const float *from = &tail->log_part[bits >> 16 & (PARTS - 1)];
	float part = (float)(bits & 0xFFFF) * 0x1p-16F;
	return (float)binade * 0.69314718F + from[0] +
	       (from[1] - from[0]) * part - LOG_ROOM / 4;
}

/*
 * Bounds on the exponent that is accepted: no more than most, and all up to
 * most - room.  u is (high + something below 1) / 2^16, which is less than
 * high alone tells by 1 / high; where high is 0 nothing is said.
 */
#define LOG_2_16 11.090354888959125

static double room(const struct dpt_try *try)
{
	return 2 * (double)LOG_ROOM + (double)(1 / (float)try->high);
}

enum verdict { REJECTED, ACCEPTED, UNDECIDED };

/* These two are made with the buckets, where there are any. */
static double first_exponent(const dpt_tail *tail, const struct dpt_round *r)
{
	return r->row ? r->row->nearest : nearest(tail, r->w);
}

static double end_of(const dpt_tail *tail, const struct dpt_round *r)
{
	return r->row ? r->row->end : last_end(&tail->ground, r->w);
}

/* What the kernel is divided by where the proposal has a word of its bucket. */
static double level(const dpt_tail *tail, const struct dpt_round *r,
                    const struct dpt_try *try)
{
	if (!r->row)
		return 1;
	return try->units /
	       (r->row->units * bucket_size(tail, r->w, try->bucket));
}

static double most_accepted(const dpt_tail *tail, const struct dpt_round *r,
                            const struct dpt_try *try)
{
	float high = try->high;
	if (!r->row)
		return first_exponent(tail, r) + LOG_2_16 -
		       (double)log_of(tail, high);
	float shared = high * try->units * bucket_each(tail, r->w, try->bucket);
	return r->row->base + LOG_2_16 - (double)log_of(tail, shared);
}

/*
 * A word of many: it must lie outside the end.  Most are farther away than is
 * accepted; the coarse distance also accepts some of the others.
 */
static enum verdict judge_any(const dpt_tail *tail, const struct dpt_round *r,
                              const struct dpt_try *try)
{
	const struct dpt_screen *s = &tail->ground.screen;
	double most = most_accepted(tail, r, try);
	if (!s->row || try->high == 0 || most >= DPT_KERNEL_CLIP)
		return UNDECIDED;
	if (!r->sound || !dpt_point_sound(&tail->ground, try->v))
		return ACCEPTED;
	float d = dpt_screen_distance(s, r->w, try->v, (float)(most / tail->t));
	float slack = dpt_screen_slack(s, r->w, try->v, d);
	if (isinf(d))
		return REJECTED;
	bool sure = (double)(d - slack) > end_of(tail, r) &&
	            tail->t * (double)(d + slack) < most - room(try);
	return sure ? ACCEPTED : UNDECIDED;
}

/* A far neighbour: it is no farther than where the next block begins. */
static enum verdict judge_far(const dpt_tail *tail, const struct dpt_round *r,
                              const struct dpt_try *try)
{
	double last = reach(&tail->ground, r->w)[try->bucket + 1];
	double least = most_accepted(tail, r, try) - room(try);
	bool sure = try->high > 0 && exponent(tail->t, last) < least;
	return sure ? ACCEPTED : UNDECIDED;
}

static void prefetch_vector(const dpt_tail *tail, uint32_t v)
{
	const float *x = tail->ground.vectors + (size_t)v * tail->stride;
	for (uint32_t i = 0; i < tail->stride; i += 16)
		__builtin_prefetch(x + i);
}

uint32_t dpt_tail_judge(const dpt_tail *tail, struct dpt_round *round)
{
	for (; round->at < round->tries; round->at++) {
		const struct dpt_try *try = &round->try[round->at];
		enum verdict verdict = try->far ? judge_far(tail, round, try)
		                                : judge_any(tail, round, try);
		if (verdict == ACCEPTED)
			return try->v;
		if (verdict == UNDECIDED) {
			prefetch_vector(tail, try->v);
			break;
		}
	}
	return DPT_NO_WORD;
}

/* Whether v, which is so far from the word, is behind its longest list. */
static bool is_outside(const dpt_tail *tail, const struct dpt_round *r,
                       uint32_t v, double d)
{
	double end = end_of(tail, r);
	return d > end || (d == end && v > last_id(&tail->ground, r->w));
}

uint32_t dpt_tail_measure(const dpt_tail *tail, struct dpt_rng *rng,
                          struct dpt_round *round)
{
	const struct dpt_try *try = &round->try[round->at++];
	double d = distance(&tail->ground, round->w, try->v);
	if (!try->far && !is_outside(tail, round, try->v, d))
		return DPT_NO_WORD;
	double p = exp(first_exponent(tail, round) - exponent(tail->t, d)) /
	           level(tail, round, try);
	uint64_t u = (uint64_t)try->high << 48 | dpt_rng_u64(rng) >> 16;
	return p >= 1 || u < (uint64_t)(p * 0x1p64) ? try->v : DPT_NO_WORD;
}

double dpt_tail_sum(const struct dpt_ground *g, double t, uint32_t w)
{
	double sum = 0;
	for (uint32_t v = 0; v < g->n; v++) {
		double d = distance(g, w, v);
		if (dpt_list_behind(&g->lists, w, v, d))
			sum += exp(-exponent(t, d));
	}
	return sum;
}

uint32_t dpt_tail_invert(const dpt_tail *tail, struct dpt_rng *rng, uint32_t w)
{
	const struct dpt_ground *g = &tail->ground;
	double left = dpt_rng_unit(rng) * dpt_tail_sum(g, tail->t, w);
	uint32_t chosen = w;
	for (uint32_t v = 0; v < g->n && left >= 0; v++) {
		double d = distance(g, w, v);
		if (dpt_list_behind(&g->lists, w, v, d)) {
			left -= exp(-exponent(tail->t, d));
			chosen = v;
		}
	}
	return chosen;
}
