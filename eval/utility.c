/* SPDX-License-Identifier: MIT */
/*
 * What rewritten text is good for: a classifier learns from rewritten
 * training text and is tested on text as it is.
 */
#include "classify.h"
#include "commands.h"
#include "interval.h"
#include "msg.h"
#include "source.h"
#include "sweep.h"
#include "tsv.h"

#include <linear.h>
#include <math.h>
#include <stdlib.h>

enum {
	SEEDS = 256,
};

static const struct opt table[] = {
    SWEEP_OPTIONS,
    SOURCE_OPTIONS,
    {SEEDS, "seeds", "N", "rewrite N times, with seeds 1 to N [3]"},
    {'o', "output", "OUT", "write the table there [standard output]"},
    {'q', "quiet", NULL, "no progress, no table on the terminal"},
};

static const struct opt_program program = {
    "dptext-eval utility",
    "[-e EPS,...] [-m MECH,...] --train FILE --test FILE [--format FORMAT]\n"
    "[-e EPS,...] [-m MECH,...] --train FILE --split K [--format FORMAT]",
    "Accuracy of a classifier trained on rewritten text.",
    table,
    sizeof table / sizeof *table,
    NULL};

static const char more[] =
    "Output is tab-separated.  The classifier is logistic regression on\n"
    "tf-idf; intervals are 95 % by Student's t over the seeds.";

enum { MOST_SEEDS = 1000 };

struct utility {
	struct choice choice;
	struct sweep sweep;
	struct source source;
	size_t seeds;
	const char *out;
	bool quiet;

	struct tsv output;
	bool show; /* rows on the terminal */
};

/* One row of the table. */
struct result {
	const char *mechanism, *guarantee;
	double requested, verified, unchanged, seconds;
	struct interval accuracy, macro_f1;
	bool refused;
};

/* ------------------------------------------------------------- options */

static void set_option(struct utility *u, int id, const char *arg)
{
	switch (id) {
	case SEEDS: u->seeds = opt_count("--seeds", arg, 1, MOST_SEEDS); break;
	case 'o': u->out = arg; break;
	case 'q': u->quiet = true; break;
	default:
		if (!source_option(&u->source, id, arg))
			sweep_option(&u->sweep, &u->choice, id, arg);
	}
}

static void parse(struct utility *u, int argc, char **argv)
{
	const char *arg;
	int id, operands;
	struct opt_program p = program;
	char *help = source_help(more);
	p.more = help;
	msg_start(program.name); /* whose --help is the right one */
	while ((id = opt_next(&p, argc, argv, &arg, &operands)) != -1)
		set_option(u, id, arg);
	if (operands != argc)
		msg_usage("files are named by --train and --test");
	source_check(&u->source);
	free(help);
	msg_start("dptext-eval");
}

/* --------------------------------------------------------------- table */

static void print_header(struct utility *u)
{
	FILE *f = u->output.text;
	const struct source *s = &u->source;
	tsv_about(&u->output, "utility", u->choice.index);
	sweep_print(&u->sweep, &u->choice, f);
	source_print(s, f);
	fprintf(f,
	        " --seeds %zu\n"
	        "# LIBLINEAR %d.%d; rewritten with seeds 1 to %zu: "
	        "reproducible, for research, NOT private\n"
	        "# %s: %zu training texts, %zu test texts, %zu labels\n",
	        u->seeds, liblinear_version / 100, liblinear_version % 100,
	        u->seeds, s->name, s->train.texts.rows, s->test.texts.rows,
	        s->labels.n);
	fputs("corpus\tmechanism\tguarantee\tepsilon_requested\t"
	      "epsilon_verified\tunchanged\taccuracy\taccuracy_ci95\t"
	      "macro_f1\tseconds\n",
	      f);
	if (u->show)
		fprintf(stderr, "%-18s %9s %9s %9s  %-15s %8s %8s\n",
		        "mechanism", "eps asked", "eps holds", "unchanged",
		        "accuracy", "macro-F1", "seconds");
}

static void show_result(const struct result *r)
{
	char accuracy[32] = "refused";
	if (!r->refused && isnan(r->accuracy.half))
		snprintf(accuracy, sizeof accuracy, "%.4f", r->accuracy.mean);
	else if (!r->refused)
		snprintf(accuracy, sizeof accuracy, "%.4f +- %.4f",
		         r->accuracy.mean, r->accuracy.half);
	fprintf(stderr, "%-18s %9g %9.4f %9.4f  %-15s %8.4f %8.1f\n",
	        r->mechanism, r->requested, r->verified, r->unchanged, accuracy,
	        r->macro_f1.mean, r->seconds);
}

