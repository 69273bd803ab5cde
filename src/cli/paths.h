/* SPDX-License-Identifier: MIT */
/* Where the default index is. */
#ifndef CLI_PATHS_H
#define CLI_PATHS_H

#include <stddef.h>

/*
 * Fills path: DPTEXT_INDEX from the environment; else default.dpti beside
 * the running program (a build tree); else the installed one.
 */
void default_index_path(char *path, size_t size);

/*
 * Fills path with the folder for calibrations, XDG_CACHE_HOME/dptext or
 * ~/.cache/dptext; empty if neither variable is set.
 */
void cache_path(char *path, size_t size);

#endif
