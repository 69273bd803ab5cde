/* SPDX-License-Identifier: MIT */
/* A table as the commands write it: lines with #, names of columns, rows. */
#ifndef EVAL_TABLE_H
#define EVAL_TABLE_H

#include <stdbool.h>
#include <stddef.h>

struct table {
	bool missing; /* there is no such file */
	char *bytes;
	const char **note; /* what is behind "# ", a line each */
	size_t notes, room_notes;
	const char **cell; /* the names, then row by row */
	size_t columns, rows, room;
};

/*
 * Tables may be put together, if their columns are the same.  A file that is
 * not there makes an empty table; false after saying what else is wrong.
 */
bool table_read(struct table *t, const char *path);
void table_free(struct table *t);

/* The number of a column, or -1. */
int table_column(const struct table *t, const char *name);
const char *table_name(const struct table *t, size_t column);
/* Column -1 is "" everywhere. */
const char *table_cell(const struct table *t, size_t row, int column);
/* NaN for what is no number, or infinite. */
double table_number(const struct table *t, size_t row, int column);

#endif
