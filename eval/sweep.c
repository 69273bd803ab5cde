/* SPDX-License-Identifier: MIT */
#include "sweep.h"

#include "memory.h"
#include "msg.h"

#include <stdlib.h>
#include <string.h>

void sweep_start(struct sweep *s)
{
	*s = (struct sweep){.epsilons = 1, .mechanisms = 1};
	s->epsilon[0] = 2;
	s->mechanism[0] = dpt_mechanism_at(0);
}

static void add_epsilon(struct sweep *s, const char *text)
{
	if (s->epsilons == SWEEP_MOST)
		msg_usage("more than %d epsilons", SWEEP_MOST);
	s->epsilon[s->epsilons++] = opt_number("epsilon", text, 1e-6, 1e6);
}

static const struct dpt_mechanism *find_mechanism(const char *name)
{
	for (size_t i = 0; i < dpt_mechanism_count(); i++)
		if (strcmp(dpt_mechanism_at(i)->name, name) == 0)
			return dpt_mechanism_at(i);
	msg_usage("no mechanism '%s'", name);
}

static void add_mechanism(struct sweep *s, const char *text)
{
	if (s->mechanisms == SWEEP_MOST)
		msg_usage("more than %d mechanisms", SWEEP_MOST);
	s->mechanism[s->mechanisms++] = find_mechanism(text);
}

static void add_all(struct sweep *s)
{
	for (size_t i = 0; i < dpt_mechanism_count(); i++)
		add_mechanism(s, dpt_mechanism_at(i)->name);
}

static void each(struct sweep *s, const char *arg,
                 void (*add)(struct sweep *s, const char *text))
{
	char *rest, *list = memory_check(strdup(arg));
	for (char *one = strtok_r(list, ",", &rest); one;
	     one = strtok_r(NULL, ",", &rest))
		add(s, one);
	free(list);
}

bool sweep_option(struct sweep *s, struct choice *c, int id, const char *arg)
{
	if (id == 'e') {
		s->epsilons = 0;
		each(s, arg, add_epsilon);
		if (s->epsilons == 0)
			msg_usage("-e needs at least one epsilon");
		return true;
	}
	if (id == 'm') {
		s->mechanisms = 0;
		if (strcmp(arg, "all") == 0)
			add_all(s);
		else
			each(s, arg, add_mechanism);
		if (s->mechanisms == 0)
			msg_usage("-m needs at least one mechanism");
		return true;
	}
	return choice_option(c, id, arg);
}

void sweep_print(const struct sweep *s, const struct choice *c, FILE *f)
{
	fputs("-e ", f);
	for (size_t i = 0; i < s->epsilons; i++)
		fprintf(f, "%s%g", i ? "," : "", s->epsilon[i]);
	fputs(" -m ", f);
	for (size_t i = 0; i < s->mechanisms; i++)
		fprintf(f, "%s%s", i ? "," : "", s->mechanism[i]->name);
	fprintf(f, " --max-unchanged %g", c->settings.max_unchanged);
}

bool sweep_open(struct choice *c, const struct dpt_mechanism *mechanism,
                double epsilon, bool *refused)
{
	dpt_error err;
	c->settings.mechanism = mechanism->name;
	c->settings.epsilon = epsilon;
	enum dpt_status status =
	    dpt_model_new(c->index, &c->settings, &c->model, &err);
	progress_end(&c->progress);
	*refused = status == DPT_EPRIVACY;
	if (status)
		msg("%s%s", *refused ? "refused: " : "", err.text);
	return !status || *refused;
}

void sweep_close(struct choice *c)
{
	dpt_model_free(c->model);
	c->model = NULL;
}
