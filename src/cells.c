/* SPDX-License-Identifier: MIT */
/* Lloyd's algorithm (k-means), in one order whatever the threads. */
#include "cells.h"

#include "error.h"
#include "parallel.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WORDS 16U     /* of a cell, on the average, at least */
#define MOST 512U     /* cells */
#define ROUNDS 4      /* of moving the centres */
#define LESSON 32768U /* rows that they are learned from */
#define STRIP 8U      /* columns of a tile looked at together */

struct division {
	const struct dpt_space *space;
	uint32_t count, apart; /* every so many rows are learned from */
	float *centre;         /* count x stride */
	double *sum;           /* the same, of the rows they are means of */
	uint32_t *cell;        /* of each row */
	uint32_t *size;        /* of each cell */
};

uint32_t dpt_cells_count(uint32_t n)
{
	uint32_t count = n / WORDS;
	return count < 2 ? 0 : count < MOST ? count : MOST;
}

/* Finds the nearest centre of a row, the first of equal ones. */
static void assign(void *ctx, unsigned thread, size_t item)
{
	struct division *d = ctx;
	uint32_t row = (uint32_t)item * d->apart, stride = d->space->stride;
	double least = INFINITY;
	(void)thread;
	for (uint32_t c = 0; c < d->count; c++) {
		double d2 = dpt_squared(dpt_row(d->space, row),
		                        d->centre + (size_t)c * stride, stride);
		if (d2 < least) {
			least = d2;
			d->cell[row] = c;
		}
	}
}

/* A cell without rows keeps its centre. */
static void move_centres(struct division *d)
{
	uint32_t stride = d->space->stride;
	memset(d->sum, 0, (size_t)d->count * stride * sizeof *d->sum);
	memset(d->size, 0, d->count * sizeof *d->size);
	for (uint32_t row = 0; row < d->space->n; row += d->apart) {
		const float *x = dpt_row(d->space, row);
		double *sum = d->sum + (size_t)d->cell[row] * stride;
		d->size[d->cell[row]]++;
		for (uint32_t i = 0; i < stride; i++)
			sum[i] += (double)x[i];
	}
	for (uint32_t c = 0; c < d->count; c++)
		for (uint32_t i = 0; i < stride && d->size[c] > 0; i++)
			d->centre[(size_t)c * stride + i] =
			    (float)(d->sum[(size_t)c * stride + i] /
			            d->size[c]);
}

static void learn(struct division *d, unsigned threads)
{
	const struct dpt_space *s = d->space;
	d->apart = s->n <= LESSON ? 1 : (s->n + LESSON - 1) / LESSON;
	for (uint32_t c = 0; c < d->count; c++)
		memcpy(d->centre + (size_t)c * s->stride,
		       dpt_row(s, (uint32_t)((uint64_t)c * s->n / d->count)),
		       s->stride * sizeof *d->centre);
	for (int round = 0; round < ROUNDS; round++) {
		dpt_parallel(threads, (s->n + d->apart - 1) / d->apart, assign,
		             d);
		move_centres(d);
	}
	d->apart = 1;
	dpt_parallel(threads, s->n, assign, d);
}

/* Every empty cell gets a row of the largest. */
static void fill_empty(struct division *d)
{
	memset(d->size, 0, d->count * sizeof *d->size);
	for (uint32_t row = 0; row < d->space->n; row++)
		d->size[d->cell[row]]++;
	for (uint32_t c = 0; c < d->count; c++) {
		uint32_t largest = 0, row = 0;
		if (d->size[c] > 0)
			continue;
		for (uint32_t i = 1; i < d->count; i++)
			if (d->size[i] > d->size[largest])
				largest = i;
		while (d->cell[row] != largest)
			row++;
		d->cell[row] = c;
		d->size[largest]--;
		d->size[c]++;
	}
}

static void list_cells(struct division *d, uint32_t *start, uint32_t *word)
{
	start[0] = 0;
	for (uint32_t c = 0; c < d->count; c++) {
		start[c + 1] = start[c] + d->size[c];
		d->size[c] = start[c];
	}
	for (uint32_t row = 0; row < d->space->n; row++)
		word[d->size[d->cell[row]]++] = row;
}

