/* SPDX-License-Identifier: MIT */
#include "rewrite.h"

#include "codebook.h"
#include "error.h"
#include "spread.h"
#include "table.h"
#include "words.h"

#include <limits.h>
#include <math.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unictype.h>
#include <unistr.h>

#define STACK ((size_t)64 << 10)
#define AHEAD 16 /* words between asking for memory and using it */

/* A word of the text. */
struct span {
	uint32_t start, len, record;
};

/*
 * What short words were looked up, so that a word that is met again needs
 * neither its hash nor the tables of the index: of every hash WAYS words, the
 * one met last first, in a cache line.  Bytes beyond the end of a word are 0,
 * as no byte of a word is.
 */
#define MEMO_BITS 16 /* of the number of lines, at most */
#define MEMO_FIRST 6 /* at the beginning: most texts are short */
#define MEMO_BYTES 16
#define WAYS 3
struct memo {
	_Alignas(64) uint64_t byte[WAYS][MEMO_BYTES / 8];
	uint32_t class_id[WAYS];
};

#define PLAIN 64 /* words looked up together, to wait for memory once */

/*
 * What stands in for the class of what has none, beside DPT_NO_WORD: a public
 * word, and signs of every kind.
 */
#define PUBLIC (DPT_NO_WORD - 1)
#define SIGN(kind) (PUBLIC - 1 - (kind))
#define LATER (SIGN(DPT_NUMBER) - 1) /* still to be looked up */
#define FIRST_OTHER LATER

struct record {
	size_t first;   /* of its words */
	size_t signs;   /* among these */
	uint64_t group; /* the hash of its group, if there are groups */
	bool broken;
};

/* A field, and the words before and behind it; or what is cut out. */
struct field {
	struct dpt_piece piece;
	size_t first, last;
	const char *instead; /* NULL: not cut out */
};

struct dpt_rewriter {
	const struct dpt_shared *shared;
	struct memo *memo;
	unsigned memo_bits; /* 1 << memo_bits of them */
	size_t missed;      /* words, since there are as many */
	dpt_matcher *matcher;
	dpt_normaliser *normaliser;
	dpt_sign_finder *finder;
	struct dpt_scan scan; /* of the text */
	void *scratch;
	/* growing arrays, one entry a word or sign */
	struct span *span;
	uint32_t *in;    /* its class, or what stands in for it */
	uint32_t *out;   /* words of the vocabulary only: their classes, then
	                  * what is drawn for them */
	uint32_t *fixed; /* with a codebook: the word it becomes */
	size_t words, room;
	size_t signs;   /* among the words */
	uint32_t known; /* entries of out */
	/* one entry a record, and one behind the last */
	struct record *record;
	uint32_t *start; /* in out */
	size_t records, record_room;
	size_t broken; /* of them */
	/* where not all is text: the chosen fields that have words, and what
	 * is cut out of broken records */
	struct field *field;
	size_t fields, field_room;
	struct dpt_pieces pieces; /* of one record */
	struct dpt_buf decoded;   /* a JSON string */
	struct dpt_scan decoded_scan;
	uint32_t *origin; /* where its bytes come from */
	size_t origin_room;
	size_t put;                       /* words put back so far */
	size_t put_from;                  /* and before this field */
	uint32_t put_known;               /* and those of out */
	struct dpt_rng rng[DPT_RNG_MADE]; /* for what is outside */
	uint64_t rng_first;               /* of this record and those behind */
	size_t rngs;                      /* how many are started */
};

/*
 * A class as it is written, where it has one word, of ASCII and short.  Where
 * it does not, or as long as a thread is about to find out, the index tells.
 */
#define SHORT 16 /* bytes that are copied at once */
struct dpt_spelling {
	char text[SHORT - 1];
	atomic_uchar len;
};
#define UNKNOWN 0
#define ASK_INDEX UCHAR_MAX

__attribute__((noinline)) static unsigned char
fill_spelling(const dpt_index *x, uint32_t class_id, struct dpt_spelling *s)
{
	size_t len;
	unsigned char unknown = UNKNOWN;
	const char *word = dpt_index_word(x, class_id, &len);
	if (!atomic_compare_exchange_strong(&s->len, &unknown, ASK_INDEX) ||
	    len > sizeof s->text || dpt_index_members(x, class_id) > 1 ||
	    !dpt_is_ascii(word, len))
		return ASK_INDEX;
	memcpy(s->text, word, len);
	atomic_store_explicit(&s->len, (unsigned char)len,
	                      memory_order_release);
	return (unsigned char)len;
}

/* The spelling of a class, or NULL. */
static inline const struct dpt_spelling *
spelling(const struct dpt_shared *shared, uint32_t class_id)
{
	struct dpt_spelling *s = &shared->spelling[class_id];
	unsigned char len = atomic_load_explicit(&s->len, memory_order_acquire);
	if (len == UNKNOWN)
		len = fill_spelling(shared->model->index, class_id, s);
	return len == ASK_INDEX ? NULL : s;
}

enum dpt_status dpt_shared_open(struct dpt_shared *shared,
                                const dpt_model *model,
                                const struct dpt_policy *policy,
                                const dpt_key *key, dpt_error *err)
{
	uint32_t n = model->index->header->classes;
	*shared = (struct dpt_shared){.model = model, .policy = policy};
	shared->spelling = calloc(n, sizeof *shared->spelling);
	enum dpt_status status = dpt_pattern_new(&shared->pattern, err);
	if (!status)
		status = dpt_sign_patterns_new(policy->unmasked, &shared->signs,
		                               err);
	if (!status)
		status = dpt_public_new(policy, &shared->keep, err);
	if (!status && !shared->spelling)
		status = dpt_fail_memory(err);
	dpt_key_derive(&shared->words, key, 0);
	dpt_key_derive(&shared->outside, key, 1);
	return status;
}

