/* SPDX-License-Identifier: MIT */
/* A file with a secret, as ssh keeps its keys: for the eyes of one user. */
#ifndef CLI_SECRET_H
#define CLI_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#define LONGEST_SECRET 4096 /* bytes */

struct secret {
	size_t len;
	unsigned char byte[LONGEST_SECRET];
};

/*
 * False after saying what is wrong: it cannot be read, others may read or
 * write it, it is too short or too long.
 */
bool secret_read(struct secret *secret, const char *path);
void secret_wipe(struct secret *secret);

#endif
