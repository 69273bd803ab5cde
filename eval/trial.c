/* SPDX-License-Identifier: MIT */
#include "trial.h"

#include "closeness.h"
#include "memory.h"
#include "msg.h"

#include <math.h>
#include <stdlib.h>

const char *const features_name[FEATURES] = {"tfidf", "mean"};

const char *regime_trained(enum regime r)
{
	return r == PRIVATE_CLEAN || r == PRIVATE_PRIVATE ? "private" : "clean";
}

const char *regime_tested(enum regime r)
{
	return r == PRIVATE_PRIVATE || r == CLEAN_PRIVATE ? "private" : "clean";
}

static void vectors_of(struct vectors *x, enum features features,
                       const struct bench *b, const struct vocabulary *words,
                       const struct texts *texts)
{
	if (features == TFIDF)
		vectors_tfidf(x, words, texts);
	else
		vectors_mean(x, b->index, texts);
}

static struct model *learn(enum features features, const struct bench *b,
                           const struct vocabulary *words,
                           const struct texts *texts)
{
	struct vectors x;
	vectors_of(&x, features, b, words, texts);
	struct model *model = classify_train(&x, b->source->train.label);
	vectors_free(&x);
	return model;
}

static struct scores test(enum features features, const struct bench *b,
                          const struct vocabulary *words,
                          const struct model *model, const struct texts *texts)
{
	struct vectors x;
	const struct source *s = b->source;
	vectors_of(&x, features, b, words, texts);
	struct scores scores =
	    classify_test(model, &x, s->test.label, s->labels.n);
	vectors_free(&x);
	return scores;
}

void bench_make(struct bench *b, const struct source *s, const dpt_index *index)
{
	b->source = s;
	b->index = index;
	vocabulary_make(&b->words, &s->train.texts);
	for (enum features f = 0; f < FEATURES; f++) {
		if (!b->uses[f])
			continue;
		b->model[f] = learn(f, b, &b->words, &s->train.texts);
		b->clean[f] =
		    test(f, b, &b->words, b->model[f], &s->test.texts);
	}
	ngram_make(&b->ngram, &s->train.texts);
	b->perplexity = ngram_perplexity(&b->ngram, &s->test.texts);
}

void bench_free(struct bench *b)
{
	vocabulary_free(&b->words);
	for (enum features f = 0; f < FEATURES; f++)
		if (b->model[f])
			classify_free(b->model[f]);
	ngram_free(&b->ngram);
	*b = (struct bench){0};
}

/* --------------------------------------------------------------- trials */

/* What comes of one seed. */
struct round {
	struct texts train, test;
	double words, unchanged, cosine, perplexity, vocabulary;
	struct scores scores[FEATURES][REGIMES];
};

/* With the numbers that records have if the test texts follow the others. */
static bool rewrite(const struct corpus *c, const dpt_model *model,
                    uint64_t seed, uint64_t first, struct round *r,
                    struct texts *out)
{
	struct dpt_counts counts;
	dpt_error err;
	struct progress none = {0};
	if (texts_rewrite(&c->texts, model, seed, first, 1, &none, out, &counts,
	                  &err)) {
		msg("text %llu: %s", (unsigned long long)(first + err.record),
		    err.text);
		return false;
	}
	r->words += (double)counts.words;
	r->unchanged += (double)counts.unchanged;
	return true;
}

static void learn_round(const struct bench *b, struct round *r)
{
	struct vocabulary words;
	const struct texts *clean = &b->source->test.texts;
	vocabulary_make(&words, &r->train);
	for (enum features f = 0; f < FEATURES; f++) {
		if (!b->uses[f])
			continue;
		struct model *m = learn(f, b, &words, &r->train);
		struct scores *scores = r->scores[f];
		scores[PRIVATE_CLEAN] = test(f, b, &words, m, clean);
		scores[PRIVATE_PRIVATE] = test(f, b, &words, m, &r->test);
		scores[CLEAN_PRIVATE] =
		    test(f, b, &b->words, b->model[f], &r->test);
		classify_free(m);
	}
	vocabulary_free(&words);
}

static bool run_round(const struct bench *b, const dpt_model *model,
                      uint64_t seed, struct round *r)
{
	const struct source *s = b->source;
	*r = (struct round){0};
	bool ok =
	    rewrite(&s->train, model, seed, 0, r, &r->train) &&
	    rewrite(&s->test, model, seed, s->train.texts.rows, r, &r->test);
	if (ok) {
		r->cosine =
		    closeness_cosine(b->index, &s->train.texts, &r->train);
		r->vocabulary =
		    closeness_vocabulary(&s->train.texts, &r->train);
		r->perplexity = ngram_perplexity(&b->ngram, &r->test);
		learn_round(b, r);
	}
	texts_free(&r->train);
	texts_free(&r->test);
	return ok;
}

static void gather(const struct round *round, size_t n, enum features f,
                   enum regime r, struct trial *out)
{
	double accuracy[TRIAL_MOST_SEEDS], macro_f1[TRIAL_MOST_SEEDS];
	for (size_t i = 0; i < n; i++) {
		accuracy[i] = round[i].scores[f][r].accuracy;
		macro_f1[i] = round[i].scores[f][r].macro_f1;
	}
	out->accuracy[f][r] = interval_of(accuracy, n);
	out->macro_f1[f][r] = interval_of(macro_f1, n);
}

bool trial_run(const struct bench *b, const dpt_model *model, size_t seeds,
               struct trial *out)
{
	struct round *round = memory_new(seeds, sizeof *round);
	double words = 0, unchanged = 0, n = (double)seeds;
	bool ok = true;
	*out = (struct trial){0};
	for (size_t i = 0; ok && i < seeds; i++) {
		struct round *r = &round[i];
		ok = run_round(b, model, i + 1, r);
		words += r->words;
		unchanged += r->unchanged;
		out->cosine += r->cosine / n;
		out->perplexity += r->perplexity / n;
		out->vocabulary += r->vocabulary / n;
	}
	out->unchanged = words > 0 ? unchanged / words : NAN;
	for (enum features f = 0; ok && f < FEATURES; f++)
		for (enum regime r = PRIVATE_CLEAN; r < REGIMES; r++)
			gather(round, seeds, f, r, out);
	free(round);
	return ok;
}
