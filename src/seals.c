/* SPDX-License-Identifier: MIT */
#include "seals.h"

#include "checksum.h"
#include "sane.h"

#include <stdlib.h>

#define MANY 8 /* an eighth of all points */

uint64_t dpt_seals_count(uint64_t n, uint64_t far_rows, uint64_t cell_rows,
                         uint64_t rates)
{
	return 2 * n + far_rows + cell_rows + rates;
}

struct dpt_seals *dpt_seals_new(const struct dpt_ground *g,
                                const uint64_t *seal, double least)
{
	struct dpt_seals *s =
	    calloc(1, sizeof *s + g->n * sizeof *s->point_checked);
	if (!s)
		return NULL;
	s->list = seal;
	s->point = s->list + g->n;
	s->far = s->point + g->n;
	s->near = s->far + g->far.rows;
	s->others = s->near + g->cells.rows;
	s->least = least;
	return s;
}

/* --------------------------------------------------------------- sealing */

static uint64_t seal_list(const struct dpt_ground *g, uint32_t w)
{
	const struct dpt_lists *l = &g->lists;
	size_t at = (size_t)w * l->k;
	uint64_t ids = dpt_checksum_on(0, l->id + at, l->k * sizeof *l->id);
	return dpt_checksum_on(ids, l->distance + at,
	                       l->k * sizeof *l->distance);
}

static uint64_t seal_point(const struct dpt_ground *g, uint32_t v)
{
	const struct dpt_screen *s = &g->screen;
	size_t stride = dpt_stride(g->dim);
	uint64_t vector = dpt_checksum_on(0, g->vectors + v * stride,
	                                  stride * sizeof *g->vectors);
	uint64_t copy =
	    dpt_checksum_on(vector, s->row + (size_t)v * s->stride, s->stride);
	return dpt_checksum_on(copy, &s->off[v], sizeof *s->off);
}

static size_t far_bytes(const struct dpt_far *f, uint32_t w)
{
	return dpt_far_count(f, w) *
	       (f->narrow ? sizeof(uint16_t) : sizeof(uint32_t));
}

static uint64_t seal_far(const struct dpt_ground *g, uint32_t w)
{
	const struct dpt_far *f = &g->far;
	uint64_t ids =
	    dpt_checksum_on(0, dpt_far_place(f, w, 0), far_bytes(f, w));
	return dpt_checksum_on(ids, dpt_far_reach(f, w),
	                       (dpt_far_blocks(f, w) + 1) * sizeof *f->reach);
}

static uint64_t seal_near(const struct dpt_ground *g, uint32_t w)
{
	const struct dpt_cells *c = &g->cells;
	return dpt_checksum_on(0, c->near + (size_t)w * c->count, c->count);
}

static uint64_t seal_others(const struct dpt_ground *g, const double *others)
{
	return dpt_checksum_on(0, others, g->n * sizeof *others);
}

void dpt_seals_fill(const struct dpt_ground *g, uint32_t rates,
                    const double *others, uint64_t *seal)
{
	for (uint32_t w = 0; w < g->n; w++)
		*seal++ = seal_list(g, w);
	for (uint32_t v = 0; v < g->n; v++)
		*seal++ = seal_point(g, v);
	for (uint32_t w = 0; w < g->far.rows; w++)
		*seal++ = seal_far(g, w);
	for (uint32_t w = 0; w < g->cells.rows; w++)
		*seal++ = seal_near(g, w);
	for (uint32_t r = 0; r < rates; r++)
		*seal++ = seal_others(g, others + (size_t)r * g->n);
}

/* -------------------------------------------------------------- checking */

static bool list_sound(const struct dpt_ground *g, uint32_t w)
{
	const struct dpt_lists *l = &g->lists;
	size_t at = (size_t)w * l->k;
	return seal_list(g, w) == g->seals->list[w] &&
	       dpt_ids_sane(g, l->id + at, w, 1) &&
	       dpt_distances_sane(g, g->seals->least, l->distance + at, 1);
}

static bool far_sound(const struct dpt_ground *g, uint32_t w)
{
	const struct dpt_far *f = &g->far;
	return seal_far(g, w) == g->seals->far[w] &&
	       dpt_far_sane(g, dpt_far_place(f, w, 0), far_bytes(f, w)) &&
	       dpt_reach_sane(g, w);
}

/* What the tail of w is drawn from: far neighbours, and cells. */
static bool tail_sound(const struct dpt_ground *g, uint32_t w)
{
	return (w >= g->far.rows || far_sound(g, w)) &&
	       (!dpt_drawn_by_cells(g, w) ||
	        seal_near(g, w) == g->seals->near[w]);
}

static bool note(const struct dpt_ground *g, bool sound)
{
	if (!sound)
		atomic_store(&g->seals->damaged, true);
	return sound;
}

bool dpt_row_sound(const struct dpt_ground *g, uint32_t w)
{
	return !g->seals || note(g, list_sound(g, w) && tail_sound(g, w));
}

static bool point_sound(const struct dpt_ground *g, uint32_t v)
{
	size_t stride = dpt_stride(g->dim);
	return seal_point(g, v) == g->seals->point[v] &&
	       dpt_vectors_sane(g->vectors + v * stride, stride) &&
	       dpt_off_sane(&g->screen.off[v], 1);
}

static void check_all_points(const struct dpt_ground *g)
{
	bool sound = true;
	for (uint32_t v = 0; v < g->n; v++)
		sound &= point_sound(g, v);
	if (note(g, sound))
		atomic_store(&g->seals->all, true);
}

bool dpt_point_check(const struct dpt_ground *g, uint32_t v)
{
	struct dpt_seals *s = g->seals;
	if (atomic_load_explicit(&s->point_checked[v], memory_order_relaxed))
		return true;
	if (!note(g, point_sound(g, v)))
		return false;
	atomic_store_explicit(&s->point_checked[v], true, memory_order_relaxed);
	if (atomic_fetch_add(&s->points, 1) == g->n / MANY)
		check_all_points(g);
	return true;
}

bool dpt_rate_sound(const struct dpt_ground *g, uint32_t rate,
                    const double *others)
{
	return !g->seals ||
	       note(g, seal_others(g, others) == g->seals->others[rate] &&
	                   dpt_others_sane(others, g->n, g->n));
}
