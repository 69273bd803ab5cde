/* SPDX-License-Identifier: MIT */
/*
 * Opening an index.  A file may be truncated, damaged or hostile: every
 * size, offset and id is checked here, once, so that nothing behind this
 * file needs to be careful with one.
 */
#include "index.h"

#include "checksum.h"
#include "error.h"
#include "parallel.h"
#include "sane.h"
#include "screen.h"
#include "seals.h"

#include <errno.h>
#include <fcntl.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <unistr.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "index files are mapped as they are: little-endian machines only"
#endif

struct mapping {
	dpt_index index; /* first: the public object */
	void *data;
	size_t size;
	int fd; /* of the file, or -1: all is in memory */
	char *path;
	atomic_bool checked; /* all of it */
};

uint64_t dpt_word_hash(const char *word, size_t len)
{
	return XXH3_64bits(word, len);
}

uint64_t dpt_header_checksum(const struct dpt_header *h)
{
	struct dpt_header copy = *h;
	copy.checksum = 0;
	return dpt_checksum(&copy, sizeof copy);
}

uint64_t dpt_section_bytes(const struct dpt_header *h, enum dpt_section_id id)
{
	uint64_t words = h->words, n = h->classes, k = h->neighbours;
	struct dpt_far far = dpt_header_far(h);
	switch (id) {
	case DPT_OFFSETS: return 4 * (words + 1);
	case DPT_CLASSES:
	case DPT_MEMBERS: return 4 * words;
	case DPT_STARTS: return 4 * (n + 1);
	case DPT_LOOKUP: return UINT64_C(8) << h->lookup_bits;
	case DPT_STEMS: return UINT64_C(4) << h->lookup_bits;
	case DPT_VECTORS: return 4 * n * dpt_stride(h->dim);
	case DPT_NEIGHBOURS: return 4 * n * k;
	case DPT_DISTANCES: return 8 * n * k;
	case DPT_FAR:
		return (far.narrow ? 2 : 4) * dpt_far_before(&far, far.rows);
	case DPT_REACH: return 8 * dpt_far_reaches(&far, far.rows);
	case DPT_CELL_START:
		return h->cells > 0 ? 4 * ((uint64_t)h->cells + 1) : 0;
	case DPT_CELL: return h->cells > 0 ? 4 * n : 0;
	case DPT_NEAR: return (uint64_t)h->cell_rows * h->cells;
	case DPT_COARSE: return n * dpt_screen_stride(h->dim);
	case DPT_OFF: return 4 * n;
	case DPT_RATES: return sizeof(struct dpt_rate) * (uint64_t)h->rates;
	case DPT_SETTINGS:
		return sizeof(struct dpt_setting) * (uint64_t)h->settings;
	case DPT_OTHERS: return 8 * n * h->rates;
	case DPT_SEALS:
		return 8 *
		       dpt_seals_count(n, h->far_rows, h->cell_rows, h->rates);
	case DPT_TEXT:
	case DPT_SECTIONS: break;
	}
	return UINT64_MAX;
}

/* Whether so many rows may have so many far neighbours each. */
static bool far_ok(const struct dpt_header *h, uint32_t rows, uint32_t count)
{
	return rows <= h->classes && count <= h->classes &&
	       count % DPT_FAR_BLOCK == 0 &&
	       count <= DPT_FAR_BLOCKS * DPT_FAR_BLOCK &&
	       (rows > 0) == (count > 0);
}

