/* SPDX-License-Identifier: MIT */
#include "densities.h"

#include "memory.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>

enum { ROWS = 128, COLUMNS = 1024 }; /* of a tile */

double density_scott(size_t n, size_t dim, double spread)
{
	return spread * pow((double)n, -1 / ((double)dim + 4));
}

double density_silverman(size_t n, size_t dim, double spread)
{
	double d = (double)dim;
	return pow(4 / (d + 2), 1 / (d + 4)) * density_scott(n, dim, spread);
}

double density_spread(const struct points *p)
{
	struct cloud c;
	double sum = 0;
	cloud_make(&c, p);
	for (size_t i = 0; i < p->n; i++)
		sum += (double)c.square[i];
	cloud_free(&c);
	return sqrt(sum / (double)((p->n - 1) * p->dim));
}

/* ------------------------------------------------------------- estimate */

/* ln of a sum of exponentials, term by term. */
struct log_sum {
	double top, sum; /* the largest term, and all relative to it */
};

#define LEAST (-45.0) /* what no sum notices beside its largest term */

static void add_term(struct log_sum *s, double term)
{
	if (term > s->top) {
		s->sum = s->sum * exp(s->top - term) + 1;
		s->top = term;
	} else if (term - s->top > LEAST) {
		s->sum += exp(term - s->top);
	}
}

struct estimate {
	struct cloud cloud;
	const double *h;
	struct log_sum *sum;
	float *product; /* a tile */
};

static void add_tile(struct estimate *e, size_t row, size_t rows, size_t col,
                     size_t cols)
{
	const struct cloud *c = &e->cloud;
	int dim = (int)c->dim;
	cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)rows,
	            (int)cols, dim, 1, c->x + row * c->dim, dim,
	            c->x + col * c->dim, dim, 0, e->product, COLUMNS);
	for (size_t r = 0; r < rows; r++) {
		size_t w = row + r;
		double factor = -0.5 / (e->h[w] * e->h[w]);
		for (size_t i = 0; i < cols; i++) {
			float d2 = c->square[w] + c->square[col + i] -
			           2 * e->product[r * COLUMNS + i];
			if (col + i != w)
				add_term(&e->sum[w],
				         factor * (d2 > 0 ? (double)d2 : 0));
		}
	}
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

void density_estimate(const struct points *p, const double *h,
                      double *log_density)
{
	size_t n = p->n;
	double dim = (double)p->dim;
	struct estimate e = {.h = h};
	e.sum = memory_new(n, sizeof *e.sum);
	e.product = memory_new(ROWS * COLUMNS, sizeof *e.product);
	cloud_make(&e.cloud, p);
	for (size_t w = 0; w < n; w++)
		e.sum[w].top = -INFINITY;
	for (size_t row = 0; row < n; row += ROWS)
		for (size_t col = 0; col < n; col += COLUMNS)
			add_tile(&e, row, least(ROWS, n - row), col,
			         least(COLUMNS, n - col));
	for (size_t w = 0; w < n; w++)
		log_density[w] = e.sum[w].top + log(e.sum[w].sum) -
		                 log((double)n - 1) -
		                 dim / 2 * log(2 * acos(-1) * h[w] * h[w]);
	cloud_free(&e.cloud);
	free(e.sum);
	free(e.product);
}

/* --------------------------------------------------------------- ranks */

struct item {
	double value;
	size_t at;
};

static int by_value(const void *a, const void *b)
{
	double x = ((const struct item *)a)->value;
	double y = ((const struct item *)b)->value;
	return (x > y) - (x < y);
}

static double *ranks(size_t n, const double *x)
{
	struct item *item = memory_new(n, sizeof *item);
	double *rank = memory_new(n, sizeof *rank);
	for (size_t i = 0; i < n; i++)
		item[i] = (struct item){x[i], i};
	qsort(item, n, sizeof *item, by_value);
	for (size_t i = 0, end; i < n; i = end) {
		end = i + 1;
		while (end < n && item[end].value == item[i].value)
			end++;
		for (size_t k = i; k < end; k++)
			rank[item[k].at] = (double)(i + end - 1) / 2;
	}
	free(item);
	return rank;
}

double rank_correlation(size_t n, const double *a, const double *b)
{
	double *x = ranks(n, a), *y = ranks(n, b);
	double middle = ((double)n - 1) / 2, xx = 0, yy = 0, xy = 0;
	for (size_t i = 0; i < n; i++) {
		xx += (x[i] - middle) * (x[i] - middle);
		yy += (y[i] - middle) * (y[i] - middle);
		xy += (x[i] - middle) * (y[i] - middle);
	}
	free(x);
	free(y);
	return xy / sqrt(xx * yy);
}
