/* SPDX-License-Identifier: MIT */
#include "closeness.h"

#include "features.h"
#include "memory.h"
#include "names.h"

#include <math.h>
#include <stdlib.h>

/* --------------------------------------------------------------- cosine */

struct walk {
	const char *at, *end;
	char *lower; /* room for the text */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* The next run of other than blanks, as the index may have it. */
static bool take(struct walk *w, const dpt_index *index, uint32_t *id)
{
	size_t n = 0, start = 0;
	while (w->at < w->end && is_blank(*w->at))
		w->at++;
	if (w->at == w->end)
		return false;
	for (; w->at < w->end && !is_blank(*w->at); w->at++)
		w->lower[n++] = *w->at >= 'A' && *w->at <= 'Z'
		                    ? (char)(*w->at + 32)
		                    : *w->at;
	while (start < n && !features_in_word(w->lower[start]))
		start++;
	while (n > start && !features_in_word(w->lower[n - 1]))
		n--;
	*id = dpt_index_find(index, w->lower + start, n - start);
	return true;
}

static double cosine(const float *a, const float *b, size_t n)
{
	double ab = 0, aa = 0, bb = 0;
	for (size_t i = 0; i < n; i++) {
		ab += (double)a[i] * b[i];
		aa += (double)a[i] * a[i];
		bb += (double)b[i] * b[i];
	}
	return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : 0;
}

static struct walk walk_of(const struct texts *texts)
{
	return (struct walk){.at = texts->bytes,
	                     .end = texts->bytes + texts->size,
	                     .lower = memory_new(texts->size + 1, 1)};
}

double closeness_cosine(const dpt_index *index, const struct texts *before,
                        const struct texts *after)
{
	size_t dim = dpt_index_about(index).dim;
	struct walk a = walk_of(before), b = walk_of(after);
	uint32_t from, to;
	double sum = 0, words = 0;
	while (take(&a, index, &from) && take(&b, index, &to)) {
		if (from == DPT_NO_WORD || to == DPT_NO_WORD)
			continue;
		sum += cosine(dpt_index_vector(index, from),
		              dpt_index_vector(index, to), dim);
		words++;
	}
	free(a.lower);
	free(b.lower);
	return words > 0 ? sum / words : NAN;
}

/* ----------------------------------------------------------- vocabulary */

static void note_word(void *ctx, const char *word, size_t len)
{
	names_add(ctx, word, len);
}

static void note_texts(struct names *words, const struct texts *texts)
{
	for (size_t i = 0; i < texts->rows; i++)
		features_words(texts, i, note_word, words);
}

double closeness_vocabulary(const struct texts *before,
                            const struct texts *after)
{
	struct names first = {0}, second = {0};
	note_texts(&first, before);
	note_texts(&second, after);
	double all = (double)first.n, then = (double)second.n;
	note_texts(&first, after); /* now of both */
	double kept = all + then - (double)first.n;
	names_free(&first);
	names_free(&second);
	return all > 0 ? kept / all : NAN;
}
