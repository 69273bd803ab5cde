/* SPDX-License-Identifier: MIT */
/*
 * The Gumbel family, verified: a Poisson number of nearest neighbours, the
 * best of them after Gumbel noise on the distances, and with a small share
 * the exponential mechanism over the whole vocabulary, which is what makes
 * the guarantee true.  See channel.h for the formulas.
 */
#include "calibrate.h"
#include "channel.h"
#include "error.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { RATE, SCALE, FALLBACK, MEAN, KMAX, PARAMS };

static const struct dpt_param_about params[PARAMS] = {
    {"rate", "t, the decay of the fallback with distance", 1e-6, 1e6},
    {"scale", "b, of the Gumbel noise; inf: any candidate alike", 1e-6,
     INFINITY},
    {"fallback", "f, share of the exponential mechanism", 0, 1},
    {"mean", "of the Poisson number of candidates [ln N]", 1e-3, 1e3},
    {"kmax", "largest number of candidates [64]", 1, DPT_MAX_LISTED},
};

static enum dpt_status given(struct dpt_rates *rates,
                             const struct dpt_settings *s,
                             struct dpt_setting *out, dpt_error *err)
{
	uint32_t listed = rates->ground.lists.k + 1;
	double value[PARAMS] = {NAN, NAN, NAN, log(rates->ground.n),
	                        listed < 64 ? listed : 64};
	for (size_t i = 0; i < s->params; i++)
		for (int p = 0; p < PARAMS; p++)
			if (strcmp(s->param[i].name, params[p].name) == 0)
				value[p] = s->param[i].value;
	if (isnan(value[RATE]) || isnan(value[SCALE]) || isnan(value[FALLBACK]))
		return dpt_fail(err, DPT_ERANGE,
		                "gumbel needs rate, scale and fallback");
	if (value[KMAX] != floor(value[KMAX]) || value[KMAX] > listed)
		return dpt_fail(err, DPT_ERANGE,
		                "kmax must be a whole number up to %u, the "
		                "neighbours of this index and the word itself",
		                listed);
	size_t i;
	enum dpt_status status = dpt_rates_find(rates, value[RATE], &i, err);
	*out = (struct dpt_setting){.scale = value[SCALE],
	                            .fallback = value[FALLBACK],
	                            .mean = value[MEAN],
	                            .kmax = (uint32_t)value[KMAX],
	                            .rate = (uint32_t)i};
	snprintf(out->mechanism, sizeof out->mechanism, "gumbel");
	return status;
}

static enum dpt_status open_gumbel(dpt_model *model,
                                   const struct dpt_settings *s, dpt_error *err)
{
	return dpt_channel_open(model, s, given, err);
}

static void close_gumbel(void *state)
{
	dpt_channel_free(state);
}

static void draw_gumbel(const dpt_model *model, const struct dpt_batch *batch,
                        void *scratch, uint32_t *out)
{
	(void)scratch;
	dpt_channel_draw(model->state, batch, out);
}

const struct dpt_mech dpt_mech_gumbel = {
    .about = {"gumbel", "Poisson-truncated Gumbel, made true", DPT_VERIFIED,
              PARAMS, params},
    .open = open_gumbel,
    .close = close_gumbel,
    .calibrate = dpt_calibrate_gumbel,
    .rows = dpt_channel_rows,
    .draw = draw_gumbel,
    .late = true,
};
