/* SPDX-License-Identifier: MIT */
/* What the programs say on standard error, and how they end. */
#ifndef CLI_MSG_H
#define CLI_MSG_H

#include "dptext.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* The name in front of every message; call it first. */
void msg_start(const char *program);

/* "program: text"; a newline is added. */
void msg(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "program: bad usage" and where to find help; does not return. */
_Noreturn void msg_usage(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/*
 * Flushes standard output and returns EXIT_DONE, or says that it could not
 * be written and returns EXIT_FAILED.
 */
int msg_finish_stdout(void);

#endif
