/* SPDX-License-Identifier: MIT */
/* Small embeddings, ordinary and adversarial, and indexes of them. */
#ifndef TEST_FIXTURE_H
#define TEST_FIXTURE_H

#include "buf.h"
#include "index.h"
#include "mech.h"

/* ----------------------------------------------------------- embeddings */

enum fx_kind {
	FX_RANDOM,    /* independent normals */
	FX_LATTICE,   /* small whole multiples of a power of two: many ties */
	FX_ONE_ULP,   /* every second row is its predecessor but for an ulp */
	FX_NEAR,      /* and here but for 1e-6 */
	FX_HUB,       /* row 0 is near to all, the others far from another */
	FX_COLLINEAR, /* all on one line */
	FX_OUTLIER,   /* the last row is very far away */
	FX_OFFSET,    /* all far from the origin, close to one another */
	FX_CLUSTERS,  /* a few tight groups */
	FX_SKEWED,    /* lengths from 1e-3 to 1e3 */
	FX_KINDS
};

extern const char *const fx_kind_name[FX_KINDS];

/* A fixed sequence: uniform numbers, whatever the platform. */
struct fx_seq {
	uint64_t state;
};
uint64_t fx_u64(struct fx_seq *s);
double fx_unit(struct fx_seq *s);
double fx_normal(struct fx_seq *s);

/* n different rows, padded and aligned; to be freed. */
float *fx_rows(enum fx_kind kind, uint32_t n, uint32_t dim, uint64_t seed);
/* The same object as its parts, where an index is not needed. */
struct dpt_space fx_space(const float *rows, uint32_t n, uint32_t dim);
double fx_distance(const struct dpt_space *s, uint32_t a, uint32_t b);
/* The k nearest others of each row by sorting all; to be freed. */
struct dpt_lists fx_lists(const struct dpt_space *s, uint32_t k);
void fx_lists_free(struct dpt_lists *lists);

/* Rows with their neighbours: what a channel is made over, but no index. */
struct fx_ground {
	float *rows;
	struct dpt_space space;
	struct dpt_lists lists;
	struct dpt_ground ground;
};
struct fx_ground fx_ground(enum fx_kind kind, uint32_t n, uint32_t dim,
                           uint32_t k);
void fx_ground_free(struct fx_ground *g);

/* --------------------------------------------------------------- folder */

/* For tcase_add_unchecked_fixture. */
void fx_make_dir(void);
void fx_remove_dir(void);
/* A name in the folder; the last 8 stay valid. */
const char *fx_path(const char *name);
void fx_write(const char *name, const void *bytes, size_t size);
/* To be freed. */
char *fx_read(const char *name, size_t *size);

/* -------------------------------------------------------------- streams */

/* The ctx of a dpt_stream from memory to memory. */
struct fx_io {
	const char *in;
	size_t size, at, piece; /* piece: most bytes a read gives */
	struct dpt_buf out;     /* to be freed */
};
ptrdiff_t fx_io_read(void *ctx, void *buffer, size_t size);
int fx_io_write(void *ctx, const void *bytes, size_t size);

/* Numbers and addresses are as they were. */
extern const struct dpt_policy fx_words_only;

/* -------------------------------------------------------------- indexes */

/* Letters only: "qaa", "qab", ...; the last 8 stay valid. */
const char *fx_word(uint32_t i);

/* Rows under fx_word names, or those given. */
dpt_vectors *fx_vectors(const float *rows, uint32_t n, uint32_t dim,
                        const char *const *words);
/* Builds under this name and opens. */
dpt_index *fx_index_of(const char *name, const dpt_vectors *v,
                       uint32_t neighbours);
dpt_index *fx_index(enum fx_kind kind, uint32_t n, uint32_t dim,
                    uint32_t neighbours);
struct dpt_build_options fx_options(uint32_t neighbours);

/* A model that must be made; params by name and value, ended by NULL. */
dpt_model *fx_model(const dpt_index *index, const char *mechanism,
                    double epsilon, double max_unchanged);
dpt_model *fx_model_given(const dpt_index *index, const char *mechanism,
                          const char *param, double value);

#endif
