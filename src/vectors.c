/* SPDX-License-Identifier: MIT */
#include "vectors.h"

#include "error.h"

#include <assert.h>
#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistr.h>
#include <xxhash.h>
#include <zlib.h>

#define READ_SIZE ((size_t)512 << 10)
#define BUFFER_SIZE ((size_t)2 << 20) /* also the longest line */
#define MAX_WORD ((size_t)1024)
#define MAX_DIM ((size_t)65536)
#define MAX_ROWS ((size_t)1 << 31)

static_assert(MAX_WORD + 1 + MAX_DIM * sizeof(float) < BUFFER_SIZE,
              "a binary row fits the buffer");

/* Grows by realloc: dpt_buf, made for private text, copies and wipes. */
struct pool {
	void *data;
	size_t len, cap; /* bytes */
};

enum layout { GLOVE_TEXT, WORD2VEC_TEXT, WORD2VEC_BINARY };

struct dpt_vectors {
	size_t rows, dim, duplicate, not_utf8;
	enum layout layout;
	bool gzip;
	struct pool numbers; /* float, dim a row */
	struct pool words;   /* their bytes, end to end */
	struct pool ends;    /* size_t, where each word ends in words */
};

struct reader {
	const struct dpt_vectors_source *source;
	const char *name;
	size_t max_words;
	dpt_error *err;
	dpt_vectors *v;
	uint64_t promised; /* rows by the header, where there is one */
	uint64_t record;   /* lines (text) or rows (binary) done with */
	/* The window: buffer[pos..end), and a newline to stop at behind it. */
	char *buffer;
	size_t pos, end;
	bool drained; /* nothing comes behind the window */
	size_t line;  /* length of the line at its front */
	/* Set of the kept words, at most half full: hash << 32 | row + 1. */
	uint64_t *slot;
	size_t slots;
};

/* ------------------------------------------------------------ storage */

static bool pool_reserve(struct pool *p, size_t extra)
{
	if (extra <= p->cap - p->len)
		return true;
	if (extra > SIZE_MAX / 4 || p->len > SIZE_MAX / 4)
		return false;
	size_t cap = p->len + p->len / 2 + extra + 4096;
	void *data = realloc(p->data, cap);
	if (!data)
		return false;
	p->data = data;
	p->cap = cap;
	return true;
}

static void pool_trim(struct pool *p)
{
	void *data = p->len ? realloc(p->data, p->len) : NULL;
	if (data) {
		p->data = data;
		p->cap = p->len;
	}
}

static const char *word_at(const dpt_vectors *v, size_t row, size_t *len)
{
	const size_t *end = v->ends.data;
	size_t start = row ? end[row - 1] : 0;
	*len = end[row] - start;
	return (const char *)v->words.data + start;
}

static bool set_grow(struct reader *r)
{
	size_t slots = r->slots ? 2 * r->slots : 1024;
	uint64_t *slot = calloc(slots, sizeof *slot);
	if (!slot)
		return false;
	for (size_t i = 0; i < r->slots; i++) {
		if (!r->slot[i])
			continue;
		size_t at = (r->slot[i] >> 32) & (slots - 1);
		while (slot[at])
			at = (at + 1) & (slots - 1);
		slot[at] = r->slot[i];
	}
	free(r->slot);
	r->slot = slot;
	r->slots = slots;
	return true;
}

/* Whether the word is kept already; if not, it is the next row's now. */
static bool set_has(struct reader *r, const char *word, size_t len)
{
	uint32_t hash = (uint32_t)XXH3_64bits(word, len);
	size_t at = hash & (r->slots - 1);
	for (; r->slot[at]; at = (at + 1) & (r->slots - 1)) {
		if (r->slot[at] >> 32 != hash)
			continue;
		size_t other_len, row = (uint32_t)r->slot[at] - 1;
		const char *other = word_at(r->v, row, &other_len);
		if (len == other_len && memcmp(word, other, len) == 0)
			return true;
	}
	r->slot[at] = (uint64_t)hash << 32 | (r->v->rows + 1);
	return false;
}

/* ------------------------------------------------------------- errors */