static const char *header_fault(const struct dpt_header *h, size_t size)
{
	if (size < sizeof *h)
		return "too short";
	if (memcmp(h->magic, DPT_INDEX_MAGIC, sizeof h->magic) != 0)
		return "not a dptext index";
	if (h->version != DPT_INDEX_VERSION)
		return "of another version: build it again";
	if (h->sections != DPT_SECTIONS || h->bytes != size)
		return "truncated, or longer than it was written";
	if (h->checksum != dpt_header_checksum(h))
		return "damaged: the checksum of the header is wrong";
	if (h->classes < 2 || h->classes > INT32_MAX || h->words < h->classes ||
	    h->words > INT32_MAX || h->dim == 0 || h->dim > 65536 ||
	    h->neighbours == 0 || h->neighbours >= h->classes ||
	    h->neighbours > DPT_MAX_NEIGHBOURS || h->rates > 4096 ||
	    h->settings > 4096 || !far_ok(h, h->far_rows, h->far_count) ||
	    !far_ok(h, h->far_long_rows, h->far_long_count) ||
	    h->far_long_rows > h->far_rows || h->cell_rows > h->classes ||
	    h->cells > DPT_CELLS || (h->cell_rows > 0) != (h->cells > 0) ||
	    h->lookup_bits > 32 ||
	    !(h->coarse_step > 0 && h->coarse_step <= 1e15F) ||
	    (UINT64_C(1) << h->lookup_bits) <= h->words)
		return "damaged: impossible sizes";
	if (!isfinite(h->distance_max) || !(h->distance_min > 0) ||
	    !(h->distance_min <= h->distance_max))
		return "damaged: impossible distances";
	return NULL;
}

static bool section_placed(const struct dpt_header *h, enum dpt_section_id id)
{
	const struct dpt_section *s = &h->section[id];
	uint64_t want = dpt_section_bytes(h, id);
	return s->offset % DPT_INDEX_ALIGN == 0 && s->offset >= sizeof *h &&
	       s->offset <= h->bytes && s->bytes <= h->bytes - s->offset &&
	       (want == UINT64_MAX || s->bytes == want);
}

/* Sections follow one another, with nothing but zeros between them. */
static bool gaps_ok(const struct dpt_header *h)
{
	const char *base = (const char *)h;
	uint64_t at = sizeof *h;
	bool ok = true;
	for (int i = 0; ok && i < DPT_SECTIONS; i++) {
		const struct dpt_section *s = &h->section[i];
		ok = s->offset >= at && s->offset - at < DPT_INDEX_ALIGN;
		for (; ok && at < s->offset; at++)
			ok = base[at] == 0;
		at += s->bytes;
	}
	return ok && at == h->bytes;
}

/* Whether v rises from 0 to end in n steps, each at least least. */
static bool rises(const uint32_t *v, size_t n, uint64_t end, uint32_t least)
{
	bool ok = v[0] == 0 && v[n] == end;
	for (size_t i = 0; i < n; i++)
		ok &= v[i + 1] >= v[i] && v[i + 1] - v[i] >= least;
	return ok;
}

static bool lookup_ok(const dpt_index *x)
{
	size_t slots = dpt_lookup_slots(x->header), empty = 0;
	uint32_t largest = 0;
	for (size_t i = 0; i < slots; i++) {
		uint32_t word = (uint32_t)x->lookup[i];
		largest = word > largest ? word : largest;
		empty += word == 0;
	}
	return largest <= x->header->words && empty > 0;
}

static bool stems_ok(const dpt_index *x)
{
	size_t slots = dpt_lookup_slots(x->header), empty = 0;
	for (size_t i = 0; i < slots; i++)
		empty += x->stems[i] == 0;
	return empty > 0 &&
	       dpt_all_below(x->stems, slots, x->header->classes + 1);
}

static bool reaches_sane(const struct dpt_ground *g)
{
	bool ok = true;
	for (uint32_t w = 0; ok && w < g->far.rows; w++)
		ok = dpt_reach_sane(g, w);
	return ok;
}

/* Every cell has words. */
static bool cells_ok(const dpt_index *x)
{
	const struct dpt_cells *c = &x->ground.cells;
	uint32_t n = x->header->classes;
	return c->count == 0 || (rises(c->start, c->count, n, 1) &&
	                         dpt_all_below(c->word, n, n));
}

bool dpt_setting_sane(const struct dpt_setting *s, uint32_t neighbours)
{
	return memchr(s->mechanism, 0, sizeof s->mechanism) != NULL &&
	       s->kmax >= 1 && s->kmax <= neighbours + 1 && s->scale > 0 &&
	       s->epsilon > 0 && s->max_unchanged > 0 && s->verified > 0 &&
	       s->fallback >= 0 && s->fallback <= 1 && s->mean > 0 &&
	       s->mean < 1e6;
}

