/* SPDX-License-Identifier: MIT */
/*
 * The Poisson-truncated Gumbel mechanism exactly as published (Xu,
 * Feyisetan, Aggarwal, Xu, Teissier, FLAIRS 2021), for comparison.  Its
 * claim of eps d-privacy does not hold: the candidates depend on the input.
 *
 *   alpha = (eps - 2 (1 + ln N) / Delta0) / 3
 *   b     = 2 Delta / min{ W0(2 alpha Delta), ln(alpha Delta0) }
 *   k ~ Poisson(ln N) truncated to [1, N]; the k nearest words, w first;
 *   g_j iid Gumbel(0, b) truncated to [-Delta, Delta];
 *   the output is the candidate with the least d_j + g_j.
 */
#include "gumbel_published.h"
#include "error.h"
#include "mech.h"

#include <math.h>
#include <stdlib.h>

struct published {
	double scale, bound;
	uint32_t kmax; /* neighbours + 1 */
	double *cdf;   /* of k */
};

/* Halley's iteration from a start above the root, for x > 0. */
double dpt_lambert_w0(double x)
{
	double w = log1p(x);
	for (int i = 0; i < 50; i++) {
		double e = exp(w), f = w * e - x;
		double step = f / (e * (w + 1) - (w + 2) * f / (2 * w + 2));
		w -= step;
		if (fabs(step) <= 1e-15 * fabs(w))
			break;
	}
	return w;
}

double dpt_published_threshold(double n, double least)
{
	return (3 + 2 * (1 + log(n))) / least;
}

double dpt_published_scale(double epsilon, double n, double least, double most)
{
	double alpha = (epsilon - 2 * (1 + log(n)) / least) / 3;
	return 2 * most /
	       fmin(dpt_lambert_w0(2 * alpha * most), log(alpha * least));
}

static void close_published(void *state)
{
	struct published *p = state;
	if (!p)
		return;
	free(p->cdf);
	free(p);
}

/*
 * k is drawn from 1 to N; what lies beyond the stored neighbours must be too
 * unlikely to ever be drawn from 53 bits.
 */
static enum dpt_status poisson(const dpt_index *index, struct published *p,
                               dpt_error *err)
{
	uint32_t n = index->header->classes;
	uint32_t far = n < 4096 ? n : 4096;
	p->kmax = index->header->neighbours + 1;
	p->cdf = malloc((far > p->kmax ? far : p->kmax) * sizeof *p->cdf);
	if (!p->cdf)
		return dpt_fail_memory(err);
	dpt_poisson_table(log(n), far, p->cdf);
	if (p->kmax < far && 1 - p->cdf[p->kmax - 1] > 0x1p-52)
		return dpt_fail(err, DPT_ERANGE,
		                "gumbel-published needs an index with more "
		                "neighbours than %u: build it with "
		                "--neighbours 64",
		                index->header->neighbours);
	p->cdf[p->kmax - 1] = 1;
	return DPT_OK;
}

static enum dpt_status
open_published(dpt_model *model, const struct dpt_settings *s, dpt_error *err)
{
	const struct dpt_header *h = model->index->header;
	double threshold = dpt_published_threshold(h->classes, h->distance_min);
	if (!(s->epsilon > threshold))
		return dpt_fail(err, DPT_EPRIVACY,
		                "gumbel-published is defined only for epsilon "
		                "above %.2f with this index (asked for: %g); "
		                "use -m exponential, which keeps any epsilon",
		                ceil(threshold * 100) / 100, s->epsilon);
	struct published *p = calloc(1, sizeof *p);
	if (!p)
		return dpt_fail_memory(err);
	model->state = p;
	p->bound = h->distance_max;
	p->scale = dpt_published_scale(s->epsilon, h->classes, h->distance_min,
	                               h->distance_max);
	return poisson(model->index, p, err);
}

static uint32_t draw_one(const struct published *p, const dpt_index *index,
                         struct dpt_rng *rng, uint32_t w)
{
	const uint32_t *id = index->lists.id + (size_t)w * index->lists.k;
	const double *d = index->lists.distance + (size_t)w * index->lists.k;
	double u = dpt_rng_unit(rng);
	uint32_t k = 1, best = w;
	while (u >= p->cdf[k - 1])
		k++;
	double least = dpt_rng_gumbel(rng, p->scale, p->bound);
	for (uint32_t j = 1; j < k; j++) {
		double score =
		    d[j - 1] + dpt_rng_gumbel(rng, p->scale, p->bound);
		if (score < least) {
			least = score;
			best = id[j - 1];
		}
	}
	return best;
}

