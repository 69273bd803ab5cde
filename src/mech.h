/* SPDX-License-Identifier: MIT */
/*
 * What a mechanism is.  Adding one: a file in src/mech/ that defines a
 * struct dpt_mech, and a row in mech.def.
 */
#ifndef DPT_MECH_H
#define DPT_MECH_H

#include "index.h"
#include "rng.h"
#include "verify.h"

/*
 * Words to draw for, by record: those of record number first_record + i are
 * word[start[i]] to word[start[i + 1] - 1].
 */
struct dpt_batch {
	const dpt_key *key;
	uint64_t first_record;
	size_t records;
	const uint32_t *start; /* records + 1 */
	const uint32_t *word;  /* class ids */
};

struct dpt_model {
	const struct dpt_mech *mech;
	const dpt_index *index;
	struct dpt_model_info info;
	void *state;               /* of the mechanism; immutable to callers */
	struct dpt_ladder *ladder; /* with a budget; otherwise NULL */
};

struct dpt_mech {
	struct dpt_mechanism about;
	/* Fills model->state and model->info; settings are in range. */
	enum dpt_status (*open)(dpt_model *model,
	                        const struct dpt_settings *settings,
	                        dpt_error *err);
	void (*close)(void *state); /* accepts NULL */
	/*
	 * The setting for an epsilon and a largest unchanged share; build
	 * stores some in every index.  NULL: nothing is calibrated.
	 */
	enum dpt_status (*calibrate)(struct dpt_rates *rates, double epsilon,
	                             double max_unchanged,
	                             struct dpt_setting *out, dpt_error *err);
	/*
	 * The exact channel: fills rows->log, rows->tail and rows->t for the
	 * words from first on, count of them, by the numbers of rows.  NULL:
	 * the channel is not finite.
	 */
	void (*rows)(const dpt_model *model, uint32_t first, uint32_t count,
	             struct dpt_rows *rows);
	/* Bytes of scratch a thread needs for draw; NULL: none. */
	size_t (*scratch)(const dpt_model *model);
	/* Draws for all words of the batch; out may be batch->word. */
	void (*draw)(const dpt_model *model, const struct dpt_batch *batch,
	             void *scratch, uint32_t *out);
	/* open and draw check what they use of an index that is opened late. */
	bool late;
	/* So slow that threads share less of the text at a time. */
	bool slow;
};

/* Mechanism number i, or NULL behind the last. */
const struct dpt_mech *dpt_mech_at(size_t i);

/* DPT_EUNKNOWN: the mechanism of the model has no rows. */
enum dpt_status dpt_fail_rows(const dpt_model *model, dpt_error *err);

/*
 * Draws for all words of the batch, within the budget if there is one.
 * DPT_EINDEX: the index is damaged, and nothing of out may be used.
 */
DPT_MUST_USE enum dpt_status dpt_draw(const dpt_model *model,
                                      const struct dpt_batch *batch,
                                      void *scratch, uint32_t *out,
                                      dpt_error *err);

/* Scratch for one thread, aligned for vectors. */
DPT_MUST_USE enum dpt_status dpt_scratch_new(const dpt_model *model, void **out,
                                             dpt_error *err);
/* Wipes it: noise tells what was drawn for.  Accepts NULL. */
void dpt_scratch_free(const dpt_model *model, void *scratch);

#define DPT_MECH(name) extern const struct dpt_mech dpt_mech_##name;
#include "mech.def"
#undef DPT_MECH

#endif
