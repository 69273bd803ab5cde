/* SPDX-License-Identifier: MIT */
#include "reference.h"

#include "fixture.h"
#include "kernels.h"

#include <math.h>
#include <stdlib.h>

double ref_kernel(double td)
{
	return exp(-fmin(td, DPT_KERNEL_CLIP));
}

void ref_sums(const struct dpt_space *s, double t, double *others,
              double *moments)
{
	for (uint32_t w = 0; w < s->n; w++) {
		long double sum = 0, moment = 0;
		for (uint32_t v = 0; v < s->n; v++) {
			double d = fx_distance(s, w, v);
			double e = v == w ? 0 : ref_kernel(t * d);
			sum += e;
			moment += d * e;
		}
		others[w] = (double)sum;
		moments[w] = (double)moment;
	}
}

/* From the ratios of neighbouring terms, outward from the largest. */
void ref_poisson(double mean, uint32_t max, double *p)
{
	double total = 0;
	uint32_t top = mean < 1 ? 1 : mean > max ? max : (uint32_t)mean;
	p[top] = 1;
	for (uint32_t k = top; k > 1; k--)
		p[k - 1] = p[k] * k / mean;
	for (uint32_t k = top; k < max; k++)
		p[k + 1] = p[k] * mean / (k + 1);
	for (uint32_t k = 1; k <= max; k++)
		total += p[k];
	for (uint32_t k = 1; k <= max; k++)
		p[k] /= total;
}

struct word {
	double d;
	uint32_t id;
};

static int by_distance(const void *a, const void *b)
{
	const struct word *x = a, *y = b;
	if (x->d != y->d)
		return x->d < y->d ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* All words by their rank: w itself first, whatever its number. */
static struct word *ranked(const struct dpt_space *s, uint32_t w)
{
	struct word *all = malloc(s->n * sizeof *all);
	for (uint32_t v = 0; v < s->n; v++)
		all[v] = (struct word){v == w ? -1 : fx_distance(s, w, v), v};
	qsort(all, s->n, sizeof *all, by_distance);
	all[0].d = 0;
	return all;
}

void ref_row(const struct dpt_space *s, const struct dpt_setting *setting,
             double t, uint32_t w, double *p)
{
	struct word *all = ranked(s, w);
	double *pk = malloc((setting->kmax + 1) * sizeof *pk);
	double f = setting->fallback, b = setting->scale;
	long double z = 0;
	ref_poisson(setting->mean, setting->kmax, pk);
	for (uint32_t r = 0; r < s->n; r++)
		z += ref_kernel(t * all[r].d);
	for (uint32_t r = 0; r < s->n; r++)
		p[all[r].id] = (double)(f * ref_kernel(t * all[r].d) / z);
	for (uint32_t k = 1; k <= setting->kmax; k++) {
		long double sum = 0;
		for (uint32_t r = 0; r < k; r++)
			sum += expl(-all[r].d / b);
		for (uint32_t r = 0; r < k; r++)
			p[all[r].id] += (double)((1 - f) * pk[k] *
			                         expl(-all[r].d / b) / sum);
	}
	free(all);
	free(pk);
}

double *ref_channel(const struct dpt_space *s,
                    const struct dpt_setting *setting, double t)
{
	double *p = malloc((size_t)s->n * s->n * sizeof *p);
	for (uint32_t w = 0; w < s->n; w++)
		ref_row(s, setting, t, w, p + (size_t)w * s->n);
	return p;
}

struct ref_verdict ref_epsilon(const struct dpt_space *s, const double *logs)
{
	struct ref_verdict worst = {-1, 0, 0, 0};
	for (uint32_t w = 0; w < s->n; w++)
		for (uint32_t x = 0; x < s->n; x++) {
			double d = fx_distance(s, w, x);
			const double *a = logs + (size_t)w * s->n;
			const double *b = logs + (size_t)x * s->n;
			for (uint32_t v = 0; v < s->n && x != w; v++) {
				double gap = a[v] == b[v] ? 0 : a[v] - b[v];
				if (gap / d > worst.epsilon)
					worst = (struct ref_verdict){gap / d, w,
					                             x, v};
			}
		}
	return worst;
}

void ref_logs(uint32_t n, double *p)
{
	for (size_t i = 0; i < (size_t)n * n; i++)
		p[i] = log(p[i]);
}
