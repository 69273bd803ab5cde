/* SPDX-License-Identifier: MIT */
/* Distances, the passes over all pairs, and the loops over them. */
#include "fixture.h"
#include "kernels.h"
#include "suites.h"

#include <float.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

/* ------------------------------------------------------------- distance */

static long double naive(const float *a, const float *b, uint32_t dim)
{
	long double sum = 0;
	for (uint32_t i = 0; i < dim; i++) {
		long double d = (long double)a[i] - (long double)b[i];
		sum += d * d;
	}
	return sum;
}

START_TEST(squared_distance_is_that_of_the_formula)
{
	for (uint32_t dim = 1; dim < 60; dim += 3) {
		float *x = fx_rows((enum fx_kind)_i, 4, dim, dim);
		uint32_t s = dpt_stride(dim);
		ck_assert_uint_ge(s, dim);
		ck_assert_uint_eq(s % DPT_LANES, 0);
		for (uint32_t a = 0; a < 4; a++)
			for (uint32_t b = 0; b < 4; b++) {
				const float *p = x + a * s, *q = x + b * s;
				double d2 = dpt_squared(p, q, s);
				double exact = (double)naive(p, q, dim);
				ck_assert(d2 == dpt_squared(q, p, s));
				ck_assert_double_le(fabs(d2 - exact),
				                    1e-14 * exact);
			}
		free(x);
	}
}
END_TEST

static const struct {
	float v[4];
	bool lattice;
} lattices[] = {
    {{0, 0, 0, 0}, true},
    {{1, -2, 3, 0}, true},
    {{0.25F, 0.5F, -1, 7.75F}, true},
    {{4096, 0, 0, 0}, true},
    {{4096, 1, 0, 0}, false}, /* its square sum is 2^24 + 1 */
    {{4097, 0, 0, 0}, false},
    {{8194, 0, 0, 0}, false},
    {{8192, 2, 2, 2}, false},
    {{8192, 0, 0, 0}, true},
    {{2896, 2896, 0, 0}, true},
    {{2897, 2896, 0, 0}, false},
    {{0x1p-24F, 0, 0, 0}, true},
    {{0x3p-24F, -0x1p-24F, 0, 0}, true},
    {{0x1p-25F, 0, 0, 0}, false}, /* finer than is tried */
    {{0x1p40F, 0x3p40F, 0, 0}, true},
    {{1e15F, 0, 0, 0}, false},
    {{1, 2, 3, 0.1F}, false},
    {{1, 2, 3, 0x1p-24F}, false}, /* a wide range of scales */
    {{1, 2, 3, 1.0000001F}, false},
    {{1e-45F, 0, 0, 0}, false}, /* the smallest number there is */
    {{1, 2, 3, 1e-45F}, false},
    {{1e-38F, 0, 0, 0}, false},
};

START_TEST(lattices_are_recognised)
{
	float x[2 * DPT_LANES] = {0};
	memcpy(x + (_i % 2) * DPT_LANES, lattices[_i].v, sizeof lattices[_i].v);
	struct dpt_space s = fx_space(x, 2, 4);
	ck_assert_int_eq(s.lattice, lattices[_i].lattice);
	if (s.lattice)
		ck_assert(dpt_tile_error(&s) == 0);
	else
		ck_assert(dpt_tile_error(&s) > 0);
	dpt_space_close(&s);
}
END_TEST

START_TEST(one_odd_value_among_many_is_seen)
{
	float *x = fx_rows(FX_LATTICE, 600, 9, 4);
	struct dpt_space s = fx_space(x, 600, 9);
	ck_assert(s.lattice);
	dpt_space_close(&s);
	x[599 * 16 + 8] = 0.3F;
	s = fx_space(x, 600, 9);
	ck_assert(!s.lattice);
	dpt_space_close(&s);
	free(x);
}
END_TEST

START_TEST(norms_are_those_of_the_rows)
{
	float *x = fx_rows(FX_SKEWED, 50, 11, 1);
	struct dpt_space s = fx_space(x, 50, 11);
	static const float zero[16];
	double most = 0;
	for (uint32_t i = 0; i < 50; i++) {
		double n2 = dpt_squared(dpt_row(&s, i), zero, 16);
		ck_assert(s.norm2[i] == n2);
		most = fmax(most, n2);
	}
	ck_assert(s.norm2_max == most);
	dpt_space_close(&s);
	free(x);
}
END_TEST

/* ---------------------------------------------------------------- tiles */

enum { MOST = 1500 };