static enum dpt_status fail_file(const char *name, dpt_error *err,
                                 const char *what)
{
	return dpt_fail(err, DPT_EFORMAT, "%.250s: %s", name, what);
}

/* Of the line or row that is being read. */
__attribute__((format(printf, 2, 3))) static enum dpt_status
fail_at(struct reader *r, const char *format, ...)
{
	char what[100];
	va_list args;
	va_start(args, format);
	vsnprintf(what, sizeof what, format, args);
	va_end(args);
	uint64_t record = r->record + 1;
	bool binary = r->v->layout == WORD2VEC_BINARY;
	dpt_fail(r->err, DPT_EFORMAT, "%.250s:%s%" PRIu64 ": %s", r->name,
	         binary ? " row " : "", record, what);
	if (r->err)
		r->err->record = record;
	return DPT_EFORMAT;
}

static enum dpt_status fail_count(struct reader *r, size_t numbers)
{
	return fail_at(r, "%zu numbers, expected %zu", numbers, r->v->dim);
}

static enum dpt_status fail_value(struct reader *r, size_t i, float value)
{
	return fail_at(r, "number %zu is not %s", i + 1,
	               isfinite(value) ? "a number" : "finite");
}

static enum dpt_status fail_long_word(struct reader *r)
{
	return fail_at(r, "a word longer than %zu bytes", MAX_WORD);
}

/* ------------------------------------------------------------- window */

/* Reads once more behind the window, which has room. */
static enum dpt_status fill(struct reader *r)
{
	size_t have = r->end - r->pos, got = 0;
	if (r->pos)
		memmove(r->buffer, r->buffer + r->pos, have);
	size_t room = BUFFER_SIZE - have;
	enum dpt_status status =
	    r->source->read(r->source->ctx, r->buffer + have,
	                    room < READ_SIZE ? room : READ_SIZE, &got, r->err);
	if (status && r->err)
		r->err->record = r->record + 1;
	r->pos = 0;
	r->end = have + got;
	r->buffer[r->end] = '\n';
	r->drained = got == 0;
	return status;
}

/* Makes the window hold n bytes, or all that is left. */
static enum dpt_status want(struct reader *r, size_t n)
{
	enum dpt_status status = DPT_OK;
	while (!status && r->end - r->pos < n && !r->drained)
		status = fill(r);
	return status;
}

/* Makes the window hold the whole line at its front. */
static enum dpt_status want_line(struct reader *r)
{
	for (size_t seen = 0;;) {
		const char *s = r->buffer + r->pos;
		size_t have = r->end - r->pos;
		const char *newline = memchr(s + seen, '\n', have - seen);
		r->line = newline ? (size_t)(newline - s) : have;
		if (newline || r->drained)
			return DPT_OK;
		if (have == BUFFER_SIZE)
			return fail_at(r, "a line longer than %zu bytes", have);
		seen = have;
		enum dpt_status status = fill(r);
		if (status)
			return status;
	}
}

static void take_line(struct reader *r)
{
	r->pos += r->line;
	if (r->pos < r->end)
		r->pos++;
}

/* ------------------------------------------------------------ numbers */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static const char *skip_blanks(const char *s)
{
	while (is_blank(*s))
		s++;
	return s;
}

static const char *skip_field(const char *s)
{
	while (!is_blank(*s) && *s != '\n')
		s++;
	return s;
}

/* Appends digits to *m, which takes 19 of them; *taken counts these. */
static const char *take_digits(const char *s, uint64_t *m, ptrdiff_t *taken)
{
	for (; *s >= '0' && *s <= '9'; s++) {
		if (*m < 1000000000000000000) {
			*m = *m * 10 + (uint64_t)(*s - '0');
			++*taken;
		}
	}
	return s;
}

static const char *take_exponent(const char *s, ptrdiff_t *exponent)
{
	if (*s != 'e' && *s != 'E')
		return s;
	bool minus = *++s == '-';
	if (minus || *s == '+')
		s++;
	uint64_t n = 0;
	ptrdiff_t taken = 0;
	const char *end = take_digits(s, &n, &taken);
	if (taken == 0 || taken > 4)
		return NULL;
	*exponent += minus ? -(ptrdiff_t)n : (ptrdiff_t)n;
	return end;
}

