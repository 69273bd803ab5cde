/* SPDX-License-Identifier: MIT */
/* What rewritten text is good for: mechanisms and epsilons, one corpus. */
#include "commands.h"
#include "equal.h"
#include "experiment.h"
#include "memory.h"
#include "msg.h"
#include "trial.h"
#include "tsv.h"

#include <linear.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SEEDS = 256, FEATURE, EQUAL, AT };

static const struct opt table[] = {
    SWEEP_OPTIONS,
    SOURCE_OPTIONS,
    {SEEDS, "seeds", "N", "rewrite N times, with seeds 1 to N [3]"},
    {FEATURE, "features", "NAME", "tfidf or mean alone [both]"},
    {EQUAL, "equal", "WHAT", "epsilon, unchanged or bayes [epsilon]"},
    {AT, "at", "SHARE,...", "what the latter two are to be [0.1,0.3,0.5]"},
    {'o', "output", "OUT", "keep the table there [standard output]"},
    {'q', "quiet", NULL, "no progress on the terminal"},
};

static const char more[] =
    "MECH can be all.  A classifier is trained on text as it is and on\n"
    "rewritten text, and tested on both.  Output is tab-separated, one row\n"
    "for each of these; rows that OUT has already are not computed again.\n"
    "--equal unchanged and bayes look for the epsilon at which a mechanism\n"
    "leaves that share of words, or lets that share be guessed.";

static const char header[] =
    "corpus\tmechanism\tguarantee\tequal\ttarget\tepsilon_requested\t"
    "epsilon_verified\tunchanged\tcosine\tperplexity\tvocabulary\tfeatures\t"
    "trained\ttested\taccuracy\taccuracy_ci95\tmacro_f1\tmacro_f1_ci95\t"
    "seconds\tconfig";

struct utility {
	struct experiment e;
	size_t seeds, shares;
	double share[SWEEP_MOST];
	enum equal equal;
	bool at;

	struct bench bench;
	double bench_seconds;
};

/* ------------------------------------------------------------- options */

static void set_equal(struct utility *u, const char *name)
{
	for (u->equal = 0; u->equal < EQUALS; u->equal++)
		if (strcmp(equal_name[u->equal], name) == 0)
			return;
	msg_usage("--equal is epsilon, unchanged or bayes");
}

static void set_features(struct utility *u, const char *name)
{
	bool found = false;
	for (enum features f = 0; f < FEATURES; f++) {
		u->bench.uses[f] = strcmp(features_name[f], name) == 0;
		found |= u->bench.uses[f];
	}
	if (!found)
		msg_usage("--features is tfidf or mean");
}

static void set_shares(struct utility *u, const char *arg)
{
	char *rest, *list = memory_check(strdup(arg));
	u->shares = 0;
	for (char *one = strtok_r(list, ",", &rest); one;
	     one = strtok_r(NULL, ",", &rest)) {
		if (u->shares == SWEEP_MOST)
			msg_usage("more than %d shares", SWEEP_MOST);
		u->share[u->shares++] = opt_number("a share", one, 1e-3, 1);
	}
	free(list);
	if (u->shares == 0)
		msg_usage("--at needs at least one share");
	u->at = true;
}

static void set_option(struct utility *u, int id, const char *arg)
{
	switch (id) {
	case SEEDS:
		u->seeds = opt_count("--seeds", arg, 1, TRIAL_MOST_SEEDS);
		break;
	case FEATURE: set_features(u, arg); break;
	case EQUAL: set_equal(u, arg); break;
	case AT: set_shares(u, arg); break;
	default: experiment_option(&u->e, id, arg);
	}
}

static void parse(struct utility *u, int argc, char **argv)
{
	const char *arg;
	char *help = source_help(more);
	const struct opt_program program = {
	    "dptext-eval utility",
	    "[-e EPS,...] [-m MECH,...] [--corpus [DIR/]NAME] [-o OUT]\n"
	    "[-e EPS,...] [-m MECH,...] --train FILE --test FILE\n"
	    "[-e EPS,...] [-m MECH,...] --train FILE --split K",
	    "What a classifier learns from rewritten text.",
	    table,
	    sizeof table / sizeof *table,
	    help};
	int id, operands;
	msg_start(program.name); /* whose --help is the right one */
	while ((id = opt_next(&program, argc, argv, &arg, &operands)) != -1)
		set_option(u, id, arg);
	if (operands != argc)
		msg_usage("files are named by --train and --test");
	if (u->at && u->equal == EQUAL_EPSILON)
		msg_usage("--at goes with --equal unchanged or bayes");
	source_check(&u->e.source);
	free(help);
	msg_start("dptext-eval");
}

/* ------------------------------------------------------------ settings */

/* The epsilon to ask for; NaN: none is enough. */
static bool find_epsilon(struct utility *u, struct setting *s)
{
	dpt_error err;
	struct choice *c = &u->e.choice;
	struct dpt_settings settings = c->settings;
	settings.mechanism = s->mechanism->name;
	enum dpt_status status = equal_find(c->index, &settings, u->equal,
	                                    s->target, &s->epsilon, &err);
	progress_end(&c->progress);
	if (status)
		msg("%s", err.text);
	else if (isnan(s->epsilon))
		msg("refused: %s: no epsilon up to 64 has %s of %g",
		    s->mechanism->name, equal_name[u->equal], s->target);
	return !status;
}

