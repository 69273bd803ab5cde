/* SPDX-License-Identifier: MIT */
#include "secret.h"

#include "msg.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* NULL, or why a file is no place for a secret. */
static const char *objection(int fd)
{
	struct stat st;
	if (fstat(fd, &st) != 0)
		return strerror(errno);
	if (!S_ISREG(st.st_mode))
		return "not a regular file";
	if (st.st_mode & 077)
		return "a secret that others can read: chmod 600 it";
	if (st.st_size < DPT_SHORTEST_SECRET)
		return "a secret needs 32 bytes or more";
	if (st.st_size > LONGEST_SECRET)
		return "a secret must not have more than 4096 bytes";
	return NULL;
}

static bool read_all(struct secret *s, int fd)
{
	ssize_t got;
	s->len = 0;
	do {
		got = read(fd, s->byte + s->len, sizeof s->byte - s->len);
		s->len += got > 0 ? (size_t)got : 0;
	} while (got > 0 || (got < 0 && errno == EINTR));
	return got == 0;
}

bool secret_read(struct secret *s, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	const char *wrong = fd < 0 ? strerror(errno) : objection(fd);
	if (!wrong && !read_all(s, fd))
		wrong = strerror(errno);
	if (!wrong && s->len < DPT_SHORTEST_SECRET)
		wrong = "a secret needs 32 bytes or more";
	if (fd >= 0)
		close(fd);
	if (wrong) {
		secret_wipe(s);
		msg("%s: %s", path, wrong);
	}
	return !wrong;
}

void secret_wipe(struct secret *s)
{
	explicit_bzero(s, sizeof *s);
}