/*
 * Rounds m * 10^exponent to float if that is certain to be the correctly
 * rounded value.  m has its first 19 digits (relative error 1e-18), making
 * it a double and scaling it by an exact power of ten round once each (2^-53
 * both), so the double is off by less than 4 of its units in the last place.
 * Rounding it once more is right unless a float's rounding boundary, a double
 * that ends in a one and 28 zeros, is as near as that.
 */
static bool round_decimal(uint64_t m, ptrdiff_t exponent, float *x)
{
	static const double power[] = {
	    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
	    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
	    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
	};
	if (exponent < -22 || exponent > 22)
		return false;
	double d = (double)m;
	d = exponent < 0 ? d / power[-exponent] : d * power[exponent];
	uint64_t bits;
	memcpy(&bits, &d, sizeof bits);
	bool near = ((bits + 4) & 0x1fffffff) - 0x10000000 <= 8;
	if (m && (near || d < (double)FLT_MIN || d > (double)FLT_MAX))
		return false;
	*x = (float)d;
	return true;
}

/*
 * Reads a number as strtof of the "C" locale does, which is set meanwhile.
 * Returns its end, or NULL if no number stands between s and the next blank.
 */
static const char *read_number(const char *s, float *x)
{
	uint64_t m = 0;
	ptrdiff_t whole = 0, part = 0;
	const char *first = s + (*s == '-' || *s == '+');
	const char *end = take_digits(first, &m, &whole);
	ptrdiff_t digits = end - first, exponent = digits - whole;
	if (*end == '.') {
		const char *point = end + 1;
		end = take_digits(point, &m, &part);
		digits += end - point;
		exponent -= part;
	}
	end = digits ? take_exponent(end, &exponent) : NULL;
	if (end && (is_blank(*end) || *end == '\n') &&
	    round_decimal(m, exponent, x)) {
		*x = *s == '-' ? -*x : *x;
		return end;
	}
	if ((unsigned char)*s <= ' ') /* strtof would skip line ends */
		return NULL;
	char *stop;
	*x = strtof(s, &stop);
	return stop > s && (is_blank(*stop) || *stop == '\n') ? stop : NULL;
}

/*
 * Both give how many of the dim numbers are good; the value of the next one
 * is then 0 (not a number) or not finite.
 */
static size_t read_text(const char *s, size_t dim, float *out)
{
	for (size_t i = 0; i < dim; i++) {
		s = read_number(skip_blanks(s), &out[i]);
		if (!s)
			out[i] = 0;
		if (!s || !isfinite(out[i]))
			return i;
	}
	return dim;
}

