/* SPDX-License-Identifier: MIT */
/*
 * Memory is what a draw waits for: so words are drawn in groups, step by
 * step, each step asking for the memory of the next.
 */
#include "sampler.h"

#include "error.h"
#include "seals.h"
#include "shelf.h"
#include "wide.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define GROUP DPT_TAILS          /* words at a time */
#define PART 128U                /* of a record, at most */
#define RECORDS DPT_RNG_TOGETHER /* they may come from */
#define DEPTH ((size_t)64 << 10) /* of the stack where rows are made */
#define STRIDE 64U               /* sums looked at together */
#define AHEAD 32 /* words between asking for memory and using it */

_Static_assert(GROUP <= UINT16_MAX && RECORDS <= UINT8_MAX + 1,
               "numbers of words and records of a group");

/*
 * The row of a word that is kept to draw from: running sums of its weights,
 * up to those of itself and of the tail, then those of the neighbours.  Of
 * each there are the upper 16 bits; behind those of all neighbours are their
 * next 16.
 */
struct head {
	uint16_t self, tail;
	dpt_place sums;
};

struct dpt_sampler {
	const dpt_channel *channel;
	struct dpt_lists lists;
	dpt_tail *tail;
	struct head *head;
	struct dpt_shelf *sums; /* of neighbours */
};

static bool new_rows(dpt_sampler *s, uint32_t n)
{
	s->head = calloc(n, sizeof *s->head);
	s->sums = dpt_shelf_new(n, 2 * s->lists.k * sizeof(uint16_t));
	return s->head && s->sums;
}

enum dpt_status dpt_sampler_new(const dpt_channel *channel, dpt_sampler **out,
                                dpt_error *err)
{
	const struct dpt_ground *g = dpt_channel_ground(channel);
	dpt_sampler *s = calloc(1, sizeof *s);
	*out = NULL;
	if (!s)
		return dpt_fail_memory(err);
	s->channel = channel;
	s->lists = g->lists;
	enum dpt_status status =
	    dpt_tail_new(g, dpt_channel_rate(channel), &s->tail, err);
	if (!status && !new_rows(s, g->n))
		status = dpt_fail_memory(err);
	if (status) {
		dpt_sampler_free(s);
		return status;
	}
	*out = s;
	return DPT_OK;
}

void dpt_sampler_free(dpt_sampler *s)
{
	if (!s)
		return;
	dpt_tail_free(s->tail);
	free(s->head);
	dpt_shelf_free(s->sums);
	free(s);
}

/* ---------------------------------------------------------------- tables */

/* The same in full. */
struct row {
	uint64_t self, tail;
	uint64_t sums[DPT_MAX_NEIGHBOURS];
};

/* Of what is damaged, w alone: that is noted, and nothing drawn is used. */
static void make_row(const dpt_sampler *s, uint32_t w, struct row *row)
{
	uint64_t weight[DPT_MAX_LISTED];
	struct dpt_channel_row from = {.weight = weight};
	memset(weight, 0, (s->lists.k + 1) * sizeof *weight);
	weight[0] = DPT_WEIGHTS;
	if (dpt_row_sound(dpt_channel_ground(s->channel), w))
		dpt_channel_row(s->channel, w, &from);
	uint64_t sum = weight[0] + from.tail;
	row->self = weight[0];
	row->tail = sum;
	for (uint32_t r = 0; r < s->lists.k; r++)
		row->sums[r] = sum += weight[r + 1];
}

/*
 * The upper bits of the last number below a sum: numbers with less in theirs
 * are below it, those with more are not, and the others need a second look.
 */
static uint32_t upper_32(uint64_t sum)
{
	return sum > 0 ? (uint32_t)((sum - 1) >> 31) : 0;
}

static uint16_t upper_16(uint64_t sum)
{
	return (uint16_t)(upper_32(sum) >> 16);
}

static void keep_row(const dpt_sampler *s, uint32_t w)
{
	struct row row;
	struct head *head = &s->head[w];
	uint16_t *sums = dpt_shelf_begin(s->sums, &head->sums);
	if (!sums)
		return;
	make_row(s, w, &row);
	for (uint32_t r = 0; r < s->lists.k; r++) {
		sums[r] = upper_16(row.sums[r]);
		sums[s->lists.k + r] = (uint16_t)upper_32(row.sums[r]);
	}
	head->self = upper_16(row.self);
	head->tail = upper_16(row.tail);
	dpt_shelf_end(s->sums, &head->sums, sums);
}

