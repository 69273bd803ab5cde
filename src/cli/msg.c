/* SPDX-License-Identifier: MIT */
#include "msg.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *name = "dptext";

void msg_start(const char *program)
{
	name = program;
}

static void say(const char *format, va_list args)
{
	fprintf(stderr, "%s: ", name);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

void msg(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	say(format, args);
	va_end(args);
}

void msg_usage(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	say(format, args);
	va_end(args);
	fprintf(stderr, "Try '%s --help'.\n", name);
	exit(EXIT_USAGE);
}

int msg_finish_stdout(void)
{
	bool failed = ferror(stdout) != 0;
	errno = 0;
	if (fclose(stdout) != 0 || failed) {
		msg("standard output: %s",
		    errno ? strerror(errno) : "write failed");
		return EXIT_FAILED;
	}
	return EXIT_DONE;
}
