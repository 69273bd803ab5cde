/* SPDX-License-Identifier: MIT */
#include "space.h"

#include "blas.h"
#include "error.h"
#include "parallel.h"
#include "wide.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Compilers do not find these by themselves. */
typedef float floats __attribute__((vector_size(DPT_LANES * sizeof(float))));
typedef double doubles __attribute__((vector_size(DPT_LANES * sizeof(double))));

DPT_WIDE double dpt_squared(const float *a, const float *b, uint32_t stride)
{
	doubles sum = {0};
	for (uint32_t i = 0; i < stride; i += DPT_LANES) {
		floats x, y;
		memcpy(&x, a + i, sizeof x);
		memcpy(&y, b + i, sizeof y);
		doubles d = __builtin_convertvector(x, doubles) -
		            __builtin_convertvector(y, doubles);
		sum += d * d;
	}
	return ((sum[0] + sum[4]) + (sum[2] + sum[6])) +
	       ((sum[1] + sum[5]) + (sum[3] + sum[7]));
}

/* The exponent of the lowest set bit of v, which is finite and not 0. */
static int lowest_bit(float v)
{
	int exponent;
	uint32_t mantissa = (uint32_t)(fabsf(frexpf(v, &exponent)) * 0x1p24F);
	return exponent - 24 + __builtin_ctz(mantissa);
}

static bool is_lattice(const struct dpt_space *s)
{
	int step = 1000;
	for (size_t i = 0; i < (size_t)s->n * s->stride; i++)
		if (s->x[i] != 0) {
			int bit = lowest_bit(s->x[i]);
			if (bit < step)
				step = bit;
			if (step < -24)
				return false;
		}
	return s->norm2_max <= ldexp(1, 24 + 2 * step);
}

enum dpt_status dpt_space_open(struct dpt_space *s, const float *x, uint32_t n,
                               uint32_t dim, dpt_error *err)
{
	*s = (struct dpt_space){
	    .x = x, .n = n, .dim = dim, .stride = dpt_stride(dim)};
	s->norm2 = malloc(n * sizeof *s->norm2);
	float *zero = calloc(s->stride, sizeof *zero);
	if (!s->norm2 || !zero) {
		free(zero);
		dpt_space_close(s);
		return dpt_fail_memory(err);
	}
	for (uint32_t i = 0; i < n; i++) {
		s->norm2[i] = dpt_squared(dpt_row(s, i), zero, s->stride);
		if (s->norm2[i] > s->norm2_max)
			s->norm2_max = s->norm2[i];
	}
	free(zero);
	s->lattice = is_lattice(s);
	return DPT_OK;
}

void dpt_space_close(struct dpt_space *s)
{
	free(s->norm2);
	*s = (struct dpt_space){0};
}

bool dpt_radii(const struct dpt_space *s, double *radius)
{
	double *sum = calloc(s->stride, sizeof *sum);
	float *center = malloc(s->stride * sizeof *center);
	bool made = sum && center;
	for (uint32_t w = 0; made && w < s->n; w++)
		for (uint32_t i = 0; i < s->stride; i++)
			sum[i] += (double)dpt_row(s, w)[i];
	for (uint32_t i = 0; made && i < s->stride; i++)
		center[i] = (float)(sum[i] / s->n);
	for (uint32_t w = 0; made && w < s->n; w++)
		radius[w] = (1 + 1e-12) *
		            sqrt(dpt_squared(dpt_row(s, w), center, s->stride));
	free(sum);
	free(center);
	return made;
}

double dpt_tile_error(const struct dpt_space *s)
{
	if (s->lattice)
		return 0;
	return 4 * (s->stride + 4.0) * DBL_EPSILON * s->norm2_max;
}

/* Memory of one thread: two blocks of rows and their products. */
struct work {
	const struct dpt_blas *blas;
	double *a, *b, *d2;
	float *dot;
	float *gathered;
	double gathered_norm2[DPT_TILE];
};

struct run {
	const struct dpt_pass *pass;
	atomic_bool unsound; /* a tile was */
	struct work *work;
	uint32_t blocks; /* blocks of DPT_TILE rows */
	uint32_t round;
	size_t listed;
	const uint32_t *list;
};

static void widen(double *to, const float *from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = (double)from[i];
}

/* A block of rows and their squared lengths. */
struct block {
	const float *x;
	const double *norm2;
	uint32_t rows;
};

static struct block block_of(const struct dpt_space *s, uint32_t block)
{
	uint32_t first = block * DPT_TILE, left = s->n - first;
	return (struct block){.x = dpt_row(s, first),
	                      .norm2 = s->norm2 + first,
	                      .rows = left < DPT_TILE ? left : DPT_TILE};
}

