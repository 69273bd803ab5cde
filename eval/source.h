/* SPDX-License-Identifier: MIT */
/* Where the training and test texts of an experiment come from. */
#ifndef EVAL_SOURCE_H
#define EVAL_SOURCE_H

#include "corpus.h"
#include "opt.h"

#include <limits.h>
#include <stdio.h>

enum {
	SOURCE_TRAIN = 768,
	SOURCE_TEST,
	SOURCE_SPLIT,
	SOURCE_FORMAT,
	SOURCE_NAME
};

/* Rows for the option table of a command. */
#define SOURCE_OPTIONS                                                         \
	{SOURCE_TRAIN, "train", "FILE", "training texts"},                     \
	    {SOURCE_TEST, "test", "FILE", "test texts"},                       \
	    {SOURCE_SPLIT, "split", "K",                                       \
	     "every K-th training text is a test text"},                       \
	    {SOURCE_FORMAT, "format", "FORMAT", "of these files [tsv]"},       \
	{                                                                      \
		SOURCE_NAME, "name", "NAME",                                   \
		    "of the corpus [after the training file]"                  \
	}

/* For the end of the help text. */
#define SOURCE_FORMATS                                                         \
	"FORMAT is one of\n"                                                   \
	"  tsv    label TAB text\n"                                            \
	"  space  label, a blank, text (as SST-2 is had)\n"                    \
	"  trec   COARSE:fine, a blank, text; the coarse label counts\n"       \
	"  snips  FILE is a folder with the files label and seq.in\n"          \
	"  clinc  JSON of CLINC150: its splits train and test\n"

struct source {
	const char *train_path, *test_path;
	const struct corpus_format *format;
	size_t split;
	char name[NAME_MAX + 1];

	struct names labels;
	struct corpus train, test;
};

void source_start(struct source *s);
/* Takes one of SOURCE_OPTIONS; false if it is none of them. */
bool source_option(struct source *s, int id, const char *arg);
/* Ends the program where the options do not tell what to read. */
void source_check(struct source *s);
/* Reads the texts; says what is wrong. */
bool source_read(struct source *s);
/* " --format tsv --train intents.tsv --split 5"; files without folders. */
void source_print(const struct source *s, FILE *f);
void source_free(struct source *s);

#endif
