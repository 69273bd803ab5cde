/* SPDX-License-Identifier: MIT */
/*
 * An input x gives an output v, listed or not, at least
 *     tail[x] - min(t (|x-c| + |v-c|), clip),   with c the mean of all words,
 * so inputs are looked at in the order of tail[x] - t |x-c|, for as long as
 * what is left could make the worst loss worse: most are never looked at.
 */
#include "worst.h"

#include "error.h"
#include "kernels.h"

#include <math.h>
#include <stdlib.h>

struct worst {
	const struct dpt_rows *rows;
	uint32_t n, k;
	double *radius; /* |w-c| */
	double *most;   /* by output: the largest of its entries, or more */
	double *least;  /* by output: the least of its listed entries */
	double tail_most, tail_least; /* bounds of all entries beyond lists */
	struct key {
		double
		    least; /* of an input, but for the radius of the output */
		uint32_t word;
	} * key; /* rising */
};

static const double *logs(const struct worst *j, uint32_t w)
{
	return j->rows->log + (size_t)w * j->rows->listed;
}

static const uint32_t *list(const struct worst *j, uint32_t w)
{
	return j->rows->lists->id + (size_t)w * j->k;
}

static int rising(const void *a, const void *b)
{
	const struct key *x = a, *y = b;
	return (x->least > y->least) - (x->least < y->least);
}

static void sort_inputs(struct worst *j)
{
	const struct dpt_rows *r = j->rows;
	j->tail_most = -INFINITY;
	j->tail_least = INFINITY;
	for (uint32_t w = 0; w < j->n; w++) {
		double last = *dpt_list_end(r->lists, w);
		double tail = r->listed < j->n ? r->tail[w] : -INFINITY;
		j->tail_most =
		    fmax(j->tail_most, tail - dpt_clipped(r->t * last));
		j->tail_least = fmin(j->tail_least, tail - DPT_KERNEL_CLIP);
		j->key[w] = (struct key){tail - r->t * j->radius[w], w};
	}
	qsort(j->key, j->n, sizeof *j->key, rising);
}

static void bound_outputs(struct worst *j)
{
	for (uint32_t v = 0; v < j->n; v++) {
		j->most[v] = fmax(logs(j, v)[0], j->tail_most);
		j->least[v] = logs(j, v)[0];
	}
	for (uint32_t w = 0; w < j->n; w++)
		for (uint32_t r = 0; r < j->k; r++) {
			uint32_t v = list(j, w)[r];
			double log_p = logs(j, w)[r + 1];
			j->most[v] = fmax(j->most[v], log_p);
			j->least[v] = fmin(j->least[v], log_p);
		}
}

/* ln P(v|x), but for ln q_v. */
static double log_of(const struct worst *j, uint32_t x, uint32_t v)
{
	const struct dpt_rows *r = j->rows;
	const struct dpt_space *s = r->space;
	uint32_t rank = 0;
	if (x == v)
		return logs(j, x)[0];
	if (dpt_has(list(j, x), j->k, v)) {
		while (list(j, x)[rank] != v)
			rank++;
		return logs(j, x)[rank + 1];
	}
	double d = sqrt(dpt_squared(dpt_row(s, x), dpt_row(s, v), s->stride));
	return r->tail[x] - dpt_clipped(r->t * d);
}

static double most_exact(const struct worst *j, uint32_t v)
{
	double most = -INFINITY;
	for (uint32_t x = 0; x < j->n; x++)
		most = fmax(most, log_of(j, x, v));
	return most;
}

/* The worst loss, once output v is considered. */
static double consider(const struct worst *j, uint32_t v, double worst)
{
	double most = j->most[v], least = j->least[v];
	double own = j->rows->t * j->radius[v];
	bool tails = j->rows->listed < j->n;
	for (uint32_t i = 0; tails && i < j->n; i++) {
		double left = fmax(j->key[i].least - own, j->tail_least);
		if (left >= least || most - fmin(least, left) <= worst)
			break;
		least = fmin(least, log_of(j, j->key[i].word, v));
	}
	if (!(most - least > worst))
		return worst;
	if (most <= j->tail_most)
		most = most_exact(j, v);
	return fmax(worst, most - least);
}

enum dpt_status dpt_worst_loss(const struct dpt_rows *rows, double *out,
                               dpt_error *err)
{
	uint32_t n = rows->space->n;
	struct worst j = {.rows = rows, .n = n, .k = rows->lists->k};
	enum dpt_status status = DPT_OK;
	j.radius = malloc(3 * (size_t)n * sizeof *j.radius);
	j.most = j.radius ? j.radius + n : NULL;
	j.least = j.radius ? j.most + n : NULL;
	j.key = malloc(n * sizeof *j.key);
	if (!j.radius || !j.key || !dpt_radii(rows->space, j.radius)) {
		status = dpt_fail_memory(err);
	} else {
		sort_inputs(&j);
		bound_outputs(&j);
		*out = 0;
		for (uint32_t i = 0; i < n; i++) /* far ones first */
			*out = consider(&j, j.key[i].word, *out);
	}
	free(j.radius);
	free(j.key);
	return status;
}
