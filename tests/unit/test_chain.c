/* SPDX-License-Identifier: MIT */
/* Metropolis-Hastings and what is said of its draws. */
#include "chain.h"
#include "fixture.h"
#include "stats.h"
#include "suites.h"

#include <math.h>
#include <stdlib.h>

/* ------------------------------------------------- Laplace in the plane */

/* Density proportional to exp(-epsilon |z|): |z| is Gamma(2, 1/epsilon). */
static double laplace(void *ctx, const double *z)
{
	const double *epsilon = ctx;
	return -*epsilon * hypot(z[0], z[1]);
}

static double radius_cdf(const double *epsilon, double r)
{
	return 1 - exp(-*epsilon * r) * (1 + *epsilon * r);
}

/*
 * The length times exp(step x normal), the direction anew.  In the plane it
 * is exp(2 x change) times as likely back as forth, which must be said.
 */
static double stretch(struct random_state *r, size_t dim, double step,
                      const double *from, double *to)
{
	double normal, angle = 2 * acos(-1) * random_unit(r);
	random_normals(r, 1, &normal);
	double length = hypot(from[0], from[1]) * exp(step * normal);
	to[0] = length * cos(angle);
	to[1] = length * sin(angle);
	return (double)dim * step * normal;
}

static double stretch_uncorrected(struct random_state *r, size_t dim,
                                  double step, const double *from, double *to)
{
	stretch(r, dim, step, from, to);
	return 0;
}

/* A tenth of what is right is missing. */
static double stretch_nearly(struct random_state *r, size_t dim, double step,
                             const double *from, double *to)
{
	return 0.9 * stretch(r, dim, step, from, to);
}

/* The probability of lengths at least as far from their distribution. */
static double fit(chain_move *move, double epsilon)
{
	enum { DRAWS = 20000, APART = 60 };
	static double length[DRAWS];
	double z[2] = {3, 0}, proposal[2];
	struct chain c = {.dim = 2,
	                  .density = laplace,
	                  .ctx = &epsilon,
	                  .move = move,
	                  .step = 1,
	                  .random = {11},
	                  .z = z,
	                  .proposal = proposal};
	chain_start(&c);
	chain_warm_up(&c, 2000, 0.4);
	for (int i = 0; i < DRAWS; i++) {
		for (int k = 0; k < APART; k++)
			chain_step(&c);
		length[i] = hypot(z[0], z[1]);
	}
	double accepted = (double)c.accepted / (double)c.steps;
	ck_assert_double_ge(accepted, 0.3);
	ck_assert_double_le(accepted, 0.5);
	return stats_ks(DRAWS, length, radius_cdf, &epsilon);
}

START_TEST(draws_are_those_of_the_distribution)
{
	double epsilon = _i % 2 ? 0.5 : 3;
	ck_assert_double_gt(fit(_i < 2 ? chain_walk : stretch, epsilon),
	                    STATS_ALPHA);
}
END_TEST

START_TEST(wrong_corrections_are_noticed)
{
	ck_assert_double_lt(fit(_i ? stretch_nearly : stretch_uncorrected, 1),
	                    STATS_ALPHA);
}
END_TEST

/* ---------------------------------------------------------- diagnostics */

enum { CHAINS = 4, DRAWS = 2000 };

/* Autoregressive: neighbours have correlation rho. */
static void autoregressive(double rho, double apart, double *x)
{
	struct fx_seq s = {7};
	for (int j = 0; j < CHAINS; j++) {
		double at = fx_normal(&s);
		for (int i = 0; i < DRAWS; i++) {
			at = rho * at + sqrt(1 - rho * rho) * fx_normal(&s);
			x[j * DRAWS + i] = at + j * apart;
		}
	}
}

START_TEST(effective_numbers_are_those_of_known_chains)
{
	static const double rhos[] = {0, 0.5, 0.9, -0.3};
	static double x[CHAINS * DRAWS];
	double rho = rhos[_i];
	double right = CHAINS * DRAWS * (1 - rho) / (1 + rho);
	autoregressive(rho, 0, x);
	ck_assert_double_eq_tol(chain_effective(x, CHAINS, DRAWS), right,
	                        0.2 * right);
	ck_assert_double_le(fabs(chain_rhat(x, CHAINS, DRAWS) - 1), 0.01);
}
END_TEST

/* Chains that are somewhere else, or still under way. */
START_TEST(chains_that_disagree_are_noticed)
{
	static double x[CHAINS * DRAWS];
	autoregressive(0.5, _i ? 0 : 0.5, x);
	for (int i = 0; _i && i < CHAINS * DRAWS; i++)
		x[i] += 2.0 * (i % DRAWS) / DRAWS;
	ck_assert_double_gt(chain_rhat(x, CHAINS, DRAWS), 1.1);
}
END_TEST

/* By hand: the halves 1 3 1 3 | 2 4 2 4, of one chain. */
START_TEST(rhat_is_that_of_the_book)
{
	static const double x[] = {1, 3, 1, 3, 2, 4, 2, 4};
	/* W = 4/3, B/n = 1/2, var+ = 3/4 W + 1/2 = 3/2 */
	ck_assert_double_eq_tol(chain_rhat(x, 1, 8), sqrt(1.5 / (4.0 / 3)),
	                        1e-12);
}
END_TEST

Suite *suite_chain(void)
{
	Suite *s = suite_create("chain");
	TCase *t = tcase_create("chain");
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, draws_are_those_of_the_distribution, 0, 4);
	tcase_add_loop_test(t, wrong_corrections_are_noticed, 0, 2);
	tcase_add_loop_test(t, effective_numbers_are_those_of_known_chains, 0,
	                    4);
	tcase_add_loop_test(t, chains_that_disagree_are_noticed, 0, 2);
	tcase_add_test(t, rhat_is_that_of_the_book);
	suite_add_tcase(s, t);
	return s;
}
