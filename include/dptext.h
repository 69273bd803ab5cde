/* SPDX-License-Identifier: MIT */
/*
 * dptext: rewriting text under metric differential privacy.
 *
 * Conventions.  Fallible functions return enum dpt_status (DPT_OK is 0) and
 * fill the dpt_error given last, which may be NULL.  The library never
 * prints, never exits and keeps no mutable global state.  Objects made by
 * dpt_x_new, dpt_x_read or dpt_x_open belong to the caller and are released
 * by dpt_x_free, which accepts NULL.  Borrowed pointers are const and stay
 * valid as long as the object they came from.  Immutable objects (vectors,
 * index, model) may be shared by threads.
 *
 * Units.  Distances are Euclidean, in the raw units of the embedding;
 * epsilon is per unit of that distance and per word; probabilities are
 * natural, logarithms are to base e unless a name says bits.
 */
#ifndef DPTEXT_H
#define DPTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define DPT_API __attribute__((visibility("default")))
#define DPT_MUST_USE __attribute__((warn_unused_result))
#else
#define DPT_API
#define DPT_MUST_USE
#endif

#define DPT_VERSION "0.1.0"

/* The version of the library that is running, as "MAJOR.MINOR.PATCH". */
DPT_API const char *dpt_version(void);

/* ------------------------------------------------------------- errors */

enum dpt_status {
	DPT_OK = 0,
	DPT_ENOMEM,   /* out of memory */
	DPT_EIO,      /* the operating system refused a read or a write */
	DPT_EFORMAT,  /* a file or a record is not what it should be */
	DPT_EINDEX,   /* an index file is damaged or of another version */
	DPT_ERANGE,   /* a parameter is outside its range */
	DPT_EUNKNOWN, /* no mechanism, parameter or word of that name */
	DPT_EPRIVACY, /* the guarantee asked for cannot be given */
	DPT_EENTROPY, /* the operating system gave no randomness */
	DPT_EMATH     /* the BLAS library multiplies wrongly */
};

#define DPT_ERROR_TEXT 384

typedef struct dpt_error {
	enum dpt_status status;
	uint64_t record;           /* 1-based record at fault; 0: none */
	char text[DPT_ERROR_TEXT]; /* one line, never any record text */
} dpt_error;

/* A fixed English name such as "out of memory". */
DPT_API const char *dpt_status_name(enum dpt_status status);

/* ------------------------------------------------------------ vectors */

/*
 * Word vectors in memory, in the order of the file (which for the usual
 * embeddings is falling frequency).
 */
typedef struct dpt_vectors dpt_vectors;

struct dpt_vectors_info {
	size_t rows;      /* rows kept */
	size_t dim;       /* numbers a row */
	size_t duplicate; /* rows left out: their word came before */
	size_t not_utf8;  /* rows left out: their word is not UTF-8 */
	const char *format;
};

/*
 * Reads GloVe text, word2vec or fastText text, or word2vec binary (with or
 * without a newline after each vector), plain or gzip, told apart by
 * content.  max_words > 0 stops after that many kept rows.  Rows whose word
 * is not UTF-8, or was seen before, are left out and counted.
 */
DPT_API DPT_MUST_USE enum dpt_status dpt_vectors_read(const char *path,
                                                      size_t max_words,
                                                      dpt_vectors **out,
                                                      dpt_error *err);
DPT_API void dpt_vectors_free(dpt_vectors *v);
DPT_API struct dpt_vectors_info dpt_vectors_about(const dpt_vectors *v);
/* dim numbers, all finite. */
DPT_API const float *dpt_vectors_row(const dpt_vectors *v, size_t row);
/* Not NUL-terminated; its length goes to *len. */
DPT_API const char *dpt_vectors_word(const dpt_vectors *v, size_t row,
                                     size_t *len);

/* -------------------------------------------------------------- files */

/*
 * A new file that is complete under its name or not there at all: what had
 * that name before is replaced by it or stays as it was.  Until then it has
 * no name where the system offers that (O_TMPFILE), otherwise one beside.
 */
typedef struct dpt_file dpt_file;