static size_t read_binary(const char *s, size_t dim, float *out)
{
	const unsigned char *b = (const unsigned char *)s;
	for (size_t i = 0; i < dim; i++, b += 4) {
		uint32_t bits = (uint32_t)b[0] | (uint32_t)b[1] << 8 |
		                (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
		memcpy(&out[i], &bits, sizeof bits);
		if (!isfinite(out[i]))
			return i;
	}
	return dim;
}

/* --------------------------------------------------------------- rows */

/* Where the numbers of the next row go; NULL when out of memory. */
static float *next_numbers(dpt_vectors *v)
{
	struct pool *p = &v->numbers;
	if (!pool_reserve(p, v->dim * sizeof(float)))
		return NULL;
	return (float *)p->data + v->rows * v->dim;
}

/* Makes a row of the word and of the numbers that are in their place. */
static enum dpt_status add_row(struct reader *r, const char *word, size_t len)
{
	dpt_vectors *v = r->v;
	if (len == 0)
		return fail_at(r, "no word");
	if (len > MAX_WORD)
		return fail_long_word(r);
	if (memchr(word, '\0', len) || memchr(word, '\n', len))
		return fail_at(r, "a NUL byte or line end in the word");
	if (v->rows == MAX_ROWS)
		return fail_at(r, "more than %zu words", MAX_ROWS);
	if (u8_check((const uint8_t *)word, len)) {
		v->not_utf8++;
		return DPT_OK;
	}
	if ((2 * v->rows >= r->slots && !set_grow(r)) ||
	    !pool_reserve(&v->words, len) ||
	    !pool_reserve(&v->ends, sizeof(size_t)))
		return dpt_fail_memory(r->err);
	if (set_has(r, word, len)) {
		v->duplicate++;
		return DPT_OK;
	}
	memcpy((char *)v->words.data + v->words.len, word, len);
	v->words.len += len;
	((size_t *)v->ends.data)[v->rows++] = v->words.len;
	v->ends.len += sizeof(size_t);
	v->numbers.len += v->dim * sizeof(float);
	return DPT_OK;
}

/* Fields behind the first, which is empty if the line starts blank. */
static size_t count_numbers(const char *s, const char *end)
{
	size_t n = 0;
	bool blank = false;
	for (; s < end; s++) {
		bool was_blank = blank;
		blank = is_blank(*s);
		n += was_blank && !blank;
	}
	return n;
}

static enum dpt_status text_row(struct reader *r)
{
	const char *s = r->buffer + r->pos;
	size_t dim = r->v->dim, numbers = count_numbers(s, s + r->line);
	if (numbers < dim)
		return fail_count(r, numbers);
	const char *end = skip_field(s), *last = NULL;
	for (size_t i = dim; i < numbers; i++) {
		last = skip_blanks(end);
		end = skip_field(last);
	}
	float *out = next_numbers(r->v), ignored;
	if (!out)
		return dpt_fail_memory(r->err);
	/* A number too many, rather than a word with a blank in it? */
	if (last && read_number(last, &ignored))
		return fail_count(r, numbers);
	size_t good = read_text(end, dim, out);
	if (good < dim)
		return fail_value(r, good, out[good]);
	const char *word = skip_blanks(s);
	take_line(r);
	return add_row(r, word, word < end ? (size_t)(end - word) : 0);
}

static enum dpt_status binary_row(struct reader *r)
{
	size_t dim = r->v->dim, bytes = dim * sizeof(float);
	enum dpt_status status = want(r, MAX_WORD + 1 + bytes);
	if (status)
		return status;
	const char *word = r->buffer + r->pos;
	size_t have = r->end - r->pos;
	const char *blank =
	    memchr(word, ' ', have < MAX_WORD + 1 ? have : MAX_WORD + 1);
	size_t len = blank ? (size_t)(blank - word) : have;
	if (!blank && have > MAX_WORD)
		return fail_long_word(r);
	if (!blank || have - len - 1 < bytes)
		return fail_at(r, "the file ends within the row");
	float *out = next_numbers(r->v);
	if (!out)
		return dpt_fail_memory(r->err);
	size_t good = read_binary(blank + 1, dim, out);
	if (good < dim)
		return fail_value(r, good, out[good]);
	r->pos += len + 1 + bytes;
	return add_row(r, word, len);
}

/* Puts the next row at the front of the window, which is empty at the end. */
static enum dpt_status find_row(struct reader *r)
{
	if (r->v->layout != WORD2VEC_BINARY)
		return want_line(r);
	for (;;) {
		enum dpt_status status = want(r, 1);
		if (status || r->pos == r->end || r->buffer[r->pos] != '\n')
			return status;
		r->pos++;
	}
}

static enum dpt_status read_rows(struct reader *r)
{
	const dpt_vectors *v = r->v;
	bool header = v->layout != GLOVE_TEXT;
	while (!r->max_words || v->rows < r->max_words) {
		enum dpt_status status = find_row(r);
		if (status)
			return status;
		bool end = r->pos == r->end;
		size_t seen = v->rows + v->duplicate + v->not_utf8;
		if (end && header && seen < r->promised)
			return fail_at(
			    r, "the file ends after %zu of %" PRIu64 " rows",
			    seen, r->promised);
		if (end)
			break;
		if (header && seen == r->promised)
			return fail_at(
			    r, "more than the %zu rows of the header", seen);
		status =
		    v->layout == WORD2VEC_BINARY ? binary_row(r) : text_row(r);
		if (status)
			return status;
		r->record++;
	}
	if (v->rows == 0)
		return fail_file(r->name, r->err,
		                 v->not_utf8 ? "no word is valid UTF-8"
		                             : "no rows");
	return DPT_OK;
}

/* ---------------------------------------------------------- the start */

static enum dpt_status refuse_foreign(struct reader *r)
{
	static const struct {
		size_t at, len;
		const char *magic, *what;
	} foreign[] = {
	    {0, 4, "\xba\x16\x4f\x2f",
	     "a fastText model: use the .vec file of its vectors"},
	    {4, 6, "1AY&SY", "compressed with bzip2: decompress first"},
	    {0, 6, "\xfd\067zXZ", "compressed with xz: decompress first"},
	    {0, 4, "\x28\xb5\x2f\xfd",
	     "compressed with zstd: decompress first"},
	    {0, 2, "\x1f\x8b", "compressed twice: decompress first"},
	    {0, 4, "PK\3\4", "a zip archive (as .npz is): unpack first"},
	    {0, 6, "\x93NUMPY", "a NumPy array, not word vectors"},
	};
	size_t have = r->end - r->pos;
	for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
		const char *s = r->buffer + r->pos + foreign[i].at;
		if (have >= foreign[i].at + foreign[i].len &&
		    memcmp(s, foreign[i].magic, foreign[i].len) == 0)
			return fail_file(r->name, r->err, foreign[i].what);
	}
	return have ? DPT_OK : fail_file(r->name, r->err, "an empty file");
}

