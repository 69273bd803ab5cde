/* SPDX-License-Identifier: MIT */
/*
 * One draw for each class, as if it were a record of its own: its stream is
 * that of its number under a key that comes from the secret.
 */
#include "codebook.h"

#include "error.h"
#include "mech.h"
#include "parallel.h"
#include "token.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 1024U /* classes drawn together */

enum purpose { WORDS, MEMBERS, OTHERS, HASH };

struct dpt_codebook {
	const dpt_index *index;
	dpt_key others; /* streams of words outside the vocabulary */
	unsigned char hash[crypto_shorthash_KEYBYTES]; /* and their numbers */
	uint32_t *word;                                /* one a class */
};

/*
 * Another index, mechanism or parameter must not use the same randomness
 * again: whoever saw both results would learn more than both tell.
 */
static void derive(const dpt_model *model, const void *secret, size_t len,
                   dpt_key *key)
{
	const struct dpt_model_info *info = &model->info;
	const struct dpt_mechanism *about = &model->mech->about;
	unsigned char hashed[32];
	crypto_generichash_state state;
	double epsilon = about->params ? 0 : info->epsilon_requested;
	crypto_generichash(hashed, sizeof hashed, secret, len, NULL, 0);
	crypto_generichash_init(&state, hashed, sizeof hashed,
	                        sizeof key->byte);
	const struct {
		const void *bytes;
		size_t size;
	} part[] = {
	    {"dptext c", 8},
	    {about->name, strlen(about->name) + 1},
	    {&model->index->header->checksum, 8},
	    {&epsilon, sizeof epsilon},
	    {info->value, about->params * sizeof *info->value},
	};
	for (size_t i = 0; i < sizeof part / sizeof *part; i++)
		crypto_generichash_update(&state, part[i].bytes, part[i].size);
	crypto_generichash_final(&state, key->byte, sizeof key->byte);
	sodium_memzero(hashed, sizeof hashed);
	sodium_memzero(&state, sizeof state);
}

struct job {
	const dpt_model *model;
	dpt_codebook *book;
	dpt_key words, members;
	void **scratch; /* one a thread */
};

/* Any word of the class is as likely as any other. */
static uint32_t choose_member(const dpt_index *x, uint32_t class_id,
                              struct dpt_rng *rng)
{
	uint32_t first = x->starts[class_id];
	uint32_t members = x->starts[class_id + 1] - first;
	return x->members[members > 1 ? first + dpt_rng_below(rng, members)
	                              : first];
}

static void draw_block(void *ctx, unsigned thread, size_t item)
{
	struct job *j = ctx;
	const dpt_index *x = j->model->index;
	uint32_t n = x->header->classes, first = (uint32_t)item * BLOCK;
	uint32_t count = n - first < BLOCK ? n - first : BLOCK;
	uint32_t start[BLOCK + 1], word[BLOCK];
	struct dpt_batch batch = {&j->words, first, count, start, word};
	for (uint32_t i = 0; i < count; i++) {
		start[i] = i;
		word[i] = first + i;
	}
	start[count] = count;
	j->model->mech->draw(j->model, &batch, j->scratch[thread], word);
	for (uint32_t i = 0; i < count; i++) {
		struct dpt_rng rng;
		dpt_rng_start(&rng, &j->members, first + i);
		j->book->word[first + i] = choose_member(x, word[i], &rng);
		dpt_rng_wipe(&rng);
	}
	sodium_memzero(word, sizeof word);
}

static enum dpt_status draw_all(struct job *j, unsigned threads, dpt_error *err)
{
	enum dpt_status status = DPT_OK;
	uint32_t n = j->model->index->header->classes;
	j->scratch = calloc(threads, sizeof *j->scratch);
	if (!j->scratch)
		return dpt_fail_memory(err);
	for (unsigned i = 0; !status && i < threads; i++)
		status = dpt_scratch_new(j->model, &j->scratch[i], err);
	if (!status)
		dpt_parallel(threads, (n + BLOCK - 1) / BLOCK, draw_block, j);
	if (!status)
		status = dpt_index_intact(j->model->index, err);
	for (unsigned i = 0; i < threads; i++)
		dpt_scratch_free(j->model, j->scratch[i]);
	free(j->scratch);
	return status;
}

static void take_keys(struct job *j, const void *secret, size_t len)
{
	dpt_key key, hash;
	derive(j->model, secret, len, &key);
	dpt_key_derive(&j->words, &key, WORDS);
	dpt_key_derive(&j->members, &key, MEMBERS);
	dpt_key_derive(&j->book->others, &key, OTHERS);
	dpt_key_derive(&hash, &key, HASH);
	memcpy(j->book->hash, hash.byte, sizeof j->book->hash);
	dpt_key_wipe(&hash);
	dpt_key_wipe(&key);
}

enum dpt_status dpt_codebook_new(const dpt_model *model, const void *secret,
                                 size_t len, unsigned threads,
                                 dpt_codebook **out, dpt_error *err)
{
	*out = NULL;
	if (len < DPT_SHORTEST_SECRET)
		return dpt_fail(err, DPT_ERANGE,
		                "a secret of less than %d bytes",
		                DPT_SHORTEST_SECRET);
	if (model->info.budget > 0)
		return dpt_fail(err, DPT_ERANGE,
		                "a budget is for words that are drawn each "
		                "time anew");
	struct job j = {.model = model, .book = calloc(1, sizeof *j.book)};
	if (!j.book)
		return dpt_fail_memory(err);
	j.book->index = model->index;
	j.book->word =
	    calloc(model->index->header->classes, sizeof *j.book->word);
	take_keys(&j, secret, len);
	enum dpt_status status =
	    j.book->word ? draw_all(&j, threads, err) : dpt_fail_memory(err);
	dpt_key_wipe(&j.words);
	dpt_key_wipe(&j.members);
	if (status)
		dpt_codebook_free(j.book);
	else
		*out = j.book;
	return status;
}

void dpt_codebook_free(dpt_codebook *book)
{
	if (!book)
		return;
	if (book->word)
		sodium_memzero(book->word, book->index->header->classes *
		                               sizeof *book->word);
	free(book->word);
	sodium_memzero(book, sizeof *book);
	free(book);
}

uint32_t dpt_codebook_known(const dpt_codebook *book, uint32_t class_id)
{
	return book->word[class_id];
}

/* A hash that two words share makes them alike, no worse. */
uint32_t dpt_codebook_other(const dpt_codebook *book, const char *word,
                            size_t len)
{
	struct dpt_rng rng;
	char lower[DPT_LONGEST_WORD];
	unsigned char hash[crypto_shorthash_BYTES];
	uint64_t stream;
	size_t n = dpt_lower_case(word, len, lower);
	crypto_shorthash(hash, (const unsigned char *)(n ? lower : word),
	                 n ? n : len, book->hash);
	memcpy(&stream, hash, sizeof stream);
	dpt_rng_start(&rng, &book->others, stream % DPT_RNG_RECORDS);
	uint32_t drawn = dpt_rng_below(&rng, book->index->header->classes);
	uint32_t out = choose_member(book->index, drawn, &rng);
	dpt_rng_wipe(&rng);
	sodium_memzero(lower, sizeof lower);
	return out;
}
