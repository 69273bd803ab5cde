/* SPDX-License-Identifier: MIT */
/*
 * Which triples need to be looked at.  Let fE(v|w) = exp(tail[w] - t d(w,v))
 * be what a tail gives, and A(w) the most by which the list of w exceeds it,
 * in logarithms.
 *
 * Where v is in neither list the ratio is covered by `tails`.  Where v is
 * listed by w only and P(v|x) > P(v|w), it is covered too, unless P(v|w) is
 * less than fE(v|w): those few entries are compared with all x.  What is left
 * is P(v|w) > P(v|x) for v in the list of w, in both roles of a pair.  There
 *     ln P(v|w) - ln P(v|x) <= A(w) + tail[w] - low[x] + t d(w,x),
 * with low[x] = tail[x] less what its list falls short of it, since d(x,v)
 * <= d(w,v) + d(w,x): most pairs need no more than this bound.  Nearly all
 * others are settled by d(x,v) <= |x-c| + |v-c|, with c the mean of all words:
 * in a space of many dimensions the one bound is good where the other is not.
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

#define RUN 64         /* rows a thread takes at a time */
#define FEW 12         /* outputs in a list that exceed the tail by much */
#define LEAST (-1e100) /* instead of minus infinity */

/* An entry of a list; numbers are rounded up. */
struct excess {
	float more; /* than its tail: ln P(v|w) - ln fE(v|w) */
	float most; /* of ln P(v|w) + t |v-c|, of it and those with more */
	uint32_t rank;
};

struct job {
	const struct dpt_rows *rows;
	double tails, limit;
	bool has_tail;
	struct excess *excess; /* n x listed, the largest first */
	double *top;    /* A(w) + tail[w], A(w) 0 where it hardly counts */
	double *low;    /* tail[w], less what a listed word falls short of it */
	double lack;    /* the most by which any does */
	double *rest;   /* top[w] of a list without its FEW first entries */
	double *most;   /* of these FEW, the most of ln P(v|w) + t |v-c| */
	double *least;  /* low[w] - t |w-c| */
	double *radius; /* |w-c|, rounded up */
	_Atomic double best;
	struct dpt_verdict *worst; /* one a thread */
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

static void raise_best(struct job *j, double ratio)
{
	double best = atomic_load_explicit(&j->best, memory_order_relaxed);
	while (ratio > best &&
	       !atomic_compare_exchange_weak(&j->best, &best, ratio))
		;
}

/* Enters one ratio; two impossible outputs do not tell words apart. */
static void enter(struct job *j, struct dpt_verdict *worst, double more,
                  double less, double d, uint32_t w, uint32_t x, uint32_t v)
{
	double ratio = more == less ? 0 : (more - less) / d;
	if (isnan(ratio))
		ratio = INFINITY;
	if (ratio > worst->epsilon) {
		*worst = (struct dpt_verdict){ratio, w, x, v};
		raise_best(j, ratio);
	}
}

static double distance(const struct dpt_rows *r, uint32_t a, uint32_t b)
{
	return sqrt(dpt_squared(dpt_row(r->space, a), dpt_row(r->space, b),
	                        r->space->stride));
}

/* ln P(v|x), wherever v is. */
static double log_probability(const struct dpt_rows *r, uint32_t x, uint32_t v)
{
	const double *log_p = entries(r, x);
	if (v == x)
		return log_p[0];
	double d = distance(r, x, v);
	uint32_t last = r->listed - 1;
	if (d <= entry_distance(r, x, last))
		for (uint32_t k = 1; k <= last; k++)
			if (entry_word(r, x, k) == v)
				return log_p[k];
	return r->tail[x] - dpt_clipped(r->t * d);
}

/*
 * The outputs in the list of w that may matter against x, one by one; d is
 * the distance of w and x, or a little less.  An output that w has with ln P
 * of log_p is harmless if x has its tail, less what is lacking, at most at
 * the sum of their radii.
 */
static void compare(struct job *j, struct dpt_verdict *worst, uint32_t w,
                    uint32_t x, double d)
{
	const struct dpt_rows *r = j->rows;
	const double *log_p = entries(r, w);
	const struct excess *excess = j->excess + (size_t)w * r->listed;
	double best = atomic_load_explicit(&j->best, memory_order_relaxed);
	double needed = (best - r->t) * d + j->low[x] - r->tail[w];
	double allowed = best * d + j->low[x] - r->t * j->radius[x];
	double exact = 0;
	uint32_t n = 0;
	if (isinf(best))
		return; /* nothing is worse */
	/* written so that NaN is looked at */
	while (n < r->listed &&
	       !(j->has_tail && (double)excess[n].more <= needed))
		n++;
	if (n == 0 || (j->has_tail && (double)excess[n - 1].most <= allowed))
		return;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t k = excess[i].rank, v = entry_word(r, w, k);
		if (j->has_tail && log_p[k] + r->t * j->radius[v] <= allowed)
			continue;
		if (exact == 0)
			exact = distance(r, w, x);
		enter(j, worst, log_p[k], log_probability(r, x, v), exact, w, x,
		      v);
	}
}