/* A link is followed.  DPT_EIO where path is there and no regular file. */
DPT_API DPT_MUST_USE enum dpt_status
dpt_file_new(const char *path, dpt_file **out, dpt_error *err);
/* Where to write to. */
DPT_API int dpt_file_descriptor(const dpt_file *file);
/* The name beside, for a handler of signals to remove if it is there. */
DPT_API const char *dpt_file_temporary(const dpt_file *file);
/* Syncs the file and gives it its name. */
DPT_API DPT_MUST_USE enum dpt_status dpt_file_keep(dpt_file *file,
                                                   dpt_error *err);
/* Removes it unless it was kept. */
DPT_API void dpt_file_free(dpt_file *file);

/* -------------------------------------------------------------- index */

/* A mapped, read-only index file (see dptext-index(5)). */
typedef struct dpt_index dpt_index;

/* done and total are in units of work of the stage; stage is a fixed text. */
typedef void dpt_progress_fn(void *ctx, const char *stage, double done,
                             double total);

#define DPT_MAX_NEIGHBOURS 1024

struct dpt_build_options {
	uint32_t neighbours; /* kept for each word, 1..DPT_MAX_NEIGHBOURS */
	double merge_below;  /* words closer than this become one class */
	unsigned threads;    /* at least 1 */
	dpt_progress_fn *progress; /* may be NULL */
	void *progress_ctx;
};

#define DPT_NO_WORD UINT32_MAX

struct dpt_index_info {
	uint64_t words;       /* words that can be looked up */
	uint32_t classes;     /* N: classes of words with one vector */
	uint32_t dim;         /* D */
	uint32_t neighbours;  /* K */
	double merge_below;   /* threshold used when it was built */
	double distance_max;  /* largest distance of two classes */
	double distance_min;  /* smallest distance of two classes */
	uint32_t max_pair[2]; /* the classes that are farthest apart */
	uint32_t min_pair[2]; /* and those that are closest */
	uint32_t rates;       /* settings t for which Z_t is stored */
	uint64_t checksum;    /* XXH3 of header and section table */
	uint64_t bytes;       /* size of the file */
};

/* Writes the index of v to path, completely or not at all. */
DPT_API DPT_MUST_USE enum dpt_status
dpt_index_build(const dpt_vectors *v, const struct dpt_build_options *options,
                const char *path, dpt_error *err);
DPT_API DPT_MUST_USE enum dpt_status
dpt_index_open(const char *path, dpt_index **out, dpt_error *err);
/*
 * The same, but a row of numbers is checked when it is first drawn from: a
 * draw fails with DPT_EINDEX then if it is damaged.  What needs all rows
 * checks all.  Until dpt_index_check has, dpt_index_vector, dpt_index_distance
 * and dpt_index_neighbour may tell anything.
 */
DPT_API DPT_MUST_USE enum dpt_status
dpt_index_open_late(const char *path, dpt_index **out, dpt_error *err);
/* Checks what has not been checked yet. */
DPT_API DPT_MUST_USE enum dpt_status dpt_index_check(const dpt_index *index,
                                                     dpt_error *err);
DPT_API void dpt_index_free(dpt_index *index);
DPT_API struct dpt_index_info dpt_index_about(const dpt_index *index);
/*
 * Checks the content against itself: checksums of all sections, lookup of
 * every word, the table of stems, distances of all stored neighbours, ln Z and
 * neighbour lists of a fixed sample of words by brute force.
 */
DPT_API DPT_MUST_USE enum dpt_status dpt_index_verify(const dpt_index *index,
                                                      dpt_error *err);
/* The class of a word as written, or DPT_NO_WORD. */
DPT_API uint32_t dpt_index_find(const dpt_index *index, const char *word,
                                size_t len);
/* The first (most frequent) word of a class; not NUL-terminated. */
DPT_API const char *dpt_index_word(const dpt_index *index, uint32_t class_id,
                                   size_t *len);
/* Number of words in a class. */
DPT_API size_t dpt_index_members(const dpt_index *index, uint32_t class_id);
/* The vector of a class: dim numbers. */
DPT_API const float *dpt_index_vector(const dpt_index *index,
                                      uint32_t class_id);
/* Exact distance of two classes, in double in a fixed order. */
DPT_API double dpt_index_distance(const dpt_index *index, uint32_t a,
                                  uint32_t b);
/* Neighbour number rank (from 0, nearest first) and its distance, where
 * wanted. */
DPT_API uint32_t dpt_index_neighbour(const dpt_index *index, uint32_t class_id,
                                     uint32_t rank, double *distance);
