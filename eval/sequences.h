/* SPDX-License-Identifier: MIT */
/* Texts as the words of an index; what is no such word is left out. */
#ifndef EVAL_SEQUENCES_H
#define EVAL_SEQUENCES_H

#include "texts.h"

/* All zero: none yet. */
struct sequences {
	uint32_t *word; /* class ids, one text behind the other */
	size_t words, room;
	size_t *start; /* of each text in word; rows + 1 */
	size_t rows, room_rows;
	size_t outside; /* words that were left out */
};

/* Appends one text. */
void sequences_add(struct sequences *s, const dpt_index *index,
                   const struct texts *texts, size_t row);
/* Appends all of them. */
void sequences_add_all(struct sequences *s, const dpt_index *index,
                       const struct texts *texts);
void sequences_free(struct sequences *s);

#endif
