/* SPDX-License-Identifier: MIT */
/*
 * Calibrating the Gumbel mixture: among (rate t, scale b, fallback f) with
 * eps* <= epsilon and a token unchanged share of at most max_unchanged, the
 * one with the smallest expected distance.
 *
 * Both averages are linear in f, and the expected distance grows with it; so
 * for given (t, b) the best f is the smallest that keeps both conditions, the
 * one on the unchanged share gives a bound on what (t, b) can reach at all,
 * and most pairs need no verification, or one.  At a large t the distance
 * falls with f and the unchanged share grows: there the largest f is the best.
 */
#include "calibrate.h"
#include "channel.h"
#include "error.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Scales tried, in units of the mean distance to the nearest neighbour. */
static const double scales[] = {0.05, 0.075, 0.1,  0.13, 0.16, 0.2,
                                0.25, 0.3,   0.36, 0.43, 0.5,  0.6,
                                0.8,  1.1,   1.5,  2,    3,    INFINITY};
#define SCALES (sizeof scales / sizeof *scales)
#define GAIN                                                                   \
	0.998 /* what is less than this better than E alone is not worth it */

#define LEAST_FALLBACK 1e-6 /* with less its weights round too much */

#define WITNESSES 256

/* A triple that broke the limit at some setting. */
struct witness {
	uint32_t w, x, v;
	double distance; /* of w and x */
};

struct search {
	struct dpt_rates *rates;
	double epsilon, max_unchanged;
	double limit; /* epsilon less the slack */
	double unit;  /* of the scales */
	uint32_t kmax;
	struct dpt_setting best;
	struct witness witness[WITNESSES];
	size_t broken, witnesses;
};

