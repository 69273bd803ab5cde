/* SPDX-License-Identifier: MIT */
/* Streams of lines through callbacks in memory, and what may go wrong. */
#include "fixture.h"
#include "suites.h"
#include "token.h"
#include "words.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))
#define B(s) s, sizeof s - 1

/* ------------------------------------------------- a small vocabulary */

enum { N = 64, DIM = 5 };

/* Some of its words have capitals, accents, apostrophes, and one vector. */
static const char *const special[] = {
    "the",   "\xc3\xa9t\xc3\xa9",        "o'clock", "stra\xc3\x9f\x65", "i",
    "don't", "\xd0\xbc\xd0\xb8\xd1\x80", "twin",    "sibling",
};
enum { SPECIAL = COUNT(special) };

static dpt_index *vocabulary;
static dpt_model *model;
static dpt_key key;

static void open_vocabulary(void)
{
	static char name[N][8];
	const char *words[N];
	fx_make_dir();
	float *rows = fx_rows(FX_RANDOM, N, DIM, 1);
	memcpy(rows + (SPECIAL - 1) * 8, rows + (SPECIAL - 2) * 8,
	       8 * sizeof *rows);
	for (uint32_t i = 0; i < N; i++) {
		strcpy(name[i], fx_word(i));
		words[i] = i < SPECIAL ? special[i] : name[i];
	}
	dpt_vectors *v = fx_vectors(rows, N, DIM, words);
	vocabulary = fx_index_of("index", v, 45);
	model = fx_model(vocabulary, "exponential", 1, 0.5);
	dpt_key_from_seed(&key, 1);
	dpt_vectors_free(v);
	free(rows);
}

static void close_vocabulary(void)
{
	dpt_model_free(model);
	dpt_index_free(vocabulary);
	fx_remove_dir();
}

/* ----------------------------------------------------- text in, text out */

struct io {
	const char *in;
	size_t size, at, piece; /* piece: most bytes a read gives */
	struct dpt_buf out;
	int reads, writes, flushes;
	int fail_read, fail_write; /* which call fails, from 1; 0: none */
	int fail_flush;
	int fault;
	int interrupts; /* reads that are interrupted before each real one */
	int interrupted;
	bool is_ready;
	int progress;
	uint64_t progressed;
};

static ptrdiff_t read_io(void *ctx, void *buffer, size_t size)
{
	struct io *io = ctx;
	if (io->interrupted < io->interrupts) {
		io->interrupted++;
		errno = EINTR;
		return -1;
	}
	io->interrupted = 0;
	if (++io->reads == io->fail_read) {
		errno = io->fault;
		return -1;
	}
	size_t n = io->size - io->at;
	n = n < size ? n : size;
	n = n < io->piece ? n : io->piece;
	memcpy(buffer, io->in + io->at, n);
	io->at += n;
	return (ptrdiff_t)n;
}

static int write_io(void *ctx, const void *bytes, size_t size)
{
	struct io *io = ctx;
	if (++io->writes == io->fail_write) {
		errno = io->fault;
		return -1;
	}
	return dpt_buf_add(&io->out, bytes, size) ? 0 : -1;
}

static int flush_io(void *ctx)
{
	struct io *io = ctx;
	ck_assert_int_gt(io->writes, io->flushes++);
	if (io->flushes != io->fail_flush)
		return 0;
	errno = io->fault;
	return -1;
}

static bool ready_io(void *ctx)
{
	const struct io *io = ctx;
	return io->is_ready;
}

static void progress_io(void *ctx, uint64_t bytes_in)
{
	struct io *io = ctx;
	io->progress++;
	io->progressed = bytes_in;
}

static struct io io_of(const char *text, size_t size)
{
	return (struct io){
	    .in = text, .size = size, .piece = SIZE_MAX, .is_ready = true};
}

static struct dpt_stream_options options_of(struct io *io, unsigned threads)
{
	return (struct dpt_stream_options){.model = model,
	                                   .key = &key,
	                                   .threads = threads,
	                                   .read = read_io,
	                                   .write = write_io,
	                                   .flush = flush_io,
	                                   .ready = ready_io,
	                                   .ctx = io,
	                                   .policy = fx_words_only};
}

