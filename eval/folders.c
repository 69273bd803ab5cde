/* SPDX-License-Identifier: MIT */
#include "folders.h"

#include "memory.h"
#include "msg.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* The order of bytes, whatever the locale. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static char *join(const char *folder, const char *name)
{
	size_t size = strlen(folder) + strlen(name) + 2;
	char *path = memory_new(size, 1);
	snprintf(path, size, "%s/%s", folder, name);
	return path;
}

/* The names in a folder; -1 after saying why there are none. */
static int list(const char *folder, struct dirent ***entries)
{
	int n = scandir(folder, entries, is_visible, by_name);
	if (n < 0)
		msg("%s: %s", folder, strerror(errno));
	return n;
}

static void forget(struct dirent **entries, int n)
{
	for (int i = 0; i < n; i++)
		free(entries[i]);
	free(entries);
}

static bool read_text(struct corpus *c, struct names *labels, const char *label,
                      const char *path)
{
	char *bytes;
	size_t size;
	if (!corpus_load(path, &bytes, &size))
		return false;
	bool ok = !memchr(bytes, 0, size);
	if (ok)
		corpus_add(c, labels, label, strlen(label), bytes, size);
	else
		msg("%s: a NUL byte", path);
	free(bytes);
	return ok;
}

static bool read_label(struct corpus *c, struct names *labels,
                       const char *label, const char *folder)
{
	struct dirent **entries;
	int n = list(folder, &entries);
	bool ok = n >= 0;
	for (int i = 0; ok && i < n; i++) {
		char *path = join(folder, entries[i]->d_name);
		ok = read_text(c, labels, label, path);
		free(path);
	}
	if (n >= 0)
		forget(entries, n);
	return ok;
}

static bool is_folder(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool folders_read(struct corpus *c, struct names *labels, const char *path,
                  enum part part)
{
	struct dirent **entries;
	int n = list(path, &entries), found = 0;
	(void)part;
	bool ok = n >= 0;
	for (int i = 0; ok && i < n; i++) {
		char *folder = join(path, entries[i]->d_name);
		if (is_folder(folder)) {
			ok = read_label(c, labels, entries[i]->d_name, folder);
			found++;
		}
		free(folder);
	}
	if (n >= 0)
		forget(entries, n);
	if (ok && found == 0)
		msg("%s: no folder for a label", path);
	return ok && found > 0;
}
