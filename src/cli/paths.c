/* SPDX-License-Identifier: MIT */
#include "paths.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef DATADIR
#define DATADIR "/usr/local/share/dptext"
#endif

void default_index_path(char *path, size_t size)
{
	const char *given = getenv("DPTEXT_INDEX");
	if (given && *given) {
		snprintf(path, size, "%s", given);
		return;
	}
	ssize_t n = readlink("/proc/self/exe", path, size - 1);
	if (n > 0) {
		path[n] = 0;
		char *slash = strrchr(path, '/');
		size_t room = size - (size_t)(slash + 1 - path);
		snprintf(slash + 1, room, "default.dpti");
		if (access(path, R_OK) == 0)
			return;
	}
	snprintf(path, size, "%s/default.dpti", DATADIR);
}

void cache_path(char *path, size_t size)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	path[0] = 0;
	if (cache && *cache == '/')
		snprintf(path, size, "%s/dptext", cache);
	else if (home && *home == '/')
		snprintf(path, size, "%s/.cache/dptext", home);
	char *slash = strrchr(path, '/');
	if (slash) { /* the folder above is the user's and may not be there */
		*slash = 0;
		(void)mkdir(path, 0700);
		*slash = '/';
	}
}