static bool settings_ok(const dpt_index *x)
{
	bool ok = true;
	for (uint32_t i = 0; i < x->header->settings; i++)
		ok &=
		    dpt_setting_sane(&x->settings[i], x->header->neighbours) &&
		    x->settings[i].rate < x->header->rates;
	return ok;
}

/* Rates above 0 that cost no less than themselves. */
static bool rates_ok(const dpt_index *x)
{
	for (uint32_t i = 0; i < x->header->rates; i++) {
		const struct dpt_rate *r = &x->rates[i];
		if (!(r->t > 0 && r->epsilon >= r->t &&
		      r->epsilon < DPT_FARTHEST &&
		      r->unchanged_mean < DPT_FARTHEST &&
		      r->unchanged_token_mean < DPT_FARTHEST &&
		      r->distance_mean < DPT_FARTHEST))
			return false;
	}
	return true;
}

/* Words are UTF-8, each for itself, and none ends a line or a record. */
static bool text_ok(const dpt_index *x)
{
	size_t bytes = x->header->section[DPT_TEXT].bytes;
	bool ok = !u8_check((const uint8_t *)x->text, bytes) &&
	          !memchr(x->text, '\n', bytes) && !memchr(x->text, 0, bytes);
	for (uint32_t w = 0; ok && w < x->header->words; w++)
		ok = (x->text[x->offsets[w]] & 0xC0) != 0x80;
	return ok;
}

void dpt_index_over(dpt_index *x, const struct dpt_header *h)
{
	const char *base = (const char *)h;
	const void *at[DPT_SECTIONS];
	for (int i = 0; i < DPT_SECTIONS; i++)
		at[i] = base + h->section[i].offset;
	x->header = h;
	x->stride = dpt_stride(h->dim);
	x->text = at[DPT_TEXT];
	x->offsets = at[DPT_OFFSETS];
	x->classes = at[DPT_CLASSES];
	x->starts = at[DPT_STARTS];
	x->members = at[DPT_MEMBERS];
	x->lookup = at[DPT_LOOKUP];
	x->stems = at[DPT_STEMS];
	x->vectors = at[DPT_VECTORS];
	x->lists.k = h->neighbours;
	x->lists.id = at[DPT_NEIGHBOURS];
	x->lists.distance = at[DPT_DISTANCES];
	struct dpt_far far = dpt_header_far(h);
	far.id = at[DPT_FAR];
	far.reach = at[DPT_REACH];
	x->ground = (struct dpt_ground){
	    .vectors = x->vectors,
	    .n = h->classes,
	    .dim = h->dim,
	    .lists = x->lists,
	    .far = far,
	    .cells = {h->cell_rows, h->cells, at[DPT_CELL_START], at[DPT_CELL],
	              at[DPT_NEAR], dpt_cell_step(h)},
	    .screen = {at[DPT_COARSE], at[DPT_OFF], dpt_screen_stride(h->dim),
	               h->coarse_step, 1 / h->coarse_step}};
	x->rates = at[DPT_RATES];
	x->others = at[DPT_OTHERS];
	x->settings = at[DPT_SETTINGS];
}

/* ------------------------------------------------------- large sections */

/* One thread is enough for few bytes, and memory feeds no more than some. */
#define FEW ((size_t)4 << 20)
#define CHECKERS 4

/*
 * What has seals is read from the file, if there is one: to map a page costs
 * more than to read it, and few pages are needed.
 */
struct check {
	const dpt_index *index;
	int fd;                   /* -1: there is none, all is in memory */
	bool late;                /* what has seals is left to them */
	int unread[DPT_SECTIONS]; /* errno, where it cannot be read */
	bool insane[DPT_SECTIONS];
	const char *fault[DPT_SECTIONS];
};

/* What errno tells the rest of. */
static const char unreadable[] = "unreadable";

struct part {
	struct check *check;
	enum dpt_section_id id;
};

static bool has_seals(enum dpt_section_id id)
{
	switch (id) {
	case DPT_VECTORS:
	case DPT_COARSE:
	case DPT_OFF:
	case DPT_NEIGHBOURS:
	case DPT_DISTANCES:
	case DPT_FAR:
	case DPT_REACH:
	case DPT_NEAR:
	case DPT_OTHERS: return true;
	default: return false;
	}
}

static bool is_left(const struct check *c, int section)
{
	return c->late && has_seals((enum dpt_section_id)section);
}

