/* SPDX-License-Identifier: MIT */
#include "interval.h"

#include <math.h>

/*
 * The 0.975 quantile of Student's t: tabled, then the expansion around the
 * normal quantile (Abramowitz and Stegun 26.7.5), right to 4 digits there.
 */
static double student(size_t freedom)
{
	static const double table[] = {12.70620, 4.302653, 3.182446, 2.776445,
	                               2.570582, 2.446912, 2.364624, 2.306004,
	                               2.262157, 2.228139};
	if (freedom <= sizeof table / sizeof *table)
		return table[freedom - 1];
	double z = 1.959964, z3 = z * z * z, z5 = z3 * z * z, z7 = z5 * z * z;
	double v = (double)freedom;
	return z + (z3 + z) / (4 * v) +
	       (5 * z5 + 16 * z3 + 3 * z) / (96 * v * v) +
	       (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * v * v * v);
}

struct interval interval_of(const double *x, size_t n)
{
	double sum = 0, squares = 0, count = (double)n;
	for (size_t i = 0; i < n; i++)
		sum += x[i];
	struct interval r = {sum / count, NAN};
	if (n < 2)
		return r;
	for (size_t i = 0; i < n; i++)
		squares += (x[i] - r.mean) * (x[i] - r.mean);
	r.half = student(n - 1) * sqrt(squares / (count - 1) / count);
	return r;
}

struct interval interval_ratio(const double *x, const double *y, size_t n)
{
	double hits = 0, items = 0, squares = 0, count = 0;
	for (size_t i = 0; i < n; i++) {
		hits += x[i];
		items += y[i];
		count += y[i] > 0;
	}
	struct interval r = {hits / items, NAN};
	if (count < 2)
		return r;
	for (size_t i = 0; i < n; i++) {
		double off = x[i] - r.mean * y[i];
		squares += off * off;
	}
	r.half = 1.959964 * sqrt(count / (count - 1) * squares) / items;
	return r;
}
