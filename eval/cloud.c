/* SPDX-License-Identifier: MIT */
#include "cloud.h"

#include "memory.h"

#include <cblas.h>
#include <stdlib.h>

void cloud_make(struct cloud *c, const struct points *p)
{
	size_t n = p->n, dim = p->dim;
	*c = (struct cloud){.n = n,
	                    .dim = dim,
	                    .mean = memory_new(dim, sizeof *c->mean),
	                    .x = memory_new(n * dim, sizeof *c->x),
	                    .square = memory_new(n, sizeof *c->square),
	                    .at = memory_new(dim, sizeof *c->at),
	                    .d2 = memory_new(n, sizeof *c->d2)};
	for (size_t i = 0; i < n * dim; i++)
		c->mean[i % dim] += (double)p->x[i] / (double)n;
	for (size_t i = 0; i < n * dim; i++) {
		c->x[i] = p->x[i] - (float)c->mean[i % dim];
		c->square[i / dim] += c->x[i] * c->x[i];
	}
}

void cloud_free(struct cloud *c)
{
	free(c->mean);
	free(c->x);
	free(c->square);
	free(c->at);
	free(c->d2);
	*c = (struct cloud){0};
}

size_t cloud_measure(struct cloud *c, const double *z)
{
	float square = 0;
	size_t nearest = 0;
	for (size_t i = 0; i < c->dim; i++) {
		c->at[i] = (float)(z[i] - c->mean[i]);
		square += c->at[i] * c->at[i];
	}
	cblas_sgemv(CblasRowMajor, CblasNoTrans, (int)c->n, (int)c->dim, -2,
	            c->x, (int)c->dim, c->at, 1, 0, c->d2, 1);
	for (size_t u = 0; u < c->n; u++) {
		float d2 = c->d2[u] + c->square[u] + square;
		c->d2[u] = d2 > 0 ? d2 : 0;
		if (c->d2[u] < c->d2[nearest])
			nearest = u;
	}
	return nearest;
}
