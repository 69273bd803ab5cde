/* SPDX-License-Identifier: MIT */
#include "output.h"

#include "msg.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ------------------------------------------------------- temporary file */

/* What a signal that ends the program must not leave behind. */
static char unfinished[PATH_MAX];

static void remove_unfinished(int signal_number)
{
	unlink(unfinished);
	raise(signal_number); /* now it ends the program */
}

static void catch_signals(void)
{
	static const int signals[] = {SIGHUP, SIGINT, SIGTERM};
	struct sigaction act = {.sa_handler = remove_unfinished,
	                        .sa_flags = (int)SA_RESETHAND};
	sigemptyset(&act.sa_mask);
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
		struct sigaction before;
		if (sigaction(signals[i], NULL, &before) == 0 &&
		    before.sa_handler == SIG_DFL)
			sigaction(signals[i], &act, NULL);
	}
}

static bool open_file(struct output *o, const char *path)
{
	dpt_error err;
	if (dpt_file_new(path, &o->file, &err)) {
		msg("%s", err.text);
		return false;
	}
	o->fd = dpt_file_descriptor(o->file);
	snprintf(unfinished, sizeof unfinished, "%s",
	         dpt_file_temporary(o->file));
	catch_signals();
	return true;
}

/* ---------------------------------------------------------------- writing */

bool output_open(struct output *o, const char *path, bool gzip)
{
	bool is_file = path && strcmp(path, "-") != 0;
	memset(o, 0, offsetof(struct output, packed));
	o->name = is_file ? path : "standard output";
	o->fd = STDOUT_FILENO;
	o->gzip = gzip;
	if (gzip && !is_file && isatty(STDOUT_FILENO)) {
		msg("standard output: gzip is not for terminals");
		o->gzip = false;
		return false;
	}
	if (gzip && deflateInit2(&o->z, Z_DEFAULT_COMPRESSION, Z_DEFLATED,
	                         15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
		o->gzip = false;
		msg("out of memory");
		return false;
	}
	return !is_file || open_file(o, path);
}

static int write_all(int fd, const unsigned char *at, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, at, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		at += n;
		size -= (size_t)n;
	}
	return 0;
}

/* Deflates until all is taken or, to finish, all is written. */
static int pack(struct output *o, int flush)
{
	do {
		o->z.next_out = o->packed;
		o->z.avail_out = sizeof o->packed;
		deflate(&o->z, flush);
		if (write_all(o->fd, o->packed,
		              sizeof o->packed - o->z.avail_out) != 0) {
			o->hole = true;
			return -1;
		}
	} while (o->z.avail_out == 0);
	return 0;
}

int output_write(struct output *o, const void *bytes, size_t size)
{
	if (!o->gzip)
		return write_all(o->fd, bytes, size);
	const unsigned char *at = bytes;
	while (size > 0) {
		size_t n = size < 1 << 30 ? size : 1 << 30;
		o->z.next_in = (unsigned char *)at;
		o->z.avail_in = (uInt)n;
		if (pack(o, Z_NO_FLUSH) != 0)
			return -1;
		at += n;
		size -= n;
	}
	return 0;
}

int output_flush(struct output *o)
{
	return pack(o, Z_SYNC_FLUSH);
}

/* Says what is wrong, unless something was before. */
static bool finish(struct output *o, bool well)
{
	dpt_error err;
	/* a whole member even after a fault: what was written can be read */
	if (o->gzip && !o->hole && (well || !o->file) &&
	    pack(o, Z_FINISH) != 0) {
		if (well)
			msg("%s: %s", o->name, strerror(errno));
		return false;
	}
	if (well && o->file && dpt_file_keep(o->file, &err)) {
		msg("%s", err.text);
		return false;
	}
	if (!o->file && close(o->fd) != 0) {
		if (well)
			msg("%s: %s", o->name, strerror(errno));
		return false;
	}
	return well;
}

bool output_close(struct output *o, bool well)
{
	well = finish(o, well);
	if (o->gzip)
		deflateEnd(&o->z);
	dpt_file_free(o->file);
	return well;
}
