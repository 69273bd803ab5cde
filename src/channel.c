/* SPDX-License-Identifier: MIT */
#include "channel.h"

#include "cache.h"
#include "calibrate.h"
#include "error.h"
#include "kernels.h"
#include "parallel.h"
#include "sampler.h"
#include "seals.h"
#include "tail.h"
#include "weighted.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct dpt_channel {
	struct dpt_ground ground;
	uint32_t stride;
	double t, scale, fallback;
	uint32_t kmax, listed;
	const double *others; /* Z_t(w) - 1 */
	double *own;          /* the same, if prepared */
	double *poisson;      /* p_k of the truncated Poisson, from k = 1 */
	dpt_sampler *sampler; /* if prepared */
};

static void poisson_terms(double mean, uint32_t kmax, double *p)
{
	dpt_poisson_table(mean, kmax, p);
	for (uint32_t k = kmax - 1; k > 0; k--)
		p[k] -= p[k - 1];
}

enum dpt_status dpt_channel_new(const struct dpt_ground *ground,
                                const struct dpt_setting *setting, double t,
                                const double *others, dpt_channel **out,
                                dpt_error *err)
{
	dpt_channel *c = calloc(1, sizeof *c);
	*out = NULL;
	if (!c)
		return dpt_fail_memory(err);
	c->ground = *ground;
	c->stride = dpt_stride(ground->dim);
	c->t = t;
	c->scale = setting->scale;
	c->fallback = setting->fallback;
	c->kmax = setting->kmax;
	c->listed = ground->lists.k + 1;
	c->others = others;
	c->poisson = malloc(c->kmax * sizeof *c->poisson);
	if (!c->poisson) {
		dpt_channel_free(c);
		return dpt_fail_memory(err);
	}
	poisson_terms(setting->mean, c->kmax, c->poisson);
	*out = c;
	return DPT_OK;
}

enum dpt_status dpt_channel_prepare(dpt_channel *c, bool lent, dpt_error *err)
{
	size_t bytes = c->ground.n * sizeof *c->own;
	if (!lent) {
		c->own = malloc(bytes);
		if (!c->own)
			return dpt_fail_memory(err);
		c->others = memcpy(c->own, c->others, bytes);
	}
	return dpt_sampler_new(c, &c->sampler, err);
}

void dpt_channel_free(dpt_channel *c)
{
	if (!c)
		return;
	free(c->own);
	free(c->poisson);
	dpt_sampler_free(c->sampler);
	free(c);
}

uint32_t dpt_channel_listed(const dpt_channel *c)
{
	return c->listed;
}

const struct dpt_ground *dpt_channel_ground(const dpt_channel *c)
{
	return &c->ground;
}

double dpt_channel_rate(const dpt_channel *c)
{
	return c->t;
}

static double distance(const dpt_channel *c, uint32_t a, uint32_t b)
{
	return sqrt(dpt_squared(c->ground.vectors + (size_t)a * c->stride,
	                        c->ground.vectors + (size_t)b * c->stride,
	                        c->stride));
}

/* Distance of w to the entry of its list with this rank; 0 is w itself. */
static double listed_distance(const dpt_channel *c, uint32_t w, uint32_t rank)
{
	const struct dpt_lists *l = &c->ground.lists;
	return rank == 0 ? 0 : l->distance[(size_t)w * l->k + rank - 1];
}

/* q_v, with v by its rank in the list of w. */
static double listed_weight(const dpt_channel *c, uint32_t w, uint32_t rank)
{
	const struct dpt_lists *l = &c->ground.lists;
	if (!c->ground.weight)
		return 1;
	return c->ground.weight[rank ? l->id[(size_t)w * l->k + rank - 1] : w];
}

/* The sum over the tail, in units of what w itself counts. */
static double tail_sum(const dpt_channel *c, uint32_t w)
{
	const double *q = c->ground.weight;
	return q ? dpt_weighted_sum(&c->ground, c->t, w) / q[w]
	         : dpt_tail_sum(&c->ground, c->t, w);
}

