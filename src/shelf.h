/* SPDX-License-Identifier: MIT */
/*
 * Rows of one size, made when they are first needed, by whichever thread comes
 * first.  They lie in the order in which they were begun: a text has few of
 * all words, and memory that is not needed is never touched.
 */
#ifndef DPT_SHELF_H
#define DPT_SHELF_H

#include "once.h"
#include "table.h"

struct dpt_shelf {
	size_t stride; /* bytes of a row */
	_Atomic uint32_t begun;
	char *row;
};

/* Of a row: its number and 1 is said of it. */
typedef dpt_once dpt_place;

/* Room for so many rows of so many bytes, or NULL. */
static inline struct dpt_shelf *dpt_shelf_new(size_t rows, size_t bytes)
{
	struct dpt_shelf *s = calloc(1, sizeof *s);
	if (!s)
		return NULL;
	s->stride = (bytes + DPT_LINE - 1) / DPT_LINE * DPT_LINE;
	s->row = dpt_table_new(rows * s->stride);
	if (s->row)
		return s;
	free(s);
	return NULL;
}

static inline void dpt_shelf_free(struct dpt_shelf *s)
{
	if (s)
		free(s->row);
	free(s);
}

static inline void *dpt_shelf_numbered(const struct dpt_shelf *s, uint32_t i)
{
	return s->row + i * s->stride;
}

/* The row, or NULL if it is not made yet. */
static inline void *dpt_shelf_row(const struct dpt_shelf *s,
                                  const dpt_place *place)
{
	uint32_t said = dpt_once_said(place);
	return said ? dpt_shelf_numbered(s, said - 1) : NULL;
}

/* The row for the caller to make, who calls dpt_shelf_end then, or NULL: it is
 * there. */
static inline void *dpt_shelf_begin(struct dpt_shelf *s, dpt_place *place)
{
	if (!dpt_once_begin(place))
		return NULL;
	return dpt_shelf_numbered(s, atomic_fetch_add(&s->begun, 1));
}

static inline void dpt_shelf_end(const struct dpt_shelf *s, dpt_place *place,
                                 const void *row)
{
	size_t number = (size_t)((const char *)row - s->row) / s->stride;
	dpt_once_end(place, (uint32_t)number + 1);
}

#endif
