/* SPDX-License-Identifier: MIT */
#include "rates.h"

#include "error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

double dpt_token_weight(uint32_t rank)
{
	return 1 / (rank + 2.7);
}

double dpt_log_weight(const struct dpt_ground *g, uint32_t v)
{
	return g->weight ? log(g->weight[v]) : 0;
}

void dpt_rates_free(struct dpt_rates *r)
{
	for (size_t i = r->borrowed; i < r->count; i++)
		free((double *)r->others[i]);
	free(r->rate);
	free(r->others);
	dpt_space_close(&r->space);
	*r = (struct dpt_rates){0};
}

static bool reserve(struct dpt_rates *r, size_t more)
{
	size_t room = r->count + more > 32 ? 2 * (r->count + more) : 32;
	if (r->count + more <= r->room)
		return true;
	struct dpt_rate *rate = realloc(r->rate, room * sizeof *rate);
	if (rate)
		r->rate = rate;
	const double **others = realloc(r->others, room * sizeof *others);
	if (others)
		r->others = others;
	if (!rate || !others)
		return false;
	r->room = room;
	return true;
}

enum dpt_status dpt_rates_borrow(struct dpt_rates *r, size_t count,
                                 const struct dpt_rate *rate,
                                 const double *others, dpt_error *err)
{
	if (!reserve(r, count))
		return dpt_fail_memory(err);
	for (size_t i = 0; i < count; i++) {
		r->rate[r->count] = rate[i];
		r->others[r->count++] = others + i * r->ground.n;
	}
	r->borrowed = r->count;
	return DPT_OK;
}

enum dpt_status dpt_rates_keep(struct dpt_rates *r, const struct dpt_rate *rate,
                               const double *others, dpt_error *err)
{
	double *copy = malloc(r->ground.n * sizeof *copy);
	if (!copy || !reserve(r, 1)) {
		free(copy);
		return dpt_fail_memory(err);
	}
	memcpy(copy, others, r->ground.n * sizeof *copy);
	r->rate[r->count] = *rate;
	r->others[r->count++] = copy;
	return DPT_OK;
}

/* The averages of a rate, from Z - 1 and sum of d kernel(d) of each word. */
static void average(struct dpt_rate *rate, uint32_t n, const double *others,
                    const double *moments)
{
	double sum = 0, distance = 0, weighted = 0, weights = 0;
	for (uint32_t w = 0; w < n; w++) {
		double p = 1 / (1 + others[w]);
		sum += p;
		distance += p * moments[w];
		weighted += dpt_token_weight(w) * p;
		weights += dpt_token_weight(w);
	}
	rate->unchanged_mean = sum / n;
	rate->unchanged_token_mean = weighted / weights;
	rate->distance_mean = distance / n;
}

enum dpt_status dpt_rates_space(struct dpt_rates *r, dpt_error *err)
{
	return r->space.x ? DPT_OK
	                  : dpt_space_open(&r->space, r->ground.vectors,
	                                   r->ground.n, r->ground.dim, err);
}

/* eps_E(t) = t + the steepness of ln Z_t. */
static enum dpt_status cost(struct dpt_rates *r, const double *others,
                            struct dpt_rate *rate, dpt_error *err)
{
	double steepness = 0;
	double *lnz = malloc(r->ground.n * sizeof *lnz);
	if (!lnz)
		return dpt_fail_memory(err);
	for (uint32_t w = 0; w < r->ground.n; w++)
		lnz[w] = log1p(others[w]) + dpt_log_weight(&r->ground, w);
	enum dpt_status status = dpt_steepness(&r->space, &r->ground.lists, lnz,
	                                       r->threads, &steepness, err);
	free(lnz);
	rate->epsilon = rate->t + steepness;
	return status;
}

enum dpt_status dpt_rates_take(struct dpt_rates *r, const struct dpt_normal *z,
                               dpt_error *err)
{
	enum dpt_status status = dpt_rates_space(r, err);
	for (size_t i = 0; !status && i < z->rates; i++) {
		const double *others = z->others + i * r->ground.n;
		struct dpt_rate rate = {.t = z->t[i]};
		average(&rate, r->ground.n, others,
		        z->moments + i * r->ground.n);
		status = cost(r, others, &rate, err);
		if (!status)
			status = dpt_rates_keep(r, &rate, others, err);
	}
	return status;
}

enum dpt_status dpt_rates_measure(struct dpt_rates *r, size_t n,
                                  const double *t, dpt_error *err)
{
	struct dpt_normal z;
	enum dpt_status status = dpt_rates_space(r, err);
	if (!status)
		status = dpt_normal_new(&z, &r->space, n, t, err);
	if (status)
		return status;
	z.weight = r->ground.weight;
	struct dpt_pass pass = {.space = &r->space,
	                        .threads = r->threads,
	                        .visit = dpt_normal_visit,
	                        .ctx = &z,
	                        .stage = "measuring a rate",
	                        .progress = r->progress,
	                        .progress_ctx = r->progress_ctx};
	status = dpt_pairs(&pass, err);
	dpt_normal_finish(&z);
	if (!status)
		status = dpt_rates_take(r, &z, err);
	dpt_normal_free(&z);
	return status;
}

enum dpt_status dpt_rates_find(struct dpt_rates *r, double t, size_t *out,
                               dpt_error *err)
{
	for (*out = 0; *out < r->count; ++*out)
		if (r->rate[*out].t == t)
			return DPT_OK;
	return dpt_rates_measure(r, 1, &t, err);
}
