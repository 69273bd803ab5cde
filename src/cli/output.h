/* SPDX-License-Identifier: MIT */
/* Standard output, or a file that is complete or not there; plain or gzip. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "dptext.h"

#include <stdbool.h>
#include <stddef.h>
#include <zlib.h>

struct output {
	const char *name; /* for messages */
	dpt_file *file;   /* NULL: standard output */
	int fd;
	bool gzip;
	bool hole; /* not all of the gzip data could be written */
	z_stream z;
	unsigned char packed[1 << 16];
};

/* path NULL or "-" is standard output; false after saying what is wrong. */
bool output_open(struct output *o, const char *path, bool gzip);
/* As the callback of dpt_stream_options. */
int output_write(struct output *o, const void *bytes, size_t size);
/* Lets a reader of gzip see all that was written so far. */
int output_flush(struct output *o);
/*
 * Ends the output; a file gets its name if all is well so far.  Returns
 * that, and whether this went well, after saying what is wrong.
 */
bool output_close(struct output *o, bool well);

#endif
