/* SPDX-License-Identifier: MIT */
#include "kde.h"

#include "error.h"
#include "kernels.h"

#include <math.h>
#include <stdlib.h>

struct kde {
	double factor; /* of a squared distance */
	double *others;
	double *moments; /* not needed */
};

/* Each pair once; rounding may have made a squared distance negative. */
static void visit(void *ctx, unsigned thread, const struct dpt_tile *t)
{
	(void)thread;
	struct kde *k = ctx;
	double d2[DPT_TILE];
	for (uint32_t r = 0; r < t->rows; r++) {
		uint32_t cols = t->row == t->col ? r : t->cols;
		for (uint32_t c = 0; c < cols; c++)
			d2[c] = fmax(t->d2[(size_t)r * t->cols + c], 0);
		k->others[t->row + r] +=
		    dpt_exp_add(cols, k->factor, d2, k->others + t->col,
		                k->moments + t->col)
		        .others;
	}
}

enum dpt_status dpt_kde(const struct dpt_space *space, double bandwidth,
                        const struct dpt_settings *s, double *density,
                        dpt_error *err)
{
	struct kde kde = {.factor = 1 / (2 * bandwidth * bandwidth),
	                  .others = density,
	                  .moments = calloc(space->n, sizeof(double))};
	struct dpt_pass pass = {.space = space,
	                        .threads = s->threads,
	                        .visit = visit,
	                        .ctx = &kde,
	                        .stage = "estimating density",
	                        .progress = s->progress,
	                        .progress_ctx = s->progress_ctx};
	if (!kde.moments)
		return dpt_fail_memory(err);
	for (uint32_t w = 0; w < space->n; w++)
		density[w] = 1; /* itself */
	enum dpt_status status = dpt_pairs(&pass, err);
	for (uint32_t w = 0; w < space->n; w++)
		density[w] /= space->n;
	free(kde.moments);
	return status;
}
