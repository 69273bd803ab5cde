/* SPDX-License-Identifier: MIT */
#include "features.h"

#include "memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The words of one text, as numbers in rising order. */
struct bag {
	char *lower; /* the text, in lower case */
	size_t lower_room;
	int *id;
	size_t n, room;
};

static int rising(const void *a, const void *b)
{
	int p = *(const int *)a, q = *(const int *)b;
	return (p > q) - (p < q);
}

static bool in_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       (unsigned char)c >= 0x80;
}

static void lower(struct bag *b, const char *text, size_t len)
{
	b->lower = memory_room(b->lower, &b->lower_room, len, 1);
	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		b->lower[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
	}
}

/* Words that are not known are added to more, or left out if it is NULL. */
static void fill(struct bag *b, const struct names *known, struct names *more,
                 const struct texts *texts, size_t row)
{
	size_t len;
	const char *text = texts_at(texts, row, &len);
	lower(b, text, len);
	b->n = 0;
	for (size_t i = 0; i < len;) {
		size_t start = i;
		while (i < len && in_word(b->lower[i]))
			i++;
		if (i == start) {
			i++;
			continue;
		}
		const char *word = b->lower + start;
		int id = more ? names_add(more, word, i - start)
		              : names_find(known, word, i - start);
		if (id < 0)
			continue;
		b->id = memory_room(b->id, &b->room, b->n + 1, sizeof *b->id);
		b->id[b->n++] = id;
	}
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

static void bag_free(struct bag *b)
{
	free(b->lower);
	free(b->id);
}

void vocabulary_make(struct vocabulary *v, const struct texts *train)
{
	struct bag b = {0};
	size_t room = 0, known = 0;
	*v = (struct vocabulary){0};
	for (size_t row = 0; row < train->rows; row++) {
		fill(&b, &v->words, &v->words, train, row);
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
	bag_free(&b);
}

void vocabulary_free(struct vocabulary *v)
{
	names_free(&v->words);
	free(v->idf);
	*v = (struct vocabulary){0};
}

/* Writes the vector of a bag to node; returns its number of nodes. */
static size_t write_vector(const struct vocabulary *v, const struct bag *b,
                           double bias, struct feature_node *node)
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
	node[n++] = (struct feature_node){(int)v->words.n + 1, bias};
	node[n++] = (struct feature_node){-1, 0};
	return n;
}

void vectors_make(struct vectors *x, const struct vocabulary *v,
                  const struct texts *texts, double bias)
{
	struct bag b = {0};
	size_t used = 0, room = 0;
	size_t *start = memory_new(texts->rows, sizeof *start);
	*x = (struct vectors){.rows = texts->rows};
	for (size_t row = 0; row < texts->rows; row++) {
		fill(&b, &v->words, NULL, texts, row);
		x->node = memory_room(x->node, &room, used + b.n + 2,
		                      sizeof *x->node);
		start[row] = used;
		used += write_vector(v, &b, bias, x->node + used);
	}
	x->row = memory_new(x->rows, sizeof(struct feature_node *));
	for (size_t row = 0; row < x->rows; row++)
		x->row[row] = x->node + start[row];
	free(start);
	bag_free(&b);
}

void vectors_free(struct vectors *x)
{
	free(x->row);
	free(x->node);
	*x = (struct vectors){0};
}
