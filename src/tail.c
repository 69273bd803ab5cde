/* SPDX-License-Identifier: MIT */
/*
 * Rejection: a candidate is proposed in proportion to a bound on its kernel
 * and accepted by the kernel over that bound.  Proposed is any word alike,
 * bounded by the last of the list.  The first words, which are met most
 * often, have more neighbours, in blocks bounded by their first; any word is
 * then bounded by the last of those.
 */
#include "tail.h"

#include "error.h"
#include "kernels.h"
#include "screen.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PARTS 128   /* of a binade */
#define FAR_TRIES 2 /* at a time: they succeed more often */

struct dpt_tail {
	struct dpt_ground ground;
	uint32_t stride;
	double t;
	/* Running sums of the bounds: of the blocks, then of all words. */
	double *bounds;        /* far.rows x (blocks + 1) */
	float log_part[PARTS]; /* ln(1 + i / PARTS) */
};

static double exponent(double t, double d)
{
	return dpt_clipped(t * d);
}

static double distance(const struct dpt_ground *g, uint32_t a, uint32_t b)
{
	uint32_t stride = dpt_stride(g->dim);
	return sqrt(dpt_squared(g->vectors + (size_t)a * stride,
	                        g->vectors + (size_t)b * stride, stride));
}

static uint32_t blocks(const struct dpt_ground *g)
{
	return g->far.count / DPT_FAR_BLOCK;
}

static const double *reach(const struct dpt_ground *g, uint32_t w)
{
	return g->far.reach + (size_t)w * (blocks(g) + 1);
}

/* Where the last of a list is: words behind it are farther, or as far with a
 * larger id. */
struct edge {
	const double *d;
	const uint32_t *id;
};

/* That of the list which all words have. */
static struct edge list_edge(const struct dpt_ground *g, uint32_t w)
{
	size_t last = (size_t)(w + 1) * g->lists.k - 1;
	return (struct edge){g->lists.distance + last, g->lists.id + last};
}

/* That of the longest list of w. */
static struct edge last_edge(const struct dpt_ground *g, uint32_t w)
{
	size_t last = (size_t)(w + 1) * g->far.count - 1;
	if (w >= g->far.rows)
		return list_edge(g, w);
	return (struct edge){reach(g, w) + blocks(g), g->far.id + last};
}

static bool is_behind(struct edge edge, uint32_t v, double d)
{
	return d > *edge.d || (d == *edge.d && v > *edge.id);
}

static void fill_bounds(dpt_tail *tail)
{
	const struct dpt_ground *g = &tail->ground;
	uint32_t n = blocks(g);
	for (uint32_t w = 0; w < g->far.rows; w++) {
		const double *d = reach(g, w);
		double *bounds = tail->bounds + (size_t)w * (n + 1), sum = 0;
		double first = exponent(tail->t, d[0]);
		for (uint32_t b = 0; b <= n; b++) {
			double words = b < n ? DPT_FAR_BLOCK : g->n;
			sum += words * exp(first - exponent(tail->t, d[b]));
			bounds[b] = sum;
		}
	}
}

enum dpt_status dpt_tail_new(const struct dpt_ground *ground, double t,
                             dpt_tail **out, dpt_error *err)
{
	size_t room = (size_t)ground->far.rows * (blocks(ground) + 1);
	dpt_tail *tail = calloc(1, sizeof *tail);
	*out = NULL;
	if (!tail)
		return dpt_fail_memory(err);
	tail->ground = *ground;
	tail->stride = dpt_stride(ground->dim);
	tail->t = t;
	tail->bounds = malloc((room + 1) * sizeof *tail->bounds);
	if (!tail->bounds) {
		dpt_tail_free(tail);
		return dpt_fail_memory(err);
	}
	fill_bounds(tail);
	for (int i = 0; i < PARTS; i++)
		tail->log_part[i] = (float)log1p((double)i / PARTS);
	*out = tail;
	return DPT_OK;
}

