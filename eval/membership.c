/* SPDX-License-Identifier: MIT */
#include "membership.h"

#include "classify.h"
#include "memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int rising(const void *a, const void *b)
{
	double p = *(const double *)a, q = *(const double *)b;
	return (p > q) - (p < q);
}

static double *sorted(const double *x, size_t n)
{
	double *copy = memory_new(n, sizeof *copy);
	memcpy(copy, x, n * sizeof *copy);
	qsort(copy, n, sizeof *copy, rising);
	return copy;
}

/* Places in a sorted list that are below x, half of those equal to it. */
static double below(const double *list, size_t n, double x)
{
	size_t low = 0, high = n;
	while (low < high) { /* the first that is not below */
		size_t middle = low + (high - low) / 2;
		if (list[middle] < x)
			low = middle + 1;
		else
			high = middle;
	}
	size_t less = low;
	for (high = n; low < high;) { /* the first that is above */
		size_t middle = low + (high - low) / 2;
		if (list[middle] <= x)
			low = middle + 1;
		else
			high = middle;
	}
	return (double)less + (double)(low - less) / 2;
}

/* Mean, and variance of the mean, of the shares of list below each x. */
static double placed(const double *x, size_t n, const double *list, size_t of,
                     double *mean)
{
	double sum = 0, squares = 0, count = (double)n;
	for (size_t i = 0; i < n; i++) {
		double share = below(list, of, x[i]) / (double)of;
		sum += share;
		squares += share * share;
	}
	*mean = sum / count;
	if (n < 2)
		return NAN;
	return fmax(0, squares - sum * sum / count) / (count - 1) / count;
}

static struct interval area(const double *member, size_t m, const double *other,
                            size_t n)
{
	double of_members, of_others;
	double variance = placed(member, m, other, n, &of_members) +
	                  placed(other, n, member, m, &of_others);
	return (struct interval){of_others, 1.96 * sqrt(variance)};
}

static struct interval advantage(const double *member, size_t m,
                                 const double *other, size_t n)
{
	double *all = memory_new(m + n, sizeof *all);
	memcpy(all, member, m * sizeof *all);
	memcpy(all + m, other, n * sizeof *all);
	qsort(all, m + n, sizeof *all, rising);
	size_t half = (m + n) / 2;
	double median = (all[half] + all[(m + n - 1) / 2]) / 2;
	double hit = below(member, m, median) / (double)m;
	double wrong = below(other, n, median) / (double)n;
	free(all);
	return (struct interval){hit - wrong,
	                         1.96 * sqrt(hit * (1 - hit) / (double)m +
	                                     wrong * (1 - wrong) / (double)n)};
}

struct membership membership_of(const double *member, size_t members,
                                const double *other, size_t others)
{
	double *a = sorted(member, members), *b = sorted(other, others);
	struct membership r = {area(a, members, b, others),
	                       advantage(a, members, b, others)};
	free(a);
	free(b);
	return r;
}

/* ------------------------------------------------------------ classifier */

/* The place of a label among those of a model, or -1. */
static int place_of(const struct model *model, int label)
{
	for (int i = 0; i < model->nr_class; i++)
		if (model->label[i] == label)
			return i;
	return -1;
}

static double *losses(const struct model *model, const struct vocabulary *words,
                      const struct texts *texts, const int *label)
{
	struct vectors x;
	double *loss = memory_new(texts->rows, sizeof *loss);
	double *p = memory_new((size_t)model->nr_class, sizeof *p);
	vectors_tfidf(&x, words, texts);
	for (size_t i = 0; i < x.rows; i++) {
		int place = place_of(model, label[i]);
		predict_probability(model, x.row[i], p);
		loss[i] = place < 0 ? INFINITY : -log(p[place]);
	}
	vectors_free(&x);
	free(p);
	return loss;
}

struct membership membership_attack(const struct texts *train,
                                    const struct texts *members,
                                    const struct texts *others,
                                    const int *label)
{
	struct vocabulary words;
	struct vectors x;
	vocabulary_make(&words, train);
	vectors_tfidf(&x, &words, train);
	struct model *model = classify_train(&x, label);
	double *in = losses(model, &words, members, label);
	double *out = losses(model, &words, others, label + members->rows);
	struct membership r =
	    membership_of(in, members->rows, out, others->rows);
	free(in);
	free(out);
	classify_free(model);
	vectors_free(&x);
	vocabulary_free(&words);
	return r;
}
