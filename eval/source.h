/* SPDX-License-Identifier: MIT */
/* Where the training and test texts of an experiment come from. */
#ifndef EVAL_SOURCE_H
#define EVAL_SOURCE_H

#include "manifest.h"
#include "opt.h"

#include <limits.h>
#include <stdio.h>

enum {
	SOURCE_CORPUS = 768,
	SOURCE_TRAIN,
	SOURCE_TEST,
	SOURCE_SPLIT,
	SOURCE_FORMAT,
	SOURCE_NAME
};

/* Rows for the option table of a command. */
#define SOURCE_OPTIONS                                                         \
	{SOURCE_CORPUS, "corpus", "[DIR/]NAME",                                \
	 "one of corpora/manifest, below DIR [intents]"},                      \
	    {SOURCE_TRAIN, "train", "FILE", "training texts"},                 \
	    {SOURCE_TEST, "test", "FILE", "test texts"},                       \
	    {SOURCE_SPLIT, "split", "K",                                       \
	     "every K-th training text is a test text"},                       \
	    {SOURCE_FORMAT, "format", "FORMAT", "of these files [tsv]"},       \
	{                                                                      \
		SOURCE_NAME, "name", "NAME",                                   \
		    "of the corpus [after the training file]"                  \
	}

struct source {
	const char *corpus, *train_path, *test_path;
	const struct corpus_format *format;
	size_t split;
	char name[NAME_MAX + 1];
	struct manifest manifest;
	const struct manifest_entry *entry; /* of it; NULL: files were named */
	char *folder, *paths[2];            /* of the entry */

	struct names labels;
	struct corpus train, test;
};

/* The formats, for the end of a help text; to be freed. */
char *source_help(const char *more);
void source_start(struct source *s);
/* Takes one of SOURCE_OPTIONS; false if it is none of them. */
bool source_option(struct source *s, int id, const char *arg);
/*
 * Takes all options of a command by set, says which formats there are and
 * then more in its help text, and ends the program on bad usage.
 */
void source_parse(struct source *s, const struct opt_program *program,
                  const char *more, int argc, char **argv,
                  void (*set)(void *ctx, int id, const char *arg), void *ctx);
/* Ends the program where it is not known what to read. */
void source_check(struct source *s);
/* Reads the texts; says what is wrong. */
bool source_read(struct source *s);
/* " --format tsv --train intents.tsv --split 5"; files without folders. */
void source_print(const struct source *s, FILE *f);
void source_free(struct source *s);

#endif
