/* SPDX-License-Identifier: MIT */
#include "language.h"

#include "memory.h"

#include <math.h>
#include <stdlib.h>

#define BACKGROUND 0.1 /* of q beside what was counted */
#define MOST_PSEUDO 4096.0

static void learn_words(struct language *l, const struct sequences *s)
{
	double sum = 0, n = s->words ? (double)s->words : 1;
	for (size_t i = 0; i < s->words; i++)
		l->count[s->word[i]]++;
	for (uint32_t w = 0; w < l->n; w++)
		sum += 1 / (w + 2.7);
	for (uint32_t w = 0; w < l->n; w++)
		l->unigram[w] =
		    (l->count[w] / n + BACKGROUND / (w + 2.7) / sum) /
		    (BACKGROUND + (s->words > 0));
}

static int rising(const void *a, const void *b)
{
	uint64_t p = *(const uint64_t *)a, q = *(const uint64_t *)b;
	return (p > q) - (p < q);
}

/* All pairs of neighbours, the first word in the upper half; sorted. */
static uint64_t *list_pairs(const struct sequences *s, size_t *n)
{
	uint64_t *pair = memory_new(s->words, sizeof *pair);
	*n = 0;
	for (size_t row = 0; row < s->rows; row++)
		for (size_t i = s->start[row] + 1; i < s->start[row + 1]; i++)
			pair[(*n)++] =
			    (uint64_t)s->word[i - 1] << 32 | s->word[i];
	qsort(pair, *n, sizeof *pair, rising);
	return pair;
}

static void learn_pairs(struct language *l, const struct sequences *s)
{
	size_t n, kinds = 0;
	uint64_t *pair = list_pairs(s, &n);
	l->second = memory_new(n, sizeof *l->second);
	l->pairs = memory_new(n, sizeof *l->pairs);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || pair[i] != pair[i - 1]) {
			l->second[kinds++] = (uint32_t)pair[i];
			l->start[(pair[i] >> 32) + 1] = kinds;
		}
		l->pairs[kinds - 1]++;
	}
	for (uint32_t w = 0; w < l->n; w++)
		if (l->start[w + 1] < l->start[w])
			l->start[w + 1] = l->start[w];
	free(pair);
}

/* The sum of ln P(w|u) over all pairs, each left out of the counts. */
static double left_out(const struct language *l, double m)
{
	double sum = 0;
	for (uint32_t u = 0; u < l->n; u++)
		for (size_t i = l->start[u]; i < l->start[u + 1]; i++)
			sum +=
			    l->pairs[i] * log((l->pairs[i] - 1 +
			                       m * l->unigram[l->second[i]]) /
			                      (l->count[u] - 1 + m));
	return sum;
}

static void choose_pseudo(struct language *l)
{
	double most = -INFINITY;
	for (double m = 1; m <= MOST_PSEUDO; m *= 2) {
		double sum = left_out(l, m);
		if (sum > most) {
			most = sum;
			l->pseudo = m;
		}
	}
}

void language_learn(struct language *l, const struct sequences *s, uint32_t n)
{
	*l = (struct language){.n = n,
	                       .unigram = memory_new(n, sizeof *l->unigram),
	                       .count = memory_new(n, sizeof *l->count),
	                       .start =
	                           memory_new((size_t)n + 1, sizeof *l->start)};
	learn_words(l, s);
	learn_pairs(l, s);
	choose_pseudo(l);
}

uint32_t language_pairs(const struct language *l, uint32_t u, uint32_t w)
{
	size_t low = l->start[u], high = l->start[u + 1];
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (l->second[middle] < w)
			low = middle + 1;
		else
			high = middle;
	}
	return low < l->start[u + 1] && l->second[low] == w ? l->pairs[low] : 0;
}

double language_bigram(const struct language *l, uint32_t u, uint32_t w)
{
	return (language_pairs(l, u, w) + l->pseudo * l->unigram[w]) /
	       (l->count[u] + l->pseudo);
}

void language_free(struct language *l)
{
	free(l->unigram);
	free(l->count);
	free(l->start);
	free(l->second);
	free(l->pairs);
	*l = (struct language){0};
}
