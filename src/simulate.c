/* SPDX-License-Identifier: MIT */
#include "simulate.h"

#include "error.h"
#include "rates.h"

#include <math.h>
#include <stdlib.h>

#define WORDS 4096 /* drawn for, in each of the two samples */

/* Words of rank i + 1/2 of WORDS equal shares of all words. */
static void uniform_words(uint32_t n, uint32_t *out)
{
	for (uint32_t i = 0; i < WORDS; i++)
		out[i] = (uint32_t)((i + 0.5) / WORDS * n);
}

/* The same for equal shares of all tokens. */
static void token_words(uint32_t n, uint32_t *out)
{
	double total = 0, sum = 0;
	uint32_t w = 0;
	for (uint32_t i = 0; i < n; i++)
		total += dpt_token_weight(i);
	for (uint32_t i = 0; i < WORDS; i++) {
		while (w + 1 < n &&
		       sum + dpt_token_weight(w) < (i + 0.5) / WORDS * total)
			sum += dpt_token_weight(w++);
		out[i] = w;
	}
}

/* Mean of v and the half width of its 95 % interval. */
static void interval(const double *v, double *mean, double *error)
{
	double sum = 0, squares = 0;
	for (uint32_t i = 0; i < WORDS; i++)
		sum += v[i];
	*mean = sum / WORDS;
	for (uint32_t i = 0; i < WORDS; i++)
		squares += (v[i] - *mean) * (v[i] - *mean);
	*error = 1.96 * sqrt(squares / (WORDS - 1.0) / WORDS);
}

static enum dpt_status draw(const dpt_model *model, const dpt_key *key,
                            uint64_t record, const uint32_t *in, double *same,
                            double *distance, dpt_error *err)
{
	uint32_t *out = malloc(WORDS * sizeof *out);
	if (!out)
		return dpt_fail_memory(err);
	enum dpt_status status =
	    dpt_model_draw(model, key, record, WORDS, in, out, err);
	for (uint32_t i = 0; !status && i < WORDS; i++) {
		same[i] = out[i] == in[i];
		distance[i] = dpt_index_distance(model->index, in[i], out[i]);
	}
	free(out);
	return status;
}

enum dpt_status dpt_simulate(const dpt_model *model, struct dpt_audit *out,
                             dpt_error *err)
{
	uint32_t n = model->index->header->classes;
	uint32_t *in = malloc(WORDS * sizeof *in);
	double *same = malloc(2 * WORDS * sizeof *same), ignored;
	dpt_key key;
	enum dpt_status status = dpt_index_check(model->index, err);
	if (!status)
		status = !in || !same ? dpt_fail_memory(err)
		                      : dpt_key_random(&key, err);
	*out = (struct dpt_audit){.simulated = true,
	                          .epsilon = model->info.epsilon_verified,
	                          .in_list_mean = NAN,
	                          .support_mean = NAN,
	                          .bayes_uniform = NAN,
	                          .bayes_token = NAN,
	                          .information_bits = NAN,
	                          .worst_loss = NAN};
	if (!status) {
		double *distance = same + WORDS;
		token_words(n, in);
		status = draw(model, &key, 0, in, same, distance, err);
		interval(same, &out->unchanged_token_mean, &ignored);
		if (!status) {
			uniform_words(n, in);
			status = draw(model, &key, 1, in, same, distance, err);
		}
		interval(same, &out->unchanged_mean,
		         &out->unchanged_mean_error);
		interval(distance, &out->distance_mean,
		         &out->distance_mean_error);
		dpt_key_wipe(&key);
	}
	free(in);
	free(same);
	return status;
}