/* Stored rate number i (below info.rates) and its exact eps_E. */
DPT_API double dpt_index_rate(const dpt_index *index, uint32_t i,
                              double *epsilon);

/* ------------------------------------------------------------ words */

/*
 * How a word of a text was found in an index, by the first rule that finds
 * it; see dptext-privacy(7).
 */
enum dpt_rule {
	DPT_NO_ROW, /* not at all: it is outside the vocabulary */
	DPT_AS_WRITTEN,
	DPT_LETTER_CASE, /* in lower case, or with its case folded */
	DPT_PART,        /* it is short for one, as in don't, or U.S.A. */
	DPT_NO_ACCENTS,
	DPT_REPEATS,   /* with letters that were repeated taken out */
	DPT_SAME_STEM, /* as the most frequent row with its English stem */
	DPT_SECOND,    /* as the second of two rows written together */
	DPT_RULES
};

/* "none", "as written", "case" and so on. */
DPT_API const char *dpt_rule_name(enum dpt_rule rule);

/* --------------------------------------------------------- mechanisms */

enum dpt_guarantee {
	DPT_NONE,     /* not private */
	DPT_NOMINAL,  /* a published claim that does not hold up */
	DPT_VERIFIED, /* checked exactly over all pairs and outputs */
	DPT_THEOREM   /* proved for all inputs */
};

struct dpt_param_about {
	const char *name;
	const char *meaning;
	double low, high; /* the range accepted, ends included */
};

struct dpt_mechanism {
	const char *name;
	const char *summary;
	enum dpt_guarantee guarantee;
	size_t params;
	const struct dpt_param_about *param;
};

DPT_API const char *dpt_guarantee_name(enum dpt_guarantee guarantee);
DPT_API size_t dpt_mechanism_count(void);
/* i below dpt_mechanism_count(); number 0 is the default. */
DPT_API const struct dpt_mechanism *dpt_mechanism_at(size_t i);

/* -------------------------------------------------------------- model */

/* A mechanism with its parameters over an index, ready to draw from. */
typedef struct dpt_model dpt_model;

struct dpt_param {
	const char *name;
	double value;
};

struct dpt_settings {
	const char *mechanism; /* NULL: the default */
	double epsilon;        /* > 0, or 0 when parameters are given */
	double max_unchanged;  /* in (0, 1] */
	size_t params;         /* given parameters: nothing is calibrated */
	const struct dpt_param *param;
	unsigned threads;  /* for calibration and verification */
	const char *cache; /* folder for calibrations; NULL: none is kept */
	double budget;     /* most epsilon of a record; 0: no limit */
	dpt_progress_fn *progress;
	void *progress_ctx;
};

#define DPT_MAX_PARAMS 8
#define DPT_MAX_RUNGS 16

/* An epsilon that words are drawn with. */
struct dpt_rung {
	double requested, verified; /* both 0: any word is as likely */
};

struct dpt_model_info {
	const struct dpt_mechanism *mechanism;
	double epsilon_requested; /* 0: parameters were given */
	double epsilon_verified;  /* what holds; NaN where nothing is known */
	double unchanged_mean;    /* NaN: not known, as with a budget */
	double unchanged_token_mean; /* weighted by 1/(rank + 2.7) */
	double distance_mean;
	double value[DPT_MAX_PARAMS]; /* in the order of mechanism->param */
	double budget;                /* 0: no limit */
	/* What a budget is spent by, in rising order, from 0 to the epsilon
	 * above; that one alone if there is no budget. */
	size_t rungs;
	struct dpt_rung rung[DPT_MAX_RUNGS];
};

/* The model borrows the index, which must outlive it. */
DPT_API DPT_MUST_USE enum dpt_status
dpt_model_new(const dpt_index *index, const struct dpt_settings *settings,
              dpt_model **out, dpt_error *err);
DPT_API void dpt_model_free(dpt_model *model);
DPT_API struct dpt_model_info dpt_model_about(const dpt_model *model);
/*
 * The number of the rung for a record with so many words of the vocabulary:
 * the last that costs them no more than the budget together.
 */
DPT_API size_t dpt_model_rung(const dpt_model *model, uint64_t words);

/* -------------------------------------------------------------- audit */

#define DPT_SUPPORT 0.01 /* outputs at least as likely count for S_w */

