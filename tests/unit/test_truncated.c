/* SPDX-License-Identifier: MIT */
/* The length of truncated noise. */
#include "stats.h"
#include "suites.h"
#include "truncated.h"

#include <math.h>

/* Dimensions, epsilon and the largest length. */
static double length_cdf(const double *param, double x)
{
	return stats_gamma(param[0], param[1] * x) /
	       stats_gamma(param[0], param[1] * param[2]);
}

static const double cases[][3] = {
    {2, 1, 60}, {2, 3, 0.5}, {100, 2, 200}, {100, 2, 5}, {1, 1, 3}, {50, 8, 6},
};

static double fit(const double *drawn, const double *right)
{
	enum { DRAWS = 20000 };
	static double length[DRAWS];
	static struct radius r;
	struct random_state random = {5};
	radius_make(&r, (size_t)drawn[0], drawn[1], drawn[2]);
	for (int i = 0; i < DRAWS; i++) {
		length[i] = radius_draw(&r, &random);
		ck_assert_double_le(length[i], drawn[2]);
	}
	return stats_ks(DRAWS, length, length_cdf, right);
}

START_TEST(lengths_are_those_of_the_gamma_distribution)
{
	ck_assert_double_gt(fit(cases[_i], cases[_i]), STATS_ALPHA);
}
END_TEST

START_TEST(lengths_a_tenth_off_are_noticed)
{
	static const double wrong[] = {2, 1.1, 60};
	ck_assert_double_lt(fit(wrong, cases[0]), STATS_ALPHA);
}
END_TEST

START_TEST(noise_has_the_length_asked_for)
{
	double z[3] = {1, 2, 3};
	struct random_state random = {5};
	radius_add(&random, 4, 3, z);
	z[0] -= 1;
	z[1] -= 2;
	z[2] -= 3;
	ck_assert_double_eq_tol(z[0] * z[0] + z[1] * z[1] + z[2] * z[2], 16,
	                        1e-12);
}
END_TEST

Suite *suite_truncated(void)
{
	Suite *s = suite_create("truncated");
	TCase *t = tcase_create("truncated");
	tcase_add_loop_test(t, lengths_are_those_of_the_gamma_distribution, 0,
	                    6);
	tcase_add_test(t, lengths_a_tenth_off_are_noticed);
	tcase_add_test(t, noise_has_the_length_asked_for);
	suite_add_tcase(s, t);
	return s;
}
