/* SPDX-License-Identifier: MIT */
/* An index held against itself, by brute force where that is affordable. */
#include "error.h"
#include "index.h"
#include "kernels.h"
#include "screen.h"
#include "seals.h"
#include "words.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLE 64U /* classes whose rows are computed again in full */

static enum dpt_status check_words(const dpt_index *x, dpt_error *err)
{
	for (uint32_t w = 0; w < x->header->words; w++) {
		const char *word = x->text + x->offsets[w];
		size_t len = x->offsets[w + 1] - x->offsets[w];
		if (dpt_index_find(x, word, len) != x->classes[w])
			return dpt_fail(err, DPT_EINDEX,
			                "word number %u is not found", w + 1);
	}
	for (uint32_t c = 0; c < x->header->classes; c++)
		for (uint32_t i = x->starts[c]; i < x->starts[c + 1]; i++)
			if (x->classes[x->members[i]] != c)
				return dpt_fail(err, DPT_EINDEX,
				                "class %u has a word of "
				                "another",
				                c);
	return DPT_OK;
}

static enum dpt_status check_stems(const dpt_index *x, dpt_error *err)
{
	size_t slots = dpt_lookup_slots(x->header);
	uint32_t *right = calloc(slots, sizeof *right);
	if (!right)
		return dpt_fail_memory(err);
	enum dpt_status status = dpt_stems_fill(x, right, err);
	bool same = memcmp(right, x->stems, slots * sizeof *right) == 0;
	free(right);
	if (status || same)
		return status;
	return dpt_fail(err, DPT_EINDEX,
	                "its stems are not those of libstemmer here");
}

static enum dpt_status check_distances(const dpt_index *x, dpt_error *err)
{
	const struct dpt_lists *l = &x->lists;
	const struct dpt_header *h = x->header;
	for (uint32_t w = 0; w < h->classes; w++)
		for (size_t i = (size_t)w * l->k; i < (w + 1) * (size_t)l->k;
		     i++)
			if (l->distance[i] !=
			    dpt_index_distance(x, w, l->id[i]))
				return dpt_fail(err, DPT_EINDEX,
				                "class %u has "
				                "a wrong distance",
				                w);
	if (h->distance_max !=
	        dpt_index_distance(x, h->max_pair[0], h->max_pair[1]) ||
	    h->distance_min !=
	        dpt_index_distance(x, h->min_pair[0], h->min_pair[1]))
		return dpt_fail(err, DPT_EINDEX,
		                "the extreme distances are wrong");
	return DPT_OK;
}

/* Whether the far neighbours of w go on where its list ends, in order. */
static bool far_right(const dpt_index *x, uint32_t w)
{
	const struct dpt_far *f = &x->ground.far;
	const double *reach = dpt_far_reach(f, w);
	double before = *dpt_list_end(&x->lists, w);
	uint32_t id_before = dpt_list_last(&x->lists, w);
	for (uint32_t i = 0; i < dpt_far_count(f, w); i++) {
		uint32_t id = dpt_far_id(f, w, i);
		double d = dpt_index_distance(x, w, id);
		if (d < before || (d == before && id <= id_before) ||
		    (i % DPT_FAR_BLOCK == 0 && d != reach[i / DPT_FAR_BLOCK]))
			return false;
		before = d;
		id_before = id;
	}
	return before == reach[dpt_far_blocks(f, w)];
}

/* Whether no word outside the list of w is nearer than its cell. */
static bool near_right(const dpt_index *x, uint32_t w)
{
	const struct dpt_cells *cells = &x->ground.cells;
	double end = *dpt_list_end(&x->lists, w);
	for (uint32_t c = 0; w < cells->rows && c < cells->count; c++) {
		uint8_t steps = cells->near[(size_t)w * cells->count + c];
		double least = end + steps * cells->step;
		for (uint32_t i = cells->start[c]; i < cells->start[c + 1];
		     i++) {
			uint32_t v = cells->word[i];
			double d = dpt_index_distance(x, w, v);
			if (dpt_list_behind(&x->lists, w, v, d) && d < least)
				return false;
		}
	}
	return true;
}

/* Whether every word is in one cell. */
static enum dpt_status check_cells(const dpt_index *x, dpt_error *err)
{
	const struct dpt_cells *cells = &x->ground.cells;
	uint32_t n = x->header->classes, found = 0;
	bool *seen = calloc(n, sizeof *seen);
	if (!seen)
		return dpt_fail_memory(err);
	for (uint32_t i = 0; cells->count > 0 && i < n; i++) {
		found += !seen[cells->word[i]];
		seen[cells->word[i]] = true;
	}
	free(seen);
	if (cells->count > 0 && found < n)
		return dpt_fail(err, DPT_EINDEX, "a class is in two cells");
	return DPT_OK;
}