/*
 * What a model does, over all words.  Exact, by a pass over all pairs, but
 * for laplace, whose channel is not finite in closed form: there the shares
 * and the distance are simulated and the rest is NaN.
 */
struct dpt_audit {
	bool simulated;
	double epsilon;    /* exact; infinite: no epsilon holds */
	uint32_t worst[3]; /* w, x, v where it is met */
	double unchanged_mean, unchanged_mean_error; /* of P(w|w) */
	double unchanged_token_mean;
	double distance_mean, distance_mean_error; /* expected d(w,v) */
	double in_list_mean;     /* share that stays among the neighbours */
	double support_mean;     /* S_w: outputs with P >= DPT_SUPPORT */
	double bayes_uniform;    /* success of the best guess of w from v */
	double bayes_token;      /* with prior 1/(rank + 2.7) */
	double information_bits; /* mutual information, uniform prior */
	double worst_loss;       /* max ln P(v|w)/P(v|x): plain local DP */
	double row_error; /* largest |1 - sum of a row| of a quadrature */
};

/* Errors are half widths of 95 % intervals, 0 for what is exact. */
DPT_API DPT_MUST_USE enum dpt_status
dpt_model_audit(const dpt_model *model, const struct dpt_settings *settings,
                struct dpt_audit *out, dpt_error *err);

/* Of one word, exactly. */
struct dpt_word_audit {
	double unchanged; /* P(w|w) */
	double distance;  /* expected d(w,v) */
	double support;   /* S_w: outputs with P >= DPT_SUPPORT */
};

/*
 * As dpt_model_audit, and the figures of every class go to each, which has
 * room for all.  DPT_EUNKNOWN for laplace.
 */
DPT_API DPT_MUST_USE enum dpt_status dpt_model_audit_words(
    const dpt_model *model, const struct dpt_settings *settings,
    struct dpt_audit *out, struct dpt_word_audit *each, dpt_error *err);

/* The worst-case loss per word alone, see dpt_audit. */
DPT_API DPT_MUST_USE enum dpt_status
dpt_model_worst_loss(const dpt_model *model, unsigned threads, double *out,
                     dpt_error *err);

/*
 * The exact output distribution of a word: p has room for one probability a
 * class.  DPT_EUNKNOWN for laplace, which has no finite channel.
 */
DPT_API DPT_MUST_USE enum dpt_status
dpt_model_row(const dpt_model *model, uint32_t word, double *p, dpt_error *err);

/*
 * The same channel by outputs: what an attacker needs.  It borrows the model
 * and takes 20 bytes for each stored neighbour.  DPT_EUNKNOWN for laplace.
 */
typedef struct dpt_columns dpt_columns;

DPT_API DPT_MUST_USE enum dpt_status dpt_columns_new(const dpt_model *model,
                                                     unsigned threads,
                                                     dpt_columns **out,
                                                     dpt_error *err);
DPT_API void dpt_columns_free(dpt_columns *columns);
/* Fills p with P(output|w) of every class w; output must be a class. */
DPT_API void dpt_columns_at(const dpt_columns *columns, uint32_t output,
                            double *p);

/* --------------------------------------------------------- randomness */

/* The key of all random streams of a run.  Wipe it when done. */
typedef struct dpt_key {
	unsigned char byte[32];
} dpt_key;

/* From the operating system; fails rather than give anything weaker. */
DPT_API DPT_MUST_USE enum dpt_status dpt_key_random(dpt_key *key,
                                                    dpt_error *err);
/* Reproducible and therefore NOT private: for tests and research only. */
DPT_API void dpt_key_from_seed(dpt_key *key, uint64_t seed);
DPT_API void dpt_key_wipe(dpt_key *key);

/*
 * Draws outputs of n words with the random stream of one record, within the
 * budget of a record if there is one.  in and out hold n class ids and may be
 * the same array.
 */
DPT_API DPT_MUST_USE enum dpt_status
dpt_model_draw(const dpt_model *model, const dpt_key *key, uint64_t record,
               size_t n, const uint32_t *in, uint32_t *out, dpt_error *err);

/* ------------------------------------------ one draw for all of a word */

/*
 * What each word becomes, once and for all: a secret makes pseudonyms of a
 * model.  Wherever a word occurs it has the same replacement, so which words
 * are equal is NOT hidden; see dptext-privacy(7).
 */