void dpt_shared_close(struct dpt_shared *shared)
{
	dpt_pattern_free(shared->pattern);
	dpt_sign_patterns_free(shared->signs);
	dpt_public_free(shared->keep);
	free(shared->spelling);
	dpt_key_wipe(&shared->words);
	dpt_key_wipe(&shared->outside);
}

static void wipe_array(void *array, size_t bytes)
{
	if (array)
		sodium_memzero(array, bytes);
	free(array);
}

static size_t memo_size(unsigned bits)
{
	return sizeof(struct memo) << bits;
}

static inline uint64_t memo_hash(const uint64_t *byte)
{
	return (byte[0] ^ (byte[1] << 32 | byte[1] >> 32)) *
	       UINT64_C(0x9E3779B97F4A7C15);
}

static inline struct memo *memo_line(const dpt_rewriter *r, uint64_t hash)
{
	return &r->memo[hash >> (64 - r->memo_bits)];
}

/* Puts a word first; those before number way, where it was, move on. */
static void memo_put(struct memo *m, unsigned way, const uint64_t *byte,
                     uint32_t class_id)
{
	for (; way > 0; way--) {
		m->byte[way][0] = m->byte[way - 1][0];
		m->byte[way][1] = m->byte[way - 1][1];
		m->class_id[way] = m->class_id[way - 1];
	}
	m->byte[0][0] = byte[0];
	m->byte[0][1] = byte[1];
	m->class_id[0] = class_id;
}

/* Room for 1 << bits lines, if there is memory; the words there are stay. */
static void grow_memo(dpt_rewriter *r, unsigned bits)
{
	struct memo *old = r->memo;
	size_t lines = old ? (size_t)1 << r->memo_bits : 0;
	struct memo *memo = dpt_table_zero(memo_size(bits));
	if (!memo)
		return;
	r->memo = memo;
	r->memo_bits = bits;
	r->missed = 0;
	for (size_t i = 0; i < lines; i++)
		for (int k = WAYS - 1; k >= 0; k--)
			if (old[i].byte[k][0])
				memo_put(
				    memo_line(r, memo_hash(old[i].byte[k])),
				    WAYS - 1, old[i].byte[k],
				    old[i].class_id[k]);
	wipe_array(old, lines * sizeof *old);
}

enum dpt_status dpt_rewriter_new(const struct dpt_shared *shared,
                                 dpt_rewriter **out, dpt_error *err)
{
	dpt_rewriter *r = calloc(1, sizeof *r);
	*out = NULL;
	if (!r)
		return dpt_fail_memory(err);
	r->shared = shared;
	grow_memo(r, MEMO_FIRST);
	enum dpt_status status =
	    dpt_matcher_new(shared->pattern, &r->matcher, err);
	if (!status && !r->memo)
		status = dpt_fail_memory(err);
	if (!status)
		status = dpt_normaliser_new(shared->model->index,
		                            &r->normaliser, err);
	if (!status)
		status = dpt_sign_finder_new(shared->signs, &r->finder, err);
	if (!status)
		status = dpt_scratch_new(shared->model, &r->scratch, err);
	if (status) {
		dpt_rewriter_free(r);
		return status;
	}
	*out = r;
	return DPT_OK;
}