void dpt_tail_free(dpt_tail *tail)
{
	if (!tail)
		return;
	free(tail->bounds);
	free(tail);
}

/*
 * A bound on -ln u, where u is (high + something below 1) / 2^32; what it is
 * less LOG_ROOM is a bound on the other side: 1 / PARTS for the part of a
 * binade, 1 / LOG_LEAST for that something, and the rounding.  Where high is
 * less than LOG_LEAST nothing is said.
 */
#define LOG_LEAST 4096U
#define LOG_ROOM 0.0082F

static float log_bound(const dpt_tail *tail, uint32_t high)
{
	float v = (float)high;
	uint32_t bits;
	memcpy(&bits, &v, sizeof bits);
	int binade = (int)(bits >> 23) - 127;
	float rest = tail->log_part[bits >> 16 & (PARTS - 1)];
	return (float)(32 - binade) * 0.69314718F - rest + 1e-5F;
}

/* Any word alike, and half of what decides on it. */
static struct dpt_try propose_any(const dpt_tail *tail, struct dpt_rng *rng)
{
	uint32_t n = tail->ground.n;
	for (;;) {
		uint64_t r = dpt_rng_u64(rng), product = (r >> 32) * n;
		if ((uint32_t)product < n && (uint32_t)product < (0U - n) % n)
			continue; /* as in dpt_rng_below */
		uint32_t v = (uint32_t)(product >> 32);
		if (tail->ground.screen.row)
			dpt_screen_prefetch(&tail->ground.screen, v);
		return (struct dpt_try){v, (uint32_t)r, DPT_NO_WORD};
	}
}

/* One of the far neighbours of w, or of all words. */
static struct dpt_try propose_far(const dpt_tail *tail, struct dpt_rng *rng,
                                  uint32_t w)
{
	const struct dpt_ground *g = &tail->ground;
	uint32_t n = blocks(g), b = 0;
	const double *bounds = tail->bounds + (size_t)w * (n + 1);
	uint64_t r = dpt_rng_u64(rng); /* its low bits are not used twice */
	double at = (double)(r >> 11) * 0x1p-53 * bounds[n];
	if (at >= bounds[n - 1])
		return propose_any(tail, rng);
	while (b + 8 < n && at >= bounds[b + 7])
		b += 8;
	while (at >= bounds[b])
		b++;
	uint32_t place = b * DPT_FAR_BLOCK + (uint32_t)r % DPT_FAR_BLOCK;
	__builtin_prefetch(g->far.id + (size_t)w * g->far.count + place);
	return (struct dpt_try){0, (uint32_t)(dpt_rng_u64(rng) >> 32), place};
}

void dpt_tail_propose(const dpt_tail *tail, struct dpt_rng *rng,
                      struct dpt_round *round)
{
	bool far = round->w < tail->ground.far.rows;
	round->tries = far ? FAR_TRIES : DPT_TRIES;
	round->at = 0;
	for (unsigned i = 0; i < round->tries; i++)
		round->try[i] = far ? propose_far(tail, rng, round->w)
		                    : propose_any(tail, rng);
}

void dpt_tail_prefetch(const dpt_tail *tail, uint32_t w)
{
	const struct dpt_ground *g = &tail->ground;
	const char *bounds = NULL;
	if (g->screen.row)
		dpt_screen_prefetch(&g->screen, w);
	__builtin_prefetch(last_edge(g, w).d);
	if (w < g->far.rows)
		bounds =
		    (const char *)(tail->bounds + (size_t)w * (blocks(g) + 1));
	for (uint32_t i = 0; bounds && i <= blocks(g); i += 8)
		__builtin_prefetch(bounds + i * sizeof(double));
}

enum verdict { REJECTED, ACCEPTED, UNDECIDED };

/*
 * Any word alike: it must lie outside the edge.  What is known of u says how
 * far away it may be at most, and most are farther; the coarse distance also
 * accepts some of the others.
 */
