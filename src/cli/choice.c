/* SPDX-License-Identifier: MIT */
#include "choice.h"

#include "msg.h"
#include "paths.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void choice_start(struct choice *c)
{
	*c = (struct choice){0};
	c->settings = (struct dpt_settings){.epsilon = 2,
	                                    .max_unchanged = 0.5,
	                                    .threads = opt_threads(NULL),
	                                    .param = c->param,
	                                    .progress = progress_stage,
	                                    .progress_ctx = &c->progress};
	default_index_path(c->index_path, sizeof c->index_path);
	cache_path(c->cache_path, sizeof c->cache_path);
	if (c->cache_path[0])
		c->settings.cache = c->cache_path;
}

static void set_param(struct choice *c, const char *text)
{
	const char *value = strchr(text, '=');
	size_t i = c->settings.params, n = value ? (size_t)(value - text) : 0;
	if (!value || n >= sizeof c->name[0] || i == DPT_MAX_PARAMS)
		msg_usage("-p needs NAME=VALUE");
	memcpy(c->name[i], text, n);
	c->param[i].name = c->name[i];
	c->param[i].value =
	    opt_number(c->name[i], value + 1, -HUGE_VAL, HUGE_VAL);
	c->settings.params++;
}

bool choice_option(struct choice *c, int id, const char *arg)
{
	struct dpt_settings *s = &c->settings;
	switch (id) {
	case 'e':
		s->epsilon = opt_number("epsilon", arg, 1e-6, 1e6);
		c->epsilon_given = true;
		return true;
	case 'm': s->mechanism = arg; return true;
	case 'p': set_param(c, arg); return true;
	case 'x':
		if (strlen(arg) >= sizeof c->index_path)
			msg_usage("the name of the index is too long");
		strcpy(c->index_path, arg);
		return true;
	case 'T': s->threads = opt_threads(arg); return true;
	case OPT_MAX_UNCHANGED:
		s->max_unchanged = opt_number("--max-unchanged", arg, 1e-6, 1);
		return true;
	default: return false;
	}
}

void choice_check(const struct choice *c)
{
	if (c->epsilon_given && c->settings.params)
		msg_usage("-e and -p exclude each other");
}

bool choice_wants_list(const struct choice *c)
{
	return c->settings.mechanism &&
	       strcmp(c->settings.mechanism, "list") == 0;
}

int choice_list(void)
{
	for (size_t i = 0; i < dpt_mechanism_count(); i++) {
		const struct dpt_mechanism *m = dpt_mechanism_at(i);
		printf("%-18s %-9s %s%s\n", m->name,
		       dpt_guarantee_name(m->guarantee), m->summary,
		       i == 0 ? " (default)" : "");
		for (size_t p = 0; p < m->params; p++)
			printf("%-18s   -p %s=...  %s\n", "", m->param[p].name,
			       m->param[p].meaning);
	}
	return msg_finish_stdout();
}

static bool opened(enum dpt_status status, const dpt_error *err)
{
	if (status)
		msg("%s", err->text);
	return status == DPT_OK;
}

bool choice_open_index(struct choice *c)
{
	dpt_error err;
	return opened(dpt_index_open(c->index_path, &c->index, &err), &err);
}

bool choice_open_late(struct choice *c)
{
	dpt_error err;
	return opened(dpt_index_open_late(c->index_path, &c->index, &err),
	              &err);
}

bool choice_open_model(struct choice *c)
{
	dpt_error err;
	enum dpt_status status =
	    dpt_model_new(c->index, &c->settings, &c->model, &err);
	progress_end(&c->progress);
	return opened(status, &err);
}

void choice_close(struct choice *c)
{
	dpt_model_free(c->model);
	dpt_index_free(c->index);
	c->model = NULL;
	c->index = NULL;
}
