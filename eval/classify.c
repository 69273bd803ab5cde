/* SPDX-License-Identifier: MIT */
#include "classify.h"

#include "features.h"
#include "memory.h"

#include <stdlib.h>

static void say_nothing(const char *text)
{
	(void)text;
}

static struct model *fit(struct vectors *x, const int *label, size_t words,
                         double bias)
{
	double *y = memory_new(x->rows, sizeof *y);
	for (size_t i = 0; i < x->rows; i++)
		y[i] = label[i];
	struct problem problem = {.l = (int)x->rows,
	                          .n = (int)words + 1,
	                          .y = y,
	                          .x = x->row,
	                          .bias = bias};
	struct parameter parameter = {
	    .solver_type = L2R_LR, .C = 10, .eps = 0.01, .p = 0.1};
	set_print_string_function(say_nothing);
	struct model *model = train(&problem, &parameter);
	free(y);
	return model;
}

/* F1 of a label is 2 hit / (true + predicted). */
static struct scores score(const int *truth, const int *predicted, size_t rows,
                           size_t labels)
{
	size_t *hit = memory_new(labels, sizeof *hit), hits = 0, seen = 0;
	size_t *named = memory_new(labels, sizeof *named);
	double sum = 0;
	for (size_t i = 0; i < rows; i++) {
		named[truth[i]]++;
		named[predicted[i]]++;
		hit[truth[i]] += truth[i] == predicted[i];
		hits += truth[i] == predicted[i];
	}
	for (size_t i = 0; i < labels; i++)
		if (named[i] > 0) {
			sum += 2 * (double)hit[i] / (double)named[i];
			seen++;
		}
	free(hit);
	free(named);
	return (struct scores){(double)hits / (double)rows, sum / (double)seen};
}

struct scores classify(const struct texts *train_texts, const int *train_label,
                       const struct texts *test, const int *test_label,
                       size_t labels, double bias)
{
	struct vocabulary words;
	struct vectors x, z;
	vocabulary_make(&words, train_texts);
	vectors_make(&x, &words, train_texts, bias);
	vectors_make(&z, &words, test, bias);
	struct model *model = fit(&x, train_label, words.words.n, bias);
	int *predicted = memory_new(test->rows, sizeof *predicted);
	for (size_t i = 0; i < test->rows; i++)
		predicted[i] = (int)predict(model, z.row[i]);
	struct scores s = score(test_label, predicted, test->rows, labels);
	free(predicted);
	free_and_destroy_model(&model);
	vectors_free(&x);
	vectors_free(&z);
	vocabulary_free(&words);
	return s;
}
