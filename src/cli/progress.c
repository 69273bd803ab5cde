/* SPDX-License-Identifier: MIT */
#include "progress.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

double now_seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void progress_start(struct progress *p, bool wanted)
{
	*p = (struct progress){.on = wanted && isatty(STDERR_FILENO)};
}

void progress_show(struct progress *p, const char *stage, double done,
                   double total, double scale, const char *unit)
{
	if (!p->on)
		return;
	double now = now_seconds();
	if (!p->stage || strcmp(p->stage, stage) != 0) {
		p->stage = stage;
		p->started = now;
		p->shown = 0;
	}
	if (now - p->shown < 0.1 || now - p->started < 0.3)
		return;
	p->shown = now;
	double took = now - p->started;
	fprintf(stderr, "\r\033[K%s: ", stage);
	if (total > 0)
		fprintf(stderr, "%.0f %%, ", 100 * done / total);
	fprintf(stderr, "%.1f %s/s", done / scale / took, unit);
	if (total > 0 && done > 0)
		fprintf(stderr, ", %.0f s left", took * (total - done) / done);
}

void progress_end(struct progress *p)
{
	if (p->on && p->shown > 0)
		fputs("\r\033[K", stderr);
	p->stage = NULL;
	p->shown = 0;
}

void progress_stage(void *ctx, const char *stage, double done, double total)
{
	struct progress *p = ctx;
	if (done >= total)
		progress_end(p);
	else
		progress_show(p, stage, done, total, 1, "steps");
}
