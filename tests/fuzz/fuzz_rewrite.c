/* SPDX-License-Identifier: MIT */
/*
 * Whole streams over a small index: any text, cut in any way, with reads and
 * writes that fail.  The first bytes say how, the rest is the text.
 */
#include "signs.h"
#include "token.h"
#include "words.h"

#include "tiny_index.h"
#include "utf8.h"

#include <cblas.h>
#include <errno.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static dpt_index *x;
static dpt_model *model[2];
static dpt_pattern *pattern;
static dpt_matcher *matcher; /* fuzz_token.c tests this one */
static dpt_sign_patterns *signs;
static dpt_sign_finder *finder; /* and fuzz_signs.c this one */

/* Numbers stay, and addresses are words. */
static const struct dpt_policy words_only = {.numbers = DPT_NUMBERS_KEEP,
                                             .unmasked = (1U << DPT_KINDS) - 1};

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const char *const names[] = {"exponential", "laplace"};
	char path[32];
	(void)argc;
	(void)argv;
	openblas_set_num_threads(1);
	tiny_index("one 1 0 0\ntwo 0 1 0\ndos 0 1 0\nthree 0 0 1\nfour 1 1 0\n"
	           "five 0 1 2\nsix 2 1 1\nseven 3 0 0\neight 0 3 0\n"
	           "nine 0 0 3\nneuf 0 0 3\nten 3 3 3\n",
	           4, path);
	require(!dpt_index_open(path, &x, NULL));
	unlink(path);
	require(!dpt_pattern_new(&pattern, NULL));
	require(!dpt_matcher_new(pattern, &matcher, NULL));
	require(!dpt_sign_patterns_new(words_only.unmasked, &signs, NULL));
	require(!dpt_sign_finder_new(signs, &finder, NULL));
	for (int i = 0; i < 2; i++) {
		struct dpt_settings settings = {.mechanism = names[i],
		                                .epsilon = 1,
		                                .max_unchanged = 0.5,
		                                .threads = 1};
		require(!dpt_model_new(x, &settings, &model[i], NULL));
	}
	return 0;
}

struct run {
	const uint8_t *in;
	size_t size, at, step;
	unsigned ready;
	size_t read_fails;  /* at this byte; SIZE_MAX: never */
	size_t write_fails; /* after this many bytes */
	char *out;
	size_t len, room;
	dpt_error err;
	struct dpt_counts counts;
	enum dpt_status status;
};

static ptrdiff_t read_text(void *ctx, void *buffer, size_t size)
{
	struct run *r = ctx;
	size_t n = r->step < size ? r->step : size;
	n = n < r->size - r->at ? n : r->size - r->at;
	if (r->at >= r->read_fails) {
		errno = EIO;
		return -1;
	}
	if (n > r->read_fails - r->at)
		n = r->read_fails - r->at;
	memcpy(buffer, r->in + r->at, n);
	r->at += n;
	return (ptrdiff_t)n;
}

static bool ready(void *ctx)
{
	struct run *r = ctx;
	r->ready = r->ready >> 1 | (r->ready & 1) << 7;
	return r->ready & 1;
}

static int write_text(void *ctx, const void *bytes, size_t size)
{
	struct run *r = ctx;
	if (r->len + size > r->write_fails) {
		errno = ENOSPC;
		return -1;
	}
	if (r->len + size > r->room) {
		r->room = 2 * (r->len + size);
		r->out = realloc(r->out, r->room);
		require(r->out != NULL);
	}
	memcpy(r->out + r->len, bytes, size);
	r->len += size;
	return 0;
}

static void rewrite(struct run *r, const dpt_model *m,
                    const struct dpt_policy *policy, unsigned threads,
                    size_t chunk)
{
	dpt_key key;
	dpt_key_from_seed(&key, 1);
	struct dpt_stream_options options = {.model = m,
	                                     .key = &key,
	                                     .threads = threads,
	                                     .chunk = chunk,
	                                     .read = read_text,
	                                     .ready = ready,
	                                     .write = write_text,
	                                     .ctx = r,
	                                     .policy = *policy};
	r->status = dpt_stream(&options, &r->counts, &r->err);
	require(r->counts.bytes_out == r->len);
	require(r->counts.unchanged + r->counts.outside + r->counts.kept <=
	        r->counts.words);
}

static bool letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The length of the word at the front of the output. */
static size_t new_word(const char *out, size_t len)
{
	char lower[8];
	size_t n = 0;
	while (n < len && letter(out[n])) {
		require(n < sizeof lower);
		lower[n] = (char)(out[n] | 0x20);
		n++;
	}
	require(n > 0 && dpt_index_find(x, lower, n) != DPT_NO_WORD);
	return n;
}

static uint64_t lines(const char *text, size_t len)
{
	uint64_t n = 0;
	for (size_t i = 0; i < len; i++)
		n += text[i] == '\n';
	return n + (len > 0 && text[len - 1] != '\n');
}

/* Progress in a text and in what became of it. */
struct place {
	const char *in;
	struct dpt_scan scan;
	const struct run *r;
	size_t at, out;
	uint64_t words;
};

