/* SPDX-License-Identifier: MIT */
#include "rewrite.h"

#include "error.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define AHEAD 8 /* words between asking for memory and using it */

/* A word of the text. */
struct span {
	uint32_t start, len, record;
};

/*
 * What short words were looked up, so that a word that is met again needs
 * neither its hash nor the tables of the index.  Bytes beyond its end are 0,
 * as no byte of a word is.
 */
#define MEMO_BITS 14
#define MEMO_BYTES 16
struct memo {
	uint64_t byte[MEMO_BYTES / 8];
	uint32_t class_id;
};

struct dpt_rewriter {
	const struct dpt_shared *shared;
	struct memo *memo; /* 1 << MEMO_BITS of them */
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

/*
 * A class as it is written, where it is short and has one word; its length
 * is the last byte.  Otherwise that is 0, and the index tells.
 */
#define SHORT 16
struct dpt_spelling {
	char text[SHORT];
};

static void fill_spelling(const dpt_index *x, uint32_t class_id, char *text)
{
	size_t len;
	const char *word = dpt_index_word(x, class_id, &len);
	if (len >= SHORT || dpt_index_members(x, class_id) > 1)
		return;
	memcpy(text, word, len);
	text[SHORT - 1] = (char)len;
}

enum dpt_status dpt_shared_open(struct dpt_shared *shared,
                                const dpt_model *model, const dpt_key *key,
                                dpt_error *err)
{
	uint32_t n = model->index->header->classes;
	*shared = (struct dpt_shared){.model = model};
	shared->spelling = calloc(n, sizeof *shared->spelling);
	enum dpt_status status = dpt_pattern_new(&shared->pattern, err);
	if (!status && !shared->spelling)
		status = dpt_fail_memory(err);
	for (uint32_t i = 0; !status && i < n; i++)
		fill_spelling(model->index, i, shared->spelling[i].text);
	dpt_key_derive(&shared->words, key, 0);
	dpt_key_derive(&shared->outside, key, 1);
	return status;
}

void dpt_shared_close(struct dpt_shared *shared)
{
	dpt_pattern_free(shared->pattern);
	free(shared->spelling);
	dpt_key_wipe(&shared->words);
	dpt_key_wipe(&shared->outside);
}

enum dpt_status dpt_rewriter_new(const struct dpt_shared *shared,
                                 dpt_rewriter **out, dpt_error *err)
{
	dpt_rewriter *r = calloc(1, sizeof *r);
	*out = NULL;
	if (!r)
		return dpt_fail_memory(err);
	r->shared = shared;
	r->memo = calloc((size_t)1 << MEMO_BITS, sizeof *r->memo);
	enum dpt_status status =
	    dpt_matcher_new(shared->pattern, &r->matcher, err);
	if (!status && !r->memo)
		status = dpt_fail_memory(err);
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
	wipe_array(r->memo, ((size_t)1 << MEMO_BITS) * sizeof *r->memo);
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

/* The first n bytes of 8 as a number; n may be more. */
static uint64_t first_bytes(const char *bytes, size_t n)
{
	uint64_t v;
	memcpy(&v, bytes, sizeof v);
	return n >= sizeof v ? v : v & ((UINT64_C(1) << 8 * n) - 1);
}

/* The same by way of the memo; room bytes of word can be read. */
static uint32_t recall(dpt_rewriter *r, const char *word, size_t n, size_t room)
{
	char copy[MEMO_BYTES] = {0};
	const char *from = word;
	if (n > MEMO_BYTES)
		return look_up(r->shared->model->index, word, n);
	if (room < MEMO_BYTES)
		from = memcpy(copy, word, n);
	uint64_t a = first_bytes(from, n);
	uint64_t b = n > 8 ? first_bytes(from + 8, n - 8) : 0;
	uint64_t hash =
	    (a ^ (b << 32 | b >> 32)) * UINT64_C(0x9E3779B97F4A7C15);
	struct memo *m = &r->memo[hash >> (64 - MEMO_BITS)];
	if (m->byte[0] != a || m->byte[1] != b) {
		m->byte[0] = a;
		m->byte[1] = b;
		m->class_id = look_up(r->shared->model->index, word, n);
	}
	return m->class_id;
}

static enum dpt_status find_words(dpt_rewriter *r, const char *text,
                                  size_t from, size_t to, dpt_error *err)
{
	size_t start = from, end = from;
	int found;
	while ((found = dpt_next_word(r->matcher, text, to, end, &start,
	                              &end)) > 0) {
		if (!word_room(r))
			return dpt_fail_memory(err);
		uint32_t class_id =
		    recall(r, text + start, end - start, to - start);
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

/* Copies n bytes; room more than n can be read and written. */
static void copy(char *to, const char *from, size_t n, bool room)
{
	if (n <= SHORT && room)
		memcpy(to, from, SHORT);
	else
		memcpy(to, from, n);
}

/* Writes a class in the letter case of source. */
static bool put_word(dpt_rewriter *r, uint32_t class_id, uint64_t record,
                     const char *source, size_t source_len, struct dpt_buf *out)
{
	const char *text = r->shared->spelling[class_id].text;
	enum dpt_shape shape = dpt_shape_of(source, source_len);
	if (shape == DPT_LOWER && text[SHORT - 1]) {
		memcpy(out->data + out->len, text, SHORT); /* there is room */
		out->len += (size_t)text[SHORT - 1];
		return true;
	}
	size_t n;
	const char *word = spell(r, class_id, record, &n);
	return dpt_add_shaped(out, shape, word, n);
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
		uint64_t stream = first_record + s->record;
		size_t gap = s->start - at;
		uint32_t drawn;
		if (known + AHEAD < r->known)
			__builtin_prefetch(
			    &r->shared->spelling[r->out[known + AHEAD]]);
		if (r->in[i] == DPT_NO_WORD) {
			drawn = dpt_rng_below(outside(r, stream), classes);
			counts->outside++;
		} else {
			drawn = r->out[known++];
			counts->unchanged += drawn == r->in[i];
		}
		if (!dpt_buf_room(out, gap + 2 * SHORT))
			return false;
		copy(out->data + out->len, text + at, gap, at + SHORT <= len);
		out->len += gap;
		if (!put_word(r, drawn, stream, text + s->start, s->len, out))
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
