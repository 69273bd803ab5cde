/* SPDX-License-Identifier: MIT */
/*
 * Rejection: a candidate is proposed in proportion to a bound on its kernel
 * and accepted by the kernel over that bound.
 *
 * The words outside the list of w are in buckets, all of one bound.  The first
 * words, which are met most often, have blocks of their far neighbours, each
 * bounded by its first, and then all words once more.  The buckets of the
 * others are all words.  All words are the cells of the index, bounded by how
 * far away they begin and by the last of the far neighbours, if there are any;
 * or one bucket, bounded by the last of those.  Where there are neither, any
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
#include "wide.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PARTS 128 /* of a binade */
#define UNITS 65536U
#define BLOCK 32U /* buckets looked at together */
#define STEPS 256
#define KINDS 3 /* of rows: with many far neighbours, with few, with none */

_Static_assert(DPT_FAR_BLOCKS + 1 <= DPT_BUCKETS && DPT_CELLS <= DPT_BUCKETS &&
                   DPT_BUCKETS <= BLOCK * BLOCK,
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
	uint32_t blocks, cells;    /* how many buckets are these */
	_Alignas(64) uint16_t block[BLOCK];
	uint16_t last[];
};

/* A cell of the index, and the reciprocal of its size. */
struct cell {
	uint32_t start, size;
	float each;
};

