/* SPDX-License-Identifier: MIT */
#include "kernels.h"

#include <math.h>

/* One version of each loop a vector width, chosen when the program loads. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) &&         \
    !defined(DPT_SANITIZE)
#define WIDE __attribute__((target_clones("default", "avx2", "avx512f")))
#else
#define WIDE
#endif

static inline double kernel(double td)
{
	return exp(td < DPT_KERNEL_CLIP ? -td : -DPT_KERNEL_CLIP);
}

WIDE void dpt_roots(size_t n, const double *restrict d2, double *restrict d)
{
	for (size_t i = 0; i < n; i++)
		d[i] = sqrt(d2[i] > 0 ? d2[i] : 0);
}

WIDE struct dpt_sums dpt_exp_sums(size_t n, double t, const double *restrict d)
{
	double others = 0, moment = 0;
	for (size_t i = 0; i < n; i++) {
		double e = kernel(t * d[i]);
		others += e;
		moment += e * d[i];
	}
	return (struct dpt_sums){others, moment};
}

WIDE struct dpt_sums dpt_exp_add(size_t n, double t, const double *restrict d,
                                 double *restrict others,
                                 double *restrict moments)
{
	double sum = 0, moment = 0;
	for (size_t i = 0; i < n; i++) {
		double e = kernel(t * d[i]);
		others[i] += e;
		moments[i] += e * d[i];
		sum += e;
		moment += e * d[i];
	}
	return (struct dpt_sums){sum, moment};
}

WIDE int dpt_any_steeper(size_t n, double x, const double *restrict v,
                         double bound, const double *restrict d2)
{
	int any = 0;
	for (size_t i = 0; i < n; i++)
		any |= (x - v[i]) * (x - v[i]) > bound * d2[i];
	return any;
}
