/* SPDX-License-Identifier: MIT */
/*
 * Calibrating the Gumbel mixture: among (rate t, scale b, fallback f) with
 * eps* <= epsilon and a token unchanged share of at most max_unchanged, the
 * one with the smallest expected distance.
 *
 * Both averages are linear in f, and the expected distance grows with it; so
 * for given (t, b) the best f is the smallest that keeps both conditions, the
 * one on the unchanged share gives a bound on what (t, b) can reach at all,
 * and most pairs need no verification, or one.
 */
#include "calibrate.h"
#include "channel.h"
#include "error.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Scales tried, in units of the mean distance to the nearest neighbour. */
static const double scales[] = {0.05, 0.075, 0.1, 0.13, 0.16, 0.2, 0.25, 0.3,
                                0.36, 0.43, 0.5,  0.6,  0.8, 1.1, 1.5, 2, 3,
                                INFINITY};
#define SCALES (sizeof scales / sizeof *scales)
#define GAIN 0.998 /* a candidate must be better by this factor to count */

struct search {
	struct dpt_rates *rates;
	double epsilon, max_unchanged;
	double unit; /* of the scales */
	uint32_t kmax;
	struct dpt_setting best;
	bool found;
};

/* One (t, b) and the least distance that f could give it. */
struct option {
	size_t rate;
	double scale;
	struct dpt_candidates candidates;
	double least_f, bound;
};

static double mean_nearest(const struct dpt_ground *g)
{
	double sum = 0;
	for (uint32_t w = 0; w < g->n; w++)
		sum += g->lists.distance[(size_t)w * g->lists.k];
	return sum / g->n;
}

static struct dpt_setting setting_of(const struct search *s,
                                     const struct option *o, double f)
{
	struct dpt_setting out = {.epsilon = s->epsilon,
	                          .max_unchanged = s->max_unchanged,
	                          .scale = o->scale,
	                          .fallback = f,
	                          .mean = log(s->rates->ground.n),
	                          .kmax = s->kmax,
	                          .rate = (uint32_t)o->rate};
	snprintf(out.mechanism, sizeof out.mechanism, "gumbel");
	dpt_setting_average(&out, &o->candidates, &s->rates->rate[o->rate]);
	return out;
}

static enum dpt_status make_channel(const struct search *s,
                                    const struct dpt_setting *setting,
                                    dpt_channel **out, dpt_error *err)
{
	return dpt_channel_new(&s->rates->ground, setting,
	                       s->rates->rate[setting->rate].t,
	                       s->rates->others[setting->rate], out, err);
}

/* Whether a setting keeps epsilon, or with limit 0 what it keeps. */
static enum dpt_status verify(const struct search *s,
                              struct dpt_setting *setting, double limit,
                              dpt_error *err)
{
	dpt_channel *c;
	struct dpt_verdict verdict;
	enum dpt_status status = make_channel(s, setting, &c, err);
	if (status)
		return status;
	status = dpt_channel_verify(c, s->rates,
	                            s->rates->rate[setting->rate].epsilon,
	                            limit, &verdict, err);
	dpt_channel_free(c);
	if (!status)
		setting->verified = verdict.epsilon;
	return status;
}

static enum dpt_status feasible(const struct search *s, const struct option *o,
                                double f, bool *out, dpt_error *err)
{
	struct dpt_setting setting = setting_of(s, o, f);
	double limit = s->epsilon * (1 - DPT_SLACK);
	enum dpt_status status = verify(s, &setting, limit, err);
	*out = setting.verified <= limit;
	return status;
}

/* The smallest f of an option worth verifying, and what it would give. */
static void bound_option(const struct search *s, struct option *o)
{
	const struct dpt_rate *e = &s->rates->rate[o->rate];
	double k = o->candidates.unchanged_token_mean;
	double tail = e->unchanged_token_mean, u = s->max_unchanged;
	o->least_f = 1e-9;
	o->bound = INFINITY;
	if (tail > u && k > u)
		return;
	if (k > u)
		o->least_f = fmax(o->least_f, (k - u) / (k - tail) *
		                                      (1 + 1e-12));
	o->bound = setting_of(s, o, o->least_f).distance_mean;
	if (tail > u) /* f is bounded above instead: rare and not needed */
		o->bound = INFINITY;
}

