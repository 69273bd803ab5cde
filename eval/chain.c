/* SPDX-License-Identifier: MIT */
#include "chain.h"

#include <math.h>
#include <string.h>

double chain_walk(struct random_state *r, size_t dim, double step,
                  const double *from, double *to)
{
	random_normals(r, dim, to);
	for (size_t i = 0; i < dim; i++)
		to[i] = from[i] + step * to[i];
	return 0;
}

void chain_start(struct chain *c)
{
	c->log_density = c->density(c->ctx, c->z);
	c->steps = c->accepted = 0;
}

bool chain_step(struct chain *c)
{
	double correction =
	    c->move(&c->random, c->dim, c->step, c->z, c->proposal);
	double there = c->density(c->ctx, c->proposal);
	double gain = there - c->log_density + correction;
	bool accept = log(random_unit(&c->random)) < gain;
	c->steps++;
	if (!accept)
		return false;
	c->accepted++;
	c->log_density = there;
	memcpy(c->z, c->proposal, c->dim * sizeof *c->z);
	return true;
}

void chain_warm_up(struct chain *c, size_t steps, double wanted)
{
	for (size_t i = 1; i <= steps; i++) {
		double taken = chain_step(c);
		c->step *= exp((taken - wanted) / sqrt((double)i));
	}
	c->steps = c->accepted = 0;
}

/* ---------------------------------------------------------- diagnostics */

/* The halves of all chains: m of n draws each, which lie end to end. */
struct halves {
	const double *x;
	size_t m, n;
	double within, total; /* W, and var+ */
};

static double mean(const double *x, size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += x[i];
	return sum / (double)n;
}

static double variance(const double *x, size_t n)
{
	double m = mean(x, n), sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += (x[i] - m) * (x[i] - m);
	return sum / (double)(n - 1);
}

static struct halves split(const double *x, size_t chains, size_t draws)
{
	struct halves h = {.x = x, .m = 2 * chains, .n = draws / 2};
	double all = mean(x, chains * draws), between = 0, n = (double)h.n;
	for (size_t j = 0; j < h.m; j++) {
		double off = mean(x + j * h.n, h.n) - all;
		between += off * off / (double)(h.m - 1);
		h.within += variance(x + j * h.n, h.n) / (double)h.m;
	}
	h.total = (n - 1) / n * h.within + between;
	return h;
}

double chain_rhat(const double *x, size_t chains, size_t draws)
{
	struct halves h = split(x, chains, draws);
	return sqrt(h.total / h.within);
}

/* The correlation of draws t apart, by their mean squared difference. */
static double correlation(const struct halves *h, size_t t)
{
	double sum = 0;
	for (size_t j = 0; j < h->m; j++)
		for (size_t i = t; i < h->n; i++) {
			double gap =
			    h->x[j * h->n + i] - h->x[j * h->n + i - t];
			sum += gap * gap;
		}
	return 1 - sum / (double)(h->m * (h->n - t)) / (2 * h->total);
}

/* Correlations are summed, two at a time behind the first, while positive. */
double chain_effective(const double *x, size_t chains, size_t draws)
{
	struct halves h = split(x, chains, draws);
	double sum = correlation(&h, 1);
	for (size_t t = 2; t + 1 < h.n; t += 2) {
		double pair = correlation(&h, t) + correlation(&h, t + 1);
		if (pair < 0)
			break;
		sum += pair;
	}
	return (double)(h.m * h.n) / (1 + 2 * sum);
}
