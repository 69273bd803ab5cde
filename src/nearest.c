/* SPDX-License-Identifier: MIT */
#include "nearest.h"

#include "kernels.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define BLOCK 512U /* rows at a time */
#define KEPT 32U   /* candidates of a point before they are measured */

/* The rows that may be nearest to one point. */
struct contest {
	float best;   /* largest score so far; score = p.x - |x|^2 / 2 */
	float margin; /* a row further below best cannot win */
	uint32_t n;
	uint32_t row[KEPT];
	double d2; /* of the winner among the rows already measured */
	uint32_t winner;
};

struct scratch {
	float score[DPT_NEAREST_POINTS * BLOCK];
	struct contest contest[DPT_NEAREST_POINTS];
};

size_t dpt_nearest_scratch(void)
{
	return sizeof(struct scratch);
}

void dpt_half_norms(const struct dpt_space *space, float *out)
{
	for (uint32_t i = 0; i < space->n; i++)
		out[i] = (float)(space->norm2[i] / 2);
}

/*
 * Twice a bound on the error of a score: gamma_n |p||x| for the product
 * (Higham 2002, section 3.1) and one rounding each of |x|^2 / 2 and of the
 * difference; FLT_EPSILON is twice the unit roundoff, and no operation loses
 * more than FLT_MIN by underflow.
 */
static float margin(const struct dpt_space *s, const float *point)
{
	double p2 = 0;
	for (uint32_t i = 0; i < s->stride; i++)
		p2 += (double)point[i] * (double)point[i];
	double longest = sqrt(s->norm2_max), p = sqrt(p2);
	double relative = (double)FLT_EPSILON * (p * longest + s->norm2_max);
	double error = (s->stride + 8.0) * (relative + (double)FLT_MIN);
	return (float)(2 * error * 1.01);
}

/* Measures the rows kept so far and keeps only the nearest. */
static void settle(const struct dpt_space *s, struct contest *c,
                   const float *point)
{
	for (uint32_t i = 0; i < c->n; i++) {
		double d2 =
		    dpt_squared(point, dpt_row(s, c->row[i]), s->stride);
		if (d2 < c->d2 || (d2 == c->d2 && c->row[i] < c->winner)) {
			c->d2 = d2;
			c->winner = c->row[i];
		}
	}
	c->n = 0;
}

/* Enters the rows that may win; score: their products with the point. */
static void enter(const struct dpt_space *s, struct contest *c,
                  const float *point, const float *score,
                  const float *half_norm, uint32_t first, uint32_t rows)
{
	float top = dpt_most_above(rows, score, half_norm);
	if (top < c->best - c->margin)
		return;
	if (top > c->best + c->margin)
		c->n = 0; /* none of those before can win */
	if (top > c->best)
		c->best = top;
	for (uint32_t i = 0; i < rows; i++)
		if (score[i] - half_norm[i] >= c->best - c->margin) {
			if (c->n == KEPT)
				settle(s, c, point);
			c->row[c->n++] = first + i;
		}
}

void dpt_nearest(const struct dpt_blas *blas, const struct dpt_space *s,
                 const float *half_norms, size_t n, const float *points,
                 void *scratch, uint32_t *out)
{
	struct scratch *w = scratch;
	int k = (int)s->dim, ld = (int)s->stride;
	for (size_t i = 0; i < n; i++)
		w->contest[i] = (struct contest){
		    .best = -FLT_MAX,
		    .margin = margin(s, points + i * s->stride),
		    .d2 = INFINITY};
	for (uint32_t first = 0; first < s->n; first += BLOCK) {
		uint32_t rows = s->n - first < BLOCK ? s->n - first : BLOCK;
		blas->sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)n,
		            (int)rows, k, 1, points, ld, dpt_row(s, first), ld,
		            0, w->score, (int)rows);
		for (size_t i = 0; i < n; i++)
			enter(s, &w->contest[i], points + i * s->stride,
			      w->score + i * rows, half_norms + first, first,
			      rows);
	}
	for (size_t i = 0; i < n; i++) {
		settle(s, &w->contest[i], points + i * s->stride);
		out[i] = w->contest[i].winner;
	}
}
