/* SPDX-License-Identifier: MIT */
/*
 * Multivariate Laplace (Feyisetan, Balle, Drake, Diethe, WSDM 2020): noise
 * with density proportional to exp(-eps |z|) on the vector of the word, then
 * the nearest word, which is post-processing.
 */
#include "error.h"
#include "mech.h"
#include "nearest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct laplace {
	struct dpt_space space;
	const struct dpt_blas *blas;
	float *half_norms;
	double epsilon;
};

static void close_laplace(void *state)
{
	struct laplace *l = state;
	if (!l)
		return;
	dpt_space_close(&l->space);
	free(l->half_norms);
	free(l);
}

static enum dpt_status
open_laplace(dpt_model *model, const struct dpt_settings *s, dpt_error *err)
{
	struct laplace *l = calloc(1, sizeof *l);
	if (!l)
		return dpt_fail_memory(err);
	model->state = l;
	l->epsilon = s->epsilon;
	enum dpt_status status = dpt_blas_load(&l->blas, err);
	if (!status)
		status = dpt_index_space(model->index, &l->space, err);
	if (status)
		return status;
	l->half_norms = malloc(l->space.n * sizeof *l->half_norms);
	if (!l->half_norms)
		return dpt_fail_memory(err);
	dpt_half_norms(&l->space, l->half_norms);
	model->info.epsilon_verified = s->epsilon;
	return DPT_OK;
}

struct scratch {
	size_t n;
	uint32_t *to[DPT_NEAREST_POINTS]; /* where the answers go */
	float *points;
	double *noise;
	void *nearest;
};

static size_t round_up(size_t bytes)
{
	return (bytes + 63) / 64 * 64;
}

static size_t scratch_laplace(const dpt_model *model)
{
	const struct laplace *l = model->state;
	return round_up(sizeof(struct scratch)) +
	       round_up(DPT_NEAREST_POINTS * l->space.stride * sizeof(float)) +
	       round_up(l->space.dim * sizeof(double)) + dpt_nearest_scratch();
}

static struct scratch *carve(const struct laplace *l, void *memory)
{
	char *at = memory;
	struct scratch *s = memory;
	at += round_up(sizeof *s);
	s->points = (float *)at;
	at += round_up(DPT_NEAREST_POINTS * l->space.stride * sizeof(float));
	s->noise = (double *)at;
	at += round_up(l->space.dim * sizeof(double));
	s->nearest = at;
	s->n = 0;
	memset(s->points, 0,
	       DPT_NEAREST_POINTS * l->space.stride * sizeof(float));
	return s;
}

/* phi(w) + r u: u uniform on the sphere, r ~ Gamma(dim, 1 / eps). */
static void noisy_point(const struct laplace *l, struct scratch *s,
                        struct dpt_rng *rng, uint32_t w, float *point)
{
	const float *x = dpt_row(&l->space, w);
	double square = 0;
	dpt_rng_normals(rng, l->space.dim, s->noise);
	for (uint32_t i = 0; i < l->space.dim; i++)
		square += s->noise[i] * s->noise[i];
	double r = dpt_rng_gamma(rng, l->space.dim) / l->epsilon;
	double factor = r / sqrt(square);
	for (uint32_t i = 0; i < l->space.dim; i++)
		point[i] = (float)((double)x[i] + factor * s->noise[i]);
}

static void answer(const struct laplace *l, struct scratch *s)
{
	uint32_t nearest[DPT_NEAREST_POINTS];
	dpt_nearest(l->blas, &l->space, l->half_norms, s->n, s->points,
	            s->nearest, nearest);
	for (size_t i = 0; i < s->n; i++)
		*s->to[i] = nearest[i];
	s->n = 0;
}

static void draw_laplace(const dpt_model *model, const struct dpt_batch *b,
                         void *memory, uint32_t *out)
{
	const struct laplace *l = model->state;
	struct scratch *s = carve(l, memory);
	struct dpt_rng rng;
	for (size_t i = 0; i < b->records; i++) {
		dpt_rng_start(&rng, b->key, b->first_record + i);
		for (uint32_t j = b->start[i]; j < b->start[i + 1]; j++) {
			noisy_point(l, s, &rng, b->word[j],
			            s->points + s->n * l->space.stride);
			s->to[s->n++] = &out[j];
			if (s->n == DPT_NEAREST_POINTS)
				answer(l, s);
		}
	}
	answer(l, s);
	dpt_rng_wipe(&rng);
}

const struct dpt_mech dpt_mech_laplace = {
    .about = {"laplace", "multivariate Laplace noise, then nearest word",
              DPT_THEOREM, 0, NULL},
    .open = open_laplace,
    .close = close_laplace,
    .scratch = scratch_laplace,
    .draw = draw_laplace,
    .slow = true,
};
