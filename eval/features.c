/* SPDX-License-Identifier: MIT */
#include "features.h"

#include "memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool features_in_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       (unsigned char)c >= 0x80;
}

static char *lower(const char *text, size_t len)
{
	char *copy = memory_new(len + 1, 1);
	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		copy[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
	}
	return copy;
}

void features_words(const struct texts *texts, size_t row,
                    void (*take)(void *ctx, const char *word, size_t len),
                    void *ctx)
{
	size_t len;
	const char *text = texts_at(texts, row, &len);
	char *copy = lower(text, len);
	for (size_t i = 0; i < len; i++) {
		size_t start = i;
		while (i < len && features_in_word(copy[i]))
			i++;
		if (i > start)
			take(ctx, copy + start, i - start);
	}
	free(copy);
}

/* --------------------------------------------------------------- tf-idf */

/* The words of one text, as numbers in rising order. */
struct bag {
	const struct names *known;
	struct names *more; /* takes words that are not known, if not NULL */
	int *id;
	size_t n, room;
};

static int rising(const void *a, const void *b)
{
	int p = *(const int *)a, q = *(const int *)b;
	return (p > q) - (p < q);
}

static void bag_word(void *ctx, const char *word, size_t len)
{
	struct bag *b = ctx;
	int id = b->more ? names_add(b->more, word, len)
	                 : names_find(b->known, word, len);
	if (id < 0)
		return;
	b->id = memory_room(b->id, &b->room, b->n + 1, sizeof *b->id);
	b->id[b->n++] = id;
}

static void fill(struct bag *b, const struct texts *texts, size_t row)
{
	b->n = 0;
	features_words(texts, row, bag_word, b);
	if (b->n > 0)
		qsort(b->id, b->n, sizeof *b->id, rising);
}

/* How often the word at i is there; i goes behind it. */
static size_t take(const struct bag *b, size_t *i, int *id)
{
	size_t start = *i;
	*id = b->id[start];
	while (*i < b->n && b->id[*i] == *id)
		++*i;
	return *i - start;
}

void vocabulary_make(struct vocabulary *v, const struct texts *train)
{
	struct bag b = {.more = &v->words};
	size_t room = 0, known = 0;
	*v = (struct vocabulary){0};
	for (size_t row = 0; row < train->rows; row++) {
		fill(&b, train, row);
		v->idf = memory_room(v->idf, &room, v->words.n, sizeof *v->idf);
		while (known < v->words.n)
			v->idf[known++] = 0;
		for (size_t i = 0; i < b.n;) {
			int id;
			take(&b, &i, &id);
			v->idf[id]++; /* df, at first */
		}
	}
	double n = (double)train->rows;
	for (size_t i = 0; i < known; i++)
		v->idf[i] = log((1 + n) / (1 + v->idf[i])) + 1;
	free(b.id);
}

void vocabulary_free(struct vocabulary *v)
{
	names_free(&v->words);
	free(v->idf);
	*v = (struct vocabulary){0};
}

/* Writes the vector of a bag to node; returns its number of nodes. */
static size_t write_vector(const struct vocabulary *v, const struct bag *b,
                           struct feature_node *node)
{
	size_t n = 0;
	double squares = 0;
	for (size_t i = 0; i < b->n;) {
		int id;
		double tf = (double)take(b, &i, &id);
		double value = tf * v->idf[id];
		squares += value * value;
		node[n++] = (struct feature_node){id + 1, value};
	}
	for (size_t i = 0; i < n; i++)
		node[i].value /= sqrt(squares);
	node[n++] = (struct feature_node){-1, 0};
	return n;
}

/* Where each row is among the nodes. */
static void set_rows(struct vectors *x, const size_t *start)
{
	x->row = memory_new(x->rows, sizeof(struct feature_node *));
	for (size_t row = 0; row < x->rows; row++)
		x->row[row] = x->node + start[row];
}

void vectors_tfidf(struct vectors *x, const struct vocabulary *v,
                   const struct texts *texts)
{
	struct bag b = {.known = &v->words};
	size_t used = 0, room = 0;
	size_t *start = memory_new(texts->rows, sizeof *start);
	*x = (struct vectors){.rows = texts->rows, .columns = v->words.n};
	for (size_t row = 0; row < texts->rows; row++) {
		fill(&b, texts, row);
		x->node = memory_room(x->node, &room, used + b.n + 1,
		                      sizeof *x->node);
		start[row] = used;
		used += write_vector(v, &b, x->node + used);
	}
	set_rows(x, start);
	free(start);
	free(b.id);
}

void vectors_free(struct vectors *x)
{
	free(x->row);
	free(x->node);
	*x = (struct vectors){0};
}

/* ----------------------------------------------------------- embeddings */

struct sum {
	const dpt_index *index;
	size_t columns, words;
	double *value;
};

static void sum_word(void *ctx, const char *word, size_t len)
{
	struct sum *s = ctx;
	uint32_t id = dpt_index_find(s->index, word, len);
	if (id == DPT_NO_WORD)
		return;
	const float *row = dpt_index_vector(s->index, id);
	for (size_t i = 0; i < s->columns; i++)
		s->value[i] += row[i];
	s->words++;
}

void vectors_mean(struct vectors *x, const dpt_index *index,
                  const struct texts *texts)
{
	size_t columns = dpt_index_about(index).dim;
	struct sum s = {.index = index, .columns = columns};
	size_t *start = memory_new(texts->rows, sizeof *start);
	*x = (struct vectors){.rows = texts->rows, .columns = columns};
	x->node = memory_new(x->rows, (columns + 1) * sizeof *x->node);
	s.value = memory_new(columns, sizeof *s.value);
	for (size_t row = 0; row < texts->rows; row++) {
		start[row] = row * (columns + 1);
		struct feature_node *node = x->node + start[row];
		s.words = 0;
		memset(s.value, 0, columns * sizeof *s.value);
		features_words(texts, row, sum_word, &s);
		for (size_t i = 0; i < columns && s.words > 0; i++)
			*node++ = (struct feature_node){
			    (int)i + 1, s.value[i] / (double)s.words};
		*node = (struct feature_node){-1, 0};
	}
	set_rows(x, start);
	free(start);
	free(s.value);
}
