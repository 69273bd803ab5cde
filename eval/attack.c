/* SPDX-License-Identifier: MIT */
/* What attackers get out of rewritten text, beside its epsilon. */
#include "canary.h"
#include "commands.h"
#include "experiment.h"
#include "inversion.h"
#include "membership.h"
#include "memory.h"
#include "msg.h"
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
    {'o', "output", "OUT", "keep the table there [standard output]"},
    {'q', "quiet", NULL, "no progress on the terminal"},
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
    "tab-separated; intervals are 95 %.  Rows that OUT has already are not\n"
    "computed again.";

struct attack {
	struct experiment e;
	size_t records, members, candidates;
	uint64_t seed;

	struct language language;   /* of the clean training texts */
	struct sequences targets;   /* test texts to attack */
	struct texts member, other; /* training texts */
	int *label;                 /* of members, then of others */
	struct texts training;      /* members, then canaries */
	struct canaries canaries;
};

/* What came of one setting. */
struct result {
	const char *channel;
	struct inversion inversion;
	struct membership membership;
	struct exposure exposure[2][2]; /* unigrams, bigrams; once, often */
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
	default: experiment_option(&a->e, id, arg);
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
	const struct texts *test = &a->e.source.test.texts;
	if (a->records > test->rows)
		a->records = test->rows;
	for (size_t i = 0; i < a->records; i++)
		sequences_add(&a->targets, a->e.choice.index, test,
		              pick(i, a->records, test->rows));
}

/* Training texts by turns: a member, and one that is none. */
static void choose_members(struct attack *a)
{
	const struct corpus *c = &a->e.source.train;
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
	uint32_t n = dpt_index_about(a->e.choice.index).classes;
	sequences_add_all(&clean, a->e.choice.index, &a->e.source.train.texts);
	language_learn(&a->language, &clean, n);
	sequences_free(&clean);
	choose_targets(a);
	choose_members(a);
	canaries_choose(&a->canaries, &a->language);
	canaries_add(&a->canaries, a->e.choice.index, &a->training);
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

/* The names of all columns; to be freed. */
static char *columns(void)
{
	char *names;
	size_t size;
	FILE *f = memory_check(open_memstream(&names, &size));
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
	fputs("\texposure_most\tseconds\tconfig", f);
	fclose(f);
	return memory_check(names);
}

static void print_notes(const void *ctx, FILE *f)
{
	const struct attack *a = ctx;
	const struct source *s = &a->e.source;
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
}

static void print_interval(FILE *f, struct interval i)
{
	tsv_number(f, i.mean, 4);
	tsv_number(f, i.half, 4);
}

static void print_figures(FILE *f, const struct result *r, double seconds)
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
	tsv_number(f, seconds, 1);
	fputc('\n', f);
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
	sequences_add_all(&words, a->e.choice.index, became);
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
	    likelihood_new(&likelihood, model, a->e.choice.index, &a->language,
	                   a->e.choice.settings.threads, &err);
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

static bool attack_model(struct attack *a, const dpt_model *model,
                         struct result *r)
{
	struct texts became = {0};
	struct dpt_counts counts;
	dpt_error err;
	enum dpt_status status = texts_rewrite(
	    &a->training, model, a->seed, 0, a->e.choice.settings.threads,
	    &a->e.choice.progress, &became, &counts, &err);
	if (status)
		msg("training text %llu: %s", (unsigned long long)err.record,
		    err.text);
	else
		attack_training(a, &became, r);
	texts_free(&became);
	return !status && attack_words(a, model, r);
}

/* Without rewriting every word is known; members and canaries remain. */
static void attack_clean(const struct attack *a, struct result *r)
{
	r->channel = "none";
	r->inversion.words = a->targets.words;
	r->inversion.expected = 1;
	for (int g = 0; g < GUESSES; g++)
		for (int s = 0; s < SUBSETS; s++) {
			bool known = g != GUESS_NEAREST && g != GUESS_PRIOR &&
			             s != CHANGED_WORDS;
			r->inversion.success[g][s] =
			    (struct interval){known ? 1 : NAN, NAN};
		}
	attack_training(a, &a->training, r);
}

static bool measure(void *ctx, struct measurement *m)
{
	struct attack *a = ctx;
	struct result r = {0};
	if (!m->model)
		attack_clean(a, &r);
	else if (!attack_model(a, m->model, &r))
		return false;
	print_figures(m->figures, &r, now_seconds() - m->started);
	snprintf(m->said, sizeof m->said, "%.1f %% of words guessed, AUC %.2f",
	         100 * r.inversion.success[GUESS_WORDS][ALL_WORDS].mean,
	         r.membership.auc.mean);
	return true;
}

static bool run(struct attack *a)
{
	struct experiment *e = &a->e;
	if (!experiment_open(e, e->sweep.epsilon, e->sweep.epsilons) ||
	    !prepare(a))
		return false;
	uint64_t checksum = dpt_index_about(e->choice.index).checksum;
	snprintf(e->depends, sizeof e->depends, "%zu %zu %zu %llu %016llx",
	         a->records, a->members, a->candidates,
	         (unsigned long long)a->seed, (unsigned long long)checksum);
	return experiment_resolve(e) && experiment_run(e, 1);
}

int attack_main(int argc, char **argv)
{
	char *header = columns();
	static struct attack a = {.e = {.command = "attack",
	                                .leads_verified = true,
	                                .clean = true,
	                                .verdict = "channel",
	                                .print_notes = print_notes,
	                                .measure = measure,
	                                .ctx = &a},
	                          .records = 300,
	                          .members = 1000,
	                          .candidates = 32,
	                          .seed = 1};
	a.e.header = header;
	experiment_start(&a.e);
	source_parse(&a.e.source, &program, more, argc, argv, set_option, &a);
	bool ok = run(&a);
	forget(&a);
	experiment_free(&a.e);
	free(header);
	return ok ? EXIT_DONE : EXIT_FAILED;
}
