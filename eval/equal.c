/* SPDX-License-Identifier: MIT */
#include "equal.h"

#include <math.h>

const char *const equal_name[EQUALS] = {"epsilon", "unchanged", "bayes"};

enum { STEPS = 12 };

static const double lowest = 0.25, highest = 64, tolerance = 0.02;

/* What the mechanism has at an epsilon: 0 where it cannot keep it. */
static enum dpt_status measure(const dpt_index *index,
                               const struct dpt_settings *settings,
                               enum equal equal, double *out, dpt_error *err)
{
	dpt_model *model;
	struct dpt_audit audit;
	enum dpt_status status = dpt_model_new(index, settings, &model, err);
	*out = 0;
	if (status)
		return status == DPT_EPRIVACY ? DPT_OK : status;
	*out = dpt_model_about(model).unchanged_token_mean;
	if (equal == EQUAL_BAYES || isnan(*out)) {
		status = dpt_model_audit(model, settings, &audit, err);
		if (!status)
			*out = equal == EQUAL_BAYES && !audit.simulated
			           ? audit.bayes_token
			           : audit.unchanged_token_mean;
	}
	dpt_model_free(model);
	return status;
}

enum dpt_status equal_find(const dpt_index *index,
                           const struct dpt_settings *settings,
                           enum equal equal, double target, double *epsilon,
                           dpt_error *err)
{
	struct dpt_settings s = *settings;
	double low = log(lowest), high = log(highest), value;
	s.max_unchanged = 1;
	s.epsilon = highest;
	*epsilon = NAN;
	enum dpt_status status = measure(index, &s, equal, &value, err);
	if (status || !(value >= target))
		return status;
	for (int i = 0; i < STEPS && value > (1 + tolerance) * target; i++) {
		double middle = (low + high) / 2, found;
		s.epsilon = exp(middle);
		status = measure(index, &s, equal, &found, err);
		if (status)
			return status;
		if (found >= target) {
			high = middle;
			value = found;
		} else {
			low = middle;
		}
	}
	*epsilon = exp(high);
	return DPT_OK;
}
