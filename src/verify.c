/* SPDX-License-Identifier: MIT */
/*
 * Which triples need to be looked at.  Let fE(v|w) = exp(tail[w] - t d(w,v))
 * be what a tail gives, and A(w) the most by which the list of w exceeds it,
 * in logarithms; listed words never have less than a tail would give.
 *
 * Where v is in neither list the ratio is covered by `tails`.  Where v is
 * listed by w only, P(v|x) > P(v|w) is covered too, since P(v|w) is no less
 * than fE(v|w).  What is left is P(v|w) > P(v|x) for v in the list of w, in
 * both roles of a pair.  There
 *     ln P(v|w) - ln P(v|x) <= A(w) + tail[w] - tail[x] + t d(w,x),
 * since d(x,v) <= d(w,v) + d(w,x): most pairs need no more than this bound.
 * And since ln fE(v|.) changes by no more than tails a unit of distance, no
 * x farther from w than A(w) / (best - tails) can beat the best so far, nor
 * one farther than (A(w) + tail[w] - least tail) / (best - t): a neighbour
 * list that reaches as far is enough, the other rows are scanned.
 */
#include "verify.h"

#include "error.h"
#include "kernels.h"
#include "parallel.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>

#define RUN 64 /* rows a thread takes at a time */

/* Marks of one thread: which words a row lists, and at which rank. */
struct marks {
	uint32_t owner; /* row + 1 */
	uint32_t *stamp; /* n: row + 1 of the last row to list it */
	uint16_t *rank;	 /* n */
	bool *seen;	 /* listed */
	struct dpt_verdict worst;
};

struct job {
	const struct dpt_rows *rows;
	double tails, limit;
	bool has_tail;
	double *excess; /* A(w) */
	_Atomic double best;
	struct marks *marks; /* one a thread */
};

static uint32_t entry_word(const struct dpt_rows *r, uint32_t w, uint32_t rank)
{
	return rank ? r->lists->id[(size_t)w * r->lists->k + rank - 1] : w;
}

static double entry_distance(const struct dpt_rows *r, uint32_t w,
			     uint32_t rank)
{
	return rank ? r->lists->distance[(size_t)w * r->lists->k + rank - 1]
		    : 0;
}

static const double *entries(const struct dpt_rows *r, uint32_t w)
{
	return r->log + (size_t)w * r->listed;
}

static double clipped(double td)
{
	return td < DPT_KERNEL_CLIP ? td : DPT_KERNEL_CLIP;
}

static void raise_best(struct job *j, double ratio)
{
	double best = atomic_load_explicit(&j->best, memory_order_relaxed);
	while (ratio > best &&
	       !atomic_compare_exchange_weak(&j->best, &best, ratio))
		;
}

/* Enters one ratio; two impossible outputs do not tell words apart. */
static void enter(struct job *j, struct marks *m, double more, double less,
		  double d, uint32_t w, uint32_t x, uint32_t v)
{
	double ratio = more == less ? 0 : (more - less) / d;
	if (isnan(ratio))
		ratio = INFINITY;
	if (ratio > m->worst.epsilon) {
		m->worst = (struct dpt_verdict){ratio, w, x, v};
		raise_best(j, ratio);
	}
}

static void mark(const struct dpt_rows *r, struct marks *m, uint32_t w)
{
	if (m->owner == w + 1)
		return;
	m->owner = w + 1;
	for (uint32_t k = 0; k < r->listed; k++) {
		uint32_t v = entry_word(r, w, k);
		m->stamp[v] = w + 1;
		m->rank[v] = (uint16_t)k;
	}
}

/* All outputs in the list of w against x, one by one. */
static void compare(struct job *j, struct marks *m, uint32_t w, uint32_t x,
		    double d)
{
	const struct dpt_rows *r = j->rows;
	const double *more = entries(r, w), *less = entries(r, x);
	mark(r, m, w);
	for (uint32_t k = 0; k < r->listed; k++)
		m->seen[k] = false;
	for (uint32_t k = 0; k < r->listed; k++) {
		uint32_t v = entry_word(r, x, k);
		if (m->stamp[v] != w + 1)
			continue;
		m->seen[m->rank[v]] = true;
		enter(j, m, more[m->rank[v]], less[k], d, w, x, v);
	}
	double best = atomic_load_explicit(&j->best, memory_order_relaxed);
	for (uint32_t k = 0; k < r->listed; k++) {
		double far = clipped(r->t * (entry_distance(r, w, k) + d));
		if (m->seen[k] || more[k] - r->tail[x] + far <= best * d)
			continue;
		uint32_t v = entry_word(r, w, k);
		double dv = sqrt(dpt_squared(dpt_row(r->space, x),
					     dpt_row(r->space, v),
					     r->space->stride));
		enter(j, m, more[k], r->tail[x] - clipped(r->t * dv), d, w, x,
		      v);
	}
}

static void consider(struct job *j, struct marks *m, uint32_t w, uint32_t x,
		     double d)
{
	const struct dpt_rows *r = j->rows;
	double best = atomic_load_explicit(&j->best, memory_order_relaxed);
	double bound = j->excess[w] + r->tail[w] - r->tail[x] + r->t * d;
	/* written so that NaN is looked at */
	if (!j->has_tail || !(bound <= best * d * (1 - 1e-12)))
		compare(j, m, w, x, d);
}

/* Whether all that was asked is known. */
static bool decided(const struct job *j)
{
	return j->limit > 0 && atomic_load_explicit(&j->best,
						    memory_order_relaxed) >
				       j->limit;
}

static size_t run_end(const struct job *j, size_t item)
{
	size_t end = (item + 1) * RUN, n = j->rows->space->n;
	return end < n ? end : n;
}

