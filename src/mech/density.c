/* SPDX-License-Identifier: MIT */
/*
 * The exponential mechanism with a prior on its outputs,
 *     P(v|w) = q_v exp(-t d(w,v)) / Z_t(w),   q_v = density(v)^power,
 * where density is a Gaussian kernel density estimate over the vectors of
 * the index: public, so that the prior costs nothing but what it does to the
 * normaliser.  q cancels in every ratio of an output, and what is left is
 *     eps* = t + max |ln Z_t(w) - ln Z_t(x)| / d(w,x).
 */
#include "cache.h"
#include "calibrate.h"
#include "channel.h"
#include "error.h"
#include "kde.h"
#include "sampler.h"
#include "weighted.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RATE, POWER, BANDWIDTH, PARAMS };

static const struct dpt_param_about params[PARAMS] = {
    {"rate", "t, the decay of probability with distance", 1e-6, 1e6},
    {"power", "of the density that the prior is [-2]", -8, 8},
    {"bandwidth", "of the density [mean distance of neighbours]", 1e-6, 1e6},
};

#define POWER_USUAL (-2.0)

/*
 * No word has less than this share of the largest prior: then an output is
 * never too unlikely to be held in a whole weight.
 */
#define LOG_LEAST (-12.0)

/* Rates measured in one pass, before the search for the best. */
#define GRID 16

struct density {
	struct dpt_ground ground;
	double *weight;
	double *others; /* see normal.h */
	dpt_channel *channel;
	dpt_sampler *sampler;
};

static void close_density(void *state)
{
	struct density *s = state;
	if (!s)
		return;
	dpt_sampler_free(s->sampler);
	dpt_channel_free(s->channel);
	free(s->others);
	free(s->weight);
	free(s);
}

/* ------------------------------------------------------------ the prior */

/* The mean distance of all words to all the neighbours that are kept. */
static double mean_distance(const struct dpt_ground *g)
{
	size_t entries = (size_t)g->n * g->lists.k;
	double sum = 0;
	for (size_t i = 0; i < entries; i++)
		sum += g->lists.distance[i];
	return sum / (double)entries;
}

/* From densities to weights: the largest is 1. */
static void take_power(uint32_t n, double power, double *q)
{
	double most = -INFINITY;
	for (uint32_t w = 0; w < n; w++) {
		q[w] = power * log(q[w]);
		most = fmax(most, q[w]);
	}
	for (uint32_t w = 0; w < n; w++)
		q[w] = exp(fmax(q[w] - most, LOG_LEAST));
}

static enum dpt_status make_prior(struct density *d, struct dpt_rates *rates,
                                  const dpt_index *index,
                                  const struct dpt_settings *s,
                                  const double *value, dpt_error *err)
{
	uint32_t n = d->ground.n;
	enum dpt_status status = DPT_OK;
	char name[64];
	d->weight = malloc(n * sizeof *d->weight);
	if (!d->weight)
		return dpt_fail_memory(err);
	snprintf(name, sizeof name, "kde-%.9g", value[BANDWIDTH]);
	if (!dpt_cache_load_values(index, s, name, d->weight)) {
		status = dpt_rates_space(rates, err);
		if (!status)
			status = dpt_kde(&rates->space, value[BANDWIDTH], s,
			                 d->weight, err);
		if (!status)
			dpt_cache_save_values(index, s, name, d->weight);
	}
	if (status)
		return status;
	take_power(n, value[POWER], d->weight);
	d->ground.weight = rates->ground.weight = d->weight;
	return DPT_OK;
}

/* ----------------------------------------------------------- the setting */

static enum dpt_status given(struct dpt_rates *rates, double t,
                             struct dpt_setting *out, dpt_error *err)
{
	struct dpt_verdict verdict;
	size_t i;
	enum dpt_status status = dpt_rates_find(rates, t, &i, err);
	if (status)
		return status;
	*out = dpt_setting_exponential(rates, i);
	status = dpt_setting_verify(rates, out, 0, &verdict, err);
	out->verified = verdict.epsilon;
	return status;
}

/*
 * The rate is at most epsilon, and hardly above those of the index: where they
 * end almost every word stays as it is.
 */
