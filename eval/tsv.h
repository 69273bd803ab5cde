/* SPDX-License-Identifier: MIT */
/* A table that is put out whole, at the end, or not at all. */
#ifndef EVAL_TSV_H
#define EVAL_TSV_H

#include "dptext.h"

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
/*
 * The first lines of a table, with #: versions, date, index, and the start
 * of the line "# command: dptext-eval COMMAND ", which the caller ends.
 */
void tsv_about(struct tsv *o, const char *command, const dpt_index *index);
/* A TAB and a number with so many digits; "nan" has no sign. */
void tsv_number(FILE *f, double value, int digits);
/* The same with as many digits as it needs, at most 6. */
void tsv_short(FILE *f, double value);
/* Puts all out, by way of a temporary file; says what went wrong. */
bool tsv_commit(struct tsv *o);
/* After tsv_commit or in its place. */
void tsv_free(struct tsv *o);

#endif
