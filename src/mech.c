/* SPDX-License-Identifier: MIT */
#include "mech.h"

#include "error.h"
#include "ladder.h"

#include <math.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static const struct dpt_mech *const table[] = {
#define DPT_MECH(name) &dpt_mech_##name,
#include "mech.def"
#undef DPT_MECH
};

#define MECHANISMS (sizeof table / sizeof table[0])

const char *dpt_guarantee_name(enum dpt_guarantee guarantee)
{
	switch (guarantee) {
	case DPT_NONE: return "none";
	case DPT_NOMINAL: return "nominal";
	case DPT_VERIFIED: return "verified";
	case DPT_THEOREM: return "theorem";
	}
	return "unknown";
}

size_t dpt_mechanism_count(void)
{
	return MECHANISMS;
}

const struct dpt_mech *dpt_mech_at(size_t i)
{
	return i < MECHANISMS ? table[i] : NULL;
}

const struct dpt_mechanism *dpt_mechanism_at(size_t i)
{
	return i < MECHANISMS ? &table[i]->about : NULL;
}

enum dpt_status dpt_fail_rows(const dpt_model *model, dpt_error *err)
{
	return dpt_fail(err, DPT_EUNKNOWN,
	                "%s has no finite channel: its outputs can only be "
	                "sampled",
	                model->mech->about.name);
}

static const struct dpt_mech *find(const char *name)
{
	if (!name)
		return table[0];
	for (size_t i = 0; i < MECHANISMS; i++)
		if (strcmp(table[i]->about.name, name) == 0)
			return table[i];
	return NULL;
}

static const struct dpt_param_about *param(const struct dpt_mechanism *m,
                                           const char *name)
{
	for (size_t i = 0; i < m->params; i++)
		if (strcmp(m->param[i].name, name) == 0)
			return &m->param[i];
	return NULL;
}

static enum dpt_status check_settings(const struct dpt_mechanism *m,
                                      const struct dpt_settings *s,
                                      dpt_error *err)
{
	if (!(s->max_unchanged > 0 && s->max_unchanged <= 1))
		return dpt_fail(err, DPT_ERANGE,
		                "the largest unchanged share "
		                "must be above 0 and at most 1");
	if (s->params == 0 && !(s->epsilon > 0 && s->epsilon <= 1e6))
		return dpt_fail(err, DPT_ERANGE,
		                "epsilon must be above 0 and at most 1e6");
	for (size_t i = 0; i < s->params; i++) {
		const struct dpt_param_about *p = param(m, s->param[i].name);
		if (!p)
			return dpt_fail(err, DPT_EUNKNOWN,
			                "%s has no parameter '%s'", m->name,
			                s->param[i].name);
		if (!(s->param[i].value >= p->low &&
		      s->param[i].value <= p->high))
			return dpt_fail(err, DPT_ERANGE,
			                "%s of %s must be from %g to %g",
			                p->name, m->name, p->low, p->high);
	}
	return DPT_OK;
}

enum dpt_status dpt_model_new(const dpt_index *index,
                              const struct dpt_settings *settings,
                              dpt_model **out, dpt_error *err)
{
	*out = NULL;
	const struct dpt_mech *mech = find(settings->mechanism);
	if (!mech)
		return dpt_fail(err, DPT_EUNKNOWN, "no mechanism '%s'",
		                settings->mechanism);
	enum dpt_status status = check_settings(&mech->about, settings, err);
	if (!status && !mech->late)
		status = dpt_index_check(index, err);
	if (status)
		return status;
	dpt_model *model = calloc(1, sizeof *model);
	if (!model)
		return dpt_fail_memory(err);
	model->mech = mech;
	model->index = index;
	model->info = (struct dpt_model_info){
	    .mechanism = &mech->about,
	    .epsilon_requested = settings->params ? 0 : settings->epsilon,
	    .epsilon_verified = NAN,
	    .unchanged_mean = NAN,
	    .unchanged_token_mean = NAN,
	    .distance_mean = NAN};
	status = mech->open(model, settings, err);
	model->info.rungs = 1;
	model->info.rung[0] = (struct dpt_rung){model->info.epsilon_requested,
	                                        model->info.epsilon_verified};
	if (!status && settings->budget != 0)
		status = dpt_ladder_new(model, settings, &model->ladder, err);
	if (status) {
		dpt_model_free(model);
		return status;
	}
	*out = model;
	return DPT_OK;
}

void dpt_model_free(dpt_model *model)
{
	if (!model)
		return;
	dpt_ladder_free(model->ladder);
	model->mech->close(model->state);
	free(model);
}

struct dpt_model_info dpt_model_about(const dpt_model *model)
{
	return model->info;
}

enum dpt_status dpt_scratch_new(const dpt_model *model, void **out,
                                dpt_error *err)
{
	size_t bytes = model->mech->scratch ? model->mech->scratch(model) : 0;
	*out = aligned_alloc(64, (bytes + 64) / 64 * 64);
	return *out ? DPT_OK : dpt_fail_memory(err);
}

void dpt_scratch_free(const dpt_model *model, void *scratch)
{
	if (scratch && model->mech->scratch)
		sodium_memzero(scratch, model->mech->scratch(model));
	free(scratch);
}

enum dpt_status dpt_draw(const dpt_model *model, const struct dpt_batch *batch,
                         void *scratch, uint32_t *out, dpt_error *err)
{
	if (model->ladder)
		dpt_ladder_draw(model->ladder, batch, scratch, out);
	else
		model->mech->draw(model, batch, scratch, out);
	return dpt_index_intact(model->index, err);
}

enum dpt_status dpt_model_draw(const dpt_model *model, const dpt_key *key,
                               uint64_t record, size_t n, const uint32_t *in,
                               uint32_t *out, dpt_error *err)
{
	if (n > UINT32_MAX)
		return dpt_fail(err, DPT_ERANGE, "too many words at once");
	for (size_t i = 0; i < n; i++)
		if (in[i] >= model->index->header->classes)
			return dpt_fail(err, DPT_ERANGE, "no word class %u",
			                in[i]);
	void *scratch;
	enum dpt_status status = dpt_scratch_new(model, &scratch, err);
	if (status)
		return status;
	const uint32_t start[2] = {0, (uint32_t)n};
	struct dpt_batch batch = {key, record, 1, start, in};
	status = dpt_draw(model, &batch, scratch, out, err);
	dpt_scratch_free(model, scratch);
	return status;
}
