/* SPDX-License-Identifier: MIT */
/* Different texts, numbered from 0 in the order they were first seen. */
#ifndef EVAL_NAMES_H
#define EVAL_NAMES_H

#include <stddef.h>

struct name;

/* All zero: none yet. */
struct names {
	void *root; /* of a search tree */
	struct name **list;
	size_t n, room;
};

/* The number of a text, which is added when it is new. */
int names_add(struct names *names, const char *text, size_t len);
/* The number of a text, or -1. */
int names_find(const struct names *names, const char *text, size_t len);
/* The text of a number below names->n; it has no NUL but at its end. */
const char *names_text(const struct names *names, size_t id);
void names_free(struct names *names);

#endif
