/* SPDX-License-Identifier: MIT */
/*
 * The exact channel by outputs.  What rows list is kept by the output it is
 * about, beside the tail of each row (see dpt_rows).
 */
#include "error.h"
#include "kernels.h"
#include "mech.h"
#include "parallel.h"

#include <math.h>
#include <stdlib.h>

struct dpt_columns {
	const dpt_model *model;
	struct dpt_rows rows;
	uint32_t n;
	size_t *start;  /* of the entries of each output; n + 1 */
	uint32_t *word; /* whose list it is in, n x listed */
	double *p;      /* and P(v|w), but for a weight of v */
};

void dpt_columns_free(dpt_columns *c)
{
	if (!c)
		return;
	free(c->rows.log);
	free(c->start);
	free(c->word);
	free(c->p);
	free(c);
}

static uint32_t output(const dpt_columns *c, uint32_t w, uint32_t rank)
{
	const struct dpt_lists *l = &c->model->index->lists;
	return rank ? l->id[(size_t)w * l->k + rank - 1] : w;
}

static void take_row(void *ctx, unsigned thread, size_t w)
{
	(void)thread;
	dpt_columns *c = ctx;
	struct dpt_rows rows = c->rows;
	rows.log += w * rows.listed;
	rows.tail += w;
	c->model->mech->rows(c->model, (uint32_t)w, 1, &rows);
}

/* Counting sort of the entries by output. */
static void sort(dpt_columns *c)
{
	uint32_t listed = c->rows.listed;
	for (uint32_t w = 0; w < c->n; w++)
		for (uint32_t r = 0; r < listed; r++)
			c->start[output(c, w, r) + 1]++;
	for (uint32_t v = 0; v < c->n; v++)
		c->start[v + 1] += c->start[v];
	for (uint32_t w = c->n; w-- > 0;)
		for (uint32_t r = listed; r-- > 0;) {
			size_t i = --c->start[output(c, w, r) + 1];
			c->word[i] = w;
			c->p[i] = exp(c->rows.log[(size_t)w * listed + r]);
		}
	/* each start has moved down to that of its own output */
	for (uint32_t v = 0; v < c->n; v++)
		c->start[v] = c->start[v + 1];
	c->start[c->n] = (size_t)c->n * listed;
}

static enum dpt_status fill(dpt_columns *c, unsigned threads, dpt_error *err)
{
	size_t n = c->n, listed = c->rows.listed;
	c->rows.log = malloc(n * (listed + 1) * sizeof *c->rows.log);
	c->start = calloc(n + 1, sizeof *c->start);
	c->word = malloc(n * listed * sizeof *c->word);
	c->p = malloc(n * listed * sizeof *c->p);
	if (!c->rows.log || !c->start || !c->word || !c->p)
		return dpt_fail_memory(err);
	c->rows.tail = c->rows.log + n * listed;
	/* the first row tells the rate */
	c->model->mech->rows(c->model, 0, 1, &c->rows);
	dpt_parallel(threads, n, take_row, c);
	sort(c);
	return DPT_OK;
}

enum dpt_status dpt_columns_new(const dpt_model *model, unsigned threads,
                                dpt_columns **out, dpt_error *err)
{
	*out = NULL;
	if (!model->mech->rows)
		return dpt_fail_rows(model, err);
	enum dpt_status status = dpt_index_check(model->index, err);
	if (status)
		return status;
	dpt_columns *c = calloc(1, sizeof *c);
	if (!c)
		return dpt_fail_memory(err);
	c->model = model;
	c->n = model->index->header->classes;
	c->rows.listed = model->index->lists.k + 1;
	status = fill(c, threads, err);
	if (status) {
		dpt_columns_free(c);
		return status;
	}
	*out = c;
	return DPT_OK;
}

void dpt_columns_at(const dpt_columns *c, uint32_t v, double *p)
{
	const struct dpt_rows *rows = &c->rows;
	for (uint32_t w = 0; w < c->n; w++) {
		double d = dpt_index_distance(c->model->index, w, v);
		p[w] = exp(rows->tail[w] - dpt_clipped(rows->t * d));
	}
	for (size_t i = c->start[v]; i < c->start[v + 1]; i++)
		p[c->word[i]] = c->p[i];
	for (uint32_t w = 0; rows->weight && w < c->n; w++)
		p[w] *= rows->weight[v];
}