/* Lowers f as far as it goes; both ends are tried before the middle. */
static enum dpt_status improve(struct search *s, const struct option *o,
                               dpt_error *err)
{
	double k = o->candidates.distance_mean;
	double e = s->rates->rate[o->rate].distance_mean;
	double aim = s->found ? GAIN * s->best.distance_mean : INFINITY;
	double high = aim >= e ? 1 : (aim - k) / (e - k), low = o->least_f;
	bool ok = false;
	if (!(high >= low))
		return DPT_OK;
	enum dpt_status status = feasible(s, o, high, &ok, err);
	if (status || !ok)
		return status;
	status = feasible(s, o, low, &ok, err);
	if (!status && ok)
		high = low;
	while (!status && high > 1.002 * low && high - low > 1e-7) {
		double middle = high > 4 * low ? sqrt(high * low)
		                               : (high + low) / 2;
		status = feasible(s, o, middle, &ok, err);
		if (ok)
			high = middle;
		else
			low = middle;
	}
	s->best = setting_of(s, o, high);
	s->found = true;
	return status;
}

static int by_bound(const void *a, const void *b)
{
	const struct option *x = a, *y = b;
	return (x->bound > y->bound) - (x->bound < y->bound);
}

/* Tries the given rates with the given scales, the promising ones first. */
static enum dpt_status try_all(struct search *s, size_t rates,
                               const size_t *rate, size_t n,
                               const double *scale, dpt_error *err)
{
	struct option *option = malloc(rates * n * sizeof *option);
	enum dpt_status status = DPT_OK;
	size_t options = 0;
	if (!option)
		return dpt_fail_memory(err);
	for (size_t k = 0; !status && k < n; k++) {
		struct option o = {.scale = scale[k], .rate = rate[0]};
		struct dpt_setting any = setting_of(s, &o, 1);
		dpt_channel *c;
		status = make_channel(s, &any, &c, err);
		if (!status)
			status = dpt_candidates_measure(
				c, s->rates->threads, &o.candidates, err);
		dpt_channel_free(c);
		for (size_t i = 0; !status && i < rates; i++) {
			o.rate = rate[i];
			bound_option(s, &o);
			option[options++] = o;
		}
	}
	qsort(option, options, sizeof *option, by_bound);
	for (size_t i = 0; !status && i < options; i++) {
		if (option[i].bound > (s->found ? GAIN * s->best.distance_mean
		                                : 1e300))
			break;
		status = improve(s, &option[i], err);
	}
	free(option);
	return status;
}

/* Rates whose fallback alone keeps epsilon. */
static size_t allowed_rates(const struct search *s, size_t *out)
{
	size_t n = 0;
	for (size_t i = 0; i < s->rates->count; i++)
		if (s->rates->rate[i].epsilon <=
		    s->epsilon * (1 - DPT_SLACK))
			out[n++] = i;
	return n;
}

static enum dpt_status search(struct search *s, dpt_error *err)
{
	double scale[SCALES];
	size_t *rate = malloc(s->rates->count * sizeof *rate);
	if (!rate)
		return dpt_fail_memory(err);
	for (size_t i = 0; i < SCALES; i++)
		scale[i] = scales[i] * s->unit;
	size_t n = allowed_rates(s, rate);
	enum dpt_status status =
		n ? try_all(s, n, rate, SCALES, scale, err) : DPT_OK;
	free(rate);
	return status;
}

enum dpt_status dpt_calibrate_gumbel(struct dpt_rates *r, double epsilon,
                                     double max_unchanged,
                                     struct dpt_setting *out, dpt_error *err)
{
	uint32_t listed = r->ground.lists.k + 1;
	struct search s = {.rates = r,
	                   .epsilon = epsilon,
	                   .max_unchanged = max_unchanged,
	                   .unit = mean_nearest(&r->ground),
	                   .kmax = listed < 64 ? listed : 64};
	/* f = 1 is always there to fall back on */
	enum dpt_status status = dpt_calibrate_exponential(
		r, epsilon, max_unchanged, &s.best, err);
	if (status)
		return status;
	snprintf(s.best.mechanism, sizeof s.best.mechanism, "gumbel");
	s.found = true;
	status = search(&s, err);
	if (!status)
		status = verify(&s, &s.best, 0, err);
	*out = s.best;
	return status;
}
