/* SPDX-License-Identifier: MIT */
#include "calibrate.h"

#include "channel.h"
#include "error.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum dpt_status dpt_rates_open(struct dpt_rates *r, const dpt_index *index,
                               const struct dpt_settings *s, dpt_error *err)
{
	const struct dpt_header *h = index->header;
	*r = (struct dpt_rates){.ground = index->ground,
	                        .threads = s->threads,
	                        .progress = s->progress,
	                        .progress_ctx = s->progress_ctx};
	return dpt_rates_borrow(r, h->rates, index->rates, index->others, err);
}

const struct dpt_setting *dpt_setting_stored(const dpt_index *index,
                                             const char *mechanism,
                                             const struct dpt_settings *s)
{
	for (uint32_t i = 0; i < index->header->settings; i++) {
		const struct dpt_setting *known = &index->settings[i];
		if (!s->params && known->epsilon == s->epsilon &&
		    known->max_unchanged == s->max_unchanged &&
		    strcmp(known->mechanism, mechanism) == 0)
			return known;
	}
	return NULL;
}

struct dpt_setting dpt_setting_exponential(const struct dpt_rates *r, size_t i)
{
	const struct dpt_rate *rate = &r->rate[i];
	struct dpt_setting s = {.verified = rate->epsilon,
	                        .unchanged_mean = rate->unchanged_mean,
	                        .unchanged_token_mean =
	                            rate->unchanged_token_mean,
	                        .distance_mean = rate->distance_mean,
	                        .scale = INFINITY,
	                        .fallback = 1,
	                        .mean = 1,
	                        .kmax = 1,
	                        .rate = (uint32_t)i};
	snprintf(s.mechanism, sizeof s.mechanism, "exponential");
	return s;
}

/*
 * The search for the best rate: low is feasible (or rate 0, which always is)
 * and high is not.  The cost of a rate divided by it, and the logarithm of
 * the unchanged share, are nearly straight between two measured rates: so
 * interpolating them foretells where the limit is met.
 */
struct search {
	double epsilon, max_unchanged;
	struct dpt_rate low, high; /* high.t is infinite if none is known */
	size_t best;               /* number of low */
};

#define ENOUGH 0.999 /* of what is allowed is used */

/* How much of what is allowed a rate uses: feasible up to 1. */
static double load(const struct search *s, const struct dpt_rate *r)
{
	double spent = r->epsilon / (s->epsilon * (1 - DPT_SLACK));
	double kept = r->unchanged_token_mean / s->max_unchanged;
	return spent > kept ? spent : kept;
}

static void look_at(struct search *s, const struct dpt_rates *r, size_t i)
{
	const struct dpt_rate *rate = &r->rate[i];
	if (load(s, rate) > 1) {
		if (rate->t < s->high.t)
			s->high = *rate;
	} else if (rate->t > s->low.t) {
		s->low = *rate;
		s->best = i;
	}
}

/* What rate t is expected to be, t between low and high. */
static struct dpt_rate foretell(const struct search *s, double t)
{
	const struct dpt_rate *a = &s->low, *b = &s->high;
	double part = (t - a->t) / (b->t - a->t), slope = b->epsilon / b->t;
	if (a->t > 0)
		slope = (1 - part) * a->epsilon / a->t + part * slope;
	return (struct dpt_rate){
	    .t = t,
	    .epsilon = slope * t,
	    .unchanged_token_mean =
	        a->t > 0
	            ? a->unchanged_token_mean *
	                  pow(b->unchanged_token_mean / a->unchanged_token_mean,
	                      part)
	            : b->unchanged_token_mean * part};
}

static double next_rate(const struct search *s)
{
	if (!isfinite(s->high.t))
		return s->low.t > 0 ? s->low.t * 1.5 : s->epsilon / 2;
	double low = s->low.t, high = s->high.t, margin = (high - low) / 50;
	while (high - low > 1e-9 * high) {
		double middle = (low + high) / 2;
		struct dpt_rate r = foretell(s, middle);
		if (load(s, &r) <= (1 + ENOUGH) / 2)
			low = middle;
		else
			high = middle;
	}
	return fmin(fmax(low, s->low.t + margin), s->high.t - margin);
}

static bool finished(const struct search *s)
{
	return s->low.t > 0 &&
	       (load(s, &s->low) > ENOUGH || s->low.t > 1e9 / s->epsilon ||
	        s->high.t - s->low.t < 1e-4 * s->low.t);
}

/* The best rate for what is allowed, by its eps_E. */
static enum dpt_status best_rate(struct dpt_rates *r, struct search *s,
                                 dpt_error *err)
{
	for (size_t i = 0; i < r->count; i++)
		look_at(s, r, i);
	for (int step = 0; !finished(s); step++) {
		double t = next_rate(s);
		if (step == 100)
			return dpt_fail(err, DPT_EPRIVACY,
			                "no rate of this index keeps epsilon "
			                "%g and an unchanged share of %g",
			                s->epsilon, s->max_unchanged);
		enum dpt_status status = dpt_rates_measure(r, 1, &t, err);
		if (status)
			return status;
		look_at(s, r, r->count - 1);
	}
	return DPT_OK;
}

/*
 * What counts is what the weights keep.  Where words nearly coincide their
 * rounding costs more than the slack: then less is aimed at.
 */
enum dpt_status dpt_calibrate_exponential(struct dpt_rates *r, double epsilon,
                                          double max_unchanged,
                                          struct dpt_setting *out,
                                          dpt_error *err)
{
	double limit = epsilon * (1 - DPT_SLACK), aim = epsilon;
	for (int step = 0; step < 20; step++) {
		struct dpt_verdict verdict;
		struct search s = {.epsilon = aim,
		                   .max_unchanged = max_unchanged,
		                   .high = {.t = INFINITY}};
		enum dpt_status status = best_rate(r, &s, err);
		if (status)
			return status;
		*out = dpt_setting_exponential(r, s.best);
		out->epsilon = epsilon;
		out->max_unchanged = max_unchanged;
		status = dpt_setting_verify(r, out, 0, &verdict, err);
		out->verified = verdict.epsilon;
		if (status || out->verified <= limit)
			return status;
		aim *= 0.999 * limit / out->verified;
	}
	return dpt_fail(err, DPT_EPRIVACY,
	                "words of this index are too close to keep epsilon %g: "
	                "merge them",
	                epsilon);
}
