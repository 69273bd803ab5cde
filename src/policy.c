/* SPDX-License-Identifier: MIT */
#include "policy.h"

#include "error.h"
#include "token.h"

#include <stdlib.h>
#include <string.h>

/* English words of grammar, in their order; changing it changes what
 * --stopwords keep lets through. */
static const char *const stopwords[] = {
    "a",          "about",     "above",    "after",      "again",   "all",
    "also",       "am",        "an",       "and",        "any",     "are",
    "as",         "at",        "be",       "because",    "been",    "before",
    "being",      "below",     "between",  "both",       "but",     "by",
    "can",        "could",     "did",      "do",         "does",    "doing",
    "down",       "during",    "each",     "few",        "for",     "from",
    "had",        "has",       "have",     "having",     "he",      "her",
    "here",       "hers",      "herself",  "him",        "himself", "his",
    "how",        "i",         "if",       "in",         "into",    "is",
    "it",         "its",       "itself",   "just",       "may",     "me",
    "might",      "more",      "most",     "must",       "my",      "myself",
    "no",         "nor",       "not",      "now",        "of",      "off",
    "on",         "once",      "only",     "or",         "other",   "our",
    "ours",       "ourselves", "out",      "over",       "own",     "same",
    "shall",      "she",       "should",   "so",         "some",    "such",
    "than",       "that",      "the",      "their",      "theirs",  "them",
    "themselves", "then",      "there",    "these",      "they",    "this",
    "those",      "through",   "to",       "too",        "under",   "until",
    "up",         "very",      "was",      "we",         "were",    "what",
    "when",       "where",     "which",    "while",      "who",     "whom",
    "whose",      "why",       "will",     "with",       "would",   "you",
    "your",       "yours",     "yourself", "yourselves",
};
enum { STOPWORDS = sizeof stopwords / sizeof *stopwords };

const char *dpt_oov_name(enum dpt_oov oov)
{
	static const char *const names[DPT_OOVS] = {
	    [DPT_OOV_REPLACE] = "replace",
	    [DPT_OOV_MASK] = "mask",
	    [DPT_OOV_DROP] = "drop",
	    [DPT_OOV_KEEP] = "keep",
	};
	return names[oov];
}

const char *dpt_numbers_name(enum dpt_numbers numbers)
{
	static const char *const names[DPT_NUMBERS] = {
	    [DPT_NUMBERS_RANDOM] = "random",
	    [DPT_NUMBERS_MASK] = "mask",
	    [DPT_NUMBERS_KEEP] = "keep",
	};
	return names[numbers];
}

/* In lower case, sorted. */
struct word {
	char *text;
	size_t len;
};

struct dpt_public {
	size_t n;
	struct word word[];
};

static int compare(const void *a, const void *b)
{
	const struct word *p = a, *q = b;
	if (p->len != q->len)
		return p->len < q->len ? -1 : 1;
	return memcmp(p->text, q->text, p->len);
}

static enum dpt_status add(dpt_public *words, const char *text, dpt_error *err)
{
	char lower[DPT_LONGEST_WORD];
	size_t len = strlen(text);
	if (dpt_utf8_prefix(text, len) < len)
		return dpt_fail(err, DPT_ERANGE,
		                "public word %zu is not valid UTF-8",
		                words->n + 1);
	len = dpt_lower_case(text, len, lower);
	if (len == 0)
		return dpt_fail(err, DPT_ERANGE,
		                "public word %zu is empty or too long",
		                words->n + 1);
	struct word *word = &words->word[words->n];
	word->text = malloc(len);
	if (!word->text)
		return dpt_fail_memory(err);
	memcpy(word->text, lower, len);
	word->len = len;
	words->n++;
	return DPT_OK;
}

enum dpt_status dpt_public_new(const struct dpt_policy *policy,
                               dpt_public **out, dpt_error *err)
{
	size_t room = policy->keeps + (policy->keep_stopwords ? STOPWORDS : 0);
	enum dpt_status status = DPT_OK;
	*out = NULL;
	if (room == 0)
		return DPT_OK;
	dpt_public *p = calloc(1, sizeof *p + room * sizeof *p->word);
	if (!p)
		return dpt_fail_memory(err);
	for (size_t i = 0; !status && i < policy->keeps; i++)
		status = add(p, policy->keep[i], err);
	for (size_t i = 0; !status && i < room - policy->keeps; i++)
		status = add(p, stopwords[i], err);
	if (status) {
		dpt_public_free(p);
		return status;
	}
	qsort(p->word, p->n, sizeof *p->word, compare);
	*out = p;
	return DPT_OK;
}

void dpt_public_free(dpt_public *words)
{
	for (size_t i = 0; words && i < words->n; i++)
		free(words->word[i].text);
	free(words);
}

bool dpt_is_public(const dpt_public *words, const char *word, size_t len)
{
	char lower[DPT_LONGEST_WORD];
	struct word key = {lower, dpt_lower_case(word, len, lower)};
	return key.len > 0 && bsearch(&key, words->word, words->n, sizeof key,
	                              compare) != NULL;
}