struct dpt_tail {
	struct dpt_ground ground;
	uint32_t stride;
	double t, each_t;               /* and its reciprocal */
	struct dpt_shelf *shelf[KINDS]; /* of rows */
	dpt_place *place;               /* of the row of each word */
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

/* How far away the list of w ends. */
static double list_end(const struct dpt_ground *g, uint32_t w)
{
	return *dpt_list_end(&g->lists, w);
}

/* How far away the longest list of w ends. */
static double last_end(const struct dpt_ground *g, uint32_t w)
{
	uint32_t blocks = dpt_far_blocks(&g->far, w);
	return blocks ? dpt_far_reach(&g->far, w)[blocks] : list_end(g, w);
}

/* Its last. */
static uint32_t last_id(const struct dpt_ground *g, uint32_t w)
{
	uint32_t count = dpt_far_count(&g->far, w);
	return count ? dpt_far_id(&g->far, w, count - 1)
	             : dpt_list_last(&g->lists, w);
}

/* The exponent of the nearest: what the kernels are divided by. */
static double nearest(const dpt_tail *tail, uint32_t w)
{
	const struct dpt_ground *g = &tail->ground;
	bool far = w < g->far.rows;
	return exponent(tail->t,
	                far ? *dpt_far_reach(&g->far, w) : list_end(g, w));
}

/* -------------------------------------------------------------- buckets */

/* Whether w has any. */
static bool has_buckets(const struct dpt_ground *g, uint32_t w)
{
	return w < g->far.rows || w < g->cells.rows;
}

static struct dpt_shelf *shelf_of(const dpt_tail *tail, uint32_t w)
{
	const struct dpt_far *far = &tail->ground.far;
	return tail->shelf[(w >= far->long_rows) + (w >= far->rows)];
}

static struct dpt_row *row_of(const dpt_tail *tail, uint32_t w)
{
	return dpt_shelf_row(shelf_of(tail, w), &tail->place[w]);
}

/* How many words a bucket has. */
static uint32_t bucket_size(const dpt_tail *tail, const struct dpt_row *row,
                            uint32_t b)
{
	if (b < row->blocks)
		return DPT_FAR_BLOCK;
	return row->cells ? tail->cell[b - row->blocks].size : tail->ground.n;
}

/* The reciprocal of that. */
static float bucket_each(const dpt_tail *tail, const struct dpt_row *row,
                         uint32_t b)
{
	if (b < row->blocks)
		return 1.0F / DPT_FAR_BLOCK;
	return row->cells ? tail->cell[b - row->blocks].each
	                  : 1 / (float)tail->ground.n;
}

/* The kernel d away, over that of the nearest. */
static double decay_to(const dpt_tail *tail, const struct dpt_row *row,
                       double d)
{
	return exp(row->nearest - exponent(tail->t, d));
}

/* Of blocks of far neighbours. */
static void block_bounds(const dpt_tail *tail, uint32_t w,
                         const struct dpt_row *row, double *bound)
{
	const double *reach = dpt_far_reach(&tail->ground.far, w);
	for (uint32_t b = 0; b < row->blocks; b++)
		bound[b] = exponent(tail->t, reach[b]) - row->nearest;
	dpt_exp_all(row->blocks, bound);
	for (uint32_t b = 0; b < row->blocks; b++)
		bound[b] *= DPT_FAR_BLOCK;
}

/* Of cells, from that of the nearest to that of the farthest there can be. */
static void cell_bounds(const dpt_tail *tail, uint32_t w,
                        const struct dpt_row *row, double *bound)
{
	const struct dpt_ground *g = &tail->ground;
	const uint8_t *steps = g->cells.near + (size_t)w * g->cells.count;
	double least = exp(row->nearest - DPT_KERNEL_CLIP);
	double most = decay_to(tail, row, row->end);
	double first = decay_to(tail, row, list_end(g, w));
	double decay[STEPS];
	for (int i = 0; i < STEPS; i++) {
		double d = first * tail->decay[i];
		d = d < most ? d : most;
		decay[i] = d > least ? d : least;
	}
	for (uint32_t b = 0; b < row->cells; b++)
		bound[b] = tail->cell[b].size * decay[steps[b]];
}

static double sum_of(const double *x, uint32_t n)
{
	double sum[4] = {0};
	uint32_t i = 0;
	for (; i + 4 <= n; i += 4)
		for (uint32_t k = 0; k < 4; k++)
			sum[k] += x[i + k];
	for (; i < n; i++)
		sum[0] += x[i];
	return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* The last units of so many buckets, in whole blocks. */
static uint32_t padded(uint32_t count)
{
	return (count + BLOCK - 1) / BLOCK * BLOCK;
}

/* Bounds in units, each a whole number or the next above it. */
DPT_WIDE static void count_units(const double *bound, double units,
                                 uint32_t count, int32_t *out)
{
	for (uint32_t b = 0; b < count; b++) {
		double x = bound[b] * units;
		int32_t whole = (int32_t)x;
		out[b] = whole + (whole < x);
	}
}

/* What is left of the units goes to the last bucket. */
static void fill_buckets(uint32_t count, const double *bound,
                         struct dpt_row *row)
{
	int32_t of[DPT_BUCKETS], units = -1;
	uint32_t all = padded(count);
	count_units(bound, row->units, count, of);
	for (uint32_t b = 0; b < count; b++)
		row->last[b] = (uint16_t)(units += of[b]);
	for (uint32_t b = count - 1; b < all; b++)
		row->last[b] = UNITS - 1;
	for (uint32_t i = 0; i < BLOCK; i++)
		row->block[i] = (i + 1) * BLOCK <= all
		                    ? row->last[(i + 1) * BLOCK - 1]
		                    : UNITS - 1;
}

static void make_row(const dpt_tail *tail, uint32_t w)
{
	const struct dpt_ground *g = &tail->ground;
	_Alignas(DPT_LINE) double bound[DPT_WHOLE_LINES(DPT_BUCKETS)];
	struct dpt_shelf *shelf = shelf_of(tail, w);
	struct dpt_row *row = dpt_shelf_begin(shelf, &tail->place[w]);
	if (!row)
		return;
	row->blocks = dpt_far_blocks(&g->far, w);
	row->cells = dpt_drawn_by_cells(g, w) ? g->cells.count : 0;
	row->nearest = nearest(tail, w);
	row->end = last_end(g, w);
	uint32_t count = row->blocks + (row->cells ? row->cells : 1);
	block_bounds(tail, w, row, bound);
	if (row->cells)
		cell_bounds(tail, w, row, bound + row->blocks);
	else
		bound[row->blocks] = g->n * decay_to(tail, row, row->end);
	row->units = (UNITS - count) / sum_of(bound, count);
	row->base = row->nearest + log(row->units);
	fill_buckets(count, bound, row);
	dpt_shelf_end(shelf, &tail->place[w], row);
}

/* Room for rows, the first of which is w. */
static bool new_shelf(const dpt_tail *tail, uint32_t w, uint32_t rows,
                      struct dpt_shelf **out)
{
	const struct dpt_ground *g = &tail->ground;
	uint32_t count = dpt_far_blocks(&g->far, w) +
	                 (dpt_drawn_by_cells(g, w) ? g->cells.count : 1);
	if (rows > 0)
		*out =
		    dpt_shelf_new(rows, sizeof(struct dpt_row) +
		                            padded(count) * sizeof(uint16_t));
	return rows == 0 || *out;
}

static bool new_rows(dpt_tail *tail)
{
	const struct dpt_ground *g = &tail->ground;
	const struct dpt_far *far = &g->far;
	uint32_t cells = g->cells.rows > far->rows ? g->cells.rows : far->rows;
	tail->place = calloc(g->n, sizeof *tail->place);
	return tail->place &&
	       new_shelf(tail, 0, far->long_rows, &tail->shelf[0]) &&
	       new_shelf(tail, far->long_rows, far->rows - far->long_rows,
	                 &tail->shelf[1]) &&
	       new_shelf(tail, far->rows, cells - far->rows, &tail->shelf[2]);
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
	tail->each_t = 1 / t;
	if (!new_rows(tail) || !new_cells(tail)) {
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
	for (int i = 0; i < KINDS; i++)
		dpt_shelf_free(tail->shelf[i]);
	free(tail->place);
	free(tail->cell);
	free(tail);
}

/* ------------------------------------------------------------ proposals */

void dpt_tail_begin(const dpt_tail *tail, struct dpt_try *try)
{
	const struct dpt_ground *g = &tail->ground;
	const struct dpt_row *row = NULL;
	if (has_buckets(g, try->w))
		row = row_of(tail, try->w);
	try->row = row;
	try->sound = dpt_point_sound(g, try->w);
	if (row) {
		__builtin_prefetch(row);
		__builtin_prefetch(row->block);
	}
	if (g->screen.row && dpt_drawn_by_cells(g, try->w))
		dpt_screen_prefetch(&g->screen, try->w);
}

static uint32_t count_below(const uint16_t *last, uint16_t unit)
{
	uint16_t count = 0;
	for (uint32_t i = 0; i < BLOCK; i++)
		count = (uint16_t)(count + (last[i] < unit));
	return count;
}

void dpt_tail_aim(const dpt_tail *tail, struct dpt_rng *rng,
                  struct dpt_try *try)
{
	const uint16_t *half = dpt_rng_halves(rng, 3);
	try->unit = half[0];
	try->part = half[1];
	try->high = half[2];
	if (!try->row && !has_buckets(&tail->ground, try->w))
		return;
	if (!try->row) {
		make_row(tail, try->w);
		try->row = row_of(tail, try->w);
	}
	try->bucket =
	    (uint16_t)(count_below(try->row->block, try->unit) * BLOCK);
	__builtin_prefetch(try->row->last + try->bucket);
}

/*
 * A block of far neighbours ends where the next one begins, whose units are
 * less than one more than its bound: what is accepted by that bound is
 * accepted whichever of the block it is.
 */
static void choose_bucket(const struct dpt_row *row, struct dpt_try *try)
{
	const uint16_t *last = row->last;
	uint32_t b = try->bucket + count_below(last + try->bucket, try->unit);
	int before = last[b - (b > 0)], next = last[b + (b + 1 < row->blocks)];
	int units = last[b] - (b > 0 ? before : -1);
	int least = next - last[b] - 1; /* below 0 where there is no next */
	try->bucket = (uint16_t)b;
	try->units = (uint16_t)units;
	try->far = b < row->blocks;
	try->sure =
	    (int64_t)(try->high + 1) * units <= (int64_t)least * (1 << 16);
}

static void propose_far(const dpt_tail *tail, struct dpt_try *try)
{
	const struct dpt_far *far = &tail->ground.far;
	try->place = try->bucket * DPT_FAR_BLOCK + try->part % DPT_FAR_BLOCK;
	__builtin_prefetch(dpt_far_place(far, try->w, try->place));
	if (!try->sure) /* few */
		__builtin_prefetch(dpt_far_reach(far, try->w) + try->bucket +
		                   1);
}

/* One of a cell, or of all words. */
static void propose_other(const dpt_tail *tail, struct dpt_rng *rng,
                          struct dpt_try *try)
{
	const struct dpt_row *row = try->row;
	if (!row || !row->cells) {
		try->v = dpt_rng_below(rng, tail->ground.n);
		try->place = DPT_NO_WORD;
		return;
	}
	const struct cell *c = &tail->cell[try->bucket - row->blocks];
	try->place = c->start + dpt_rng_below_16(rng, try->part, c->size);
	__builtin_prefetch(&tail->ground.cells.word[try->place]);
}

/* What has no buckets has no far neighbours either. */
static void choose(struct dpt_try *try)
{
	if (try->row)
		choose_bucket(try->row, try);
	else
		try->far = try->sure = false;
}

void dpt_tail_propose(const dpt_tail *tail, struct dpt_rng *rng,
                      struct dpt_try *try)
{
	choose(try);
	if (try->far)
		propose_far(tail, try);
	else
		propose_other(tail, rng, try);
}

static void read_far(const dpt_tail *tail, struct dpt_try *try)
{
	try->v = dpt_far_id(&tail->ground.far, try->w, try->place);
}

static void read_other(const dpt_tail *tail, struct dpt_try *try)
{
	const struct dpt_ground *g = &tail->ground;
	if (try->place != DPT_NO_WORD)
		try->v = g->cells.word[try->place];
	if (g->screen.row)
		dpt_screen_prefetch(&g->screen, try->v);
}

void dpt_tail_read(const dpt_tail *tail, struct dpt_try *try)
{
	(try->far ? read_far : read_other)(tail, try);
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

/* These two are made with the buckets, where there are any. */
static double first_exponent(const dpt_tail *tail, const struct dpt_try *try)
{
	return try->row ? try->row->nearest : nearest(tail, try->w);
}

static double end_of(const dpt_tail *tail, const struct dpt_try *try)
{
	return try->row ? try->row->end : last_end(&tail->ground, try->w);
}

/* What the kernel is divided by where the proposal has a word of its bucket. */
static double level(const dpt_tail *tail, const struct dpt_try *try)
{
	const struct dpt_row *row = try->row;
	if (!row)
		return 1;
	return try->units / (row->units * bucket_size(tail, row, try->bucket));
}

static double most_accepted(const dpt_tail *tail, const struct dpt_try *try)
{
	const struct dpt_row *row = try->row;
	float high = try->high;
	if (!row)
		return first_exponent(tail, try) + LOG_2_16 -
		       (double)log_of(tail, high);
	float shared = high * try->units * bucket_each(tail, row, try->bucket);
	return row->base + LOG_2_16 - (double)log_of(tail, shared);
}

/* A far neighbour: it is no farther than where its block ends. */
static enum dpt_judgement judge_far(const dpt_tail *tail,
                                    const struct dpt_try *try)
{
	const struct dpt_far *far = &tail->ground.far;
	if (try->sure)
		return DPT_ACCEPTED;
	double last = dpt_far_reach(far, try->w)[try->bucket + 1];
	double least = most_accepted(tail, try) - room(try);
	bool sure = try->high > 0 && exponent(tail->t, last) < least;
	return sure ? DPT_ACCEPTED : DPT_UNDECIDED;
}

/* Whether the copies of a word of many and of w tell anything. */
static bool is_screened(const dpt_tail *tail, const struct dpt_try *try)
{
	return tail->ground.screen.row && try->high > 0 &&
	       try->most < DPT_KERNEL_CLIP;
}

/* Whether it is farther away than is accepted, as most are. */
static bool is_beyond(const dpt_tail *tail, struct dpt_try *try)
{
	double most = try->most = most_accepted(tail, try);
	if (!is_screened(tail, try) || !try->sound ||
	    !dpt_point_sound(&tail->ground, try->v))
		return false;
	try->coarse = dpt_screen_distance(&tail->ground.screen, try->w, try->v,
	                                  (float)(most * tail->each_t));
	return isinf(try->coarse);
}

/*
 * Whether the others are accepted by their coarse distance: they must lie
 * outside the end.  What is not sound is accepted: nothing drawn will be used.
 */
static bool is_within(const dpt_tail *tail, const struct dpt_try *try)
{
	if (!try->sound || !dpt_point_sound(&tail->ground, try->v))
		return true;
	if (!is_screened(tail, try))
		return false;
	float d = try->coarse;
	float slack = dpt_screen_slack(&tail->ground.screen, try->w, try->v, d);
	return (double)(d - slack) > end_of(tail, try) &&
	       tail->t * (double)(d + slack) < try->most - room(try);
}

static void prefetch_vectors(const dpt_tail *tail, const struct dpt_try *try)
{
	const float *from = tail->ground.vectors;
	for (uint32_t i = 0; i < tail->stride; i += 16) {
		__builtin_prefetch(from + (size_t)try->w * tail->stride + i);
		__builtin_prefetch(from + (size_t)try->v * tail->stride + i);
	}
}

enum dpt_judgement dpt_tail_judge(const dpt_tail *tail, struct dpt_try *try)
{
	if (try->far)
		return judge_far(tail, try);
	if (is_beyond(tail, try))
		return DPT_REJECTED;
	return is_within(tail, try) ? DPT_ACCEPTED : DPT_UNDECIDED;
}

/* Whether v, which is so far from the word, is behind its longest list. */
static bool is_outside(const dpt_tail *tail, const struct dpt_try *try,
                       double d)
{
	double end = end_of(tail, try);
	return d > end || (d == end && try->v > last_id(&tail->ground, try->w));
}

bool dpt_tail_measure(const dpt_tail *tail, struct dpt_rng *rng,
                      const struct dpt_try *try)
{
	double d = distance(&tail->ground, try->w, try->v);
	if (!try->far && !is_outside(tail, try, d))
		return false;
	double p = exp(first_exponent(tail, try) - exponent(tail->t, d)) /
	           level(tail, try);
	uint64_t u = (uint64_t)try->high << 48 | dpt_rng_u64(rng) >> 16;
	return p >= 1 || u < (uint64_t)(p * 0x1p64);
}

uint32_t dpt_tail_try(const dpt_tail *tail, struct dpt_rng *rng, uint32_t w)
{
	struct dpt_try try = {.w = w};
	dpt_tail_begin(tail, &try);
	dpt_tail_aim(tail, rng, &try);
	dpt_tail_propose(tail, rng, &try);
	dpt_tail_read(tail, &try);
	enum dpt_judgement judgement = dpt_tail_judge(tail, &try);
	bool accepted =
	    judgement == DPT_ACCEPTED ||
	    (judgement == DPT_UNDECIDED && dpt_tail_measure(tail, rng, &try));
	return accepted ? try.v : DPT_NO_WORD;
}

/* ------------------------------------------------------------ many at once */

/*
 * What a try comes to cannot be foreseen, and a branch that is taken wrongly
 * costs more than a step.  So each step is made for all that are there, and
 * which of them go on is put in a list, without a branch.
 */

/* Proposes words for those that are left; returns how many are far. */
static size_t propose_all(const dpt_tail *tail, struct dpt_tails *t, size_t n)
{
	size_t far = 0, other = 0;
	for (size_t i = 0; i < n; i++)
		dpt_tail_aim(tail, t->rng[t->left[i]], &t->try[t->left[i]]);
	for (size_t i = 0; i < n; i++) {
		uint16_t k = t->left[i];
		choose(&t->try[k]);
		t->far[far] = t->other[other] = k;
		far += t->try[k].far;
		other += !t->try[k].far;
	}
	for (size_t i = 0; i < far; i++)
		propose_far(tail, &t->try[t->far[i]]);
	for (size_t i = 0; i < other; i++)
		propose_other(tail, t->rng[t->other[i]], &t->try[t->other[i]]);
	for (size_t i = 0; i < far; i++)
		read_far(tail, &t->try[t->far[i]]);
	for (size_t i = 0; i < other; i++)
		read_other(tail, &t->try[t->other[i]]);
	return far;
}

/* Judges them; returns how many must be measured. */
static size_t judge_all(const dpt_tail *tail, struct dpt_tails *t, size_t far,
                        size_t other)
{
	size_t open = 0, near = 0;
	for (size_t i = 0; i < far; i++) {
		uint16_t k = t->far[i];
		bool sure = judge_far(tail, &t->try[k]) == DPT_ACCEPTED;
		*t->out[k] = sure ? t->try[k].v : DPT_NO_WORD;
		t->open[open] = k;
		open += !sure;
	}
	for (size_t i = 0; i < other; i++) {
		uint16_t k = t->other[i];
		*t->out[k] = DPT_NO_WORD;
		t->other[near] = k;
		near += !is_beyond(tail, &t->try[k]);
	}
	for (size_t i = 0; i < near; i++) {
		uint16_t k = t->other[i];
		bool sure = is_within(tail, &t->try[k]);
		*t->out[k] = sure ? t->try[k].v : DPT_NO_WORD;
		t->open[open] = k;
		open += !sure;
	}
	return open;
}

static void measure_all(const dpt_tail *tail, struct dpt_tails *t, size_t open)
{
	for (size_t i = 0; i < open; i++)
		prefetch_vectors(tail, &t->try[t->open[i]]);
	for (size_t i = 0; i < open; i++) {
		uint16_t k = t->open[i];
		if (dpt_tail_measure(tail, t->rng[k], &t->try[k]))
			*t->out[k] = t->try[k].v;
	}
}

/*
 * Where the bound is so far above the kernel that N tries fail, a pass over
 * all words costs less than going on.
 */
void dpt_tail_draw(const dpt_tail *tail, struct dpt_tails *t)
{
	size_t n = t->words;
	for (size_t i = 0; i < n; i++)
		t->left[i] = (uint16_t)i;
	for (uint32_t tries = 0; n > 0 && tries < tail->ground.n; tries++) {
		size_t far = propose_all(tail, t, n), left = 0;
		measure_all(tail, t, judge_all(tail, t, far, n - far));
		for (size_t i = 0; i < n; i++) {
			uint16_t k = t->left[i];
			t->left[left] = k;
			left += *t->out[k] == DPT_NO_WORD;
		}
		n = left;
	}
	for (size_t i = 0; i < n; i++) {
		uint16_t k = t->left[i];
		*t->out[k] = dpt_tail_invert(tail, t->rng[k], t->try[k].w);
	}
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
