/* SPDX-License-Identifier: MIT */
#include "ngram.h"

#include "features.h"
#include "memory.h"

#include <math.h>
#include <stdlib.h>

static const double discount = 0.75;

struct pair {
	int last, word;
	double count;
};

static int compare(const void *a, const void *b)
{
	const struct pair *p = a, *q = b;
	if (p->last != q->last)
		return p->last < q->last ? -1 : 1;
	return (p->word > q->word) - (p->word < q->word);
}

/* -------------------------------------------------------------- making */

struct gather {
	struct ngram *model;
	size_t room;
	int last;
};

enum { MARK = -1 }; /* until it is known how many words there are */

static void gather_word(void *ctx, const char *word, size_t len)
{
	struct gather *g = ctx;
	struct ngram *m = g->model;
	int id = names_add(&m->words, word, len);
	m->pair = memory_room(m->pair, &g->room, m->pairs + 1, sizeof *m->pair);
	m->pair[m->pairs++] = (struct pair){g->last, id, 1};
	g->last = id;
}

/* Equal pairs become one, with their number. */
static void count_pairs(struct ngram *m)
{
	size_t kept = 0;
	if (m->pairs > 0)
		qsort(m->pair, m->pairs, sizeof *m->pair, compare);
	for (size_t i = 0; i < m->pairs; i++) {
		if (kept > 0 && compare(&m->pair[kept - 1], &m->pair[i]) == 0)
			m->pair[kept - 1].count++;
		else
			m->pair[kept++] = m->pair[i];
	}
	m->pairs = kept;
}

void ngram_make(struct ngram *m, const struct texts *texts)
{
	struct gather g = {.model = m};
	*m = (struct ngram){0};
	for (size_t i = 0; i < texts->rows; i++) {
		g.last = MARK;
		features_words(texts, i, gather_word, &g);
	}
	size_t n = m->words.n;
	m->seen = memory_new(n + 1, sizeof *m->seen);
	m->behind = memory_new(n + 1, sizeof *m->behind);
	m->before = memory_new(n + 1, sizeof *m->before);
	for (size_t i = 0; i < m->pairs; i++)
		if (m->pair[i].last == MARK)
			m->pair[i].last = (int)n;
	count_pairs(m);
	for (size_t i = 0; i < m->pairs; i++) {
		const struct pair *p = &m->pair[i];
		m->seen[p->last] += p->count;
		m->behind[p->last]++;
		m->before[p->word]++;
	}
}

void ngram_free(struct ngram *m)
{
	names_free(&m->words);
	free(m->pair);
	free(m->seen);
	free(m->behind);
	free(m->before);
	*m = (struct ngram){0};
}

/* ------------------------------------------------------------ measuring */

static double alone(const struct ngram *m, int word)
{
	double v = (double)m->words.n;
	double before = word < 0 ? 0 : m->before[word];
	return (fmax(before - discount, 0) + discount * v / (v + 1)) /
	       (double)m->pairs;
}

double ngram_p(const struct ngram *m, int last, int word)
{
	struct pair key = {last, word, 0};
	if (last < 0 || m->seen[last] == 0)
		return alone(m, word);
	const struct pair *found =
	    bsearch(&key, m->pair, m->pairs, sizeof key, compare);
	double count = found ? found->count : 0;
	return (fmax(count - discount, 0) +
	        discount * m->behind[last] * alone(m, word)) /
	       m->seen[last];
}

struct reading {
	const struct ngram *model;
	int last;
	double sum, words;
};

static void read_word(void *ctx, const char *word, size_t len)
{
	struct reading *r = ctx;
	int id = names_find(&r->model->words, word, len);
	r->sum += log(ngram_p(r->model, r->last, id));
	r->words++;
	r->last = id;
}

double ngram_perplexity(const struct ngram *m, const struct texts *texts)
{
	struct reading r = {.model = m};
	if (m->pairs == 0)
		return NAN;
	for (size_t i = 0; i < texts->rows; i++) {
		r.last = (int)m->words.n;
		features_words(texts, i, read_word, &r);
	}
	return r.words > 0 ? exp(-r.sum / r.words) : NAN;
}