/* Whether all that was asked is known. */
static bool decided(const struct job *j)
{
	return j->limit > 0 &&
	       atomic_load_explicit(&j->best, memory_order_relaxed) > j->limit;
}

static size_t run_end(const struct job *j, size_t item)
{
	size_t end = (item + 1) * RUN, n = j->rows->space->n;
	return end < n ? end : n;
}

static int by_excess(const void *a, const void *b)
{
	const struct excess *x = a, *y = b;
	return (x->more < y->more) - (x->more > y->more);
}

static float rounded_up(double x)
{
	float f = (float)x;
	return (double)f < x ? nextafterf(f, INFINITY) : f;
}

static void find_excess_of(struct job *j, uint32_t w)
{
	const struct dpt_rows *r = j->rows;
	const double *log_p = entries(r, w);
	struct excess *excess = j->excess + (size_t)w * r->listed;
	double most = 0, least = 0, farthest = -INFINITY;
	for (uint32_t k = 0; k < r->listed; k++) {
		double td = r->t * entry_distance(r, w, k);
		double more = log_p[k] - (r->tail[w] - dpt_clipped(td));
		if (isnan(more)) /* impossible, and no tail */
			more = INFINITY;
		most = fmax(most, more);
		least = fmin(least, more);
		excess[k] =
		    (struct excess){.more = rounded_up(more), .rank = k};
	}
	qsort(excess, r->listed, sizeof *excess, by_excess);
	for (uint32_t i = 0; i < r->listed; i++) {
		uint32_t k = excess[i].rank;
		double radius = j->radius[entry_word(r, w, k)];
		farthest = fmax(farthest, log_p[k] + r->t * radius);
		excess[i].most = rounded_up(farthest);
	}
	/* beyond the list less costs less than the slack */
	double reach = entry_distance(r, w, r->listed - 1);
	bool exceeds = most > 1e-9 * reach;
	j->top[w] = r->tail[w] + (exceeds ? most : 0);
	j->low[w] = r->tail[w] + least;
	j->least[w] = j->low[w] - r->t * j->radius[w];
	uint32_t few = r->listed < FEW ? r->listed : FEW;
	double more = few < r->listed ? (double)excess[few].more : 0;
	j->most[w] = exceeds ? (double)excess[few - 1].most : LEAST;
	j->rest[w] = r->tail[w] + fmax(0, more);
}

static void find_excess(void *ctx, unsigned thread, size_t item)
{
	(void)thread;
	struct job *j = ctx;
	for (size_t w = item * RUN; w < run_end(j, item); w++)
		find_excess_of(j, (uint32_t)w);
}

static void verify_lists(void *ctx, unsigned thread, size_t item)
{
	struct job *j = ctx;
	const struct dpt_rows *r = j->rows;
	for (size_t w = item * RUN; w < run_end(j, item); w++)
		for (uint32_t k = 1; k < r->listed; k++) {
			uint32_t x = entry_word(r, (uint32_t)w, k);
			double d = entry_distance(r, (uint32_t)w, k);
			d *= 1 - 1e-12;
			compare(j, &j->worst[thread], (uint32_t)w, x, d);
			compare(j, &j->worst[thread], x, (uint32_t)w, d);
		}
}

