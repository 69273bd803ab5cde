/* SPDX-License-Identifier: MIT */
/* Files that are either complete under their name or not there at all. */
#ifndef DPT_SAVE_H
#define DPT_SAVE_H

#include "dptext.h"

/* By way of a dpt_file. */
DPT_MUST_USE enum dpt_status dpt_save(const char *path, const void *bytes,
                                      size_t size, dpt_error *err);

#endif
