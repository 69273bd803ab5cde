/* SPDX-License-Identifier: MIT */
#include "token.h"

#include "error.h"

#include <stdlib.h>
#include <string.h>
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <unicase.h>
#include <unictype.h>
#include <unistr.h>

/* Letters with their marks. */
static const char letters[] = "[\\p{L}\\p{M}]+";

struct dpt_pattern {
	pcre2_code *code;
	bool compiled; /* to machine code */
};

struct dpt_matcher {
	const pcre2_code *code;
	bool compiled;
	pcre2_match_data *data;
	pcre2_match_context *context;
	pcre2_jit_stack *stack;
	/* where words are looked for */
	const struct dpt_scan *scan;
	size_t at, to;
};

static enum dpt_status compile(const char *regex, uint32_t options,
                               dpt_pattern **out, dpt_error *err)
{
	int code;
	PCRE2_SIZE at;
	dpt_pattern *p = calloc(1, sizeof *p);
	*out = NULL;
	if (!p)
		return dpt_fail_memory(err);
	p->code = pcre2_compile((PCRE2_SPTR)regex, PCRE2_ZERO_TERMINATED,
	                        PCRE2_UTF | PCRE2_NO_UTF_CHECK | options, &code,
	                        &at, NULL);
	/* without JIT (hardened kernels) matching is slower, not wrong */
	if (!p->code) {
		dpt_pattern_free(p);
		return dpt_fail_memory(err);
	}
	p->compiled = pcre2_jit_compile(p->code, PCRE2_JIT_COMPLETE) == 0;
	*out = p;
	return DPT_OK;
}

enum dpt_status dpt_pattern_new(dpt_pattern **out, dpt_error *err)
{
	return compile(letters, 0, out, err);
}

enum dpt_status dpt_pattern_at(const char *regex, dpt_pattern **out,
                               dpt_error *err)
{
	return compile(regex, PCRE2_ANCHORED, out, err);
}

void dpt_pattern_free(dpt_pattern *p)
{
	if (!p)
		return;
	pcre2_code_free(p->code);
	free(p);
}

enum dpt_status dpt_matcher_new(const dpt_pattern *pattern, dpt_matcher **out,
                                dpt_error *err)
{
	dpt_matcher *m = calloc(1, sizeof *m);
	*out = NULL;
	if (!m)
		return dpt_fail_memory(err);
	m->code = pattern->code;
	m->compiled = pattern->compiled;
	m->data = pcre2_match_data_create(1, NULL);
	m->context = pcre2_match_context_create(NULL);
	m->stack = pcre2_jit_stack_create(32 << 10, 1 << 20, NULL);
	if (!m->data || !m->context) {
		dpt_matcher_free(m);
		return dpt_fail_memory(err);
	}
	if (m->stack)
		pcre2_jit_stack_assign(m->context, NULL, m->stack);
	*out = m;
	return DPT_OK;
}

void dpt_matcher_free(dpt_matcher *m)
{
	if (!m)
		return;
	pcre2_match_data_free(m->data);
	pcre2_match_context_free(m->context);
	pcre2_jit_stack_free(m->stack);
	free(m);
}

/* The machine code is entered directly, past what pcre2_match checks. */
static int match(dpt_matcher *m, const char *text, size_t len, size_t at,
                 uint32_t options, size_t *start, size_t *end)
{
	bool direct = m->compiled && options == 0;
	int found = (direct ? pcre2_jit_match : pcre2_match)(
	    m->code, (PCRE2_SPTR)text, len, at, PCRE2_NO_UTF_CHECK | options,
	    m->data, m->context);
	if (found == PCRE2_ERROR_NOMATCH)
		return 0;
	if (found < 0)
		return -1;
	const PCRE2_SIZE *bounds = pcre2_get_ovector_pointer(m->data);
	*start = bounds[0];
	*end = bounds[1];
	return 1;
}

int dpt_match(dpt_matcher *m, const char *text, size_t len, size_t at,
              size_t *start, size_t *end)
{
	return match(m, text, len, at, 0, start, end);
}

/* ---------------------------------------------------------------- letters */

#define HIGH UINT64_C(0x8080808080808080)
#define EACH(byte) ((byte)*UINT64_C(0x0101010101010101))

static bool is_ascii_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Up to eight bytes, the first one lowest; 0 behind the end. */
static uint64_t eight_bytes(const char *text, size_t len)
{
	uint64_t bytes = 0;
	if (len >= sizeof bytes)
		memcpy(&bytes, text, sizeof bytes);
	else
		memcpy(&bytes, text, len);
	return bytes;
}

static size_t first_byte(uint64_t high_bits)
{
	return (size_t)__builtin_ctzll(high_bits) / 8;
}

static bool is_marked(const struct dpt_scan *scan, enum dpt_mark mark,
                      size_t at)
{
	const struct dpt_window *w = &scan->window[at / DPT_WINDOW];
	return w->mark[mark] >> at % DPT_WINDOW & 1;
}

