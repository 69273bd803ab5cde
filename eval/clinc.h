/* SPDX-License-Identifier: MIT */
/* CLINC150's JSON: {"split": [["text","intent"],...],...}. */
#ifndef EVAL_CLINC_H
#define EVAL_CLINC_H

#include "corpus.h"

/* Reads the split "train" or "test"; see struct corpus_format. */
bool clinc_read(struct corpus *c, struct names *labels, const char *path,
                enum part part);

#endif