/* The row of w, which is made if need be. */
static const struct head *kept(const dpt_sampler *s, uint32_t w)
{
	if (!dpt_shelf_row(s->sums, &s->head[w].sums))
		keep_row(s, w);
	return &s->head[w];
}

uint32_t dpt_sampler_pick(const dpt_sampler *s, uint32_t w, uint64_t u)
{
	struct row row;
	uint32_t r = 0;
	make_row(s, w, &row);
	if (u < row.self)
		return w;
	if (u < row.tail)
		return DPT_NO_WORD;
	while (u >= row.sums[r])
		r++;
	return s->lists.id[(size_t)w * s->lists.k + r];
}

/* The same of a number of which only the upper bits are drawn. */
static uint32_t pick(const dpt_sampler *s, uint32_t w, uint64_t upper,
                     unsigned bits, struct dpt_rng *rng)
{
	uint64_t lower = dpt_rng_u64(rng) >> (bits + 1);
	return dpt_sampler_pick(s, w, upper << (63 - bits) | lower);
}

DPT_WIDE static uint32_t count_below(const uint16_t *sums, uint32_t n,
                                     uint16_t draw)
{
	uint16_t count = 0;
	for (uint32_t r = 0; r < n; r++)
		count = (uint16_t)(count + (sums[r] < draw));
	return count;
}

static const uint16_t *kept_sums(const dpt_sampler *s, uint32_t w)
{
	return dpt_shelf_row(s->sums, &s->head[w].sums);
}

static uint32_t listed(const dpt_sampler *s, uint32_t w, uint32_t r)
{
	return s->lists.id[(size_t)w * s->lists.k + r];
}

/* A neighbour of w, number r or behind it, whose sum begins with draw. */
static uint32_t equal_neighbour(const dpt_sampler *s, uint32_t w, uint32_t r,
                                uint16_t draw, struct dpt_rng *rng)
{
	const uint16_t *sums = kept_sums(s, w), *next = sums + s->lists.k;
	uint16_t low = dpt_rng_u16(rng);
	while (sums[r] == draw && next[r] < low)
		r++;
	if (sums[r] > draw || next[r] > low)
		return listed(s, w, r);
	return pick(s, w, (uint32_t)draw << 16 | low, 32, rng);
}

/* A neighbour of w, whose row is kept. */
static uint32_t neighbour(const dpt_sampler *s, uint32_t w, uint16_t draw,
                          struct dpt_rng *rng)
{
	uint32_t k = s->lists.k, r = 0;
	const uint16_t *sums = kept_sums(s, w);
	while (r + STRIDE < k && sums[r + STRIDE - 1] < draw)
		r += STRIDE;
	r += count_below(sums + r, k - r < STRIDE ? k - r : STRIDE, draw);
	return sums[r] == draw ? equal_neighbour(s, w, r, draw, rng)
	                       : listed(s, w, r);
}

const dpt_tail *dpt_sampler_tail(const dpt_sampler *s)
{
	return s->tail;
}

/* ---------------------------------------------------------------- groups */

struct group {
	size_t words, most;  /* now, and so far */
	struct dpt_rng *rng; /* of the records */
	uint32_t word[GROUP];
	uint32_t *out[GROUP];
	uint8_t record[GROUP];
	uint16_t draw[GROUP]; /* where it falls among the weights: the upper
	                       * bits of the number */
	uint16_t list[GROUP]; /* those that become a neighbour */
	uint16_t tail[GROUP]; /* those in the tail */
	struct dpt_tails tails;
};

static struct dpt_rng *rng_of(const struct group *g, size_t i)
{
	return &g->rng[g->record[i]];
}

/* Asks for where the neighbours of w are found. */
static void prefetch_list(const dpt_sampler *s, uint32_t w)
{
	const uint16_t *sums = kept_sums(s, w);
	for (uint32_t r = 0; r < s->lists.k && r < STRIDE; r += 32)
		__builtin_prefetch(sums + r);
	__builtin_prefetch(s->lists.id + (size_t)w * s->lists.k);
}

/*
 * Finds which words stay, which become a neighbour and which are in the tail.
 * That cannot be foreseen, so all is done for all, without a branch.
 */
