/* SPDX-License-Identifier: MIT */
/*
 * Opening an index.  A file may be truncated, damaged or hostile: every
 * size, offset and id is checked here, once, so that nothing behind this
 * file needs to be careful with one.
 */
#include "index.h"

#include "checksum.h"
#include "error.h"
#include "kernels.h"
#include "parallel.h"
#include "screen.h"
#include "wide.h"

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
	switch (id) {
	case DPT_OFFSETS: return 4 * (words + 1);
	case DPT_CLASSES:
	case DPT_MEMBERS: return 4 * words;
	case DPT_STARTS: return 4 * (n + 1);
	case DPT_LOOKUP: return UINT64_C(8) << h->lookup_bits;
	case DPT_VECTORS: return 4 * n * dpt_stride(h->dim);
	case DPT_NEIGHBOURS: return 4 * n * k;
	case DPT_DISTANCES: return 8 * n * k;
	case DPT_FAR:
		return (n <= DPT_NARROW ? 2 : 4) * (uint64_t)h->far_rows *
		       h->far_count;
	case DPT_REACH:
		return 8 * (uint64_t)h->far_rows *
		       (h->far_count / DPT_FAR_BLOCK + 1);
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
	case DPT_TEXT:
	case DPT_SECTIONS: break;
	}
	return UINT64_MAX;
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
	    h->settings > 4096 || h->far_rows > h->classes ||
	    h->far_count > h->classes || h->far_count % DPT_FAR_BLOCK != 0 ||
	    h->far_count > DPT_FAR_BLOCKS * DPT_FAR_BLOCK ||
	    (h->far_rows > 0) != (h->far_count > 0) ||
	    h->cell_rows > h->classes || h->cells > DPT_CELLS ||
	    (h->cell_rows > 0) != (h->cells > 0) || h->lookup_bits > 32 ||
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

DPT_WIDE static bool all_below(const uint32_t *v, size_t n, uint32_t limit)
{
	uint32_t largest = 0;
	for (size_t i = 0; i < n; i++)
		largest = v[i] > largest ? v[i] : largest;
	return n == 0 || largest < limit;
}

DPT_WIDE static bool all_narrow_below(const uint16_t *v, size_t n,
                                      uint32_t limit)
{
	uint16_t largest = 0;
	for (size_t i = 0; i < n; i++)
		largest = v[i] > largest ? v[i] : largest;
	return n == 0 || largest < limit;
}

/* Whether v rises from 0 to end in n steps, each at least least. */
static bool rises(const uint32_t *v, size_t n, uint64_t end, uint32_t least)
{
	bool ok = v[0] == 0 && v[n] == end;
	for (size_t i = 0; i < n; i++)
		ok &= v[i + 1] >= v[i] && v[i + 1] - v[i] >= least;
	return ok;
}

/* Whether no number is below low, above high, or NaN. */
DPT_WIDE static bool all_within(const double *v, size_t n, double low,
                                double high)
{
	int outside = 0;
	for (size_t i = 0; i < n; i++)
		outside |= !(v[i] >= low) | !(v[i] <= high);
	return !outside;
}

DPT_WIDE static bool floats_within(const float *v, size_t n, float low,
                                   float high)
{
	int outside = 0;
	for (size_t i = 0; i < n; i++)
		outside |= !(v[i] >= low) | !(v[i] <= high);
	return !outside;
}

/* Whether v never falls; NaN is seen as a fall. */
DPT_WIDE static bool never_falls(const double *v, uint32_t n)
{
	int falls = 0;
	for (uint32_t i = 1; i < n; i++)
		falls |= !(v[i] >= v[i - 1]);
	return !falls;
}

static bool lookup_ok(const dpt_index *x)
{
	size_t slots = (size_t)1 << x->header->lookup_bits, empty = 0;
	uint32_t largest = 0;
	for (size_t i = 0; i < slots; i++) {
		uint32_t word = (uint32_t)x->lookup[i];
		largest = word > largest ? word : largest;
		empty += word == 0;
	}
	return largest <= x->header->words && empty > 0;
}

#define FARTHEST 1e300

/* Lists of neighbours, that of class first and those after it. */
static bool ids_ok(const dpt_index *x, const uint32_t *id, size_t first,
                   size_t lists)
{
	uint32_t k = x->header->neighbours;
	bool ok = all_below(id, lists * k, x->header->classes);
	for (size_t i = 0; ok && i < lists; i++)
		ok = !dpt_has(id + i * k, k, (uint32_t)(first + i));
	return ok;
}