/* Bytes between words are the same; parts get a space between them. */
static void check_word(struct place *p, size_t start, size_t end)
{
	const struct run *r = p->r;
	if (start == p->at && p->words > 0 && letter(p->in[start - 1])) {
		require(r->len > p->out && r->out[p->out] == ' ');
		p->out++;
	}
	require(r->len - p->out > start - p->at);
	require(!memcmp(p->in + p->at, r->out + p->out, start - p->at));
	p->out += start - p->at;
	p->out += new_word(r->out + p->out, r->len - p->out);
	p->at = end;
	p->words++;
}

/* None of the index is a compound. */
static void check_compound(struct place *p, size_t start, size_t end)
{
	if (end - start > DPT_LONGEST_WORD) {
		check_word(p, start, end);
		return;
	}
	for (size_t at = start, stop; at < end; at = stop + 1) {
		const char *hyphen = memchr(p->in + at, '-', end - at);
		stop = hyphen ? (size_t)(hyphen - p->in) : end;
		struct dpt_parts parts = {.word = p->in + at, .len = stop - at};
		struct dpt_part part;
		while (dpt_next_part(&parts, &part))
			check_word(p, at + part.start, at + part.end);
	}
}

static void check_words(struct place *p, size_t from, size_t to)
{
	size_t start, end;
	int found;
	dpt_words_begin(matcher, &p->scan, from, to);
	while ((found = dpt_next_word(matcher, &start, &end)) > 0)
		if (found > 1)
			check_compound(p, start, end);
		else
			check_word(p, start, end);
}

/* Numbers stay. */
static void check_line(struct place *p, size_t from, size_t to)
{
	struct dpt_sign sign;
	dpt_signs_begin(finder, &p->scan, from, to);
	while (dpt_next_sign(finder, &sign) > 0) {
		require(sign.kind == DPT_NUMBER);
		check_words(p, from, sign.start);
		from = sign.end;
	}
	check_words(p, from, to);
}

/* The output is what became of the first len bytes: the same bytes, but for
 * the words. */
static void check_text(const struct run *r, size_t len)
{
	struct place p = {.in = (const char *)r->in, .r = r};
	size_t start = 0, end;
	require(dpt_scan_text(&p.scan, p.in, len));
	while (start < len) {
		end = start;
		while (end < len && p.in[end] != '\n')
			end++;
		check_line(&p, start, end);
		start = end + 1;
	}
	dpt_scan_free(&p.scan);
	require(r->len - p.out == len - p.at);
	require(len == p.at ||
	        !memcmp(p.in + p.at, r->out + p.out, len - p.at));
	require(lines(r->out, r->len) == lines(p.in, len));
	require(r->counts.records == lines(p.in, len));
	require(r->counts.words == p.words);
}

/* Bytes up to and including the last newline. */
static size_t whole_lines(const uint8_t *text, size_t len)
{
	while (len > 0 && text[len - 1] != '\n')
		len--;
	return len;
}

/* All before a fault is written, and the first fault is the one reported. */
static void check(const struct run *r)
{
	bool fails = r->read_fails <= r->size;
	size_t readable = fails ? r->read_fails : r->size;
	size_t valid = utf8_prefix(r->in, readable), end = valid;
	bool bad = valid < readable;
	if (bad && fails) /* is the line known to its end? */
		bad = memchr(r->in + valid, '\n', readable - valid) != NULL;
	if (bad || fails)
		end = whole_lines(r->in, valid);
	require(r->status == (bad ? DPT_EFORMAT : fails ? DPT_EIO : DPT_OK));
	if (bad)
		require(r->err.record == lines((const char *)r->in, end) + 1);
	check_text(r, end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 6)
		return 0;
	struct run a = {.in = data + 6,
	                .size = size - 6,
	                .step = (size_t)data[0] + 1,
	                .ready = data[1],
	                .read_fails = SIZE_MAX,
	                .write_fails = SIZE_MAX};
	struct run b = a;
	unsigned threads = 1 + data[2] % 3;
	const dpt_model *m = model[data[2] >> 7];
	size_t chunk = data[3];
	if (data[4])
		a.read_fails = data[4] - 1U;
	if (data[5])
		a.write_fails = data[5] - 1U;

	struct dpt_policy policy = words_only;
	bool any = data[2] >> 6 & 1; /* policy: then there is no second look */
	if (any)
		policy = (struct dpt_policy){
		    .oov = (enum dpt_oov)(data[1] % DPT_OOVS),
		    .numbers = (enum dpt_numbers)(data[3] % DPT_NUMBERS),
		    .unmasked = data[0] % (1U << DPT_KINDS),
		    .lower = data[1] >> 7,
		    .keep_stopwords = data[3] >> 7};

	rewrite(&a, m, &policy, threads, chunk);
	if (!data[5] && !any)
		check(&a);

	/* the same, in the simplest way: nothing of that may matter */
	b.step = SIZE_MAX;
	rewrite(&b, m, &policy, 1, 0);
	require(b.len >= a.len && (!a.len || !memcmp(a.out, b.out, a.len)));
	if (!data[4] && !data[5]) {
		require(a.status == b.status && a.len == b.len);
		require(a.counts.words == b.counts.words);
		require(a.counts.unchanged == b.counts.unchanged);
	}
	free(a.out);
	free(b.out);
	return 0;
}