/* A whole number, UINT64_MAX for any of 20 digits and more. */
static const char *read_count(const char *s, uint64_t *n)
{
	ptrdiff_t taken = 0;
	*n = 0;
	s = skip_blanks(s);
	const char *end = take_digits(s, n, &taken);
	if (end - s > taken)
		*n = UINT64_MAX;
	return taken && (is_blank(*end) || *end == '\n') ? end : NULL;
}

/*
 * Whether text follows the header.  It does if the first row has its numbers
 * in text, or if nothing but text stands where binary numbers would: then it
 * is text with a fault, to be told as such.
 */
static bool text_follows(const struct reader *r, float *scratch)
{
	const char *s = r->buffer + r->pos, *end = r->buffer + r->end;
	size_t dim = r->v->dim, bytes = dim * sizeof(float);
	s = skip_field(s);
	if (read_text(s, dim, scratch) == dim)
		return true;
	if ((size_t)(end - s) > bytes)
		end = s + bytes;
	while (s < end &&
	       (is_blank(*s) || *s == '\n' || (*s > ' ' && *s <= '~')))
		s++;
	return s == end;
}

static enum dpt_status set_dim(struct reader *r, uint64_t dim)
{
	if (dim < 1 || dim > MAX_DIM)
		return fail_at(
		    r, "%" PRIu64 " numbers a row; 1 to %zu can be read", dim,
		    MAX_DIM);
	r->v->dim = (size_t)dim;
	return DPT_OK;
}

/* The line at the front of the window is a header of rows and dim. */
static enum dpt_status read_header(struct reader *r, uint64_t dim)
{
	if (r->promised > MAX_ROWS)
		return fail_at(r,
		               "a header of %" PRIu64 " rows; %zu can be read",
		               r->promised, MAX_ROWS);
	enum dpt_status status = set_dim(r, dim);
	if (status)
		return status;
	take_line(r);
	status = want(r, MAX_WORD + 1 + r->v->dim * sizeof(float));
	if (status)
		return status;
	float *scratch = next_numbers(r->v);
	if (!scratch)
		return dpt_fail_memory(r->err);
	bool text = text_follows(r, scratch);
	r->v->layout = text ? WORD2VEC_TEXT : WORD2VEC_BINARY;
	r->record = text;
	return DPT_OK;
}

/* Tells the layout and the number of numbers from the first lines. */
static enum dpt_status read_start(struct reader *r)
{
	enum dpt_status status = want(r, 16);
	if (!status)
		status = refuse_foreign(r);
	if (!status)
		status = want_line(r);
	if (status)
		return status;
	const char *s = r->buffer + r->pos;
	uint64_t dim;
	const char *end = read_count(s, &r->promised);
	end = end ? read_count(end, &dim) : NULL;
	if (end && *skip_blanks(end) == '\n')
		return read_header(r, dim);
	float ignored;
	if (!read_number(skip_blanks(skip_field(s)), &ignored))
		return fail_at(r, "neither a header nor a word with numbers");
	return set_dim(r, count_numbers(s, s + r->line));
}

