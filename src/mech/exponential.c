/* SPDX-License-Identifier: MIT */
/*
 * The exponential mechanism over the whole vocabulary,
 *     P(v|w) = exp(-t d(w,v)) / Z_t(w),
 * with the exact cost of t instead of the textbook's 2t.
 */
#include "calibrate.h"
#include "mech.h"

#include <stdlib.h>

static enum dpt_status open_exponential(dpt_model *model,
					const struct dpt_settings *s,
					dpt_error *err)
{
	struct dpt_rate rate;
	enum dpt_status status =
		s->params ? dpt_rate_measure(model->index, s->param[0].value, s,
					     &rate, err)
			  : dpt_rate_calibrate(model->index, s, &rate, err);
	if (status)
		return status;
	struct dpt_channel_params p = {.rate = rate.t, .scale = 1,
				       .fallback = 1, .mean = 1, .kmax = 1};
	dpt_channel *channel;
	status = dpt_channel_new(model->index, &p, rate.others, &channel, err);
	free(rate.others);
	if (status)
		return status;
	model->state = channel;
	model->info.value[0] = rate.t;
	model->info.epsilon_verified = rate.epsilon;
	model->info.unchanged_mean = rate.unchanged_mean;
	model->info.unchanged_token_mean = rate.unchanged_token_mean;
	return DPT_OK;
}

static void close_exponential(void *state)
{
	dpt_channel_free(state);
}

static void draw_exponential(const dpt_model *model,
			     const struct dpt_batch *batch, void *scratch,
			     uint32_t *out)
{
	(void)scratch;
	dpt_channel_draw_batch(model->state, batch, out);
}

static const struct dpt_param_about params[] = {
	{"rate", "t, the decay of probability with distance", 1e-6, 1e6},
};

const struct dpt_mech dpt_mech_exponential = {
	.about = {"exponential",
		  "exponential mechanism, exactly calibrated",
		  DPT_VERIFIED, 1, params},
	.open = open_exponential,
	.close = close_exponential,
	.draw = draw_exponential,
};
