/* SPDX-License-Identifier: MIT */
/* Experiments with dptext: each command is one. */
#include "commands.h"
#include "msg.h"
#include "opt.h"

#include <cblas.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *about;
} commands[] = {
    {"baseline", baseline_main, "accuracy of a classifier on text as it is"},
    {"density", density_main, "how crowded an embedding is, and what of it"},
    {"coverage", coverage_main,
     "how many words of a text reach rows of an index"},
    {"utility", utility_main,
     "accuracy of a classifier trained on rewritten text"},
    {"privacy", privacy_main,
     "what mechanisms promise, hold, leave and lose over a corpus"},
    {"attack", attack_main, "how much can be guessed from rewritten text"},
    {"report", report_main, "all results in one page"},
};

enum { COMMANDS = sizeof commands / sizeof *commands };

/* Answers --help and --version, and ends. */
static void options(int argc, char **argv)
{
	char list[1024] = "Commands:\n";
	struct opt_program program = {
	    "dptext-eval",
	    "COMMAND [OPTION...]",
	    "Measures what rewritten text is good for, and what it gives away.",
	    NULL,
	    0,
	    list};
	const char *arg;
	int operands;
	for (size_t i = 0, n = strlen(list); i < COMMANDS; i++)
		n += (size_t)snprintf(list + n, sizeof list - n, "  %-10s %s\n",
		                      commands[i].name, commands[i].about);
	strcat(list, "\n'dptext-eval COMMAND --help' shows its options.");
	opt_next(&program, argc, argv, &arg, &operands);
}

int main(int argc, char **argv)
{
	msg_start("dptext-eval");
	openblas_set_num_threads(1);
	if (argc < 2)
		msg_usage("no command");
	if (argv[1][0] == '-')
		options(argc, argv);
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	msg_usage("no command '%s'", argv[1]);
}
