/* SPDX-License-Identifier: MIT */
/* Neighbours and nearest rows, against sorting all distances. */
#include "fixture.h"
#include "knn.h"
#include "nearest.h"
#include "suites.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

/* ------------------------------------------------------------ neighbours */

struct found {
	uint32_t *id;
	double *distance;
	struct dpt_extreme least, most;
};

static void visit(void *ctx, unsigned thread, const struct dpt_tile *t)
{
	dpt_knn_visit(ctx, thread, t);
}

static struct found find(const struct dpt_space *s, uint32_t k,
                         unsigned threads)
{
	struct found f = {.id = malloc((size_t)s->n * k * sizeof *f.id),
	                  .distance =
	                      malloc((size_t)s->n * k * sizeof *f.distance)};
	dpt_knn *knn;
	ck_assert_int_eq(dpt_knn_new(s, k, threads, &knn, NULL), DPT_OK);
	struct dpt_pass pass = {
	    .space = s, .threads = threads, .visit = visit, .ctx = knn};
	ck_assert_int_eq(dpt_pairs(&pass, NULL), DPT_OK);
	ck_assert_int_eq(
	    dpt_knn_finish(knn, f.id, f.distance, &f.least, &f.most, NULL),
	    DPT_OK);
	dpt_knn_free(knn);
	return f;
}

static void found_free(struct found *f)
{
	free(f->id);
	free(f->distance);
}

/* The first pair in order of its rows that has the extreme distance. */
static void extremes(const struct dpt_space *s, struct dpt_extreme *least,
                     struct dpt_extreme *most)
{
	least->distance = INFINITY;
	most->distance = -1;
	for (uint32_t a = 0; a < s->n; a++)
		for (uint32_t b = a + 1; b < s->n; b++) {
			double d = fx_distance(s, a, b);
			struct dpt_extreme e = {d, {a, b}};
			if (d < least->distance)
				*least = e;
			if (d > most->distance)
				*most = e;
		}
}

static void check_extreme(const struct dpt_extreme *got,
                          const struct dpt_extreme *expected)
{
	ck_assert(got->distance == expected->distance);
	ck_assert_uint_eq(got->pair[0], expected->pair[0]);
	ck_assert_uint_eq(got->pair[1], expected->pair[1]);
}

static void check_knn(const struct dpt_space *s, uint32_t k)
{
	struct dpt_lists right = fx_lists(s, k);
	struct dpt_extreme least, most;
	size_t entries = (size_t)s->n * k;
	extremes(s, &least, &most);
	for (unsigned threads = 1; threads <= 3; threads += 2) {
		struct found f = find(s, k, threads);
		size_t wrong = 0;
		for (size_t i = 0; i < entries; i++)
			wrong += f.id[i] != right.id[i] ||
			         f.distance[i] != right.distance[i];
		ck_assert_uint_eq(wrong, 0);
		check_extreme(&f.least, &least);
		check_extreme(&f.most, &most);
		found_free(&f);
	}
	fx_lists_free(&right);
}

static const struct {
	uint32_t n, dim, k;
} sets[] = {{2, 3, 1},   {3, 2, 2},     {40, 5, 39},
            {513, 8, 1}, {600, 24, 40}, {530, 7, 529}};

START_TEST(neighbours_are_those_of_brute_force)
{
	enum fx_kind kind = (enum fx_kind)(_i % FX_KINDS);
	uint32_t n = sets[_i / FX_KINDS].n, dim = sets[_i / FX_KINDS].dim;
	float *x = fx_rows(kind, n, dim, (uint64_t)_i);
	struct dpt_space s = fx_space(x, n, dim);
	check_knn(&s, sets[_i / FX_KINDS].k);
	dpt_space_close(&s);
	free(x);
}
END_TEST