/* Each in order, and nothing closer than the smallest distance. */
static bool distances_ok(const dpt_index *x, const double *d, size_t lists)
{
	uint32_t k = x->header->neighbours;
	bool ok = true;
	for (size_t i = 0; ok && i < lists; i++, d += k)
		ok = d[0] >= x->header->distance_min && d[k - 1] < FARTHEST &&
		     never_falls(d, k);
	return ok;
}

/* What lies beyond the lists lies farther, and in order. */
static bool far_ok(const dpt_index *x)
{
	const struct dpt_far *f = &x->ground.far;
	uint32_t steps = f->count / DPT_FAR_BLOCK + 1;
	bool ok = true;
	for (size_t i = 0; ok && i < f->rows; i++) {
		const double *d = f->reach + i * steps;
		ok = d[0] >= x->lists.distance[(i + 1) * x->lists.k - 1] &&
		     d[steps - 1] < FARTHEST && never_falls(d, steps);
	}
	return ok;
}

/* Every cell has words. */
static bool cells_ok(const dpt_index *x)
{
	const struct dpt_cells *c = &x->ground.cells;
	uint32_t n = x->header->classes;
	return c->count == 0 ||
	       (rises(c->start, c->count, n, 1) && all_below(c->word, n, n));
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
		if (!(r->t > 0 && r->epsilon >= r->t && r->epsilon < FARTHEST &&
		      r->unchanged_mean < FARTHEST &&
		      r->unchanged_token_mean < FARTHEST &&
		      r->distance_mean < FARTHEST))
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

static void set_pointers(dpt_index *x, const struct dpt_header *h)
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
	x->vectors = at[DPT_VECTORS];
	x->lists.k = h->neighbours;
	x->lists.id = at[DPT_NEIGHBOURS];
	x->lists.distance = at[DPT_DISTANCES];
	x->ground = (struct dpt_ground){
	    .vectors = x->vectors,
	    .n = h->classes,
	    .dim = h->dim,
	    .lists = x->lists,
	    .far = {h->far_rows, h->far_count, h->classes <= DPT_NARROW,
	            at[DPT_FAR], at[DPT_REACH]},
	    .cells = {h->cell_rows, h->cells, at[DPT_CELL_START], at[DPT_CELL],
	              at[DPT_NEAR], dpt_cell_step(h)},
	    .screen = {at[DPT_COARSE], at[DPT_OFF], dpt_screen_stride(h->dim),
	               h->coarse_step}};
	x->rates = at[DPT_RATES];
	x->others = at[DPT_OTHERS];
	x->settings = at[DPT_SETTINGS];
}

/* ------------------------------------------------------- large sections */

/* One thread is enough for few bytes, and memory feeds no more than some. */
#define FEW ((size_t)1 << 20)
#define CHECKERS 4

/*
 * A section is read from the file, if there is one: to map a page costs more
 * than to read it, and few pages are needed.
 */
struct check {
	const dpt_index *index;
	int fd;                   /* -1: there is none, all is in memory */
	int unread[DPT_SECTIONS]; /* errno, where it cannot be read */
	bool sane[DPT_SECTIONS];
	const char *fault[DPT_SECTIONS];
};

/* What errno tells the rest of. */
static const char unreadable[] = "unreadable";

