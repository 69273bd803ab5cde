/* SPDX-License-Identifier: MIT */
#include "rewrite.h"

#include "error.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* A word of the text. */
struct span {
	uint32_t start, len, record;
};

struct dpt_rewriter {
	const struct dpt_shared *shared;
	dpt_matcher *matcher;
	void *scratch;
	/* growing arrays, one entry a word */
	struct span *span;
	uint32_t *in;  /* its class, or DPT_NO_WORD */
	uint32_t *out; /* words of the vocabulary only: their classes, then
	                * what is drawn for them */
	size_t words, room;
	uint32_t known; /* entries of out */
	/* one entry a record, and one behind the last */
	uint32_t *start; /* in out */
	size_t records, record_room;
	size_t longest;     /* most words in one of them */
	struct dpt_rng rng; /* of the record whose words are put back */
	uint64_t rng_record;
	bool rng_on;
};

enum dpt_status dpt_rewriter_new(const struct dpt_shared *shared,
                                 dpt_rewriter **out, dpt_error *err)
{
	dpt_rewriter *r = calloc(1, sizeof *r);
	*out = NULL;
	if (!r)
		return dpt_fail_memory(err);
	r->shared = shared;
	enum dpt_status status =
	    dpt_matcher_new(shared->pattern, &r->matcher, err);
	if (!status)
		status = dpt_scratch_new(shared->model, &r->scratch, err);
	if (status) {
		dpt_rewriter_free(r);
		return status;
	}
	*out = r;
	return DPT_OK;
}

static void wipe_array(void *array, size_t bytes)
{
	if (array)
		sodium_memzero(array, bytes);
	free(array);
}

void dpt_rewriter_free(dpt_rewriter *r)
{
	if (!r)
		return;
	dpt_matcher_free(r->matcher);
	free(r->scratch);
	wipe_array(r->span, r->room * sizeof *r->span);
	wipe_array(r->in, r->room * sizeof *r->in);
	wipe_array(r->out, r->room * sizeof *r->out);
	free(r->start);
	dpt_rng_wipe(&r->rng);
	free(r);
}

/* A copy with room for more; the old array is wiped. */
static bool grow(void **array, size_t size, size_t used, size_t room)
{
	void *larger = malloc(room * size);
	if (!larger)
		return false;
	if (used)
		memcpy(larger, *array, used * size);
	wipe_array(*array, used * size);
	*array = larger;
	return true;
}

static bool word_room(dpt_rewriter *r)
{
	if (r->words < r->room)
		return true;
	size_t room = r->room ? 2 * r->room : 4096, used = r->words;
	if (!grow((void **)&r->span, sizeof *r->span, used, room) ||
	    !grow((void **)&r->in, sizeof *r->in, used, room) ||
	    !grow((void **)&r->out, sizeof *r->out, used, room))
		return false;
	r->room = room;
	return true;
}

static bool record_room(dpt_rewriter *r)
{
	if (r->records + 1 < r->record_room)
		return true;
	size_t room = r->record_room ? 2 * r->record_room : 1024;
	if (!grow((void **)&r->start, sizeof *r->start, r->record_room, room))
		return false;
	r->record_room = room;
	return true;
}

/* The class of a word as written or, failing that, in lower case. */
static uint32_t look_up(const dpt_index *index, const char *word, size_t len)
{
	char lower[DPT_LONGEST_WORD];
	uint32_t found = dpt_index_find(index, word, len);
	if (found != DPT_NO_WORD)
		return found;
	size_t n = dpt_lower_case(word, len, lower);
	return n ? dpt_index_find(index, lower, n) : DPT_NO_WORD;
}

static enum dpt_status find_words(dpt_rewriter *r, const char *text,
                                  size_t from, size_t to, dpt_error *err)
{
	const dpt_index *index = r->shared->model->index;
	size_t start = from, end = from;
	int found;
	while ((found = dpt_next_word(r->matcher, text, to, end, &start,
	                              &end)) > 0) {
		if (!word_room(r))
			return dpt_fail_memory(err);
		uint32_t class_id = look_up(index, text + start, end - start);
		r->span[r->words] =
		    (struct span){(uint32_t)start, (uint32_t)(end - start),
		                  (uint32_t)r->records};
		r->in[r->words++] = class_id;
		if (class_id != DPT_NO_WORD)
			r->out[r->known++] = class_id;
	}
	return found < 0 ? dpt_fail_memory(err) : DPT_OK;
}