typedef struct dpt_codebook dpt_codebook;

#define DPT_SHORTEST_SECRET 32 /* bytes */

/*
 * The same secret makes the same codebook of the same index, mechanism and
 * parameters.  DPT_ERANGE where it is too short or the model has a budget.
 * The model's index is borrowed.
 */
DPT_API DPT_MUST_USE enum dpt_status
dpt_codebook_new(const dpt_model *model, const void *secret, size_t len,
                 unsigned threads, dpt_codebook **out, dpt_error *err);
/* Wipes it. */
DPT_API void dpt_codebook_free(dpt_codebook *book);

/* ------------------------------------------------------------- stream */

/* What a record is, and where in it there is text. */
enum dpt_format {
	DPT_LINES, /* a line; all of it */
	DPT_NUL,   /* what a NUL byte ends; all of it */
	DPT_CSV,   /* RFC 4180; the chosen fields */
	DPT_TSV,   /* a line of fields between tabs, without quotes */
	DPT_JSONL, /* a line of JSON; the chosen strings */
	DPT_FORMATS
};

#define DPT_MAX_FIELDS 64

/* "lines", "nul", "csv", "tsv", "jsonl". */
DPT_API const char *dpt_format_name(enum dpt_format format);
/* Whether fields must be chosen; otherwise none can be. */
DPT_API bool dpt_format_fields(enum dpt_format format);

/*
 * What streams that are put together have in common, in their order: the
 * header of CSV and TSV, which must be the same in all and is written once,
 * and their number of columns.
 */
typedef struct dpt_header dpt_header;

DPT_API DPT_MUST_USE enum dpt_status dpt_header_new(dpt_header **out,
                                                    dpt_error *err);
DPT_API void dpt_header_free(dpt_header *header);

/*
 * What all records of a group, such as those of one user, cost together.
 * Groups are told apart by a hash of 64 bits under a key; nothing else is
 * kept of their names.  Not for several streams at a time.
 */
typedef struct dpt_groups dpt_groups;

DPT_API DPT_MUST_USE enum dpt_status
dpt_groups_new(const dpt_key *key, dpt_groups **out, dpt_error *err);
DPT_API void dpt_groups_free(dpt_groups *groups);

/* What becomes of a record that is not what its format says, or too long. */
enum dpt_on_error {
	DPT_STOP,     /* it and all behind it are not written: a fault */
	DPT_SKIP,     /* it is left out */
	DPT_PASS_NONE /* an empty one is written: an empty line or string, {},
	               * or one whose chosen fields are empty */
};

/*
 * How amounts are distributed: exact but for the intervals, each a 16th part
 * of the distance between two powers of two; amounts below 32 have one of
 * their own.  All 0 is that of no amounts.
 */
#define DPT_SPREAD_INTERVALS 976
struct dpt_spread {
	uint64_t count, sum, least, most;
	uint64_t interval[DPT_SPREAD_INTERVALS]; /* amounts in each */
};

DPT_API void dpt_spread_add(struct dpt_spread *spread, uint64_t amount);
/* Adds all amounts of another. */
DPT_API void dpt_spread_join(struct dpt_spread *to,
                             const struct dpt_spread *more);
/*
 * What a share of the amounts, in (0, 1], does not exceed: the end of an
 * interval, so at most a 16th too large.  0 for no amounts.
 */
DPT_API uint64_t dpt_spread_quantile(const struct dpt_spread *spread,
                                     double share);
/* The largest amount in interval number i. */
DPT_API uint64_t dpt_spread_end(size_t i);

/* Epsilons are counted in whole millionths, rounded up. */
#define DPT_EPSILON_UNITS 1000000
/* What becomes of words outside the vocabulary. */
enum dpt_oov {
	DPT_OOV_REPLACE, /* a word drawn uniformly from the vocabulary */
	DPT_OOV_MASK,    /* [WORD] */
	DPT_OOV_DROP,    /* nothing */
	DPT_OOV_KEEP,    /* they pass through: not private */
	DPT_OOVS
};

/* What becomes of digits. */
enum dpt_numbers {
	DPT_NUMBERS_RANDOM, /* each is drawn anew, uniformly */
	DPT_NUMBERS_MASK,   /* a number becomes [NUMBER] */
	DPT_NUMBERS_KEEP,   /* they pass through: not private */
	DPT_NUMBERS
};