/* One (t, b) and the least distance that f could give it. */
struct option {
	size_t rate;
	double scale;
	struct dpt_candidates candidates;
	double least_f, most_f, bound;
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

/* Whether a setting keeps epsilon at the triples that broke others. */
static enum dpt_status passes(const struct search *s,
                              const struct dpt_setting *setting, bool *out,
                              dpt_error *err)
{
	dpt_channel *c;
	enum dpt_status status = make_channel(s, setting, &c, err);
	*out = !status;
	for (size_t i = 0; *out && i < s->witnesses; i++) {
		const struct witness *t = &s->witness[i];
		double gap = dpt_channel_log(c, t->w, t->v) -
		             dpt_channel_log(c, t->x, t->v);
		*out = gap <= s->limit * t->distance;
	}
	dpt_channel_free(c);
	return status;
}

static void remember(struct search *s, const struct dpt_verdict *verdict)
{
	const struct dpt_space *space = &s->rates->space;
	struct witness *t = &s->witness[s->broken++ % WITNESSES];
	t->w = verdict->w;
	t->x = verdict->x;
	t->v = verdict->v;
	t->distance = sqrt(dpt_squared(dpt_row(space, t->w),
	                               dpt_row(space, t->x), space->stride));
	s->witnesses = s->broken < WITNESSES ? s->broken : WITNESSES;
}

/* The smallest f of an option worth verifying, and what it would give. */
static void bound_option(const struct search *s, struct option *o)
{
	const struct dpt_rate *e = &s->rates->rate[o->rate];
	double k = o->candidates.unchanged_token_mean;
	double tail = e->unchanged_token_mean, u = s->max_unchanged;
	o->least_f = LEAST_FALLBACK;
	o->most_f = 1;
	o->bound = INFINITY;
	if (tail > u && k > u)
		return;
	if (k > u)
		o->least_f =
		    fmax(o->least_f, (k - u) / (k - tail) * (1 + 1e-12));
	if (tail > u)
		o->most_f = (u - k) / (tail - k) * (1 - 1e-12);
	/* a fallback that moves words less than K: all that is allowed of it */
	if (e->distance_mean < o->candidates.distance_mean)
		o->least_f = fmax(o->least_f, o->most_f);
	o->bound = setting_of(s, o, o->least_f).distance_mean;
}

/*
 * Moves low up to the smallest f that passes, if any up to high does; then
 * *ok is set.
 */
static enum dpt_status smallest(const struct search *s, const struct option *o,
                                double *low, double high, bool *ok,
                                dpt_error *err)
{
	struct dpt_setting t = setting_of(s, o, high);
	enum dpt_status status = passes(s, &t, ok, err);
	if (status || !*ok)
		return status;
	t = setting_of(s, o, *low);
	status = passes(s, &t, ok, err);
	if (status || *ok)
		return status;
	while (!status && high > *low * 1.0005) {
		double middle = sqrt(high * *low);
		t = setting_of(s, o, middle);
		status = passes(s, &t, ok, err);
		if (*ok)
			high = middle;
		else
			*low = middle;
	}
	*low = high;
	*ok = true;
	return status;
}

/* Raises the least f of an option to what the known triples allow. */
static enum dpt_status sharpen(const struct search *s, struct option *o,
                               dpt_error *err)
{
	double k = o->candidates.distance_mean;
	double e = s->rates->rate[o->rate].distance_mean;
	double aim = GAIN * s->best.distance_mean;
	double high =
	    aim >= e ? o->most_f : fmin(o->most_f, (aim - k) / (e - k));
	bool ok = false;
	enum dpt_status status = DPT_OK;
	if (o->least_f <= high)
		status = smallest(s, o, &o->least_f, high, &ok, err);
	o->bound = ok ? setting_of(s, o, o->least_f).distance_mean : INFINITY;
	return status;
}

static struct option *most_promising(struct option *option, size_t n)
{
	struct option *best = &option[0];
	for (size_t i = 1; i < n; i++)
		if (option[i].bound < best->bound)
			best = &option[i];
	return best;
}

/*
 * Cutting planes, best first.  The option with the least bound is sharpened
 * by the triples known to break the limit.  If it is still the best it is
 * verified in full: either it holds, and no other option can be better, or
 * it gives another triple.
 */
static enum dpt_status descend(struct search *s, struct option *option,
                               size_t n, dpt_error *err)
{
	enum dpt_status status = DPT_OK;
	while (!status) {
		struct dpt_verdict verdict;
		struct option *o = most_promising(option, n);
		double before = o->bound;
		if (!(before < GAIN * s->best.distance_mean))
			return DPT_OK;
		status = sharpen(s, o, err);
		if (status || o->bound > before * (1 + 1e-9))
			continue;
		struct dpt_setting setting = setting_of(s, o, o->least_f);
		status = dpt_setting_verify(s->rates, &setting, s->limit,
		                            &verdict, err);
		if (status)
			return status;
		if (verdict.epsilon <= s->limit) {
			s->best = setting;
			return DPT_OK;
		}
		if (verdict.w == verdict.x) { /* the tails: no f helps */
			o->bound = INFINITY;
			continue;
		}
		remember(s, &verdict);
		o->least_f *= 1.0005;
	}
	return status;
}

/* All pairs of a rate and a scale, with their bounds. */
static enum dpt_status list_options(const struct search *s, size_t rates,
                                    const size_t *rate, struct option *option,
                                    dpt_error *err)
{
	enum dpt_status status = DPT_OK;
	for (size_t k = 0; !status && k < SCALES; k++) {
		struct option o = {.scale = scales[k] * s->unit,
		                   .rate = rate[0]};
		struct dpt_setting any = setting_of(s, &o, 1);
		dpt_channel *c;
		status = make_channel(s, &any, &c, err);
		if (!status)
			status = dpt_candidates_measure(c, s->rates->threads,
			                                &o.candidates, err);
		dpt_channel_free(c);
		for (size_t i = 0; i < rates; i++) {
			o.rate = rate[i];
			bound_option(s, &o);
			*option++ = o;
		}
	}
	return status;
}

/* Rates whose fallback alone keeps epsilon. */
static size_t allowed_rates(const struct search *s, size_t *out)
{
	size_t n = 0;
	for (size_t i = 0; i < s->rates->count; i++)
		if (s->rates->rate[i].epsilon <= s->limit * (1 - DPT_SLACK / 2))
			out[n++] = i;
	return n;
}

static enum dpt_status search(struct search *s, dpt_error *err)
{
	size_t *rate = malloc(s->rates->count * sizeof *rate);
	if (!rate)
		return dpt_fail_memory(err);
	size_t n = allowed_rates(s, rate);
	struct option *option = malloc((n + 1) * SCALES * sizeof *option);
	enum dpt_status status = option ? DPT_OK : dpt_fail_memory(err);
	if (!status && n > 0)
		status = list_options(s, n, rate, option, err);
	if (!status && n > 0)
		status = descend(s, option, n * SCALES, err);
	free(option);
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
	                   .limit = epsilon * (1 - DPT_SLACK),
	                   .unit = mean_nearest(&r->ground),
	                   .kmax = listed < 64 ? listed : 64};
	/* f = 1 is always there to fall back on */
	enum dpt_status status =
	    dpt_calibrate_exponential(r, epsilon, max_unchanged, &s.best, err);
	if (status)
		return status;
	snprintf(s.best.mechanism, sizeof s.best.mechanism, "gumbel");
	status = search(&s, err);
	struct dpt_verdict verdict;
	if (!status)
		status = dpt_setting_verify(r, &s.best, 0, &verdict, err);
	if (status)
		return status;
	*out = s.best;
	out->verified = verdict.epsilon;
	return DPT_OK;
}
