/* SPDX-License-Identifier: MIT */
/* The options that choose a model, the same in every program. */
#ifndef CLI_CHOICE_H
#define CLI_CHOICE_H

#include "dptext.h"
#include "opt.h"
#include "progress.h"

#include <limits.h>

enum { OPT_MAX_UNCHANGED = 512 };

/* Rows for the option table of a program. */
#define CHOICE_OPTIONS                                                         \
	{'e', "epsilon", "EPS",                                                \
	 "privacy loss a word and unit of distance [2]"},                      \
	    {'m', "mechanism", "MECH", "mechanism; 'list' shows them"},        \
	    {'p', "param", "NAME=VALUE",                                       \
	     "set a parameter; verified as given"},                            \
	    {'x', "index", "INDEX",                                            \
	     "index of an embedding [the default one]"},                       \
	    {'T', "threads", "N", "worker threads [one a processor]"},         \
	{                                                                      \
		OPT_MAX_UNCHANGED, "max-unchanged", "U",                       \
		    "largest share of tokens left as they are [0.5]"           \
	}

struct choice {
	struct dpt_settings settings;
	struct dpt_param param[DPT_MAX_PARAMS];
	char name[DPT_MAX_PARAMS][32];
	char index_path[PATH_MAX], cache_path[PATH_MAX];
	bool epsilon_given;
	struct progress progress;
	dpt_index *index;
	dpt_model *model;
};

/* Defaults; the struct must not move afterwards. */
void choice_start(struct choice *c);
/* Takes one option; false if it is none of CHOICE_OPTIONS. */
bool choice_option(struct choice *c, int id, const char *arg);
/* Usage that options exclude each other ends the program. */
void choice_check(const struct choice *c);
/* -m list: prints the mechanisms, returns the exit status. */
bool choice_wants_list(const struct choice *c);
int choice_list(void);
/* Opens index and model; says what went wrong. */
bool choice_open_index(struct choice *c);
/* The same, but what is drawn from is checked when it is. */
bool choice_open_late(struct choice *c);
bool choice_open_model(struct choice *c);
void choice_close(struct choice *c);

#endif
