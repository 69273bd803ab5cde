/* SPDX-License-Identifier: MIT */
/* Options: one table makes the parser and the help text. */
#ifndef CLI_OPT_H
#define CLI_OPT_H

#include <stddef.h>
#include <stdint.h>

struct opt {
	int id;           /* the short letter, or a number from 256 on */
	const char *name; /* long name, or NULL */
	const char *arg;  /* name of its argument, or NULL */
	const char *help;
};

struct opt_program {
	const char *name;
	const char *synopsis; /* without the name; one line a form */
	const char *about;    /* one sentence */
	const struct opt *table;
	size_t options;
	const char *more; /* paragraphs behind the options, or NULL */
};

/*
 * The next option's id with its argument in *arg, or -1 at the operands,
 * which start at argv[*operands].  --help and --version are answered here
 * and end the program, as does bad usage.
 */
int opt_next(const struct opt_program *program, int argc, char **argv,
             const char **arg, int *operands);

/* Numbers in full, or bad usage of option `what`. */
double opt_number(const char *what, const char *text, double low, double high);
uint64_t opt_count(const char *what, const char *text, uint64_t low,
                   uint64_t high);
/* A number of bytes; K, M and G behind it are powers of 1024. */
uint64_t opt_size(const char *what, const char *text, uint64_t low,
                  uint64_t high);
/* Of -T, which is one a processor if text is NULL. */
unsigned opt_threads(const char *text);

#endif
