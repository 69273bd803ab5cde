/* SPDX-License-Identifier: MIT */
/*
 * The metric space: rows of floats under the Euclidean distance, and the
 * tiled pass over all its pairs.
 */
#ifndef DPT_SPACE_H
#define DPT_SPACE_H

#include "dptext.h"

#define DPT_LANES 8 /* rows are padded with zeros to a multiple of this */

/* Numbers a stored row takes. */
static inline uint32_t dpt_stride(uint32_t dim)
{
	return (dim + DPT_LANES - 1) / DPT_LANES * DPT_LANES;
}

/*
 * The squared distance.  One fixed order of summation, without fused
 * operations, so that every machine and vector width gives the same bits.
 */
double dpt_squared(const float *a, const float *b, uint32_t stride);

struct dpt_space {
	const float *x; /* n rows of stride floats */
	uint32_t n, dim, stride;
	double *norm2; /* squared lengths */
	double norm2_max;
	/*
	 * True when all values are multiples of one power of two small
	 * enough that every product sum of two rows is a whole number of
	 * its squares below 2^24: single precision is then exact, whatever
	 * the order of summation.
	 */
	bool lattice;
};

/* x is borrowed.  Release with dpt_space_close. */
DPT_MUST_USE enum dpt_status dpt_space_open(struct dpt_space *s, const float *x,
                                            uint32_t n, uint32_t dim,
                                            dpt_error *err);
void dpt_space_close(struct dpt_space *s);

static inline const float *dpt_row(const struct dpt_space *s, uint32_t i)
{
	return s->x + (size_t)i * s->stride;
}

/*
 * Bound on |computed - true| for the squared distances of a tile, from
 * |fl(x.y) - x.y| <= gamma_n |x||y| (Higham 2002, section 3.1).
 */
double dpt_tile_error(const struct dpt_space *s);

/*
 * Fills radius (n numbers) with the distances of all rows from their mean, or a
 * little more; false when out of memory.
 */
DPT_MUST_USE bool dpt_radii(const struct dpt_space *s, double *radius);

#define DPT_TILE 512U /* rows and columns of a tile, at most */

/*
 * A rectangle of squared distances: d2[r * cols + c] belongs to the rows
 * row_id(r) and col + c of the space.
 */
struct dpt_tile {
	const uint32_t *row_ids; /* NULL: row, row + 1, ... */
	uint32_t row, rows, col, cols;
	const double *d2;
};

static inline uint32_t dpt_tile_row(const struct dpt_tile *t, uint32_t r)
{
	return t->row_ids ? t->row_ids[r] : t->row + r;
}

/*
 * Whether entries spread over the tile are what measuring them gives.  Some
 * builds of OpenBLAS multiply wrongly on some processors; nothing derived
 * from such products could be trusted.
 */
bool dpt_tile_sound(const struct dpt_space *s, const struct dpt_tile *t);

typedef void dpt_tile_fn(void *ctx, unsigned thread, const struct dpt_tile *t);

struct dpt_pass {
	const struct dpt_space *space;
	unsigned threads;
	dpt_tile_fn *visit;
	void *ctx;
	const char *stage; /* for progress */
	dpt_progress_fn *progress;
	void *progress_ctx;
};

/*
 * Visits every unordered pair of rows in one tile: squares on the diagonal
 * (tile->row == tile->col) hold their pairs twice and each row with itself;
 * the others hold each pair once.  No two tiles under way at the same time
 * share a row or a column, and every row meets the others in an order that
 * does not depend on the number of threads.
 */
DPT_MUST_USE enum dpt_status dpt_pairs(const struct dpt_pass *pass,
                                       dpt_error *err);

/* Visits the pairs of the n listed rows, n at most all, with all rows; tiles in
 * any order.
 * Both fail with DPT_EMATH where a tile is not sound. */
DPT_MUST_USE enum dpt_status dpt_scan(const struct dpt_pass *pass, size_t n,
                                      const uint32_t *rows, dpt_error *err);

#endif