static enum dpt_status find_records(dpt_rewriter *r, const char *text,
                                    size_t len, dpt_error *err)
{
	r->words = r->records = r->longest = r->known = 0;
	for (size_t at = 0; at < len;) {
		const char *newline = memchr(text + at, '\n', len - at);
		size_t end = newline ? (size_t)(newline - text) : len;
		if (!record_room(r))
			return dpt_fail_memory(err);
		size_t before = r->words;
		r->start[r->records] = r->known;
		enum dpt_status status = find_words(r, text, at, end, err);
		if (status)
			return status;
		if (r->words - before > r->longest)
			r->longest = r->words - before;
		r->start[++r->records] = r->known;
		at = end + 1;
	}
	return DPT_OK;
}

/* The stream for choices that have nothing to do with the word itself. */
static struct dpt_rng *outside(dpt_rewriter *r, uint64_t record)
{
	if (!r->rng_on || r->rng_record != record) {
		dpt_rng_start(&r->rng, &r->shared->outside, record);
		r->rng_record = record;
		r->rng_on = true;
	}
	return &r->rng;
}

/* A word of the class: any member is as likely as any other. */
static const char *spell(dpt_rewriter *r, uint32_t class_id, uint64_t record,
                         size_t *len)
{
	const dpt_index *x = r->shared->model->index;
	uint32_t first = x->starts[class_id];
	uint32_t members = x->starts[class_id + 1] - first;
	if (members > 1)
		first += dpt_rng_below(outside(r, record), members);
	uint32_t word = x->members[first];
	*len = x->offsets[word + 1] - x->offsets[word];
	return x->text + x->offsets[word];
}

/* Copies everything between the words and puts what was drawn in place. */
static bool put_back(dpt_rewriter *r, const char *text, size_t len,
                     uint64_t first_record, struct dpt_buf *out,
                     struct dpt_counts *counts)
{
	uint32_t classes = r->shared->model->index->header->classes;
	size_t at = 0;
	uint32_t known = 0;
	for (size_t i = 0; i < r->words; i++) {
		const struct span *s = &r->span[i];
		const char *source = text + s->start;
		uint64_t stream = first_record + s->record;
		uint32_t drawn;
		if (r->in[i] == DPT_NO_WORD) {
			drawn = dpt_rng_below(outside(r, stream), classes);
			counts->outside++;
		} else {
			drawn = r->out[known++];
			counts->unchanged += drawn == r->in[i];
		}
		size_t n;
		const char *word = spell(r, drawn, stream, &n);
		if (!dpt_buf_add(out, text + at, s->start - at) ||
		    !dpt_add_shaped(out, dpt_shape_of(source, s->len), word, n))
			return false;
		at = s->start + s->len;
	}
	return dpt_buf_add(out, text + at, len - at);
}

enum dpt_status dpt_rewrite(dpt_rewriter *r, const char *text, size_t len,
                            uint64_t first_record, struct dpt_buf *out,
                            struct dpt_counts *counts, dpt_error *err)
{
	size_t good = dpt_utf8_prefix(text, len), whole = len;
	if (good < len)
		for (whole = good; whole > 0 && text[whole - 1] != '\n';)
			whole--;
	enum dpt_status status = find_records(r, text, whole, err);
	if (status)
		return status;
	if (r->known > 0) {
		struct dpt_batch batch = {&r->shared->words, first_record,
		                          r->records, r->start, r->out};
		r->shared->model->mech->draw(r->shared->model, &batch,
		                             r->scratch, r->out);
	}
	r->rng_on = false;
	if (!put_back(r, text, whole, first_record, out, counts))
		return dpt_fail_memory(err);
	counts->words += r->words;
	counts->records += r->records;
	if (r->longest > counts->longest)
		counts->longest = r->longest;
	if (whole == len)
		return DPT_OK;
	status = dpt_fail(err, DPT_EFORMAT, "not valid UTF-8");
	if (err)
		err->record = r->records + 1;
	return status;
}
