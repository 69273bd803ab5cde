/* SPDX-License-Identifier: MIT */
/* Labelled texts in the file formats of the usual corpora. */
#ifndef EVAL_CORPUS_H
#define EVAL_CORPUS_H

#include "names.h"
#include "texts.h"

/* All zero: empty. */
struct corpus {
	struct texts texts;
	int *label; /* of each text: its number among the labels */
	size_t room;
};

enum part { TRAIN, TEST };

struct corpus_format {
	const char *name;
	const char *about; /* for the help text */
	bool has_parts;    /* one file holds training and test texts */
	/* Says what is wrong, with file and line, and returns false. */
	bool (*read)(struct corpus *c, struct names *labels, const char *path,
	             enum part part);
};

/* The formats, up to one whose name is NULL; and the one of a name, or NULL. */
extern const struct corpus_format corpus_formats[];
const struct corpus_format *corpus_format_named(const char *name);

/* Appends one text. */
void corpus_add(struct corpus *c, struct names *labels, const char *label,
                size_t label_len, const char *text, size_t len);
/* Every k-th text of all goes to test, the others to train. */
void corpus_split(const struct corpus *all, size_t k, struct corpus *train,
                  struct corpus *test);
/* Leaves out texts that came before, whatever their label. */
void corpus_unique(struct corpus *c);
void corpus_free(struct corpus *c);

/*
 * A whole file, plain or gzip; *bytes, which the caller frees, ends with a NUL
 * that *size leaves out.  Bytes that are not UTF-8 are replaced by U+FFFD, and
 * said.
 */
bool corpus_load(const char *path, char **bytes, size_t *size);

#endif
