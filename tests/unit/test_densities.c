/* SPDX-License-Identifier: MIT */
/* Density estimates of experiments, and ranks. */
#include "densities.h"
#include "fixture.h"
#include "suites.h"

#include <math.h>
#include <stdlib.h>

enum { N = 1500, DIM = 7 };

static float points_x[N * DIM];

static struct points some_points(double scale)
{
	struct fx_seq s = {3};
	for (int i = 0; i < N * DIM; i++)
		points_x[i] = (float)(5 + scale * fx_normal(&s));
	return (struct points){N, DIM, points_x};
}

static double brute_force(const struct points *p, double h, size_t w)
{
	double sum = 0;
	for (size_t u = 0; u < p->n; u++) {
		double d2 = 0;
		for (size_t i = 0; i < p->dim; i++) {
			double gap = (double)p->x[u * p->dim + i] -
			             (double)p->x[w * p->dim + i];
			d2 += gap * gap;
		}
		if (u != w)
			sum += exp(-d2 / (2 * h * h)) /
			       pow(2 * acos(-1) * h * h, (double)p->dim / 2);
	}
	return log(sum / (double)(p->n - 1));
}

START_TEST(estimates_are_those_of_brute_force)
{
	static const double bandwidths[] = {0.2, 1, 8};
	static double h[N], got[N];
	struct points p = some_points(1);
	for (int w = 0; w < N; w++)
		h[w] = bandwidths[_i] * (1 + w % 3);
	density_estimate(&p, h, got);
	for (size_t w = 0; w < N; w += 13)
		ck_assert_double_eq_tol(got[w], brute_force(&p, h[w], w), 1e-3);
}
END_TEST

/* So far apart that each term by itself is less than any number. */
START_TEST(lonely_points_have_an_estimate)
{
	float x[6] = {0, 0, 0, 100, 100, 100};
	double h[2] = {0.1, 0.1}, got[2];
	struct points p = {2, 3, x};
	density_estimate(&p, h, got);
	double right = -3e4 / 0.02 - 1.5 * log(2 * acos(-1) * 0.01);
	ck_assert_double_eq_tol(got[0], right, -1e-6 * right);
	ck_assert_double_eq_tol(got[1], right, -1e-6 * right);
}
END_TEST

START_TEST(bandwidths_are_those_of_the_rules)
{
	struct points p = some_points(2);
	ck_assert_double_eq_tol(density_spread(&p), 2, 0.05);
	/* in one dimension, Silverman's 1.06 s n^(-1/5) */
	ck_assert_double_eq_tol(density_silverman(1000, 1, 2),
	                        1.0592 * 2 * pow(1000, -0.2), 1e-4);
	ck_assert_double_eq_tol(density_scott(1000, 1, 2), 2 * pow(1000, -0.2),
	                        1e-12);
	/* in two, both are the same */
	ck_assert_double_eq_tol(density_scott(500, 2, 1),
	                        density_silverman(500, 2, 1), 1e-12);
}
END_TEST

START_TEST(correlations_are_those_of_ranks)
{
	static const double a[] = {1, 2, 3, 4, 5}, up[] = {0, 1, 8, 27, 64},
	                    down[] = {9, 5, 3, 1, -7}, some[] = {2, 1, 4, 3, 5},
	                    ties[] = {1, 1, 2, 2, 2};
	ck_assert_double_eq_tol(rank_correlation(5, a, up), 1, 1e-12);
	ck_assert_double_eq_tol(rank_correlation(5, a, down), -1, 1e-12);
	/* 1 - 6 x 4 / (5 x 24) */
	ck_assert_double_eq_tol(rank_correlation(5, a, some), 0.8, 1e-12);
	/* ranks 0.5 0.5 3 3 3 */
	ck_assert_double_eq_tol(rank_correlation(5, a, ties), sqrt(0.75),
	                        1e-12);
}
END_TEST

Suite *suite_densities(void)
{
	Suite *s = suite_create("densities");
	TCase *t = tcase_create("densities");
	tcase_add_loop_test(t, estimates_are_those_of_brute_force, 0, 3);
	tcase_add_test(t, lonely_points_have_an_estimate);
	tcase_add_test(t, bandwidths_are_those_of_the_rules);
	tcase_add_test(t, correlations_are_those_of_ranks);
	suite_add_tcase(s, t);
	return s;
}
