/* SPDX-License-Identifier: MIT */
/* What numbers and rows of an index must be, whoever wrote them. */
#ifndef DPT_SANE_H
#define DPT_SANE_H

#include "knn.h"

#define DPT_FARTHEST 1e300

bool dpt_all_below(const uint32_t *v, size_t n, uint32_t limit);

/* Numbers of vectors, and how far coarse copies are off. */
bool dpt_vectors_sane(const float *v, size_t n);
bool dpt_off_sane(const float *off, size_t n);
/* Z - 1 of a class each. */
bool dpt_others_sane(const double *others, size_t n, uint32_t classes);

/* Lists of neighbours, that of class first and those after it. */
bool dpt_ids_sane(const struct dpt_ground *g, const uint32_t *id, size_t first,
                  size_t lists);
/* Each in order, and nothing closer than least. */
bool dpt_distances_sane(const struct dpt_ground *g, double least,
                        const double *d, size_t lists);
/* Ids of far neighbours: bytes of them. */
bool dpt_far_sane(const struct dpt_ground *g, const void *id, size_t bytes);
/* What lies beyond the list of w lies farther, and in order. */
bool dpt_reach_sane(const struct dpt_ground *g, uint32_t w);

#endif
