/* SPDX-License-Identifier: MIT */
/*
 * Results in a file, so that what was measured need not be again.
 *
 * A table has a header, then blocks of lines with # and rows.  The first
 * columns of a row, its key, are what was asked for, and the first of them is
 * the corpus; some more may lead to the figures; the last column names the
 * configuration they are of.
 */
#ifndef EVAL_STORE_H
#define EVAL_STORE_H

#include "names.h"

#include <stdbool.h>

struct store {
	const char *header;
	size_t key, lead; /* columns; lead has the key in it */
	const struct names *asked;
	bool keeps;   /* there is a path, and it is that of a file */
	char *others; /* rows that were not asked for, as they were */
	struct store_item {
		char *config;
		char *figures; /* a line for each row, without config */
	} * item;
	size_t items, room;
};

/*
 * Reads what is at path, if there is something; says what is wrong.  asked
 * are the keys of the rows to come; it and header are borrowed.
 */
bool store_open(struct store *s, const char *path, const char *header,
                size_t key, size_t lead, const struct names *asked);
/* The figures of a configuration, or NULL. */
const char *store_find(const struct store *s, const char *config);
/* Adds a line of figures to a configuration. */
void store_add(struct store *s, const char *config, const char *figures,
               size_t len);
void store_free(struct store *s);

#endif