/* Whether the coarse copy tells no more than it may. */
static bool coarse_right(const dpt_index *x, uint32_t w)
{
	const struct dpt_screen *s = &x->ground.screen;
	for (uint32_t v = 0; v < x->header->classes; v++) {
		double d = dpt_index_distance(x, w, v);
		float coarse = dpt_screen_distance(s, w, v, FLT_MAX);
		float slack = dpt_screen_slack(s, w, v, coarse);
		if (!(fabs((double)coarse - d) <= (double)slack))
			return false;
	}
	return true;
}

/* Words other than w up to a distance; with it those up to an id. */
static uint32_t count_up_to(const dpt_index *x, uint32_t w, double most,
                            uint32_t id)
{
	uint32_t count = 0;
	for (uint32_t v = 0; v < x->header->classes; v++) {
		double d = dpt_index_distance(x, w, v);
		count += v != w && (d < most || (d == most && v <= id));
	}
	return count;
}

/* Whether no word outside the lists of w belongs in them. */
static bool list_complete(const dpt_index *x, uint32_t w)
{
	const struct dpt_lists *l = &x->lists;
	const struct dpt_far *f = &x->ground.far;
	if (count_up_to(x, w, *dpt_list_end(l, w), dpt_list_last(l, w)) != l->k)
		return false;
	if (w >= f->rows)
		return true;
	uint32_t count = dpt_far_count(f, w);
	uint32_t far = dpt_far_id(f, w, count - 1);
	return count_up_to(x, w, dpt_index_distance(x, w, far), far) ==
	       l->k + count;
}

/* Whether no word is nearer or farther than any may be. */
static bool extremes_right(const dpt_index *x, uint32_t w)
{
	for (uint32_t v = 0; v < x->header->classes; v++) {
		double d = dpt_index_distance(x, w, v);
		if (d > x->header->distance_max ||
		    (v != w && d < x->header->distance_min))
			return false;
	}
	return true;
}

static enum dpt_status check_seals(const dpt_index *x, dpt_error *err)
{
	const struct dpt_section *s = &x->header->section[DPT_SEALS];
	uint64_t *right = malloc(s->bytes);
	if (!right)
		return dpt_fail_memory(err);
	dpt_seals_fill(&x->ground, x->header->rates, x->others, right);
	bool same =
	    memcmp(right, (const char *)x->header + s->offset, s->bytes) == 0;
	free(right);
	return same ? DPT_OK
	            : dpt_fail(err, DPT_EINDEX, "the seal of a row is wrong");
}

static bool normaliser_right(const dpt_index *x, uint32_t w, uint32_t rate)
{
	double t = x->rates[rate].t, sum = 0;
	for (uint32_t v = 0; v < x->header->classes; v++) {
		double td = t * dpt_index_distance(x, w, v);
		if (v != w)
			sum +=
			    exp(-(td < DPT_KERNEL_CLIP ? td : DPT_KERNEL_CLIP));
	}
	double kept = x->others[(size_t)rate * x->header->classes + w];
	return fabs(kept - sum) <= 1e-11 * sum;
}

enum dpt_status dpt_index_verify(const dpt_index *x, dpt_error *err)
{
	uint32_t n = x->header->classes;
	uint32_t step = n < SAMPLE ? 1 : n / SAMPLE;
	enum dpt_status status = dpt_index_check(x, err);
	if (!status)
		status = check_seals(x, err);
	if (!status)
		status = check_words(x, err);
	if (!status)
		status = check_stems(x, err);
	if (!status)
		status = check_distances(x, err);
	if (!status)
		status = check_cells(x, err);
	for (uint32_t w = 0; !status && w < x->header->far_rows; w++)
		if (!far_right(x, w))
			return dpt_fail(err, DPT_EINDEX,
			                "class %u has wrong far neighbours", w);
	for (uint32_t w = 0; !status && w < n; w += step) {
		if (!list_complete(x, w) || !extremes_right(x, w))
			return dpt_fail(err, DPT_EINDEX,
			                "class %u has wrong neighbours", w);
		if (!near_right(x, w))
			return dpt_fail(err, DPT_EINDEX,
			                "class %u has wrong distances to cells",
			                w);
		if (!coarse_right(x, w))
			return dpt_fail(err, DPT_EINDEX,
			                "class %u has a wrong coarse copy", w);
		for (uint32_t rate = 0; rate < x->header->rates; rate++)
			if (!normaliser_right(x, w, rate))
				return dpt_fail(err, DPT_EINDEX,
				                "class %u has a wrong "
				                "normaliser",
				                w);
	}
	return status;
}
