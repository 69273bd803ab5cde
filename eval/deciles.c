/* SPDX-License-Identifier: MIT */
/*
 * Density by three bandwidths against frequency rank and the probability that
 * a word stays as it is: rank correlations, and means by tenths of the words
 * in order of their density.
 */
#include "landscape.h"
#include "memory.h"
#include "msg.h"

#include <math.h>
#include <stdlib.h>

enum { PARTS = 10 };

/* One estimate, and the words in its order. */
struct density {
	const char *rule;
	double bandwidth; /* mean */
	double *log;
	uint32_t *order;
};

static const double *sorted_by;

static int by_density(const void *a, const void *b)
{
	double x = sorted_by[*(const uint32_t *)a];
	double y = sorted_by[*(const uint32_t *)b];
	return (x > y) - (x < y);
}

static struct density estimate(const struct landscape *l, const char *rule,
                               double bandwidth)
{
	size_t n = l->points.n;
	double *h = memory_new(n, sizeof *h);
	struct density d = {rule, 0, memory_new(n, sizeof *d.log),
	                    memory_new(n, sizeof *d.order)};
	for (uint32_t w = 0; w < n; w++) {
		h[w] = bandwidth > 0 ? bandwidth : landscape_reach(l, w);
		d.bandwidth += h[w] / (double)n;
		d.order[w] = w;
	}
	density_estimate(&l->points, h, d.log);
	sorted_by = d.log;
	qsort(d.order, n, sizeof *d.order, by_density);
	free(h);
	return d;
}

/* What is known of each word, beside its density. */
struct figures {
	double *rank, *unchanged;
};

static double mean(const struct density *d, const double *x, size_t from,
                   size_t to)
{
	double sum = 0;
	for (size_t i = from; i < to; i++)
		sum += x[d->order[i]];
	return sum / (double)(to - from);
}

static void print_part(struct landscape *l, const struct density *d,
                       const struct dpt_model_info *model,
                       const struct figures *f, int part)
{
	FILE *out = l->output.text;
	size_t n = l->points.n,
	       from = part ? n * (size_t)(part - 1) / PARTS : 0;
	size_t to = part ? n * (size_t)part / PARTS : n;
	if (from == to)
		return;
	fprintf(out, "%s", d->rule);
	tsv_number(out, d->bandwidth, 4);
	fprintf(out, "\t%s", model->mechanism->name);
	tsv_short(out, model->epsilon_requested);
	tsv_number(out, model->epsilon_verified, 6);
	if (part)
		fprintf(out, "\t%d", part);
	else
		fputs("\tall", out);
	fprintf(out, "\t%zu", to - from);
	tsv_number(out, mean(d, d->log, from, to), 3);
	tsv_number(out, mean(d, f->rank, from, to), 1);
	tsv_number(out, mean(d, f->unchanged, from, to), 6);
	tsv_number(out, part ? NAN : rank_correlation(n, d->log, f->rank), 4);
	tsv_number(out, part ? NAN : rank_correlation(n, d->log, f->unchanged),
	           4);
	fputc('\n', out);
}

static bool audit(struct landscape *l, struct figures *f)
{
	struct choice *c = &l->choice;
	size_t n = l->points.n;
	struct dpt_word_audit *each = memory_new(n, sizeof *each);
	struct dpt_audit all;
	dpt_error err;
	enum dpt_status status =
	    dpt_model_audit_words(c->model, &c->settings, &all, each, &err);
	progress_end(&c->progress);
	if (status)
		msg("%s", err.text);
	for (size_t w = 0; w < n; w++) {
		f->rank[w] = (double)w + 1;
		f->unchanged[w] = each[w].unchanged;
	}
	free(each);
	return status == DPT_OK;
}

static bool one_model(struct landscape *l, const struct density *d, size_t n,
                      const struct dpt_mechanism *mechanism, double epsilon)
{
	struct figures f = {memory_new(l->points.n, sizeof(double)),
	                    memory_new(l->points.n, sizeof(double))};
	bool refused, ok = sweep_open(&l->choice, mechanism, epsilon, &refused);
	if (ok && !refused) {
		struct dpt_model_info info = dpt_model_about(l->choice.model);
		ok = audit(l, &f);
		for (size_t i = 0; ok && i < n; i++)
			for (int part = 0; part <= PARTS; part++)
				print_part(l, &d[i], &info, &f, part);
	}
	sweep_close(&l->choice);
	free(f.rank);
	free(f.unchanged);
	return ok;
}

bool landscape_deciles(struct landscape *l)
{
	const struct points *p = &l->points;
	double spread = density_spread(p);
	struct density d[] = {
	    estimate(l, "scott", density_scott(p->n, p->dim, spread)),
	    estimate(l, "silverman", density_silverman(p->n, p->dim, spread)),
	    estimate(l, "knn", 0),
	};
	enum { RULES = sizeof d / sizeof *d };
	bool ok = true;
	fputs(
	    "rule\tbandwidth\tmechanism\tepsilon_requested\tepsilon_verified\t"
	    "decile\twords\tlog_density\trank\tunchanged\tspearman_rank\t"
	    "spearman_unchanged\n",
	    l->output.text);
	for (size_t m = 0; ok && m < l->sweep.mechanisms; m++)
		for (size_t e = 0; ok && e < l->sweep.epsilons; e++)
			ok = one_model(l, d, RULES, l->sweep.mechanism[m],
			               l->sweep.epsilon[e]);
	for (size_t i = 0; i < RULES; i++) {
		free(d[i].log);
		free(d[i].order);
	}
	return ok;
}
