/* SPDX-License-Identifier: MIT */
#include "words.h"

#include "buf.h"
#include "error.h"
#include "index.h"
#include "token.h"

#include <libstemmer.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#define SHORTEST_STEMMED 4 /* letters; shorter words have no endings */
/* Letters of a word of two, of its first, and of its second. */
#define LONGEST_JOINED 32
#define SHORTEST_FIRST 3
#define SHORTEST_SECOND 4

const char *dpt_rule_name(enum dpt_rule rule)
{
	static const char *const names[DPT_RULES] = {
	    [DPT_NO_ROW] = "none",         [DPT_AS_WRITTEN] = "as written",
	    [DPT_LETTER_CASE] = "case",    [DPT_PART] = "contraction",
	    [DPT_NO_ACCENTS] = "accents",  [DPT_REPEATS] = "repeats",
	    [DPT_SAME_STEM] = "same stem", [DPT_SECOND] = "second part",
	};
	return names[rule];
}

/* ---------------------------------------------------------------- compounds */

/* What is written together, as one word or two.  The second begins at cut. */
static const struct whole {
	const char *word;
	size_t cut; /* 0: there is no second */
	const char *first, *second;
} wholes[] = {
    {"can't", 2, "can", "not"},    {"won't", 2, "will", "not"},
    {"shan't", 3, "shall", "not"}, {"ain't", 2, "is", "not"},
    {"let's", 3, "let", "us"},     {"y'all", 1, "you", "all"},
    {"c'mon", 1, "come", "on"},    {"o'clock", 0, "clock", NULL},
    {"ma'am", 0, "madam", NULL},   {"ne'er", 0, "never", NULL},
    {"e'er", 0, "ever", NULL},     {"o'er", 0, "over", NULL},
};

/* What may stand behind an apostrophe. */
static const struct ending {
	const char *letters, *name;
} endings[] = {
    {"m", "am"}, {"ve", "have"}, {"ll", "will"}, {"re", "are"}, {"d", "would"},
};

/* Behind these, 's is short for "is"; elsewhere it is a sign. */
static const char *const with_is[] = {"it",    "he",   "she",  "that",
                                      "there", "here", "what", "who",
                                      "where", "when", "how",  "why"};

#define COUNT(table) (sizeof(table) / sizeof *(table))

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/*
 * Bytes of text that are the word, whatever their letter case and kind of
 * apostrophe; 0 if they are not.
 */
static size_t same(const char *text, size_t len, const char *word)
{
	size_t at = 0, n;
	for (; *word; word++, at += n) {
		n = *word == '\'' ? dpt_apostrophe(text + at, len - at)
		                  : at < len && lower(text[at]) == *word;
		if (n == 0)
			return 0;
	}
	return at;
}

/* Where the letters from at on end: at what joins them to others, or at len. */
static size_t letters_end(const char *word, size_t len, size_t at)
{
	while (at < len && word[at] != '-' && word[at] != '.' &&
	       !dpt_apostrophe(word + at, len - at))
		at++;
	return at;
}

static bool put_part(struct dpt_parts *p, struct dpt_part *out, size_t start,
                     size_t end, const char *name)
{
	*out = (struct dpt_part){.start = start,
	                         .end = end,
	                         .name = name,
	                         .len = name ? strlen(name) : 0};
	p->start = start;
	p->end = p->at = end;
	return true;
}

/* The same for two of them, of which one comes now. */
static bool put_two(struct dpt_parts *p, struct dpt_part *out, size_t start,
                    size_t cut, size_t end, const char *first,
                    const char *second)
{
	put_part(p, &p->second, cut, end, second);
	put_part(p, out, start, cut, first);
	p->at = end;
	return true;
}

static bool whole_part(struct dpt_parts *p, struct dpt_part *out)
{
	size_t at = p->at, left = p->len - at;
	for (size_t i = 0; i < COUNT(wholes); i++) {
		const struct whole *w = &wholes[i];
		size_t n = same(p->word + at, left, w->word);
		if (n == 0 || letters_end(p->word, p->len, at + n) > at + n)
			continue;
		return w->cut ? put_two(p, out, at, at + w->cut, at + n,
		                        w->first, w->second)
		              : put_part(p, out, at, at + n, w->first);
	}
	return false;
}