/* What is told by its form, and masked: [EMAIL], [URL] and so on. */
enum dpt_kind {
	DPT_EMAIL,
	DPT_URL,
	DPT_HANDLE, /* @name */
	DPT_CARD,   /* digits in the groups of a payment card */
	DPT_PHONE,  /* digits in the groups of a telephone number */
	DPT_KINDS
};

/* "replace", "mask", "drop", "keep"; "random", "mask", "keep"; "email"... */
DPT_API const char *dpt_oov_name(enum dpt_oov oov);
DPT_API const char *dpt_numbers_name(enum dpt_numbers numbers);
DPT_API const char *dpt_kind_name(enum dpt_kind kind);

/* What the mechanism does not see; all zero is the default.  What each of it
 * does to the guarantee is told in dptext-privacy(7). */
struct dpt_policy {
	enum dpt_oov oov;
	enum dpt_numbers numbers;
	unsigned unmasked;   /* kinds that are text like any other: 1 << kind */
	bool lower;          /* the letter case of words is not kept */
	bool keep_stopwords; /* a fixed list of words passes through */
	/* Words that pass through, in UTF-8, whatever their letter case. */
	const char *const *keep;
	size_t keeps;
};

struct dpt_counts {
	uint64_t records;   /* broken ones too, unless they are a fault */
	uint64_t broken;    /* left out or replaced by empty ones */
	uint64_t words;     /* word tokens seen */
	uint64_t unchanged; /* came out as they went in */
	uint64_t outside;   /* outside the vocabulary: see dpt_oov */
	uint64_t kept;      /* passed through as public words */
	uint64_t numbers;   /* no words; see dpt_numbers */
	uint64_t masked[DPT_KINDS]; /* nor are these */
	uint64_t bytes_in;
	uint64_t bytes_out;
	/* of each record that is not broken */
	struct dpt_spread record_words;
	/*
	 * The sum of epsilon over its words, in millionths; without amounts
	 * where it is not known or has no bound.
	 */
	struct dpt_spread record_epsilon;
	/* How many records, and words of the vocabulary, had which rung. */
	uint64_t rung_records[DPT_MAX_RUNGS];
	uint64_t rung_words[DPT_MAX_RUNGS];
};

/* Adds the counts of another part of a run. */
DPT_API void dpt_counts_add(struct dpt_counts *to,
                            const struct dpt_counts *more);

struct dpt_stream_options {
	const dpt_model *model;
	const dpt_key *key;
	const dpt_codebook *codebook; /* NULL: each word is drawn anew */
	uint64_t first_record;        /* number of records rewritten before,
	                               * below 2^62 */
	unsigned threads;             /* at least 1 */
	size_t chunk; /* bytes read at a time, at most 1 GiB; 0: a good size */
	/* Returns bytes read, 0 at the end, -1 with errno set. */
	ptrdiff_t (*read)(void *ctx, void *buffer, size_t size);
	/* Whether a read would not have to wait; NULL: never known. */
	bool (*ready)(void *ctx);
	/* Writes all and returns 0, or -1 with errno set. */
	int (*write)(void *ctx, const void *bytes, size_t size);
	/*
	 * Called after what was written when nothing more was waiting behind
	 * it; returns like write.  NULL: nothing is to be done then.
	 */
	int (*flush)(void *ctx);
	/* Called by the reading thread after each chunk; may be NULL. */
	void (*progress)(void *ctx, uint64_t bytes_in);
	/*
	 * Called for each word by the thread that rewrites it, as it is spelt
	 * in its record; for research, may be NULL.  It is private text.
	 */
	void (*word)(void *ctx, const char *word, size_t len,
	             enum dpt_rule rule);
	void *ctx;
	enum dpt_on_error on_error;
	struct dpt_policy policy;
	/* Bytes of a record without its end, at most 1 GiB; 0: 256 MiB. */
	size_t longest;
	enum dpt_format format; /* all below is about formats with fields */
	/*
	 * The chosen ones, at most DPT_MAX_FIELDS.  CSV and TSV: the name of
	 * a column in the header or, if none has it, its number from 1.  JSON
	 * Lines: keys with dots between them, [] for every element of an
	 * array, as in turns[].text; a backslash before a dot, a bracket, a
	 * question mark or a backslash makes it part of a key; with a
	 * question mark at its end the string may be missing.
	 */
	const char *const *field;
	size_t fields;
	bool no_header;     /* CSV, TSV: the first record is like any other */
	dpt_header *header; /* NULL: the stream stands alone */
	/*
	 * Where records are accounted for by group: the field with the name
	 * of the group, at most one in a record, and the accounts.  NULL: they
	 * are not.
	 */
	const char *group;
	dpt_groups *groups;
};