static bool find_epsilons(struct utility *u)
{
	if (u->equal == EQUAL_EPSILON)
		return true;
	u->e.choice.settings.max_unchanged = 1;
	for (size_t i = 0; i < u->e.settings; i++) {
		struct setting *s = &u->e.setting[i];
		if (s->mechanism && !find_epsilon(u, s))
			return false;
	}
	return true;
}

/* --------------------------------------------------------------- table */

static void print_notes(const void *ctx, FILE *f)
{
	const struct utility *u = ctx;
	const struct source *s = &u->e.source;
	fprintf(f, " --seeds %zu", u->seeds);
	for (enum features e = 0; e < FEATURES; e++)
		if (!u->bench.uses[1 - e])
			fprintf(f, " --features %s", features_name[e]);
	if (u->equal != EQUAL_EPSILON)
		fprintf(f, " --equal %s --at ", equal_name[u->equal]);
	for (size_t i = 0; u->equal != EQUAL_EPSILON && i < u->shares; i++)
		fprintf(f, "%s%g", i ? "," : "", u->share[i]);
	fprintf(f,
	        "\n# LIBLINEAR %d.%d; rewritten with seeds 1 to %zu: "
	        "reproducible, for research, NOT private\n"
	        "# %s: %zu training texts, %zu test texts, %zu labels\n",
	        liblinear_version / 100, liblinear_version % 100, u->seeds,
	        s->name, s->train.texts.rows, s->test.texts.rows, s->labels.n);
}

/* One line of figures. */
static void print_figures(FILE *o, const struct trial *t, enum features f,
                          enum regime r, double seconds)
{
	tsv_number(o, t->unchanged, 4);
	tsv_number(o, t->cosine, 4);
	tsv_number(o, t->perplexity, 1);
	tsv_number(o, t->vocabulary, 4);
	fprintf(o, "\t%s\t%s\t%s", features_name[f], regime_trained(r),
	        regime_tested(r));
	tsv_number(o, t->accuracy[f][r].mean, 4);
	tsv_number(o, t->accuracy[f][r].half, 4);
	tsv_number(o, t->macro_f1[f][r].mean, 4);
	tsv_number(o, t->macro_f1[f][r].half, 4);
	tsv_number(o, seconds, 1);
	fputc('\n', o);
}

/* ----------------------------------------------------------- measuring */

static void print_clean(const struct utility *u, FILE *o)
{
	const struct bench *b = &u->bench;
	struct trial t = {.unchanged = 1,
	                  .cosine = 1,
	                  .perplexity = b->perplexity,
	                  .vocabulary = 1};
	for (enum features f = 0; f < FEATURES; f++) {
		if (!b->uses[f])
			continue;
		t.accuracy[f][CLEAN_CLEAN] =
		    (struct interval){b->clean[f].accuracy, NAN};
		t.macro_f1[f][CLEAN_CLEAN] =
		    (struct interval){b->clean[f].macro_f1, NAN};
		print_figures(o, &t, f, CLEAN_CLEAN, u->bench_seconds);
	}
}

static bool measure(void *ctx, struct measurement *m)
{
	const struct utility *u = ctx;
	const struct bench *b = &u->bench;
	struct trial t;
	if (!m->model) {
		print_clean(u, m->figures);
		return true;
	}
	if (!trial_run(b, m->model, u->seeds, &t))
		return false;
	double seconds = now_seconds() - m->started;
	for (enum features f = 0; f < FEATURES; f++)
		for (enum regime r = PRIVATE_CLEAN; b->uses[f] && r < REGIMES;
		     r++)
			print_figures(m->figures, &t, f, r, seconds);
	const struct interval *best = t.accuracy[b->uses[TFIDF] ? TFIDF : MEAN];
	snprintf(m->said, sizeof m->said, "%.1f %%",
	         100 * best[PRIVATE_CLEAN].mean);
	return true;
}

static bool run(struct utility *u)
{
	struct experiment *e = &u->e;
	bool epsilons = u->equal == EQUAL_EPSILON;
	e->equal = equal_name[u->equal];
	if (!experiment_open(e, epsilons ? e->sweep.epsilon : u->share,
	                     epsilons ? e->sweep.epsilons : u->shares) ||
	    !find_epsilons(u))
		return false;
	uint64_t checksum = dpt_index_about(e->choice.index).checksum;
	snprintf(e->depends, sizeof e->depends, "%zu %016llx %d %d", u->seeds,
	         (unsigned long long)checksum, u->bench.uses[TFIDF],
	         u->bench.uses[MEAN]);
	if (!experiment_resolve(e))
		return false;
	double started = now_seconds();
	if (e->wanted > 0)
		bench_make(&u->bench, &e->source, e->choice.index);
	u->bench_seconds = now_seconds() - started;
	return experiment_run(e, e->choice.settings.threads);
}

int utility_main(int argc, char **argv)
{
	static struct utility u = {.e = {.command = "utility",
	                                 .header = header,
	                                 .leads_verified = true,
	                                 .clean = true,
	                                 .verdict = "accuracy",
	                                 .print_notes = print_notes,
	                                 .measure = measure,
	                                 .ctx = &u},
	                           .share = {0.1, 0.3, 0.5},
	                           .shares = 3,
	                           .seeds = 3,
	                           .bench.uses = {true, true}};
	experiment_start(&u.e);
	parse(&u, argc, argv);
	bool ok = run(&u);
	if (u.bench.source)
		bench_free(&u.bench);
	experiment_free(&u.e);
	return ok ? EXIT_DONE : EXIT_FAILED;
}
