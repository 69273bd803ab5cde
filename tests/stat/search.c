/* SPDX-License-Identifier: MIT */
/*
 * Is the calibration of gumbel good?  Tries random (rate, scale, fallback)
 * and counts those that keep epsilon and the unchanged share with an expected
 * distance more than 2 % below that of the setting the filter uses.
 *
 *     search [--power] INDEX POINTS EPSILON...
 *
 * With --power the filter's distances are taken for 10 % more than they are,
 * and a better point must be found at every epsilon: the exit status is 0 when
 * it is.
 */
#include "calibrate.h"
#include "channel.h"

#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNCHANGED 0.5
#define MARGIN 0.98
#define HANDICAP 1.1
#define LEAST_FALLBACK 1e-6
#define RATES 200  /* random ones, measured in one pass for an epsilon */
#define SCALES 200 /* random ones, the same for all */

/* A scale and the averages of the candidates with it, at whatever rate. */
struct scale {
	double b;
	struct dpt_candidates averages;
};

struct search {
	struct dpt_rates rates;
	struct dpt_rng rng;
	size_t first; /* of the random rates */
	struct scale scale[SCALES];
	double epsilon, aim;
	int promising, verified, found;
	double best;
};

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

/* ------------------------------------------------------- what is measured */

static struct dpt_setting setting_of(const struct dpt_rates *rates, size_t rate,
                                     double b, double f)
{
	uint32_t listed = rates->ground.lists.k + 1;
	return (struct dpt_setting){.scale = b,
	                            .fallback = f,
	                            .mean = log(rates->ground.n),
	                            .kmax = listed < 64 ? listed : 64,
	                            .rate = (uint32_t)rate};
}

static void measure_scales(struct search *s)
{
	for (int i = 0; i < SCALES; i++) {
		struct scale *scale = &s->scale[i];
		dpt_channel *c;
		scale->b = between(&s->rng, 0.1, 20);
		struct dpt_setting any =
		    setting_of(&s->rates, 0, scale->b, 0.5);
		must(dpt_channel_new(&s->rates.ground, &any, s->rates.rate[0].t,
		                     s->rates.others[0], &c, &err));
		must(dpt_candidates_measure(c, s->rates.threads,
		                            &scale->averages, &err));
		dpt_channel_free(c);
	}
}

/*
 * A rate costs from one to two times itself, so none above epsilon keeps it;
 * and however large epsilon is, the limit on the unchanged share lets slow
 * ones be the best.
 */
static void measure_rates(struct search *s)
{
	double t[RATES];
	for (int i = 0; i < RATES; i++)
		t[i] = between(&s->rng, fmin(s->epsilon, 2) / 8, s->epsilon);
	s->first = s->rates.count;
	must(dpt_rates_measure(&s->rates, RATES, t, &err));
}

/* --------------------------------------------------------------- a point */

/* Cuts from [*low, *high] the f at which (1-f) k + f e is above limit. */
static void keep_below(double limit, double k, double e, double *low,
                       double *high)
{
	double f = (limit - k) / (e - k);
	if (e > k)
		*high = fmin(*high, f);
	else if (e < k)
		*low = fmax(*low, f);
	else if (k > limit)
		*high = -1;
}

/* Whether a setting that is better than the filter's keeps epsilon. */
static bool feasible(struct search *s, const struct scale *scale, size_t rate,
                     double f)
{
	struct dpt_verdict verdict;
	struct dpt_setting x = setting_of(&s->rates, rate, scale->b, f);
	must(dpt_setting_verify(&s->rates, &x, s->epsilon, &verdict, &err));
	s->verified++;
	if (verdict.epsilon > s->epsilon)
		return false;
	dpt_setting_average(&x, &scale->averages, &s->rates.rate[rate]);
	s->best = fmin(s->best, x.distance_mean);
	return true;
}

/*
 * Both averages are linear in the fallback: they tell where it would have to
 * be.  Only there is the channel verified, at a random place and, where there
 * is most of what makes the guarantee, at the upper end.
 */
static void try_point(struct search *s)
{
	const struct scale *scale = &s->scale[dpt_rng_below(&s->rng, SCALES)];
	size_t i = s->first + dpt_rng_below(&s->rng, RATES);
	const struct dpt_candidates *k = &scale->averages;
	const struct dpt_rate *e = &s->rates.rate[i];
	double low = LEAST_FALLBACK, high = 1;
	double place = dpt_rng_unit(&s->rng);
	keep_below(UNCHANGED, k->unchanged_token_mean, e->unchanged_token_mean,
	           &low, &high);
	keep_below(s->aim, k->distance_mean, e->distance_mean, &low, &high);
	if (low > high || e->epsilon > s->epsilon)
		return;
	s->promising++;
	s->found += feasible(s, scale, i, high) ||
	            feasible(s, scale, i, low * pow(high / low, place));
}

/* ----------------------------------------------------------- an epsilon */

/* What the filter uses: stored in the index, or calibrated. */
static double distance_used(const dpt_index *index, double epsilon)
{
	struct dpt_settings settings = {.mechanism = "gumbel",
	                                .epsilon = epsilon,
	                                .max_unchanged = UNCHANGED,
	                                .threads = 2};
	dpt_model *model;
	must(dpt_model_new(index, &settings, &model, &err));
	struct dpt_model_info info = dpt_model_about(model);
	printf("epsilon %g: rate %.4f scale %.3f fallback %.5f: eps* %.6f, "
	       "unchanged %.4f, distance %.4f\n",
	       epsilon, info.value[0], info.value[1], info.value[2],
	       info.epsilon_verified, info.unchanged_token_mean,
	       info.distance_mean);
	fflush(stdout);
	dpt_model_free(model);
	return info.distance_mean;
}

/* The number of random points that are feasible and clearly better. */
static int search(const dpt_index *index, double epsilon, int points,
                  bool power, uint64_t stream)
{
	static struct search s;
	struct dpt_settings settings = {.threads = 2};
	dpt_key key;
	double used = distance_used(index, epsilon);
	s = (struct search){.epsilon = epsilon,
	                    .aim = MARGIN * (power ? HANDICAP : 1) * used,
	                    .best = INFINITY};
	dpt_key_from_seed(&key, 1);
	dpt_rng_start(&s.rng, &key, stream);
	must(dpt_rates_open(&s.rates, index, &settings, &err));
	measure_scales(&s);
	measure_rates(&s);
	int tried = 0;
	while (tried < points && !(power && s.found)) {
		try_point(&s);
		tried++;
	}
	printf("  %d points: %d worth a look, %d verified, %d better", tried,
	       s.promising, s.verified, s.found);
	if (s.found)
		printf(", least distance %.4f", s.best);
	printf("\n");
	dpt_rates_free(&s.rates);
	return s.found;
}

int main(int argc, char **argv)
{
	bool power = argc > 1 && strcmp(argv[1], "--power") == 0;
	dpt_index *index;
	int missed = 0, found = 0;
	argv += power;
	argc -= power;
	if (argc < 4) {
		fprintf(stderr,
		        "usage: search [--power] INDEX POINTS EPSILON...\n");
		return 2;
	}
	openblas_set_num_threads(1);
	must(dpt_index_open(argv[1], &index, &err));
	for (int a = 3; a < argc; a++) {
		int better = search(index, atof(argv[a]), atoi(argv[2]), power,
		                    (uint64_t)a);
		found += better;
		missed += better == 0;
	}
	printf("%d better points\n", found);
	dpt_index_free(index);
	return power ? missed > 0 : found > 0;
}
