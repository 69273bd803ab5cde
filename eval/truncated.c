/* SPDX-License-Identifier: MIT */
#include "truncated.h"

#include "cloud.h"
#include "interval.h"
#include "landscape.h"
#include "memory.h"

#include <math.h>
#include <stdlib.h>

/* Density in proportion to r^(dim - 1) exp(-epsilon r), by steps. */
void radius_make(struct radius *r, size_t dim, double epsilon, double most)
{
	double power = (double)dim - 1, sum = 0;
	double top =
	    fmin(fmax(power, 1) / epsilon, most); /* where it is largest */
	r->most = most;
	for (int i = 0; i < RADIUS_STEPS; i++) {
		double x = most * (i + 0.5) / RADIUS_STEPS;
		sum += exp(power * log(x / top) - epsilon * (x - top));
		r->cdf[i] = sum;
	}
	for (int i = 0; i < RADIUS_STEPS; i++)
		r->cdf[i] /= sum;
}

double radius_draw(const struct radius *r, struct random_state *random)
{
	double u = random_unit(random);
	int low = 0, high = RADIUS_STEPS - 1;
	while (low < high) {
		int middle = (low + high) / 2;
		if (r->cdf[middle] < u)
			low = middle + 1;
		else
			high = middle;
	}
	double before = low ? r->cdf[low - 1] : 0;
	return r->most * (low + (u - before) / (r->cdf[low] - before)) /
	       RADIUS_STEPS;
}

void radius_add(struct random_state *random, double length, size_t dim,
                double *z)
{
	double *direction = memory_new(dim, sizeof *direction), square = 0;
	random_normals(random, dim, direction);
	for (size_t i = 0; i < dim; i++)
		square += direction[i] * direction[i];
	for (size_t i = 0; i < dim; i++)
		z[i] += length * direction[i] / sqrt(square);
	free(direction);
}

/* --------------------------------------------------------------- table */

enum kind { NOT, DISTANCE, NEIGHBOURS };

static const char *const kind_name[] = {"none", "distance", "neighbours"};

struct cut {
	enum kind kind;
	double epsilon, reach;
	struct radius radius;
};

/* The nearest of the words that are allowed to come of w. */
static size_t nearest(const struct landscape *l, const struct cut *cut,
                      struct cloud *c, uint32_t w, const double *z)
{
	size_t best = cloud_measure(c, z);
	if (cut->kind != NEIGHBOURS)
		return best;
	best = w;
	for (uint32_t r = 0; r < l->neighbours; r++) {
		uint32_t v = dpt_index_neighbour(l->choice.index, w, r, NULL);
		if (c->d2[v] < c->d2[best])
			best = v;
	}
	return best;
}

/* Whether x, k-th neighbours being what they are, never becomes w. */
static bool unreachable(const struct landscape *l, uint32_t w, uint32_t x)
{
	for (uint32_t r = 0; r < l->neighbours; r++)
		if (dpt_index_neighbour(l->choice.index, x, r, NULL) == w)
			return false;
	return true;
}

/*
 * Pairs of which one word can stay as it is and the other never becomes it:
 * their loss is infinite, whatever is drawn.  Counted over all pairs of a word
 * and its neighbours (NEIGHBOURS), or of 64 words and all others (DISTANCE:
 * words farther apart than twice the radius, as the nearest word to z is no
 * farther from it than w is).
 */
struct mismatch {
	double share, closest;
	uint32_t pair[2];
};

static void keep_pair(struct mismatch *m, uint32_t w, uint32_t x, double d)
{
	if (d < m->closest)
		*m = (struct mismatch){m->share, d, {w, x}};
}