static enum dpt_status calibrate(struct dpt_rates *rates,
                                 const dpt_index *index,
                                 const struct dpt_settings *s,
                                 struct dpt_setting *out, dpt_error *err)
{
	double t[GRID], most = s->epsilon;
	char name[sizeof out->mechanism]; /* with all that makes the prior */
	snprintf(name, sizeof name, "density%g%g", POWER_USUAL, LOG_LEAST);
	if (dpt_cache_load(index, s, name, rates, out))
		return DPT_OK;
	if (index->header->rates)
		most = fmin(most, index->rates[index->header->rates - 1].t);
	for (int i = 0; i < GRID; i++)
		t[i] = (i + 1) * (most / GRID);
	enum dpt_status status = dpt_rates_measure(rates, GRID, t, err);
	if (!status)
		status = dpt_calibrate_exponential(rates, s->epsilon,
		                                   s->max_unchanged, out, err);
	if (status)
		return status;
	memcpy(out->mechanism, name, sizeof name);
	dpt_cache_save(index, s, rates, out);
	return DPT_OK;
}

static enum dpt_status read_params(const struct dpt_settings *s,
                                   const struct dpt_ground *g, double *value,
                                   dpt_error *err)
{
	value[RATE] = NAN;
	value[POWER] = POWER_USUAL;
	value[BANDWIDTH] = mean_distance(g);
	for (size_t i = 0; i < s->params; i++)
		for (int p = 0; p < PARAMS; p++)
			if (strcmp(s->param[i].name, params[p].name) == 0)
				value[p] = s->param[i].value;
	if (s->params && isnan(value[RATE]))
		return dpt_fail(err, DPT_ERANGE, "density needs rate");
	return DPT_OK;
}

static enum dpt_status prepare(struct density *d, const struct dpt_rates *rates,
                               const struct dpt_setting *setting,
                               dpt_error *err)
{
	size_t bytes = d->ground.n * sizeof *d->others;
	double t = rates->rate[setting->rate].t;
	d->others = malloc(bytes);
	if (!d->others)
		return dpt_fail_memory(err);
	memcpy(d->others, rates->others[setting->rate], bytes);
	enum dpt_status status = dpt_channel_new(&d->ground, setting, t,
	                                         d->others, &d->channel, err);
	return status ? status : dpt_sampler_new(d->channel, &d->sampler, err);
}

static enum dpt_status
open_density(dpt_model *model, const struct dpt_settings *s, dpt_error *err)
{
	struct dpt_rates rates = {.ground = model->index->ground,
	                          .threads = s->threads,
	                          .progress = s->progress,
	                          .progress_ctx = s->progress_ctx};
	struct dpt_setting setting = {0};
	double value[PARAMS];
	struct density *d = calloc(1, sizeof *d);
	if (!d)
		return dpt_fail_memory(err);
	model->state = d;
	d->ground = rates.ground;
	enum dpt_status status = read_params(s, &d->ground, value, err);
	if (!status)
		status = make_prior(d, &rates, model->index, s, value, err);
	if (!status && s->params)
		status = given(&rates, value[RATE], &setting, err);
	else if (!status)
		status = calibrate(&rates, model->index, s, &setting, err);
	if (!status)
		status = prepare(d, &rates, &setting, err);
	if (!status) {
		value[RATE] = dpt_channel_rate(d->channel);
		memcpy(model->info.value, value, sizeof value);
		dpt_setting_tell(&setting, &model->info);
	}
	dpt_rates_free(&rates);
	return status;
}

/* ------------------------------------------------------------ the model */

static void rows_density(const dpt_model *model, uint32_t first, uint32_t count,
                         struct dpt_rows *rows)
{
	const struct density *d = model->state;
	dpt_channel_fill(d->channel, first, count, rows);
}

static uint32_t draw_one(const struct density *d, struct dpt_rng *rng,
                         uint32_t w)
{
	uint32_t v = dpt_sampler_pick(d->sampler, w, dpt_rng_u64(rng) >> 1);
	if (v != DPT_NO_WORD)
		return v;
	return dpt_weighted_draw(&d->ground, dpt_channel_rate(d->channel),
	                         dpt_sampler_tail(d->sampler), rng, w);
}

static void draw_density(const dpt_model *model, const struct dpt_batch *b,
                         void *scratch, uint32_t *out)
{
	(void)scratch;
	struct dpt_rng rng = {.used = 0};
	for (size_t i = 0; i < b->records; i++) {
		dpt_rng_start(&rng, b->key, b->first_record + i);
		for (uint32_t j = b->start[i]; j < b->start[i + 1]; j++)
			out[j] = draw_one(model->state, &rng, b->word[j]);
	}
	dpt_rng_wipe(&rng);
}

const struct dpt_mech dpt_mech_density = {
    .about = {"density", "exponential mechanism, prior by density",
              DPT_VERIFIED, PARAMS, params},
    .open = open_density,
    .close = close_density,
    .rows = rows_density,
    .draw = draw_density,
};
