/* SPDX-License-Identifier: MIT */
/* What attackers get out of rewritten text, beside its epsilon. */
#include "canary.h"
#include "commands.h"
#include "inversion.h"
#include "membership.h"
#include "memory.h"
#include "msg.h"
#include "source.h"
#include "sweep.h"
#include "tsv.h"

#include <math.h>
#include <stdlib.h>

enum { RECORDS = 256, MEMBERS, CANDIDATES, SEED_OPTION };

static const struct opt table[] = {
    SWEEP_OPTIONS,
    SOURCE_OPTIONS,
    {RECORDS, "records", "N", "test texts to attack, at even steps [300]"},
    {MEMBERS, "members", "N", "training texts that are members [1000]"},
    {CANDIDATES, "candidates", "N", "words considered for each [32]"},
    {SEED_OPTION, "seed", "N", "rewrite with this seed [1]"},
    {'o', "output", "OUT", "write the table there [standard output]"},
    {'q', "quiet", NULL, "no progress, no table on the terminal"},
};

static const struct opt_program program = {
    "dptext-eval attack",
    "[-e EPS,...] [-m MECH,...] [--corpus [DIR/]NAME]\n"
    "[-e EPS,...] [-m MECH,...] --train FILE --test FILE [--format FORMAT]",
    "How much of a text can be guessed from what it became.",
    table,
    sizeof table / sizeof *table,
    NULL};

static const char more[] =
    "Words are guessed by the exact channel with unigrams and with bigrams of\n"
    "the clean training texts; members of a classifier's training texts by\n"
    "its loss; canaries by their rank in a language model.  Output is\n"
    "tab-separated; intervals are 95 %.";

struct attack {
	struct choice choice;
	struct sweep sweep;
	struct source source;
	size_t records, members, candidates;
	uint64_t seed;
	const char *out;
	bool quiet;

	struct tsv output;
	bool show; /* rows on the terminal */

	struct language language;   /* of the clean training texts */
	struct sequences targets;   /* test texts to attack */
	struct texts member, other; /* training texts */
	int *label;                 /* of members, then of others */
	struct texts training;      /* members, then canaries */
	struct canaries canaries;
};

/* One row of the table. */
struct result {
	const char *mechanism, *guarantee, *channel;
	double requested, verified, seconds;
	struct inversion inversion;
	struct membership membership;
	struct exposure exposure[2][2]; /* unigrams, bigrams; once, often */
	bool refused;
};

/* -------------------------------------------------------------- options */

static void set_option(void *ctx, int id, const char *arg)
{
	struct attack *a = ctx;
	switch (id) {
	case RECORDS:
		a->records = opt_count("--records", arg, 1, 1000000);
		break;
	case MEMBERS:
		a->members = opt_count("--members", arg, 2, 1000000);
		break;
	case CANDIDATES:
		a->candidates = opt_count("--candidates", arg, 1, 1000);
		break;
	case SEED_OPTION:
		a->seed = opt_count("--seed", arg, 0, UINT64_MAX);
		break;
	case 'o': a->out = arg; break;
	case 'q': a->quiet = true; break;
	default:
		if (!source_option(&a->source, id, arg))
			sweep_option(&a->sweep, &a->choice, id, arg);
	}
}

/* ------------------------------------------------------------ what is had */

/* Number i of n at even steps among rows. */
static size_t pick(size_t i, size_t n, size_t rows)
{
	return (size_t)((double)i / (double)n * (double)rows);
}

static void choose_targets(struct attack *a)
{
	const struct texts *test = &a->source.test.texts;
	if (a->records > test->rows)
		a->records = test->rows;
	for (size_t i = 0; i < a->records; i++)
		sequences_add(&a->targets, a->choice.index, test,
		              pick(i, a->records, test->rows));
}

