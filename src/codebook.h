/* SPDX-License-Identifier: MIT */
/* What words become if each is drawn once and for all. */
#ifndef DPT_CODEBOOK_H
#define DPT_CODEBOOK_H

#include "dptext.h"

/* The number of the word that the words of a class become. */
uint32_t dpt_codebook_known(const dpt_codebook *book, uint32_t class_id);
/* The same for a word outside the vocabulary, whatever its letter case. */
uint32_t dpt_codebook_other(const dpt_codebook *book, const char *word,
                            size_t len);

#endif
