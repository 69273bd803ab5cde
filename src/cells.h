/* SPDX-License-Identifier: MIT */
/* Making the cells of struct dpt_cells. */
#ifndef DPT_CELLS_H
#define DPT_CELLS_H

#include "knn.h"

/* How many cells n words get; 0: the words are too few. */
uint32_t dpt_cells_count(uint32_t n);

/*
 * Divides the rows of a space into count cells of rows close to each other,
 * none empty: fills start (count + 1) and word (n), see struct dpt_cells.
 */
DPT_MUST_USE enum dpt_status dpt_cells_divide(const struct dpt_space *space,
                                              uint32_t count, unsigned threads,
                                              uint32_t *start, uint32_t *word,
                                              dpt_error *err);

/* Collects the least distances to the cells from the tiles of dpt_pairs. */
struct dpt_reaches {
	const struct dpt_space *space;
	uint32_t rows, count;
	uint32_t *cell; /* of each row of the space */
	double unit;    /* a power of 2: squares over it fit a float */
	float *least;   /* rows x count: squares over unit */
};

/* Takes rows, count, start and word of cells; no cells, nothing to do. */
DPT_MUST_USE enum dpt_status dpt_reaches_new(struct dpt_reaches *r,
                                             const struct dpt_space *space,
                                             const struct dpt_cells *cells,
                                             dpt_error *err);
void dpt_reaches_free(struct dpt_reaches *r);
void dpt_reaches_visit(struct dpt_reaches *r, const struct dpt_tile *t);
/* Fills near (rows x count), in steps beyond the last of the lists. */
void dpt_reaches_finish(const struct dpt_reaches *r,
                        const struct dpt_lists *lists, double step,
                        uint8_t *near);

#endif
