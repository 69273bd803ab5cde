/* SPDX-License-Identifier: MIT */
/* The corpora that are known by name: corpora/manifest. */
#ifndef EVAL_MANIFEST_H
#define EVAL_MANIFEST_H

#include "corpus.h"

/* What the manifest says of one corpus; paths are below a folder. */
struct manifest_entry {
	char *name, *train, *test; /* test: NULL where there is none */
	const struct corpus_format *format;
	size_t split;    /* every so many texts are for testing; 0: test says */
	bool unique;     /* texts that came before are left out */
	double baseline; /* accuracy of clean text in %, as known; or NaN */
	char *licence, *obtain;
	struct manifest_sum {
		char *hex, *file;
	} * sum;
	size_t sums, room;
};

struct manifest {
	struct manifest_entry *entry;
	size_t n, room;
};

/* Says what is wrong, with file and line; to be freed in any case. */
bool manifest_read(struct manifest *m, const char *path);
const struct manifest_entry *manifest_find(const struct manifest *m,
                                           const char *name);
void manifest_free(struct manifest *m);

/*
 * Whether the files in a folder are those of the manifest, by SHA-256; says
 * which is not.
 */
bool manifest_check(const struct manifest_entry *e, const char *folder);

#endif