static enum verdict judge_any(const dpt_tail *tail, uint32_t w,
                              const struct dpt_try *try)
{
	const struct dpt_screen *s = &tail->ground.screen;
	double edge = *last_edge(&tail->ground, w).d;
	double most =
	    exponent(tail->t, edge) + (double)log_bound(tail, try->high);
	if (!s->row || try->high < LOG_LEAST || most >= DPT_KERNEL_CLIP)
		return UNDECIDED;
	float d = dpt_screen_distance(s, w, try->v, (float)(most / tail->t));
	float slack = dpt_screen_slack(s, w, try->v, d);
	if (isinf(d))
		return REJECTED;
	bool sure = (double)(d - slack) > edge &&
	            tail->t * (double)(d + slack) < most - (double)LOG_ROOM;
	return sure ? ACCEPTED : UNDECIDED;
}

/* A far neighbour: it is accepted by at least what the next block is. */
static enum verdict judge_far(const dpt_tail *tail, uint32_t w,
                              const struct dpt_try *try)
{
	const double *d = reach(&tail->ground, w) + try->place / DPT_FAR_BLOCK;
	double least = exponent(tail->t, d[1]) - exponent(tail->t, d[0]);
	float u = log_bound(tail, try->high) - LOG_ROOM;
	bool sure = try->high >= LOG_LEAST && (double)u > least;
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
	const struct dpt_far *far = &tail->ground.far;
	uint32_t w = round->w;
	for (; round->at < round->tries; round->at++) {
		struct dpt_try *try = &round->try[round->at];
		enum verdict verdict;
		if (try->place == DPT_NO_WORD) {
			verdict = judge_any(tail, w, try);
		} else {
			verdict = judge_far(tail, w, try);
			try->v = far->id[(size_t)w * far->count + try->place];
		}
		if (verdict == ACCEPTED)
			return try->v;
		if (verdict == UNDECIDED) {
			prefetch_vector(tail, try->v);
			break;
		}
	}
	return DPT_NO_WORD;
}

uint32_t dpt_tail_measure(const dpt_tail *tail, struct dpt_rng *rng,
                          struct dpt_round *round)
{
	const struct dpt_ground *g = &tail->ground;
	const struct dpt_try *try = &round->try[round->at++];
	uint32_t w = round->w;
	struct edge edge = last_edge(g, w);
	double d = distance(g, w, try->v), bound = *edge.d;
	if (try->place != DPT_NO_WORD)
		bound = reach(g, w)[try->place / DPT_FAR_BLOCK];
	else if (!is_behind(edge, try->v, d))
		return DPT_NO_WORD;
	double p = exp(exponent(tail->t, bound) - exponent(tail->t, d));
	uint64_t u = (uint64_t)try->high << 32 | dpt_rng_u64(rng) >> 32;
	return p >= 1 || u < (uint64_t)(p * 0x1p64) ? try->v : DPT_NO_WORD;
}

double dpt_tail_sum(const struct dpt_ground *g, double t, uint32_t w)
{
	struct edge edge = list_edge(g, w);
	double sum = 0;
	for (uint32_t v = 0; v < g->n; v++) {
		double d = distance(g, w, v);
		if (is_behind(edge, v, d))
			sum += exp(-exponent(t, d));
	}
	return sum;
}

uint32_t dpt_tail_invert(const dpt_tail *tail, struct dpt_rng *rng, uint32_t w)
{
	const struct dpt_ground *g = &tail->ground;
	struct edge edge = list_edge(g, w);
	double left = dpt_rng_unit(rng) * dpt_tail_sum(g, tail->t, w);
	uint32_t chosen = w;
	for (uint32_t v = 0; v < g->n && left >= 0; v++) {
		double d = distance(g, w, v);
		if (is_behind(edge, v, d)) {
			left -= exp(-exponent(tail->t, d));
			chosen = v;
		}
	}
	return chosen;
}
