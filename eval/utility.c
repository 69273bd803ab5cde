/* SPDX-License-Identifier: MIT */
/*
 * What rewritten text is good for: a classifier learns from rewritten
 * training text and is tested on text as it is.
 */
#include "choice.h"
#include "classify.h"
#include "commands.h"
#include "corpus.h"
#include "interval.h"
#include "memory.h"
#include "msg.h"
#include "opt.h"
#include "tsv.h"

#include <limits.h>
#include <linear.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SEEDS = 256, TRAIN_FILE, TEST_FILE, SPLIT, FORMAT, NAME, BIAS };

static const struct opt table[] = {
    {'e', "epsilon", "EPS,...", "privacy losses to try [2]"},
    {'m', "mechanism", "MECH,...", "mechanisms to try [the default one]"},
    {'x', "index", "INDEX", "index of an embedding [the default one]"},
    {OPT_MAX_UNCHANGED, "max-unchanged", "U",
     "largest share of tokens left as they are [0.5]"},
    {SEEDS, "seeds", "N", "rewrite N times, with seeds 1 to N [3]"},
    {TRAIN_FILE, "train", "FILE", "training texts"},
    {TEST_FILE, "test", "FILE", "test texts"},
    {SPLIT, "split", "K", "every K-th training text is a test text"},
    {FORMAT, "format", "FORMAT", "of these files [tsv]"},
    {NAME, "name", "NAME", "of the corpus [after the training file]"},
    {BIAS, "bias", "B", "of the classifier; 0: none [1]"},
    {'o', "output", "OUT", "write the table there [standard output]"},
    {'T', "threads", "N", "worker threads [one a processor]"},
    {'q', "quiet", NULL, "no progress, no table on the terminal"},
};

static const struct opt_program program = {
    "dptext-eval utility",
    "[-e EPS,...] [-m MECH,...] --train FILE --test FILE [--format FORMAT]\n"
    "[-e EPS,...] [-m MECH,...] --train FILE --split K [--format FORMAT]",
    "Accuracy of a classifier trained on rewritten text.",
    table,
    sizeof table / sizeof *table,
    "FORMAT is one of\n"
    "  tsv    label TAB text\n"
    "  space  label, a blank, text (as SST-2 is had)\n"
    "  trec   COARSE:fine, a blank, text; the coarse label counts\n"
    "  snips  FILE is a folder with the files label and seq.in\n"
    "  clinc  JSON of CLINC150: its splits train and test\n"
    "Output is tab-separated.  The classifier is logistic regression on\n"
    "tf-idf; intervals are 95 % by Student's t over the seeds."};

enum { MOST = 32, MOST_SEEDS = 1000 };

struct utility {
	struct choice choice;
	double epsilon[MOST];
	const struct dpt_mechanism *mechanism[MOST];
	size_t epsilons, mechanisms, seeds, split;
	const char *train_path, *test_path, *name, *out;
	const struct corpus_format *format;
	double bias;
	bool quiet;