/* K(v|w) by rank: exp(-d/b) times the sum of p_k / S_k over k > rank. */
static void add_candidates(const dpt_channel *c, uint32_t w, double share,
                           double *p)
{
	uint32_t kmax = c->kmax;
	double part = 0, below = 0, term[DPT_MAX_LISTED];
	_Alignas(DPT_LINE) double weight[DPT_WHOLE_LINES(DPT_MAX_LISTED)];
	for (uint32_t k = 0; k < kmax; k++)
		weight[k] = listed_distance(c, w, k) / c->scale;
	dpt_exp_all(kmax, weight);
	for (uint32_t k = 0; k < kmax; k++) {
		below += weight[k];
		term[k] = c->poisson[k] / below;
	}
	for (uint32_t k = kmax; k-- > 0;) {
		part += term[k];
		p[k] += share * weight[k] * part;
	}
}

void dpt_channel_row(const dpt_channel *c, uint32_t w,
                     struct dpt_channel_row *row)
{
	double p[DPT_MAX_LISTED], near = 0, tail;
	_Alignas(DPT_LINE) double kernel[DPT_WHOLE_LINES(DPT_MAX_LISTED)];
	double z = 1 + c->others[w], f = c->fallback;
	double own = listed_weight(c, w, 0);
	bool all = c->listed == c->ground.n;

	for (uint32_t r = 0; r < c->listed; r++)
		kernel[r] = dpt_clipped(c->t * listed_distance(c, w, r));
	dpt_exp_all(c->listed, kernel);
	for (uint32_t r = 1; r < c->listed; r++) {
		double e = kernel[r] * (listed_weight(c, w, r) / own);
		near += e;
		p[r] = f * e / z;
	}
	tail = all ? 0 : c->others[w] - near;
	/* where it is so small that the difference of sums is not exact */
	if (!all && tail < 1e-6 * c->others[w])
		tail = tail_sum(c, w);
	p[0] = f / z;
	if (f < 1)
		add_candidates(c, w, 1 - f, p);

	/* the largest share takes up the rounding of all others */
	row->tail = (uint64_t)llrint(f * tail / z * (double)DPT_WEIGHTS);
	row->tail_log =
	    log((double)row->tail / (double)DPT_WEIGHTS / tail / own);
	row->weight[0] = DPT_WEIGHTS - row->tail;
	for (uint32_t r = 1; r < c->listed; r++) {
		row->weight[r] = (uint64_t)llrint(p[r] * (double)DPT_WEIGHTS);
		row->weight[0] -= row->weight[r];
	}
}

double dpt_channel_log(const dpt_channel *c, uint32_t w, uint32_t v)
{
	uint64_t weight[DPT_MAX_LISTED];
	struct dpt_channel_row row = {.weight = weight};
	const uint32_t *id = c->ground.lists.id + (size_t)w * c->ground.lists.k;
	uint32_t rank = 0;
	dpt_channel_row(c, w, &row);
	while (v != w && rank < c->listed && (rank == 0 || id[rank - 1] != v))
		rank++;
	if (rank == c->listed)
		return row.tail_log + dpt_log_weight(&c->ground, v) -
		       dpt_clipped(c->t * distance(c, w, v));
	return log((double)weight[rank] / (double)DPT_WEIGHTS);
}

static void fill_row(const dpt_channel *c, uint32_t w, double *log_p,
                     double *tail)
{
	uint64_t weight[DPT_MAX_LISTED];
	struct dpt_channel_row row = {.weight = weight};
	dpt_channel_row(c, w, &row);
	for (uint32_t r = 0; r < c->listed; r++)
		log_p[r] = log((double)weight[r] / (double)DPT_WEIGHTS /
		               listed_weight(c, w, r));
	*tail = row.tail_log;
}

void dpt_channel_fill(const dpt_channel *c, uint32_t first, uint32_t count,
                      struct dpt_rows *rows)
{
	rows->t = c->t;
	rows->weight = c->ground.weight;
	for (uint32_t i = 0; i < count; i++)
		fill_row(c, first + i, rows->log + (size_t)i * c->listed,
		         rows->tail + i);
}

void dpt_channel_rows(const dpt_model *model, uint32_t first, uint32_t count,
                      struct dpt_rows *rows)
{
	dpt_channel_fill(model->state, first, count, rows);
}

struct logs {
	const dpt_channel *channel;
	struct dpt_rows *rows;
};

