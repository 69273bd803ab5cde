/* SPDX-License-Identifier: MIT */
#include "experiment.h"

#include "memory.h"
#include "msg.h"
#include "tsv.h"

#include <math.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

void experiment_start(struct experiment *e)
{
	choice_start(&e->choice);
	sweep_start(&e->sweep);
	source_start(&e->source);
	pthread_mutex_init(&e->lock, NULL);
}

void experiment_option(struct experiment *e, int id, const char *arg)
{
	switch (id) {
	case 'o': e->out = arg; break;
	case 'q': e->quiet = true; break;
	default:
		if (!source_option(&e->source, id, arg))
			sweep_option(&e->sweep, &e->choice, id, arg);
	}
}

void experiment_free(struct experiment *e)
{
	store_free(&e->store);
	names_free(&e->keys);
	free(e->setting);
	source_free(&e->source);
	choice_close(&e->choice);
	pthread_mutex_destroy(&e->lock);
}

/* ------------------------------------------------------------ settings */

/* What was asked for: the first columns of a row. */
static void print_key(const struct experiment *e, const struct setting *s,
                      FILE *f)
{
	enum dpt_guarantee g =
	    s->mechanism ? s->mechanism->guarantee : DPT_NONE;
	fprintf(f, "%s\t%s\t%s", e->source.name,
	        s->mechanism ? s->mechanism->name : "clean",
	        dpt_guarantee_name(g));
	if (e->equal)
		fprintf(f, "\t%s", e->equal);
	tsv_short(f, s->target);
}

static void add_setting(struct experiment *e,
                        const struct dpt_mechanism *mechanism, double target)
{
	char *key;
	size_t len;
	struct setting *s = &e->setting[e->settings++];
	*s = (struct setting){
	    .mechanism = mechanism, .target = target, .epsilon = target};
	FILE *f = memory_check(open_memstream(&key, &len));
	print_key(e, s, f);
	fclose(f);
	names_add(&e->keys, memory_check(key), len);
	free(key);
}

static void list_settings(struct experiment *e, const double *target,
                          size_t targets)
{
	const struct sweep *w = &e->sweep;
	e->setting =
	    memory_new(1 + w->mechanisms * targets, sizeof *e->setting);
	if (e->clean)
		add_setting(e, NULL, NAN);
	for (size_t m = 0; m < w->mechanisms; m++)
		for (size_t t = 0; t < targets; t++)
			add_setting(e, w->mechanism[m], target[t]);
}

bool experiment_open(struct experiment *e, const double *target, size_t targets)
{
	struct tsv o;
	size_t key = e->equal ? 5 : 4;
	size_t lead = key + (e->equal != NULL) + e->leads_verified;
	progress_start(&e->choice.progress, !e->quiet);
	if (!tsv_open(&o, e->out))
		return false;
	tsv_free(&o);
	if (!source_read(&e->source) || !choice_open_index(&e->choice))
		return false;
	list_settings(e, target, targets);
	return store_open(&e->store, e->out, e->header, key, lead, &e->keys);
}

static void hash_texts(crypto_generichash_state *h, const struct corpus *c)
{
	uint64_t rows = c->texts.rows;
	crypto_generichash_update(h, (void *)&rows, sizeof rows);
	crypto_generichash_update(h, (void *)c->texts.bytes, c->texts.size);
	crypto_generichash_update(h, (void *)c->label,
	                          c->texts.rows * sizeof *c->label);
}

/* All that figures depend on. */
static void name_config(const struct experiment *e, struct setting *s)
{
	crypto_generichash_state h;
	unsigned char sum[crypto_generichash_BYTES_MIN];
	const struct dpt_mechanism *m = s->mechanism;
	char text[1024];
	size_t n =
	    (size_t)snprintf(text, sizeof text, "%s %s %s %s", dpt_version(),
	                     e->source.name, m ? m->name : "clean", e->depends);
	/* The values are the channel; without any, epsilon is. */
	if (m && (s->refused || m->params == 0))
		n += (size_t)snprintf(text + n, sizeof text - n, " %.17g %d",
		                      s->epsilon, s->refused);
	for (size_t i = 0; m && !s->refused && i < m->params; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, " %.17g",
		                      s->about.value[i]);
	crypto_generichash_init(&h, NULL, 0, sizeof sum);
	crypto_generichash_update(&h, (void *)text, n);
	hash_texts(&h, &e->source.train);
	hash_texts(&h, &e->source.test);
	crypto_generichash_final(&h, sum, sizeof sum);
	sodium_bin2hex(s->config, sizeof s->config, sum, sizeof s->config / 2);
}

/* Figures there are none of. */
static void keep_refused(struct experiment *e, const struct setting *s)
{
	char *line;
	size_t len;
	const char *at = e->header, *end;
	FILE *f = memory_check(open_memstream(&line, &len));
	for (size_t i = 0; i < e->store.lead; i++)
		at = strchr(at, '\t') + 1;
	for (; (end = strchr(at, '\t')); at = end + 1) {
		size_t n = (size_t)(end - at);
		bool says =
		    n == strlen(e->verdict) && memcmp(at, e->verdict, n) == 0;
		fprintf(f, "\t%s", says ? "refused" : "nan");
	}
	fclose(f);
	memory_check(line);
	store_add(&e->store, s->config, line + 1, len - 1);
	free(line);
}