static void find_excess(void *ctx, unsigned thread, size_t item)
{
	(void)thread;
	struct job *j = ctx;
	const struct dpt_rows *r = j->rows;
	for (size_t w = item * RUN; w < run_end(j, item); w++) {
		const double *log = entries(r, (uint32_t)w);
		double most = 0;
		for (uint32_t k = 0; k < r->listed; k++) {
			double d = entry_distance(r, (uint32_t)w, k);
			double a = log[k] - (r->tail[w] - clipped(r->t * d));
			if (!(a <= most))
				most = a;
		}
		/* less is the rounding of weights, which the slack covers */
		j->excess[w] = most < 1e-7 ? 0 : most;
	}
}

static void verify_lists(void *ctx, unsigned thread, size_t item)
{
	struct job *j = ctx;
	const struct dpt_rows *r = j->rows;
	for (size_t w = item * RUN; w < run_end(j, item); w++)
		for (uint32_t k = 1; k < r->listed; k++) {
			uint32_t x = entry_word(r, (uint32_t)w, k);
			double d = entry_distance(r, (uint32_t)w, k);
			consider(j, &j->marks[thread], (uint32_t)w, x, d);
			consider(j, &j->marks[thread], x, (uint32_t)w, d);
		}
}

static void verify_tile(void *ctx, unsigned thread, const struct dpt_tile *t)
{
	struct job *j = ctx;
	const struct dpt_rows *r = j->rows;
	const double *tail = r->tail + t->col;
	for (uint32_t i = 0; i < t->rows && !decided(j); i++) {
		const double *d2 = t->d2 + (size_t)i * t->cols;
		uint32_t w = dpt_tile_row(t, i);
		double top = j->excess[w] + r->tail[w];
		double rate = atomic_load(&j->best) - r->t;
		double bound = rate * rate * (1 - 1e-9);
		if (!dpt_any_steeper(t->cols, top, tail, bound, d2))
			continue;
		for (uint32_t c = 0; c < t->cols; c++) {
			uint32_t x = t->col + c;
			double gap = top - tail[c];
			if (x != w && gap * gap > bound * d2[c])
				consider(j, &j->marks[thread], w, x,
					 sqrt(dpt_squared(
						 dpt_row(r->space, w),
						 dpt_row(r->space, x),
						 r->space->stride)));
		}
	}
}

/* The rows whose neighbour lists do not reach far enough. */
static size_t short_rows(const struct job *j, double best, uint32_t *out)
{
	const struct dpt_rows *r = j->rows;
	double lowest = INFINITY;
	size_t n = 0;
	for (uint32_t w = 0; w < r->space->n; w++)
		lowest = fmin(lowest, r->tail[w]);
	for (uint32_t w = 0; j->has_tail && w < r->space->n; w++) {
		double reach = entry_distance(r, w, r->listed - 1);
		double gap = j->excess[w] + r->tail[w] - lowest;
		if (gap <= (best - r->t) * reach * (1 - 1e-9))
			continue;
		if (!(j->excess[w] <=
		      (best - j->tails) * reach * (1 - 1e-9)))
			out[n++] = w;
	}
	return n;
}

static bool marks_open(struct job *j, unsigned threads)
{
	uint32_t n = j->rows->space->n;
	j->marks = calloc(threads, sizeof *j->marks);
	for (unsigned i = 0; j->marks && i < threads; i++) {
		struct marks *m = &j->marks[i];
		m->stamp = calloc(n, sizeof *m->stamp);
		m->rank = malloc(n * sizeof *m->rank);
		m->seen = malloc(j->rows->listed * sizeof *m->seen);
		m->worst.epsilon = -1;
		if (!m->stamp || !m->rank || !m->seen)
			return false;
	}
	return j->marks != NULL;
}

static void marks_close(struct job *j, unsigned threads)
{
	for (unsigned i = 0; j->marks && i < threads; i++) {
		free(j->marks[i].stamp);
		free(j->marks[i].rank);
		free(j->marks[i].seen);
	}
	free(j->marks);
}

static enum dpt_status run(struct job *j, unsigned threads, uint32_t *list,
			   dpt_error *err)
{
	size_t runs = (j->rows->space->n + RUN - 1) / RUN;
	dpt_parallel(threads, runs, find_excess, j);
	dpt_parallel(threads, runs, verify_lists, j);
	if (decided(j))
		return DPT_OK;
	size_t n = short_rows(j, atomic_load(&j->best), list);
	struct dpt_pass pass = {.space = j->rows->space,
				.threads = threads,
				.visit = verify_tile,
				.ctx = j};
	return n ? dpt_scan(&pass, n, list, err) : DPT_OK;
}

enum dpt_status dpt_verify(const struct dpt_rows *rows, double tails,
			   double limit, unsigned threads,
			   struct dpt_verdict *out, dpt_error *err)
{
	uint32_t n = rows->space->n;
	enum dpt_status status = DPT_OK;
	struct job j = {.rows = rows,
			.tails = tails,
			.limit = limit,
			.has_tail = rows->listed < n,
			.excess = malloc(n * sizeof *j.excess)};
	uint32_t *list = malloc(n * sizeof *list);
	if (!j.has_tail)
		j.tails = 0;
	atomic_init(&j.best, j.tails > limit ? j.tails : limit);
	*out = (struct dpt_verdict){.epsilon = j.tails};
	if (!j.excess || !list || !marks_open(&j, threads))
		status = dpt_fail_memory(err);
	else
		status = run(&j, threads, list, err);
	for (unsigned i = 0; j.marks && i < threads; i++)
		if (j.marks[i].worst.epsilon > out->epsilon)
			*out = j.marks[i].worst;
	marks_close(&j, threads);
	free(j.excess);
	free(list);
	return status;
}