/* What a pass did; counts[row * n + col] is written by one tile only. */
struct seen {
	const struct dpt_space *space;
	unsigned char *counts;
	uint64_t *order; /* of each row: a hash of whom it met */
	atomic_bool *busy;
	atomic_uint wrong;
	double worst;    /* error of a square, of one thread */
	double relative; /* the same, of the square; not at distance 0 */
};

static struct seen seen_new(const struct dpt_space *s)
{
	size_t n = s->n;
	struct seen seen = {.space = s,
	                    .counts = calloc(n, n),
	                    .order = calloc(n, sizeof(uint64_t)),
	                    .busy = calloc(n, sizeof(atomic_bool))};
	return seen;
}

static void seen_free(struct seen *seen)
{
	free(seen->counts);
	free(seen->order);
	free(seen->busy);
}

/* Takes or leaves a run of rows, which nobody else may hold. */
static void hold(struct seen *s, uint32_t first, uint32_t n, bool on)
{
	for (uint32_t i = first; i < first + n; i++)
		if (atomic_exchange(&s->busy[i], on) == on)
			atomic_fetch_add(&s->wrong, 1);
}

static void met(struct seen *s, uint32_t first, uint32_t n, uint32_t other)
{
	for (uint32_t i = first; i < first + n; i++)
		s->order[i] = s->order[i] * 0x9e3779b97f4a7c15 + other + 1;
}

static void count(struct seen *s, const struct dpt_tile *t)
{
	for (uint32_t r = 0; r < t->rows; r++)
		for (uint32_t c = 0; c < t->cols; c++)
			s->counts[(size_t)dpt_tile_row(t, r) * s->space->n +
			          t->col + c]++;
}

static void visit_pairs(void *ctx, unsigned thread, const struct dpt_tile *t)
{
	struct seen *s = ctx;
	bool diagonal = t->row == t->col;
	(void)thread;
	if (t->row_ids || t->row + t->rows > s->space->n ||
	    t->col + t->cols > s->space->n) {
		atomic_fetch_add(&s->wrong, 1);
		return;
	}
	hold(s, t->row, t->rows, true);
	if (!diagonal)
		hold(s, t->col, t->cols, true);
	met(s, t->row, t->rows, t->col);
	met(s, t->col, t->cols, t->row);
	count(s, t);
	hold(s, t->row, t->rows, false);
	if (!diagonal)
		hold(s, t->col, t->cols, false);
}

static void run_pairs(struct seen *s, unsigned threads, dpt_tile_fn *visit)
{
	struct dpt_pass pass = {
	    .space = s->space, .threads = threads, .visit = visit, .ctx = s};
	ck_assert_int_eq(dpt_pairs(&pass, NULL), DPT_OK);
	ck_assert_uint_eq(s->wrong, 0);
}

static const uint32_t sizes[] = {1, 2, 511, 512, 513, 1024, 1025, MOST};

static size_t not_once(const struct seen *s)
{
	size_t wrong = 0, n = s->space->n;
	for (uint32_t a = 0; a < n; a++)
		for (uint32_t b = 0; b < a; b++) {
			int there = s->counts[a * n + b];
			int back = s->counts[b * n + a];
			/* twice in squares on the diagonal */
			wrong += a / 512 == b / 512 ? there != 1 || back != 1
			                            : there + back != 1;
		}
	return wrong;
}

START_TEST(each_pair_is_visited_once)
{
	uint32_t n = sizes[_i];
	float *x = fx_rows(FX_COLLINEAR, n, 1, 1);
	struct dpt_space space = fx_space(x, n, 1);
	struct seen first = seen_new(&space);
	for (unsigned threads = 1; threads <= 3; threads++) {
		struct seen s = seen_new(&space);
		run_pairs(&s, threads, visit_pairs);
		ck_assert_uint_eq(not_once(&s), 0);
		if (threads == 1)
			memcpy(first.order, s.order, n * sizeof *s.order);
		/* and in the same order for every row */
		ck_assert_int_eq(
		    memcmp(first.order, s.order, n * sizeof *s.order), 0);
		seen_free(&s);
	}
	seen_free(&first);
	dpt_space_close(&space);
	free(x);
}
END_TEST

static void visit_listed(void *ctx, unsigned thread, const struct dpt_tile *t)
{
	(void)thread;
	count(ctx, t);
}