static void take_logs(void *ctx, unsigned thread, size_t w)
{
	(void)thread;
	struct logs *l = ctx;
	fill_row(l->channel, (uint32_t)w, l->rows->log + w * l->rows->listed,
	         l->rows->tail + w);
}

enum dpt_status dpt_channel_verify(const dpt_channel *c,
                                   struct dpt_rates *rates, double limit,
                                   struct dpt_verdict *out, dpt_error *err)
{
	size_t n = c->ground.n;
	double steepness = 0;
	struct dpt_rows rows = {.space = &rates->space,
	                        .lists = &c->ground.lists,
	                        .t = c->t,
	                        .listed = c->listed};
	struct logs logs = {c, &rows};
	enum dpt_status status = dpt_rates_space(rates, err);
	if (status)
		return status;
	rows.log = malloc(n * (c->listed + 1) * sizeof *rows.log);
	if (!rows.log)
		return dpt_fail_memory(err);
	rows.tail = rows.log + n * c->listed;
	dpt_parallel(rates->threads, n, take_logs, &logs);
	/* the tails as they are drawn from, not as they should be */
	if (c->listed < n && c->fallback > 0)
		status =
		    dpt_steepness(&rates->space, &c->ground.lists, rows.tail,
		                  rates->threads, &steepness, err);
	if (!status)
		status = dpt_verify(&rows, c->t + steepness, limit,
		                    rates->threads, out, err);
	free(rows.log);
	return status;
}

enum dpt_status dpt_setting_verify(struct dpt_rates *rates,
                                   const struct dpt_setting *setting,
                                   double limit, struct dpt_verdict *out,
                                   dpt_error *err)
{
	dpt_channel *c;
	enum dpt_status status = dpt_channel_new(
	    &rates->ground, setting, rates->rate[setting->rate].t,
	    rates->others[setting->rate], &c, err);
	if (!status)
		status = dpt_channel_verify(c, rates, limit, out, err);
	dpt_channel_free(c);
	return status;
}

void dpt_channel_draw(const dpt_channel *c, const struct dpt_batch *batch,
                      uint32_t *out)
{
	dpt_sampler_draw(c->sampler, batch, out);
}

/* ------------------------------------------------------------- averages */

#define RUN 64

struct candidates {
	const dpt_channel *channel;
	struct dpt_candidates *sums; /* one a run of words */
};

static void sum_candidates(void *ctx, unsigned thread, size_t item)
{
	(void)thread;
	struct candidates *j = ctx;
	const dpt_channel *c = j->channel;
	struct dpt_candidates *sums = &j->sums[item];
	uint32_t end = (uint32_t)(item + 1) * RUN;
	for (uint32_t w = (uint32_t)item * RUN; w < end && w < c->ground.n;
	     w++) {
		double p[DPT_MAX_LISTED] = {0};
		add_candidates(c, w, 1, p);
		sums->unchanged_mean += p[0];
		sums->unchanged_token_mean += p[0] * dpt_token_weight(w);
		for (uint32_t r = 1; r < c->kmax; r++)
			sums->distance_mean += p[r] * listed_distance(c, w, r);
	}
}

enum dpt_status dpt_candidates_measure(const dpt_channel *c, unsigned threads,
                                       struct dpt_candidates *out,
                                       dpt_error *err)
{
	size_t runs = (c->ground.n + RUN - 1) / RUN;
	struct candidates j = {c, calloc(runs, sizeof *j.sums)};
	double weights = 0;
	*out = (struct dpt_candidates){0};
	if (!j.sums)
		return dpt_fail_memory(err);
	dpt_parallel(threads, runs, sum_candidates, &j);
	for (size_t i = 0; i < runs; i++) {
		out->unchanged_mean += j.sums[i].unchanged_mean;
		out->unchanged_token_mean += j.sums[i].unchanged_token_mean;
		out->distance_mean += j.sums[i].distance_mean;
	}
	free(j.sums);
	for (uint32_t w = 0; w < c->ground.n; w++)
		weights += dpt_token_weight(w);
	out->unchanged_mean /= c->ground.n;
	out->unchanged_token_mean /= weights;
	out->distance_mean /= c->ground.n;
	return DPT_OK;
}