static void print_result(struct utility *u, const struct result *r)
{
	FILE *f = u->output.text;
	fprintf(f, "%s\t%s\t%s", u->source.name, r->mechanism, r->guarantee);
	tsv_short(f, r->requested);
	tsv_number(f, r->verified, 6);
	tsv_number(f, r->unchanged, 4);
	if (r->refused)
		fputs("\trefused", f);
	else
		tsv_number(f, r->accuracy.mean, 4);
	tsv_number(f, r->accuracy.half, 4);
	tsv_number(f, r->macro_f1.mean, 4);
	tsv_number(f, r->seconds, 1);
	fputc('\n', f);
	if (u->show)
		show_result(r);
}

/* ----------------------------------------------------------- measuring */

static struct scores learn(const struct utility *u, const struct texts *train)
{
	const struct source *c = &u->source;
	struct vocabulary words;
	struct vectors x, z;
	vocabulary_make(&words, train);
	vectors_tfidf(&x, &words, train);
	vectors_tfidf(&z, &words, &c->test.texts);
	struct model *model = classify_train(&x, c->train.label);
	struct scores scores =
	    classify_test(model, &z, c->test.label, c->labels.n);
	classify_free(model);
	vectors_free(&x);
	vectors_free(&z);
	vocabulary_free(&words);
	return scores;
}

static void measure_clean(struct utility *u)
{
	double started = now_seconds();
	struct scores s = learn(u, &u->source.train.texts);
	struct result r = {.mechanism = "clean",
	                   .guarantee = dpt_guarantee_name(DPT_NONE),
	                   .requested = NAN,
	                   .verified = NAN,
	                   .unchanged = 1,
	                   .seconds = now_seconds() - started,
	                   .accuracy = {s.accuracy, NAN},
	                   .macro_f1 = {s.macro_f1, NAN}};
	print_result(u, &r);
}

/* Rewrites and learns with every seed. */
static bool measure_seeds(struct utility *u, const dpt_model *model,
                          struct result *r)
{
	double accuracy[MOST_SEEDS], macro_f1[MOST_SEEDS];
	double words = 0, unchanged = 0;
	for (size_t i = 0; i < u->seeds; i++) {
		struct texts texts = {0};
		struct dpt_counts counts;
		dpt_error err;
		if (texts_rewrite(&u->source.train.texts, model, i + 1,
		                  u->choice.settings.threads,
		                  &u->choice.progress, &texts, &counts, &err)) {
			texts_free(&texts);
			msg("training text %llu: %s",
			    (unsigned long long)err.record, err.text);
			return false;
		}
		struct scores s = learn(u, &texts);
		texts_free(&texts);
		accuracy[i] = s.accuracy;
		macro_f1[i] = s.macro_f1;
		words += (double)counts.words;
		unchanged += (double)counts.unchanged;
	}
	r->unchanged = unchanged / words;
	r->accuracy = interval_of(accuracy, u->seeds);
	r->macro_f1 = interval_of(macro_f1, u->seeds);
	return true;
}

static bool measure(struct utility *u, const struct dpt_mechanism *mechanism,
                    double epsilon)
{
	struct choice *c = &u->choice;
	double started = now_seconds();
	struct result r = {.mechanism = mechanism->name,
	                   .guarantee =
	                       dpt_guarantee_name(mechanism->guarantee),
	                   .requested = epsilon,
	                   .verified = NAN,
	                   .unchanged = NAN,
	                   .accuracy = {NAN, NAN},
	                   .macro_f1 = {NAN, NAN}};
	if (!sweep_open(c, mechanism, epsilon, &r.refused))
		return false;
	if (!r.refused) {
		r.verified = dpt_model_about(c->model).epsilon_verified;
		bool ok = measure_seeds(u, c->model, &r);
		sweep_close(c);
		if (!ok)
			return false;
	}
	r.seconds = now_seconds() - started;
	print_result(u, &r);
	return true;
}

static bool run(struct utility *u)
{
	const struct sweep *s = &u->sweep;
	if (!tsv_open(&u->output, u->out) || !source_read(&u->source) ||
	    !choice_open_index(&u->choice))
		return false;
	print_header(u);
	measure_clean(u);
	for (size_t m = 0; m < s->mechanisms; m++)
		for (size_t e = 0; e < s->epsilons; e++)
			if (!measure(u, s->mechanism[m], s->epsilon[e]))
				return false;
	return tsv_commit(&u->output);
}

int utility_main(int argc, char **argv)
{
	static struct utility u;
	choice_start(&u.choice);
	sweep_start(&u.sweep);
	source_start(&u.source);
	u.seeds = 3;
	parse(&u, argc, argv);
	progress_start(&u.choice.progress, !u.quiet);
	u.show = u.choice.progress.on;

	bool ok = run(&u);
	tsv_free(&u.output);
	source_free(&u.source);
	choice_close(&u.choice);
	return ok ? EXIT_DONE : EXIT_FAILED;
}