START_TEST(listed_rows_meet_all)
{
	static const uint32_t listed[] = {0, 1, 2, 511, 512, 513, 1100, MOST};
	float *x = fx_rows(FX_COLLINEAR, MOST, 1, 1);
	struct dpt_space space = fx_space(x, MOST, 1);
	uint32_t list[MOST], n = listed[_i];
	for (uint32_t i = 0; i < MOST; i++) /* 7 and 1500 have no divisor */
		list[i] = (i * 7 + 3) % MOST;
	for (unsigned threads = 1; threads <= 3; threads++) {
		struct seen s = seen_new(&space);
		struct dpt_pass pass = {.space = &space,
		                        .threads = threads,
		                        .visit = visit_listed,
		                        .ctx = &s};
		ck_assert_int_eq(dpt_scan(&pass, n, list, NULL), DPT_OK);
		size_t wrong = 0;
		for (uint32_t i = 0; i < MOST; i++)
			for (uint32_t v = 0; v < MOST; v++)
				wrong +=
				    s.counts[list[i] * MOST + v] != (i < n);
		ck_assert_uint_eq(wrong, 0);
		seen_free(&s);
	}
	dpt_space_close(&space);
	free(x);
}
END_TEST

static void measure(void *ctx, unsigned thread, const struct dpt_tile *t)
{
	struct seen *s = ctx;
	const struct dpt_space *x = s->space;
	(void)thread;
	for (uint32_t r = 0; r < t->rows; r++)
		for (uint32_t c = 0; c < t->cols; c++) {
			double d2 =
			    dpt_squared(dpt_row(x, dpt_tile_row(t, r)),
			                dpt_row(x, t->col + c), x->stride);
			double e = fabs(t->d2[(size_t)r * t->cols + c] - d2);
			s->worst = fmax(s->worst, e);
			if (d2 > 0)
				s->relative = fmax(s->relative, e / d2);
			else
				s->wrong += e != 0;
		}
}

static const uint32_t dims[] = {5, 8, 100, 300};

/*
 * Of the square itself the error is small too, which is what the sums over
 * kernels and the search for the steepest pair count on.
 */
START_TEST(tiles_hold_distances_within_the_bound)
{
	enum fx_kind kind = (enum fx_kind)(_i % FX_KINDS);
	uint32_t n = 530, dim = dims[_i / FX_KINDS], list[530];
	float *x = fx_rows(kind, n, dim, 9);
	struct dpt_space space = fx_space(x, n, dim);
	struct seen s = {.space = &space};
	for (uint32_t i = 0; i < n; i++)
		list[i] = n - 1 - i;
	struct dpt_pass pass = {
	    .space = &space, .threads = 1, .visit = measure, .ctx = &s};
	ck_assert_int_eq(dpt_pairs(&pass, NULL), DPT_OK);
	ck_assert_int_eq(dpt_scan(&pass, n, list, NULL), DPT_OK);
	ck_assert_uint_eq(s.wrong, 0);
	ck_assert_int_eq(space.lattice, kind == FX_LATTICE || kind == FX_HUB);
	ck_assert_msg(s.worst <= dpt_tile_error(&space), "%s: %g",
	              fx_kind_name[kind], s.worst);
	ck_assert_msg(s.relative <= 1e-9, "%s: %g", fx_kind_name[kind],
	              s.relative);
	dpt_space_close(&space);
	free(x);
}
END_TEST

/* What a library that multiplies wrongly would give. */
START_TEST(wrong_products_are_seen)
{
	enum { N = 40, M = 30 };
	float *x = fx_rows(FX_RANDOM, N, 6, 8);
	struct dpt_space s = fx_space(x, N, 6);
	double *d2 = malloc(M * N * sizeof *d2);
	struct dpt_tile t = {.rows = M, .cols = N, .d2 = d2};
	for (uint32_t r = 0; r < M; r++)
		for (uint32_t c = 0; c < N; c++)
			d2[r * N + c] = dpt_squared(dpt_row(&s, r),
			                            dpt_row(&s, c), s.stride);
	ck_assert(dpt_tile_sound(&s, &t));
	double last = d2[M * N - 1], wrong[] = {NAN, INFINITY, 0, last * 1.01};
	for (int i = 0; i < COUNT(wrong); i++) {
		for (int k = 0; k < M * N / 2; k++)
			d2[M * N - 1 - k] = wrong[i];
		ck_assert(!dpt_tile_sound(&s, &t));
	}
	free(d2);
	dpt_space_close(&s);
	free(x);
}
END_TEST

static void note(void *ctx, const char *stage, double done, double total)
{
	double *last = ctx;
	ck_assert_str_eq(stage, "a stage");
	ck_assert_double_le(last[0], done / total);
	ck_assert_double_le(done, total);
	last[0] = done / total;
}