/* Where letters of ASCII end that begin at start. */
static size_t letters_end(const dpt_matcher *m, size_t start)
{
	size_t at = start;
	for (;;) {
		const struct dpt_window *w = &m->scan->window[at / DPT_WINDOW];
		uint64_t letter = w->mark[DPT_RUN] & ~w->mark[DPT_HIGH];
		uint64_t other = ~letter >> at % DPT_WINDOW;
		if (other)
			at += (size_t)__builtin_ctzll(other);
		else
			at += DPT_WINDOW - at % DPT_WINDOW;
		if (other || at >= m->to)
			return at < m->to ? at : m->to;
	}
}

/*
 * What the pattern finds at or after at.  It is asked only where letters that
 * are not ASCII may be.
 */
static int next_letters(dpt_matcher *m, size_t at, size_t *start, size_t *end)
{
	*start = dpt_scan_next(m->scan, DPT_RUN, at, m->to);
	if (*start == m->to)
		return 0;
	*end = letters_end(m, *start);
	if (*end < m->to && is_marked(m->scan, DPT_HIGH, *end))
		return match(m, m->scan->text, m->to, *start, 0, start, end);
	return 1;
}

/* Bytes of an apostrophe, ' or U+2019, at the beginning of text; else 0. */
size_t dpt_apostrophe(const char *text, size_t len)
{
	if (len > 0 && text[0] == '\'')
		return 1;
	return len >= 3 && memcmp(text, "\xE2\x80\x99", 3) == 0 ? 3 : 0;
}

/*
 * Bytes of what may join the letters from start to end to those that follow:
 * an apostrophe, a hyphen, or a dot behind a single letter; else 0.
 */
static size_t joint(const char *text, size_t len, size_t start, size_t end)
{
	if (end == len)
		return 0;
	if (text[end] == '-')
		return 1;
	if (text[end] == '.')
		return end - start == 1;
	return dpt_apostrophe(text + end, len - end);
}

/* Whether all there is is the s of an ending, as behind a quotation. */
static bool is_ending(const char *text, size_t at, size_t start, size_t end)
{
	size_t before = start - at;
	return end - start == 1 && (text[start] | 0x20) == 's' &&
	       ((before >= 1 && text[start - 1] == '\'') ||
	        (before >= 3 && dpt_apostrophe(text + start - 3, 3) == 3));
}

void dpt_words_begin(dpt_matcher *m, const struct dpt_scan *scan, size_t from,
                     size_t to)
{
	m->scan = scan;
	m->at = from;
	m->to = to;
}

/*
 * Letters that are joined are a compound.  They are joined here, not in
 * the pattern: a group that repeats costs the matcher memory each time.
 */
int dpt_next_word(dpt_matcher *m, size_t *start, size_t *end)
{
	const char *text = m->scan->text;
	size_t n, from, to, last;
	int found = next_letters(m, m->at, start, end), words = 1;
	while (found > 0 && is_ending(text, m->at, *start, *end))
		found = next_letters(m, m->at = *end, start, end);
	if (found <= 0)
		return found;
	for (last = *start; (n = joint(text, m->to, last, *end)) > 0;) {
		size_t next = *end + n;
		bool letter = next < m->to && is_ascii_letter(text[next]);
		found = letter ? next_letters(m, next, &from, &to)
		               : match(m, text, m->to, next, PCRE2_ANCHORED,
		                       &from, &to);
		if (found < 0)
			return found;
		if (found == 0 || (text[*end] == '.' && to - from > 1))
			break;
		last = from;
		*end = to;
		words = 2;
	}
	m->at = *end;
	return words;
}

/* The runs of letters that begin and end in a window. */
struct runs {
	uint64_t start, end; /* where they begin, and where others begin */
	uint64_t odd;        /* where one begins or ends that may be joined to
	                      * others, and what is no ASCII */
	/* from the window before: whether its last byte is of a run, begins
	 * one, or joins */
	bool open, single, joint;
};

static void find_runs(const dpt_matcher *m, size_t window, struct runs *r)
{
	uint64_t mark[DPT_MARKS];
	for (int i = DPT_RUN; i <= DPT_DOT; i++)
		mark[i] = dpt_scan_marks(m->scan, (enum dpt_mark)i, window,
		                         m->at, m->to);
	uint64_t run = mark[DPT_RUN], before = run << 1 | r->open;
	r->start = run & ~before;
	r->end = ~run & before;
	uint64_t ended =
	    mark[DPT_JOINT] | (mark[DPT_DOT] & (r->start << 1 | r->single));
	r->odd = mark[DPT_HIGH] | (r->end & ended) |
	         (r->start & (mark[DPT_JOINT] << 1 | r->joint));
	r->open = run >> (DPT_WINDOW - 1);
	r->single = r->start >> (DPT_WINDOW - 1);
	r->joint = mark[DPT_JOINT] >> (DPT_WINDOW - 1);
}