enum dpt_status dpt_vectors_parse(const struct dpt_vectors_source *source,
                                  const char *name, size_t max_words,
                                  dpt_vectors **out, dpt_error *err)
{
	struct reader r = {
	    .source = source, .name = name, .max_words = max_words, .err = err};
	r.v = calloc(1, sizeof *r.v);
	r.buffer = malloc(BUFFER_SIZE + 1);
	locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	locale_t old = c ? uselocale(c) : (locale_t)0;
	enum dpt_status status = DPT_OK;
	if (!r.v || !r.buffer || !c)
		status = dpt_fail_memory(err);
	if (!status)
		status = read_start(&r);
	if (!status)
		status = read_rows(&r);
	if (c) {
		uselocale(old);
		freelocale(c);
	}
	free(r.buffer);
	free(r.slot);
	if (status) {
		dpt_vectors_free(r.v);
		return status;
	}
	pool_trim(&r.v->numbers);
	pool_trim(&r.v->words);
	pool_trim(&r.v->ends);
	*out = r.v;
	return DPT_OK;
}

/* -------------------------------------------------------------- files */

struct file {
	gzFile gz;
	const char *name;
};

static enum dpt_status read_file(void *ctx, void *buffer, size_t size,
                                 size_t *got, dpt_error *err)
{
	struct file *file = ctx;
	int n = gzread(file->gz, buffer, (unsigned)size), code;
	*got = n > 0 ? (size_t)n : 0;
	if (n > 0)
		return DPT_OK;
	gzerror(file->gz, &code);
	switch (code) {
	case Z_OK:
	case Z_STREAM_END: return DPT_OK;
	case Z_ERRNO: return dpt_fail_errno(err, file->name);
	case Z_MEM_ERROR: return dpt_fail_memory(err);
	case Z_BUF_ERROR:
		return fail_file(file->name, err, "the gzip data end too soon");
	default: return fail_file(file->name, err, "damaged gzip data");
	}
}

enum dpt_status dpt_vectors_read(const char *path, size_t max_words,
                                 dpt_vectors **out, dpt_error *err)
{
	errno = 0;
	struct file file = {gzopen(path, "rbe"), path};
	if (!file.gz)
		return errno ? dpt_fail_errno(err, path) : dpt_fail_memory(err);
	/* Half of what is asked for at a time: zlib then skips its buffer. */
	gzbuffer(file.gz, READ_SIZE / 2);
	struct dpt_vectors_source source = {read_file, &file};
	dpt_vectors *v;
	enum dpt_status status =
	    dpt_vectors_parse(&source, path, max_words, &v, err);
	if (!status) {
		v->gzip = !gzdirect(file.gz);
		*out = v;
	}
	gzclose_r(file.gz);
	return status;
}

void dpt_vectors_free(dpt_vectors *v)
{
	if (!v)
		return;
	free(v->numbers.data);
	free(v->words.data);
	free(v->ends.data);
	free(v);
}

/* ------------------------------------------------------------- access */

struct dpt_vectors_info dpt_vectors_about(const dpt_vectors *v)
{
	static const char *const format[][2] = {
	    [GLOVE_TEXT] = {"GloVe text", "GloVe text, gzip"},
	    [WORD2VEC_TEXT] = {"word2vec text", "word2vec text, gzip"},
	    [WORD2VEC_BINARY] = {"word2vec binary", "word2vec binary, gzip"},
	};
	return (struct dpt_vectors_info){
	    .rows = v->rows,
	    .dim = v->dim,
	    .duplicate = v->duplicate,
	    .not_utf8 = v->not_utf8,
	    .format = format[v->layout][v->gzip],
	};
}

const float *dpt_vectors_row(const dpt_vectors *v, size_t row)
{
	assert(row < v->rows);
	return (const float *)v->numbers.data + row * v->dim;
}

const char *dpt_vectors_word(const dpt_vectors *v, size_t row, size_t *len)
{
	assert(row < v->rows);
	return word_at(v, row, len);
}
