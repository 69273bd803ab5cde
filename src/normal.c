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

struct steep {
	const struct dpt_space *space;
	const struct dpt_lists *lists;
	const double *v;
	double *best; /* one a thread */
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

static void steep_in_tile(void *ctx, unsigned thread, const struct dpt_tile *t)
{
	struct steep *s = ctx;
	const struct dpt_space *space = s->space;
	double *best = &s->best[thread];
	for (uint32_t r = 0; r < t->rows; r++) {
		const double *d2 = t->d2 + (size_t)r * t->cols;
		uint32_t w = dpt_tile_row(t, r);
		double bound = *best * *best * (1 - 1e-9);
		if (!dpt_any_steeper(t->cols, s->v[w], s->v + t->col, bound,
		                     d2))
			continue;
		for (uint32_t c = 0; c < t->cols; c++) {
			uint32_t x = t->col + c;
			double gap = s->v[w] - s->v[x];
			if (x == w || gap * gap <= bound * d2[c])
				continue;
			keep_ratio(best, s->v[w], s->v[x],
			           sqrt(dpt_squared(dpt_row(space, w),
			                            dpt_row(space, x),
			                            space->stride)));
		}
	}
}

/*
 * The rows on one side whose lists may end too soon.  A pair steeper than
 * best that is in neither list is at least as far apart as either list
 * reaches; so its higher row lies more than best * reach above the lowest of
 * all, and its lower row as far below the highest.  One side is enough.
 */
static size_t short_lists(const struct steep *s, double best, double extreme,
                          uint32_t *rows)
{
	const struct dpt_lists *l = s->lists;
	size_t n = 0;
	for (uint32_t w = 0; w < s->space->n; w++) {
		double reach = l->distance[(size_t)w * l->k + l->k - 1];
		if (fabs(s->v[w] - extreme) > best * reach * (1 - 1e-9))
			rows[n++] = w;
	}
	return n;
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
	enum dpt_status status = DPT_OK;
	uint32_t n = space->n;
	struct steep s = {space, lists, v, calloc(threads, sizeof *s.best)};
	uint32_t *high = malloc(n * sizeof *high);
	uint32_t *low = malloc(n * sizeof *low);
	*out = INFINITY;
	if (!s.best || !high || !low) {
		status = dpt_fail_memory(err);
		goto out;
	}
	if (!all_finite(v, n))
		goto out;
	dpt_parallel(threads, (n + CHUNK - 1) / CHUNK, steep_in_lists, &s);
	double best = largest(s.best, threads);
	for (unsigned i = 0; i < threads; i++)
		s.best[i] = best;
	if (lists->k + 1 < n) {
		size_t highs = short_lists(&s, best, smallest(v, n), high);
		size_t lows = short_lists(&s, best, largest(v, n), low);
		struct dpt_pass pass = {.space = space,
		                        .threads = threads,
		                        .visit = steep_in_tile,
		                        .ctx = &s};
		status = highs < lows ? dpt_scan(&pass, highs, high, err)
		                      : dpt_scan(&pass, lows, low, err);
		best = largest(s.best, threads);
	}
	*out = best;
out:
	free(s.best);
	free(high);
	free(low);
	return status;
}