/* Bytes that are looked at together. */
static size_t row_bytes(const struct dpt_header *h, enum dpt_section_id id)
{
	switch (id) {
	case DPT_NEIGHBOURS: return h->neighbours * sizeof(uint32_t);
	case DPT_DISTANCES: return h->neighbours * sizeof(double);
	default: return sizeof(double);
	}
}

static void check_piece(void *ctx, uint64_t offset, const void *piece,
                        size_t bytes)
{
	struct part *p = ctx;
	const dpt_index *x = p->check->index;
	const struct dpt_ground *g = &x->ground;
	size_t row = row_bytes(x->header, p->id), rows = bytes / row;
	size_t first = (size_t)(offset / row);
	bool ok = true;
	switch (p->id) {
	case DPT_VECTORS:
		ok = dpt_vectors_sane(piece, bytes / sizeof(float));
		break;
	case DPT_OFF: ok = dpt_off_sane(piece, bytes / sizeof(float)); break;
	case DPT_NEIGHBOURS: ok = dpt_ids_sane(g, piece, first, rows); break;
	case DPT_DISTANCES:
		ok =
		    dpt_distances_sane(g, x->header->distance_min, piece, rows);
		break;
	case DPT_FAR: ok = dpt_far_sane(g, piece, bytes); break;
	case DPT_OTHERS: ok = dpt_others_sane(piece, rows, g->n); break;
	default: break; /* the others are small: see content_fault */
	}
	p->check->insane[p->id] |= !ok;
}

static void check_section(void *ctx, unsigned thread, size_t i)
{
	struct check *c = ctx;
	struct part part = {c, (enum dpt_section_id)i};
	const struct dpt_header *h = c->index->header;
	const struct dpt_section *s = &h->section[i];
	const char *data = (const char *)h + s->offset;
	size_t row = row_bytes(h, part.id);
	uint64_t sum;
	(void)thread;
	if (is_left(c, (int)i))
		return;
	if (c->fd < 0 || !has_seals(part.id)) {
		sum = dpt_checksum(data, s->bytes);
		check_piece(&part, 0, data, s->bytes);
	} else if (!dpt_checksum_file(c->fd, s->offset, s->bytes,
	                              DPT_PIECE / row * row, check_piece, &part,
	                              &sum)) {
		c->fault[i] = unreadable;
		c->unread[i] = errno;
		return;
	}
	if (sum != s->hash)
		c->fault[i] = "damaged: the checksum of a section is wrong";
}

static const char *content_fault(const struct check *c)
{
	const dpt_index *x = c->index;
	const struct dpt_header *h = x->header;
	size_t n = h->classes;
	if (!rises(x->offsets, h->words, h->section[DPT_TEXT].bytes, 1) ||
	    !rises(x->starts, n, h->words, 1) ||
	    !dpt_all_below(x->classes, h->words, h->classes) ||
	    !dpt_all_below(x->members, h->words, h->words) || !lookup_ok(x) ||
	    !stems_ok(x) || !text_ok(x))
		return "damaged: its words make no sense";
	if (c->insane[DPT_VECTORS] || c->insane[DPT_OFF])
		return "damaged: a vector is not finite";
	if (c->insane[DPT_NEIGHBOURS] || c->insane[DPT_DISTANCES] ||
	    c->insane[DPT_FAR] || (!c->late && !reaches_sane(&x->ground)) ||
	    !cells_ok(x) || !dpt_all_below(h->max_pair, 2, h->classes) ||
	    !dpt_all_below(h->min_pair, 2, h->classes))
		return "damaged: its neighbours make no sense";
	if (c->insane[DPT_OTHERS] || !rates_ok(x) || !settings_ok(x))
		return "damaged: its normalisers make no sense";
	return NULL;
}

static unsigned checkers(const struct check *c)
{
	uint64_t bytes = 0;
	for (int i = 0; i < DPT_SECTIONS; i++)
		if (!is_left(c, i))
			bytes += c->index->header->section[i].bytes;
	return bytes < FEW ? 1 : CHECKERS;
}