/*
 * A word against the words of a row of distances, in both roles: the few
 * outputs with the largest excess need the bound by the mean, the rest the
 * other, so that few pairs are left for compare.
 */
static void verify_row(struct job *j, unsigned thread, uint32_t w,
                       uint32_t first, uint32_t n, const double *d2)
{
	struct dpt_verdict *worst = &j->worst[thread];
	double best = atomic_load(&j->best), rate = best - j->rows->t;
	unsigned char steep[DPT_TILE];
	struct dpt_slopes many = {.top = j->rest[w],
	                          .low = j->low[w],
	                          .tops = j->rest + first,
	                          .lows = j->low + first,
	                          .bound = rate * rate * (1 - 1e-9)};
	struct dpt_slopes few = {.top = j->most[w],
	                         .low = j->least[w],
	                         .tops = j->most + first,
	                         .lows = j->least + first,
	                         .bound = best * best * (1 - 1e-9)};
	if (!dpt_steep(n, &many, &few, d2, steep))
		return;
	for (uint32_t c = 0; c < n; c++) {
		if (!steep[c] || first + c == w)
			continue;
		double d = sqrt(d2[c]) * (1 - 1e-9);
		if (steep[c] & DPT_STEEP_DOWN)
			compare(j, worst, w, first + c, d);
		if (steep[c] & DPT_STEEP_UP)
			compare(j, worst, first + c, w, d);
	}
}

static void verify_tile(void *ctx, unsigned thread, const struct dpt_tile *t)
{
	struct job *j = ctx;
	for (uint32_t i = 0; i < t->rows && !decided(j); i++)
		verify_row(j, thread, dpt_tile_row(t, i), t->col, t->cols,
		           t->d2 + (size_t)i * t->cols);
}

/* The rows whose neighbour lists do not reach far enough. */
static size_t short_rows(const struct job *j, double best, uint32_t *out)
{
	const struct dpt_rows *r = j->rows;
	double lowest = INFINITY;
	size_t n = 0;
	for (uint32_t w = 0; w < r->space->n; w++)
		lowest = fmin(lowest, j->low[w]);
	for (uint32_t w = 0; j->has_tail && w < r->space->n; w++) {
		double reach = entry_distance(r, w, r->listed - 1);
		double gap = j->top[w] - lowest;
		if (gap <= (best - r->t) * reach * (1 - 1e-9))
			continue;
		if (!(j->top[w] - r->tail[w] + j->lack <=
		      (best - j->tails) * reach * (1 - 1e-9)))
			out[n++] = w;
	}
	return n;
}

/* An output in the list of w against all words that may beat it by a tail. */
static void compare_lack(struct job *j, struct dpt_verdict *worst, uint32_t w,
                         uint32_t k, bool all)
{
	const struct dpt_rows *r = j->rows;
	uint32_t v = entry_word(r, w, k), n = all ? r->space->n : r->listed;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t x = all ? i : entry_word(r, w, i);
		if (x != w)
			enter(j, worst, log_probability(r, x, v),
			      entries(r, w)[k], distance(r, w, x), x, w, v);
	}
}

/*
 * Where v falls short of the tail of w that lists it, by rounding or because
 * the mechanism is what it is, an x that does not list it may be told from w
 * by that much more than by the tails.
 */
static void verify_lacks(void *ctx, unsigned thread, size_t item)
{
	struct job *j = ctx;
	const struct dpt_rows *r = j->rows;
	for (size_t i = item * RUN; i < run_end(j, item); i++) {
		uint32_t w = (uint32_t)i;
		const struct excess *excess = j->excess + i * r->listed;
		double lack = r->tail[w] - j->low[w];
		double reach = entry_distance(r, w, r->listed - 1);
		double nearest = entry_distance(r, w, 1);
		for (uint32_t k = r->listed; k-- > 0 && !decided(j);) {
			if (!((double)excess[k].more < -1e-7 * nearest))
				break;
			compare_lack(j, &j->worst[thread], w, excess[k].rank,
			             lack > 1e-7 * reach);
		}
	}
}

