/* SPDX-License-Identifier: MIT */
/* A folder for each label, a file for each text, as IMDb is published. */
#ifndef EVAL_FOLDERS_H
#define EVAL_FOLDERS_H

#include "corpus.h"

/*
 * Reads PATH/LABEL/FILE, labels and files in the order of their names; what
 * begins with a dot, and files beside the labels, are left out.
 */
bool folders_read(struct corpus *c, struct names *labels, const char *path,
                  enum part part);

#endif
