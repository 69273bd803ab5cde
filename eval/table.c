/* SPDX-License-Identifier: MIT */
#include "table.h"

#include "corpus.h"
#include "memory.h"
#include "msg.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void add_names(struct table *t, char *line)
{
	for (char *one; (one = strsep(&line, "\t"));) {
		t->cell = memory_room(t->cell, &t->room, t->columns + 1,
		                      sizeof *t->cell);
		t->cell[t->columns++] = one;
	}
}

/* The names once more are those of a table that was put behind another. */
static bool is_names(const struct table *t, const char *line)
{
	for (size_t i = 0; i < t->columns; i++) {
		size_t n = strlen(t->cell[i]);
		if (strncmp(line, t->cell[i], n) != 0 ||
		    line[n] != (i + 1 < t->columns ? '\t' : 0))
			return false;
		line += n + 1;
	}
	return true;
}

static bool add_row(struct table *t, char *line)
{
	size_t at = t->columns * (t->rows + 1), n = 0;
	t->cell =
	    memory_room(t->cell, &t->room, at + t->columns, sizeof *t->cell);
	for (char *one; (one = strsep(&line, "\t")); n++)
		if (n < t->columns)
			t->cell[at + n] = one;
	t->rows += n == t->columns;
	return n == t->columns;
}

static bool add_line(struct table *t, char *line)
{
	if (line[0] == '#') {
		t->note = memory_room(t->note, &t->room_notes, t->notes + 1,
		                      sizeof *t->note);
		t->note[t->notes++] = line + 1 + (line[1] == ' ');
		return true;
	}
	if (t->columns == 0) {
		add_names(t, line);
		return true;
	}
	return is_names(t, line) || add_row(t, line);
}

bool table_read(struct table *t, const char *path)
{
	size_t size, number = 0;
	*t = (struct table){0};
	if (access(path, F_OK) != 0 && errno == ENOENT) {
		t->missing = true;
		return true;
	}
	if (!corpus_load(path, &t->bytes, &size))
		return false;
	if (memchr(t->bytes, 0, size)) {
		msg("%s: a NUL byte", path);
		return false;
	}
	char *next = t->bytes;
	for (char *line; (line = strsep(&next, "\n"));) {
		number++;
		if (!next && !*line)
			break;
		if (!add_line(t, line)) {
			msg("%s:%zu: not as many fields as there are names",
			    path, number);
			return false;
		}
	}
	return true;
}

void table_free(struct table *t)
{
	free(t->bytes);
	free(t->note);
	free(t->cell);
	*t = (struct table){0};
}

const char *table_name(const struct table *t, size_t column)
{
	return t->cell[column];
}

int table_column(const struct table *t, const char *name)
{
	for (size_t i = 0; i < t->columns; i++)
		if (strcmp(t->cell[i], name) == 0)
			return (int)i;
	return -1;
}

const char *table_cell(const struct table *t, size_t row, int column)
{
	return column < 0 ? ""
	                  : t->cell[t->columns * (row + 1) + (size_t)column];
}

double table_number(const struct table *t, size_t row, int column)
{
	const char *text = table_cell(t, row, column);
	char *end;
	double v = strtod(text, &end);
	return end > text && !*end && isfinite(v) ? v : NAN;
}
