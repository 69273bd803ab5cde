/* SPDX-License-Identifier: MIT */
#include "signs.h"

#include "error.h"
#include "once.h"
#include "token.h"

#include <stdlib.h>
#include <string.h>
#include <unictype.h>
#include <unistr.h>

/*
 * The patterns match where a sign begins and nowhere else, and none takes
 * more than time proportional to what it looks at.
 */
#define ALNUM "\\p{L}\\p{N}"
#define HOST "[" ALNUM "](?:[" ALNUM "\\p{M}.-]*[" ALNUM "])?"
#define D "[0-9]"
#define ENDING "(?:(?:['\u2019]?s|st|nd|rd|th)(?![\\p{L}\\p{M}]))" /* 90s */

static const char *const patterns[DPT_KINDS + 1] = {
    [DPT_EMAIL] = "(?i)[" ALNUM "_%+][" ALNUM "\\p{M}._%+-]*+@" HOST,
    [DPT_URL] = "(?i)(?:[a-z][a-z0-9+.-]*+://|www\\.)"
                "[^\\s\\p{Z}\\p{C}<>\"\u201c\u201d]+"
                "(?<![.,;:!?'\u2019)\\]}\u2026])",
    [DPT_HANDLE] = "@[" ALNUM "_][" ALNUM "\\p{M}_]*+"
                   "(?:\\.[" ALNUM "_]++)*+(?:@" HOST ")?+",
    [DPT_CARD] = "(?:" D "{4}([ -])" D "{4}\\1" D "{4}\\1" D "{4}"
                 "(?:\\1" D "{1,3})?|" D "{4}([ -])" D "{6}\\2" D "{5}|" D
                 "{13,19})(?!" D ")",
    [DPT_PHONE] = "(?:\\+(?=(?:[ .()/-]{0,3}" D "){7})\\(?" D "{1,3}\\)?"
                  "(?:[ .()/-]{0,3}" D "{1,4}){2,8}|"
                  "(?:1[ .-])?\\(?" D "{3}\\)?[ .-]{1,2}" D "{3}[ .-]" D "{4}|"
                  "\\(?0(?=(?:[ .()/-]{0,3}" D "){8})" D "{1,4}"
                  "(?:[ .()/-]{1,3}" D "{2,8}){1,5}|" D "{3}-" D "{4}|0" D
                  "{9,12})(?!" D ")",
    [DPT_NUMBER] = "(?i)\\p{Nd}++(?:[.,:/-]\\p{Nd}++)*+" ENDING "?+",
};

const char *dpt_kind_name(enum dpt_kind kind)
{
	static const char *const names[DPT_KINDS] = {
	    [DPT_EMAIL] = "email",   [DPT_URL] = "url",
	    [DPT_HANDLE] = "handle", [DPT_CARD] = "card",
	    [DPT_PHONE] = "phone",
	};
	return names[kind];
}

struct dpt_sign_patterns {
	unsigned unmasked;              /* a bit a kind: not looked for */
	dpt_pattern *of[DPT_KINDS + 1]; /* made when they are first needed */
	dpt_once made[DPT_KINDS + 1];
};

struct dpt_sign_finder {
	dpt_sign_patterns *patterns;
	dpt_matcher *of[DPT_KINDS + 1]; /* made when they are first needed */
	const struct dpt_scan *scan;
	const char *text; /* of it */
	size_t at, to;
	struct dpt_sign address; /* the next one; at to: there is none */
};

enum dpt_status dpt_sign_patterns_new(unsigned unmasked,
                                      dpt_sign_patterns **out, dpt_error *err)
{
	*out = calloc(1, sizeof **out);
	if (!*out)
		return dpt_fail_memory(err);
	(*out)->unmasked = unmasked;
	return DPT_OK;
}

void dpt_sign_patterns_free(dpt_sign_patterns *p)
{
	for (unsigned k = 0; p && k <= DPT_KINDS; k++)
		dpt_pattern_free(p->of[k]);
	free(p);
}

/* NULL: out of memory. */
static const dpt_pattern *pattern_of(dpt_sign_patterns *p, unsigned kind)
{
	if (dpt_once_begin(&p->made[kind])) {
		(void)!dpt_pattern_at(patterns[kind], &p->of[kind], NULL);
		dpt_once_end(&p->made[kind], 1);
	}
	return p->of[kind];
}

enum dpt_status dpt_sign_finder_new(dpt_sign_patterns *p, dpt_sign_finder **out,
                                    dpt_error *err)
{
	*out = calloc(1, sizeof **out);
	if (!*out)
		return dpt_fail_memory(err);
	(*out)->patterns = p;
	return DPT_OK;
}

void dpt_sign_finder_free(dpt_sign_finder *f)
{
	for (unsigned k = 0; f && k <= DPT_KINDS; k++)
		dpt_matcher_free(f->of[k]);
	free(f);
}

/* Whether a sign of this kind begins at start; -1: out of memory. */
static int match(dpt_sign_finder *f, unsigned kind, size_t start, size_t to,
                 struct dpt_sign *out)
{
	out->kind = kind;
	if (f->patterns->unmasked >> kind & 1)
		return 0;
	if (!f->of[kind]) {
		const dpt_pattern *pattern = pattern_of(f->patterns, kind);
		if (!pattern || dpt_matcher_new(pattern, &f->of[kind], NULL))
			return -1;
	}
	return dpt_match(f->of[kind], f->text, to, start, &out->start,
	                 &out->end);
}