static size_t sort_out(const dpt_sampler *s, struct group *g)
{
	size_t tails = 0, lists = 0;
	for (size_t i = 0; i < g->words; i++) {
		uint32_t w = g->word[i];
		uint16_t draw = g->draw[i];
		const struct head *head = kept(s, w);
		if (i + AHEAD < g->words)
			__builtin_prefetch(&s->head[g->word[i + AHEAD]]);
		*g->out[i] = w;
		g->list[lists] = g->tail[tails] = (uint16_t)i;
		if (draw == head->self || draw == head->tail) {
			*g->out[i] = pick(s, w, draw, 16, rng_of(g, i));
			tails += *g->out[i] == DPT_NO_WORD;
			continue;
		}
		tails += (draw > head->self) & (draw < head->tail);
		lists += draw > head->tail;
	}
	g->tails.words = tails;
	return lists;
}

static void begin_tails(const dpt_sampler *s, struct group *g)
{
	struct dpt_tails *t = &g->tails;
	for (size_t i = 0; i < t->words; i++) {
		uint16_t j = g->tail[i];
		t->try[i].w = g->word[j];
		t->rng[i] = rng_of(g, j);
		t->out[i] = g->out[j];
		dpt_tail_begin(s->tail, &t->try[i]);
	}
}

static void draw_group(const dpt_sampler *s, struct group *g)
{
	size_t lists = sort_out(s, g);
	g->most = g->words > g->most ? g->words : g->most;
	for (size_t i = 0; i < lists; i++)
		prefetch_list(s, g->word[g->list[i]]);
	begin_tails(s, g);
	for (size_t i = 0; i < lists; i++) {
		uint32_t j = g->list[i];
		*g->out[j] = neighbour(s, g->word[j], g->draw[j], rng_of(g, j));
	}
	dpt_tail_draw(s->tail, &g->tails);
}

/* Records of a group, and what is to be drawn of each. */
struct records {
	size_t count;
	struct dpt_rng rng[RECORDS];
	uint32_t at[RECORDS], end[RECORDS];
};

static uint32_t part_of(uint32_t words)
{
	return words < PART ? words : PART;
}

/* The records from the first on of whose first parts there is room for all. */
static void take_records(struct records *r, const struct dpt_batch *b,
                         size_t first)
{
	size_t words = 0, n = 0;
	for (; n < RECORDS && first + n < b->records; n++) {
		uint32_t at = b->start[first + n],
		         end = b->start[first + n + 1];
		words += part_of(end - at);
		if (words > GROUP)
			break;
		r->at[n] = at;
		r->end[n] = end;
	}
	r->count = n;
}

/* Adds the next part of a record to a group. */
static void add_part(struct group *g, struct records *r, size_t record,
                     const uint32_t *word, uint32_t *out)
{
	uint32_t at = r->at[record], n = part_of(r->end[record] - at);
	memcpy(g->word + g->words, word + at, n * sizeof *word);
	memset(g->record + g->words, (int)record, n);
	dpt_rng_fill(&r->rng[record], n, g->draw + g->words);
	for (uint32_t i = 0; i < n; i++)
		g->out[g->words + i] = &out[at + i];
	g->words += n;
	r->at[record] += n;
}

/*
 * A long record is drawn part by part: where the next one begins in its stream
 * is known only then.
 */
static void draw_records(const dpt_sampler *s, struct group *g,
                         struct records *r, const uint32_t *word, uint32_t *out)
{
	g->rng = r->rng;
	do {
		g->words = 0;
		for (size_t i = 0; i < r->count; i++)
			add_part(g, r, i, word, out);
		draw_group(s, g);
	} while (g->words > 0);
}

/* Only what was used: most texts are short. */
static void wipe(struct records *r, size_t records, struct group *g)
{
	sodium_memzero(r->rng, records * sizeof *r->rng);
	sodium_memzero(g->word, g->most * sizeof *g->word);
	sodium_memzero(g->draw, g->most * sizeof *g->draw);
	sodium_memzero(g->list, g->most * sizeof *g->list);
	sodium_memzero(g->tail, g->most * sizeof *g->tail);
	sodium_memzero(g->tails.try, g->most * sizeof *g->tails.try);
	sodium_stackzero(DEPTH);
}

void dpt_sampler_draw(const dpt_sampler *s, const struct dpt_batch *b,
                      uint32_t *out)
{
	struct records r;
	struct group g;
	size_t most = 0;
	g.most = 0;
	for (size_t i = 0; i < b->records; i += r.count) {
		take_records(&r, b, i);
		if (b->start[i] == b->start[i + r.count])
			continue;
		dpt_rng_start_all(r.rng, b->key, b->first_record + i, r.count);
		most = r.count > most ? r.count : most;
		draw_records(s, &g, &r, b->word, out);
	}
	wipe(&r, most, &g);
}
