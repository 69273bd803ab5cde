/* SPDX-License-Identifier: MIT */
/* CSV (RFC 4180) whose header names the columns label and text. */
#ifndef EVAL_CORPUS_CSV_H
#define EVAL_CORPUS_CSV_H

#include "corpus.h"

/* See struct corpus_format. */
bool csv_read(struct corpus *c, struct names *labels, const char *path,
              enum part part);

#endif
