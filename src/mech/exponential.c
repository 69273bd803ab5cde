/* SPDX-License-Identifier: MIT */
/*
 * The exponential mechanism over the whole vocabulary,
 *     P(v|w) = exp(-t d(w,v)) / Z_t(w),
 * with the exact cost of t instead of the textbook's 2t.
 */
#include "calibrate.h"
#include "channel.h"

static enum dpt_status given(struct dpt_rates *rates,
                             const struct dpt_settings *s,
                             struct dpt_setting *out, dpt_error *err)
{
	size_t i;
	enum dpt_status status =
	    dpt_rates_find(rates, s->param[s->params - 1].value, &i, err);
	if (!status)
		*out = dpt_setting_exponential(rates, i);
	return status;
}

static enum dpt_status
open_exponential(dpt_model *model, const struct dpt_settings *s, dpt_error *err)
{
	return dpt_channel_open(model, s, given, err);
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
	dpt_channel_draw(model->state, batch, out);
}

static const struct dpt_param_about params[] = {
    {"rate", "t, the decay of probability with distance", 1e-6, 1e6},
};

const struct dpt_mech dpt_mech_exponential = {
    .about = {"exponential", "exponential mechanism, exactly calibrated",
              DPT_VERIFIED, 1, params},
    .open = open_exponential,
    .close = close_exponential,
    .calibrate = dpt_calibrate_exponential,
    .rows = dpt_channel_rows,
    .draw = draw_exponential,
    .late = true,
};
