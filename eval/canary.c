/* SPDX-License-Identifier: MIT */
#include "canary.h"

#include "memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static bool is_often(size_t i)
{
	return i % 2 == 1;
}

/* Words of the rarer half, at even steps: each kind is spread over all. */
void canaries_choose(struct canaries *c, const struct language *clean)
{
	size_t rare = 0, wanted = 4 * CANARIES + CANARY_OTHERS;
	*c = (struct canaries){0};
	for (uint32_t w = clean->n / 2; w < clean->n; w++)
		rare += clean->count[w] == 0;
	size_t step = rare > wanted ? rare / wanted : 1;
	size_t all = rare / step < wanted ? rare / step : wanted;
	size_t n = all / 4 < 2 * CANARIES ? all / 4 : 2 * CANARIES;
	size_t seen = 0, taken = 0, period = n ? all / n : 1;
	for (uint32_t w = clean->n / 2; w < clean->n && c->n < n; w++) {
		if (clean->count[w] > 0 || seen++ % step > 0)
			continue;
		size_t kind = taken++ % period;
		if (kind == 0)
			c->name[c->n] = w;
		else if (kind == 1)
			c->secret[c->n++] = w;
		else if (c->others < CANARY_OTHERS)
			c->other[c->others++] = w;
	}
}

static void add(const dpt_index *index, struct texts *texts, uint32_t name,
                uint32_t secret)
{
	char text[1024];
	size_t n, k;
	const char *a = dpt_index_word(index, name, &n);
	const char *b = dpt_index_word(index, secret, &k);
	int len = snprintf(text, sizeof text, "please remember that %.*s %.*s",
	                   (int)n, a, (int)k, b);
	if (len > 0 && (size_t)len < sizeof text)
		texts_add(texts, text, (size_t)len);
}

void canaries_add(const struct canaries *c, const dpt_index *index,
                  struct texts *texts)
{
	for (size_t i = 0; i < c->n; i++)
		for (int k = is_often(i) ? CANARY_OFTEN : 1; k > 0; k--)
			add(index, texts, c->name[i], c->secret[i]);
}

/* Words that are as frequent behind the name are told apart by themselves. */
static double score(const struct language *l, uint32_t name, uint32_t word,
                    bool bigrams)
{
	double alone = l->count[word];
	return bigrams ? language_pairs(l, name, word) + 1e-9 * alone : alone;
}

static double rank_of(const struct canaries *c, const struct language *l,
                      size_t i, bool bigrams)
{
	double own = score(l, c->name[i], c->secret[i], bigrams), rank = 1;
	for (size_t k = 0; k < c->others; k++) {
		double s = score(l, c->name[i], c->other[k], bigrams);
		rank += s > own ? 1 : s == own ? 0.5 : 0;
	}
	return rank;
}

struct exposure canaries_exposure(const struct canaries *c,
                                  const struct language *l, bool bigrams,
                                  bool often)
{
	double bits[2 * CANARIES], first[2 * CANARIES];
	size_t n = 0;
	struct exposure e = {.most = log2((double)c->others + 1)};
	for (size_t i = 0; i < c->n; i++)
		if (is_often(i) == often) {
			double rank = rank_of(c, l, i, bigrams);
			bits[n] = e.most - log2(rank);
			first[n++] = rank == 1;
		}
	e.bits = interval_of(bits, n);
	e.first = interval_of(first, n);
	return e;
}
