/* SPDX-License-Identifier: MIT */
/*
 * From what people write to the rows of an index, by fixed public rules: they
 * look at nothing but the word and the vocabulary.  The mechanism sees the
 * row only, so that its guarantee covers them.
 */
#ifndef DPT_WORDS_H
#define DPT_WORDS_H

#include "dptext.h"

/* ---------------------------------------------------------------- compounds */

/*
 * A part of a compound: its bytes, and the word it stands for, which may be
 * in the struct itself.
 */
struct dpt_part {
	size_t start, end;
	const char *name; /* NULL: just these bytes */
	size_t len;       /* of name */
	char letters[32];
};

/* The parts of a compound that are still to come; word and len are given. */
struct dpt_parts {
	const char *word;
	size_t len, at;
	struct dpt_part second; /* comes next, unless it is empty */
	size_t start, end;      /* of the part before */
};

/*
 * The next part of a compound without hyphens: "do", then "not" of don't;
 * "USA" of U.S.A; "John" of John's, as that ending is a sign.  False when
 * there is none.
 */
bool dpt_next_part(struct dpt_parts *parts, struct dpt_part *out);

/* --------------------------------------------------------------------- rows */

/*
 * The table of stems of an index: as many slots as that of its words, in which
 * a stem is found from its hash (dpt_word_hash) on, in the same way.  A slot is
 * 0, or the number behind that of the first class with the stem, which is the
 * most frequent.  Fills slots that are 0.
 */
DPT_MUST_USE enum dpt_status dpt_stems_fill(const dpt_index *index,
                                            uint32_t *slot, dpt_error *err);

/* What one thread needs to find rows. */
typedef struct dpt_normaliser dpt_normaliser;

/* The index is borrowed. */
DPT_MUST_USE enum dpt_status dpt_normaliser_new(const dpt_index *index,
                                                dpt_normaliser **out,
                                                dpt_error *err);
void dpt_normaliser_free(dpt_normaliser *n);

/*
 * The class of a word, or DPT_NO_WORD, and the rule by which it was found.
 * Of a compound only the whole is looked for, but for its letter case and
 * kind of apostrophes.  Once memory has run out dpt_normaliser_failed is
 * true, and what was found is worth nothing.
 */
uint32_t dpt_normalise(dpt_normaliser *n, const char *word, size_t len,
                       enum dpt_rule *rule);
bool dpt_normaliser_failed(const dpt_normaliser *n);

#endif
