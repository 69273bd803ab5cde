/* SPDX-License-Identifier: MIT */
/* One mechanism on one corpus: what is left to be learnt. */
#ifndef EVAL_TRIAL_H
#define EVAL_TRIAL_H

#include "classify.h"
#include "interval.h"
#include "ngram.h"
#include "source.h"

enum features { TFIDF, MEAN, FEATURES };
/* Trained on text as it is or rewritten, and tested likewise. */
enum regime {
	CLEAN_CLEAN,
	PRIVATE_CLEAN,
	PRIVATE_PRIVATE,
	CLEAN_PRIVATE,
	REGIMES
};
enum { TRIAL_MOST_SEEDS = 1000 };

extern const char *const features_name[FEATURES];
/* "clean" or "private". */
const char *regime_trained(enum regime r);
const char *regime_tested(enum regime r);

/* What all trials on a corpus share: made of its texts as they are. */
struct bench {
	bool uses[FEATURES]; /* set these first */
	const struct source *source;
	const dpt_index *index;
	struct vocabulary words;
	struct model *model[FEATURES];
	struct scores clean[FEATURES];
	struct ngram ngram;
	double perplexity; /* of the test texts */
};

void bench_make(struct bench *b, const struct source *source,
                const dpt_index *index);
void bench_free(struct bench *b);

struct trial {
	double unchanged;  /* share of the words of all texts */
	double cosine;     /* of training texts, see closeness.h */
	double perplexity; /* of rewritten test texts, see ngram.h */
	double vocabulary; /* share that is left in training texts */
	/* Over the seeds; not of CLEAN_CLEAN. */
	struct interval accuracy[FEATURES][REGIMES];
	struct interval macro_f1[FEATURES][REGIMES];
};

/*
 * Rewrites and learns with seeds 1 to seeds; says what is wrong.  Trials of
 * one bench can run in threads of their own.
 */
bool trial_run(const struct bench *b, const dpt_model *model, size_t seeds,
               struct trial *out);

#endif
