/* SPDX-License-Identifier: MIT */
/*
 * The inner loops over distances.  This file alone is compiled with
 * -ffast-math, which lets the compiler use the vector exp of the C library
 * (at most 4 units in the last place off); no argument is NaN or infinite.
 */
#ifndef DPT_KERNELS_H
#define DPT_KERNELS_H

#include "table.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* d[i] = sqrt(max(d2[i], 0)) */
void dpt_roots(size_t n, const double *restrict d2, double *restrict d);

/*
 * The kernel is exp(-min(t d, clip)): beyond clip / t all distances count as
 * one.  That keeps it Lipschitz in d, costs a share of 1.4e-11 a word, and
 * keeps every probability large enough to be held exactly in an integer.
 */
#define DPT_KERNEL_CLIP 25.0

/* The exponent of the kernel, without its sign, from t d. */
static inline double dpt_clipped(double td)
{
	return td < DPT_KERNEL_CLIP ? td : DPT_KERNEL_CLIP;
}

struct dpt_sums {
	double others; /* of exp(-min(t d[i], clip)) */
	double moment; /* of d[i] times the same */
};

struct dpt_sums dpt_exp_sums(size_t n, double t, const double *restrict d);

/* kernel[i] = exp(-t d[i]), without the clip. */
void dpt_exp_fill(size_t n, double t, const double *restrict d,
                  double *restrict kernel);

/*
 * x[i] = exp(-x[i]) of n numbers in whole lines of the cache: x is aligned to
 * one and has room for so many.  Wherever it is, and whatever comes with it,
 * the same number always becomes the same.
 */
#define DPT_WHOLE_LINES(n) (((n) + 7U) / 8U * 8U)
void dpt_exp_all(size_t n, double *x);

/*
 * Some rows of a tile, in part, so that it fits the first cache: distances,
 * the factor of dpt_exp_fill from each rate to the next, and the kernel.  A
 * vector that lies across two lines of the cache takes twice as long.
 */
#define DPT_STRIP_ROWS 4U
#define DPT_STRIP_COLS 256U
struct dpt_strip {
	_Alignas(DPT_LINE) double d[DPT_STRIP_ROWS][DPT_STRIP_COLS];
	double factor[DPT_STRIP_ROWS][DPT_STRIP_COLS];
	double kernel[DPT_STRIP_ROWS][DPT_STRIP_COLS];
};

/*
 * The sums of dpt_exp_add of each row, all or one by one, where the kernel is
 * there; it is multiplied by factor, to be that of the next rate.
 */
void dpt_power_add(size_t rows, size_t cols, struct dpt_strip *restrict strip,
                   double *restrict others, double *restrict moments,
                   struct dpt_sums *restrict sums);

/*
 * The same where what i adds counts weight[i] times, and what is added to
 * others[i] and moments[i] weight_of_one times.
 */
struct dpt_sums dpt_weighted_add(size_t n, const double *restrict d,
                                 const double *restrict factor,
                                 double *restrict kernel, double weight_of_one,
                                 const double *restrict weight,
                                 double *restrict others,
                                 double *restrict moments);

/* The same sums; each term is also added to others[i] and moments[i]. */
struct dpt_sums dpt_exp_add(size_t n, double t, const double *restrict d,
                            double *restrict others, double *restrict moments);

/* What outputs get from inputs through their tails, see audit.c. */
struct dpt_outputs {
	double *uniform, *token; /* sums of share x P */
	double *most;            /* largest ln P */
	double *most_token;      /* largest ln(share x P) */
};

/* The same constants of n inputs: their tails, shares and logarithms. */
struct dpt_inputs {
	const double *tail;       /* ln P(v|w) = tail - exponent */
	const double *token_tail; /* tail plus ln of the token share */
	const double *uniform;    /* exp(tail) x the uniform share */
	const double *token;      /* exp(tail) x the token share */
};

/*
 * One input (its constants first in one) to n outputs in columns, and the n
 * inputs in columns to one output; everything is added to, or kept as
 * largest.
 */
void dpt_outputs_add(size_t n, double t, const double *restrict d,
                     const struct dpt_inputs *one,
                     const struct dpt_inputs *columns,
                     const struct dpt_outputs *to_one,
                     const struct dpt_outputs *to_columns);

/* What one word has, and n others: a high and a low mark each. */
struct dpt_slopes {
	double top, low;
	const double *tops, *lows;
	double bound; /* square of the slope that counts, >= 0 */
};

#define DPT_STEEP_DOWN 1
#define DPT_STEEP_UP 2

/*
 * From which top to which low, at the square distances d2, the slope of one
 * kind or the other is above the root of its bound: from the one word DOWN to
 * the others, or UP from them.  Returns whether any is.
 */
int dpt_steep(size_t n, const struct dpt_slopes *one,
              const struct dpt_slopes *other, const double *restrict d2,
              unsigned char *restrict steep);

/* Whether x is among the n numbers of v. */
bool dpt_has(const uint32_t *v, uint32_t n, uint32_t x);

/* The largest of a[i] - b[i], or -FLT_MAX if none is above it. */
float dpt_most_above(uint32_t n, const float *a, const float *b);

#endif
