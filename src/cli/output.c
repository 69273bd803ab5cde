/* SPDX-License-Identifier: MIT */
#include "output.h"

#include "msg.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ------------------------------------------------------- temporary file */

/* What a signal that ends the program must not leave behind. */
static char *volatile unfinished;

static void remove_unfinished(int signal_number)
{
	if (unfinished)
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

/* The permissions a newly created file would have had. */
static int open_up(int fd)
{
	mode_t mask = umask(0);
	umask(mask);
	return fchmod(fd, 0666 & ~mask);
}

static bool open_file(struct output *o, const char *path)
{
	struct stat st;
	/* a rename would put a file in the place of a device */
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		msg("%s: not a regular file", path);
		return false;
	}
	o->path = realpath(path, NULL); /* not in the place of a link */
	if (!o->path)
		o->path = strdup(path);
	size_t room = o->path ? strlen(o->path) + sizeof ".XXXXXX" : 0;
	o->temporary = malloc(room);
	if (!o->path || !o->temporary) {
		msg("out of memory");
		return false;
	}
	snprintf(o->temporary, room, "%s.XXXXXX", o->path);
	o->fd = mkstemp(o->temporary);
	if (o->fd < 0 || open_up(o->fd) != 0) {
		msg("%s: %s", path, strerror(errno));
		return false;
	}
	unfinished = o->temporary;
	catch_signals();
	return true;
}

/* Makes the rename itself last; a directory that cannot sync is no fault. */
static void sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder =
	    slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	int fd = folder ? open(folder, O_RDONLY | O_CLOEXEC) : -1;
	if (fd >= 0) {
		(void)fsync(fd);
		close(fd);
	}
	free(folder);
}

/* ---------------------------------------------------------------- writing */

bool output_open(struct output *o, const char *path, bool gzip)
{
	bool is_file = path && strcmp(path, "-") != 0;
	*o = (struct output){.name = is_file ? path : "standard output",
	                     .fd = STDOUT_FILENO,
	                     .gzip = gzip};
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
		              sizeof o->packed - o->z.avail_out) != 0)
			return -1;
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

static bool finish_file(struct output *o)
{
	if (fsync(o->fd) != 0 || rename(o->temporary, o->path) != 0)
		return false;
	unfinished = NULL;
	free(o->temporary);
	o->temporary = NULL;
	sync_folder(o->path);
	return true;
}

bool output_close(struct output *o, bool well)
{
	bool wrote = true;
	int fault = 0;
	/* a whole member even after a fault: what was written can be read */
	if (o->gzip && (well || !o->path))
		wrote = pack(o, Z_FINISH) == 0;
	if (wrote && well && o->path)
		wrote = finish_file(o);
	if (!wrote)
		fault = errno;
	if (o->fd >= 0 && close(o->fd) != 0 && wrote) {
		fault = errno;
		wrote = false;
	}
	if (!wrote && well)
		msg("%s: %s", o->name, strerror(fault));
	if (o->temporary && o->fd >= 0)
		unlink(o->temporary);
	if (o->gzip)
		deflateEnd(&o->z);
	unfinished = NULL;
	free(o->temporary);
	free(o->path);
	return well && wrote;
}
