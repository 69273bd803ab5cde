/* SPDX-License-Identifier: MIT */
/* What rewritten text is good for: mechanisms and epsilons, one corpus. */
#include "commands.h"
#include "equal.h"
#include "memory.h"
#include "msg.h"
#include "store.h"
#include "sweep.h"
#include "trial.h"
#include "tsv.h"

#include <linear.h>
#include <math.h>
#include <pthread.h>
#include <sodium.h>
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

enum { LEAD = 7 }; /* columns up to epsilon_verified */

/* Columns behind those, but for the last. */
static const char refused_figures[] =
    "nan\tnan\tnan\tnan\tnan\tnan\tnan\trefused\tnan\tnan\tnan\t0.0";

/* One mechanism at one target. */
struct setting {
	const struct dpt_mechanism *mechanism; /* NULL: text as it is */
	double target, epsilon;
	struct dpt_model_info about;
	bool refused;
	char config[17];
};

struct utility {
	struct choice choice;
	struct sweep sweep;
	struct source source;
	size_t seeds, shares;
	double share[SWEEP_MOST];
	enum equal equal;
	const char *out;
	bool quiet, at;

	struct store store;
	struct bench bench;
	struct setting *setting;
	size_t settings;

	pthread_mutex_t lock; /* of all below, and the store */
	size_t next, done, wanted;
	double started;
	bool failed;
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
	source_check(&u->source);
	free(help);
	msg_start("dptext-eval");
}

/* ------------------------------------------------------------ settings */

static void hash_texts(crypto_generichash_state *h, const struct corpus *c)
{
	uint64_t rows = c->texts.rows;
	crypto_generichash_update(h, (void *)&rows, sizeof rows);
	crypto_generichash_update(h, (void *)c->texts.bytes, c->texts.size);
	crypto_generichash_update(h, (void *)c->label,
	                          c->texts.rows * sizeof *c->label);
}

/* All that figures depend on: the texts, the index and the channel. */
static void name_config(const struct utility *u, struct setting *s)
{
	crypto_generichash_state h;
	unsigned char sum[crypto_generichash_BYTES_MIN];
	const struct dpt_mechanism *m = s->mechanism;
	uint64_t checksum = dpt_index_about(u->choice.index).checksum;
	char text[1024];
	size_t n = (size_t)snprintf(text, sizeof text,
	                            "%s %s %s %zu %016llx %d %d", dpt_version(),
	                            u->source.name, m ? m->name : "clean",
	                            u->seeds, (unsigned long long)checksum,
	                            u->bench.uses[TFIDF], u->bench.uses[MEAN]);
	/* The values are the channel; without any, epsilon is. */
	if (m && (s->refused || m->params == 0))
		n += (size_t)snprintf(text + n, sizeof text - n, " %.17g %d",
		                      s->epsilon, s->refused);
	for (size_t i = 0; m && !s->refused && i < m->params; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, " %.17g",
		                      s->about.value[i]);
	crypto_generichash_init(&h, NULL, 0, sizeof sum);
	crypto_generichash_update(&h, (void *)text, n);
	hash_texts(&h, &u->source.train);
	hash_texts(&h, &u->source.test);
	crypto_generichash_final(&h, sum, sizeof sum);
	sodium_bin2hex(s->config, sizeof s->config, sum, sizeof s->config / 2);
}

/* The epsilon to ask for; NaN: none is enough. */
static bool find_epsilon(struct utility *u, struct setting *s)
{
	dpt_error err;
	struct dpt_settings settings = u->choice.settings;
	settings.mechanism = s->mechanism->name;
	s->epsilon = s->target;
	if (u->equal == EQUAL_EPSILON)
		return true;
	enum dpt_status status = equal_find(
	    u->choice.index, &settings, u->equal, s->target, &s->epsilon, &err);
	progress_end(&u->choice.progress);
	if (status)
		msg("%s", err.text);
	else if (isnan(s->epsilon))
		msg("refused: %s: no epsilon up to 64 has %s of %g",
		    s->mechanism->name, equal_name[u->equal], s->target);
	return !status;
}

