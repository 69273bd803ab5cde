/* SPDX-License-Identifier: MIT */
/*
 * What mechanisms claim and hold, what they leave of words, and what that
 * comes to over the records of a corpus.
 */
#include "commands.h"
#include "experiment.h"
#include "memory.h"
#include "msg.h"
#include "tsv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DELTA = 256 };

static const struct opt table[] = {
    SWEEP_OPTIONS,
    SOURCE_OPTIONS,
    {DELTA, "delta", "DELTA", "for the optimal composition [1e-6]"},
    {'o', "output", "OUT", "keep the table there [standard output]"},
    {'q', "quiet", NULL, "no progress on the terminal"},
};

static const struct opt_program program = {
    "dptext-eval privacy",
    "[-e EPS,...] [-m MECH,...] [--corpus [DIR/]NAME]\n"
    "[-e EPS,...] [-m MECH,...] --train FILE --test FILE [--format FORMAT]",
    "What mechanisms promise, hold, leave and lose over a corpus.",
    table,
    sizeof table / sizeof *table,
    NULL};

static const char more[] =
    "All figures are exact, but for laplace, whose epsilon holds by theorem\n"
    "and whose shares are simulated.  Output is tab-separated; rows that OUT\n"
    "has already are not computed again.";

enum { WORST_WORDS = 5, QUANTILES = 3 };

static const double quantiles[QUANTILES] = {0.05, 0.5, 0.95};

struct privacy {
	struct experiment e;
	double delta;

	uint32_t n;     /* words of the index */
	double *sorted; /* scratch for n */
	double *record; /* words of each training text, rising; NULL: not yet
	                 * counted, for want of a model */

	/* The setting being measured. */
	FILE *f;
	struct dpt_word_audit *each;
	struct dpt_audit audit;
};

/* -------------------------------------------------------------- options */

static void set_option(void *ctx, int id, const char *arg)
{
	struct privacy *p = ctx;
	switch (id) {
	case DELTA: p->delta = opt_number("--delta", arg, 1e-30, 0.5); break;
	default: experiment_option(&p->e, id, arg);
	}
}

/* ------------------------------------------------------------- measuring */

