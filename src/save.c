/* SPDX-License-Identifier: MIT */
#include "save.h"

#include "error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_all(int fd, const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, bytes, size < 1 << 30 ? size : 1 << 30);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		bytes += n;
		size -= (size_t)n;
	}
	return 0;
}

/* The permissions a newly created file would have had. */
static int open_up(int fd)
{
	mode_t mask = umask(0);
	umask(mask);
	return fchmod(fd, 0666 & ~mask);
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

enum dpt_status dpt_save(const char *path, const void *bytes, size_t size,
                         dpt_error *err)
{
	size_t room = strlen(path) + sizeof ".XXXXXX";
	char *name = malloc(room);
	if (!name)
		return dpt_fail_memory(err);
	snprintf(name, room, "%s.XXXXXX", path);

	int fd = mkstemp(name);
	bool ok = fd >= 0 && open_up(fd) == 0 &&
	          write_all(fd, bytes, size) == 0 && fsync(fd) == 0;
	int fault = errno;
	if (fd >= 0 && close(fd) != 0 && ok) {
		fault = errno;
		ok = false;
	}
	if (ok && rename(name, path) != 0) {
		fault = errno;
		ok = false;
	}
	if (ok)
		sync_folder(path);
	else if (fd >= 0)
		unlink(name);
	free(name);
	errno = fault;
	return ok ? DPT_OK : dpt_fail_errno(err, path);
}
