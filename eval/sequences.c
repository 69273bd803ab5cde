/* SPDX-License-Identifier: MIT */
#include "sequences.h"

#include "features.h"
#include "memory.h"

#include <stdlib.h>

struct taking {
	struct sequences *to;
	const dpt_index *index;
};

static void take(void *ctx, const char *word, size_t len)
{
	struct taking *t = ctx;
	struct sequences *s = t->to;
	uint32_t id = dpt_index_find(t->index, word, len);
	if (id == DPT_NO_WORD) {
		s->outside++;
		return;
	}
	s->word = memory_room(s->word, &s->room, s->words + 1, sizeof *s->word);
	s->word[s->words++] = id;
}

void sequences_add(struct sequences *s, const dpt_index *index,
                   const struct texts *texts, size_t row)
{
	struct taking t = {s, index};
	s->start =
	    memory_room(s->start, &s->room_rows, s->rows + 2, sizeof *s->start);
	s->start[s->rows++] = s->words;
	features_words(texts, row, take, &t);
	s->start[s->rows] = s->words;
}

void sequences_add_all(struct sequences *s, const dpt_index *index,
                       const struct texts *texts)
{
	for (size_t row = 0; row < texts->rows; row++)
		sequences_add(s, index, texts, row);
}

void sequences_free(struct sequences *s)
{
	free(s->word);
	free(s->start);
	*s = (struct sequences){0};
}