/* ------------------------------------------------- the exact channel */

/* Gauss-Legendre, 8 points on [-1, 1]: Abramowitz and Stegun, table 25.4. */
static const double node[4] = {0.1834346424956498, 0.5255324099163290,
                               0.7966664774136267, 0.9602898564975363};
static const double node_weight[4] = {0.3626837833783620, 0.3137066458778873,
                                      0.2223810344533745, 0.1012285362903763};

#define STEPS 8 /* intervals behind the last kink */

/* Distribution function and density of the truncated Gumbel. */
static void gumbel(const struct published *p, double g, double *above,
                   double *density)
{
	double low = exp(-exp(p->bound / p->scale));
	double high = exp(-exp(-p->bound / p->scale));
	double e = exp(-g / p->scale);
	if (g <= -p->bound || g >= p->bound) {
		*above = g <= -p->bound;
		*density = 0;
		return;
	}
	*above = (high - exp(-e)) / (high - low);
	*density = exp(-e) * e / p->scale / (high - low);
}

/*
 * Adds weight x the density with which each candidate has the best score s:
 * its own density there, times, for each k that makes it a candidate, the
 * probability of k and of all others scoring above s.
 */
static void add_node(const struct published *p, const double *d, double s,
                     double weight, double *out)
{
	double above[DPT_MAX_LISTED], density[DPT_MAX_LISTED];
	double term[DPT_MAX_LISTED], product = 1, sum = 0;
	for (uint32_t k = 0; k < p->kmax; k++) {
		gumbel(p, s - d[k], &above[k], &density[k]);
		product *= above[k];
		term[k] = (p->cdf[k] - (k ? p->cdf[k - 1] : 0)) * product;
	}
	for (uint32_t k = p->kmax; k-- > 0;) {
		sum += term[k];
		if (density[k] > 0)
			out[k] += weight * density[k] / above[k] * sum;
	}
}

static void add_interval(const struct published *p, const double *d,
                         double from, double to, double *out)
{
	double half = (to - from) / 2, middle = (from + to) / 2;
	for (int i = 0; i < 4; i++) {
		add_node(p, d, middle - half * node[i], half * node_weight[i],
		         out);
		add_node(p, d, middle + half * node[i], half * node_weight[i],
		         out);
	}
}

/*
 * The score of the word itself is below the bound, so no score above it
 * wins; a candidate at distance d joins in at d - bound, with a kink.
 */
static void rows_published(const dpt_model *model, uint32_t first,
                           uint32_t count, struct dpt_rows *rows)
{
	const struct published *p = model->state;
	const struct dpt_lists *l = &model->index->lists;
	rows->t = 0;
	for (uint32_t i = 0; i < count; i++) {
		double d[DPT_MAX_LISTED] = {0}, out[DPT_MAX_LISTED] = {0};
		size_t row = (size_t)(first + i) * l->k;
		for (uint32_t k = 1; k < p->kmax; k++)
			d[k] = l->distance[row + k - 1];
		uint32_t last = 0;
		for (uint32_t k = 1; k < p->kmax && d[k] < 2 * p->bound; k++) {
			add_interval(p, d, d[last] - p->bound, d[k] - p->bound,
			             out);
			last = k;
		}
		double from = d[last] - p->bound;
		double step = (p->bound - from) / STEPS;
		for (int k = 0; k < STEPS; k++)
			add_interval(p, d, from + k * step,
			             from + (k + 1) * step, out);
		for (uint32_t k = 0; k < p->kmax; k++)
			rows->log[i * (size_t)rows->listed + k] = log(out[k]);
		rows->tail[i] = -INFINITY;
	}
}

static void draw_published(const dpt_model *model, const struct dpt_batch *b,
                           void *scratch, uint32_t *out)
{
	(void)scratch;
	struct dpt_rng rng;
	for (size_t i = 0; i < b->records; i++) {
		dpt_rng_start(&rng, b->key, b->first_record + i);
		for (uint32_t j = b->start[i]; j < b->start[i + 1]; j++)
			out[j] = draw_one(model->state, model->index, &rng,
			                  b->word[j]);
	}
	dpt_rng_wipe(&rng);
}

const struct dpt_mech dpt_mech_gumbel_published = {
    .about = {"gumbel-published",
              "truncated Gumbel as published; its claim does not hold",
              DPT_NOMINAL, 0, NULL},
    .open = open_published,
    .close = close_published,
    .rows = rows_published,
    .draw = draw_published,
};
