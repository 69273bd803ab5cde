/* SPDX-License-Identifier: MIT */
/* The index file: layout (see dptext-index(5)) and the mapped object. */
#ifndef DPT_INDEX_H
#define DPT_INDEX_H

#include "rates.h"

#define DPT_INDEX_MAGIC "DPTINDEX"
#define DPT_INDEX_VERSION 6U
#define DPT_INDEX_ALIGN 64U
/* A word and its neighbours. */
#define DPT_MAX_LISTED (DPT_MAX_NEIGHBOURS + 1)

enum dpt_section_id {
	DPT_TEXT,       /* bytes of all words */
	DPT_OFFSETS,    /* u32[words + 1]: where a word begins in the text */
	DPT_CLASSES,    /* u32[words]: class of a word */
	DPT_STARTS,     /* u32[classes + 1]: where a class begins in members */
	DPT_MEMBERS,    /* u32[words]: word ids by class */
	DPT_LOOKUP,     /* u64[1 << lookup_bits]: hash << 32 | word + 1 */
	DPT_STEMS,      /* u32[1 << lookup_bits]: class + 1, see words.h */
	DPT_VECTORS,    /* f32[classes][stride] */
	DPT_NEIGHBOURS, /* u32[classes][neighbours] */
	DPT_DISTANCES,  /* f64[classes][neighbours] */
	DPT_FAR,        /* u16 or u32 each, see struct dpt_far */
	DPT_REACH,      /* f64 each */
	DPT_CELL_START, /* u32[cells + 1]: where a cell begins in DPT_CELL */
	DPT_CELL,       /* u32[classes]: classes by cell */
	DPT_NEAR,       /* u8[cell_rows][cells] */
	DPT_COARSE,     /* i8[classes][dpt_screen_stride(dim)] */
	DPT_OFF,        /* f32[classes] */
	DPT_RATES,      /* struct dpt_rate[rates] */
	DPT_OTHERS,     /* f64[rates][classes]: Z_t - 1 */
	DPT_SETTINGS,   /* struct dpt_setting[settings] */
	DPT_SEALS,      /* u64[]: see seals.h */
	DPT_SECTIONS
};

/* Calibrated parameters of a mechanism; see channel.h for their meaning. */
struct dpt_setting {
	char mechanism[24];
	double epsilon, max_unchanged; /* what was asked for */
	double verified;               /* the exact epsilon it has */
	double unchanged_mean, unchanged_token_mean, distance_mean;
	double scale, fallback, mean;
	uint32_t kmax;
	uint32_t rate; /* number of its rate */
};

/* Whether a channel can be made of a setting without harm. */
bool dpt_setting_sane(const struct dpt_setting *s, uint32_t neighbours);

struct dpt_section {
	uint64_t offset, bytes, hash; /* hash: XXH3, 64 bits */
};

struct dpt_header {
	char magic[8];
	uint32_t version, sections;
	uint64_t bytes;    /* of the whole file */
	uint64_t checksum; /* XXH3 of this struct with checksum 0 */
	uint32_t words, classes, dim, neighbours, rates, settings;
	uint32_t lookup_bits, far_rows, far_count;
	uint32_t far_long_rows, far_long_count, cell_rows, cells;
	float coarse_step;
	double merge_below, distance_max, distance_min;
	uint32_t max_pair[2], min_pair[2];
	struct dpt_section section[DPT_SECTIONS];
};

struct dpt_index {
	const struct dpt_header *header;
	uint32_t stride;
	const char *text;
	const uint32_t *offsets, *classes, *starts, *members;
	const uint64_t *lookup;
	const uint32_t *stems;
	const float *vectors;
	struct dpt_lists lists;
	struct dpt_ground ground; /* vectors and lists once more */
	const struct dpt_rate *rates;
	const double *others;
	const struct dpt_setting *settings;
};

/* Slots of the tables DPT_LOOKUP and DPT_STEMS. */
static inline size_t dpt_lookup_slots(const struct dpt_header *h)
{
	return (size_t)1 << h->lookup_bits;
}

/* What it says of far neighbours, without them. */
static inline struct dpt_far dpt_header_far(const struct dpt_header *h)
{
	return (struct dpt_far){.rows = h->far_rows,
	                        .long_rows = h->far_long_rows,
	                        .count = h->far_count,
	                        .long_count = h->far_long_count,
	                        .narrow = h->classes <= DPT_NARROW};
}

/* What DPT_NEAR counts in. */
static inline double dpt_cell_step(const struct dpt_header *h)
{
	return h->distance_max / 512;
}

/* Bytes a section must have under a header; UINT64_MAX: any number. */
uint64_t dpt_section_bytes(const struct dpt_header *h, enum dpt_section_id id);
uint64_t dpt_header_checksum(const struct dpt_header *h);
uint64_t dpt_word_hash(const char *word, size_t len);
/* The metric space of the classes; close it with dpt_space_close. */
DPT_MUST_USE enum dpt_status dpt_index_space(const dpt_index *index,
                                             struct dpt_space *space,
                                             dpt_error *err);
/*
 * Opens an index in memory, which must be aligned and outlive it; late is as
 * in dpt_index_open_late.
 */
DPT_MUST_USE enum dpt_status dpt_index_attach(const void *data, size_t size,
                                              bool late, dpt_index **out,
                                              dpt_error *err);
/* Fills the pointers of an index over what is sound or is to be checked. */
void dpt_index_over(dpt_index *index, const struct dpt_header *header);
/* DPT_EINDEX: something drawn from was damaged, and must not be used. */
DPT_MUST_USE enum dpt_status dpt_index_intact(const dpt_index *index,
                                              dpt_error *err);

static inline const float *dpt_index_row(const dpt_index *index, uint32_t i)
{
	return index->vectors + (size_t)i * index->stride;
}

#endif
