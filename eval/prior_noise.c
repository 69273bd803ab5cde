/* SPDX-License-Identifier: MIT */
/*
 * Noise with a prior: z drawn from
 *     density(z) exp(-epsilon |z - phi(w)|)
 * by Metropolis-Hastings, then the nearest word; beside the exact channel of
 * the density mechanism with the same prior, rate epsilon and power 1.
 */
#include "chain.h"
#include "cloud.h"
#include "landscape.h"
#include "memory.h"
#include "msg.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHAINS = 4 };

struct target {
	struct cloud *cloud;
	const float *word;
	double epsilon, bandwidth;
	double length;  /* |z - phi(w)| of the last z */
	size_t nearest; /* word to it */
};

/* Up to constants. */
static double log_density(void *ctx, const double *z)
{
	struct target *t = ctx;
	struct cloud *c = t->cloud;
	double factor = -0.5 / (t->bandwidth * t->bandwidth), sum = 0, d2 = 0;
	t->nearest = cloud_measure(c, z);
	double least = (double)c->d2[t->nearest];
	for (size_t u = 0; u < c->n; u++) {
		double term = factor * ((double)c->d2[u] - least);
		sum += term > -40 ? exp(term) : 0;
	}
	for (size_t i = 0; i < c->dim; i++)
		d2 += (z[i] - (double)t->word[i]) * (z[i] - (double)t->word[i]);
	t->length = sqrt(d2);
	return factor * least + log(sum) - t->epsilon * t->length;
}

/* What all chains of a word gave. */
struct sample {
	double *length;  /* CHAINS x draws */
	double *share;   /* of each word among the nearest */
	double accepted; /* share */
};

static void run_chain(const struct landscape *l, struct target *t,
                      size_t number, uint32_t w, struct sample *s)
{
	size_t dim = l->points.dim, draws = l->draws;
	struct chain c = {.dim = dim,
	                  .density = log_density,
	                  .ctx = t,
	                  .move = chain_walk,
	                  .step = 0.1,
	                  .random = {number + 1},
	                  .z = memory_new(dim, sizeof *c.z),
	                  .proposal = memory_new(dim, sizeof *c.proposal)};
	/* one starts at the word, the others anywhere */
	size_t from = number ? random_below(&c.random, l->points.n) : w;
	for (size_t i = 0; i < dim; i++)
		c.z[i] = (double)l->points.x[from * dim + i];
	chain_start(&c);
	chain_warm_up(&c, draws, 0.234);
	log_density(t, c.z);
	double length = t->length;
	size_t nearest = t->nearest;
	for (size_t i = 0; i < draws; i++) {
		if (chain_step(&c)) {
			length = t->length;
			nearest = t->nearest;
		}
		s->length[number * draws + i] = length;
		s->share[nearest] += 1 / (double)(CHAINS * draws);
	}
	s->accepted += (double)c.accepted / (double)c.steps / CHAINS;
	free(c.z);
	free(c.proposal);
}

struct comparison {
	double unchanged[2], distance[2]; /* of the noise, and exactly */
	double variation;                 /* total variation distance */
};

static struct comparison compare(const struct landscape *l, uint32_t w,
                                 const double *share, const double *p)
{
	struct comparison c = {.unchanged = {share[w], p[w]}};
	for (uint32_t v = 0; v < l->points.n; v++) {
		double d = dpt_index_distance(l->choice.index, w, v);
		c.distance[0] += share[v] * d;
		c.distance[1] += p[v] * d;
		c.variation += fabs(share[v] - p[v]) / 2;
	}
	return c;
}

static void print_word(struct landscape *l, uint32_t w, const struct target *t,
                       const struct sample *s, const double *p)
{
	FILE *f = l->output.text;
	size_t len;
	const char *word = dpt_index_word(l->choice.index, w, &len);
	struct comparison c = compare(l, w, s->share, p);
	fprintf(f, "%.*s", (int)len, word);
	tsv_short(f, t->epsilon);
	tsv_number(f, t->bandwidth, 4);
	fprintf(f, "\t%d\t%zu", CHAINS, l->draws);
	tsv_number(f, s->accepted, 3);
	tsv_number(f, chain_rhat(s->length, CHAINS, l->draws), 3);
	tsv_number(f, chain_effective(s->length, CHAINS, l->draws), 0);
	for (int i = 0; i < 2; i++)
		tsv_number(f, c.unchanged[i], 4);
	for (int i = 0; i < 2; i++)
		tsv_number(f, c.distance[i], 3);
	tsv_number(f, c.variation, 4);
	tsv_number(f, dpt_model_about(l->choice.model).epsilon_verified, 4);
	fputc('\n', f);
}

static bool one_word(struct landscape *l, struct target *t, uint32_t w)
{
	size_t n = l->points.n;
	struct sample s = {memory_new(CHAINS * l->draws, sizeof(double)),
	                   memory_new(n, sizeof(double)), 0};
	double *p = memory_new(n, sizeof *p);
	dpt_error err;
	bool ok = !dpt_model_row(l->choice.model, w, p, &err);
	t->word = l->points.x + (size_t)w * l->points.dim;
	for (size_t i = 0; ok && i < CHAINS; i++)
		run_chain(l, t, i, w, &s);
	if (ok)
		print_word(l, w, t, &s, p);
	else
		msg("%s", err.text);
	free(s.length);
	free(s.share);
	free(p);
	return ok;
}

/* The exact channel with the same prior. */
static bool open_channel(struct landscape *l, const struct target *t)
{
	struct choice *c = &l->choice;
	struct dpt_settings settings = c->settings;
	const struct dpt_param param[] = {
	    {"rate", t->epsilon}, {"power", 1}, {"bandwidth", t->bandwidth}};
	dpt_error err;
	settings.mechanism = "density";
	settings.params = 3;
	settings.param = param;
	enum dpt_status status =
	    dpt_model_new(c->index, &settings, &c->model, &err);
	progress_end(&c->progress);
	if (status)
		msg("%s", err.text);
	return status == DPT_OK;
}

static bool all_words(struct landscape *l, struct target *t)
{
	char *rest, *list = memory_check(strdup(l->words));
	bool ok = true;
	for (char *word = strtok_r(list, ",", &rest); ok && word;
	     word = strtok_r(NULL, ",", &rest)) {
		uint32_t w =
		    dpt_index_find(l->choice.index, word, strlen(word));
		if (w == DPT_NO_WORD)
			msg("the index has no word '%s'", word);
		ok = w != DPT_NO_WORD && one_word(l, t, w);
	}
	free(list);
	return ok;
}

bool landscape_chains(struct landscape *l)
{
	struct cloud cloud;
	struct target t = {.cloud = &cloud,
	                   .bandwidth = l->bandwidth > 0
	                                    ? l->bandwidth
	                                    : landscape_mean_reach(l)};
	bool ok = true;
	cloud_make(&cloud, &l->points);
	fputs("word\tepsilon\tbandwidth\tchains\tdraws\taccepted\tsplit_rhat\t"
	      "effective\tunchanged_noise\tunchanged_exact\tdistance_noise\t"
	      "distance_exact\ttotal_variation\texact_epsilon_verified\n",
	      l->output.text);
	for (size_t e = 0; ok && e < l->sweep.epsilons; e++) {
		t.epsilon = l->sweep.epsilon[e];
		ok = open_channel(l, &t) && all_words(l, &t);
		sweep_close(&l->choice);
	}
	cloud_free(&cloud);
	return ok;
}