	struct names labels;
	struct corpus train, test;
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

static void set_epsilons(struct utility *u, char *list)
{
	char *rest;
	u->epsilons = 0;
	for (char *one = strtok_r(list, ",", &rest); one;
	     one = strtok_r(NULL, ",", &rest)) {
		if (u->epsilons == MOST)
			msg_usage("more than %d epsilons", MOST);
		u->epsilon[u->epsilons++] =
		    opt_number("epsilon", one, 1e-6, 1e6);
	}
	if (u->epsilons == 0)
		msg_usage("-e needs at least one epsilon");
}

static const struct dpt_mechanism *find_mechanism(const char *name)
{
	for (size_t i = 0; i < dpt_mechanism_count(); i++)
		if (strcmp(dpt_mechanism_at(i)->name, name) == 0)
			return dpt_mechanism_at(i);
	msg_usage("no mechanism '%s'", name);
}

static void set_mechanisms(struct utility *u, char *list)
{
	char *rest;
	u->mechanisms = 0;
	for (char *one = strtok_r(list, ",", &rest); one;
	     one = strtok_r(NULL, ",", &rest)) {
		if (u->mechanisms == MOST)
			msg_usage("more than %d mechanisms", MOST);
		u->mechanism[u->mechanisms++] = find_mechanism(one);
	}
	if (u->mechanisms == 0)
		msg_usage("-m needs at least one mechanism");
}

static void set_format(struct utility *u, const char *name)
{
	for (u->format = corpus_formats; u->format->name; u->format++)
		if (strcmp(u->format->name, name) == 0)
			return;
	msg_usage("no format '%s'", name);
}

static void set_name(struct utility *u, const char *name)
{
	if (strpbrk(name, "\t\r\n"))
		msg_usage("a name is one line without TABs");
	u->name = name;
}

static void set_option(struct utility *u, int id, const char *arg)
{
	char *list = arg ? memory_check(strdup(arg)) : NULL;
	switch (id) {
	case 'e': set_epsilons(u, list); break;
	case 'm': set_mechanisms(u, list); break;
	case SEEDS: u->seeds = opt_count("--seeds", arg, 1, MOST_SEEDS); break;
	case TRAIN_FILE: u->train_path = arg; break;
	case TEST_FILE: u->test_path = arg; break;
	case SPLIT: u->split = opt_count("--split", arg, 2, 1000000); break;
	case FORMAT: set_format(u, arg); break;
	case NAME: set_name(u, arg); break;
	case BIAS: u->bias = opt_number("--bias", arg, 0, 1000); break;
	case 'o': u->out = arg; break;
	case 'q': u->quiet = true; break;
	default: choice_option(&u->choice, id, arg);
	}
	free(list);
}

static void parse(struct utility *u, int argc, char **argv)
{
	const char *arg;
	int id, operands;
	msg_start(program.name); /* whose --help is the right one */
	while ((id = opt_next(&program, argc, argv, &arg, &operands)) != -1)
		set_option(u, id, arg);
	if (operands != argc)
		msg_usage("files are named by --train and --test");
	if (!u->train_path)
		msg_usage("--train is missing");
	if (!u->test_path && !u->split && u->format->has_parts)
		u->test_path = u->train_path;
	if (!u->test_path == !u->split)
		msg_usage("either --test or --split");
	msg_start("dptext-eval");
}

/* -------------------------------------------------------------- corpora */

/* The last part of a path, without slashes at its end. */
static const char *base_name(const char *path, int *len)
{
	size_t n = strlen(path);
	while (n > 1 && path[n - 1] == '/')
		n--;
	size_t start = n;
	while (start > 0 && path[start - 1] != '/')
		start--;
	*len = (int)(n - start);
	return path + start;
}

static bool has_two_labels(const struct corpus *c)
{
	for (size_t i = 1; i < c->texts.rows; i++)
		if (c->label[i] != c->label[0])
			return true;
	return false;
}

static bool read_corpora(struct utility *u)
{
	bool ok;
	if (u->split) {
		struct corpus all = {0};
		ok = u->format->read(&all, &u->labels, u->train_path, TRAIN);
		if (ok)
			corpus_split(&all, u->split, &u->train, &u->test);
		corpus_free(&all);
	} else {
		ok = u->format->read(&u->train, &u->labels, u->train_path,
		                     TRAIN) &&
		     u->format->read(&u->test, &u->labels, u->test_path, TEST);
	}
	if (!ok)
		return false;
	const char *test = u->split ? u->train_path : u->test_path;
	if (!has_two_labels(&u->train))
		msg("%s: fewer than two labels to tell apart", u->train_path);
	else if (u->test.texts.rows == 0)
		msg("%s: no test texts", test);
	else if (u->train.texts.rows > INT_MAX || u->labels.n > INT_MAX)
		msg("%s: too many texts", u->train_path);
	else
		return true;
	return false;
}

/* --------------------------------------------------------------- table */

static void print_list(struct utility *u)
{
	FILE *f = u->output.text;
	fputs("# -e ", f);
	for (size_t i = 0; i < u->epsilons; i++)
		fprintf(f, "%s%g", i ? "," : "", u->epsilon[i]);
	fputs(" -m ", f);
	for (size_t i = 0; i < u->mechanisms; i++)
		fprintf(f, "%s%s", i ? "," : "", u->mechanism[i]->name);
	fprintf(f, " --max-unchanged %g --seeds %zu --bias %g --format %s",
	        u->choice.settings.max_unchanged, u->seeds, u->bias,
	        u->format->name);
	int len;
	const char *base = base_name(u->train_path, &len);
	fprintf(f, " --train %.*s", len, base);
	if (u->split) {
		fprintf(f, " --split %zu\n", u->split);
	} else {
		base = base_name(u->test_path, &len);
		fprintf(f, " --test %.*s\n", len, base);
	}
}

static void print_header(struct utility *u)
{
	FILE *f = u->output.text;
	struct dpt_index_info x = dpt_index_about(u->choice.index);
	time_t now = time(NULL);
	struct tm tm;
	char date[32] = "";
	if (gmtime_r(&now, &tm))
		strftime(date, sizeof date, "%Y-%m-%d", &tm);
	fprintf(f,
	        "# dptext-eval utility, dptext %s, LIBLINEAR %d.%d, %s\n"
	        "# index of %llu words, %u dimensions, checksum %016llx\n",
	        dpt_version(), liblinear_version / 100, liblinear_version % 100,
	        date, (unsigned long long)x.words, x.dim,
	        (unsigned long long)x.checksum);
	fprintf(f,
	        "# rewritten with seeds 1 to %zu: reproducible, for "
	        "research, NOT private\n",
	        u->seeds);
	print_list(u);
	fprintf(f, "# %s: %zu training texts, %zu test texts, %zu labels\n",
	        u->name, u->train.texts.rows, u->test.texts.rows, u->labels.n);
	fputs("corpus\tmechanism\tguarantee\tepsilon_requested\t"
	      "epsilon_verified\tunchanged\taccuracy\taccuracy_ci95\t"
	      "macro_f1\tseconds\n",
	      f);
	if (u->show)
		fprintf(stderr, "%-18s %9s %9s %9s  %-15s %8s %8s\n",
		        "mechanism", "eps asked", "eps holds", "unchanged",
		        "accuracy", "macro-F1", "seconds");
}

/* A number, or "nan" without a sign. */
static void cell(FILE *f, double value, int digits)
{
	if (isnan(value))
		fputs("\tnan", f);
	else
		fprintf(f, "\t%.*f", digits, value);
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
	fprintf(f, "%s\t%s\t%s", u->name, r->mechanism, r->guarantee);
	if (isnan(r->requested))
		fputs("\tnan", f);
	else
		fprintf(f, "\t%g", r->requested);
	cell(f, r->verified, 6);
	cell(f, r->unchanged, 4);
	if (r->refused)
		fputs("\trefused", f);
	else
		cell(f, r->accuracy.mean, 4);
	cell(f, r->accuracy.half, 4);
	cell(f, r->macro_f1.mean, 4);
	cell(f, r->seconds, 1);
	fputc('\n', f);
	if (u->show)
		show_result(r);
}

/* ----------------------------------------------------------- measuring */

static struct scores learn(const struct utility *u, const struct texts *train)
{
	return classify(train, u->train.label, &u->test.texts, u->test.label,
	                u->labels.n, u->bias);
}

static void measure_clean(struct utility *u)
{
	double started = now_seconds();
	struct scores s = learn(u, &u->train.texts);
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
		if (texts_rewrite(&u->train.texts, model, i + 1,
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
	dpt_error err;
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
	c->settings.mechanism = mechanism->name;
	c->settings.epsilon = epsilon;
	enum dpt_status status =
	    dpt_model_new(c->index, &c->settings, &c->model, &err);
	progress_end(&c->progress);
	r.refused = status == DPT_EPRIVACY;
	if (status)
		msg("%s%s", r.refused ? "refused: " : "", err.text);
	if (status && !r.refused)
		return false;
	if (!status) {
		r.verified = dpt_model_about(c->model).epsilon_verified;
		bool ok = measure_seeds(u, c->model, &r);
		dpt_model_free(c->model);
		c->model = NULL;
		if (!ok)
			return false;
	}
	r.seconds = now_seconds() - started;
	print_result(u, &r);
	return true;
}

static bool run(struct utility *u)
{
	if (!tsv_open(&u->output, u->out) || !read_corpora(u) ||
	    !choice_open_index(&u->choice))
		return false;
	print_header(u);
	measure_clean(u);
	for (size_t m = 0; m < u->mechanisms; m++)
		for (size_t e = 0; e < u->epsilons; e++)
			if (!measure(u, u->mechanism[m], u->epsilon[e]))
				return false;
	return tsv_commit(&u->output);
}

/* The corpus is named after its training file, up to the last dot. */
static void name_corpus(struct utility *u, char *room, size_t size)
{
	int len;
	const char *base = base_name(u->train_path, &len);
	for (int i = len - 1; i > 0; i--)
		if (base[i] == '.') {
			len = i;
			break;
		}
	snprintf(room, size, "%.*s", len, base);
	for (char *c = room; *c; c++)
		if (*c == '\t' || *c == '\r' || *c == '\n')
			*c = ' ';
	u->name = room;
}

int utility_main(int argc, char **argv)
{
	static struct utility u;
	char name[NAME_MAX + 1];
	choice_start(&u.choice);
	u.epsilon[0] = 2;
	u.mechanism[0] = dpt_mechanism_at(0);
	u.epsilons = u.mechanisms = 1;
	u.seeds = 3;
	u.bias = 1;
	u.format = corpus_formats;
	parse(&u, argc, argv);
	if (!u.name)
		name_corpus(&u, name, sizeof name);
	progress_start(&u.choice.progress, !u.quiet);
	u.show = u.choice.progress.on;

	bool ok = run(&u);
	tsv_free(&u.output);
	corpus_free(&u.train);
	corpus_free(&u.test);
	names_free(&u.labels);
	choice_close(&u.choice);
	return ok ? EXIT_DONE : EXIT_FAILED;
}