/* |x|^2 + |y|^2 - 2 x.y, exactly. */
DPT_WIDE static void from_floats(double x2, const double *restrict y2,
                                 const float *restrict dot, uint32_t n,
                                 double *restrict d2)
{
	for (uint32_t i = 0; i < n; i++)
		d2[i] = x2 + y2[i] - 2 * (double)dot[i];
}

static void from_lattice(const struct dpt_space *s, struct work *w,
                         const struct block *a, const struct block *b)
{
	int m = (int)a->rows, n = (int)b->rows, ld = (int)s->stride;
	w->blas->sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, n,
	               (int)s->dim, 1, a->x, ld, b->x, ld, 0, w->dot, n);
	for (size_t r = 0; r < a->rows; r++)
		from_floats(a->norm2[r], b->norm2, w->dot + r * b->rows,
		            b->rows, w->d2 + r * b->rows);
}

/* The same of products in d2, to which they are rounded; returns whether any is
 * at most close. */
DPT_WIDE static bool from_doubles(double x2, const double *restrict y2,
                                  uint32_t n, double close, double *restrict d2)
{
	int64_t any = 0;
	for (uint32_t i = 0; i < n; i++) {
		d2[i] = x2 + y2[i] - 2 * d2[i];
		any |= d2[i] <= close;
	}
	return any;
}

/* Measured directly where it cancels: so close pairs keep their relative
 * precision. */
static void from_any(const struct dpt_space *s, struct work *w,
                     const struct block *a, const struct block *b)
{
	int m = (int)a->rows, n = (int)b->rows, ld = (int)s->stride;
	double largest = 0, *d2 = w->d2;
	widen(w->a, a->x, (size_t)a->rows * s->stride);
	widen(w->b, b->x, (size_t)b->rows * s->stride);
	w->blas->dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, n,
	               (int)s->dim, 1, w->a, ld, w->b, ld, 0, d2, n);
	for (uint32_t c = 0; c < b->rows; c++)
		largest = fmax(largest, b->norm2[c]);
	for (size_t r = 0; r < a->rows; r++, d2 += b->rows) {
		double close = 1e-3 * (a->norm2[r] + largest);
		if (!from_doubles(a->norm2[r], b->norm2, b->rows, close, d2))
			continue;
		for (size_t c = 0; c < b->rows; c++)
			if (d2[c] <= close)
				d2[c] = dpt_squared(a->x + r * s->stride,
				                    b->x + c * s->stride,
				                    s->stride);
	}
}

/* The squared distances of two blocks, into w->d2. */
static void measure(const struct dpt_space *s, struct work *w,
                    const struct block *a, const struct block *b)
{
	(s->lattice ? from_lattice : from_any)(s, w, a, b);
}

/* Diagonals, of which each tile has others. */
bool dpt_tile_sound(const struct dpt_space *s, const struct dpt_tile *t)
{
	double slack = dpt_tile_error(s) + 1e-12 * s->norm2_max;
	uint32_t steps = t->rows > t->cols ? t->rows : t->cols;
	uint32_t shift = t->row / DPT_TILE + t->col / DPT_TILE + 1;
	for (uint32_t i = steps; i > 0; i -= i < 7 ? i : 7) {
		uint32_t r = (i - 1) % t->rows;
		uint32_t c = (i - 1 + shift) % t->cols;
		double right = dpt_squared(dpt_row(s, dpt_tile_row(t, r)),
		                           dpt_row(s, t->col + c), s->stride);
		double d2 = t->d2[(size_t)r * t->cols + c];
		if (!(fabs(d2 - right) <= slack))
			return false;
	}
	return true;
}

static void visit(struct run *run, unsigned thread, const struct dpt_tile *t)
{
	if (dpt_tile_sound(run->pass->space, t))
		run->pass->visit(run->pass->ctx, thread, t);
	else
		atomic_store(&run->unsound, true);
}

static void visit_blocks(struct run *run, unsigned thread, uint32_t i,
                         uint32_t j)
{
	const struct dpt_space *s = run->pass->space;
	struct work *w = &run->work[thread];
	struct block a = block_of(s, i), b = block_of(s, j);
	struct dpt_tile t = {.row = i * DPT_TILE,
	                     .rows = a.rows,
	                     .col = j * DPT_TILE,
	                     .cols = b.rows,
	                     .d2 = w->d2};
	measure(s, w, &a, &b);
	visit(run, thread, &t);
}

static void visit_diagonal(void *ctx, unsigned thread, size_t item)
{
	visit_blocks(ctx, thread, (uint32_t)item, (uint32_t)item);
}

/*
 * The circle method for round-robin tournaments: blocks 0..m-2 stand in a
 * circle, in round r those at equal steps left and right of r meet, and r
 * meets the last one.
 */