static int rising(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* The smallest value that a share q of all do not exceed. */
static double quantile(const double *sorted, size_t n, double q)
{
	size_t i = (size_t)ceil(q * (double)n);
	return sorted[i > 0 ? i - 1 : 0];
}

/* How many words dptext finds in a text. */
static bool count_words(struct privacy *p, const dpt_model *model, size_t row)
{
	struct texts one = {0}, became = {0};
	struct dpt_counts counts;
	dpt_error err;
	size_t len;
	const char *text = texts_at(&p->e.source.train.texts, row, &len);
	struct progress none = {0};
	texts_add(&one, text, len);
	enum dpt_status status =
	    texts_rewrite(&one, model, 1, 0, 1, &none, &became, &counts, &err);
	if (status)
		msg("training text %zu: %s", row + 1, err.text);
	else
		p->record[row] = (double)counts.words;
	texts_free(&one);
	texts_free(&became);
	return !status;
}

static bool count_records(struct privacy *p, const dpt_model *model)
{
	size_t rows = p->e.source.train.texts.rows;
	if (p->record)
		return true;
	p->record = memory_new(rows, sizeof *p->record);
	for (size_t row = 0; row < rows; row++)
		if (!count_words(p, model, row))
			return false;
	qsort(p->record, rows, sizeof *p->record, rising);
	return true;
}

static bool audit(struct privacy *p, const dpt_model *model)
{
	dpt_error err;
	struct choice *c = &p->e.choice;
	enum dpt_status status = dpt_model_audit_words(
	    model, &c->settings, &p->audit, p->each, &err);
	if (status == DPT_EUNKNOWN) {
		for (uint32_t w = 0; w < p->n; w++)
			p->each[w] = (struct dpt_word_audit){NAN, NAN, NAN};
		status = dpt_model_audit(model, &c->settings, &p->audit, &err);
	}
	progress_end(&c->progress);
	if (status)
		msg("%s", err.text);
	return !status;
}

/* ---------------------------------------------------------------- table */

static const char header[] =
    "corpus\tmechanism\tguarantee\tepsilon_requested\tepsilon_verified\thow\t"
    "parameters\tworst_word\tworst_other\tworst_output\t"
    "unchanged\tunchanged_token\t"
    "unchanged_q05\tunchanged_q50\tunchanged_q95\tleast_changed\t"
    "support\tsupport_q05\tsupport_q50\tsupport_q95\tleast_support\t"
    "distance\tin_list\tbayes_uniform\tbayes_token\tinformation_bits\t"
    "worst_loss\tworst_loss_how\t"
    "record_words_q05\trecord_words_q50\trecord_words_q95\t"
    "metric_q50\tmetric_q95\tbasic_q50\tbasic_q95\toptimal_q50\toptimal_q95\t"
    "config";

static void print_notes(const void *ctx, FILE *f)
{
	const struct privacy *p = ctx;
	fprintf(f,
	        " --delta %g\n"
	        "# %s: %zu training texts are the records\n"
	        "# q05, q50, q95: quantiles over all words, or all records; "
	        "metric: epsilon_verified x words, per unit of distance; "
	        "basic, optimal: plain local differential privacy of a record\n"
	        "# worst_loss is exact, or a bound: epsilon_verified x the "
	        "largest distance, %.6f\n",
	        p->delta, p->e.source.name, p->e.source.train.texts.rows,
	        dpt_index_about(p->e.choice.index).distance_max);
}

static void print_word(const struct privacy *p, uint32_t w)
{
	size_t len;
	const char *word = dpt_index_word(p->e.choice.index, w, &len);
	fwrite(word, 1, len, p->f);
}

static void print_worst(const struct privacy *p)
{
	const struct dpt_audit *a = &p->audit;
	bool known = !a->simulated && a->worst[0] != a->worst[1];
	for (int i = 0; i < 3; i++) {
		fputc('\t', p->f);
		if (known)
			print_word(p, a->worst[i]);
		else
			fputc('-', p->f);
	}
}

static void print_parameters(FILE *f, const struct dpt_model_info *info)
{
	fputc('\t', f);
	for (size_t i = 0; i < info->mechanism->params; i++)
		fprintf(f, "%s%s=%.6g", i ? " " : "",
		        info->mechanism->param[i].name, info->value[i]);
	if (info->mechanism->params == 0)
		fputc('-', f);
}

static double unchanged_of(const struct dpt_word_audit *w)
{
	return w->unchanged;
}

static double support_of(const struct dpt_word_audit *w)
{
	return w->support;
}

static void print_quantiles(struct privacy *p,
                            double (*of)(const struct dpt_word_audit *w),
                            int digits)
{
	for (uint32_t w = 0; w < p->n; w++)
		p->sorted[w] = of(&p->each[w]);
	qsort(p->sorted, p->n, sizeof *p->sorted, rising);
	for (int i = 0; i < QUANTILES; i++)
		tsv_number(p->f, quantile(p->sorted, p->n, quantiles[i]),
		           digits);
}

/* Ties go to the more frequent word. */
static bool is_worse(const struct privacy *p, uint32_t w, uint32_t x,
                     double (*of)(const struct dpt_word_audit *w), double sign)
{
	double a = sign * of(&p->each[w]), b = sign * of(&p->each[x]);
	return a > b || (a == b && w < x);
}

/* The words where a figure is largest (sign 1) or smallest (-1). */
static void print_extreme(const struct privacy *p,
                          double (*of)(const struct dpt_word_audit *w),
                          double sign, int digits)
{
	uint32_t worst[WORST_WORDS + 1], n = 0;
	FILE *f = p->f;
	fputc('\t', f);
	if (p->audit.simulated) {
		fputc('-', f);
		return;
	}
	for (uint32_t w = 0; w < p->n; w++) {
		uint32_t i = n < WORST_WORDS ? n++ : WORST_WORDS;
		for (; i > 0 && is_worse(p, w, worst[i - 1], of, sign); i--)
			worst[i] = worst[i - 1];
		worst[i] = w;
	}
	for (uint32_t i = 0; i < n; i++) {
		fputs(i ? " " : "", f);
		print_word(p, worst[i]);
		fprintf(f, "=%.*f", digits, of(&p->each[worst[i]]));
	}
}

static void print_words(struct privacy *p)
{
	FILE *f = p->f;
	const struct dpt_audit *a = &p->audit;
	tsv_number(f, a->unchanged_mean, 6);
	tsv_number(f, a->unchanged_token_mean, 6);
	print_quantiles(p, unchanged_of, 6);
	print_extreme(p, unchanged_of, 1, 4);
	tsv_number(f, a->support_mean, 4);
	print_quantiles(p, support_of, 0);
	print_extreme(p, support_of, -1, 0);
	tsv_number(f, a->distance_mean, 4);
	tsv_number(f, a->in_list_mean, 6);
	tsv_number(f, a->bayes_uniform, 6);
	tsv_number(f, a->bayes_token, 6);
	tsv_number(f, a->information_bits, 4);
}

static void print_composition(const struct privacy *p, double epsilon)
{
	FILE *f = p->f;
	double loss = p->audit.worst_loss;
	bool known = !isnan(loss);
	if (!known)
		loss =
		    epsilon * dpt_index_about(p->e.choice.index).distance_max;
	tsv_number(f, loss, 4);
	fprintf(f, "\t%s", known ? "exact" : "bound");
	double words[QUANTILES];
	for (int i = 0; i < QUANTILES; i++) {
		words[i] = quantile(p->record, p->e.source.train.texts.rows,
		                    quantiles[i]);
		tsv_number(f, words[i], 0);
	}
	for (int i = 1; i < QUANTILES; i++)
		tsv_number(f, words[i] * epsilon, 4);
	for (int i = 1; i < QUANTILES; i++)
		tsv_number(f, dpt_compose_basic(loss, (uint64_t)words[i]), 4);
	for (int i = 1; i < QUANTILES; i++)
		tsv_number(
		    f, dpt_compose_optimal(loss, (uint64_t)words[i], p->delta),
		    4);
}

static const char *how_known(enum dpt_guarantee guarantee)
{
	switch (guarantee) {
	case DPT_THEOREM: return "theorem, simulated";
	case DPT_NOMINAL: return "realised";
	default: return "verified";
	}
}

static bool measure(void *ctx, struct measurement *m)
{
	struct privacy *p = ctx;
	const struct setting *s = m->setting;
	enum dpt_guarantee g = s->mechanism->guarantee;
	if (!count_records(p, m->model) || !audit(p, m->model))
		return false;
	double holds = g == DPT_THEOREM ? s->epsilon : p->audit.epsilon;
	p->f = m->figures;
	tsv_number(p->f, holds, 6);
	fprintf(p->f, "\t%s", how_known(g));
	print_parameters(p->f, &s->about);
	print_worst(p);
	print_words(p);
	print_composition(p, holds);
	fputc('\n', p->f);
	snprintf(m->said, sizeof m->said, "%.4g holds, %.1f %% unchanged",
	         holds, 100 * p->audit.unchanged_token_mean);
	return true;
}

static bool run(struct privacy *p)
{
	struct experiment *e = &p->e;
	if (!experiment_open(e, e->sweep.epsilon, e->sweep.epsilons))
		return false;
	struct dpt_index_info index = dpt_index_about(e->choice.index);
	p->n = index.classes;
	p->each = memory_new(p->n, sizeof *p->each);
	p->sorted = memory_new(p->n, sizeof *p->sorted);
	snprintf(e->depends, sizeof e->depends, "%.17g %016llx", p->delta,
	         (unsigned long long)index.checksum);
	return experiment_resolve(e) && experiment_run(e, 1);
}

int privacy_main(int argc, char **argv)
{
	static struct privacy p = {.e = {.command = "privacy",
	                                 .header = header,
	                                 .verdict = "how",
	                                 .print_notes = print_notes,
	                                 .measure = measure,
	                                 .ctx = &p},
	                           .delta = 1e-6};
	experiment_start(&p.e);
	source_parse(&p.e.source, &program, more, argc, argv, set_option, &p);
	bool ok = run(&p);
	free(p.each);
	free(p.sorted);
	free(p.record);
	experiment_free(&p.e);
	return ok ? EXIT_DONE : EXIT_FAILED;
}