START_TEST(the_first_rows_alone_are_the_same)
{
	enum { N = 300, ROWS = 70, K = 33 };
	float *x = fx_rows((enum fx_kind)_i, N, 9, 4);
	struct dpt_space s = fx_space(x, N, 9);
	struct dpt_lists right = fx_lists(&s, K);
	uint32_t id[ROWS * K];
	double distance[ROWS * K];
	ck_assert_int_eq(dpt_knn_first(&s, ROWS, K, 2, id, distance, NULL),
	                 DPT_OK);
	ck_assert_int_eq(memcmp(id, right.id, sizeof id), 0);
	ck_assert_int_eq(memcmp(distance, right.distance, sizeof distance), 0);
	fx_lists_free(&right);
	dpt_space_close(&s);
	free(x);
}
END_TEST

static const int scales[] = {-100, -75, -60, -40, 20, 40};

/* From the smallest numbers that are of any use to the largest taken. */
START_TEST(neighbours_are_right_at_every_scale)
{
	uint32_t n = 200, dim = 10;
	float *x = fx_rows(FX_RANDOM, n, dim, 5);
	for (size_t i = 0; i < n * dpt_stride(dim); i++)
		x[i] = ldexpf(x[i], scales[_i]);
	struct dpt_space s = fx_space(x, n, dim);
	check_knn(&s, 10);
	dpt_space_close(&s);
	free(x);
}
END_TEST

/* Every distance but those of a few rows is the same. */
START_TEST(neighbours_are_right_where_all_tie)
{
	enum { N = 560, DIM = 560 };
	float *x = calloc((size_t)N * DIM, sizeof *x);
	for (uint32_t i = 0; i < N; i++)
		x[(size_t)i * DIM + i] = _i ? 0.7F : 1;
	struct dpt_space s = fx_space(x, N, DIM);
	ck_assert_int_eq(s.lattice, !_i);
	check_knn(&s, 20);
	dpt_space_close(&s);
	free(x);
}
END_TEST

/* -------------------------------------------------------------- nearest */

static uint32_t brute_nearest(const struct dpt_space *s, const float *point)
{
	uint32_t best = 0;
	double least = INFINITY;
	for (uint32_t i = 0; i < s->n; i++) {
		double d2 = dpt_squared(point, dpt_row(s, i), s->stride);
		if (d2 < least) {
			least = d2;
			best = i;
		}
	}
	return best;
}

static void check_nearest(const struct dpt_space *s, size_t n,
                          const float *points)
{
	float *half = malloc(s->n * sizeof *half);
	void *scratch =
	    aligned_alloc(64, (dpt_nearest_scratch() + 63) / 64 * 64);
	uint32_t out[DPT_NEAREST_POINTS];
	const struct dpt_blas *blas;
	ck_assert_int_eq(dpt_blas_load(&blas, NULL), DPT_OK);
	dpt_half_norms(s, half);
	dpt_nearest(blas, s, half, n, points, scratch, out);
	for (size_t i = 0; i < n; i++)
		ck_assert_uint_eq(out[i],
		                  brute_nearest(s, points + i * s->stride));
	free(half);
	free(scratch);
}

/* A row, between two rows, near a row, or anywhere up to far. */
static void make_point(const struct dpt_space *s, struct fx_seq *seq, float far,
                       float *point)
{
	const float *a = dpt_row(s, (uint32_t)(fx_u64(seq) % s->n));
	const float *b = dpt_row(s, (uint32_t)(fx_u64(seq) % s->n));
	unsigned kind = fx_u64(seq) % 4;
	for (uint32_t k = 0; k < s->dim; k++) {
		float z = (float)fx_normal(seq);
		point[k] = kind == 0   ? a[k]
		           : kind == 1 ? (a[k] + b[k]) / 2
		           : kind == 2 ? a[k] + z
		                       : far * z;
	}
}

static const struct {
	uint32_t n, dim;
	size_t points;
	float far;
} nearest[] = {{2, 1, 1, 1e3F},       {511, 3, 511, 10},
               {512, 6, 512, 1e6F},   {513, 16, 64, 1e12F},
               {2100, 10, 128, 1e4F}, {300, 100, 128, 1e11F}};