static double largest_lack(const struct job *j)
{
	double most = 0;
	for (uint32_t w = 0; w < j->rows->space->n; w++)
		most = fmax(most, j->rows->tail[w] - j->low[w]);
	return most;
}

/* A word without a tail never becomes most of the others; they do. */
static void verify_tailless(struct job *j)
{
	const struct dpt_rows *r = j->rows;
	uint32_t w = 0;
	while (w + 1 < r->space->n && isfinite(r->tail[w]))
		w++;
	for (uint32_t x = 0; x < r->space->n; x++)
		if (x != w)
			enter(j, &j->worst[0], entries(r, x)[0],
			      log_probability(r, w, x), distance(r, w, x), x, w,
			      x);
}

static enum dpt_status run(struct job *j, unsigned threads, uint32_t *list,
                           dpt_error *err)
{
	size_t runs = (j->rows->space->n + RUN - 1) / RUN;
	dpt_parallel(threads, runs, find_excess, j);
	dpt_parallel(threads, runs, verify_lists, j);
	if (isinf(j->tails)) {
		verify_tailless(j);
		return DPT_OK;
	}
	if (j->has_tail && !decided(j)) {
		j->lack = largest_lack(j);
		dpt_parallel(threads, runs, verify_lacks, j);
	}
	if (decided(j))
		return DPT_OK;
	size_t n = short_rows(j, atomic_load(&j->best), list);
	struct dpt_pass pass = {.space = j->rows->space,
	                        .threads = threads,
	                        .visit = verify_tile,
	                        .ctx = j};
	if (n > j->rows->space->n / 2)
		return dpt_pairs(&pass, err); /* each pair once */
	return n ? dpt_scan(&pass, n, list, err) : DPT_OK;
}

/* What the tails cost, whatever the lists do. */
static double tails_alone(const struct dpt_rows *r, double tails)
{
	if (r->listed == r->space->n)
		return 0;
	for (uint32_t w = 0; w < r->space->n; w++)
		if (!isfinite(r->tail[w]))
			return INFINITY;
	return isnan(tails) ? INFINITY : tails;
}

enum dpt_status dpt_verify(const struct dpt_rows *rows, double tails,
                           double limit, unsigned threads,
                           struct dpt_verdict *out, dpt_error *err)
{
	uint32_t n = rows->space->n;
	enum dpt_status status = DPT_OK;
	struct job j = {.rows = rows,
	                .tails = tails_alone(rows, tails),
	                .limit = limit,
	                .has_tail = rows->listed < n};
	uint32_t *list = malloc(n * sizeof *list);
	j.excess = malloc((size_t)n * rows->listed * sizeof *j.excess);
	j.top = malloc(6 * (size_t)n * sizeof *j.top);
	j.low = j.top ? j.top + n : NULL;
	j.radius = j.top ? j.low + n : NULL;
	j.rest = j.top ? j.radius + n : NULL;
	j.most = j.top ? j.rest + n : NULL;
	j.least = j.top ? j.most + n : NULL;
	j.worst = calloc(threads, sizeof *j.worst);
	atomic_init(&j.best, isfinite(j.tails) ? fmax(j.tails, limit) : limit);
	*out = (struct dpt_verdict){.epsilon = 0};
	if (!list || !j.excess || !j.top || !j.worst ||
	    !dpt_radii(rows->space, j.radius))
		status = dpt_fail_memory(err);
	else
		status = run(&j, threads, list, err);
	for (unsigned i = 0; !status && i < threads; i++)
		if (j.worst[i].epsilon > out->epsilon)
			*out = j.worst[i];
	if (out->epsilon < j.tails)
		*out = (struct dpt_verdict){.epsilon = j.tails};
	free(list);
	free(j.excess);
	free(j.top);
	free(j.worst);
	return status;
}
