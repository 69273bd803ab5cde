/* SPDX-License-Identifier: MIT */
/*
 * The product of matrices proposes and an exact re-rank decides: a row keeps
 * every candidate whose computed squared distance is within a proved margin
 * of the k-th smallest seen, and only the survivors are measured exactly.
 *
 * Why the margin is enough: let e bound the error of a computed square. The
 * k candidates with the smallest computed squares have true squares of at
 * most a + e, where a is the largest of the k; so a true neighbour has a
 * computed square of at most a + 2e.
 */
#include "knn.h"

#include "error.h"
#include "parallel.h"
#include "wide.h"

#include <float.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define STRIDE 32U /* squares looked at together */

struct candidate {
	float d2; /* in units of dpt_knn.unit */
	uint32_t id;
};

struct shortlist {
	struct candidate *item;
	uint32_t n, cap;
};

struct extremes {
	struct dpt_extreme least, most;
};

struct dpt_knn {
	const struct dpt_space *space;
	uint32_t k;
	unsigned threads;
	double error;
	double unit; /* a power of 2: squares over it fit single precision */
	struct shortlist *list;    /* one a row */
	double *limit;             /* the largest square worth keeping */
	struct extremes *extremes; /* one a thread */
	uint32_t *id;
	double *distance;
	atomic_bool failed;
};

enum dpt_status dpt_knn_new(const struct dpt_space *space, uint32_t k,
                            unsigned threads, dpt_knn **out, dpt_error *err)
{
	dpt_knn *knn = calloc(1, sizeof *knn);
	*out = NULL;
	if (!knn)
		return dpt_fail_memory(err);
	knn->space = space;
	knn->k = k;
	knn->threads = threads;
	knn->error = dpt_tile_error(space);
	knn->unit = ldexp(1, ilogb(space->norm2_max));
	knn->list = calloc(space->n, sizeof *knn->list);
	knn->limit = malloc(space->n * sizeof *knn->limit);
	knn->extremes = malloc(threads * sizeof *knn->extremes);
	if (!knn->list || !knn->limit || !knn->extremes) {
		dpt_knn_free(knn);
		return dpt_fail_memory(err);
	}
	for (uint32_t i = 0; i < space->n; i++)
		knn->limit[i] = INFINITY;
	for (unsigned i = 0; i < threads; i++) {
		knn->extremes[i].least.distance = INFINITY;
		knn->extremes[i].most.distance = -1;
	}
	*out = knn;
	return DPT_OK;
}

void dpt_knn_free(dpt_knn *knn)
{
	if (!knn)
		return;
	for (uint32_t i = 0; knn->list && i < knn->space->n; i++)
		free(knn->list[i].item);
	free(knn->list);
	free(knn->limit);
	free(knn->extremes);
	free(knn);
}

static void swap(struct candidate *a, struct candidate *b)
{
	struct candidate t = *a;
	*a = *b;
	*b = t;
}

/* Quickselect with Hoare's partition: the k-th smallest square, from 0. */
static float select_smallest(struct candidate *item, uint32_t n, uint32_t k)
{
	uint32_t low = 0, high = n - 1;
	while (low < high) {
		float pivot = item[low + (high - low) / 2].d2;
		uint32_t i = low, j = high;
		for (;; i++, j--) {
			while (item[i].d2 < pivot)
				i++;
			while (item[j].d2 > pivot)
				j--;
			if (i >= j)
				break;
			swap(&item[i], &item[j]);
		}
		if (k <= j)
			high = j;
		else
			low = j + 1;
	}
	return item[k].d2;
}

/* Drops what can no longer be among the k nearest; lowers the limit. */
static void tighten(dpt_knn *knn, uint32_t row)
{
	struct shortlist *l = &knn->list[row];
	if (l->n < knn->k)
		return;
	double kth = (double)select_smallest(l->item, l->n, knn->k - 1);
	/* the last term: squares are kept in single precision */
	double limit =
	    kth + 2 * knn->error / knn->unit + 4 * (double)FLT_EPSILON * kth;
	uint32_t n = 0;
	for (uint32_t i = 0; i < l->n; i++)
		if ((double)l->item[i].d2 <= limit)
			l->item[n++] = l->item[i];
	l->n = n;
	knn->limit[row] = limit * knn->unit;
}

/* Room for one more: by tightening, or by growing where that is no help. */
static bool make_room(dpt_knn *knn, uint32_t row)
{
	struct shortlist *l = &knn->list[row];
	if (l->n < l->cap)
		return true;
	if (l->cap)
		tighten(knn, row);
	if (l->n + l->n / 4 < l->cap)
		return true;
	uint32_t cap = l->cap ? l->cap * 2 : knn->k + knn->k / 2 + 32;
	struct candidate *item = realloc(l->item, cap * sizeof *item);
	if (!item) {
		atomic_store(&knn->failed, true);
		return l->n < l->cap;
	}
	l->item = item;
	l->cap = cap;
	return true;
}