/* What a mechanism can keep, and so which channel it is. */
static bool resolve(struct utility *u, struct setting *s)
{
	struct choice *c = &u->choice;
	if (u->equal != EQUAL_EPSILON)
		c->settings.max_unchanged = 1;
	if (!find_epsilon(u, s))
		return false;
	s->refused = isnan(s->epsilon);
	if (!s->refused &&
	    !sweep_open(c, s->mechanism, s->epsilon, &s->refused))
		return false;
	if (!s->refused)
		s->about = dpt_model_about(c->model);
	sweep_close(c);
	name_config(u, s);
	return true;
}

static bool resolve_all(struct utility *u)
{
	const struct sweep *w = &u->sweep;
	bool epsilons = u->equal == EQUAL_EPSILON;
	const double *target = epsilons ? w->epsilon : u->share;
	size_t targets = epsilons ? w->epsilons : u->shares;
	u->setting =
	    memory_new(1 + w->mechanisms * targets, sizeof *u->setting);
	u->setting[u->settings++] = (struct setting){.target = NAN};
	name_config(u, u->setting);
	for (size_t m = 0; m < w->mechanisms; m++)
		for (size_t t = 0; t < targets; t++) {
			struct setting *s = &u->setting[u->settings++];
			s->mechanism = w->mechanism[m];
			s->target = target[t];
			if (!resolve(u, s))
				return false;
		}
	return true;
}

/* --------------------------------------------------------------- table */

static void print_notes(const struct utility *u, struct tsv *o)
{
	FILE *f = o->text;
	const struct source *s = &u->source;
	tsv_about(o, "utility", u->choice.index);
	sweep_print(&u->sweep, &u->choice, f);
	source_print(s, f);
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

static void print_lead(const struct utility *u, const struct setting *s,
                       FILE *f)
{
	enum dpt_guarantee g =
	    s->mechanism ? s->mechanism->guarantee : DPT_NONE;
	fprintf(f, "%s\t%s\t%s\t%s", u->source.name,
	        s->mechanism ? s->mechanism->name : "clean",
	        dpt_guarantee_name(g), equal_name[u->equal]);
	tsv_short(f, s->target);
	tsv_short(f, s->mechanism ? s->epsilon : NAN);
	tsv_number(
	    f, s->mechanism && !s->refused ? s->about.epsilon_verified : NAN,
	    6);
}

/* A row for each line of the figures. */
static void print_rows(const struct utility *u, const struct setting *s,
                       FILE *f)
{
	const char *at = store_find(&u->store, s->config);
	while (at && *at) {
		size_t n = strcspn(at, "\n");
		print_lead(u, s, f);
		fprintf(f, "\t%.*s\t%s\n", (int)n, at, s->config);
		at += n + 1;
	}
}

static bool write_table(const struct utility *u)
{
	struct tsv o;
	if (!tsv_open(&o, u->out))
		return false;
	fprintf(o.text, "%s\n", header);
	if (u->store.others)
		fputs(u->store.others, o.text);
	print_notes(u, &o);
	for (size_t i = 0; i < u->settings; i++)
		print_rows(u, &u->setting[i], o.text);
	bool ok = tsv_commit(&o);
	tsv_free(&o);
	return ok;
}

/* One line of figures. */
static void keep(struct utility *u, const char *config, const struct trial *t,
                 enum features f, enum regime r, double seconds)
{
	char *line;
	size_t len;
	FILE *o = memory_check(open_memstream(&line, &len));
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
	fclose(o);
	memory_check(line);
	store_add(&u->store, config, line + 1, len - 1); /* without a TAB */
	free(line);
}

/* ----------------------------------------------------------- measuring */

static void keep_clean(struct utility *u, double seconds)
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
		keep(u, u->setting[0].config, &t, f, CLEAN_CLEAN, seconds);
	}
}

static void show(const struct utility *u, const struct setting *s,
                 const struct trial *t)
{
	double took = now_seconds() - u->started;
	size_t left = u->wanted - u->done;
	if (!u->choice.progress.on)
		return;
	enum features f = u->bench.uses[TFIDF] ? TFIDF : MEAN;
	fprintf(stderr, "%s: %s %g: %.1f %%; %zu of %zu", u->source.name,
	        s->mechanism->name, s->target,
	        100 * t->accuracy[f][PRIVATE_CLEAN].mean, u->done, u->wanted);
	if (left > 0)
		fprintf(stderr, ", %.0f s left",
		        took * (double)left / (double)u->done);
	fputc('\n', stderr);
}