void dpt_rewriter_free(dpt_rewriter *r)
{
	if (!r)
		return;
	dpt_matcher_free(r->matcher);
	dpt_normaliser_free(r->normaliser);
	dpt_sign_finder_free(r->finder);
	dpt_scan_free(&r->scan);
	dpt_scan_free(&r->decoded_scan);
	dpt_scratch_free(r->shared->model, r->scratch);
	wipe_array(r->memo, memo_size(r->memo_bits));
	wipe_array(r->span, r->room * sizeof *r->span);
	wipe_array(r->in, r->room * sizeof *r->in);
	wipe_array(r->out, r->room * sizeof *r->out);
	wipe_array(r->fixed, r->room * sizeof *r->fixed);
	free(r->record);
	free(r->start);
	free(r->field);
	free(r->origin);
	dpt_pieces_free(&r->pieces);
	dpt_buf_free(&r->decoded);
	sodium_memzero(r->rng, sizeof r->rng);
	free(r);
	sodium_stackzero(STACK); /* words were there on their way */
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

/* Room for so many words more, which are not many. */
static inline bool word_room(dpt_rewriter *r, size_t more)
{
	if (r->words + more <= r->room)
		return true;
	size_t room = r->room ? 2 * r->room : 256, used = r->words;
	if (!grow((void **)&r->span, sizeof *r->span, used, room) ||
	    !grow((void **)&r->in, sizeof *r->in, used, room) ||
	    !grow((void **)&r->out, sizeof *r->out, used, room) ||
	    (r->shared->codebook &&
	     !grow((void **)&r->fixed, sizeof *r->fixed, used, room)))
		return false;
	r->room = room;
	return true;
}

static bool record_room(dpt_rewriter *r)
{
	if (r->records + 1 < r->record_room)
		return true;
	size_t room = r->record_room ? 2 * r->record_room : 256;
	if (!grow((void **)&r->record, sizeof *r->record, r->record_room,
	          room) ||
	    !grow((void **)&r->start, sizeof *r->start, r->record_room, room))
		return false;
	r->record_room = room;
	return true;
}

static bool add_field(dpt_rewriter *r, const struct dpt_piece *piece,
                      size_t first, const char *instead)
{
	if (r->fields == r->field_room) {
		size_t room = r->fields ? 2 * r->fields : 1024;
		if (!grow((void **)&r->field, sizeof *r->field, r->fields,
		          room))
			return false;
		r->field_room = room;
	}
	r->field[r->fields++] =
	    (struct field){*piece, first, r->words, instead};
	return true;
}

/* The class of a word by the rules, see words.h, unless it is public. */
static uint32_t look_up(dpt_rewriter *r, const char *word, size_t len)
{
	enum dpt_rule rule;
	const dpt_public *keep = r->shared->keep;
	if (keep && dpt_is_public(keep, word, len))
		return PUBLIC;
	return dpt_normalise(r->normaliser, word, len, &rule);
}

/* The bytes of a word of no more than MEMO_BYTES; room bytes can be read. */
static void memo_bytes(const char *word, size_t n, size_t room, uint64_t *byte)
{
	static const unsigned char ones[2 * MEMO_BYTES] = {
	    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
	    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}; /* then 0 */
	uint64_t mask[MEMO_BYTES / 8];
	char copy[MEMO_BYTES] = {0};
	if (room < MEMO_BYTES)
		word = memcpy(copy, word, n);
	memcpy(byte, word, MEMO_BYTES);
	memcpy(mask, ones + MEMO_BYTES - n, MEMO_BYTES);
	byte[0] &= mask[0];
	byte[1] &= mask[1];
}

static bool is_at(const struct memo *m, unsigned way, const uint64_t *byte)
{
	return m->byte[way][0] == byte[0] && m->byte[way][1] == byte[1];
}

/* Looks up a word that is not the first of its line. */
static uint32_t recall_other(dpt_rewriter *r, const char *word, size_t n,
                             const uint64_t *byte, uint64_t hash)
{
	const struct memo *m = memo_line(r, hash);
	uint32_t class_id;
	unsigned way = 1;
	while (way < WAYS && !is_at(m, way, byte))
		way++;
	if (way < WAYS) {
		class_id = m->class_id[way];
	} else {
		if (++r->missed > (size_t)1 << r->memo_bits &&
		    r->memo_bits < MEMO_BITS)
			grow_memo(r, r->memo_bits + 2);
		class_id = look_up(r, word, n);
		way = WAYS - 1;
	}
	memo_put(memo_line(r, hash), way, byte, class_id);
	return class_id;
}

/* The same as look_up by way of the memo; byte and hash: of the word. */
static inline uint32_t recall_bytes(dpt_rewriter *r, const char *word, size_t n,
                                    const uint64_t *byte, uint64_t hash)
{
	const struct memo *m = memo_line(r, hash);
	return is_at(m, 0, byte) ? m->class_id[0]
	                         : recall_other(r, word, n, byte, hash);
}

/* The same of any word; room bytes of it can be read. */
static uint32_t recall(dpt_rewriter *r, const char *word, size_t n, size_t room)
{
	uint64_t byte[MEMO_BYTES / 8];
	if (n > MEMO_BYTES)
		return look_up(r, word, n);
	memo_bytes(word, n, room, byte);
	return recall_bytes(r, word, n, byte, memo_hash(byte));
}

static bool add_word(dpt_rewriter *r, size_t start, size_t end,
                     uint32_t class_id)
{
	if (!word_room(r, 1))
		return false;
	r->span[r->words] = (struct span){
	    (uint32_t)start, (uint32_t)(end - start), (uint32_t)r->records};
	r->in[r->words] = class_id;
	if (r->fixed)
		r->fixed[r->words] = DPT_NO_WORD;
	r->words++;
	return true;
}

/* A compound without hyphens: one word if it is a row, or its parts. */
static bool add_joined(dpt_rewriter *r, const char *text, size_t start,
                       size_t end, size_t to)
{
	struct dpt_parts parts = {.word = text + start, .len = end - start};
	struct dpt_part p;
	uint32_t whole = recall(r, text + start, end - start, to - start);
	if (whole != DPT_NO_WORD)
		return add_word(r, start, end, whole);
	while (dpt_next_part(&parts, &p)) {
		size_t from = start + p.start;
		uint32_t class_id =
		    p.name ? recall(r, p.name, p.len, p.len)
		           : recall(r, text + from, p.end - p.start, to - from);
		if (!add_word(r, from, start + p.end, class_id))
			return false;
	}
	return true;
}

/* Any compound: one word if it is a row, or what is between its hyphens. */
static bool add_compound(dpt_rewriter *r, const char *text, size_t start,
                         size_t end, size_t to)
{
	if (end - start > DPT_LONGEST_WORD)
		return add_word(r, start, end, DPT_NO_WORD);
	if (memchr(text + start, '-', end - start)) {
		uint32_t whole =
		    recall(r, text + start, end - start, to - start);
		if (whole != DPT_NO_WORD)
			return add_word(r, start, end, whole);
	}
	for (size_t at = start, stop; at < end; at = stop + 1) {
		const char *hyphen = memchr(text + at, '-', end - at);
		stop = hyphen ? (size_t)(hyphen - text) : end;
		if (!add_joined(r, text, at, stop, to))
			return false;
	}
	return true;
}

/* Adds n words that are plain, to be looked up later. */
static bool add_plain(dpt_rewriter *r, const struct dpt_bounds *word, size_t n)
{
	uint32_t record = (uint32_t)r->records;
	if (!word_room(r, n))
		return false;
	struct span *span = r->span + r->words;
	uint32_t *in = r->in + r->words;
	for (size_t i = 0; i < n; i++) {
		uint32_t start = (uint32_t)word[i].start;
		uint32_t end = (uint32_t)word[i].end;
		span[i] = (struct span){start, end - start, record};
		in[i] = LATER;
	}
	if (r->fixed)
		memset(r->fixed + r->words, 0xFF, n * sizeof *r->fixed);
	r->words += n;
	return true;
}

/* Adds a word that may be a compound. */
static bool add_other(dpt_rewriter *r, const struct dpt_scan *scan,
                      const struct dpt_bounds *w, bool compound)
{
	return compound
	           ? add_compound(r, scan->text, w->start, w->end, scan->len)
	           : add_word(r, w->start, w->end, LATER);
}

static enum dpt_status find_words(dpt_rewriter *r, const struct dpt_scan *scan,
                                  size_t from, size_t to, dpt_error *err)
{
	struct dpt_bounds word[PLAIN];
	int found;
	bool ok = true;
	dpt_words_begin(r->matcher, scan, from, to);
	do {
		size_t n = dpt_plain_words(r->matcher, word, PLAIN);
		if (n > 0)
			ok = add_plain(r, word, n);
		found = dpt_next_word(r->matcher, &word->start, &word->end);
		if (ok && found > 0)
			ok = add_other(r, scan, word, found > 1);
	} while (ok && found > 0);
	return ok && found == 0 ? DPT_OK : dpt_fail_memory(err);
}

/* A word to be looked up; byte is 0 where it is longer, or need not be. */
struct wanted {
	uint64_t byte[MEMO_BYTES / 8], hash;
};

/*
 * Asks for the memory in which the next of so many words will be looked up,
 * from first on; returns how many these are.
 */
static size_t prefetch_words(dpt_rewriter *r, const struct dpt_scan *scan,
                             size_t first, size_t left, struct wanted *wanted)
{
	size_t n = left < PLAIN ? left : PLAIN;
	for (size_t i = 0; i < n; i++) {
		const struct span *s = &r->span[first + i];
		struct wanted *w = &wanted[i];
		w->byte[0] = 0;
		if (s->len > MEMO_BYTES || r->in[first + i] != LATER)
			continue;
		memo_bytes(scan->text + s->start, s->len, scan->len - s->start,
		           w->byte);
		w->hash = memo_hash(w->byte);
		__builtin_prefetch(memo_line(r, w->hash));
	}
	return n;
}

static void look_up_words(dpt_rewriter *r, const struct dpt_scan *scan,
                          size_t first, size_t n, const struct wanted *wanted)
{
	for (size_t i = 0; i < n; i++) {
		const struct span *s = &r->span[first + i];
		const char *word = scan->text + s->start;
		uint32_t *in = &r->in[first + i];
		const struct wanted *w = &wanted[i];
		if (w->byte[0])
			*in = recall_bytes(r, word, s->len, w->byte, w->hash);
		else if (*in == LATER)
			*in = look_up(r, word, s->len);
	}
}

/* Looks up what words become that were not fixed before. */
static void fix_words(dpt_rewriter *r, const char *text, size_t first)
{
	const dpt_codebook *book = r->shared->codebook;
	for (size_t i = first; i < r->words; i++)
		if (r->fixed[i] != DPT_NO_WORD)
			continue;
		else if (r->in[i] == DPT_NO_WORD)
			r->fixed[i] = dpt_codebook_other(
			    book, text + r->span[i].start, r->span[i].len);
		else if (r->in[i] < FIRST_OTHER)
			r->fixed[i] = dpt_codebook_known(book, r->in[i]);
}

/* Looks up the words from number first on that are still to be. */
static bool look_up_later(dpt_rewriter *r, const struct dpt_scan *scan,
                          size_t first)
{
	struct wanted wanted[2][PLAIN];
	size_t n, left = r->words - first;
	size_t next = prefetch_words(r, scan, first, left, wanted[0]);
	for (size_t at = first, turn = 0; (n = next) > 0; at += n, turn ^= 1) {
		left -= n;
		next = prefetch_words(r, scan, at + n, left, wanted[turn ^ 1]);
		look_up_words(r, scan, at, n, wanted[turn]);
	}
	if (r->shared->codebook)
		fix_words(r, scan->text, first);
	return !dpt_normaliser_failed(r->normaliser);
}

static bool add_sign(dpt_rewriter *r, const struct dpt_sign *sign)
{
	if (sign->kind == DPT_NUMBER &&
	    r->shared->policy->numbers == DPT_NUMBERS_KEEP)
		return true;
	r->record[r->records].signs++;
	return add_word(r, sign->start, sign->end, SIGN(sign->kind));
}

/* Signs, and the words between them. */
static enum dpt_status find_text(dpt_rewriter *r, const struct dpt_scan *scan,
                                 size_t from, size_t to, dpt_error *err)
{
	struct dpt_sign sign;
	int found;
	dpt_signs_begin(r->finder, scan, from, to);
	while ((found = dpt_next_sign(r->finder, &sign)) > 0) {
		enum dpt_status status =
		    find_words(r, scan, from, sign.start, err);
		if (status)
			return status;
		if (!add_sign(r, &sign))
			return dpt_fail_memory(err);
		from = sign.end;
	}
	return found < 0 ? dpt_fail_memory(err)
	                 : find_words(r, scan, from, to, err);
}

static bool has_escapes(const char *text, size_t len)
{
	return memchr(text, '\\', len) != NULL;
}

/* Decodes part of a JSON string; offsets of r->origin count from its start. */
static bool decode(dpt_rewriter *r, const char *text, size_t len)
{
	r->decoded.len = 0;
	if (!dpt_buf_reserve(&r->decoded, len))
		return false;
	if (r->origin_room <= len) {
		free(r->origin);
		r->origin_room = 2 * len + 64;
		r->origin = malloc(r->origin_room * sizeof *r->origin);
		if (!r->origin) {
			r->origin_room = 0;
			return false;
		}
	}
	r->decoded.len = dpt_json_decode(text, len, r->decoded.data, r->origin);
	return true;
}

/* Words of a JSON string, whose spans are those of their spelling. */
static enum dpt_status find_escaped(dpt_rewriter *r, const char *text,
                                    const struct dpt_piece *p, dpt_error *err)
{
	size_t before = r->words;
	if (!decode(r, text + p->start, p->end - p->start) ||
	    !dpt_scan_text(&r->decoded_scan, r->decoded.data, r->decoded.len))
		return dpt_fail_memory(err);
	enum dpt_status status =
	    find_text(r, &r->decoded_scan, 0, r->decoded.len, err);
	if (!status && !look_up_later(r, &r->decoded_scan, before))
		status = dpt_fail_memory(err);
	for (size_t i = before; i < r->words; i++) {
		struct span *s = &r->span[i];
		uint32_t start = r->origin[s->start];
		s->len = r->origin[s->start + s->len] - start;
		s->start = (uint32_t)p->start + start;
	}
	return status;
}

/* The group of a record, by its name without escapes. */
static enum dpt_status find_group(dpt_rewriter *r, const char *text,
                                  size_t start, size_t end, dpt_error *err)
{
	struct dpt_piece p;
	enum dpt_status status = dpt_record_group(r->shared->frame, text, start,
	                                          end, &r->pieces, &p, err);
	if (status)
		return status;
	const char *name = text + p.start;
	size_t len = p.end - p.start;
	if (p.coding == DPT_STRING && has_escapes(name, len)) {
		if (!decode(r, name, len))
			return dpt_fail_memory(err);
		name = r->decoded.data;
		len = r->decoded.len;
	}
	r->record[r->records].group =
	    dpt_group_hash(r->shared->groups, name, len);
	return DPT_OK;
}

static enum dpt_status find_in_fields(dpt_rewriter *r, const char *text,
                                      size_t start, size_t end, dpt_error *err)
{
	enum dpt_status status = DPT_OK;
	if (r->shared->groups)
		status = find_group(r, text, start, end, err);
	if (!status)
		status = dpt_record_pieces(r->shared->frame, text, start, end,
		                           &r->pieces, err);
	for (size_t i = 0; !status && i < r->pieces.count; i++) {
		const struct dpt_piece *p = &r->pieces.piece[i];
		size_t before = r->words;
		status = p->coding == DPT_STRING &&
		                 has_escapes(text + p->start, p->end - p->start)
		             ? find_escaped(r, text, p, err)
		             : find_text(r, &r->scan, p->start, p->end, err);
		if (!status && r->words > before &&
		    !add_field(r, p, before, NULL))
			status = dpt_fail_memory(err);
	}
	return status;
}

static enum dpt_status too_long(const struct dpt_shared *shared, dpt_error *err)
{
	return dpt_fail(err, DPT_EFORMAT, "a record of more than %zu bytes",
	                shared->longest);
}

/* text is UTF-8 up to good. */
static enum dpt_status find_record(dpt_rewriter *r, const char *text,
                                   size_t start, size_t end, size_t good,
                                   dpt_error *err)
{
	if (end - start > r->shared->longest)
		return too_long(r->shared, err);
	if (end > good)
		return dpt_fail(err, DPT_EFORMAT, "not valid UTF-8");
	return dpt_frame_whole(r->shared->frame)
	           ? find_text(r, &r->scan, start, end, err)
	           : find_in_fields(r, text, start, end, err);
}

/* Cuts out all of a record, or what must not be left of it. */
static enum dpt_status cut_out(dpt_rewriter *r, const char *text, size_t start,
                               size_t end, size_t next, dpt_error *err)
{
	const struct dpt_shared *s = r->shared;
	const char *nothing = "";
	enum dpt_status status = DPT_OK;
	r->pieces.count = 0;
	if (s->on_error == DPT_PASS_NONE && end - start <= s->longest) {
		status = dpt_record_empty(s->frame, text, start, end,
		                          &r->pieces, &nothing, err);
	} else {
		bool skip = s->on_error == DPT_SKIP;
		nothing = skip ? "" : dpt_frame_nothing(s->frame);
		if (!dpt_pieces_add(&r->pieces, start, skip ? next : end,
		                    DPT_PLAIN))
			return dpt_fail_memory(err);
	}
	for (size_t i = 0; !status && i < r->pieces.count; i++)
		if (!add_field(r, &r->pieces.piece[i], r->words, nothing))
			status = dpt_fail_memory(err);
	return status;
}

/*
 * Finds the words of all records, or of those before a broken one that ends
 * it all and begins at *whole then.
 */
static enum dpt_status find_records(dpt_rewriter *r, const char *text,
                                    size_t len, size_t *whole, dpt_error *err)
{
	size_t good = dpt_utf8_prefix(text, len), next;
	dpt_error other;
	r->words = r->records = r->broken = r->fields = 0;
	*whole = 0;
	if (!dpt_scan_text(&r->scan, text, len) || !record_room(r))
		return dpt_fail_memory(err);
	for (; *whole < len; *whole = next) {
		size_t at = *whole;
		size_t end = dpt_record_end(r->shared->frame, text, len, at);
		next = end < len ? end + 1 : len;
		if (!record_room(r))
			return dpt_fail_memory(err);
		struct record *record = &r->record[r->records];
		*record = (struct record){.first = r->words};
		enum dpt_status status = find_record(r, text, at, end, good,
		                                     r->broken ? &other : err);
		if (status == DPT_EFORMAT && !r->broken)
			err->record = r->records + 1;
		record->broken = status == DPT_EFORMAT && r->shared->on_error;
		if (record->broken) {
			r->broken++;
			status = cut_out(r, text, at, end, next, &other);
			if (good < next)
				good = next +
				       dpt_utf8_prefix(text + next, len - next);
		}
		if (status)
			return status;
		r->record[++r->records].first = r->words;
	}
	return DPT_OK;
}

static bool is_word(uint32_t in)
{
	return in < FIRST_OTHER || in >= PUBLIC;
}

/*
 * Counts a record with so many words, and so many of the vocabulary.  With a
 * codebook its words have no cost of their own.
 */
static bool tally(const dpt_rewriter *r, const struct record *record,
                  size_t words, size_t known, struct dpt_counts *counts,
                  struct dpt_members *members)
{
	const dpt_model *model = r->shared->model;
	size_t rung = dpt_model_rung(model, known);
	double epsilon = model->info.rung[rung].verified * (double)known;
	struct dpt_member member = {record->group, words, DPT_NOT_KNOWN};
	dpt_spread_add(&counts->record_words, words);
	counts->rung_records[rung]++;
	counts->rung_words[rung] += known;
	if (isfinite(epsilon) && !r->shared->codebook) {
		member.epsilon = dpt_epsilon_units(epsilon);
		dpt_spread_add(&counts->record_epsilon, member.epsilon);
	}
	return !r->shared->groups || dpt_members_add(members, member);
}

/* Lists the words of the vocabulary, which the mechanism draws, and counts. */
static bool list_known(dpt_rewriter *r, struct dpt_counts *counts,
                       struct dpt_members *members)
{
	uint32_t known = 0, *out = r->out;
	const uint32_t *in = r->in;
	r->signs = 0;
	r->start[0] = 0;
	for (size_t i = 0; i < r->records; i++) {
		const struct record *record = &r->record[i];
		size_t first = record->first, last = record[1].first;
		for (size_t j = first; j < last; j++) {
			out[known] = in[j];
			known += in[j] < FIRST_OTHER;
		}
		r->signs += record->signs;
		r->start[i + 1] = known;
		if (!record->broken &&
		    !tally(r, record, last - first - record->signs,
		           known - r->start[i], counts, members))
			return false;
	}
	r->known = known;
	return true;
}

/* To the one who asked. */
static void show_words(dpt_rewriter *r, const char *text)
{
	for (size_t i = 0; i < r->words; i++) {
		if (!is_word(r->in[i]))
			continue;
		const char *word = text + r->span[i].start;
		enum dpt_rule rule;
		if (dpt_normalise(r->normaliser, word, r->span[i].len, &rule) !=
		    r->in[i])
			rule = DPT_PART;
		r->shared->word(r->shared->word_ctx, word, r->span[i].len,
		                rule);
	}
}

/* What is to be drawn in all records that were found; false: no memory. */
static bool prepare(dpt_rewriter *r, const char *text,
                    struct dpt_counts *counts, struct dpt_members *members)
{
	if (!look_up_later(r, &r->scan, 0) || !list_known(r, counts, members))
		return false;
	if (r->shared->word)
		show_words(r, text);
	return true;
}

/* The stream for choices that have nothing to do with the word itself. */
static struct dpt_rng *outside(dpt_rewriter *r, uint64_t record)
{
	if (record - r->rng_first >= r->rngs) {
		r->rng_first = record - record % DPT_RNG_MADE;
		r->rngs = DPT_RNG_MADE;
		dpt_rng_start_few(r->rng, &r->shared->outside, r->rng_first);
	}
	return &r->rng[record - r->rng_first];
}

/* A word of the class, any alike unless it is fixed. */
static const char *spell(dpt_rewriter *r, uint32_t class_id, uint32_t fixed,
                         uint64_t record, size_t *len)
{
	const dpt_index *x = r->shared->model->index;
	uint32_t first = x->starts[class_id];
	uint32_t members = x->starts[class_id + 1] - first;
	if (members > 1 && fixed == DPT_NO_WORD)
		first += dpt_rng_below(outside(r, record), members);
	uint32_t word = fixed == DPT_NO_WORD ? x->members[first] : fixed;
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

/* A word as it was before it was written in its coding. */
static bool plain(dpt_rewriter *r, enum dpt_coding coding, const char **word,
                  size_t *len)
{
	if (coding != DPT_STRING || !has_escapes(*word, *len))
		return true;
	if (!decode(r, *word, *len))
		return false;
	*word = r->decoded.data;
	*len = r->decoded.len;
	return true;
}

/* Whether a word is written in small letters, by its first. */
static bool is_small(const dpt_rewriter *r, char first)
{
	return r->shared->policy->lower || (first >= 'a' && first <= 'z');
}

/*
 * Letter case is taken from the decoded word.  Its spelling is given up even
 * if the word stays: it would tell that it did.
 */
static bool shape_of(dpt_rewriter *r, enum dpt_coding coding, const char *word,
                     size_t len, enum dpt_shape *shape)
{
	*shape = DPT_LOWER; /* as most words are */
	if (is_small(r, *word))
		return true;
	if (!plain(r, coding, &word, &len))
		return false;
	*shape = dpt_shape_of(word, len);
	return true;
}

/* Appends a spelling, for which there is room. */
static inline char *put_spelling(const struct dpt_spelling *s,
                                 struct dpt_buf *out)
{
	char *to = memcpy(out->data + out->len, s->text, sizeof s->text);
	out->len += s->len;
	return to;
}

/* Writes a class in the letter case of source, encoded. */
static bool put_word(dpt_rewriter *r, uint32_t class_id, uint32_t fixed,
                     uint64_t record, enum dpt_coding coding,
                     const char *source, size_t source_len, struct dpt_buf *out)
{
	const struct dpt_spelling *s;
	enum dpt_shape shape;
	size_t n, before = out->len;
	if (!shape_of(r, coding, source, source_len, &shape))
		return false;
	if (coding == DPT_PLAIN && shape != DPT_UPPER &&
	    (s = spelling(r->shared, class_id)) != NULL) {
		char *to = put_spelling(s, out);
		if (shape == DPT_CAPITALISED)
			*to = dpt_ascii_upper(*to);
		return true;
	}
	const char *word = spell(r, class_id, fixed, record, &n);
	return dpt_add_shaped(out, shape, word, n) &&
	       dpt_encode(coding, out, before);
}

/* The word itself. */
static bool put_same(dpt_rewriter *r, enum dpt_coding coding, const char *word,
                     size_t len, struct dpt_buf *out)
{
	size_t before = out->len;
	if (!r->shared->policy->lower)
		return dpt_buf_add(out, word, len);
	return plain(r, coding, &word, &len) && dpt_add_lower(out, word, len) &&
	       dpt_encode(coding, out, before);
}

/* A number with every digit drawn anew, in the script it has. */
static bool put_digits(dpt_rewriter *r, uint64_t record, enum dpt_coding coding,
                       const char *number, size_t len, struct dpt_buf *out)
{
	size_t before = out->len, step;
	if (!plain(r, coding, &number, &len))
		return false;
	for (size_t at = 0; at < len; at += step) {
		uint8_t bytes[6];
		ucs4_t c;
		step = (size_t)u8_mbtouc_unsafe(
		    &c, (const uint8_t *)number + at, len - at);
		int value = uc_decimal_value(c);
		if (value >= 0)
			c = c - (ucs4_t)value +
			    dpt_rng_below(outside(r, record), 10);
		int n = u8_uctomb(bytes, c, sizeof bytes);
		if (n < 0 || !dpt_buf_add(out, bytes, (size_t)n))
			return false;
	}
	return dpt_encode(coding, out, before);
}

static bool put_mask(struct dpt_buf *out, const char *mask)
{
	return dpt_buf_add(out, mask, strlen(mask));
}

/* A word outside the vocabulary; fixed: what it becomes with a codebook. */
static bool put_outside(dpt_rewriter *r, uint32_t fixed, uint64_t record,
                        enum dpt_coding coding, const char *word, size_t len,
                        struct dpt_buf *out)
{
	const dpt_index *x = r->shared->model->index;
	uint32_t drawn;
	switch (r->shared->policy->oov) {
	case DPT_OOV_MASK: return put_mask(out, "[WORD]");
	case DPT_OOV_DROP: return true;
	case DPT_OOV_KEEP: return put_same(r, coding, word, len, out);
	default:
		drawn = r->fixed ? x->classes[fixed]
		                 : dpt_rng_below(outside(r, record),
		                                 x->header->classes);
		return put_word(r, drawn, fixed, record, coding, word, len,
		                out);
	}
}

/* What the mechanism did not see. */
static bool put_other(dpt_rewriter *r, uint32_t in, uint32_t fixed,
                      uint64_t record, enum dpt_coding coding, const char *text,
                      size_t len, struct dpt_buf *out,
                      struct dpt_counts *counts)
{
	static const char *const masks[DPT_KINDS] = {[DPT_EMAIL] = "[EMAIL]",
	                                             [DPT_URL] = "[URL]",
	                                             [DPT_HANDLE] = "[HANDLE]",
	                                             [DPT_CARD] = "[CARD]",
	                                             [DPT_PHONE] = "[PHONE]"};
	if (in == DPT_NO_WORD) {
		counts->outside++;
		return put_outside(r, fixed, record, coding, text, len, out);
	}
	if (in == PUBLIC) {
		counts->kept++;
		return put_same(r, coding, text, len, out);
	}
	if (in == SIGN(DPT_NUMBER)) {
		counts->numbers++;
		return r->shared->policy->numbers == DPT_NUMBERS_MASK
		           ? put_mask(out, "[NUMBER]")
		           : put_digits(r, record, coding, text, len, out);
	}
	uint32_t kind = SIGN(0) - in;
	counts->masked[kind]++;
	return put_mask(out, masks[kind]);
}

/* Whether word number i was written together with the one before. */
static bool is_joined(const dpt_rewriter *r, size_t i)
{
	return i > r->put_from && is_word(r->in[i - 1]) && is_word(r->in[i]) &&
	       r->in[i] != PUBLIC;
}

static void prefetch_spelling(const dpt_rewriter *r, size_t known)
{
	if (known + AHEAD < r->known)
		__builtin_prefetch(&r->shared->spelling[r->out[known + AHEAD]]);
}

/*
 * Puts back the next words before number last, as long as they are what most
 * are: of the vocabulary, in small letters, a little behind the one before,
 * and what is drawn has a spelling of its own.
 */
static void put_simple(dpt_rewriter *r, const char *text, size_t *at, size_t to,
                       size_t last, struct dpt_buf *out,
                       struct dpt_counts *counts)
{
	const struct span *span = r->span;
	const uint32_t *in = r->in, *drawn = r->out;
	size_t i = r->put, known = r->put_known, from = *at;
	size_t len = out->len, cap = out->cap, unchanged = 0;
	char *data = out->data;
	for (; i < last && from + SHORT <= to && len + 3 * SHORT <= cap; i++) {
		const char *word = text + span[i].start;
		size_t gap = span[i].start - from;
		if (in[i] >= FIRST_OTHER || gap - 1 >= SHORT ||
		    !is_small(r, *word))
			break;
		const struct dpt_spelling *s =
		    spelling(r->shared, drawn[known]);
		if (!s)
			break;
		prefetch_spelling(r, known);
		memcpy(data + len, text + from, SHORT);
		memcpy(data + len + gap, s->text, sizeof s->text);
		len += gap + s->len;
		unchanged += drawn[known++] == in[i];
		from = span[i].start + span[i].len;
	}
	r->put = i;
	r->put_known = (uint32_t)known;
	*at = from;
	out->len = len;
	counts->unchanged += unchanged;
}

/* Puts back the next word, behind text[at..). */
static bool put_next(dpt_rewriter *r, const char *text, size_t at, size_t to,
                     enum dpt_coding coding, uint64_t first_record,
                     struct dpt_buf *out, struct dpt_counts *counts)
{
	size_t i = r->put;
	const struct span *s = &r->span[i];
	uint64_t stream = first_record + s->record;
	size_t gap = s->start - at;
	uint32_t in = r->in[i], fixed = r->fixed ? r->fixed[i] : DPT_NO_WORD;
	if (!dpt_buf_room(out, gap + 3 * SHORT))
		return false;
	if (gap == 0 && is_joined(r, i))
		out->data[out->len++] = ' ';
	copy(out->data + out->len, text + at, gap, at + SHORT <= to);
	out->len += gap;
	r->put++;
	if (in >= FIRST_OTHER)
		return put_other(r, in, fixed, stream, coding, text + s->start,
		                 s->len, out, counts);
	prefetch_spelling(r, r->put_known);
	uint32_t drawn = r->out[r->put_known++];
	if (r->fixed)
		drawn = r->shared->model->index->classes[fixed];
	counts->unchanged += drawn == in;
	return put_word(r, drawn, fixed, stream, coding, text + s->start,
	                s->len, out);
}

/*
 * Copies text[at..to) with what was drawn in place of the words up to number
 * last.
 */
static bool put_back(dpt_rewriter *r, const char *text, size_t at, size_t to,
                     size_t last, enum dpt_coding coding, uint64_t first_record,
                     struct dpt_buf *out, struct dpt_counts *counts)
{
	bool simple = coding == DPT_PLAIN && !r->fixed;
	r->put_from = r->put;
	while (r->put < last) {
		if (simple)
			put_simple(r, text, &at, to, last, out, counts);
		if (r->put == last)
			break;
		const struct span *s = &r->span[r->put];
		if (!put_next(r, text, at, to, coding, first_record, out,
		              counts))
			return false;
		at = s->start + s->len;
	}
	return dpt_buf_add(out, text + at, to - at);
}

/* All text, field by field where there are fields. */
static bool put_all(dpt_rewriter *r, const char *text, size_t len,
                    uint64_t first_record, struct dpt_buf *out,
                    struct dpt_counts *counts)
{
	size_t at = 0;
	r->put = r->put_known = 0;
	for (size_t i = 0; i < r->fields; i++) {
		const struct field *f = &r->field[i];
		const struct dpt_piece *p = &f->piece;
		if (!put_back(r, text, at, p->start, f->first, DPT_PLAIN,
		              first_record, out, counts))
			return false;
		at = p->end;
		if (f->instead) {
			if (!dpt_buf_add(out, f->instead, strlen(f->instead)))
				return false;
			continue;
		}
		size_t before = out->len;
		if (!put_back(r, text, p->start, p->end, f->last, p->coding,
		              first_record, out, counts) ||
		    (p->coding == DPT_BARE && !dpt_enclose(out, before)))
			return false;
	}
	return put_back(r, text, at, len, r->words, DPT_PLAIN, first_record,
	                out, counts);
}

enum dpt_status dpt_rewrite(dpt_rewriter *r, const char *text, size_t len,
                            uint64_t first_record, struct dpt_buf *out,
                            struct dpt_counts *counts,
                            struct dpt_members *members, dpt_error *err)
{
	size_t whole;
	enum dpt_status broken = find_records(r, text, len, &whole, err);
	if ((broken && broken != DPT_EFORMAT) /* err may be about a record */
	    || !prepare(r, text, counts, members))
		return dpt_fail_memory(err);
	if (r->known > 0 && !r->shared->codebook) {
		struct dpt_batch batch = {&r->shared->words, first_record,
		                          r->records, r->start, r->out};
		enum dpt_status status =
		    dpt_draw(r->shared->model, &batch, r->scratch, r->out, err);
		if (status)
			return status;
	}
	r->rngs = 0;
	if (!put_all(r, text, whole, first_record, out, counts))
		return dpt_fail_memory(err);
	counts->words += r->words - r->signs;
	counts->records += r->records;
	counts->broken += r->broken;
	return broken;
}

enum dpt_status dpt_rewrite_too_long(const struct dpt_shared *shared,
                                     bool ended, struct dpt_buf *out,
                                     struct dpt_counts *counts, dpt_error *err)
{
	const char *nothing = dpt_frame_nothing(shared->frame);
	char end = dpt_frame_end(shared->frame);
	enum dpt_status status = too_long(shared, err);
	err->record = 1;
	if (shared->on_error == DPT_STOP)
		return status;
	counts->records++;
	counts->broken++;
	if (shared->on_error == DPT_PASS_NONE &&
	    !(dpt_buf_add(out, nothing, strlen(nothing)) &&
	      dpt_buf_add(out, &end, ended)))
		return dpt_fail_memory(err);
	return DPT_OK;
}
