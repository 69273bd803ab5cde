/* SPDX-License-Identifier: MIT */
/* Filling in dpt_error. */
#ifndef DPT_ERROR_H
#define DPT_ERROR_H

#include "dptext.h"

/* Fills err (where not NULL) and returns status, for `return dpt_fail(...)`. */
enum dpt_status dpt_fail(dpt_error *err, enum dpt_status status,
                         const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* DPT_ENOMEM, "out of memory". */
enum dpt_status dpt_fail_memory(dpt_error *err);

/* DPT_EIO: "what: reason of errno". */
enum dpt_status dpt_fail_errno(dpt_error *err, const char *what);

#endif
