/* SPDX-License-Identifier: MIT */
/* Exact nearest neighbours, and the extremes over all pairs. */
#ifndef DPT_KNN_H
#define DPT_KNN_H

#include "space.h"

/* The k nearest other rows of each of n rows, nearest first, ties by id. */
struct dpt_lists {
	uint32_t k;
	const uint32_t *id;     /* n x k */
	const double *distance; /* n x k */
};

/* How far away the list of w ends. */
static inline const double *dpt_list_end(const struct dpt_lists *l, uint32_t w)
{
	return l->distance + (size_t)(w + 1) * l->k - 1;
}

/* Its last. */
static inline uint32_t dpt_list_last(const struct dpt_lists *l, uint32_t w)
{
	return l->id[(size_t)(w + 1) * l->k - 1];
}

/* Whether v, so far from w, is behind: farther, or as far with a larger id. */
static inline bool dpt_list_behind(const struct dpt_lists *l, uint32_t w,
                                   uint32_t v, double d)
{
	double end = *dpt_list_end(l, w);
	return d > end || (d == end && v > dpt_list_last(l, w));
}

/*
 * What comes next in the lists of the first rows, which are the words met
 * most often: so many more neighbours, nearest first, in blocks.  The first of
 * them, met more often than all others together, have more.
 */
#define DPT_FAR_BLOCK 32U
#define DPT_FAR_BLOCKS 1023U /* of a row, at most */
#define DPT_NARROW 65536U    /* so many words have ids of 16 bits */
struct dpt_far {
	uint32_t rows, long_rows;
	uint32_t count, long_count; /* of each; multiples of DPT_FAR_BLOCK */
	bool narrow;                /* ids have 16 bits, not 32 */
	const void *id;
	const double *reach; /* distance of the first of each block, and of the
	                      * last of a row */
};

/* How many neighbours the rows before w have. */
static inline uint64_t dpt_far_before(const struct dpt_far *far, uint32_t w)
{
	uint64_t longer = w < far->long_rows ? w : far->long_rows;
	return longer * far->long_count + (w - longer) * far->count;
}

/* How many w has. */
static inline uint32_t dpt_far_count(const struct dpt_far *far, uint32_t w)
{
	return w < far->long_rows ? far->long_count
	       : w < far->rows    ? far->count
	                          : 0;
}

/* In so many blocks, with one reach more. */
static inline uint32_t dpt_far_blocks(const struct dpt_far *far, uint32_t w)
{
	return dpt_far_count(far, w) / DPT_FAR_BLOCK;
}

/* How many reaches the rows before w have. */
static inline uint64_t dpt_far_reaches(const struct dpt_far *far, uint32_t w)
{
	return dpt_far_before(far, w) / DPT_FAR_BLOCK + w;
}

/* Those of w. */
static inline const double *dpt_far_reach(const struct dpt_far *far, uint32_t w)
{
	return far->reach + dpt_far_reaches(far, w);
}

/* Where the id of far neighbour i of w is. */
static inline const void *dpt_far_place(const struct dpt_far *far, uint32_t w,
                                        uint32_t i)
{
	size_t at = dpt_far_before(far, w) + i;
	return far->narrow ? (const void *)((const uint16_t *)far->id + at)
	                   : (const void *)((const uint32_t *)far->id + at);
}

static inline uint32_t dpt_far_id(const struct dpt_far *far, uint32_t w,
                                  uint32_t i)
{
	const void *place = dpt_far_place(far, w, i);
	return far->narrow ? *(const uint16_t *)place
	                   : *(const uint32_t *)place;
}

/*
 * All words by cells of words close to each other.  Of the first rows it is
 * known how far away each cell begins: no word of it that is outside the list
 * of the row is nearer than near steps behind the last of the list.
 */
#define DPT_CELLS 1024U /* at most */
struct dpt_cells {
	uint32_t rows;
	uint32_t count;        /* 0: there are none */
	const uint32_t *start; /* count + 1: where a cell begins in word */
	const uint32_t *word;  /* n */
	const uint8_t *near;   /* rows x count */
	double step;
};

/*
 * A coarse copy of the vectors, one byte a number, that tells most words too
 * far away from another without reading their vectors; see screen.h.
 */
struct dpt_screen {
	const int8_t *row; /* n rows of stride numbers, in steps; NULL: none */
	const float *off;  /* no farther than this is a row from its copy */
	uint32_t stride;
	float step, each; /* and its reciprocal */
};

/* What a channel is made over: the classes and their neighbours. */
struct dpt_ground {
	const float *vectors; /* n rows of dim numbers, padded */
	uint32_t n, dim;
	struct dpt_lists lists;
	/* Of each class as an output, in (0, 1]; NULL: all are alike. */
	const double *weight;
	/* for speed; there may be none */
	struct dpt_far far;
	struct dpt_cells cells;
	struct dpt_screen screen;
	struct dpt_seals *seals; /* NULL: all of it has been checked */
};

/*
 * Whether words outside the longest list of w are drawn by cells: it is one of
 * their rows, and its far neighbours leave room for them.
 */
#define DPT_BUCKETS 1024U /* blocks of far neighbours and cells, at most */
static inline bool dpt_drawn_by_cells(const struct dpt_ground *g, uint32_t w)
{
	return w < g->cells.rows &&
	       dpt_far_blocks(&g->far, w) + g->cells.count <= DPT_BUCKETS;
}

/* A distance and the pair that has it; the first such pair counts. */
struct dpt_extreme {
	double distance;
	uint32_t pair[2];
};

/* Collects neighbours and extremes from the tiles of one dpt_pairs pass. */
typedef struct dpt_knn dpt_knn;

DPT_MUST_USE enum dpt_status dpt_knn_new(const struct dpt_space *space,
                                         uint32_t k, unsigned threads,
                                         dpt_knn **out, dpt_error *err);
void dpt_knn_free(dpt_knn *knn);
/* A dpt_tile_fn but for the type of its first argument. */
void dpt_knn_visit(dpt_knn *knn, unsigned thread, const struct dpt_tile *t);
/* id and distance have room for n x k entries. */
DPT_MUST_USE enum dpt_status dpt_knn_finish(dpt_knn *knn, uint32_t *id,
                                            double *distance,
                                            struct dpt_extreme *least,
                                            struct dpt_extreme *most,
                                            dpt_error *err);

/* The k nearest of the first rows alone; id and distance: rows x k. */
DPT_MUST_USE enum dpt_status dpt_knn_first(const struct dpt_space *space,
                                           uint32_t rows, uint32_t k,
                                           unsigned threads, uint32_t *id,
                                           double *distance, dpt_error *err);

#endif
