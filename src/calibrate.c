/* SPDX-License-Identifier: MIT */
#include "calibrate.h"

#include "error.h"
#include "normal.h"

#include <math.h>
#include <stdlib.h>

/* Weight of the word of this rank among tokens: Zipf with an offset. */
static double token_weight(uint32_t rank)
{
	return 1 / (rank + 2.7);
}

static void unchanged_shares(struct dpt_rate *rate, uint32_t n)
{
	double sum = 0, weighted = 0, weights = 0;
	for (uint32_t w = 0; w < n; w++) {
		double p = 1 / (1 + rate->others[w]);
		sum += p;
		weighted += token_weight(w) * p;
		weights += token_weight(w);
	}
	rate->unchanged_mean = sum / n;
	rate->unchanged_token_mean = weighted / weights;
}

/* The stored rate equal to t, or NULL. */
static const double *stored(const dpt_index *index, double t, double *epsilon)
{
	for (uint32_t i = 0; i < index->header->rates; i++)
		if (index->rates[2 * i] == t) {
			*epsilon = index->rates[2 * i + 1];
			return index->others +
			       (size_t)i * index->header->classes;
		}
	return NULL;
}

enum dpt_status dpt_rate_measure(const dpt_index *index, double t,
				 const struct dpt_settings *s,
				 struct dpt_rate *out, dpt_error *err)
{
	uint32_t n = index->header->classes;
	struct dpt_space space = {0};
	*out = (struct dpt_rate){.t = t};
	out->others = malloc(n * sizeof *out->others);
	if (!out->others)
		return dpt_fail_memory(err);
	enum dpt_status status = DPT_OK;
	const double *known = stored(index, t, &out->epsilon);
	if (known) {
		for (uint32_t w = 0; w < n; w++)
			out->others[w] = known[w];
	} else {
		struct dpt_normal z = {&space, 1, &t, out->others};
		double steepness = 0;
		status = dpt_index_space(index, &space, err);
		if (!status)
			status = dpt_normal_pass(&z, s->threads, s->progress,
						 s->progress_ctx, err);
		if (!status)
			status = dpt_steepness(&space, &index->lists,
					       out->others, s->threads,
					       &steepness, err);
		out->epsilon = t + steepness;
		dpt_space_close(&space);
	}
	if (status) {
		free(out->others);
		out->others = NULL;
		return status;
	}
	unchanged_shares(out, n);
	return DPT_OK;
}

/* How much of what is allowed a rate uses: feasible up to 1. */
static double load(const struct dpt_rate *r, const struct dpt_settings *s)
{
	double spent = r->epsilon / (s->epsilon * (1 - DPT_SLACK));
	double kept = r->unchanged_token_mean / s->max_unchanged;
	return spent > kept ? spent : kept;
}

/*
 * Narrows an interval around the largest feasible rate by false position,
 * kept away from the ends so that both sides shrink.  The load grows with
 * the rate; where it should not, what is returned is feasible all the same,
 * since only measured rates are.
 */
enum dpt_status dpt_rate_calibrate(const dpt_index *index,
				   const struct dpt_settings *s,
				   struct dpt_rate *out, dpt_error *err)
{
	struct dpt_rate best = {0};
	double low = 0, low_load = 0, high = s->epsilon, high_load = INFINITY;
	double t = s->epsilon / 2;
	for (int step = 0; step < 40; step++) {
		struct dpt_rate r;
		enum dpt_status status =
			dpt_rate_measure(index, t, s, &r, err);
		if (status) {
			free(best.others);
			return status;
		}
		double now = load(&r, s);
		if (now <= 1) {
			low = t;
			low_load = now;
			free(best.others);
			best = r;
		} else {
			high = t;
			high_load = now;
			free(r.others);
		}
		if (best.others && (low_load > 0.999 || high - low < 1e-4 * low))
			break;
		double part = isfinite(high_load)
				      ? (1 - low_load) / (high_load - low_load)
				      : fmin(1 / now - 1, 1) * low /
						(high - low);
		part = part < 0.05 ? 0.05 : part > 0.95 ? 0.95 : part;
		t = low + part * (high - low);
	}
	if (!best.others)
		return dpt_fail(err, DPT_EPRIVACY,
				"no rate of this index keeps epsilon %g",
				s->epsilon);
	*out = best;
	return DPT_OK;
}
