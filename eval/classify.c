/* SPDX-License-Identifier: MIT */
#include "classify.h"

#include "memory.h"

#include <pthread.h>
#include <stdlib.h>

static void say_nothing(const char *text)
{
	(void)text;
}

static void silence(void)
{
	set_print_string_function(say_nothing);
}

struct model *classify_train(const struct vectors *x, const int *label)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	double *y = memory_new(x->rows, sizeof *y);
	for (size_t i = 0; i < x->rows; i++)
		y[i] = label[i];
	struct problem problem = {.l = (int)x->rows,
	                          .n = (int)x->columns,
	                          .y = y,
	                          .x = x->row,
	                          .bias = -1};
	struct parameter parameter = {
	    .solver_type = L2R_LR, .C = 10, .eps = 0.01, .p = 0.1};
	pthread_once(&once, silence);
	struct model *model = train(&problem, &parameter);
	free(y);
	return model;
}

void classify_predict(const struct model *model, const struct vectors *x,
                      int *label)
{
	for (size_t i = 0; i < x->rows; i++)
		label[i] = (int)predict(model, x->row[i]);
}

void classify_free(struct model *model)
{
	free_and_destroy_model(&model);
}

/* F1 of a label is 2 hit / (true + predicted). */
struct scores classify_scores(const int *truth, const int *predicted,
                              size_t rows, size_t labels)
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

struct scores classify_test(const struct model *model, const struct vectors *x,
                            const int *truth, size_t labels)
{
	int *predicted = memory_new(x->rows, sizeof *predicted);
	classify_predict(model, x, predicted);
	struct scores s = classify_scores(truth, predicted, x->rows, labels);
	free(predicted);
	return s;
}
