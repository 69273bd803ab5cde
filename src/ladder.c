/* SPDX-License-Identifier: MIT */
#include "ladder.h"

#include "calibrate.h"
#include "error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct dpt_ladder {
	const dpt_model *model;
	dpt_model *own[DPT_MAX_RUNGS]; /* NULL for the first and the last */
};

#define MOST_BUDGET 1e9
#define ROUNDING 1e-12 /* 0.3 for three words is 0.1 for each */

static enum dpt_status check(const dpt_model *model,
                             const struct dpt_settings *s, dpt_error *err)
{
	if (!(s->budget > 0 && s->budget <= MOST_BUDGET))
		return dpt_fail(err, DPT_ERANGE,
		                "a budget must be above 0 and at most %g",
		                MOST_BUDGET);
	if (s->params)
		return dpt_fail(err, DPT_ERANGE,
		                "a budget needs an epsilon, not parameters");
	if (model->mech->about.guarantee < DPT_VERIFIED)
		return dpt_fail(err, DPT_EPRIVACY,
		                "%s keeps no epsilon: a budget for it would "
		                "mean nothing",
		                model->mech->about.name);
	return DPT_OK;
}

static void add_rung(struct dpt_model_info *info, double requested,
                     double verified)
{
	info->rung[info->rungs++] = (struct dpt_rung){requested, verified};
}

/* The mechanism at an epsilon that is stored. */
static enum dpt_status open_rung(dpt_ladder *l, struct dpt_model_info *info,
                                 const struct dpt_setting *stored,
                                 const struct dpt_settings *s, dpt_error *err)
{
	struct dpt_settings lower = {.mechanism = s->mechanism,
	                             .epsilon = stored->epsilon,
	                             .max_unchanged = stored->max_unchanged,
	                             .threads = s->threads};
	dpt_model **rung = &l->own[info->rungs];
	enum dpt_status status =
	    dpt_model_new(l->model->index, &lower, rung, err);
	if (!status)
		add_rung(info, stored->epsilon, (*rung)->info.epsilon_verified);
	return status;
}

/*
 * The settings are in the order of their epsilons.  A mechanism that is not
 * calibrated has none: it takes the epsilons of the default one.
 */
static enum dpt_status open_rungs(dpt_ladder *l, struct dpt_model_info *info,
                                  const struct dpt_settings *s, dpt_error *err)
{
	const dpt_index *x = l->model->index;
	bool free = !l->model->mech->calibrate;
	const char *name = (free ? dpt_mech_at(0) : l->model->mech)->about.name;
	uint32_t stored = 0;
	for (uint32_t i = 0; i < x->header->settings; i++) {
		const struct dpt_setting *known = &x->settings[i];
		if (strcmp(known->mechanism, name) != 0)
			continue;
		stored++;
		bool fits =
		    known->epsilon < s->epsilon &&
		    (free || known->unchanged_token_mean <= s->max_unchanged);
		if (!fits || info->rungs == DPT_MAX_RUNGS - 1)
			continue;
		enum dpt_status status = open_rung(l, info, known, s, err);
		if (status)
			return status;
	}
	if (stored == 0)
		return dpt_fail(err, DPT_EPRIVACY,
		                "this index has no settings to spend a budget "
		                "by: it has too many words");
	return DPT_OK;
}

enum dpt_status dpt_ladder_new(dpt_model *model, const struct dpt_settings *s,
                               dpt_ladder **out, dpt_error *err)
{
	*out = NULL;
	enum dpt_status status = check(model, s, err);
	if (status)
		return status;
	dpt_ladder *l = calloc(1, sizeof *l);
	if (!l)
		return dpt_fail_memory(err);
	struct dpt_model_info *info = &model->info;
	l->model = model;
	info->budget = s->budget;
	info->rungs = 0;
	/* these depend on how long the records are */
	info->unchanged_mean = info->unchanged_token_mean =
	    info->distance_mean = NAN;
	add_rung(info, 0, 0);
	status = open_rungs(l, info, s, err);
	add_rung(info, s->epsilon, info->epsilon_verified);
	if (status) {
		dpt_ladder_free(l);
		return status;
	}
	*out = l;
	return DPT_OK;
}

void dpt_ladder_free(dpt_ladder *l)
{
	for (size_t i = 0; l && i < DPT_MAX_RUNGS; i++)
		dpt_model_free(l->own[i]);
	free(l);
}

/* What is kept of a verified epsilon in reserve is counted in. */
static double cost(const struct dpt_rung *rung)
{
	double most = rung->verified + DPT_SLACK * rung->requested;
	return most < rung->requested ? most : rung->requested;
}

size_t dpt_model_rung(const dpt_model *model, uint64_t words)
{
	const struct dpt_model_info *info = &model->info;
	double limit = info->budget * (1 + ROUNDING);
	size_t i = info->rungs - 1;
	while (i > 0 && cost(&info->rung[i]) * (double)words > limit)
		i--;
	return i;
}

/* ---------------------------------------------------------------- drawing */

static uint32_t words_of(const struct dpt_batch *b, size_t record)
{
	return b->start[record + 1] - b->start[record];
}

static void draw_any(const dpt_model *model, const struct dpt_batch *b,
                     uint32_t *out)
{
	struct dpt_rng rng;
	for (size_t i = 0; i < b->records; i++) {
		dpt_rng_start(&rng, b->key, b->first_record + i);
		for (uint32_t j = b->start[i]; j < b->start[i + 1]; j++)
			out[j] =
			    dpt_rng_below(&rng, model->index->header->classes);
	}
	dpt_rng_wipe(&rng);
}

static void draw_on(const dpt_ladder *l, size_t rung, const struct dpt_batch *b,
                    void *scratch, uint32_t *out)
{
	const dpt_model *model = l->own[rung] ? l->own[rung] : l->model;
	if (rung == 0)
		draw_any(model, b, out);
	else
		model->mech->draw(model, b, scratch, out);
}

/* Records that follow one another on a rung are drawn together. */
void dpt_ladder_draw(const dpt_ladder *l, const struct dpt_batch *b,
                     void *scratch, uint32_t *out)
{
	for (size_t i = 0, next; i < b->records; i = next) {
		size_t rung = dpt_model_rung(l->model, words_of(b, i));
		for (next = i + 1; next < b->records; next++)
			if (words_of(b, next) > 0 &&
			    dpt_model_rung(l->model, words_of(b, next)) != rung)
				break;
		struct dpt_batch part = {b->key, b->first_record + i, next - i,
		                         b->start + i, b->word};
		draw_on(l, rung, &part, scratch, out);
	}
}