enum dpt_status dpt_cells_divide(const struct dpt_space *space, uint32_t count,
                                 unsigned threads, uint32_t *start,
                                 uint32_t *word, dpt_error *err)
{
	size_t numbers = (size_t)count * space->stride;
	struct division d = {
	    .space = space,
	    .count = count,
	    .centre = malloc(numbers * sizeof *d.centre),
	    .sum = malloc(numbers * sizeof *d.sum),
	    .cell = malloc(space->n * sizeof *d.cell),
	    .size = malloc(count * sizeof *d.size),
	};
	bool ok = d.centre && d.sum && d.cell && d.size;
	if (ok) {
		learn(&d, threads);
		fill_empty(&d);
		list_cells(&d, start, word);
	}
	free(d.centre);
	free(d.sum);
	free(d.cell);
	free(d.size);
	return ok ? DPT_OK : dpt_fail_memory(err);
}

/* ------------------------------------------------------- least distances */

enum dpt_status dpt_reaches_new(struct dpt_reaches *r,
                                const struct dpt_space *space,
                                const struct dpt_cells *cells, dpt_error *err)
{
	size_t pairs = (size_t)cells->rows * cells->count;
	*r = (struct dpt_reaches){.space = space,
	                          .rows = cells->rows,
	                          .count = cells->count,
	                          .unit = ldexp(1, ilogb(space->norm2_max)),
	                          .cell = malloc(space->n * sizeof *r->cell),
	                          .least = malloc((pairs + 1) * sizeof(float))};
	if (!r->cell || !r->least) {
		dpt_reaches_free(r);
		return dpt_fail_memory(err);
	}
	for (size_t i = 0; i < pairs; i++)
		r->least[i] = INFINITY;
	for (uint32_t c = 0; c < cells->count; c++)
		for (uint32_t i = cells->start[c]; i < cells->start[c + 1]; i++)
			r->cell[cells->word[i]] = c;
	return DPT_OK;
}

void dpt_reaches_free(struct dpt_reaches *r)
{
	free(r->cell);
	free(r->least);
	*r = (struct dpt_reaches){0};
}

static void lower(float *least, double square)
{
	*least = (float)square < *least ? (float)square : *least;
}

/* From the rows of a tile to the cells of its columns. */
static void visit_rows(struct dpt_reaches *r, const struct dpt_tile *t)
{
	const uint32_t *cell = r->cell + t->col;
	double over = 1 / r->unit;
	for (uint32_t i = 0; i < t->rows && t->row + i < r->rows; i++) {
		const double *d2 = t->d2 + (size_t)i * t->cols;
		float *least = r->least + (size_t)(t->row + i) * r->count;
		for (uint32_t c = 0; c < t->cols; c++)
			if (t->col + c != t->row + i)
				lower(&least[cell[c]], d2[c] * over);
	}
}

/* The other way round, some columns at a time. */
static void visit_columns(struct dpt_reaches *r, const struct dpt_tile *t)
{
	double over = 1 / r->unit;
	uint32_t end = t->col < r->rows ? r->rows - t->col : 0;
	end = end < t->cols ? end : t->cols;
	for (uint32_t first = 0; first < end; first += STRIP) {
		uint32_t n = end - first < STRIP ? end - first : STRIP;
		float *least = r->least + (size_t)(t->col + first) * r->count;
		const double *d2 = t->d2 + first;
		for (uint32_t i = 0; i < t->rows; i++, d2 += t->cols)
			for (uint32_t c = 0; c < n; c++)
				lower(&least[(size_t)c * r->count +
				             r->cell[t->row + i]],
				      d2[c] * over);
	}
}

void dpt_reaches_visit(struct dpt_reaches *r, const struct dpt_tile *t)
{
	if (r->count == 0)
		return;
	visit_rows(r, t);
	if (t->row != t->col)
		visit_columns(r, t);
}

/* How many whole steps a cell begins behind the last of a list, at most. */
static uint8_t steps(double last, double step, double nearest)
{
	double n = floor((nearest - last) / step);
	n = n > 255 ? 255 : n;
	while (n > 0 && last + n * step > nearest)
		n--;
	return n > 0 ? (uint8_t)n : 0;
}

/* What a square may be too large by: its error, and that of the float. */
void dpt_reaches_finish(const struct dpt_reaches *r,
                        const struct dpt_lists *lists, double step,
                        uint8_t *near)
{
	double error = dpt_tile_error(r->space);
	for (size_t w = 0; w < r->rows; w++) {
		double last = *dpt_list_end(lists, (uint32_t)w);
		for (size_t i = w * r->count; i < (w + 1) * r->count; i++) {
			double d2 = (double)r->least[i] *
			                (1 - 2 * (double)FLT_EPSILON) -
			            (double)FLT_MIN;
			near[i] = steps(last, step,
			                sqrt(fmax(d2 * r->unit - error, 0)));
		}
	}
}