/* Training texts by turns: a member, and one that is none. */
static void choose_members(struct attack *a)
{
	const struct corpus *c = &a->source.train;
	if (a->members > c->texts.rows / 2)
		a->members = c->texts.rows / 2;
	a->label = memory_new(2 * a->members, sizeof *a->label);
	for (size_t i = 0; i < 2 * a->members; i++) {
		size_t len, row = pick(i, 2 * a->members, c->texts.rows);
		const char *text = texts_at(&c->texts, row, &len);
		texts_add(i % 2 ? &a->other : &a->member, text, len);
		a->label[i / 2 + (i % 2 ? a->members : 0)] = c->label[row];
		if (i % 2 == 0)
			texts_add(&a->training, text, len);
	}
}

static bool prepare(struct attack *a)
{
	struct sequences clean = {0};
	uint32_t n = dpt_index_about(a->choice.index).classes;
	sequences_add_all(&clean, a->choice.index, &a->source.train.texts);
	language_learn(&a->language, &clean, n);
	sequences_free(&clean);
	choose_targets(a);
	choose_members(a);
	canaries_choose(&a->canaries, &a->language);
	canaries_add(&a->canaries, a->choice.index, &a->training);
	if (a->targets.words == 0)
		msg("none of the test texts' words is in the index");
	else if (a->members < 2)
		msg("fewer than two training texts to be members");
	else
		return true;
	return false;
}

static void forget(struct attack *a)
{
	language_free(&a->language);
	sequences_free(&a->targets);
	texts_free(&a->member);
	texts_free(&a->other);
	texts_free(&a->training);
	free(a->label);
}

/* ---------------------------------------------------------------- table */

static const char *const guesses[] = {"same",    "nearest", "prior",
                                      "unigram", "viterbi", "bigram"};
static const char *const subsets[] = {"", "_changed", "_content"};
static const char *const models[] = {"unigram", "bigram"};
static const char *const times[] = {"once", "often"};

static void print_columns(FILE *f)
{
	fputs("corpus\tmechanism\tguarantee\tepsilon_requested\t"
	      "epsilon_verified\tchannel\twords",
	      f);
	for (int g = 0; g < GUESSES; g++)
		for (int s = 0; s < SUBSETS; s++)
			fprintf(f, "\t%s%s\t%s%s_ci95", guesses[g], subsets[s],
			        guesses[g], subsets[s]);
	fputs("\tunigram_expected\tmember_auc\tmember_auc_ci95\t"
	      "member_advantage\tmember_advantage_ci95",
	      f);
	for (int m = 0; m < 2; m++)
		for (int t = 0; t < 2; t++)
			fprintf(f,
			        "\texposure_%s_%s\texposure_%s_%s_ci95"
			        "\tfirst_%s_%s",
			        models[m], times[t], models[m], times[t],
			        models[m], times[t]);
	fputs("\texposure_most\tseconds\n", f);
}

static void print_header(struct attack *a)
{
	FILE *f = a->output.text;
	const struct source *s = &a->source;
	tsv_about(&a->output, "attack", a->choice.index);
	sweep_print(&a->sweep, &a->choice, f);
	source_print(s, f);
	fprintf(
	    f, " --records %zu --members %zu --candidates %zu --seed %llu\n",
	    a->records, a->members, a->candidates, (unsigned long long)a->seed);
	fprintf(f,
	        "# %s: %zu test texts attacked, %zu of their words in the "
	        "index, %zu others left out\n"
	        "# the attacker has read %zu clean training texts; %zu of "
	        "them and as many others are told apart\n"
	        "# %zu canaries among %zu words each: half put in once, half "
	        "%d times\n"
	        "# rewritten with a seed: reproducible, for research, NOT "
	        "private\n",
	        s->name, a->records, a->targets.words, a->targets.outside,
	        s->train.texts.rows, a->members, a->canaries.n,
	        a->canaries.others + 1, CANARY_OFTEN);
	print_columns(f);
	if (a->show)
		fprintf(stderr, "%-18s %9s %9s %9s %9s %9s %9s %9s %8s\n",
		        "mechanism", "eps asked", "eps holds", "same",
		        "unigram", "bigram", "member", "canary", "seconds");
}