static void offer(dpt_knn *knn, uint32_t row, double d2, uint32_t id)
{
	struct shortlist *l = &knn->list[row];
	if (make_room(knn, row) && d2 <= knn->limit[row])
		l->item[l->n++] =
		    (struct candidate){(float)(d2 / knn->unit), id};
}

static inline double larger(double a, double b)
{
	return a > b ? a : b;
}

/* The first column at or after c whose square is within the limit of the row
 * or its own; n: none. */
DPT_WIDE static size_t next_within(size_t c, size_t n, const double *d2,
                                   double limit, const double *limits)
{
	for (; c + STRIDE <= n; c += STRIDE) {
		int64_t any = 0;
		for (size_t i = 0; i < STRIDE; i++)
			any |= d2[c + i] <= larger(limit, limits[c + i]);
		if (any)
			break;
	}
	while (c < n && d2[c] > larger(limit, limits[c]))
		c++;
	return c;
}

static void offer_row(dpt_knn *knn, const struct dpt_tile *t, uint32_t r)
{
	const double *d2 = t->d2 + (size_t)r * t->cols;
	const double *limits = knn->limit + t->col;
	uint32_t row = t->row + r;
	bool diagonal = t->row == t->col;

	for (size_t c = 0;; c++) {
		c = next_within(c, t->cols, d2, knn->limit[row], limits);
		uint32_t column = t->col + (uint32_t)c;
		if (c == t->cols)
			return;
		if (column == row)
			continue;
		if (d2[c] <= knn->limit[row])
			offer(knn, row, d2[c], column);
		if (!diagonal && d2[c] <= limits[c])
			offer(knn, column, d2[c], row);
	}
}

static bool before(const uint32_t a[2], const uint32_t b[2])
{
	return a[0] < b[0] || (a[0] == b[0] && a[1] < b[1]);
}

static void keep_extreme(struct dpt_extreme *best, double sign, double d,
                         uint32_t a, uint32_t b)
{
	uint32_t pair[2] = {a < b ? a : b, a < b ? b : a};
	double gain = sign * (d - best->distance);
	if (gain > 0 || (gain == 0 && before(pair, best->pair))) {
		best->distance = d;
		memcpy(best->pair, pair, sizeof pair);
	}
}

/* Whether any square is not between low and high. */
DPT_WIDE static bool any_outside(uint32_t n, const double *d2, double low,
                                 double high)
{
	int64_t any = 0;
	for (uint32_t i = 0; i < n; i++)
		any |= (d2[i] <= low) | (d2[i] >= high);
	return any;
}

/* Measures exactly only the pairs that may beat the extremes so far. */
static void extremes_row(dpt_knn *knn, struct extremes *x,
                         const struct dpt_tile *t, uint32_t r)
{
	const struct dpt_space *s = knn->space;
	const double *d2 = t->d2 + (size_t)r * t->cols;
	uint32_t row = t->row + r;
	uint32_t from = t->row == t->col ? r + 1 : 0;
	double slack = knn->error + 1e-12 * s->norm2_max;
	double low = x->least.distance * x->least.distance + slack;
	double high = x->most.distance * fabs(x->most.distance) - slack;

	if (!any_outside(t->cols - from, d2 + from, low, high))
		return;
	for (uint32_t c = from; c < t->cols; c++)
		if (d2[c] <= low || d2[c] >= high) {
			uint32_t b = t->col + c;
			double d = sqrt(dpt_squared(dpt_row(s, row),
			                            dpt_row(s, b), s->stride));
			keep_extreme(&x->least, -1, d, row, b);
			keep_extreme(&x->most, 1, d, row, b);
			low = x->least.distance * x->least.distance + slack;
			high = x->most.distance * x->most.distance - slack;
		}
}

void dpt_knn_visit(dpt_knn *knn, unsigned thread, const struct dpt_tile *t)
{
	for (uint32_t r = 0; r < t->rows; r++) {
		offer_row(knn, t, r);
		extremes_row(knn, &knn->extremes[thread], t, r);
	}
}

struct measured {
	double d;
	uint32_t id;
};