/* Letters and n't. */
static bool negated_part(struct dpt_parts *p, struct dpt_part *out, size_t end)
{
	const char *word = p->word;
	size_t n = dpt_apostrophe(word + end, p->len - end), to = end + n + 1;
	if (n == 0 || end - p->at < 2 || lower(word[end - 1]) != 'n' ||
	    to > p->len || lower(word[to - 1]) != 't' ||
	    letters_end(word, p->len, to) > to)
		return false;
	return put_two(p, out, p->at, end - 1, to, NULL, "not");
}

/* Single letters with dots between them. */
static bool initials(struct dpt_parts *p, struct dpt_part *out)
{
	size_t at = p->at, n = 0;
	if (at + 1 >= p->len || p->word[at + 1] != '.')
		return false;
	put_part(p, out, at, at + 1, NULL);
	for (; at < p->len && n < sizeof out->letters; at += 2) {
		out->letters[n++] = p->word[at];
		p->end = p->at = out->end = at + 1;
		if (at + 1 < p->len && p->word[at + 1] != '.')
			break;
	}
	out->name = out->letters;
	out->len = n;
	return true;
}

/* What is behind the apostrophe at p->at; false where that is no word. */
static bool ending_part(struct dpt_parts *p, struct dpt_part *out)
{
	size_t at = p->at, n = dpt_apostrophe(p->word + at, p->len - at);
	size_t from = at + n, to = letters_end(p->word, p->len, from);
	p->at = from;
	if (to == from)
		return false;
	for (size_t i = 0; i < COUNT(endings); i++)
		if (same(p->word + from, to - from, endings[i].letters) ==
		    to - from)
			return put_part(p, out, at, to, endings[i].name);
	if (same(p->word + from, to - from, "s") != to - from)
		return false;
	p->at = to;
	for (size_t i = 0; i < COUNT(with_is); i++)
		if (p->end == at && same(p->word + p->start, at - p->start,
		                         with_is[i]) == at - p->start)
			return put_part(p, out, at, to, "is");
	return false;
}

bool dpt_next_part(struct dpt_parts *p, struct dpt_part *out)
{
	if (p->second.end) {
		*out = p->second;
		p->second.end = 0;
		p->start = out->start;
		p->end = out->end;
		return true;
	}
	while (p->at < p->len) {
		size_t at = p->at, end = letters_end(p->word, p->len, at);
		if (end > at)
			return whole_part(p, out) ||
			       negated_part(p, out, end) || initials(p, out) ||
			       put_part(p, out, at, end, NULL);
		if (p->word[at] == '.' || p->word[at] == '-')
			p->at++;
		else if (ending_part(p, out))
			return true;
	}
	return false;
}

/* -------------------------------------------------------------------- stems */

struct dpt_normaliser {
	const dpt_index *index;
	struct sb_stemmer *stemmer;
	bool failed;
};

enum dpt_status dpt_normaliser_new(const dpt_index *index, dpt_normaliser **out,
                                   dpt_error *err)
{
	dpt_normaliser *n = calloc(1, sizeof *n);
	*out = NULL;
	if (!n)
		return dpt_fail_memory(err);
	n->index = index;
	n->stemmer = sb_stemmer_new("english", NULL);
	if (!n->stemmer) {
		dpt_normaliser_free(n);
		return dpt_fail_memory(err);
	}
	*out = n;
	return DPT_OK;
}

void dpt_normaliser_free(dpt_normaliser *n)
{
	static const char over[DPT_LONGEST_WORD];
	if (!n)
		return;
	if (n->stemmer) /* it still holds the last word */
		sb_stemmer_stem(n->stemmer, (const sb_symbol *)over,
		                sizeof over);
	sb_stemmer_delete(n->stemmer);
	free(n);
}

bool dpt_normaliser_failed(const dpt_normaliser *n)
{
	return n->failed;
}