static void visit_match(void *ctx, unsigned thread, size_t item)
{
	struct run *run = ctx;
	uint32_t m = run->blocks + (run->blocks & 1);
	uint32_t k = (uint32_t)item, ring = m - 1;
	uint32_t i = (run->round + k) % ring;
	uint32_t j = k == 0 ? m - 1 : (run->round + ring - k) % ring;
	if (i < run->blocks && j < run->blocks)
		visit_blocks(run, thread, i < j ? i : j, i < j ? j : i);
}

static void visit_listed(void *ctx, unsigned thread, size_t item)
{
	struct run *run = ctx;
	const struct dpt_space *s = run->pass->space;
	struct work *w = &run->work[thread];
	size_t first = item / run->blocks * DPT_TILE;
	uint32_t column = (uint32_t)(item % run->blocks);
	size_t left = run->listed - first;
	struct block b = block_of(s, column);
	struct block a = {.x = w->gathered,
	                  .norm2 = w->gathered_norm2,
	                  .rows = left < DPT_TILE ? (uint32_t)left : DPT_TILE};
	struct dpt_tile t = {.row_ids = run->list + first,
	                     .rows = a.rows,
	                     .col = column * DPT_TILE,
	                     .cols = b.rows,
	                     .d2 = w->d2};
	for (uint32_t r = 0; r < t.rows; r++) {
		memcpy(w->gathered + (size_t)r * s->stride,
		       dpt_row(s, t.row_ids[r]), s->stride * sizeof(float));
		w->gathered_norm2[r] = s->norm2[t.row_ids[r]];
	}
	measure(s, w, &a, &b);
	visit(run, thread, &t);
}

/* Frees the memory of a run; the status of a run that is over. */
static enum dpt_status run_close(struct run *run, dpt_error *err)
{
	for (unsigned i = 0; run->work && i < run->pass->threads; i++) {
		free(run->work[i].a);
		free(run->work[i].b);
		free(run->work[i].d2);
		free(run->work[i].dot);
		free(run->work[i].gathered);
	}
	free(run->work);
	if (!atomic_load(&run->unsound))
		return DPT_OK;
	return dpt_fail_blas(err);
}

static enum dpt_status run_open(struct run *run, const struct dpt_pass *pass,
                                dpt_error *err)
{
	const struct dpt_space *s = pass->space;
	size_t side = s->n < DPT_TILE ? s->n : DPT_TILE;
	size_t block = side * s->stride, square = side * side;
	const struct dpt_blas *blas;
	enum dpt_status status = dpt_blas_load(&blas, err);
	if (status)
		return status;
	*run = (struct run){.pass = pass,
	                    .blocks = (s->n + DPT_TILE - 1) / DPT_TILE,
	                    .work = calloc(pass->threads, sizeof *run->work)};
	for (unsigned i = 0; run->work && i < pass->threads; i++) {
		struct work *w = &run->work[i];
		w->blas = blas;
		w->a = malloc(block * sizeof *w->a);
		w->b = malloc(block * sizeof *w->b);
		w->d2 = malloc(square * sizeof *w->d2);
		w->dot = malloc(square * sizeof *w->dot);
		w->gathered = malloc(block * sizeof *w->gathered);
		if (!w->a || !w->b || !w->d2 || !w->dot || !w->gathered)
			break;
		if (i + 1 == pass->threads)
			return DPT_OK;
	}
	(void)run_close(run, NULL);
	return dpt_fail_memory(err);
}

static void report(const struct dpt_pass *pass, double done, double total)
{
	if (pass->progress)
		pass->progress(pass->progress_ctx, pass->stage, done, total);
}

enum dpt_status dpt_pairs(const struct dpt_pass *pass, dpt_error *err)
{
	struct run run;
	enum dpt_status status = run_open(&run, pass, err);
	if (status)
		return status;
	uint32_t even = run.blocks + (run.blocks & 1);
	dpt_parallel(pass->threads, run.blocks, visit_diagonal, &run);
	for (; run.blocks > 1 && run.round < even - 1; run.round++) {
		report(pass, run.round, even - 1);
		dpt_parallel(pass->threads, even / 2, visit_match, &run);
	}
	report(pass, 1, 1);
	return run_close(&run, err);
}

enum dpt_status dpt_scan(const struct dpt_pass *pass, size_t n,
                         const uint32_t *rows, dpt_error *err)
{
	assert(n <= pass->space->n);
	struct run run;
	enum dpt_status status = run_open(&run, pass, err);
	if (status)
		return status;
	run.list = rows;
	run.listed = n;
	dpt_parallel(pass->threads, (n + DPT_TILE - 1) / DPT_TILE * run.blocks,
	             visit_listed, &run);
	return run_close(&run, err);
}