struct part {
	struct check *check;
	enum dpt_section_id id;
};

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
	const struct dpt_header *h = x->header;
	size_t row = row_bytes(h, p->id), rows = bytes / row;
	bool ok = true;
	switch (p->id) {
	case DPT_VECTORS:
		ok = floats_within(piece, bytes / sizeof(float), -1e15F, 1e15F);
		break;
	case DPT_OFF:
		ok = floats_within(piece, bytes / sizeof(float), 0, FLT_MAX);
		break;
	case DPT_NEIGHBOURS:
		ok = ids_ok(x, piece, (size_t)(offset / row), rows);
		break;
	case DPT_DISTANCES: ok = distances_ok(x, piece, rows); break;
	case DPT_FAR:
		ok = h->classes <= DPT_NARROW
		         ? all_narrow_below(piece, bytes / sizeof(uint16_t),
		                            h->classes)
		         : all_below(piece, bytes / sizeof(uint32_t),
		                     h->classes);
		break;
	case DPT_OTHERS:
		ok = all_within(piece, rows, DBL_TRUE_MIN, h->classes);
		break;
	default: break; /* the others are small: see content_fault */
	}
	p->check->sane[p->id] &= ok;
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
	c->sane[i] = true;
	if (c->fd < 0) {
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

static const char *content_fault(const dpt_index *x, const bool *sane)
{
	const struct dpt_header *h = x->header;
	size_t n = h->classes;
	if (!rises(x->offsets, h->words, h->section[DPT_TEXT].bytes, 1) ||
	    !rises(x->starts, n, h->words, 1) ||
	    !all_below(x->classes, h->words, h->classes) ||
	    !all_below(x->members, h->words, h->words) || !lookup_ok(x) ||
	    !text_ok(x))
		return "damaged: its words make no sense";
	if (!sane[DPT_VECTORS] || !sane[DPT_OFF])
		return "damaged: a vector is not finite";
	if (!sane[DPT_NEIGHBOURS] || !sane[DPT_DISTANCES] || !sane[DPT_FAR] ||
	    !far_ok(x) || !cells_ok(x) ||
	    !all_below(h->max_pair, 2, h->classes) ||
	    !all_below(h->min_pair, 2, h->classes))
		return "damaged: its neighbours make no sense";
	if (!sane[DPT_OTHERS] || !rates_ok(x) || !settings_ok(x))
		return "damaged: its normalisers make no sense";
	return NULL;
}

static const char *sections_fault(const dpt_index *x, int fd)
{
	struct check c = {.index = x, .fd = fd};
	const char *fault = NULL;
	dpt_parallel(x->header->bytes < FEW ? 1 : CHECKERS, DPT_SECTIONS,
	             check_section, &c);
	for (int i = 0; !fault && i < DPT_SECTIONS; i++) {
		fault = c.fault[i];
		errno = c.unread[i];
	}
	if (!fault && !gaps_ok(x->header))
		fault = "damaged: something lies between its sections";
	return fault ? fault : content_fault(x, c.sane);
}

/* fd: of the file that data is a mapping of, or -1. */
static const char *attach(dpt_index *x, const void *data, size_t size, int fd)
{
	const struct dpt_header *h = data;
	const char *fault = header_fault(h, size);
	for (int i = 0; !fault && i < DPT_SECTIONS; i++)
		if (!section_placed(h, (enum dpt_section_id)i))
			fault = "damaged: a section is not where it should be";
	if (fault)
		return fault;
	set_pointers(x, h);
	return sections_fault(x, fd);
}

static enum dpt_status open_mapping(const void *data, size_t size, int fd,
                                    struct mapping **out, dpt_error *err)
{
	struct mapping *m = calloc(1, sizeof *m);
	if (!m)
		return dpt_fail_memory(err);
	const char *fault = attach(&m->index, data, size, fd);
	*out = fault ? NULL : m;
	if (!fault)
		return DPT_OK;
	if (fault == unreadable)
		dpt_fail_errno(err, "index is unreadable");
	else
		dpt_fail(err, DPT_EINDEX, "index is %s", fault);
	free(m);
	return fault == unreadable ? DPT_EIO : DPT_EINDEX;
}

enum dpt_status dpt_index_attach(const void *data, size_t size, dpt_index **out,
                                 dpt_error *err)
{
	struct mapping *m;
	enum dpt_status status = open_mapping(data, size, -1, &m, err);
	*out = status ? NULL : &m->index;
	return status;
}

/* An open file, and its mapping. */
static enum dpt_status map(const char *path, int *fd, void **data, size_t *size,
                           dpt_error *err)
{
	struct stat st;
	*fd = open(path, O_RDONLY | O_CLOEXEC);
	if (*fd < 0)
		return dpt_fail_errno(err, path);
	if (fstat(*fd, &st) != 0) {
		dpt_fail_errno(err, path);
		close(*fd);
		return DPT_EIO;
	}
	*size = (size_t)st.st_size;
	*data = !S_ISREG(st.st_mode) || st.st_size <= 0
	            ? MAP_FAILED
	            : mmap(NULL, *size, PROT_READ, MAP_SHARED, *fd, 0);
	if (*data != MAP_FAILED)
		return DPT_OK;
	close(*fd);
	return dpt_fail(err, DPT_EINDEX, "%s: not a dptext index", path);
}

enum dpt_status dpt_index_open(const char *path, dpt_index **out,
                               dpt_error *err)
{
	int fd;
	void *data = NULL;
	size_t size = 0;
	dpt_error inner;
	struct mapping *m;
	*out = NULL;
	enum dpt_status status = map(path, &fd, &data, &size, err);
	if (status)
		return status;
	status = open_mapping(data, size, fd, &m, &inner);
	close(fd);
	if (status) {
		munmap(data, size);
		return dpt_fail(err, status, "%s: %s", path, inner.text);
	}
	m->data = data;
	m->size = size;
	*out = &m->index;
	return DPT_OK;
}

void dpt_index_free(dpt_index *index)
{
	struct mapping *m = (struct mapping *)index;
	if (m && m->data)
		munmap(m->data, m->size);
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
	uint64_t mask = (UINT64_C(1) << index->header->lookup_bits) - 1;
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
