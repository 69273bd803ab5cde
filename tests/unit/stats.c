/* SPDX-License-Identifier: MIT */
#include "stats.h"

#include <math.h>
#include <stdlib.h>

/* Press et al., Numerical Recipes, 6.2: the series... */
static double series(double a, double x)
{
	double term = 1 / a, sum = term;
	for (double n = a + 1; term > sum * 1e-16; n++)
		sum += term *= x / n;
	return sum * exp(-x + a * log(x) - lgamma(a));
}

/* ... and the continued fraction of the complement, by Lentz's method. */
static double fraction(double a, double x)
{
	double b = x + 1 - a, c = 1e300, d = 1 / b, h = d, change = 0;
	for (int i = 1; i < 10000 && fabs(change - 1) > 1e-15; i++) {
		double an = -i * (i - a);
		b += 2;
		d = 1 / (an * d + b);
		c = b + an / c;
		change = d * c;
		h *= change;
	}
	return h * exp(-x + a * log(x) - lgamma(a));
}

static double upper_gamma(double a, double x)
{
	if (!(x > 0))
		return 1;
	return x < a + 1 ? 1 - series(a, x) : fraction(a, x);
}

double stats_gamma(double a, double x)
{
	if (!(x > 0))
		return 0;
	return x < a + 1 ? series(a, x) : 1 - fraction(a, x);
}

double stats_normal(double x)
{
	return erfc(-x / sqrt(2)) / 2;
}

static double chi2_tail(double x, double freedom)
{
	return freedom < 1 ? 1 : upper_gamma(freedom / 2, x / 2);
}

double stats_chi2(size_t cells, const uint64_t *seen, const double *p)
{
	double n = 0, total = 0, x = 0, few_seen = 0, few = 0;
	double used = 0;
	for (size_t i = 0; i < cells; i++) {
		n += (double)seen[i];
		total += p[i];
	}
	for (size_t i = 0; i < cells; i++) {
		double expected = n * p[i] / total, s = (double)seen[i];
		if (expected < 10) {
			few += expected;
			few_seen += s;
			continue;
		}
		x += (s - expected) * (s - expected) / expected;
		used++;
	}
	if (few == 0 && few_seen > 0)
		return 0; /* the impossible happened */
	if (few >= 10) {
		x += (few_seen - few) * (few_seen - few) / few;
		used++;
	} else if (few_seen > few + 40) {
		return 0; /* Poisson: below 1e-7 for any such mean */
	}
	return chi2_tail(x, used - 1);
}

double stats_chi2_same(size_t cells, const uint64_t *a, const uint64_t *b)
{
	double na = 0, nb = 0, x = 0, used = 0, few_a = 0, few_b = 0;
	for (size_t i = 0; i < cells; i++) {
		na += (double)a[i];
		nb += (double)b[i];
	}
	double ka = sqrt(nb / na), kb = 1 / ka;
	for (size_t i = 0; i < cells; i++) {
		double s = (double)a[i], t = (double)b[i], d = ka * s - kb * t;
		if (s + t < 20) {
			few_a += s;
			few_b += t;
			continue;
		}
		x += d * d / (s + t);
		used++;
	}
	if (few_a + few_b >= 20) {
		double d = ka * few_a - kb * few_b;
		x += d * d / (few_a + few_b);
		used++;
	}
	return chi2_tail(x, used - 1);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

double stats_ks(size_t n, double *x, stats_cdf *cdf, const double *param)
{
	double most = 0, sum = 0, root = sqrt((double)n);
	qsort(x, n, sizeof *x, by_value);
	for (size_t i = 0; i < n; i++) {
		double f = cdf(param, x[i]);
		double over = (double)(i + 1) / (double)n - f;
		double under = f - (double)i / (double)n;
		most = fmax(most, fmax(over, under));
	}
	double z = most * (root + 0.12 + 0.11 / root);
	if (z < 0.2)
		return 1;
	for (int k = 1; k < 100; k++)
		sum += (k % 2 ? 2 : -2) * exp(-2.0 * k * k * z * z);
	return sum;
}