/*
 * Rewrites the records of a stream.  A header is no record.  Everything
 * before a fault is written; the fault is returned with its record number
 * (1-based, in this stream), DPT_ERANGE where fields do not go with the
 * format.  A header that is wrong is a fault in any case.  Where broken
 * records were counted, and nothing else was wrong, err is about the first.
 */
DPT_API DPT_MUST_USE enum dpt_status
dpt_stream(const struct dpt_stream_options *options, struct dpt_counts *counts,
           dpt_error *err);

/* --------------------------------------------------------- accounting */

/*
 * The plain local differential privacy of a record of so many words, each of
 * which costs at most epsilon (natural logarithm, not per unit of distance;
 * at least 0, may be infinite): the sum, and the optimal composition for a
 * delta in (0, 1), of Kairouz, Oh and Viswanath, "The composition theorem
 * for differential privacy" (ICML 2015), theorem 3.3: the smallest
 * (k-2i) epsilon whose delta_i is at most delta.  It is the sum for any other
 * delta and for more than 2^32 words.  Without words the cost is 0; NaN stays
 * NaN.
 */
DPT_API double dpt_compose_basic(double epsilon, uint64_t words);
DPT_API double dpt_compose_optimal(double epsilon, uint64_t words,
                                   double delta);

/* Of each group; epsilon as in dpt_counts. */
struct dpt_group_counts {
	struct dpt_spread records, words, epsilon;
};

/* What was accounted for so far. */
DPT_API void dpt_groups_count(const dpt_groups *groups,
                              struct dpt_group_counts *out);

/* What is known of a run, or of several; filled by the caller. */
struct dpt_report {
	struct dpt_model_info model;
	struct dpt_index_info index;
	struct dpt_counts counts; /* of all streams together */
	struct dpt_policy policy; /* of each of them */
	uint64_t reports;         /* put together by dpt_report_add; 0 is 1 */
	bool grouped;             /* there are accounts of groups */
	/* Of several reports only bounds: records.count, and the most of each
	 * of the three if epsilon.count is not 0. */
	struct dpt_group_counts groups;
	double max_unchanged;   /* as asked for; NaN: not calibrated for */
	double worst_case_loss; /* dpt_model_worst_loss; NaN: not known */
	double delta;           /* in (0, 1), for the composition */
	bool consistent;        /* from a codebook */
	bool reproducible;      /* from a seed, and so not private */
	bool complete;          /* the run ended without a fault */
};

/*
 * Writes the report as one JSON object, completely or not at all: a file that
 * was there before is replaced by it or stays as it was.  What is not known
 * is null; what is known to be unbounded is the string "infinite".  The same
 * report makes the same bytes.  Where worst_case_loss is not known, the loss
 * per word is bounded by epsilon times the largest distance of the index, and
 * with a budget that of a record is.  All are about words of the vocabulary.
 * DPT_EIO where path is not a regular file.
 */
DPT_API DPT_MUST_USE enum dpt_status
dpt_report_write(const char *path, const struct dpt_report *report,
                 dpt_error *err);
/*
 * Reads a report that was written by this version.  It has what is needed to
 * write it again, and of the index no more.  DPT_EFORMAT where it is none.
 */
DPT_API DPT_MUST_USE enum dpt_status
dpt_report_read(const char *path, struct dpt_report *out, dpt_error *err);
/*
 * Adds the report of another run, such as over another part of the same data.
 * DPT_ERANGE unless index, mechanism, parameters, epsilon, delta and kind of
 * accounts are the same.  Groups cannot be told from those of another run.
 */
DPT_API DPT_MUST_USE enum dpt_status
dpt_report_add(struct dpt_report *to, const struct dpt_report *more,
               dpt_error *err);

#ifdef __cplusplus
}
#endif
#endif