static const char *sections_fault(struct check *c)
{
	const char *fault = NULL;
	dpt_parallel(checkers(c), DPT_SECTIONS, check_section, c);
	for (int i = 0; !fault && i < DPT_SECTIONS; i++) {
		fault = c->fault[i];
		errno = c->unread[i];
	}
	if (!fault && !c->late && !gaps_ok(c->index->header))
		fault = "damaged: something lies between its sections";
	return fault ? fault : content_fault(c);
}

static enum dpt_status fail_index(const struct mapping *m, const char *fault,
                                  dpt_error *err)
{
	const char *path = m->path ? m->path : "", *colon = m->path ? ": " : "";
	if (fault != unreadable)
		return dpt_fail(err, DPT_EINDEX, "%s%sindex is %s", path, colon,
		                fault);
	return dpt_fail_errno(err, m->path ? m->path : "index");
}

/* All of it, or what has no seals. */
static enum dpt_status check_all(const struct mapping *m, bool late,
                                 dpt_error *err)
{
	struct check c = {.index = &m->index, .fd = m->fd, .late = late};
	const char *fault = sections_fault(&c);
	return fault ? fail_index(m, fault, err) : DPT_OK;
}

static const char *layout_fault(const struct dpt_header *h, size_t size)
{
	const char *fault = header_fault(h, size);
	for (int i = 0; !fault && i < DPT_SECTIONS; i++)
		if (!section_placed(h, (enum dpt_section_id)i))
			fault = "damaged: a section is not where it should be";
	return fault;
}

/* Makes the index of a mapping, whose other fields are there. */
static enum dpt_status attach(struct mapping *m, bool late, dpt_error *err)
{
	const struct dpt_header *h = m->data;
	const char *fault = layout_fault(h, m->size);
	if (fault)
		return fail_index(m, fault, err);
	dpt_index_over(&m->index, h);
	enum dpt_status status = check_all(m, late, err);
	if (status || !late)
		return status;
	m->index.ground.seals = dpt_seals_new(
	    &m->index.ground,
	    (const void *)((const char *)h + h->section[DPT_SEALS].offset),
	    h->distance_min);
	return m->index.ground.seals ? DPT_OK : dpt_fail_memory(err);
}

enum dpt_status dpt_index_check(const dpt_index *index, dpt_error *err)
{
	struct mapping *m = (struct mapping *)index;
	if (!index->ground.seals || atomic_load(&m->checked))
		return DPT_OK;
	enum dpt_status status = check_all(m, false, err);
	if (!status)
		atomic_store(&m->checked, true);
	return status;
}

enum dpt_status dpt_index_intact(const dpt_index *index, dpt_error *err)
{
	const struct dpt_seals *seals = index->ground.seals;
	if (!seals || !atomic_load(&seals->damaged))
		return DPT_OK;
	return fail_index((const struct mapping *)index,
	                  "damaged: the checksum of a row is wrong", err);
}

enum dpt_status dpt_index_attach(const void *data, size_t size, bool late,
                                 dpt_index **out, dpt_error *err)
{
	struct mapping *m = calloc(1, sizeof *m);
	*out = NULL;
	if (!m)
		return dpt_fail_memory(err);
	m->data = (void *)data;
	m->size = size;
	m->fd = -1;
	enum dpt_status status = attach(m, late, err);
	if (status)
		dpt_index_free(&m->index);
	else
		*out = &m->index;
	return status;
}

/* A file that stays open must not be taken for a closed standard one. */
static int open_beyond_standard(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fd > STDERR_FILENO)
		return fd;
	int beyond = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	close(fd);
	return beyond;
}

/* Opens and maps the file of m. */
static enum dpt_status map(struct mapping *m, dpt_error *err)
{
	struct stat st;
	m->fd = open_beyond_standard(m->path);
	if (m->fd < 0 || fstat(m->fd, &st) != 0)
		return dpt_fail_errno(err, m->path);
	m->size = (size_t)st.st_size;
	m->data = !S_ISREG(st.st_mode) || st.st_size <= 0
	              ? MAP_FAILED
	              : mmap(NULL, m->size, PROT_READ, MAP_SHARED, m->fd, 0);
	if (m->data != MAP_FAILED)
		return DPT_OK;
	m->data = NULL;
	return dpt_fail(err, DPT_EINDEX, "%s: not a dptext index", m->path);
}

