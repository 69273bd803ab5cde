/* SPDX-License-Identifier: MIT */
/* A file or standard input, plain or gzip. */
#ifndef CLI_INPUT_H
#define CLI_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <zlib.h>

struct input {
	const char *name;  /* for messages */
	double size;       /* bytes there will be; 0: not known */
	const char *fault; /* what is wrong with gzip data; NULL: nothing */
	int fd;
	bool seen;   /* what it begins with, and so what it is */
	bool gzip;   /* as it is */
	bool within; /* a gzip member */
	bool full;   /* inflate may have more than there was room for */
	z_stream z;
	size_t at, end; /* of raw, what was read and not yet given */
	size_t used;    /* of raw, at most so far */
	unsigned char raw[1 << 16];
};

/* A name, or "-" for standard input; false after saying what is wrong. */
bool input_open(struct input *in, const char *name);
/* As the callbacks of dpt_stream_options. */
ptrdiff_t input_read(struct input *in, void *buffer, size_t size);
bool input_ready(const struct input *in);
/* Whether the file has more, or its end, within so many milliseconds. */
bool input_waits(const struct input *in, int within);
/* Wipes what it held. */
void input_close(struct input *in);

#endif
