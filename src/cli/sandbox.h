/* SPDX-License-Identifier: MIT */
/* What the program cannot do any more once it reads text. */
#ifndef CLI_SANDBOX_H
#define CLI_SANDBOX_H

#include <stddef.h>

struct sandbox {
	const char *const *read; /* files still to be opened for reading */
	size_t reads;
	const char *name;  /* file that is open but has no name; or NULL */
	const char *write; /* file still to be made; or NULL */
};

/*
 * Shuts the program off, as far as the system offers that, from the network,
 * from other programs and from all files but those that are open and those
 * in the folders of the ones given.  Other threads must not be at work yet.
 * Returns what came of it, for -v.
 */
const char *sandbox_enter(const struct sandbox *s);

#endif