START_TEST(nearest_rows_are_those_of_brute_force)
{
	enum fx_kind kind = (enum fx_kind)(_i % FX_KINDS);
	int set = _i / FX_KINDS;
	uint32_t n = nearest[set].n, dim = nearest[set].dim;
	float *x = fx_rows(kind, n, dim, (uint64_t)_i);
	struct dpt_space s = fx_space(x, n, dim);
	float *points = calloc(nearest[set].points * s.stride, sizeof *points);
	struct fx_seq seq = {99};
	for (size_t i = 0; i < nearest[set].points; i++)
		make_point(&s, &seq, nearest[set].far, points + i * s.stride);
	check_nearest(&s, nearest[set].points, points);
	free(points);
	dpt_space_close(&s);
	free(x);
}
END_TEST

/* All corners of a cube are as near to its centre: the first row wins. */
START_TEST(ties_go_to_the_lowest_row)
{
	enum { DIM = 11, N = 1 << DIM, STRIDE = 16 };
	float *x = calloc((size_t)N * STRIDE, sizeof *x);
	float points[3 * STRIDE] = {0};
	for (uint32_t i = 0; i < N; i++)
		for (uint32_t k = 0; k < DIM; k++)
			x[(size_t)i * STRIDE + k] = i >> k & 1 ? 0.3F : -0.3F;
	points[STRIDE] = 1e-7F;         /* half of them a little nearer */
	points[2 * STRIDE + 10] = 1e6F; /* and half very far away */
	struct dpt_space s = fx_space(x, N, DIM);
	check_nearest(&s, 3, points);
	dpt_space_close(&s);
	free(x);
}
END_TEST

START_TEST(nearest_rows_are_right_at_every_scale)
{
	enum { N = 300, DIM = 10, STRIDE = 16, POINTS = 100 };
	float *x = fx_rows(FX_RANDOM, N, DIM, 5);
	float *points = calloc(POINTS * STRIDE, sizeof *points);
	struct dpt_space s = fx_space(x, N, DIM);
	struct fx_seq seq = {98};
	for (size_t i = 0; i < POINTS; i++)
		make_point(&s, &seq, 3, points + i * STRIDE);
	dpt_space_close(&s);
	for (size_t i = 0; i < (size_t)N * STRIDE; i++)
		x[i] = ldexpf(x[i], scales[_i]);
	for (size_t i = 0; i < POINTS * STRIDE; i++)
		points[i] = ldexpf(points[i], scales[_i]);
	s = fx_space(x, N, DIM);
	check_nearest(&s, POINTS, points);
	dpt_space_close(&s);
	free(points);
	free(x);
}
END_TEST

START_TEST(half_norms_are_half_the_squares)
{
	float *x = fx_rows(FX_SKEWED, 100, 12, 3), half[100];
	struct dpt_space s = fx_space(x, 100, 12);
	dpt_half_norms(&s, half);
	for (uint32_t i = 0; i < 100; i++)
		ck_assert(half[i] == (float)(s.norm2[i] / 2));
	dpt_space_close(&s);
	free(x);
}
END_TEST

Suite *suite_knn(void)
{
	TCase *t = tcase_create("knn");
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, neighbours_are_those_of_brute_force, 0,
	                    FX_KINDS * COUNT(sets));
	tcase_add_loop_test(t, the_first_rows_alone_are_the_same, 0, FX_KINDS);
	tcase_add_loop_test(t, neighbours_are_right_at_every_scale, 0,
	                    COUNT(scales));
	tcase_add_loop_test(t, neighbours_are_right_where_all_tie, 0, 2);
	tcase_add_loop_test(t, nearest_rows_are_those_of_brute_force, 0,
	                    FX_KINDS * COUNT(nearest));
	tcase_add_test(t, ties_go_to_the_lowest_row);
	tcase_add_loop_test(t, nearest_rows_are_right_at_every_scale, 0,
	                    COUNT(scales));
	tcase_add_test(t, half_norms_are_half_the_squares);
	Suite *s = suite_create("knn");
	suite_add_tcase(s, t);
	return s;
}