/* Takes the lowest of some bits. */
static size_t take(uint64_t *bits)
{
	size_t lowest = (size_t)__builtin_ctzll(*bits);
	*bits &= *bits - 1;
	return lowest;
}

size_t dpt_plain_words(dpt_matcher *m, struct dpt_bounds *word, size_t room)
{
	struct runs r = {0};
	size_t starts = 0, ends = 0;
	for (size_t i = m->at / DPT_WINDOW;
	     i <= m->to / DPT_WINDOW && ends + DPT_PLAIN_ROOM <= room; i++) {
		size_t from = i * DPT_WINDOW;
		find_runs(m, i, &r);
		if (r.odd)
			r.end &= (r.odd & -r.odd) - 1;
		while (r.start)
			word[starts++].start = from + take(&r.start);
		while (r.end)
			word[ends++].end = from + take(&r.end);
		if (r.odd)
			break;
	}
	if (ends > 0)
		m->at = word[ends - 1].end;
	return ends;
}

static size_t ascii_prefix(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i += 8) {
		uint64_t high = eight_bytes(text + i, len - i) & HIGH;
		if (high)
			return i + first_byte(high);
	}
	return len;
}

size_t dpt_utf8_prefix(const char *text, size_t len)
{
	size_t ascii = ascii_prefix(text, len);
	const uint8_t *bad =
	    u8_check((const uint8_t *)text + ascii, len - ascii);
	return bad ? (size_t)(bad - (const uint8_t *)text) : len;
}

bool dpt_is_ascii(const char *word, size_t len)
{
	return ascii_prefix(word, len) == len;
}

static bool is_capital(char c)
{
	return c >= 'A' && c <= 'Z';
}

bool dpt_is_small(const char *word, size_t len)
{
	size_t i = 0;
	while (i < len && word[i] >= 'a' && word[i] <= 'z')
		i++;
	return i == len;
}

enum dpt_shape dpt_shape_of(const char *word, size_t len)
{
	size_t upper = 0, lower = 0;
	bool first_upper = false;
	if (len > 1 && is_capital(word[0]) && dpt_is_small(word + 1, len - 1))
		return DPT_CAPITALISED;
	const uint8_t *at = (const uint8_t *)word, *end = at + len;
	if (len && *at >= 'a' && *at <= 'z')
		return DPT_LOWER; /* most words */
	while (at < end) {
		ucs4_t c;
		at += u8_mbtouc_unsafe(&c, at, (size_t)(end - at));
		bool is_upper = uc_is_upper(c) ||
		                uc_is_general_category(c, UC_TITLECASE_LETTER);
		if (is_upper && upper + lower == 0)
			first_upper = true;
		upper += is_upper;
		lower += uc_is_lower(c);
	}
	if (dpt_apostrophe(word, len)) /* the 'S of IT'S */
		return upper > 0 && lower == 0 ? DPT_UPPER : DPT_LOWER;
	if (first_upper && upper == 1)
		return DPT_CAPITALISED;
	return upper > 1 && lower == 0 ? DPT_UPPER : DPT_LOWER;
}

static char ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

size_t dpt_lower_case(const char *word, size_t len, char *out)
{
	if (len > DPT_LONGEST_WORD)
		return 0;
	if (dpt_is_ascii(word, len)) {
		for (size_t i = 0; i < len; i++)
			out[i] = ascii_lower(word[i]);
		return len;
	}
	size_t room = DPT_LONGEST_WORD;
	uint8_t *made = u8_tolower((const uint8_t *)word, len, NULL, NULL,
	                           (uint8_t *)out, &room);
	if (made == (uint8_t *)out)
		return room;
	free(made);
	return 0;
}

/* Letter case by Unicode's full mappings, which may be longer. */
typedef uint8_t *case_mapping(const uint8_t *, size_t, const char *, uninorm_t,
                              uint8_t *, size_t *);

static bool add_mapped(struct dpt_buf *out, case_mapping *mapping,
                       const char *word, size_t len)
{
	size_t made_len;
	uint8_t *made =
	    mapping((const uint8_t *)word, len, NULL, NULL, NULL, &made_len);
	bool ok = made && dpt_buf_add(out, made, made_len);
	free(made);
	return ok;
}

bool dpt_add_lower(struct dpt_buf *out, const char *word, size_t len)
{
	return add_mapped(out, u8_tolower, word, len);
}

bool dpt_add_shaped(struct dpt_buf *out, enum dpt_shape shape, const char *word,
                    size_t len)
{
	if (shape != DPT_LOWER && !dpt_is_ascii(word, len))
		return add_mapped(out,
		                  shape == DPT_UPPER ? u8_toupper : u8_totitle,
		                  word, len);
	if (!dpt_buf_add(out, word, len))
		return false;
	char *put = out->data + out->len - len;
	size_t upper = shape == DPT_UPPER ? len : shape == DPT_CAPITALISED;
	for (size_t i = 0; i < upper; i++)
		put[i] = dpt_ascii_upper(put[i]);
	return true;
}