/* Whether a word can have a stem: letters of a-z only. */
static bool is_plain(const char *word, size_t len)
{
	return len >= SHORTEST_STEMMED && len <= DPT_LONGEST_WORD &&
	       dpt_is_small(word, len);
}

/* Copies the stem to out, which has DPT_LONGEST_WORD bytes. */
static size_t stem_of(dpt_normaliser *n, const char *word, size_t len,
                      char *out)
{
	const sb_symbol *stem =
	    sb_stemmer_stem(n->stemmer, (const sb_symbol *)word, (int)len);
	size_t size = stem ? (size_t)sb_stemmer_length(n->stemmer) : 0;
	n->failed |= !stem;
	if (size > DPT_LONGEST_WORD)
		return 0;
	memcpy(out, stem ? stem : (const sb_symbol *)"", size);
	return size;
}

/* Whether that is the stem of a class. */
static bool has_stem(dpt_normaliser *n, uint32_t class_id, const char *stem,
                     size_t size)
{
	char other[DPT_LONGEST_WORD];
	size_t len;
	const char *word = dpt_index_word(n->index, class_id, &len);
	return is_plain(word, len) && stem_of(n, word, len, other) == size &&
	       memcmp(other, stem, size) == 0;
}

/* The slot of a stem, or the empty one that is its place. */
static size_t slot_of(dpt_normaliser *n, const uint32_t *slot, const char *stem,
                      size_t size)
{
	size_t mask = dpt_lookup_slots(n->index->header) - 1;
	size_t at = dpt_word_hash(stem, size) & mask;
	while (slot[at] && !has_stem(n, slot[at] - 1, stem, size))
		at = (at + 1) & mask;
	return at;
}

/* Classes are in falling frequency, so the first with a stem is the one. */
enum dpt_status dpt_stems_fill(const dpt_index *index, uint32_t *slot,
                               dpt_error *err)
{
	char stem[DPT_LONGEST_WORD];
	dpt_normaliser *n;
	enum dpt_status status = dpt_normaliser_new(index, &n, err);
	if (status)
		return status;
	for (uint32_t i = 0; i < index->header->classes; i++) {
		size_t len, at;
		const char *word = dpt_index_word(index, i, &len);
		if (!is_plain(word, len))
			continue;
		at = slot_of(n, slot, stem, stem_of(n, word, len, stem));
		if (slot[at] == 0)
			slot[at] = i + 1;
	}
	bool failed = n->failed;
	dpt_normaliser_free(n);
	return failed ? dpt_fail_memory(err) : DPT_OK;
}

/* ---------------------------------------------------------------- rows */

static uint32_t same_stem(dpt_normaliser *n, const char *word, size_t len)
{
	char stem[DPT_LONGEST_WORD];
	if (!is_plain(word, len))
		return DPT_NO_WORD;
	size_t size = stem_of(n, word, len, stem);
	/* nothing, 0, becomes DPT_NO_WORD */
	return n->index->stems[slot_of(n, n->index->stems, stem, size)] - 1;
}

/*
 * Of two rows written together, the second, which in English says what it is:
 * the path of footpath.  Not of names, which are only made to look so.
 */
static uint32_t second_row(const dpt_index *x, const char *word, size_t len)
{
	if (!is_plain(word, len) || len > LONGEST_JOINED)
		return DPT_NO_WORD;
	for (size_t i = SHORTEST_FIRST; i + SHORTEST_SECOND <= len; i++) {
		uint32_t second = dpt_index_find(x, word + i, len - i);
		if (second != DPT_NO_WORD &&
		    dpt_index_find(x, word, i) != DPT_NO_WORD)
			return second;
	}
	return DPT_NO_WORD;
}

/* Full case folding in a normal form; 0 where the result does not fit. */
static size_t fold(dpt_normaliser *n, uninorm_t form, const char *word,
                   size_t len, char *out)
{
	size_t size = DPT_LONGEST_WORD;
	uint8_t *made = u8_casefold((const uint8_t *)word, len, NULL, form,
	                            (uint8_t *)out, &size);
	if (made == (uint8_t *)out)
		return size;
	n->failed |= !made;
	if (made)
		sodium_memzero(made, size);
	free(made);
	return 0;
}