static int by_distance(const void *a, const void *b)
{
	const struct measured *x = a, *y = b;
	if (x->d != y->d)
		return x->d < y->d ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* Measures the shortlist of a row and keeps its k nearest. */
static void finish_row(void *ctx, unsigned thread, size_t row)
{
	(void)thread;
	dpt_knn *knn = ctx;
	const struct dpt_space *s = knn->space;
	tighten(knn, (uint32_t)row);
	struct shortlist *l = &knn->list[row];
	struct measured *m = malloc((l->n + 1) * sizeof *m);
	if (!m) {
		atomic_store(&knn->failed, true);
		return;
	}
	for (uint32_t i = 0; i < l->n; i++) {
		m[i].id = l->item[i].id;
		m[i].d = sqrt(dpt_squared(dpt_row(s, (uint32_t)row),
		                          dpt_row(s, m[i].id), s->stride));
	}
	qsort(m, l->n, sizeof *m, by_distance);
	for (uint32_t i = 0; i < knn->k; i++) {
		knn->id[row * knn->k + i] = m[i].id;
		knn->distance[row * knn->k + i] = m[i].d;
	}
	free(m);
}

enum dpt_status dpt_knn_finish(dpt_knn *knn, uint32_t *id, double *distance,
                               struct dpt_extreme *least,
                               struct dpt_extreme *most, dpt_error *err)
{
	knn->id = id;
	knn->distance = distance;
	if (!atomic_load(&knn->failed))
		dpt_parallel(knn->threads, knn->space->n, finish_row, knn);
	if (atomic_load(&knn->failed))
		return dpt_fail_memory(err);
	*least = knn->extremes[0].least;
	*most = knn->extremes[0].most;
	for (unsigned i = 1; i < knn->threads; i++) {
		struct extremes *x = &knn->extremes[i];
		keep_extreme(least, -1, x->least.distance, x->least.pair[0],
		             x->least.pair[1]);
		keep_extreme(most, 1, x->most.distance, x->most.pair[0],
		             x->most.pair[1]);
	}
	return DPT_OK;
}

/* ------------------------------------------------------- the first rows */

/* Tiles of the same rows may be under way at the same time. */
struct first {
	dpt_knn *knn;
	const uint32_t *rows;
	pthread_mutex_t *lock; /* one for all rows of a tile */
};

static void visit_first(void *ctx, unsigned thread, const struct dpt_tile *t)
{
	static const double none[DPT_TILE]; /* no limits of columns */
	struct first *f = ctx;
	dpt_knn *knn = f->knn;
	pthread_mutex_t *lock = &f->lock[(t->row_ids - f->rows) / DPT_TILE];
	(void)thread;
	pthread_mutex_lock(lock);
	for (uint32_t r = 0; r < t->rows; r++) {
		const double *d2 = t->d2 + (size_t)r * t->cols;
		uint32_t row = t->row_ids[r];
		for (size_t c = 0;; c++) {
			c = next_within(c, t->cols, d2, knn->limit[row], none);
			if (c == t->cols)
				break;
			if (t->col + c != row)
				offer(knn, row, d2[c], t->col + (uint32_t)c);
		}
	}
	pthread_mutex_unlock(lock);
}

static enum dpt_status scan_first(dpt_knn *knn, uint32_t rows, uint32_t *list,
                                  pthread_mutex_t *lock, dpt_error *err)
{
	struct first f = {knn, list, lock};
	struct dpt_pass pass = {.space = knn->space,
	                        .threads = knn->threads,
	                        .visit = visit_first,
	                        .ctx = &f};
	for (uint32_t i = 0; i < rows; i++)
		list[i] = i;
	for (uint32_t i = 0; i < rows; i += DPT_TILE)
		pthread_mutex_init(&lock[i / DPT_TILE], NULL);
	enum dpt_status status = dpt_scan(&pass, rows, list, err);
	for (uint32_t i = 0; i < rows; i += DPT_TILE)
		pthread_mutex_destroy(&lock[i / DPT_TILE]);
	if (!status && !atomic_load(&knn->failed))
		dpt_parallel(knn->threads, rows, finish_row, knn);
	if (!status && atomic_load(&knn->failed))
		status = dpt_fail_memory(err);
	return status;
}

enum dpt_status dpt_knn_first(const struct dpt_space *space, uint32_t rows,
                              uint32_t k, unsigned threads, uint32_t *id,
                              double *distance, dpt_error *err)
{
	dpt_knn *knn;
	enum dpt_status status = dpt_knn_new(space, k, threads, &knn, err);
	if (status)
		return status;
	uint32_t *list = malloc(rows * sizeof *list);
	pthread_mutex_t *lock = malloc((rows / DPT_TILE + 1) * sizeof *lock);
	knn->id = id;
	knn->distance = distance;
	status = list && lock ? scan_first(knn, rows, list, lock, err)
	                      : dpt_fail_memory(err);
	free(list);
	free(lock);
	dpt_knn_free(knn);
	return status;
}