/* ------------------------------------------------------------- addresses */

/* The first two bytes of what an address has in it: @, "://" or "www". */
static bool may_be_address(char c, char next)
{
	return c == '@' || (c == ':' && next == '/') ||
	       ((c | 0x20) == 'w' && (next | 0x20) == 'w');
}

static bool is_scheme(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '+' || c == '.' || c == '-';
}

/* The character before at, or 0; *n: its bytes. */
static ucs4_t before(const char *text, size_t from, size_t at, size_t *n)
{
	ucs4_t c = 0;
	const uint8_t *start = (const uint8_t *)text + from;
	const uint8_t *prev = u8_prev(&c, (const uint8_t *)text + at, start);
	*n = prev ? (size_t)((const uint8_t *)text + at - prev) : 0;
	return prev ? c : 0;
}

static bool is_alnum(ucs4_t c)
{
	return uc_is_general_category(c, UC_LETTER) ||
	       uc_is_general_category(c, UC_NUMBER) ||
	       uc_is_general_category(c, UC_MARK);
}

/* Where what stands before an @ begins. */
static size_t name_start(const char *text, size_t from, size_t at)
{
	size_t n;
	for (ucs4_t c; (c = before(text, from, at, &n)) != 0; at -= n)
		if (!is_alnum(c) && !(c < 0x80 && strchr("._%+-", (int)c)))
			break;
	while (text[at] == '.' || text[at] == '-')
		at++;
	return at;
}

/* Where the scheme before "://" begins. */
static size_t scheme_start(const char *text, size_t from, size_t at)
{
	while (at > from && is_scheme(text[at - 1]))
		at--;
	while (is_scheme(text[at]) && (text[at] | 0x20) < 'a')
		at++;
	return at;
}

/* An address with its sign at text[at], which may begin before; not from. */
static int address_at(dpt_sign_finder *f, size_t from, size_t at,
                      struct dpt_sign *out)
{
	const char *text = f->text;
	size_t n;
	if (text[at] == '@') {
		size_t start = name_start(text, from, at);
		return match(f, start < at ? DPT_EMAIL : DPT_HANDLE, start,
		             f->to, out);
	}
	if (text[at] == ':')
		return match(f, DPT_URL, scheme_start(text, from, at), f->to,
		             out);
	if (is_alnum(before(text, from, at, &n)))
		return 0;
	return match(f, DPT_URL, at, f->to, out);
}

/* The next place that may be within an address, or to. */
static size_t next_mark(const struct dpt_scan *scan, size_t at, size_t to)
{
	const char *text = scan->text;
	while ((at = dpt_scan_next(scan, DPT_ADDRESS, at, to)) < to &&
	       !may_be_address(text[at], at + 1 < to ? text[at + 1] : '\0'))
		at++;
	return at;
}

/* Looks for the next address from f->at on. */
static int find_address(dpt_sign_finder *f)
{
	size_t from = f->at, at = from;
	for (; (at = next_mark(f->scan, at, f->to)) < f->to; at++) {
		int found = address_at(f, from, at, &f->address);
		if (found)
			return found;
		if (f->text[at] == '@') /* a name is looked at once */
			from = at + 1;
	}
	f->address.start = f->to;
	return 0;
}

/* --------------------------------------------------------------- numbers */

/* The next digit, or to. */
static size_t next_digit(const struct dpt_scan *scan, size_t at, size_t to)
{
	while ((at = dpt_scan_next(scan, DPT_DIGIT, at, to)) < to) {
		ucs4_t c = 0;
		int n = u8_mbtouc_unsafe(&c, (const uint8_t *)scan->text + at,
		                         to - at);
		if (uc_decimal_value(c) >= 0)
			break;
		at += (size_t)n;
	}
	return at;
}

/* The sign whose first digit is at text[at]; it may begin before. */
static int number_at(dpt_sign_finder *f, size_t from, size_t at, size_t to,
                     struct dpt_sign *out)
{
	size_t start = at;
	int found = match(f, DPT_CARD, at, to, out);
	if (start > from && f->text[start - 1] == '(')
		start--;
	if (start > from && f->text[start - 1] == '+')
		start--;
	for (; !found && start <= at; start++)
		found = match(f, DPT_PHONE, start, to, out);
	return found ? found : match(f, DPT_NUMBER, at, to, out);
}

/* ------------------------------------------------------------------ both */

void dpt_signs_begin(dpt_sign_finder *f, const struct dpt_scan *scan,
                     size_t from, size_t to)
{
	f->scan = scan;
	f->text = scan->text;
	f->at = from;
	f->to = to;
	f->address.start = from; /* it is looked for first */
	f->address.end = from;
}

int dpt_next_sign(dpt_sign_finder *f, struct dpt_sign *out)
{
	if (f->address.start < f->to && f->address.end <= f->at &&
	    find_address(f) < 0)
		return -1;
	size_t to = f->address.start;
	for (size_t at = f->at; (at = next_digit(f->scan, at, to)) < to; at++) {
		int found = number_at(f, f->at, at, to, out);
		if (found > 0)
			f->at = out->end;
		if (found)
			return found;
	}
	*out = f->address;
	f->at = out->end;
	return to < f->to;
}