/* Takes out the marks that are characters of their own. */
static size_t drop_marks(char *word, size_t len)
{
	size_t made = 0, step;
	for (size_t at = 0; at < len; at += step) {
		ucs4_t c;
		step = (size_t)u8_mbtouc_unsafe(&c, (uint8_t *)word + at,
		                                len - at);
		if (uc_is_general_category(c, UC_MARK))
			continue;
		memmove(word + made, word + at, step);
		made += step;
	}
	return made;
}

/* Takes out what goes beyond most of the same byte in a row. */
static size_t squeeze(const char *word, size_t len, size_t most, char *out)
{
	size_t made = 0, run = 0;
	for (size_t i = 0; i < len; i++) {
		run = i > 0 && word[i] == word[i - 1] ? run + 1 : 1;
		if (run <= most)
			out[made++] = word[i];
	}
	return made;
}

/* Letters that are repeated more than twice, written twice or once. */
static uint32_t without_repeats(const dpt_index *x, const char *word,
                                size_t len)
{
	char out[DPT_LONGEST_WORD];
	bool repeats = false;
	for (size_t i = 2; i < len && !repeats; i++)
		repeats = word[i] == word[i - 1] && word[i] == word[i - 2];
	if (!repeats)
		return DPT_NO_WORD;
	size_t n = squeeze(word, len, 2, out);
	uint32_t found = dpt_index_find(x, out, n);
	if (found != DPT_NO_WORD)
		return found;
	return dpt_index_find(x, out, squeeze(word, len, 1, out));
}

/* In place; a compound with straight apostrophes. */
static size_t straighten(char *word, size_t len)
{
	size_t made = 0, n;
	for (size_t at = 0; at < len; at += n ? n : 1) {
		n = dpt_apostrophe(word + at, len - at);
		word[made++] = n ? '\'' : word[at];
	}
	return made;
}

/* The rules for what is not found as written, up to the accents. */
static uint32_t unfold(dpt_normaliser *n, const char *word, size_t len,
                       char *out, size_t *out_len, enum dpt_rule *rule)
{
	const dpt_index *x = n->index;
	uint32_t found = DPT_NO_WORD;
	size_t size = *out_len = dpt_lower_case(word, len, out);
	*rule = DPT_LETTER_CASE;
	if (size == 0)
		return DPT_NO_WORD;
	found = dpt_index_find(x, out, size);
	if (found != DPT_NO_WORD || dpt_is_ascii(out, size))
		return found;
	size = straighten(out, size);
	found = dpt_index_find(x, out, size);
	if (found == DPT_NO_WORD)
		found = dpt_index_find(x, out,
		                       fold(n, UNINORM_NFC, word, len, out));
	if (found != DPT_NO_WORD)
		return found;
	*rule = DPT_NO_ACCENTS;
	*out_len = drop_marks(out, fold(n, UNINORM_NFKD, word, len, out));
	return dpt_index_find(x, out, *out_len);
}

uint32_t dpt_normalise(dpt_normaliser *n, const char *word, size_t len,
                       enum dpt_rule *rule)
{
	char plain[DPT_LONGEST_WORD];
	const dpt_index *x = n->index;
	uint32_t found = dpt_index_find(x, word, len);
	size_t size;
	*rule = DPT_AS_WRITTEN;
	if (found != DPT_NO_WORD)
		return found;
	found = unfold(n, word, len, plain, &size, rule);
	if (found == DPT_NO_WORD && letters_end(plain, size, 0) == size) {
		*rule = DPT_REPEATS;
		found = without_repeats(x, plain, size);
		if (found == DPT_NO_WORD) {
			*rule = DPT_SAME_STEM;
			found = same_stem(n, plain, size);
		}
		if (found == DPT_NO_WORD) {
			*rule = DPT_SECOND;
			found = second_row(x, word, len);
		}
	}
	if (found == DPT_NO_WORD)
		*rule = DPT_NO_ROW;
	return found;
}
