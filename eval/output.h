/* SPDX-License-Identifier: MIT */
/* A table that is put out whole, at the end, or not at all. */
#ifndef EVAL_OUTPUT_H
#define EVAL_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

struct output {
	FILE *text; /* print to this */
	const char *path;
	char *bytes;
	size_t size;
};

/*
 * path NULL: standard output.  False, and why is said, where the file could
 * not be written later.
 */
bool output_open(struct output *o, const char *path);
/* Puts all out, by way of a temporary file; says what went wrong. */
bool output_commit(struct output *o);
/* After output_commit or in its place. */
void output_free(struct output *o);

#endif
