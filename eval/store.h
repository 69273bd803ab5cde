/* SPDX-License-Identifier: MIT */
/*
 * Results in a file, so that what was measured need not be again.
 *
 * A table has a header, then a block for each corpus: lines with # and rows.
 * A row starts with the corpus and what was asked for, lead columns; then
 * come figures; the last column names the configuration they are of.
 */
#ifndef EVAL_STORE_H
#define EVAL_STORE_H

#include <stdbool.h>
#include <stddef.h>

struct store {
	const char *path, *corpus, *header;
	size_t lead;
	bool keeps;   /* path is a file that can be read */
	char *others; /* blocks of other corpora, as they were */
	struct store_item {
		char *config;
		char *figures; /* a line for each row, without config */
	} * item;
	size_t items, room;
};

/*
 * Reads what is at path, if there is something; says what is wrong.  path,
 * corpus and header are borrowed.
 */
bool store_open(struct store *s, const char *path, const char *corpus,
                const char *header, size_t lead);
/* The figures of a configuration, or NULL. */
const char *store_find(const struct store *s, const char *config);
/* Adds a line of figures to a configuration. */
void store_add(struct store *s, const char *config, const char *figures,
               size_t len);
void store_free(struct store *s);

#endif