static void show_result(const struct result *r)
{
	fprintf(stderr, "%-18s %9g %9.4f ", r->mechanism, r->requested,
	        r->verified);
	if (r->refused)
		fprintf(stderr, "%9s\n", "refused");
	else
		fprintf(stderr, "%9.4f %9.4f %9.4f %9.4f %9.4f %8.1f\n",
		        r->inversion.success[GUESS_SAME][ALL_WORDS].mean,
		        r->inversion.success[GUESS_UNIGRAM][ALL_WORDS].mean,
		        r->inversion.success[GUESS_WORDS][ALL_WORDS].mean,
		        r->membership.auc.mean, r->exposure[1][1].bits.mean,
		        r->seconds);
}

static void print_interval(FILE *f, struct interval i)
{
	tsv_number(f, i.mean, 4);
	tsv_number(f, i.half, 4);
}

static void print_figures(FILE *f, const struct result *r)
{
	fprintf(f, "\t%s\t%zu", r->channel, r->inversion.words);
	for (int g = 0; g < GUESSES; g++)
		for (int s = 0; s < SUBSETS; s++)
			print_interval(f, r->inversion.success[g][s]);
	tsv_number(f, r->inversion.expected, 4);
	print_interval(f, r->membership.auc);
	print_interval(f, r->membership.advantage);
	for (int m = 0; m < 2; m++)
		for (int t = 0; t < 2; t++) {
			print_interval(f, r->exposure[m][t].bits);
			tsv_number(f, r->exposure[m][t].first.mean, 4);
		}
	tsv_number(f, r->exposure[0][0].most, 4);
}

/* What a refused mechanism has none of. */
static void print_refused(FILE *f)
{
	fputs("\trefused\t0", f);
	for (int i = 0; i < 2 * GUESSES * SUBSETS + 5 + 12 + 1; i++)
		fputs("\tnan", f);
}

static void print_result(struct attack *a, const struct result *r)
{
	FILE *f = a->output.text;
	fprintf(f, "%s\t%s\t%s", a->source.name, r->mechanism, r->guarantee);
	tsv_short(f, r->requested);
	tsv_number(f, r->verified, 6);
	if (r->refused)
		print_refused(f);
	else
		print_figures(f, r);
	tsv_number(f, r->seconds, 1);
	fputc('\n', f);
	if (a->show)
		show_result(r);
}

/* ------------------------------------------------------------ attacking */

/* Attacks what training texts and canaries became. */
static void attack_training(const struct attack *a, const struct texts *became,
                            struct result *r)
{
	struct texts members = {0};
	struct sequences words = {0};
	struct language learnt;
	for (size_t i = 0; i < a->members; i++) {
		size_t len;
		const char *text = texts_at(became, i, &len);
		texts_add(&members, text, len);
	}
	r->membership =
	    membership_attack(&members, &a->member, &a->other, a->label);
	sequences_add_all(&words, a->choice.index, became);
	language_learn(&learnt, &words, a->language.n);
	for (int m = 0; m < 2; m++)
		for (int t = 0; t < 2; t++)
			r->exposure[m][t] =
			    canaries_exposure(&a->canaries, &learnt, m, t);
	language_free(&learnt);
	sequences_free(&words);
	texts_free(&members);
}