/* Figures of one setting, to the store and the file. */
static bool measure(struct utility *u, const struct setting *s)
{
	dpt_error err;
	dpt_model *model;
	struct trial t;
	double started = now_seconds();
	struct dpt_settings settings = u->choice.settings;
	settings.mechanism = s->mechanism->name;
	settings.epsilon = s->epsilon;
	settings.threads = 1;
	settings.progress = NULL;
	if (dpt_model_new(u->choice.index, &settings, &model, &err)) {
		msg("%s", err.text);
		return false;
	}
	bool ok = trial_run(&u->bench, model, u->seeds, &t);
	dpt_model_free(model);
	if (!ok)
		return false;
	double seconds = now_seconds() - started;
	pthread_mutex_lock(&u->lock);
	for (enum features f = 0; f < FEATURES; f++)
		for (enum regime r = PRIVATE_CLEAN;
		     u->bench.uses[f] && r < REGIMES; r++)
			keep(u, s->config, &t, f, r, seconds);
	u->done++;
	show(u, s, &t);
	ok = !u->store.keeps || write_table(u);
	pthread_mutex_unlock(&u->lock);
	return ok;
}

/* The next setting that has no figures, or NULL. */
static const struct setting *take(struct utility *u)
{
	const struct setting *s = NULL;
	pthread_mutex_lock(&u->lock);
	while (!s && !u->failed && u->next < u->settings) {
		s = &u->setting[u->next++];
		for (const struct setting *e = u->setting; s && e < s; e++)
			if (strcmp(e->config, s->config) == 0)
				s = NULL;
		if (s && store_find(&u->store, s->config))
			s = NULL;
	}
	pthread_mutex_unlock(&u->lock);
	return s;
}

static void *work(void *arg)
{
	struct utility *u = arg;
	const struct setting *s;
	while ((s = take(u)))
		if (!measure(u, s)) {
			pthread_mutex_lock(&u->lock);
			u->failed = true;
			pthread_mutex_unlock(&u->lock);
		}
	return NULL;
}

/* How many channels there are to measure. */
static size_t count_wanted(const struct utility *u)
{
	size_t n = 0;
	for (size_t i = 0; i < u->settings; i++) {
		const char *config = u->setting[i].config;
		bool known = store_find(&u->store, config);
		for (size_t e = 0; e < i && !known; e++)
			known = strcmp(u->setting[e].config, config) == 0;
		n += !known;
	}
	return n;
}

static bool measure_all(struct utility *u)
{
	pthread_t thread[256];
	size_t threads = u->choice.settings.threads, started = 0;
	double clean = now_seconds();
	if (u->wanted == 0)
		return true;
	bench_make(&u->bench, &u->source, u->choice.index);
	u->started = now_seconds();
	if (!store_find(&u->store, u->setting[0].config)) {
		keep_clean(u, u->started - clean);
		u->wanted--;
	}
	while (started + 1 < threads && started + 1 < u->wanted &&
	       pthread_create(&thread[started], NULL, work, u) == 0)
		started++;
	work(u);
	for (size_t i = 0; i < started; i++)
		pthread_join(thread[i], NULL);
	return !u->failed;
}

static bool run(struct utility *u)
{
	if (!source_read(&u->source) || !choice_open_index(&u->choice) ||
	    !store_open(&u->store, u->out, u->source.name, header, LEAD) ||
	    !resolve_all(u))
		return false;
	for (size_t i = 0; i < u->settings; i++) {
		const struct setting *s = &u->setting[i];
		if (s->refused && !store_find(&u->store, s->config))
			store_add(&u->store, s->config, refused_figures,
			          sizeof refused_figures - 1);
	}
	u->wanted = count_wanted(u);
	return measure_all(u) && write_table(u);
}

int utility_main(int argc, char **argv)
{
	static struct utility u = {.lock = PTHREAD_MUTEX_INITIALIZER,
	                           .share = {0.1, 0.3, 0.5},
	                           .shares = 3,
	                           .seeds = 3,
	                           .bench.uses = {true, true}};
	choice_start(&u.choice);
	sweep_start(&u.sweep);
	source_start(&u.source);
	parse(&u, argc, argv);
	progress_start(&u.choice.progress, !u.quiet);
	bool ok = run(&u);
	if (u.bench.source)
		bench_free(&u.bench);
	store_free(&u.store);
	free(u.setting);
	source_free(&u.source);
	choice_close(&u.choice);
	return ok ? EXIT_DONE : EXIT_FAILED;
}
