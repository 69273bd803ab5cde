/* SPDX-License-Identifier: MIT */
#include "opt.h"

#include "dptext.h"
#include "msg.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST = 64, HELP = 'h', VERSION = 'V' };

static const struct opt common[] = {
    {HELP, "help", NULL, "print this and exit"},
    {VERSION, "version", NULL, "print the version and exit"},
};

static void print_option(const struct opt *o)
{
	char left[64];
	snprintf(left, sizeof left, "%s%s%s%s%s",
	         o->id < 256 ? (char[]){'-', (char)o->id, 0} : "   ",
	         o->id < 256 && o->name ? ", "
	         : o->name              ? " "
	                                : "",
	         o->name ? "--" : "", o->name ? o->name : "",
	         o->arg ? " " : "");
	printf("  %s%-*s  %s\n", left, (int)(28 - strlen(left)),
	       o->arg ? o->arg : "", o->help);
}

static void print_help(const struct opt_program *p)
{
	const char *line = p->synopsis;
	for (const char *lead = "usage:"; *line; lead = "      ") {
		size_t n = strcspn(line, "\n");
		printf("%s %s %.*s\n", lead, p->name, (int)n, line);
		line += n + (line[n] == '\n');
	}
	printf("\n%s\n\n", p->about);
	for (size_t i = 0; i < p->options; i++)
		print_option(&p->table[i]);
	for (size_t i = 0; i < sizeof common / sizeof *common; i++)
		print_option(&common[i]);
	if (p->more)
		printf("\n%s\n", p->more);
}

static void add(const struct opt *o, struct option *longs, size_t *n,
                char *shorts)
{
	if (o->name)
		longs[(*n)++] = (struct option){
		    o->name, o->arg ? required_argument : no_argument, NULL,
		    o->id};
	if (o->id < 256) {
		char text[3] = {(char)o->id, o->arg ? ':' : 0, 0};
		strcat(shorts, text);
	}
}

int opt_next(const struct opt_program *p, int argc, char **argv,
             const char **arg, int *operands)
{
	struct option longs[MOST] = {0};
	char shorts[2 * MOST + 1] = ":";
	size_t n = 0;
	for (size_t i = 0; i < p->options; i++)
		add(&p->table[i], longs, &n, shorts);
	for (size_t i = 0; i < sizeof common / sizeof *common; i++)
		add(&common[i], longs, &n, shorts);

	opterr = 0;
	int id = getopt_long(argc, argv, shorts, longs, NULL);
	*arg = optarg;
	*operands = optind;
	switch (id) {
	case HELP: print_help(p); exit(msg_finish_stdout());
	case VERSION:
		printf("%s %s\n", p->name, dpt_version());
		exit(msg_finish_stdout());
	case ':': msg_usage("%s needs an argument", argv[optind - 1]);
	case '?': msg_usage("no option %s", argv[optind - 1]);
	default: return id;
	}
}

double opt_number(const char *what, const char *text, double low, double high)
{
	char *end;
	double v = strtod(text, &end);
	if (end == text || *end || !(v >= low && v <= high))
		msg_usage("%s must be a number from %g to %g", what, low, high);
	return v;
}

uint64_t opt_count(const char *what, const char *text, uint64_t low,
                   uint64_t high)
{
	char *end;
	errno = 0;
	unsigned long long v = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno || v < low ||
	    v > high)
		msg_usage("%s must be a whole number from %llu to %llu", what,
		          (unsigned long long)low, (unsigned long long)high);
	return v;
}

uint64_t opt_size(const char *what, const char *text, uint64_t low,
                  uint64_t high)
{
	static const char units[] = "KMG";
	char *end;
	errno = 0;
	unsigned long long v = strtoull(text, &end, 10);
	const char *unit = *end ? strchr(units, *end) : NULL;
	unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
	if (text[0] < '0' || text[0] > '9' || end[unit != NULL] || errno ||
	    v > high >> shift || v << shift < low)
		msg_usage("%s must be from %llu to %lluM bytes", what,
		          (unsigned long long)low,
		          (unsigned long long)high >> 20);
	return v << shift;
}

unsigned opt_threads(const char *text)
{
	const long most = 256;
	if (text)
		return (unsigned)opt_count("-T", text, 1, (uint64_t)most);
	long n = sysconf(_SC_NPROCESSORS_ONLN);
	return n < 1 ? 1 : n > most ? (unsigned)most : (unsigned)n;
}