static bool attack_words(struct attack *a, const dpt_model *model,
                         struct result *r)
{
	struct likelihood likelihood;
	dpt_error err;
	dpt_key key;
	const struct sequences *t = &a->targets;
	uint32_t *became = memory_new(t->words, sizeof *became);
	enum dpt_status status =
	    likelihood_new(&likelihood, model, a->choice.index, &a->language,
	                   a->choice.settings.threads, &err);
	dpt_key_from_seed(&key, a->seed);
	for (size_t i = 0; !status && i < t->rows; i++) {
		size_t at = t->start[i];
		status = dpt_model_draw(model, &key, a->training.rows + i,
		                        t->start[i + 1] - at, t->word + at,
		                        became + at, &err);
	}
	dpt_key_wipe(&key);
	if (status)
		msg("%s", err.text);
	else
		inversion_run(&r->inversion, t, became, &a->language,
		              &likelihood, a->candidates);
	r->channel = likelihood.exact ? "exact" : "simulated";
	likelihood_free(&likelihood);
	free(became);
	return !status;
}

static bool attack_model(struct attack *a, struct result *r)
{
	struct texts became = {0};
	struct dpt_counts counts;
	dpt_error err;
	const dpt_model *model = a->choice.model;
	r->verified = dpt_model_about(model).epsilon_verified;
	enum dpt_status status = texts_rewrite(
	    &a->training, model, a->seed, 0, a->choice.settings.threads,
	    &a->choice.progress, &became, &counts, &err);
	if (status)
		msg("training text %llu: %s", (unsigned long long)err.record,
		    err.text);
	else
		attack_training(a, &became, r);
	texts_free(&became);
	return !status && attack_words(a, model, r);
}

static bool attack_mechanism(struct attack *a,
                             const struct dpt_mechanism *mechanism,
                             double epsilon)
{
	double started = now_seconds();
	struct result r = {.mechanism = mechanism->name,
	                   .guarantee =
	                       dpt_guarantee_name(mechanism->guarantee),
	                   .requested = epsilon,
	                   .verified = NAN};
	if (!sweep_open(&a->choice, mechanism, epsilon, &r.refused))
		return false;
	bool ok = r.refused || attack_model(a, &r);
	sweep_close(&a->choice);
	r.seconds = now_seconds() - started;
	if (ok)
		print_result(a, &r);
	return ok;
}

/* Without rewriting every word is known; members and canaries remain. */
static void attack_clean(struct attack *a)
{
	double started = now_seconds();
	struct result r = {.mechanism = "clean",
	                   .guarantee = dpt_guarantee_name(DPT_NONE),
	                   .channel = "none",
	                   .requested = NAN,
	                   .verified = NAN};
	r.inversion.words = a->targets.words;
	r.inversion.expected = 1;
	for (int g = 0; g < GUESSES; g++)
		for (int s = 0; s < SUBSETS; s++) {
			bool known = g != GUESS_NEAREST && g != GUESS_PRIOR &&
			             s != CHANGED_WORDS;
			r.inversion.success[g][s] =
			    (struct interval){known ? 1 : NAN, NAN};
		}
	attack_training(a, &a->training, &r);
	r.seconds = now_seconds() - started;
	print_result(a, &r);
}

static bool run(struct attack *a)
{
	const struct sweep *s = &a->sweep;
	if (!tsv_open(&a->output, a->out) || !source_read(&a->source) ||
	    !choice_open_index(&a->choice) || !prepare(a))
		return false;
	print_header(a);
	attack_clean(a);
	for (size_t m = 0; m < s->mechanisms; m++)
		for (size_t e = 0; e < s->epsilons; e++)
			if (!attack_mechanism(a, s->mechanism[m],
			                      s->epsilon[e]))
				return false;
	return tsv_commit(&a->output);
}

int attack_main(int argc, char **argv)
{
	static struct attack a;
	choice_start(&a.choice);
	sweep_start(&a.sweep);
	source_start(&a.source);
	a.records = 300;
	a.members = 1000;
	a.candidates = 32;
	a.seed = 1;
	source_parse(&a.source, &program, more, argc, argv, set_option, &a);
	progress_start(&a.choice.progress, !a.quiet);
	a.show = a.choice.progress.on;

	bool ok = run(&a);
	forget(&a);
	tsv_free(&a.output);
	source_free(&a.source);
	choice_close(&a.choice);
	return ok ? EXIT_DONE : EXIT_FAILED;
}
