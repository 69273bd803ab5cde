/* SPDX-License-Identifier: MIT */
/*
 * Is the calibration of gumbel good?  Tries random (rate, scale, fallback)
 * and counts those that keep epsilon and the unchanged share with an expected
 * distance more than 2 % below that of the calibrated setting.
 *
 *     search INDEX POINTS EPSILON...
 */
#include "calibrate.h"
#include "channel.h"

#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define UNCHANGED 0.5
#define MARGIN 0.98

static struct dpt_rates rates;
static dpt_error err;

static void must(enum dpt_status status)
{
	if (status) {
		fprintf(stderr, "search: %s\n", err.text);
		exit(2);
	}
}

static double between(struct dpt_rng *rng, double low, double high)
{
	return low * pow(high / low, dpt_rng_unit(rng));
}

static bool feasible(const dpt_channel *c, double epsilon)
{
	struct dpt_verdict verdict;
	must(dpt_channel_verify(c, &rates, epsilon, &verdict, &err));
	return verdict.epsilon <= epsilon;
}

/* Whether one random point is feasible and clearly better. */
static bool beats(struct dpt_rng *rng, double epsilon, double best)
{
	struct dpt_setting s = {
	    .scale = between(rng, 0.1, 20),
	    .fallback = between(rng, 1e-4, 1),
	    .mean = log(rates.ground.n),
	    .kmax = rates.ground.lists.k < 63 ? rates.ground.lists.k + 1 : 64};
	size_t i;
	must(dpt_rates_find(
	    &rates, floor(between(rng, epsilon / 8, epsilon) * 256) / 256, &i,
	    &err));
	s.rate = (uint32_t)i;
	const struct dpt_rate *rate = &rates.rate[i];
	if (rate->epsilon > epsilon)
		return false;
	dpt_channel *c;
	struct dpt_candidates k;
	must(dpt_channel_new(&rates.ground, &s, rate->t, rates.others[i], &c,
	                     &err));
	must(dpt_candidates_measure(c, 2, &k, &err));
	dpt_setting_average(&s, &k, rate);
	bool better = s.unchanged_token_mean <= UNCHANGED &&
	              s.distance_mean < MARGIN * best && feasible(c, epsilon);
	if (better)
		printf("  rate %.4f scale %.3f fallback %.5f: distance %.4f\n",
		       rate->t, s.scale, s.fallback, s.distance_mean);
	dpt_channel_free(c);
	return better;
}

int main(int argc, char **argv)
{
	dpt_index *index;
	struct dpt_settings settings = {.threads = 2};
	struct dpt_rng rng;
	dpt_key key;
	int found = 0;
	if (argc < 4)
		return 2;
	openblas_set_num_threads(1);
	must(dpt_index_open(argv[1], &index, &err));
	must(dpt_rates_open(&rates, index, &settings, &err));
	dpt_key_from_seed(&key, 1);
	for (int a = 3; a < argc; a++) {
		struct dpt_setting best;
		double epsilon = atof(argv[a]);
		must(dpt_calibrate_gumbel(&rates, epsilon, UNCHANGED, &best,
		                          &err));
		printf("epsilon %g: rate %.4f scale %.3f fallback %.5f: eps* "
		       "%.6f, unchanged %.4f, distance %.4f\n",
		       epsilon, rates.rate[best.rate].t, best.scale,
		       best.fallback, best.verified, best.unchanged_token_mean,
		       best.distance_mean);
		fflush(stdout);
		dpt_rng_start(&rng, &key, (uint64_t)a);
		for (int i = 0; i < atoi(argv[2]); i++)
			found += beats(&rng, epsilon, best.distance_mean);
	}
	printf("%d better points\n", found);
	dpt_rates_free(&rates);
	dpt_index_free(index);
	return found > 0;
}
