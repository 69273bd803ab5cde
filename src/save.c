/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* O_TMPFILE, O_PATH */
#include "save.h"

#include "error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENDING ".XXXXXX"
#define TRIES 100

struct dpt_file {
	char *name;      /* as it was given; for messages */
	char *path;      /* behind links */
	char *temporary; /* path with an ending */
	int folder, fd;
	bool linked; /* under its temporary name */
};

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* Another ending; without randomness one that is likely to be taken. */
static void draw_ending(struct dpt_file *f)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
	unsigned char random[sizeof ENDING - 2] = {0};
	char *at = f->temporary + strlen(f->path) + 1;
	(void)!getrandom(random, sizeof random, GRND_NONBLOCK);
	for (size_t i = 0; i < sizeof random; i++)
		at[i] = letters[random[i] % 32];
}

static int open_folder(const char *path)
{
	size_t len = (size_t)(base_of(path) - path);
	char *folder = len ? strndup(path, len) : strdup(".");
	int flags = O_DIRECTORY | O_CLOEXEC, fd = -1;
	if (folder)
		fd = open(folder, O_RDONLY | flags);
	if (fd < 0 && errno == EACCES) /* cannot be listed, nor synced */
		fd = open(folder, O_PATH | flags);
	free(folder);
	return fd;
}

/* The link by which a file without a name is given one. */
#define LINK_ROOM 40
static const char *link_of(const struct dpt_file *f, char link[LINK_ROOM])
{
	snprintf(link, LINK_ROOM, "/proc/self/fd/%d", f->fd);
	return link;
}

/* Without a name, so that nothing is left of it whatever happens. */
static bool create_unnamed(struct dpt_file *f)
{
	char link[LINK_ROOM];
	f->fd = openat(f->folder, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
	if (f->fd >= 0 && access(link_of(f, link), F_OK) != 0) {
		close(f->fd);
		f->fd = -1;
	}
	return f->fd >= 0;
}

static bool create_named(struct dpt_file *f)
{
	for (int i = 0; i < TRIES && f->fd < 0; i++) {
		draw_ending(f);
		f->fd = openat(f->folder, base_of(f->temporary),
		               O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0666);
		if (f->fd < 0 && errno != EEXIST)
			return false;
	}
	f->linked = f->fd >= 0;
	return f->linked;
}

static enum dpt_status create(struct dpt_file *f, dpt_error *err)
{
	struct stat st;
	/* a rename would put a file in the place of a device */
	if (stat(f->name, &st) == 0 && !S_ISREG(st.st_mode))
		return dpt_fail(err, DPT_EIO, "%s: not a regular file",
		                f->name);
	f->path = realpath(f->name, NULL); /* not in the place of a link */
	if (!f->path && errno == ENOENT && *base_of(f->name))
		f->path = strdup(f->name);
	if (!f->path)
		return dpt_fail_errno(err, f->name);
	size_t room = strlen(f->path) + sizeof ENDING;
	f->temporary = malloc(room);
	if (!f->temporary)
		return dpt_fail_memory(err);
	snprintf(f->temporary, room, "%s" ENDING, f->path);
	draw_ending(f);
	f->folder = open_folder(f->path);
	if (f->folder < 0 || !(create_unnamed(f) || create_named(f)))
		return dpt_fail_errno(err, f->name);
	return DPT_OK;
}

enum dpt_status dpt_file_new(const char *path, dpt_file **out, dpt_error *err)
{
	dpt_file *f = calloc(1, sizeof *f);
	*out = NULL;
	if (f) {
		f->folder = f->fd = -1;
		f->name = strdup(path);
	}
	enum dpt_status status =
	    f && f->name ? create(f, err) : dpt_fail_memory(err);
	if (status)
		dpt_file_free(f);
	else
		*out = f;
	return status;
}

int dpt_file_descriptor(const dpt_file *file)
{
	return file->fd;
}

const char *dpt_file_temporary(const dpt_file *file)
{
	return file->temporary;
}

/*
 * Names a file that has no name: at once if nothing is in the way, otherwise
 * by way of the temporary name.
 */
static bool name_it(struct dpt_file *f, bool *done)
{
	char link[LINK_ROOM];
	const char *name = base_of(f->path);
	*done = true;
	for (int i = 0; i < TRIES; i++) {
		if (linkat(AT_FDCWD, link_of(f, link), f->folder, name,
		           AT_SYMLINK_FOLLOW) == 0)
			return true;
		if (errno != EEXIST)
			return false;
		if (i > 0)
			draw_ending(f);
		name = base_of(f->temporary);
		*done = false;
	}
	return false;
}

enum dpt_status dpt_file_keep(dpt_file *f, dpt_error *err)
{
	bool done = false;
	if (fsync(f->fd) != 0)
		return dpt_fail_errno(err, f->name);
	if (!f->linked) {
		if (!name_it(f, &done))
			return dpt_fail_errno(err, f->name);
		f->linked = !done;
	}
	if (!done && renameat(f->folder, base_of(f->temporary), f->folder,
	                      base_of(f->path)) != 0)
		return dpt_fail_errno(err, f->name);
	f->linked = false;
	/* makes the name itself last; a folder that cannot is no fault */
	(void)fsync(f->folder);
	return DPT_OK;
}

void dpt_file_free(dpt_file *f)
{
	if (!f)
		return;
	if (f->linked)
		unlinkat(f->folder, base_of(f->temporary), 0);
	if (f->fd >= 0)
		close(f->fd);
	if (f->folder >= 0)
		close(f->folder);
	free(f->temporary);
	free(f->path);
	free(f->name);
	free(f);
}

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

enum dpt_status dpt_save(const char *path, const void *bytes, size_t size,
                         dpt_error *err)
{
	dpt_file *f;
	enum dpt_status status = dpt_file_new(path, &f, err);
	if (!status && write_all(f->fd, bytes, size) != 0)
		status = dpt_fail_errno(err, path);
	if (!status)
		status = dpt_file_keep(f, err);
	dpt_file_free(f);
	return status;
}