static struct mismatch mismatch(const struct landscape *l,
                                const struct cut *cut)
{
	const dpt_index *index = l->choice.index;
	struct mismatch m = {0, INFINITY, {0, 0}};
	uint32_t n = (uint32_t)l->points.n, pairs = 0, bad = 0;
	uint32_t near = cut->kind == NEIGHBOURS ? l->neighbours : n;
	struct random_state random = {1};
	uint32_t words = cut->kind == NEIGHBOURS ? n : 64;
	for (uint32_t i = 0; cut->kind != NOT && i < words; i++) {
		uint32_t w =
		    words == n ? i : (uint32_t)random_below(&random, n);
		for (uint32_t r = 0; r < near; r++) {
			double d;
			uint32_t x = r;
			bool never;
			if (cut->kind == NEIGHBOURS) {
				x = dpt_index_neighbour(index, w, r, &d);
				never = unreachable(l, w, x);
			} else {
				d = dpt_index_distance(index, w, x);
				never = d > 2 * cut->reach;
			}
			pairs += x != w;
			bad += never;
			if (never)
				keep_pair(&m, w, x, d);
		}
	}
	m.share = pairs ? bad / (double)pairs : 0;
	return m;
}

/* Means over draws, each of a word drawn anew. */
struct simulated {
	struct interval unchanged, distance;
};

static struct simulated simulate(const struct landscape *l,
                                 const struct cut *cut, struct cloud *c)
{
	size_t n = l->draws, dim = l->points.dim;
	double *same = memory_new(n, sizeof *same);
	double *far = memory_new(n, sizeof *far);
	double *z = memory_new(dim, sizeof *z);
	struct random_state random = {2};
	for (size_t i = 0; i < n; i++) {
		uint32_t w = (uint32_t)random_below(&random, l->points.n);
		for (size_t k = 0; k < dim; k++)
			z[k] = (double)l->points.x[w * dim + k];
		radius_add(&random, radius_draw(&cut->radius, &random), dim, z);
		uint32_t v = (uint32_t)nearest(l, cut, c, w, z);
		same[i] = v == w;
		far[i] = dpt_index_distance(l->choice.index, w, v);
	}
	struct simulated s = {interval_of(same, n), interval_of(far, n)};
	free(same);
	free(far);
	free(z);
	return s;
}

static void print_interval(FILE *f, struct interval i)
{
	tsv_number(f, i.mean, 4);
	tsv_number(f, i.half, 4);
}

static void print_cut(struct landscape *l, const struct cut *cut,
                      struct cloud *c)
{
	FILE *f = l->output.text;
	struct mismatch m = mismatch(l, cut);
	struct simulated s = simulate(l, cut, c);
	fprintf(f, "%s\t%u", kind_name[cut->kind], l->neighbours);
	tsv_number(f, cut->kind == DISTANCE ? cut->reach : NAN, 4);
	tsv_short(f, cut->epsilon);
	/* what is realised: by theorem without a cut, else by any pair */
	if (cut->kind == NOT)
		tsv_short(f, cut->epsilon);
	else
		fputs(m.share > 0 ? "\tinf" : "\tunknown", f);
	tsv_number(f, m.share, 4);
	tsv_number(f, isfinite(m.closest) ? m.closest : NAN, 4);
	for (int i = 0; i < 2; i++) {
		size_t len;
		const char *word =
		    dpt_index_word(l->choice.index, m.pair[i], &len);
		fprintf(f, "\t%.*s", m.share > 0 ? (int)len : 0, word);
	}
	print_interval(f, s.unchanged);
	print_interval(f, s.distance);
	fputc('\n', f);
}

bool landscape_truncation(struct landscape *l)
{
	static struct cut cut;
	struct cloud c;
	cloud_make(&c, &l->points);
	fputs("truncated_by\tneighbours\tradius\tepsilon_claimed\t"
	      "epsilon_realised\tinfinite_share\tclosest\tword\tnever_becomes_"
	      "it\t"
	      "unchanged\tunchanged_ci95\tdistance\tdistance_ci95\n",
	      l->output.text);
	for (size_t e = 0; e < l->sweep.epsilons; e++)
		for (int kind = NOT; kind <= NEIGHBOURS; kind++) {
			size_t dim = l->points.dim;
			cut.kind = (enum kind)kind;
			cut.epsilon = l->sweep.epsilon[e];
			cut.reach = landscape_mean_reach(l);
			/* where less than 1e-20 of the noise is beyond */
			double most =
			    kind == DISTANCE
			        ? cut.reach
			        : (4 * (double)dim + 60) / cut.epsilon;
			radius_make(&cut.radius, dim, cut.epsilon, most);
			print_cut(l, &cut, &c);
		}
	cloud_free(&c);
	return true;
}