START_TEST(progress_rises_to_the_end)
{
	float *x = fx_rows(FX_COLLINEAR, MOST, 1, 1);
	struct dpt_space space = fx_space(x, MOST, 1);
	struct seen s = seen_new(&space);
	double last = 0;
	struct dpt_pass pass = {.space = &space,
	                        .threads = 2,
	                        .visit = visit_pairs,
	                        .ctx = &s,
	                        .stage = "a stage",
	                        .progress = note,
	                        .progress_ctx = &last};
	ck_assert_int_eq(dpt_pairs(&pass, NULL), DPT_OK);
	ck_assert(last == 1);
	seen_free(&s);
	dpt_space_close(&space);
	free(x);
}
END_TEST

/* -------------------------------------------------------------- kernels */

static double kernel(double td)
{
	return exp(-fmin(td, DPT_KERNEL_CLIP));
}

static bool close_to(double a, double b)
{
	return fabs(a - b) <= 1e-13 * fabs(b);
}

/* All lengths around the width of the vectors, distances on both sides of
 * the clip. */
START_TEST(sums_of_kernels_are_those_of_the_formula)
{
	double d[80], others[80], moments[80], wrong = 0;
	for (size_t n = 0; n <= 80; n++) {
		double t = 0.1 * (double)(n + 1), sum = 0, moment = 0;
		struct dpt_sums plain, added;
		for (size_t i = 0; i < n; i++) {
			d[i] = 0.01 + 0.7 * (double)((i * 37) % 80);
			sum += kernel(t * d[i]);
			moment += d[i] * kernel(t * d[i]);
			others[i] = 3;
			moments[i] = 5;
		}
		plain = dpt_exp_sums(n, t, d);
		added = dpt_exp_add(n, t, d, others, moments);
		wrong += !close_to(plain.others, sum);
		wrong += !close_to(plain.moment, moment);
		wrong += !close_to(added.others, sum);
		wrong += !close_to(added.moment, moment);
		for (size_t i = 0; i < n; i++) {
			double e = kernel(t * d[i]);
			wrong += !close_to(others[i], 3 + e);
			wrong += !close_to(moments[i], 5 + e * d[i]);
		}
	}
	ck_assert(wrong == 0);
}
END_TEST

/* Of one number at a time the same, bit by bit. */
START_TEST(exponentials_do_not_depend_on_their_place)
{
	_Alignas(DPT_LINE) double all[DPT_WHOLE_LINES(80)], one[8];
	struct fx_seq seq = {4};
	double off = 0;
	size_t differ = 0;
	for (size_t n = 1; n <= 80; n++) {
		double x[80];
		for (size_t i = 0; i < n; i++)
			all[i] = x[i] = i ? 60 * fx_unit(&seq) : 0;
		dpt_exp_all(n, all);
		for (size_t i = 0; i < n; i++) {
			double e = (double)expl(-(long double)x[i]);
			off = fmax(off, fabs(all[i] - e) / e);
			one[0] = x[i];
			dpt_exp_all(1, one);
			differ += one[0] < all[i] || one[0] > all[i];
		}
	}
	ck_assert_msg(off <= 4 * DBL_EPSILON, "%g", off);
	ck_assert_uint_eq(differ, 0);
	one[0] = 1e7;
	dpt_exp_all(1, one);
	ck_assert(one[0] == 0);
}
END_TEST

START_TEST(roots_are_roots_and_never_of_negatives)
{
	double d2[40], d[40];
	for (int i = 0; i < 40; i++)
		d2[i] = i % 3 ? i * 0.3 : -1e-12 * i;
	dpt_roots(40, d2, d);
	for (int i = 0; i < 40; i++)
		ck_assert(d[i] == (d2[i] > 0 ? sqrt(d2[i]) : 0));
}
END_TEST

Suite *suite_space(void)
{
	TCase *t = tcase_create("space");
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, squared_distance_is_that_of_the_formula, 0,
	                    FX_KINDS);
	tcase_add_loop_test(t, lattices_are_recognised, 0, COUNT(lattices));
	tcase_add_test(t, one_odd_value_among_many_is_seen);
	tcase_add_test(t, norms_are_those_of_the_rows);
	tcase_add_loop_test(t, each_pair_is_visited_once, 0, COUNT(sizes));
	tcase_add_loop_test(t, listed_rows_meet_all, 0, 8);
	tcase_add_loop_test(t, tiles_hold_distances_within_the_bound, 0,
	                    FX_KINDS * COUNT(dims));
	tcase_add_test(t, wrong_products_are_seen);
	tcase_add_test(t, progress_rises_to_the_end);
	tcase_add_test(t, sums_of_kernels_are_those_of_the_formula);
	tcase_add_test(t, exponentials_do_not_depend_on_their_place);
	tcase_add_test(t, roots_are_roots_and_never_of_negatives);
	Suite *s = suite_create("space");
	suite_add_tcase(s, t);
	return s;
}
