/* SPDX-License-Identifier: MIT */
/* A line with rate and time left, on a terminal only. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>

struct progress {
	bool on;
	const char *stage;
	double started, shown;
};

double now_seconds(void);

/* On when wanted and standard error is a terminal. */
void progress_start(struct progress *p, bool wanted);
/* done of total (0: unknown), in units of scale named by unit. */
void progress_show(struct progress *p, const char *stage, double done,
                   double total, double scale, const char *unit);
/* Takes the line away. */
void progress_end(struct progress *p);
/* A dpt_progress_fn; ctx is a struct progress. */
void progress_stage(void *ctx, const char *stage, double done, double total);

#endif
