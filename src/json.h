/* SPDX-License-Identifier: MIT */
/* Values in a JSON text by path. */
#ifndef DPT_JSON_H
#define DPT_JSON_H

#include "record.h"

/* Paths such as user.text or turns[].text. */
struct dpt_paths {
	struct dpt_path *path;
	size_t count;
	bool scalars; /* numbers, true, false and null are found as well */
};

DPT_MUST_USE enum dpt_status dpt_paths_new(struct dpt_paths *out,
                                           const char *const *field,
                                           size_t fields, dpt_error *err);
void dpt_paths_free(struct dpt_paths *paths);

/*
 * Adds the strings at these paths to found, other values as DPT_PLAIN.
 * DPT_EFORMAT if text is not JSON (RFC 8259), if one of the paths leads to an
 * object or array, or nowhere and may not.  Nothing but white space holds no
 * strings.
 */
DPT_MUST_USE enum dpt_status
dpt_json_pieces(const struct dpt_paths *paths, const char *text, size_t start,
                size_t end, struct dpt_pieces *found, dpt_error *err);

#endif
