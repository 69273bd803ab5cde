/* SPDX-License-Identifier: MIT */
/* Cells hold every word once; what is said of their distances, by measuring. */
#include "cells.h"
#include "fixture.h"
#include "suites.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct made {
	struct dpt_cells cells;
	uint32_t *start, *word;
};

static struct made divide(const struct dpt_space *s, uint32_t count,
                          uint32_t rows, unsigned threads)
{
	struct made m;
	m.start = malloc((count + 1) * sizeof *m.start);
	m.word = malloc(s->n * sizeof *m.word);
	ck_assert_int_eq(
	    dpt_cells_divide(s, count, threads, m.start, m.word, NULL), DPT_OK);
	m.cells = (struct dpt_cells){
	    .rows = rows, .count = count, .start = m.start, .word = m.word};
	return m;
}

static void made_free(struct made *m)
{
	free(m->start);
	free(m->word);
}

static const struct {
	enum fx_kind kind;
	uint32_t n, dim, count;
} shapes[] = {
    {FX_RANDOM, 40, 3, 2},     {FX_RANDOM, 1500, 10, 40},
    {FX_RANDOM, 1100, 17, 97}, {FX_LATTICE, 600, 2, 300},
    {FX_RANDOM, 30, 1, 30},
};

START_TEST(every_word_is_in_one_cell_and_no_cell_is_empty)
{
	uint32_t n = shapes[_i].n, count = shapes[_i].count;
	float *rows = fx_rows(shapes[_i].kind, n, shapes[_i].dim, 3);
	struct dpt_space s = fx_space(rows, n, shapes[_i].dim);
	struct made one = divide(&s, count, n, 1),
	            two = divide(&s, count, n, 2);
	uint8_t *seen = calloc(n, 1);
	ck_assert_uint_eq(one.start[0], 0);
	ck_assert_uint_eq(one.start[count], n);
	for (uint32_t c = 0; c < count; c++)
		ck_assert_uint_lt(one.start[c], one.start[c + 1]);
	for (uint32_t i = 0; i < n; i++) {
		ck_assert_uint_lt(one.word[i], n);
		ck_assert_uint_eq(seen[one.word[i]]++, 0);
	}
	ck_assert_mem_eq(one.start, two.start, (count + 1) * sizeof *one.start);
	ck_assert_mem_eq(one.word, two.word, n * sizeof *one.word);
	free(seen);
	made_free(&one);
	made_free(&two);
	dpt_space_close(&s);
	free(rows);
}
END_TEST

/* Of two heaps far from each other, no cell has words of both. */
START_TEST(cells_are_of_words_close_to_each_other)
{
	enum { N = 400, COUNT_OF_CELLS = 8 };
	float *rows = fx_rows(FX_RANDOM, N, 4, 5);
	for (uint32_t w = 1; w < N; w += 2)
		rows[w * 8] += 1000;
	struct dpt_space s = fx_space(rows, N, 4);
	struct made m = divide(&s, COUNT_OF_CELLS, N, 1);
	for (uint32_t c = 0; c < COUNT_OF_CELLS; c++)
		for (uint32_t i = m.start[c]; i < m.start[c + 1]; i++)
			ck_assert_uint_eq(m.word[i] % 2,
			                  m.word[m.start[c]] % 2);
	made_free(&m);
	dpt_space_close(&s);
	free(rows);
}
END_TEST

static void visit(void *ctx, unsigned thread, const struct dpt_tile *t)
{
	(void)thread;
	dpt_reaches_visit(ctx, t);
}

/* The least distance from w to a word of a cell other than w itself. */
static double least(const struct dpt_space *s, const struct dpt_cells *cells,
                    uint32_t w, uint32_t c)
{
	double d = INFINITY;
	for (uint32_t i = cells->start[c]; i < cells->start[c + 1]; i++)
		if (cells->word[i] != w)
			d = fmin(d, fx_distance(s, w, cells->word[i]));
	return d;
}

static const int scales[] = {0, -75, -100, 40};

/* No more is said than is true, and not much less. */
START_TEST(distances_to_cells_are_bounds)
{
	enum { K = 5 };
	int scale = scales[_i % 4];
	_i /= 4;
	uint32_t n = shapes[_i].n, count = shapes[_i].count, rows = n / 4 * 3;
	float *x = fx_rows(shapes[_i].kind, n, shapes[_i].dim, 4);
	for (size_t i = 0; i < (size_t)n * dpt_stride(shapes[_i].dim); i++)
		x[i] = ldexpf(x[i], scale);
	struct dpt_space s = fx_space(x, n, shapes[_i].dim);
	struct dpt_lists lists = fx_lists(&s, K);
	struct made m = divide(&s, count, rows, 1);
	struct dpt_reaches r;
	ck_assert_int_eq(dpt_reaches_new(&r, &s, &m.cells, NULL), DPT_OK);
	struct dpt_pass pass = {
	    .space = &s, .threads = 2, .visit = visit, .ctx = &r};
	ck_assert_int_eq(dpt_pairs(&pass, NULL), DPT_OK);
	uint8_t *near = malloc((size_t)rows * count);
	double step = fx_distance(&s, 0, n - 1) / 100;
	dpt_reaches_finish(&r, &lists, step, near);
	for (uint32_t w = 0; w < rows; w++)
		for (uint32_t c = 0; c < count; c++) {
			uint8_t steps = near[(size_t)w * count + c];
			double edge = lists.distance[(w + 1) * K - 1];
			double d = least(&s, &m.cells, w, c);
			ck_assert(steps == 0 || edge + steps * step <= d);
			ck_assert(steps == 255 ||
			          edge + (steps + 1.1) * step > d);
		}
	free(near);
	dpt_reaches_free(&r);
	made_free(&m);
	fx_lists_free(&lists);
	dpt_space_close(&s);
	free(x);
}
END_TEST

START_TEST(few_words_have_no_cells_and_many_have_no_more_than_most)
{
	uint32_t before = 0;
	ck_assert_uint_eq(dpt_cells_count(2), 0);
	for (uint32_t n = 2; n < 100000; n++) {
		uint32_t count = dpt_cells_count(n);
		ck_assert(count == 0 || (count >= 2 && count < n));
		ck_assert_uint_ge(count, before);
		before = count;
	}
	ck_assert_uint_le(dpt_cells_count(UINT32_MAX), DPT_CELLS);
}
END_TEST

Suite *suite_cells(void)
{
	Suite *suite = suite_create("cells");
	TCase *t = tcase_create("cells");
	tcase_set_timeout(t, 60);
	int n = (int)(sizeof shapes / sizeof *shapes);
	tcase_add_loop_test(t, every_word_is_in_one_cell_and_no_cell_is_empty,
	                    0, n);
	tcase_add_test(t, cells_are_of_words_close_to_each_other);
	tcase_add_loop_test(t, distances_to_cells_are_bounds, 0, 4 * n);
	tcase_add_test(t,
	               few_words_have_no_cells_and_many_have_no_more_than_most);
	suite_add_tcase(suite, t);
	return suite;
}
