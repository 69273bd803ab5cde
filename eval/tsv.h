/* SPDX-License-Identifier: MIT */
/* A table that is put out whole, at the end, or not at all. */
#ifndef EVAL_TSV_H
#define EVAL_TSV_H

#include <stdbool.h>
#include <stdio.h>

struct tsv {
	FILE *text; /* print to this */
	const char *path;
	char *bytes;
	size_t size;
};

/*
 * path NULL: standard output.  False, and why is said, where the file could
 * not be written later.
 */
bool tsv_open(struct tsv *o, const char *path);
/* Puts all out, by way of a temporary file; says what went wrong. */
bool tsv_commit(struct tsv *o);
/* After tsv_commit or in its place. */
void tsv_free(struct tsv *o);

#endif