/* What a mechanism can keep, and so which channel it is. */
static bool resolve(struct experiment *e, struct setting *s)
{
	struct choice *c = &e->choice;
	s->refused = s->mechanism && isnan(s->epsilon);
	if (s->mechanism && !s->refused &&
	    !sweep_open(c, s->mechanism, s->epsilon, &s->refused))
		return false;
	if (c->model)
		s->about = dpt_model_about(c->model);
	sweep_close(c);
	name_config(e, s);
	if (s->refused && !store_find(&e->store, s->config))
		keep_refused(e, s);
	return true;
}

/* Figures are there, or will be: those of a setting before it. */
static bool is_known(const struct experiment *e, const struct setting *s)
{
	for (const struct setting *b = e->setting; b < s; b++)
		if (strcmp(b->config, s->config) == 0)
			return true;
	return store_find(&e->store, s->config);
}

bool experiment_resolve(struct experiment *e)
{
	for (size_t i = 0; i < e->settings; i++) {
		if (!resolve(e, &e->setting[i]))
			return false;
		e->wanted += !is_known(e, &e->setting[i]);
	}
	return true;
}

/* --------------------------------------------------------------- table */

/* A row for each line of the figures. */
static void print_rows(const struct experiment *e, const struct setting *s,
                       FILE *f)
{
	const char *at = store_find(&e->store, s->config);
	bool holds = s->mechanism && !s->refused;
	while (at && *at) {
		size_t n = strcspn(at, "\n");
		print_key(e, s, f);
		if (e->equal)
			tsv_short(f, s->mechanism ? s->epsilon : NAN);
		if (e->leads_verified)
			tsv_number(f, holds ? s->about.epsilon_verified : NAN,
			           6);
		fprintf(f, "\t%.*s\t%s\n", (int)n, at, s->config);
		at += n + 1;
	}
}

static bool write_table(const struct experiment *e)
{
	struct tsv o;
	if (!tsv_open(&o, e->out))
		return false;
	fprintf(o.text, "%s\n", e->header);
	if (e->store.others)
		fputs(e->store.others, o.text);
	tsv_about(&o, e->command, e->choice.index);
	sweep_print(&e->sweep, &e->choice, o.text);
	source_print(&e->source, o.text);
	e->print_notes(e->ctx, o.text);
	for (size_t i = 0; i < e->settings; i++)
		print_rows(e, &e->setting[i], o.text);
	bool ok = tsv_commit(&o);
	tsv_free(&o);
	return ok;
}

/* ----------------------------------------------------------- measuring */

static void show(const struct experiment *e, const struct measurement *m)
{
	double took = now_seconds() - e->started;
	size_t left = e->wanted - e->done;
	if (!e->choice.progress.on)
		return;
	fprintf(stderr, "%s: %s %g: %s; %zu of %zu", e->source.name,
	        m->setting->mechanism->name, m->setting->target, m->said,
	        e->done, e->wanted);
	if (left > 0)
		fprintf(stderr, ", %.0f s left",
		        took * (double)left / (double)e->done);
	fputc('\n', stderr);
}

/* To the store and the file.  Text as it is says nothing of the time left. */
static bool keep(struct experiment *e, const struct measurement *m,
                 const char *lines)
{
	for (const char *at = lines; *at;) {
		size_t n = strcspn(at, "\n");
		store_add(&e->store, m->setting->config, at + 1, n - 1);
		at += n + 1;
	}
	if (m->setting->mechanism) {
		e->done++;
		show(e, m);
	} else {
		e->wanted--;
		e->started = now_seconds();
	}
	return !e->store.keeps || write_table(e);
}

static bool open_model(const struct experiment *e, struct measurement *m)
{
	dpt_error err;
	struct dpt_settings settings = e->choice.settings;
	settings.mechanism = m->setting->mechanism->name;
	settings.epsilon = m->setting->epsilon;
	settings.progress = NULL;
	if (e->workers > 1)
		settings.threads = 1;
	if (dpt_model_new(e->choice.index, &settings, &m->model, &err) == 0)
		return true;
	msg("%s", err.text);
	return false;
}

static bool measure(struct experiment *e, const struct setting *s)
{
	struct measurement m = {.setting = s, .started = now_seconds()};
	char *lines;
	size_t size;
	if (s->mechanism && !open_model(e, &m))
		return false;
	m.figures = memory_check(open_memstream(&lines, &size));
	bool ok = e->measure(e->ctx, &m);
	fclose(m.figures);
	memory_check(lines);
	dpt_model_free(m.model);
	pthread_mutex_lock(&e->lock);
	ok = ok && keep(e, &m, lines);
	pthread_mutex_unlock(&e->lock);
	free(lines);
	return ok;
}

/* The next setting that has no figures, or NULL. */
static const struct setting *take(struct experiment *e)
{
	const struct setting *s = NULL;
	pthread_mutex_lock(&e->lock);
	while (!s && !e->failed && e->next < e->settings) {
		s = &e->setting[e->next++];
		if (is_known(e, s))
			s = NULL;
	}
	pthread_mutex_unlock(&e->lock);
	return s;
}

static void *work(void *arg)
{
	struct experiment *e = arg;
	const struct setting *s;
	while ((s = take(e)))
		if (!measure(e, s)) {
			pthread_mutex_lock(&e->lock);
			e->failed = true;
			pthread_mutex_unlock(&e->lock);
		}
	return NULL;
}

bool experiment_run(struct experiment *e, size_t workers)
{
	pthread_t thread[256];
	size_t started = 0;
	e->workers = workers < e->wanted ? workers : e->wanted;
	e->started = now_seconds();
	while (started + 1 < e->workers &&
	       pthread_create(&thread[started], NULL, work, e) == 0)
		started++;
	work(e);
	for (size_t i = 0; i < started; i++)
		pthread_join(thread[i], NULL);
	return !e->failed && write_table(e);
}
