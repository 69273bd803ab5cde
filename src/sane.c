/* SPDX-License-Identifier: MIT */
#include "sane.h"

#include "kernels.h"
#include "wide.h"

#include <float.h>

DPT_WIDE bool dpt_all_below(const uint32_t *v, size_t n, uint32_t limit)
{
	uint32_t largest = 0;
	for (size_t i = 0; i < n; i++)
		largest = v[i] > largest ? v[i] : largest;
	return n == 0 || largest < limit;
}

DPT_WIDE static bool all_narrow_below(const uint16_t *v, size_t n,
                                      uint32_t limit)
{
	uint16_t largest = 0;
	for (size_t i = 0; i < n; i++)
		largest = v[i] > largest ? v[i] : largest;
	return n == 0 || largest < limit;
}

/* Whether no number is below low, above high, or NaN. */
DPT_WIDE static bool all_within(const double *v, size_t n, double low,
                                double high)
{
	int outside = 0;
	for (size_t i = 0; i < n; i++)
		outside |= !(v[i] >= low) | !(v[i] <= high);
	return !outside;
}

DPT_WIDE static bool floats_within(const float *v, size_t n, float low,
                                   float high)
{
	int outside = 0;
	for (size_t i = 0; i < n; i++)
		outside |= !(v[i] >= low) | !(v[i] <= high);
	return !outside;
}

/* Whether v never falls; NaN is seen as a fall. */
DPT_WIDE static bool never_falls(const double *v, uint32_t n)
{
	int falls = 0;
	for (uint32_t i = 1; i < n; i++)
		falls |= !(v[i] >= v[i - 1]);
	return !falls;
}

bool dpt_vectors_sane(const float *v, size_t n)
{
	return floats_within(v, n, -1e15F, 1e15F);
}

bool dpt_off_sane(const float *off, size_t n)
{
	return floats_within(off, n, 0, FLT_MAX);
}

bool dpt_others_sane(const double *others, size_t n, uint32_t classes)
{
	return all_within(others, n, DBL_TRUE_MIN, classes);
}

bool dpt_ids_sane(const struct dpt_ground *g, const uint32_t *id, size_t first,
                  size_t lists)
{
	uint32_t k = g->lists.k;
	bool ok = dpt_all_below(id, lists * k, g->n);
	for (size_t i = 0; ok && i < lists; i++)
		ok = !dpt_has(id + i * k, k, (uint32_t)(first + i));
	return ok;
}

bool dpt_distances_sane(const struct dpt_ground *g, double least,
                        const double *d, size_t lists)
{
	uint32_t k = g->lists.k;
	bool ok = true;
	for (size_t i = 0; ok && i < lists; i++, d += k)
		ok = d[0] >= least && d[k - 1] < DPT_FARTHEST &&
		     never_falls(d, k);
	return ok;
}

bool dpt_far_sane(const struct dpt_ground *g, const void *id, size_t bytes)
{
	return g->far.narrow
	           ? all_narrow_below(id, bytes / sizeof(uint16_t), g->n)
	           : dpt_all_below(id, bytes / sizeof(uint32_t), g->n);
}

bool dpt_reach_sane(const struct dpt_ground *g, uint32_t w)
{
	uint32_t steps = dpt_far_blocks(&g->far, w) + 1;
	const double *d = dpt_far_reach(&g->far, w);
	return d[0] >= *dpt_list_end(&g->lists, w) &&
	       d[steps - 1] < DPT_FARTHEST && never_falls(d, steps);
}
