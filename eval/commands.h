/* SPDX-License-Identifier: MIT */
/* The commands of dptext-eval: argv[0] is the command; returns EXIT_*. */
#ifndef EVAL_COMMANDS_H
#define EVAL_COMMANDS_H

int attack_main(int argc, char **argv);
int baseline_main(int argc, char **argv);
int density_main(int argc, char **argv);
int coverage_main(int argc, char **argv);
int utility_main(int argc, char **argv);
int privacy_main(int argc, char **argv);
int report_main(int argc, char **argv);

#endif