/* The reference: one thread, all at once. */
static struct io rewritten(const char *text, size_t size,
                           struct dpt_counts *counts)
{
	struct io io = io_of(text, size);
	struct dpt_stream_options o = options_of(&io, 1);
	dpt_error err = {0};
	ck_assert_msg(!dpt_stream(&o, counts, &err), "%s", err.text);
	return io;
}

static void must_equal(const struct dpt_buf *a, const struct dpt_buf *b)
{
	ck_assert_uint_eq(a->len, b->len);
	ck_assert(a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

/* Lines of words known and unknown, in all shapes, and of everything else. */
static char *random_text(uint64_t seed, size_t lines, size_t *size)
{
	static const char *const between[] = {" ",         " ",
	                                      " ",         ", ",
	                                      "-",         "\t",
	                                      " 12 ",      "\xe2\x80\x93",
	                                      ".",         "\xf0\x9f\x98\x80",
	                                      " \xc2\xa0", "@",
	                                      " '",        " (",
	                                      "\r"};
	static const char *const unknown[] = {"secretive", "Zq", "QQ",
	                                      "\xe4\xbd\xa0", "y-y"};
	struct fx_seq seq = {seed};
	char *text = NULL;
	FILE *f = open_memstream(&text, size);
	for (size_t i = 0; i < lines; i++) {
		uint64_t words = fx_u64(&seq) % 8 ? fx_u64(&seq) % 9 : 0;
		for (uint64_t k = 0; k < words; k++) {
			struct dpt_buf b = {0};
			size_t n;
			uint32_t c = (uint32_t)(fx_u64(&seq) % (N - 1));
			const char *word = dpt_index_word(vocabulary, c, &n);
			if (fx_u64(&seq) % 6 == 0) {
				word = unknown[fx_u64(&seq) % 5];
				n = strlen(word);
			}
			ck_assert(dpt_add_shaped(
			    &b, (enum dpt_shape)(fx_u64(&seq) % 3), word, n));
			fwrite(b.data, 1, b.len, f);
			dpt_buf_free(&b);
			fputs(between[fx_u64(&seq) % COUNT(between)], f);
			if (fx_u64(&seq) % 50 == 0)
				fputc('\0', f);
		}
		fputs(fx_u64(&seq) % 5 ? "\n" : "\r\n", f);
	}
	fclose(f);
	return text;
}

/* ------------------------------------------------------ the same always */

static const size_t pieces[] = {1, 7, 4096, SIZE_MAX};
static const size_t chunks[] = {1, 64, 0};

/* However it is read, cut and shared out. */
START_TEST(output_depends_on_key_and_text_only)
{
	static const unsigned threads[] = {1, 2, 4};
	size_t size;
	char *text = random_text(3, 300, &size);
	struct dpt_counts expected, counts;
	struct io right = rewritten(text, size, &expected);
	for (int p = 0; p < COUNT(pieces); p++)
		for (int c = 0; c < COUNT(chunks); c++)
			for (int ready = 0; ready < 3; ready++) {
				struct io io = io_of(text, size);
				struct dpt_stream_options o =
				    options_of(&io, threads[_i]);
				io.piece = pieces[p];
				io.is_ready = ready;
				o.chunk = chunks[c];
				if (ready == 2)
					o.ready = NULL;
				ck_assert(!dpt_stream(&o, &counts, NULL));
				must_equal(&io.out, &right.out);
				ck_assert_int_eq(
				    memcmp(&counts, &expected, sizeof counts),
				    0);
				dpt_buf_free(&io.out);
			}
	dpt_buf_free(&right.out);
	free(text);
}
END_TEST

START_TEST(streams_can_be_continued)
{
	size_t size, at = 0, lines = 0;
	char *text = random_text(4, 100, &size);
	struct dpt_counts counts;
	struct io right = rewritten(text, size, &counts), io = {0};
	while (lines < 37)
		lines += text[at++] == '\n';
	for (int part = 0; part < 2; part++) {
		struct dpt_buf out = io.out;
		io = part ? io_of(text + at, size - at) : io_of(text, at);
		io.out = out;
		struct dpt_stream_options o = options_of(&io, 2);
		o.first_record = part ? lines : 0;
		o.chunk = 50;
		ck_assert(!dpt_stream(&o, &counts, NULL));
	}
	must_equal(&io.out, &right.out);
	dpt_buf_free(&io.out);
	dpt_buf_free(&right.out);
	free(text);
}
END_TEST

START_TEST(keys_and_records_make_a_difference)
{
	struct dpt_counts counts;
	char text[4001];
	for (int i = 0; i < 4000; i += 4)
		memcpy(text + i, i == 1996 ? "the\n" : "the ", 4);
	struct io a = rewritten(text, 3996, &counts);
	/* both lines have the same words, and no more than chance in common */
	int same = 0;
	char *second = memchr(a.out.data, '\n', a.out.len);
	ck_assert_ptr_nonnull(second);
	for (size_t i = 0; a.out.data[i] != '\n'; i++)
		same += a.out.data[i] == second[1 + i];
	ck_assert_int_lt(same, 1500);
	for (int i = 0; i < 2; i++) {
		ck_assert(!dpt_key_random(&key, NULL));
		struct io b = rewritten(text, 3996, &counts);
		ck_assert(a.out.len != b.out.len ||
		          memcmp(a.out.data, b.out.data, a.out.len) != 0);
		dpt_buf_free(&a.out);
		a = b;
	}
	dpt_buf_free(&a.out);
}
END_TEST

/* ------------------------------------------------------- what is kept */

/* The words of a text, found apart from src/rewrite.c. */
struct word {
	size_t start, end;
	uint32_t class_id;
};

struct words {
	const char *text;
	size_t len, at, i; /* at: the end of the word before number i */
	struct word *word;
	size_t n;
	bool ended; /* nothing was left */
};

static dpt_matcher *matcher(void)
{
	static dpt_pattern *pattern;
	static dpt_matcher *m;
	if (!m) {
		ck_assert(!dpt_pattern_new(&pattern, NULL));
		ck_assert(!dpt_matcher_new(pattern, &m, NULL));
	}
	return m;
}

static uint32_t class_of(const char *word, size_t len)
{
	static dpt_normaliser *n;
	enum dpt_rule rule;
	if (!n)
		ck_assert(!dpt_normaliser_new(vocabulary, &n, NULL));
	return dpt_normalise(n, word, len, &rule);
}

static void put(struct words *w, size_t start, size_t end, uint32_t class_id)
{
	w->word = realloc(w->word, (w->n + 1) * sizeof *w->word);
	w->word[w->n++] = (struct word){start, end, class_id};
}

/* A compound: as it is, else piece by piece, else part by part. */
static void put_compound(struct words *w, size_t start, size_t end)
{
	uint32_t whole = class_of(w->text + start, end - start);
	const char *hyphen = memchr(w->text + start, '-', end - start);
	struct dpt_parts parts = {.word = w->text + start, .len = end - start};
	struct dpt_part p;
	if (whole != DPT_NO_WORD || end - start > DPT_LONGEST_WORD) {
		put(w, start, end, whole);
	} else if (hyphen) {
		size_t cut = (size_t)(hyphen - w->text);
		put_compound(w, start, cut);
		put_compound(w, cut + 1, end);
	} else {
		while (dpt_next_part(&parts, &p)) {
			const char *name =
			    p.name ? p.name : w->text + start + p.start;
			put(w, start + p.start, start + p.end,
			    class_of(name, p.name ? p.len : p.end - p.start));
		}
	}
}

static struct words words_of(const char *text, size_t len)
{
	struct words w = {.text = text, .len = len};
	size_t start, end;
	int found;
	struct dpt_scan scan = {0};
	ck_assert(dpt_scan_text(&scan, text, len));
	dpt_words_begin(matcher(), &scan, 0, len);
	while ((found = dpt_next_word(matcher(), &start, &end)) > 0)
		put_compound(&w, start, end);
	ck_assert_int_eq(found, 0);
	dpt_scan_free(&scan);
	return w;
}

/* The next word, or NULL; what lies before it begins at w->at. */
static const struct word *next(struct words *w)
{
	w->at = w->i ? w->word[w->i - 1].end : 0;
	if (w->i < w->n)
		return &w->word[w->i++];
	w->ended = true;
	return NULL;
}

/* What lies before two words; the second may be parted from one before. */
static bool same_bytes(const struct words *a, size_t a_end,
                       const struct words *b, size_t b_end)
{
	size_t n = a_end - a->at, m = b_end - b->at;
	if (n == 0 && a->i > 1 && !a->ended)
		return m == 1 && b->text[b->at] == ' ';
	return n == m &&
	       (n == 0 || memcmp(a->text + a->at, b->text + b->at, n) == 0);
}

static enum dpt_shape shape_of(const struct words *w, const struct word *word)
{
	return dpt_shape_of(w->text + word->start, word->end - word->start);
}

START_TEST(only_words_change_and_only_to_words)
{
	size_t size;
	char *text = random_text(15 + (uint64_t)_i, 400, &size);
	struct dpt_counts counts, seen = {.bytes_in = size};
	struct io io = rewritten(text, size, &counts);
	struct words in = words_of(text, size);
	struct words out = words_of(io.out.data, io.out.len);
	uint32_t strasse = dpt_index_find(vocabulary, special[3], 7);
	const struct word *a, *b;
	while ((a = next(&in))) {
		b = next(&out);
		ck_assert_ptr_nonnull(b);
		ck_assert(same_bytes(&in, a->start, &out, b->start));
		ck_assert_int_eq(shape_of(&out, b),
		                 shape_of(&in, a) == DPT_UPPER &&
		                         b->end - b->start == 1
		                     ? DPT_CAPITALISED
		                     : shape_of(&in, a));
		uint32_t to = b->class_id;
		if (to == DPT_NO_WORD) /* STRASSE has no way back */
			ck_assert_int_eq(
			    memcmp(out.text + b->start, "STRASSE", 7), 0);
		to = to == DPT_NO_WORD ? strasse : to;
		seen.words++;
		seen.outside += a->class_id == DPT_NO_WORD;
		seen.unchanged += a->class_id == to;
	}
	ck_assert_ptr_null(next(&out));
	ck_assert(same_bytes(&in, in.len, &out, out.len));
	for (size_t i = 0; i < size; i++)
		seen.records += text[i] == '\n';
	ck_assert_uint_gt(seen.outside, 20);
	ck_assert_uint_eq(counts.words, seen.words);
	ck_assert_uint_eq(counts.outside, seen.outside);
	ck_assert_uint_eq(counts.records, seen.records);
	ck_assert_uint_eq(counts.bytes_in, size);
	ck_assert_uint_eq(counts.bytes_out, io.out.len);
	/* unknown upper case words that came in as STRASSE are not counted */
	ck_assert_uint_eq(counts.unchanged, seen.unchanged);
	free(in.word);
	free(out.word);
	dpt_buf_free(&io.out);
	free(text);
}
END_TEST

/* Both words of a class come out, whichever went in. */
START_TEST(all_words_of_a_class_come_out)
{
	for (int i = 0; i < 2; i++) {
		char text[8000];
		int twins = 0, siblings = 0;
		struct dpt_counts counts;
		for (size_t k = 0; k < sizeof text; k += 8)
			memcpy(text + k, i ? "sibling\n" : "   twin\n", 8);
		struct io io = rewritten(text, sizeof text, &counts);
		struct words w = words_of(io.out.data, io.out.len);
		for (const struct word *word; (word = next(&w));) {
			const char *at = w.text + word->start;
			size_t n = word->end - word->start;
			twins += n == 4 && !memcmp(at, "twin", 4);
			siblings += n == 7 && !memcmp(at, "sibling", 7);
		}
		free(w.word);
		ck_assert_uint_eq((uint64_t)(twins + siblings),
		                  counts.unchanged);
		ck_assert_int_gt(twins + siblings, 50);
		ck_assert_int_gt(twins, 10);
		ck_assert_int_gt(siblings, 10);
		dpt_buf_free(&io.out);
	}
}
END_TEST

static const struct {
	const char *text;
	size_t size;
	uint64_t records, words, longest;
} edges[] = {
    {B(""), 0, 0, 0},
    {B("\n"), 1, 0, 0},
    {B("\n\n\n"), 3, 0, 0},
    {B("\r\n"), 1, 0, 0},
    {B(" "), 1, 0, 0},
    {B("the"), 1, 1, 1},
    {B("the\n"), 1, 1, 1},
    {B("\nthe the"), 2, 2, 2},
    {B("the\r\nthe\r\n"), 2, 2, 1},
    {B("the\0the\n\0"), 2, 2, 2},
    {B("12 !?\n the the's The\nthe"), 3, 4, 3},
};

START_TEST(edges_of_the_input_are_kept)
{
	for (unsigned threads = 1; threads <= 3; threads++) {
		struct io io = io_of(edges[_i].text, edges[_i].size);
		struct dpt_stream_options o = options_of(&io, threads);
		struct dpt_counts counts;
		o.progress = progress_io;
		ck_assert(!dpt_stream(&o, &counts, NULL));
		ck_assert_uint_eq(counts.records, edges[_i].records);
		ck_assert_uint_eq(counts.words, edges[_i].words);
		ck_assert_uint_eq(counts.record_words.most, edges[_i].longest);
		ck_assert_uint_eq(io.progressed, edges[_i].size);
		struct words in = words_of(edges[_i].text, edges[_i].size);
		struct words out = words_of(io.out.data, io.out.len);
		for (const struct word *a, *b; (a = next(&in));) {
			b = next(&out);
			ck_assert_ptr_nonnull(b);
			ck_assert(same_bytes(&in, a->start, &out, b->start));
		}
		ck_assert_ptr_null(next(&out));
		ck_assert(same_bytes(&in, in.len, &out, out.len));
		free(in.word);
		free(out.word);
		dpt_buf_free(&io.out);
	}
}
END_TEST

/* Words of a megabyte, and lines of 200,000 words. */
START_TEST(long_words_and_lines_pass)
{
	enum { SIZE = 1 << 20 };
	char *text = malloc(SIZE);
	struct dpt_counts counts;
	uint64_t words = 1;
	memset(text, 'a', SIZE);
	for (size_t i = 3; _i && i + 2 < SIZE; i += 5) {
		text[i] = _i == 1 ? ' ' : '\'';
		words += _i == 1;
	}
	text[SIZE - 1] = '\n';
	struct io io = rewritten(text, SIZE, &counts);
	ck_assert_uint_eq(counts.words, words);
	ck_assert_uint_eq(counts.outside, words);
	ck_assert_uint_eq(counts.record_words.most, words);
	dpt_buf_free(&io.out);
	free(text);
}
END_TEST

/* ---------------------------------------------------------------- faults */

static const struct {
	const char *bytes;
	size_t size;
} faults[] = {
    {B("\xff")},         {B("the \x80 the")},     {B("\xc0\xaf")},
    {B("\xed\xa0\x80")}, {B("\xf4\x90\x80\x80")}, {B("the\xc3")},
    {B("\xe2\x82")},
};

static void check_fault(const char *text, size_t size, size_t good,
                        uint64_t line, unsigned threads, size_t chunk)
{
	struct dpt_counts counts, right;
	struct io before = rewritten(text, good, &right);
	struct io io = io_of(text, size);
	struct dpt_stream_options o = options_of(&io, threads);
	dpt_error err;
	o.chunk = chunk;
	ck_assert_int_eq(dpt_stream(&o, &counts, &err), DPT_EFORMAT);
	ck_assert_int_eq(err.status, DPT_EFORMAT);
	ck_assert_str_eq(err.text, "not valid UTF-8");
	ck_assert_uint_eq(err.record, line);
	ck_assert_uint_eq(counts.records, line - 1);
	ck_assert_uint_eq(counts.words, right.words);
	must_equal(&io.out, &before.out);
	dpt_buf_free(&io.out);
	dpt_buf_free(&before.out);
}

/* Before, in the middle and at the end; the last line may have no end. */
START_TEST(text_is_written_up_to_what_is_not_utf8)
{
	static const unsigned threads[] = {1, 2, 4};
	size_t size, at = 0;
	char *good = random_text(9, 60, &size);
	char *text = malloc(size + 20);
	uint64_t line = 1;
	for (; at <= size; at++) {
		if (at > 0 && good[at - 1] != '\n')
			continue;
		const char *bad = faults[line % COUNT(faults)].bytes;
		size_t n = faults[line % COUNT(faults)].size;
		memcpy(text, good, at);
		memcpy(text + at, bad, n);
		memcpy(text + at + n, good + at, size - at);
		check_fault(text, size + n, at, line, threads[line % 3],
		            chunks[line / 3 % COUNT(chunks)]);
		line++;
	}
	ck_assert_uint_eq(line, 62);
	free(text);
	free(good);
}
END_TEST

/* What came before the fault, in whole lines. */
static void check_partial(const char *text, size_t got,
                          const struct dpt_buf *out)
{
	struct dpt_counts counts;
	while (got > 0 && text[got - 1] != '\n')
		got--;
	struct io right = rewritten(text, got, &counts);
	must_equal(out, &right.out);
	dpt_buf_free(&right.out);
}

/* _i: threads, whether more is waiting, and the size of chunks. */
START_TEST(failing_reads_are_reported_after_all_before)
{
	size_t size;
	char *text = random_text(10, 80, &size);
	for (int call = 1; call < 30; call += 4) {
		struct io io = io_of(text, size);
		struct dpt_stream_options o =
		    options_of(&io, 1 + (unsigned)_i % 2);
		struct dpt_counts counts;
		dpt_error err;
		io.piece = 60;
		io.fail_read = call;
		io.fault = EIO;
		io.is_ready = _i / 2 % 2;
		o.chunk = chunks[1 + _i / 4];
		ck_assert_int_eq(dpt_stream(&o, &counts, &err), DPT_EIO);
		ck_assert_str_eq(err.text, "read: Input/output error");
		ck_assert_uint_eq(err.record, 0);
		ck_assert_uint_eq(counts.bytes_in, io.at);
		ck_assert_uint_eq(counts.bytes_out, io.out.len);
		check_partial(text, io.at, &io.out);
		dpt_buf_free(&io.out);
	}
	free(text);
}
END_TEST

START_TEST(failing_writes_are_reported)
{
	size_t size;
	char *text = random_text(11, 200, &size);
	struct dpt_counts counts;
	struct io right = rewritten(text, size, &counts);
	for (int call = 1; call < 20; call += 3) {
		struct io io = io_of(text, size);
		struct dpt_stream_options o = options_of(&io, 1 + (unsigned)_i);
		dpt_error err;
		o.chunk = 64;
		io.is_ready = false;
		io.fail_write = call;
		io.fault = ENOSPC;
		ck_assert_int_eq(dpt_stream(&o, &counts, &err), DPT_EIO);
		ck_assert_str_eq(err.text, "write: No space left on device");
		ck_assert_int_eq(io.writes, call); /* and none after it */
		ck_assert_uint_lt(io.out.len, right.out.len);
		ck_assert_int_eq(memcmp(io.out.data ? io.out.data : "",
		                        right.out.data, io.out.len),
		                 0);
		ck_assert_uint_eq(counts.bytes_out, io.out.len);
		/* and not all is read in vain */
		ck_assert_int_lt(io.reads, call + 20);
		dpt_buf_free(&io.out);
	}
	dpt_buf_free(&right.out);
	free(text);
}
END_TEST

START_TEST(failing_flushes_are_reported)
{
	struct io io = io_of("1\n2\n3\n", 6);
	struct dpt_stream_options o = options_of(&io, 1 + (unsigned)_i);
	struct dpt_counts counts;
	dpt_error err;
	o.chunk = 64;
	io.piece = 2;
	io.is_ready = false;
	io.fail_flush = 2;
	io.fault = EPIPE;
	ck_assert_int_eq(dpt_stream(&o, &counts, &err), DPT_EIO);
	ck_assert_str_eq(err.text, "write: Broken pipe");
	ck_assert_uint_eq(counts.bytes_out, 4);
	must_equal(&io.out, &(struct dpt_buf){.data = "1\n2\n", .len = 4});
	dpt_buf_free(&io.out);
}
END_TEST

START_TEST(interrupted_reads_are_tried_again)
{
	size_t size;
	char *text = random_text(12, 50, &size);
	struct dpt_counts counts;
	struct io right = rewritten(text, size, &counts);
	struct io io = io_of(text, size);
	struct dpt_stream_options o = options_of(&io, 1 + (unsigned)_i);
	io.interrupts = 3;
	io.piece = 100;
	ck_assert(!dpt_stream(&o, &counts, NULL));
	must_equal(&io.out, &right.out);
	dpt_buf_free(&io.out);
	dpt_buf_free(&right.out);
	free(text);
}
END_TEST

/* The fault that comes first in the text is the one reported. */
START_TEST(the_first_fault_is_reported)
{
	static const char text[] = "the\nthe\n\xff\nthe\nthe\nthe\nthe\n";
	for (unsigned threads = 1; threads <= 4; threads++) {
		struct io io = io_of(text, sizeof text - 1);
		struct dpt_stream_options o = options_of(&io, threads);
		struct dpt_counts counts;
		dpt_error err;
		io.piece = 4;
		io.is_ready = false;
		io.fail_read = 5;
		io.fault = EIO;
		o.chunk = 4;
		ck_assert_int_eq(dpt_stream(&o, &counts, &err), DPT_EFORMAT);
		ck_assert_uint_eq(err.record, 3);
		ck_assert_uint_eq(counts.records, 2);
		dpt_buf_free(&io.out);
	}
}
END_TEST

START_TEST(chunks_and_records_beyond_their_offsets_are_refused)
{
	for (int i = 0; i < 2; i++) {
		struct io io = io_of("the\n", 4);
		struct dpt_stream_options o = options_of(&io, 1);
		struct dpt_counts counts;
		*(i ? &o.chunk : &o.longest) = ((size_t)1 << 30) + 1;
		ck_assert_int_eq(dpt_stream(&o, &counts, NULL), DPT_ERANGE);
		ck_assert_uint_eq(io.out.len, 0);
	}
}
END_TEST

/* ----------------------------------------------------- a slow reader */

/* Gives a line, and the next when the one before has come out. */
struct dialogue {
	pthread_mutex_t lock;
	pthread_cond_t written;
	int given, lines_out, late;
	bool half; /* of the line that is given in two parts */
};

static ptrdiff_t read_dialogue(void *ctx, void *buffer, size_t size)
{
	struct dialogue *d = ctx;
	struct timespec until;
	ck_assert_uint_ge(size, 8);
	if (d->half) { /* nothing comes out for half a line */
		d->half = false;
		memcpy(buffer, "e\n", 2);
		return 2;
	}
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 10;
	pthread_mutex_lock(&d->lock);
	while (d->lines_out < d->given && !d->late)
		d->late = pthread_cond_timedwait(&d->written, &d->lock, &until);
	pthread_mutex_unlock(&d->lock);
	if (d->late || d->given == 6)
		return 0;
	d->half = d->given++ % 2;
	memcpy(buffer, d->half ? "th" : "the\n", d->half ? 2 : 4);
	return d->half ? 2 : 4;
}

static int write_dialogue(void *ctx, const void *bytes, size_t size)
{
	struct dialogue *d = ctx;
	pthread_mutex_lock(&d->lock);
	for (size_t i = 0; i < size; i++)
		d->lines_out += ((const char *)bytes)[i] == '\n';
	pthread_cond_signal(&d->written);
	pthread_mutex_unlock(&d->lock);
	return 0;
}

static bool never_ready(void *ctx)
{
	(void)ctx;
	return false;
}

START_TEST(a_line_comes_out_before_more_is_read)
{
	struct dialogue d = {.lock = PTHREAD_MUTEX_INITIALIZER,
	                     .written = PTHREAD_COND_INITIALIZER};
	struct dpt_stream_options o = {.model = model,
	                               .key = &key,
	                               .threads = 1 + (unsigned)_i % 3,
	                               .read = read_dialogue,
	                               .write = write_dialogue,
	                               .ready = _i < 3 ? never_ready : NULL,
	                               .ctx = &d};
	struct dpt_counts counts;
	ck_assert(!dpt_stream(&o, &counts, NULL));
	ck_assert_int_eq(d.late, 0);
	ck_assert_int_eq(d.given, 6);
	ck_assert_uint_eq(counts.records, 6);
}
END_TEST

/* What is waiting goes into one piece of work. */
START_TEST(waiting_lines_are_taken_together)
{
	char text[4000];
	struct dpt_counts counts;
	for (size_t i = 0; i < sizeof text; i += 4)
		memcpy(text + i, "the\n", 4);
	for (int ready = 0; ready < 2; ready++) {
		struct io io = io_of(text, sizeof text);
		struct dpt_stream_options o = options_of(&io, 1);
		io.piece = 40;
		io.is_ready = ready;
		o.chunk = 400;
		ck_assert(!dpt_stream(&o, &counts, NULL));
		ck_assert_int_eq(io.writes, ready ? 10 : 100);
		ck_assert_int_eq(io.flushes, ready ? 0 : 100);
		dpt_buf_free(&io.out);
	}
}
END_TEST

/* Every mechanism, and more threads than there is work for. */
START_TEST(every_mechanism_streams_the_same_in_threads)
{
	size_t size;
	char *text = random_text(20, 150, &size);
	const struct dpt_mechanism *m = dpt_mechanism_at((size_t)_i);
	dpt_model *before = model;
	model = fx_model(vocabulary, m->name,
	                 m->guarantee == DPT_NOMINAL ? 1e4 : 2, 0.5);
	struct dpt_counts counts, expected;
	struct io right = rewritten(text, size, &expected);
	for (unsigned threads = 2; threads <= 16; threads *= 2) {
		struct io io = io_of(text, size);
		struct dpt_stream_options o = options_of(&io, threads);
		o.chunk = 1000;
		ck_assert(!dpt_stream(&o, &counts, NULL));
		must_equal(&io.out, &right.out);
		ck_assert_uint_eq(counts.unchanged, expected.unchanged);
		dpt_buf_free(&io.out);
	}
	dpt_buf_free(&right.out);
	dpt_model_free(model);
	model = before;
	free(text);
}
END_TEST

static void add_faults(Suite *s)
{
	TCase *t = tcase_create("faults");
	tcase_add_unchecked_fixture(t, open_vocabulary, close_vocabulary);
	tcase_set_timeout(t, 30);
	tcase_add_test(t, text_is_written_up_to_what_is_not_utf8);
	tcase_add_loop_test(t, failing_reads_are_reported_after_all_before, 0,
	                    8);
	tcase_add_loop_test(t, failing_writes_are_reported, 0, 3);
	tcase_add_loop_test(t, failing_flushes_are_reported, 0, 3);
	tcase_add_loop_test(t, interrupted_reads_are_tried_again, 0, 2);
	tcase_add_test(t, the_first_fault_is_reported);
	tcase_add_test(t, chunks_and_records_beyond_their_offsets_are_refused);
	suite_add_tcase(s, t);
}

Suite *suite_stream(void)
{
	Suite *s = suite_create("stream");
	TCase *t = tcase_create("stream");
	tcase_add_unchecked_fixture(t, open_vocabulary, close_vocabulary);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, output_depends_on_key_and_text_only, 0, 3);
	tcase_add_test(t, streams_can_be_continued);
	tcase_add_test(t, keys_and_records_make_a_difference);
	tcase_add_loop_test(t, only_words_change_and_only_to_words, 0, 3);
	tcase_add_test(t, all_words_of_a_class_come_out);
	tcase_add_loop_test(t, edges_of_the_input_are_kept, 0, COUNT(edges));
	tcase_add_loop_test(t, long_words_and_lines_pass, 0, 3);
	tcase_add_loop_test(t, a_line_comes_out_before_more_is_read, 0, 6);
	tcase_add_test(t, waiting_lines_are_taken_together);
	tcase_add_loop_test(t, every_mechanism_streams_the_same_in_threads, 0,
	                    (int)dpt_mechanism_count());
	suite_add_tcase(s, t);
	add_faults(s);
	return s;
}
