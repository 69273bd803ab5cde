/* SPDX-License-Identifier: MIT */
#include "inversion.h"

#include "memory.h"
#include "viterbi.h"

#include <math.h>
#include <stdlib.h>

/* What an output tells, for each output that is there. */
struct posteriors {
	size_t choices;
	uint32_t *slot;              /* of each word of the index, from 1 */
	struct candidate *candidate; /* choices a slot, best first */
	double *sure;                /* posterior of the first, by slot */
	uint32_t slots;
	size_t room, room_sure;
	double *p;    /* scratch: a column, */
	double *best; /* and the highest posteriors, falling */
};

/* Keeps the best candidates in falling order. */
static void insert(struct posteriors *o, struct candidate *list, size_t *n,
                   uint32_t word, double joint)
{
	if (*n == o->choices && !(joint > o->best[*n - 1]))
		return;
	size_t i = *n < o->choices ? (*n)++ : *n - 1;
	for (; i > 0 && joint > o->best[i - 1]; i--) {
		o->best[i] = o->best[i - 1];
		list[i] = list[i - 1];
	}
	o->best[i] = joint;
	list[i] = (struct candidate){word, log(o->p[word])};
}

static void learn(struct posteriors *o, uint32_t v,
                  const struct language *language,
                  const struct likelihood *likelihood)
{
	size_t first = o->slots * o->choices, n = 0;
	double sum = 0;
	if (o->slot[v])
		return;
	o->candidate = memory_room(o->candidate, &o->room, first + o->choices,
	                           sizeof *o->candidate);
	o->sure =
	    memory_room(o->sure, &o->room_sure, o->slots + 1, sizeof *o->sure);
	likelihood_at(likelihood, v, o->p);
	for (uint32_t w = 0; w < language->n; w++) {
		double joint = language->unigram[w] * o->p[w];
		sum += joint;
		if (joint > 0)
			insert(o, o->candidate + first, &n, w, joint);
	}
	o->sure[o->slots] = o->best[0] / sum;
	if (n < o->choices)
		o->candidate[first + n].word = DPT_NO_WORD;
	o->slot[v] = ++o->slots;
}

static const struct candidate *candidates(const struct posteriors *o,
                                          uint32_t v)
{
	return o->candidate + (o->slot[v] - 1) * o->choices;
}

static struct posteriors open(const struct sequences *texts,
                              const uint32_t *became,
                              const struct language *language,
                              const struct likelihood *likelihood,
                              size_t choices)
{
	struct posteriors o = {.choices = choices,
	                       .slot = memory_new(language->n, sizeof *o.slot),
	                       .p = memory_new(language->n, sizeof *o.p),
	                       .best = memory_new(choices, sizeof *o.best)};
	for (size_t i = 0; i < texts->words; i++)
		learn(&o, became[i], language, likelihood);
	return o;
}

static void close(struct posteriors *o)
{
	free(o->slot);
	free(o->candidate);
	free(o->sure);
	free(o->p);
	free(o->best);
}

/* ------------------------------------------------------------- guessing */

static uint32_t most_frequent(const struct language *l)
{
	uint32_t best = 0;
	for (uint32_t w = 1; w < l->n; w++)
		if (l->unigram[w] > l->unigram[best])
			best = w;
	return best;
}

/* The guesses for all words, those of each kind behind another. */
static uint32_t *guess(const struct posteriors *o,
                       const struct sequences *texts, const uint32_t *became,
                       const struct language *language, const dpt_index *index)
{
	size_t n = texts->words;
	uint32_t *g = memory_new(GUESSES * n, sizeof *g);
	const struct candidate **place = memory_new(n, sizeof(void *));
	uint32_t frequent = most_frequent(language);
	for (size_t i = 0; i < n; i++) {
		place[i] = candidates(o, became[i]);
		g[GUESS_SAME * n + i] = became[i];
		g[GUESS_NEAREST * n + i] =
		    dpt_index_neighbour(index, became[i], 0, NULL);
		g[GUESS_PRIOR * n + i] = frequent;
		g[GUESS_UNIGRAM * n + i] = place[i]->word;
	}
	for (size_t row = 0; row < texts->rows; row++) {
		size_t at = texts->start[row],
		       words = texts->start[row + 1] - at;
		viterbi_decode(language, words, o->choices, place + at,
		               g + GUESS_TEXT * n + at);
		viterbi_words(language, words, o->choices, place + at,
		              g + GUESS_WORDS * n + at);
	}
	free(place);
	return g;
}

static bool is_in(enum subset subset, uint32_t word, uint32_t became)
{
	switch (subset) {
	case CHANGED_WORDS: return became != word;
	case CONTENT_WORDS: return word >= INVERSION_COMMON;
	default: return true;
	}
}

/* The share of words guessed right among those of a subset. */
static struct interval success(const struct sequences *texts,
                               const uint32_t *became, const uint32_t *guessed,
                               enum subset subset)
{
	double *hits = memory_new(texts->rows, sizeof *hits);
	double *words = memory_new(texts->rows, sizeof *words);
	for (size_t row = 0; row < texts->rows; row++)
		for (size_t i = texts->start[row]; i < texts->start[row + 1];
		     i++)
			if (is_in(subset, texts->word[i], became[i])) {
				words[row]++;
				hits[row] += guessed[i] == texts->word[i];
			}
	struct interval r = interval_ratio(hits, words, texts->rows);
	free(hits);
	free(words);
	return r;
}

void inversion_run(struct inversion *out, const struct sequences *texts,
                   const uint32_t *became, const struct language *language,
                   const struct likelihood *likelihood, size_t choices)
{
	struct posteriors o =
	    open(texts, became, language, likelihood, choices);
	uint32_t *g = guess(&o, texts, became, language, likelihood->index);
	*out = (struct inversion){.words = texts->words};
	for (int k = 0; k < GUESSES; k++)
		for (enum subset s = 0; s < SUBSETS; s++)
			out->success[k][s] = success(
			    texts, became, g + (size_t)k * texts->words, s);
	for (size_t i = 0; i < texts->words; i++)
		out->expected +=
		    o.sure[o.slot[became[i]] - 1] / (double)texts->words;
	free(g);
	close(&o);
}
