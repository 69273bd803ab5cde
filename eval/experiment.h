/* SPDX-License-Identifier: MIT */
/*
 * What is common to the commands that measure mechanisms at epsilons on a
 * corpus: a table which keeps what was measured, so that a run can be ended
 * at any time, and started again.
 */
#ifndef EVAL_EXPERIMENT_H
#define EVAL_EXPERIMENT_H

#include "source.h"
#include "store.h"
#include "sweep.h"

#include <pthread.h>

/* One mechanism at one target. */
struct setting {
	const struct dpt_mechanism *mechanism; /* NULL: text as it is */
	double target;
	double epsilon; /* to ask for; NaN: none reaches the target */
	struct dpt_model_info about;
	bool refused;
	char config[17];
};

/* A setting being measured. */
struct measurement {
	const struct setting *setting;
	dpt_model *model; /* NULL: text as it is */
	double started;
	FILE *figures; /* to be written: lines of fields, each behind a TAB */
	char said[80]; /* to be filled: of these, on the terminal */
};

struct experiment {
	/* What the command is; to be set before experiment_open. */
	const char *command, *header;
	const char *equal;   /* what targets are of; NULL: no such column */
	bool leads_verified; /* epsilon_verified is in front of the figures */
	bool clean;          /* text as it is comes first */
	const char *verdict; /* the column that says "refused" */
	void (*print_notes)(const void *ctx, FILE *f);
	bool (*measure)(void *ctx, struct measurement *m); /* says faults */
	void *ctx;

	struct choice choice;
	struct sweep sweep;
	struct source source;
	const char *out;
	bool quiet;

	/* What figures depend on beside texts and channel, the index too; to
	 * be set before experiment_resolve. */
	char depends[128];

	struct setting *setting;
	size_t settings;
	struct names keys; /* of the settings */
	struct store store;

	pthread_mutex_t lock; /* of the store and all below */
	size_t next, done, wanted, workers;
	double started;
	bool failed;
};

void experiment_start(struct experiment *e);
/* Takes -o, -q, and the options of source and sweep. */
void experiment_option(struct experiment *e, int id, const char *arg);
/*
 * Reads texts, index and table, and lists the settings: each mechanism with
 * all targets, which are epsilons until something else is put there.
 */
bool experiment_open(struct experiment *e, const double *target,
                     size_t targets);
/* Learns what each channel is; wanted: how many are to be measured. */
bool experiment_resolve(struct experiment *e);
/* Measures so many at a time, and writes the table. */
bool experiment_run(struct experiment *e, size_t workers);
void experiment_free(struct experiment *e);

#endif
