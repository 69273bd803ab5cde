/* SPDX-License-Identifier: MIT */
/* Words in running text: where they are, and their letter case. */
#ifndef DPT_TOKEN_H
#define DPT_TOKEN_H

#include "scan.h"

/* Longer words are treated as outside any vocabulary. */
#define DPT_LONGEST_WORD 1024

/* The compiled pattern; immutable, shared by threads. */
typedef struct dpt_pattern dpt_pattern;
/* What one thread needs to match it. */
typedef struct dpt_matcher dpt_matcher;

DPT_MUST_USE enum dpt_status dpt_pattern_new(dpt_pattern **out, dpt_error *err);
/* A pattern of its own, that matches where it is told and nowhere else. */
DPT_MUST_USE enum dpt_status dpt_pattern_at(const char *regex,
                                            dpt_pattern **out, dpt_error *err);
void dpt_pattern_free(dpt_pattern *pattern);
DPT_MUST_USE enum dpt_status dpt_matcher_new(const dpt_pattern *pattern,
                                             dpt_matcher **out, dpt_error *err);
void dpt_matcher_free(dpt_matcher *matcher);

/* Begins with the words of text[from..to) of a scan, which must be UTF-8. */
void dpt_words_begin(dpt_matcher *matcher, const struct dpt_scan *scan,
                     size_t from, size_t to);
/*
 * The next word.  Returns 1 and its bounds, 2 if it is a compound (see
 * words.h), 0 when there is none, -1 when the matcher ran out of memory.
 * What joins a compound: apostrophes, hyphens, and dots between single
 * letters.
 */
int dpt_next_word(dpt_matcher *matcher, size_t *start, size_t *end);

struct dpt_bounds {
	size_t start, end;
};

/*
 * The next words that are plain, which most are: letters of ASCII with nothing
 * near them that could join them to others.  Returns how many there are before
 * one that may be none, or before there is no room for those of a window.
 */
#define DPT_PLAIN_ROOM (DPT_WINDOW / 2 + 1)
size_t dpt_plain_words(dpt_matcher *matcher, struct dpt_bounds *word,
                       size_t room);

/* What the pattern is for, at or after at: 1 and its bounds, 0 or -1. */
int dpt_match(dpt_matcher *matcher, const char *text, size_t len, size_t at,
              size_t *start, size_t *end);

/* Bytes of an apostrophe, straight or not, that text begins with, or 0. */
size_t dpt_apostrophe(const char *text, size_t len);

/* Length of the longest prefix that is UTF-8 (RFC 3629). */
size_t dpt_utf8_prefix(const char *text, size_t len);

bool dpt_is_ascii(const char *word, size_t len);
/* Whether all of it is letters of a-z. */
bool dpt_is_small(const char *word, size_t len);

static inline char dpt_ascii_upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

enum dpt_shape {
	DPT_LOWER,       /* "word", and all that is none of the others */
	DPT_CAPITALISED, /* "Word", "W" */
	DPT_UPPER        /* "WORD" */
};

enum dpt_shape dpt_shape_of(const char *word, size_t len);

/*
 * Writes the word in lower case to out, which has DPT_LONGEST_WORD bytes;
 * returns its length, or 0 when it does not fit.
 */
size_t dpt_lower_case(const char *word, size_t len, char *out);

/* Appends a word in lower case; false when out of memory. */
DPT_MUST_USE bool dpt_add_lower(struct dpt_buf *out, const char *word,
                                size_t len);

/* Appends a word in a shape; false when out of memory. */
DPT_MUST_USE bool dpt_add_shaped(struct dpt_buf *out, enum dpt_shape shape,
                                 const char *word, size_t len);

#endif
