/* SPDX-License-Identifier: MIT */
#include "kernels.h"

#include <math.h>

/* One version of each loop a vector width, chosen when the program loads. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) &&         \
	!defined(DPT_SANITIZE)
#define WIDE                                                                   \
	__attribute__((target_clones("default", "avx2", "avx512f")))
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

WIDE double dpt_exp_add(size_t n, double t, const double *restrict d,
			double *restrict sums)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++) {
		double e = kernel(t * d[i]);
		sums[i] += e;
		sum += e;
	}
	return sum;
}

WIDE double dpt_exp_sum(size_t n, double t, const double *restrict d)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += kernel(t * d[i]);
	return sum;
}

WIDE int dpt_any_steeper(size_t n, double x, const double *restrict v,
			 double bound, const double *restrict d2)
{
	int any = 0;
	for (size_t i = 0; i < n; i++)
		any |= (x - v[i]) * (x - v[i]) > bound * d2[i];
	return any;
}
