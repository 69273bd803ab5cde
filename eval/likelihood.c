/* SPDX-License-Identifier: MIT */
#include "likelihood.h"

#include "memory.h"

#include <math.h>
#include <stdlib.h>

enum { WORDS = 256, DRAWS = 64, SEED = 7 };
#define STEP 0.25 /* of distance */

static size_t step_of(double d)
{
	return d > 0 ? 1 + (size_t)(d / STEP) : 0;
}

void likelihood_fall(double *y, const double *weight, size_t n)
{
	double *w = memory_new(n, sizeof *w);
	size_t *size = memory_new(n, sizeof *size), blocks = 0;
	for (size_t i = 0; i < n; i++) {
		double value = y[i];
		size_t b = blocks++;
		w[b] = weight[i];
		size[b] = 1;
		y[b] = value;
		for (; b > 0 && y[b - 1] < y[b]; b--, blocks--) {
			double both = w[b - 1] + w[b];
			if (both > 0)
				y[b - 1] =
				    (y[b - 1] * w[b - 1] + y[b] * w[b]) / both;
			w[b - 1] = both;
			size[b - 1] += size[b];
		}
	}
	for (size_t i = n; blocks-- > 0;)
		for (size_t k = size[blocks]; k-- > 0;)
			y[--i] = y[blocks];
	free(w);
	free(size);
}

/* Words in the middle of equal shares of all tokens, each so many times. */
static void spread(const struct language *l, uint32_t *in)
{
	double sum = 0;
	uint32_t w = 0;
	for (uint32_t i = 0; i < WORDS; i++) {
		while (w + 1 < l->n && sum + l->unigram[w] < (i + 0.5) / WORDS)
			sum += l->unigram[w++];
		for (uint32_t k = 0; k < DRAWS; k++)
			in[i * DRAWS + k] = w;
	}
}

/* Shares of draws among all that could have been drawn, by distance. */
static void estimate(struct likelihood *l, uint32_t n, const uint32_t *in,
                     const uint32_t *out)
{
	double *could = memory_new(l->steps, sizeof *could);
	for (uint32_t i = 0; i < WORDS; i++)
		for (uint32_t v = 0; v < n; v++)
			could[step_of(dpt_index_distance(
			    l->index, in[i * DRAWS], v))] += DRAWS;
	for (uint32_t i = 0; i < WORDS * DRAWS; i++)
		l->at[step_of(dpt_index_distance(l->index, in[i], out[i]))]++;
	for (size_t i = 0; i < l->steps; i++)
		if (could[i] > 0)
			l->at[i] /= could[i];
	likelihood_fall(l->at, could, l->steps);
	/* what was never drawn is still possible */
	for (size_t i = 0; i < l->steps; i++)
		l->at[i] = fmax(l->at[i], 0.5 / ((double)WORDS * DRAWS * n));
	free(could);
}

enum dpt_status likelihood_draw(struct likelihood *l, const dpt_model *model,
                                const dpt_index *index,
                                const struct language *language, dpt_error *err)
{
	struct dpt_index_info x = dpt_index_about(index);
	size_t n = (size_t)WORDS * DRAWS;
	uint32_t *in = memory_new(n, sizeof *in);
	uint32_t *out = memory_new(n, sizeof *out);
	dpt_key key;
	*l = (struct likelihood){.index = index,
	                         .steps = step_of(x.distance_max) + 2};
	l->at = memory_new(l->steps, sizeof *l->at);
	spread(language, in);
	dpt_key_from_seed(&key, SEED);
	enum dpt_status status =
	    dpt_model_draw(model, &key, 0, n, in, out, err);
	dpt_key_wipe(&key);
	if (!status)
		estimate(l, x.classes, in, out);
	free(in);
	free(out);
	return status;
}

enum dpt_status likelihood_new(struct likelihood *l, const dpt_model *model,
                               const dpt_index *index,
                               const struct language *language,
                               unsigned threads, dpt_error *err)
{
	*l = (struct likelihood){.index = index};
	enum dpt_status status =
	    dpt_columns_new(model, threads, &l->exact, err);
	return status == DPT_EUNKNOWN
	           ? likelihood_draw(l, model, index, language, err)
	           : status;
}

void likelihood_at(const struct likelihood *l, uint32_t v, double *p)
{
	if (l->exact) {
		dpt_columns_at(l->exact, v, p);
		return;
	}
	uint32_t n = dpt_index_about(l->index).classes;
	for (uint32_t w = 0; w < n; w++)
		p[w] = l->at[step_of(dpt_index_distance(l->index, w, v))];
}

void likelihood_free(struct likelihood *l)
{
	dpt_columns_free(l->exact);
	free(l->at);
	*l = (struct likelihood){0};
}
