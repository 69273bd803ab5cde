/* SPDX-License-Identifier: MIT */
/*
 * Are the words drawn those of the exact channel?  A million draws in all, of
 * words spread over frequency ranks and densities, against dpt_model_row by
 * Pearson's test.
 *
 *     sample [--power] INDEX
 *
 * With --power the fallback of what is drawn from is 10 % off, which must be
 * noticed: the exit status is 0 when it is.
 */
#include "dptext.h"

#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS 50
#define DRAWS 20000
#define ALPHA 1e-6 /* of all words together */
#define LEAST 5    /* outputs expected less often are taken together */
#define SEED 1

static dpt_error err;

static void must(enum dpt_status status)
{
	if (status) {
		fprintf(stderr, "sample: %s\n", err.text);
		exit(2);
	}
}

static void *room(size_t n, size_t size)
{
	void *p = calloc(n, size);
	if (!p) {
		fprintf(stderr, "sample: out of memory\n");
		exit(2);
	}
	return p;
}

/* ------------------------------------------------------------- the test */

/* Regularised upper incomplete gamma function, by Lentz's method. */
static double gamma_fraction(double a, double x)
{
	double b = x + 1 - a, c = 1e300, d = 1 / b, h = d, change = 0;
	for (int i = 1; i < 100000 && fabs(change - 1) > 1e-14; i++) {
		double n = -i * (i - a);
		b += 2;
		d = 1 / (n * d + b);
		c = b + n / c;
		change = d * c;
		h *= change;
	}
	return h * exp(-x + a * log(x) - lgamma(a));
}

static double gamma_series(double a, double x)
{
	double term = 1 / a, sum = term;
	for (double n = a + 1; term > sum * 1e-16; n++)
		sum += term *= x / n;
	return sum * exp(-x + a * log(x) - lgamma(a));
}

/* The probability of a sum of squares of at least x. */
static double chi2_tail(double x, double freedom)
{
	double a = freedom / 2;
	x /= 2;
	if (freedom < 1 || !(x > 0))
		return 1;
	return x < a + 1 ? 1 - gamma_series(a, x) : gamma_fraction(a, x);
}

static double fit(uint32_t n, const uint32_t *seen, const double *p)
{
	double few = 0, few_seen = 0, x = 0, cells = 0;
	for (uint32_t v = 0; v < n; v++) {
		double expected = DRAWS * p[v], s = seen[v];
		if (expected < LEAST) {
			few += expected;
			few_seen += s;
		} else {
			x += (s - expected) * (s - expected) / expected;
			cells++;
		}
	}
	if (few >= LEAST) {
		x += (few_seen - few) * (few_seen - few) / few;
		cells++;
	} else if (few_seen > few + 40) {
		return 0; /* less likely than 1e-9 for a Poisson number */
	}
	return chi2_tail(x, cells - 1);
}

/* ------------------------------------------------------------ the words */

struct word {
	uint32_t id;
	double nearest;
};

static int by_density(const void *a, const void *b)
{
	double x = ((const struct word *)a)->nearest;
	double y = ((const struct word *)b)->nearest;
	return x < y ? -1 : x > y;
}

/*
 * Half of them at ranks that grow by a constant factor, from the first to the
 * last; the other half from the densest surroundings to the most lonely.
 */
static void choose(const dpt_index *index, uint32_t n, uint32_t *out)
{
	struct word *all = room(n, sizeof *all);
	uint32_t half = WORDS / 2;
	for (uint32_t w = 0; w < n; w++) {
		all[w].id = w;
		dpt_index_neighbour(index, w, 0, &all[w].nearest);
	}
	qsort(all, n, sizeof *all, by_density);
	for (uint32_t i = 0; i < half; i++) {
		double part = i / (half - 1.0);
		out[i] = (uint32_t)(pow(n, part) - 1);
		if (i > 0 && out[i] <= out[i - 1] && i < n)
			out[i] = out[i - 1] + 1;
		out[half + i] = all[(uint32_t)(part * (n - 1))].id;
	}
	free(all);
}

/* ----------------------------------------------------------------- main */

/*
 * The stored rate closest to 1, which spreads the fallback wide; at a rate
 * that is stored nothing need be measured.
 */
static double some_rate(const dpt_index *index)
{
	double best = INFINITY, epsilon;
	for (uint32_t i = 0; i < dpt_index_about(index).rates; i++) {
		double t = dpt_index_rate(index, i, &epsilon);
		if (fabs(log(t)) < fabs(log(best)))
			best = t;
	}
	return isfinite(best) ? best : 1;
}

static dpt_model *open_model(const dpt_index *index, double rate, double scale,
                             double fallback)
{
	const struct dpt_param param[] = {
	    {"rate", rate}, {"scale", scale}, {"fallback", fallback}};
	struct dpt_settings settings = {.mechanism = "gumbel",
	                                .max_unchanged = 1,
	                                .params = 3,
	                                .param = param,
	                                .threads = 1};
	dpt_model *model;
	must(dpt_model_new(index, &settings, &model, &err));
	return model;
}

static double test_word(const dpt_model *drawn, const dpt_model *right,
                        uint32_t n, uint32_t w, uint64_t record)
{
	static uint32_t in[DRAWS], out[DRAWS];
	uint32_t *seen = room(n, sizeof *seen);
	double *p = room(n, sizeof *p);
	dpt_key key;
	dpt_key_from_seed(&key, SEED);
	for (int i = 0; i < DRAWS; i++)
		in[i] = w;
	must(dpt_model_draw(drawn, &key, record, DRAWS, in, out, &err));
	for (int i = 0; i < DRAWS; i++)
		seen[out[i]]++;
	must(dpt_model_row(right, w, p, &err));
	double fits = fit(n, seen, p);
	free(seen);
	free(p);
	return fits;
}

static void print_words(const dpt_index *index, const uint32_t *word,
                        const double *p)
{
	for (int i = 0; i < WORDS; i++) {
		size_t len;
		const char *text = dpt_index_word(index, word[i], &len);
		printf("%8u %-20.*s p = %.6g\n", word[i], (int)len, text, p[i]);
	}
}

int main(int argc, char **argv)
{
	bool power = argc > 1 && strcmp(argv[1], "--power") == 0;
	dpt_index *index;
	uint32_t word[WORDS];
	double p[WORDS], least = 1;
	if (argc != 2 + power) {
		fprintf(stderr, "usage: sample [--power] INDEX\n");
		return 2;
	}
	openblas_set_num_threads(1);
	must(dpt_index_open(argv[1 + power], &index, &err));
	struct dpt_index_info info = dpt_index_about(index);
	double rate = some_rate(index), fallback = 0.5;
	dpt_model *right = open_model(index, rate, 1, fallback);
	dpt_model *drawn =
	    power ? open_model(index, rate, 1, 1.1 * fallback) : right;
	choose(index, info.classes, word);
	printf("rate %g scale 1 fallback %g%s: %d words, %d draws each\n", rate,
	       fallback, power ? ", drawn 10 % off" : "", WORDS, DRAWS);
	for (int i = 0; i < WORDS; i++) {
		p[i] =
		    test_word(drawn, right, info.classes, word[i], (uint64_t)i);
		least = fmin(least, p[i]);
	}
	bool accepted = WORDS * least > ALPHA;
	if (accepted == power)
		print_words(index, word, p);
	printf("least p %g of %d: %s\n", least, WORDS,
	       accepted ? "accepted" : "rejected");
	if (drawn != right)
		dpt_model_free(drawn);
	dpt_model_free(right);
	dpt_index_free(index);
	return accepted == power;
}
