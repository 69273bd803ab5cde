/* SPDX-License-Identifier: MIT */
#include "kernels.h"

#include "wide.h"

#include <float.h>
#include <math.h>

static inline double kernel(double td)
{
	return exp(td < DPT_KERNEL_CLIP ? -td : -DPT_KERNEL_CLIP);
}

DPT_WIDE void dpt_roots(size_t n, const double *restrict d2, double *restrict d)
{
	for (size_t i = 0; i < n; i++)
		d[i] = sqrt(d2[i] > 0 ? d2[i] : 0);
}

DPT_WIDE struct dpt_sums dpt_exp_sums(size_t n, double t,
                                      const double *restrict d)
{
	double others = 0, moment = 0;
	for (size_t i = 0; i < n; i++) {
		double e = kernel(t * d[i]);
		others += e;
		moment += e * d[i];
	}
	return (struct dpt_sums){others, moment};
}

DPT_WIDE struct dpt_sums dpt_exp_add(size_t n, double t,
                                     const double *restrict d,
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

DPT_WIDE void dpt_exp_fill(size_t n, double t, const double *restrict d,
                           double *restrict kernel)
{
	for (size_t i = 0; i < n; i++)
		kernel[i] = exp(-t * d[i]);
}

/* By whole vectors only: the exp of a number alone is another. */
DPT_WIDE void dpt_exp_all(size_t n, double *x)
{
	size_t all = DPT_WHOLE_LINES(n);
	double *line = __builtin_assume_aligned(x, DPT_LINE);
	for (size_t i = n; i < all; i++)
		x[i] = 0;
	for (size_t i = 0; i < all; i++)
		line[i] = exp(-line[i]);
}

/* Inlined, so that count is known: the sums of the rows stay in registers, and
 * those of the columns are read and written once for all rows. */
static inline __attribute__((always_inline)) void
add_rows(size_t first, size_t count, size_t cols, struct dpt_strip *restrict s,
         double *restrict others, double *restrict moments,
         struct dpt_sums *restrict sums)
{
	const double least = exp(-DPT_KERNEL_CLIP);
	double sum[DPT_STRIP_ROWS] = {0}, moment[DPT_STRIP_ROWS] = {0};
	for (size_t i = 0; i < cols; i++) {
		double all = 0, all_moments = 0;
		for (size_t r = 0; r < count; r++) {
			double *k = &s->kernel[first + r][i];
			double e = *k > least ? *k : least;
			double m = e * s->d[first + r][i];
			*k *= s->factor[first + r][i];
			all += e;
			all_moments += m;
			sum[r] += e;
			moment[r] += m;
		}
		others[i] += all;
		moments[i] += all_moments;
	}
	for (size_t r = 0; r < count; r++)
		sums[first + r] = (struct dpt_sums){sum[r], moment[r]};
}

DPT_WIDE void dpt_power_add(size_t rows, size_t cols,
                            struct dpt_strip *restrict strip,
                            double *restrict others, double *restrict moments,
                            struct dpt_sums *restrict sums)
{
	if (rows == DPT_STRIP_ROWS)
		add_rows(0, DPT_STRIP_ROWS, cols, strip, others, moments, sums);
	else
		for (size_t r = 0; r < rows; r++)
			add_rows(r, 1, cols, strip, others, moments, sums);
}

DPT_WIDE struct dpt_sums
dpt_weighted_add(size_t n, const double *restrict d,
                 const double *restrict factor, double *restrict kernel,
                 double weight_of_one, const double *restrict weight,
                 double *restrict others, double *restrict moments)
{
	const double least = exp(-DPT_KERNEL_CLIP);
	double sum = 0, moment = 0;
	for (size_t i = 0; i < n; i++) {
		double e = kernel[i] > least ? kernel[i] : least;
		kernel[i] *= factor[i];
		others[i] += weight_of_one * e;
		moments[i] += weight_of_one * e * d[i];
		sum += weight[i] * e;
		moment += weight[i] * e * d[i];
	}
	return (struct dpt_sums){sum, moment};
}

/* From one input to many outputs. */
DPT_WIDE static void spread(size_t n, double t, const double *restrict d,
                            const struct dpt_inputs *one,
                            double *restrict uniform, double *restrict token,
                            double *restrict most, double *restrict most_token)
{
	double tail = one->tail[0], token_tail = one->token_tail[0];
	double u = one->uniform[0], p = one->token[0];
	for (size_t i = 0; i < n; i++) {
		double k = t * d[i];
		k = k < DPT_KERNEL_CLIP ? k : DPT_KERNEL_CLIP;
		double e = exp(-k), log_p = tail - k, high = token_tail - k;
		uniform[i] += u * e;
		token[i] += p * e;
		most[i] = log_p > most[i] ? log_p : most[i];
		most_token[i] = high > most_token[i] ? high : most_token[i];
	}
}

/* From many inputs to one output. */
DPT_WIDE static void gather(size_t n, double t, const double *restrict d,
                            const struct dpt_inputs *in,
                            const struct dpt_outputs *one)
{
	const double *tail = in->tail, *token_tail = in->token_tail;
	const double *u = in->uniform, *p = in->token;
	double uniform = 0, token = 0;
	double most = one->most[0], most_token = one->most_token[0];
	for (size_t i = 0; i < n; i++) {
		double k = t * d[i];
		k = k < DPT_KERNEL_CLIP ? k : DPT_KERNEL_CLIP;
		double e = exp(-k), log_p = tail[i] - k;
		double high = token_tail[i] - k;
		uniform += u[i] * e;
		token += p[i] * e;
		most = log_p > most ? log_p : most;
		most_token = high > most_token ? high : most_token;
	}
	one->uniform[0] += uniform;
	one->token[0] += token;
	one->most[0] = most;
	one->most_token[0] = most_token;
}

void dpt_outputs_add(size_t n, double t, const double *restrict d,
                     const struct dpt_inputs *one,
                     const struct dpt_inputs *columns,
                     const struct dpt_outputs *to_one,
                     const struct dpt_outputs *to_columns)
{
	spread(n, t, d, one, to_columns->uniform, to_columns->token,
	       to_columns->most, to_columns->most_token);
	gather(n, t, d, columns, to_one);
}

/* Whether a / sqrt(d2) is above the root of bound. */
static inline unsigned char steeper(double a, double bound, double d2)
{
	return a * fabs(a) > bound * d2;
}

DPT_WIDE int dpt_steep(size_t n, const struct dpt_slopes *one,
                       const struct dpt_slopes *other,
                       const double *restrict d2, unsigned char *restrict steep)
{
	struct dpt_slopes a = *one, b = *other;
	unsigned char any = 0;
	for (size_t i = 0; i < n; i++) {
		unsigned char down =
		    steeper(a.top - a.lows[i], a.bound, d2[i]) |
		    steeper(b.top - b.lows[i], b.bound, d2[i]);
		unsigned char up = steeper(a.tops[i] - a.low, a.bound, d2[i]) |
		                   steeper(b.tops[i] - b.low, b.bound, d2[i]);
		steep[i] =
		    (unsigned char)(down * DPT_STEEP_DOWN | up * DPT_STEEP_UP);
		any |= steep[i];
	}
	return any;
}

DPT_WIDE bool dpt_has(const uint32_t *v, uint32_t n, uint32_t x)
{
	int found = 0;
	for (uint32_t i = 0; i < n; i++)
		found |= v[i] == x;
	return found;
}

DPT_WIDE float dpt_most_above(uint32_t n, const float *restrict a,
                              const float *restrict b)
{
	float most = -FLT_MAX;
	for (uint32_t i = 0; i < n; i++)
		most = a[i] - b[i] > most ? a[i] - b[i] : most;
	return most;
}