static void close_file(struct mapping *m)
{
	if (m->fd >= 0)
		close(m->fd);
	m->fd = -1;
}

static enum dpt_status open_file(const char *path, bool late, dpt_index **out,
                                 dpt_error *err)
{
	struct mapping *m = calloc(1, sizeof *m);
	*out = NULL;
	if (!m)
		return dpt_fail_memory(err);
	m->fd = -1;
	m->path = strdup(path);
	enum dpt_status status = m->path ? map(m, err) : dpt_fail_memory(err);
	if (!status)
		status = attach(m, late, err);
	if (status) {
		dpt_index_free(&m->index);
		return status;
	}
	if (!late)
		close_file(m);
	*out = &m->index;
	return DPT_OK;
}

enum dpt_status dpt_index_open(const char *path, dpt_index **out,
                               dpt_error *err)
{
	return open_file(path, false, out, err);
}

enum dpt_status dpt_index_open_late(const char *path, dpt_index **out,
                                    dpt_error *err)
{
	return open_file(path, true, out, err);
}

void dpt_index_free(dpt_index *index)
{
	struct mapping *m = (struct mapping *)index;
	if (!m)
		return;
	if (m->path && m->data)
		munmap(m->data, m->size);
	close_file(m);
	free(index->ground.seals);
	free(m->path);
	free(m);
}

struct dpt_index_info dpt_index_about(const dpt_index *index)
{
	const struct dpt_header *h = index->header;
	return (struct dpt_index_info){
	    .words = h->words,
	    .classes = h->classes,
	    .dim = h->dim,
	    .neighbours = h->neighbours,
	    .merge_below = h->merge_below,
	    .distance_max = h->distance_max,
	    .distance_min = h->distance_min,
	    .max_pair = {h->max_pair[0], h->max_pair[1]},
	    .min_pair = {h->min_pair[0], h->min_pair[1]},
	    .rates = h->rates,
	    .checksum = h->checksum,
	    .bytes = h->bytes,
	};
}

uint32_t dpt_index_find(const dpt_index *index, const char *word, size_t len)
{
	uint64_t hash = dpt_word_hash(word, len);
	uint64_t mask = dpt_lookup_slots(index->header) - 1;
	/* at least one slot is empty: the walk ends */
	for (uint64_t i = hash & mask;; i = (i + 1) & mask) {
		uint32_t id = (uint32_t)index->lookup[i];
		if (id == 0)
			return DPT_NO_WORD;
		if (index->lookup[i] >> 32 != hash >> 32)
			continue;
		uint32_t at = index->offsets[id - 1];
		if (index->offsets[id] - at == len &&
		    memcmp(index->text + at, word, len) == 0)
			return index->classes[id - 1];
	}
}

const char *dpt_index_word(const dpt_index *index, uint32_t class_id,
                           size_t *len)
{
	uint32_t word = index->members[index->starts[class_id]];
	*len = index->offsets[word + 1] - index->offsets[word];
	return index->text + index->offsets[word];
}

size_t dpt_index_members(const dpt_index *index, uint32_t class_id)
{
	return index->starts[class_id + 1] - index->starts[class_id];
}

const float *dpt_index_vector(const dpt_index *index, uint32_t class_id)
{
	return dpt_index_row(index, class_id);
}

double dpt_index_distance(const dpt_index *index, uint32_t a, uint32_t b)
{
	return sqrt(dpt_squared(dpt_index_row(index, a),
	                        dpt_index_row(index, b), index->stride));
}

uint32_t dpt_index_neighbour(const dpt_index *index, uint32_t class_id,
                             uint32_t rank, double *distance)
{
	size_t i = (size_t)class_id * index->lists.k + rank;
	if (distance)
		*distance = index->lists.distance[i];
	return index->lists.id[i];
}

double dpt_index_rate(const dpt_index *index, uint32_t i, double *epsilon)
{
	*epsilon = index->rates[i].epsilon;
	return index->rates[i].t;
}

enum dpt_status dpt_index_space(const dpt_index *index, struct dpt_space *space,
                                dpt_error *err)
{
	return dpt_space_open(space, index->vectors, index->header->classes,
	                      index->header->dim, err);
}
