/* SPDX-License-Identifier: MIT */
#include "normal.h"

#include "error.h"
#include "kernels.h"
#include "parallel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK DPT_TILE

enum dpt_status dpt_normal_new(struct dpt_normal *z,
                               const struct dpt_space *space, size_t rates,
                               const double *t, dpt_error *err)
{
	*z = (struct dpt_normal){.space = space, .rates = rates, .t = t};
	z->powers = rates > 1;
	for (size_t k = 0; k < rates; k++)
		z->powers &= t[k] == (double)(k + 1) * t[0];
	z->others = calloc(2 * rates * space->n, sizeof *z->others);
	if (!z->others)
		return dpt_fail_memory(err);
	z->moments = z->others + rates * space->n;
	return DPT_OK;
}

void dpt_normal_free(struct dpt_normal *z)
{
	free(z->others);
	*z = (struct dpt_normal){0};
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static void visit_row(struct dpt_normal *z, const struct dpt_tile *t,
                      uint32_t r, size_t k, const double *d)
{
	size_t at = k * z->space->n, row = at + t->row + r;
	struct dpt_sums sums, rest;
	if (t->row != t->col) {
		sums = dpt_exp_add(t->cols, z->t[k], d, z->others + at + t->col,
		                   z->moments + at + t->col);
	} else {
		sums = dpt_exp_sums(r, z->t[k], d);
		rest = dpt_exp_sums(t->cols - r - 1, z->t[k], d + r + 1);
		sums.others += rest.others;
		sums.moment += rest.moment;
	}
	z->others[row] += sums.others;
	z->moments[row] += sums.moment;
}

/* All rates of a strip at once: the kernel of each is that of the one before
 * times that of the first. */
static void visit_strip(struct dpt_normal *z, const struct dpt_tile *t,
                        uint32_t row, uint32_t rows, uint32_t col,
                        uint32_t cols)
{
	struct dpt_strip strip;
	for (uint32_t r = 0; r < rows; r++) {
		dpt_roots(cols, t->d2 + (size_t)(row + r) * t->cols + col,
		          strip.d[r]);
		dpt_exp_fill(cols, z->t[0], strip.d[r], strip.factor[r]);
		memcpy(strip.kernel[r], strip.factor[r],
		       cols * sizeof *strip.kernel[r]);
	}
	for (size_t k = 0; k < z->rates; k++) {
		double *others = z->others + k * z->space->n;
		double *moments = z->moments + k * z->space->n;
		struct dpt_sums sums[DPT_STRIP_ROWS];
		dpt_power_add(rows, cols, &strip, others + t->col + col,
		              moments + t->col + col, sums);
		for (uint32_t r = 0; r < rows; r++) {
			others[t->row + row + r] += sums[r].others;
			moments[t->row + row + r] += sums[r].moment;
		}
	}
}

/* Each pair once: on the diagonal, row by row, those below it. */
static void visit_powers(struct dpt_normal *z, const struct dpt_tile *t)
{
	bool diagonal = t->row == t->col;
	for (uint32_t r = 0, rows; r < t->rows; r += rows) {
		uint32_t end = diagonal ? r : t->cols;
		rows = diagonal ? 1 : least(t->rows - r, DPT_STRIP_ROWS);
		for (uint32_t c = 0; c < end; c += DPT_STRIP_COLS)
			visit_strip(z, t, r, rows, c,
			            least(end - c, DPT_STRIP_COLS));
	}
}

/* A row for any rates, each pair once, with the weights. */
static void visit_weighted(struct dpt_normal *z, const struct dpt_tile *t,
                           uint32_t r, const double *d)
{
	_Alignas(DPT_LINE) double factor[CHUNK], kernel[CHUNK];
	const double *q = z->weight;
	uint32_t cols = t->row == t->col ? r : t->cols;
	for (size_t k = 0; k < z->rates; k++) {
		size_t at = k * z->space->n, row = at + t->row + r;
		if (k == 0 || !z->powers) {
			dpt_exp_fill(cols, z->t[k], d, factor);
			memcpy(kernel, factor, cols * sizeof *kernel);
		}
		struct dpt_sums sums = dpt_weighted_add(
		    cols, d, factor, kernel, q[t->row + r], q + t->col,
		    z->others + at + t->col, z->moments + at + t->col);
		z->others[row] += sums.others;
		z->moments[row] += sums.moment;
	}
}

void dpt_normal_visit(void *ctx, unsigned thread, const struct dpt_tile *t)
{
	(void)thread;
	struct dpt_normal *z = ctx;
	_Alignas(DPT_LINE) double d[CHUNK];
	if (z->powers && !z->weight) {
		visit_powers(z, t);
		return;
	}
	for (uint32_t r = 0; r < t->rows; r++) {
		dpt_roots(t->cols, t->d2 + (size_t)r * t->cols, d);
		if (z->weight)
			visit_weighted(z, t, r, d);
		else
			for (size_t k = 0; k < z->rates; k++)
				visit_row(z, t, r, k, d);
	}
}

void dpt_normal_finish(struct dpt_normal *z)
{
	size_t n = z->space->n;
	for (size_t i = 0; z->weight && i < z->rates * n; i++) {
		z->others[i] /= z->weight[i % n];
		z->moments[i] /= z->weight[i % n];
	}
}

/* A row that may be the higher of a steep pair. */
struct top {
	double v, room;
	uint32_t row;
};

struct steep {
	const struct dpt_space *space;
	const struct dpt_lists *lists;
	const double *v;
	double *best;    /* one a thread */
	double slope;    /* less than the best of all pairs in lists */
	struct top *top; /* by falling value, and a last one of none */
};

static void keep_ratio(double *best, double a, double b, double d)
{
	double ratio = fabs(a - b) / d;
	if (ratio > *best)
		*best = ratio;
}

/* The pairs of a run of rows with their listed neighbours. */
static void steep_in_lists(void *ctx, unsigned thread, size_t item)
{
	struct steep *s = ctx;
	const struct dpt_lists *l = s->lists;
	size_t end = (item + 1) * CHUNK;
	if (end > s->space->n)
		end = s->space->n;
	for (size_t w = item * CHUNK; w < end; w++)
		for (size_t r = w * l->k; r < (w + 1) * l->k; r++)
			keep_ratio(&s->best[thread], s->v[w], s->v[l->id[r]],
			           l->distance[r]);
}

/*
 * A pair that is in neither list is at least as far apart as either reaches.
 * To be steeper than the best in lists, its higher row must therefore lie
 * that much above the lower one for the reach of each.
 */
static double room(const struct steep *s, uint32_t w)
{
	return s->slope * *dpt_list_end(s->lists, w);
}

static void steep_beyond(void *ctx, unsigned thread, size_t item)
{
	struct steep *s = ctx;
	const struct dpt_space *space = s->space;
	uint32_t end = (uint32_t)(item + 1) * CHUNK;
	for (uint32_t w = (uint32_t)item * CHUNK; w < end && w < space->n;
	     w++) {
		double v = s->v[w], least = room(s, w);
		for (const struct top *x = s->top; x->v - v > least; x++)
			if (x->v - v > x->room)
				keep_ratio(
				    &s->best[thread], v, x->v,
				    sqrt(dpt_squared(dpt_row(space, w),
				                     dpt_row(space, x->row),
				                     space->stride)));
	}
}

static int by_value(const void *a, const void *b)
{
	const struct top *x = a, *y = b;
	return (x->v < y->v) - (x->v > y->v);
}

/* Fills top with the rows that may be the higher of such a pair. */
static void list_tops(struct steep *s, double lowest)
{
	size_t n = 0;
	for (uint32_t w = 0; w < s->space->n; w++) {
		struct top x = {s->v[w], room(s, w), w};
		if (x.v - lowest > x.room)
			s->top[n++] = x;
	}
	qsort(s->top, n, sizeof *s->top, by_value);
	s->top[n] = (struct top){.v = -INFINITY};
}

static double largest(const double *v, size_t n)
{
	double max = v[0];
	for (size_t i = 1; i < n; i++)
		max = v[i] > max ? v[i] : max;
	return max;
}

static double smallest(const double *v, size_t n)
{
	double min = v[0];
	for (size_t i = 1; i < n; i++)
		min = v[i] < min ? v[i] : min;
	return min;
}

static bool all_finite(const double *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isfinite(v[i]))
			return false;
	return true;
}

enum dpt_status dpt_steepness(const struct dpt_space *space,
                              const struct dpt_lists *lists, const double *v,
                              unsigned threads, double *out, dpt_error *err)
{
	size_t n = space->n, runs = (n + CHUNK - 1) / CHUNK;
	struct steep s = {.space = space,
	                  .lists = lists,
	                  .v = v,
	                  .best = calloc(threads, sizeof *s.best),
	                  .top = malloc((n + 1) * sizeof *s.top)};
	bool memory = s.best && s.top;
	*out = INFINITY;
	if (memory && all_finite(v, n)) {
		dpt_parallel(threads, runs, steep_in_lists, &s);
		s.slope = largest(s.best, threads) * (1 - 1e-9);
		if (lists->k + 1 < n) {
			list_tops(&s, smallest(v, n));
			dpt_parallel(threads, runs, steep_beyond, &s);
		}
		*out = largest(s.best, threads);
	}
	free(s.best);
	free(s.top);
	return memory ? DPT_OK : dpt_fail_memory(err);
}
