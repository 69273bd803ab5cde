/* SPDX-License-Identifier: MIT */
/*
 * Builds the index of VECTORS as dptext-index does, with its defaults:
 * nanoseconds in all, and those until all "pairs" of words were measured.
 *
 *     bench-index VECTORS THREADS OUT
 */
#include "dptext.h"

#include "bench.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ends of stages, in nanoseconds; each begins where the one before ended. */
struct stages {
	int64_t before, pairs;
};

static void note(void *ctx, const char *stage, double done, double total)
{
	struct stages *c = ctx;
	if (done < total)
		return;
	if (strcmp(stage, "measuring all pairs") == 0)
		c->pairs = now();
	else if (!c->pairs)
		c->before = now();
}

int main(int argc, char **argv)
{
	struct stages c = {0};
	dpt_error err;
	dpt_vectors *v;
	if (argc != 4)
		return 2;
	struct dpt_build_options options = {.neighbours = 64,
	                                    .threads = (unsigned)atoi(argv[2]),
	                                    .progress = note,
	                                    .progress_ctx = &c};
	setenv("OPENBLAS_NUM_THREADS", "1", 1);
	int64_t started = now();
	enum dpt_status status = dpt_vectors_read(argv[1], 0, &v, &err);
	if (!status) {
		c.before = now();
		status = dpt_index_build(v, &options, argv[3], &err);
		dpt_vectors_free(v);
	}
	if (status) {
		fprintf(stderr, "bench-index: %s\n", err.text);
		return 1;
	}
	printf("%" PRId64 "\n", now() - started);
	if (c.pairs)
		printf("%" PRId64 " pairs\n", c.pairs - c.before);
	return 0;
}