void dpt_setting_average(struct dpt_setting *s, const struct dpt_candidates *k,
                         const struct dpt_rate *e)
{
	double f = s->fallback;
	s->unchanged_mean = (1 - f) * k->unchanged_mean + f * e->unchanged_mean;
	s->unchanged_token_mean =
	    (1 - f) * k->unchanged_token_mean + f * e->unchanged_token_mean;
	s->distance_mean = (1 - f) * k->distance_mean + f * e->distance_mean;
}

/* --------------------------------------------------------------- models */

/* What holds for a setting that was given, not calibrated. */
static enum dpt_status audit(struct dpt_rates *rates, struct dpt_setting *s,
                             dpt_error *err)
{
	dpt_channel *c;
	struct dpt_verdict verdict;
	struct dpt_candidates candidates;
	const struct dpt_rate *rate = &rates->rate[s->rate];
	enum dpt_status status = dpt_channel_new(
	    &rates->ground, s, rate->t, rates->others[s->rate], &c, err);
	if (!status)
		status =
		    dpt_candidates_measure(c, rates->threads, &candidates, err);
	if (!status)
		dpt_setting_average(s, &candidates, rate);
	if (!status)
		status = dpt_channel_verify(c, rates, 0, &verdict, err);
	if (!status)
		s->verified = verdict.epsilon;
	dpt_channel_free(c);
	return status;
}

static enum dpt_status choose(dpt_model *model, struct dpt_rates *rates,
                              const struct dpt_settings *s, dpt_given_fn *given,
                              struct dpt_setting *out, dpt_error *err)
{
	const char *name = model->mech->about.name;
	enum dpt_status status;
	const struct dpt_setting *stored =
	    dpt_setting_stored(model->index, name, s);
	if (stored) {
		*out = *stored;
		(void)dpt_rate_sound(&rates->ground, out->rate,
		                     rates->others[out->rate]);
		return dpt_index_intact(model->index, err);
	}
	status = dpt_index_check(model->index, err);
	if (status)
		return status;
	if (s->params) {
		status = given(rates, s, out, err);
		return status ? status : audit(rates, out, err);
	}
	if (dpt_cache_load(model->index, s, name, rates, out))
		return DPT_OK;
	status = model->mech->calibrate(rates, s->epsilon, s->max_unchanged,
	                                out, err);
	if (!status)
		dpt_cache_save(model->index, s, rates, out);
	return status;
}

void dpt_setting_tell(const struct dpt_setting *s, struct dpt_model_info *info)
{
	info->epsilon_verified = s->verified;
	info->unchanged_mean = s->unchanged_mean;
	info->unchanged_token_mean = s->unchanged_token_mean;
	info->distance_mean = s->distance_mean;
}

static void fill_info(dpt_model *model, const struct dpt_setting *s, double t)
{
	const struct dpt_mechanism *about = &model->mech->about;
	const struct dpt_param values[] = {{"rate", t},
	                                   {"scale", s->scale},
	                                   {"fallback", s->fallback},
	                                   {"mean", s->mean},
	                                   {"kmax", s->kmax}};
	for (size_t i = 0; i < about->params; i++)
		for (size_t k = 0; k < sizeof values / sizeof *values; k++)
			if (strcmp(values[k].name, about->param[i].name) == 0)
				model->info.value[i] = values[k].value;
	dpt_setting_tell(s, &model->info);
}

enum dpt_status dpt_channel_open(dpt_model *model, const struct dpt_settings *s,
                                 dpt_given_fn *given, dpt_error *err)
{
	struct dpt_rates rates;
	struct dpt_setting setting = {0};
	dpt_channel *channel = NULL;
	enum dpt_status status = dpt_rates_open(&rates, model->index, s, err);
	if (!status)
		status = choose(model, &rates, s, given, &setting, err);
	if (!status)
		status = dpt_channel_new(
		    &model->index->ground, &setting, rates.rate[setting.rate].t,
		    rates.others[setting.rate], &channel, err);
	if (!status)
		status = dpt_channel_prepare(
		    channel, setting.rate < rates.borrowed, err);
	if (!status)
		fill_info(model, &setting, rates.rate[setting.rate].t);
	model->state = channel;
	dpt_rates_free(&rates);
	return status;
}
