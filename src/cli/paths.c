/* SPDX-License-Identifier: MIT */
#include "paths.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
