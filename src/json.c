/* SPDX-License-Identifier: MIT */
/*
 * jsmn finds strings, numbers and brackets but takes much that is no JSON.
 * So the grammar of RFC 8259 is followed here byte for byte, with its tokens
 * as steps; where both do not agree the text is refused.
 */
#include "json.h"

#include "error.h"

#include <limits.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define JSMN_STATIC
#define JSMN_PARENT_LINKS
#include <jsmn.h>

#define DEEPEST 500

/* ------------------------------------------------------------------ paths */

/* A key, or any element of an array. */
struct step {
	char *key;
	size_t len;
	bool elements;
};

struct dpt_path {
	const char *name; /* as given; borrowed */
	struct step *step;
	size_t steps;
	bool optional;
};

static bool add_step(struct dpt_path *p, struct step step)
{
	struct step *larger =
	    realloc(p->step, (p->steps + 1) * sizeof *p->step);
	if (!larger)
		return false;
	p->step = larger;
	p->step[p->steps++] = step;
	return true;
}

/* Takes a key off the front of *at, which is behind it then. */
static bool add_key(struct dpt_path *p, const char **at)
{
	struct step step = {.key = malloc(strlen(*at) + 1)};
	if (!step.key)
		return false;
	const char *s = *at;
	for (; *s && !strchr(".[]?", *s); s++) {
		s += *s == '\\' && s[1];
		step.key[step.len++] = *s;
	}
	*at = s;
	if (add_step(p, step))
		return true;
	free(step.key);
	return false;
}

static enum dpt_status parse_path(struct dpt_path *p, dpt_error *err)
{
	const char *at = p->name;
	bool ok = *at != 0;
	do {
		const char *before = at;
		if (*at != '[' && !add_key(p, &at))
			return dpt_fail_memory(err);
		/* an empty key, or one right behind a bracket */
		ok = ok && (at > before || (*at == '[' && at == p->name));
		for (; strncmp(at, "[]", 2) == 0; at += 2)
			if (!add_step(p, (struct step){.elements = true}))
				return dpt_fail_memory(err);
	} while (ok && *at == '.' && *++at != '[');
	p->optional = *at == '?';
	if (ok && at[p->optional] == 0)
		return DPT_OK;
	return dpt_fail(err, DPT_ERANGE, "'%s' is not a path", p->name);
}

enum dpt_status dpt_paths_new(struct dpt_paths *out, const char *const *field,
                              size_t fields, dpt_error *err)
{
	enum dpt_status status = DPT_OK;
	*out = (struct dpt_paths){.path = calloc(fields, sizeof *out->path)};
	if (!out->path)
		return dpt_fail_memory(err);
	while (!status && out->count < fields) {
		struct dpt_path *p = &out->path[out->count];
		p->name = field[out->count++];
		status = parse_path(p, err);
	}
	if (status)
		dpt_paths_free(out);
	return status;
}

void dpt_paths_free(struct dpt_paths *paths)
{
	for (size_t i = 0; i < paths->count; i++) {
		struct dpt_path *p = &paths->path[i];
		for (size_t s = 0; s < p->steps; s++)
			free(p->step[s].key);
		free(p->step);
	}
	free(paths->path);
	*paths = (struct dpt_paths){0};
}

/* ---------------------------------------------------------------- walking */

/* Paths that lead to a value, one bit each. */
typedef uint64_t paths_set;

_Static_assert(DPT_MAX_FIELDS <= 64, "a path must have a bit");

struct walk {
	const struct dpt_paths *paths;
	const char *text;
	size_t at, end;
	const jsmntok_t *token; /* the next one */
	const jsmntok_t *last;
	size_t base; /* where tokens count from */
	struct dpt_pieces *found;
	dpt_error *err;
};

static enum dpt_status bad(const struct walk *w)
{
	return dpt_fail(w->err, DPT_EFORMAT, "not valid JSON");
}

static enum dpt_status fail_deep(dpt_error *err)
{
	return dpt_fail(err, DPT_EFORMAT, "JSON nested more than %d deep",
	                DEEPEST);
}

static void skip_blanks(struct walk *w)
{
	while (w->at < w->end &&
	       (w->text[w->at] == ' ' || w->text[w->at] == '\t' ||
	        w->text[w->at] == '\r' || w->text[w->at] == '\n'))
		w->at++;
}

/* The next character but blanks, or 0 at the end. */
static char peek(struct walk *w)
{
	skip_blanks(w);
	return w->at < w->end ? w->text[w->at] : 0;
}

/* Those of the paths for which the value is the one they lead to. */
static paths_set targets(const struct walk *w, size_t depth, paths_set set)
{
	paths_set found = 0;
	for (size_t i = 0; set >> i && i < w->paths->count; i++)
		if (set >> i & 1 && w->paths->path[i].steps == depth)
			found |= (paths_set)1 << i;
	return found;
}

/* Those that go on by a key, or by the elements if there is no key. */
static paths_set followed(const struct walk *w, size_t depth, paths_set set,
                          const char *key, size_t len)
{
	paths_set found = 0;
	for (size_t i = 0; set >> i && i < w->paths->count; i++) {
		const struct dpt_path *p = &w->paths->path[i];
		if (!(set >> i & 1) || p->steps == depth)
			continue;
		const struct step *s = &p->step[depth];
		if (key ? !s->elements && s->len == len &&
		              memcmp(s->key, key, len) == 0
		        : s->elements)
			found |= (paths_set)1 << i;
	}
	return found;
}

/* The same by a key as it is written. */
static enum dpt_status followed_key(const struct walk *w, size_t depth,
                                    paths_set set, size_t start, size_t len,
                                    paths_set *out)
{
	const char *key = w->text + start;
	*out = 0;
	if (!set)
		return DPT_OK;
	if (!memchr(key, '\\', len)) {
		*out = followed(w, depth, set, key, len);
		return DPT_OK;
	}
	char *decoded = malloc(len);
	if (!decoded)
		return dpt_fail_memory(w->err);
	*out = followed(w, depth, set, decoded,
	                dpt_json_decode(key, len, decoded, NULL));
	sodium_memzero(decoded, len);
	free(decoded);
	return DPT_OK;
}

/* A record without what is required is not what the user thinks it is. */
static enum dpt_status missing(const struct walk *w, paths_set set)
{
	for (size_t i = 0; set >> i && i < w->paths->count; i++)
		if (set >> i & 1 && !w->paths->path[i].optional)
			return dpt_fail(w->err, DPT_EFORMAT, "no field '%s'",
			                w->paths->path[i].name);
	return DPT_OK;
}

/* Takes a string token; its bytes are *start up to w->at - 1. */
static enum dpt_status take_string(struct walk *w, size_t *start)
{
	const jsmntok_t *t = w->token;
	if (peek(w) != '"' || t == w->last || t->type != JSMN_STRING ||
	    w->base + (size_t)t->start != w->at + 1)
		return bad(w);
	*start = w->at + 1;
	w->at = w->base + (size_t)t->end + 1;
	w->token++;
	for (size_t i = *start; i < w->at - 1; i++)
		if ((unsigned char)w->text[i] < 0x20)
			return bad(w);
	return DPT_OK;
}

static size_t digits(const char *s, size_t n)
{
	size_t i = 0;
	while (i < n && s[i] >= '0' && s[i] <= '9')
		i++;
	return i;
}

static bool is_number(const char *s, size_t n)
{
	size_t at = n > 0 && s[0] == '-', run = digits(s + at, n - at);
	if (run == 0 || (run > 1 && s[at] == '0'))
		return false;
	at += run;
	if (at < n && s[at] == '.') {
		run = digits(s + at + 1, n - at - 1);
		if (run == 0)
			return false;
		at += 1 + run;
	}
	if (at < n && (s[at] | 0x20) == 'e') {
		at++;
		at += at < n && (s[at] == '+' || s[at] == '-');
		run = digits(s + at, n - at);
		if (run == 0)
			return false;
		at += run;
	}
	return at == n;
}

static bool is_text(const char *s, size_t n, const char *text)
{
	return n == strlen(text) && memcmp(s, text, n) == 0;
}

/* A number, true, false or null: no text, and all that is left of a path. */
static enum dpt_status primitive(struct walk *w, size_t depth, paths_set set)
{
	const jsmntok_t *t = w->token;
	if (t->type != JSMN_PRIMITIVE || w->base + (size_t)t->start != w->at)
		return bad(w);
	const char *s = w->text + w->at;
	size_t n = (size_t)(t->end - t->start);
	if (!is_number(s, n) && !is_text(s, n, "true") &&
	    !is_text(s, n, "false") && !is_text(s, n, "null"))
		return bad(w);
	paths_set here = targets(w, depth, set);
	if (here && w->paths->scalars &&
	    !dpt_pieces_add(w->found, w->at, w->at + n, DPT_PLAIN))
		return dpt_fail_memory(w->err);
	w->at += n;
	w->token++;
	return missing(w, set & ~here);
}

static enum dpt_status value(struct walk *w, size_t depth, paths_set set);

static enum dpt_status member(struct walk *w, size_t depth, paths_set set,
                              paths_set *seen)
{
	size_t start;
	paths_set next;
	enum dpt_status status = take_string(w, &start);
	if (!status)
		status = followed_key(w, depth, set, start, w->at - 1 - start,
		                      &next);
	if (status)
		return status;
	*seen |= next;
	if (peek(w) != ':')
		return bad(w);
	w->at++;
	return value(w, depth + 1, next);
}

/* An object or an array, at its bracket. */
static enum dpt_status container(struct walk *w, size_t depth, paths_set set)
{
	bool object = w->text[w->at] == '{';
	char close = object ? '}' : ']';
	paths_set all = followed(w, depth, set, NULL, 0);
	paths_set seen = object ? 0 : all;
	if (depth == DEEPEST)
		return fail_deep(w->err);
	w->at++;
	w->token++;
	if (peek(w) == close) {
		w->at++;
		return missing(w, set & ~seen);
	}
	for (;;) {
		enum dpt_status status = object ? member(w, depth, set, &seen)
		                                : value(w, depth + 1, all);
		if (status)
			return status;
		char next = peek(w);
		if (next != ',' && next != close)
			return bad(w);
		w->at++;
		if (next == close)
			return missing(w, set & ~seen);
	}
}

static enum dpt_status value(struct walk *w, size_t depth, paths_set set)
{
	size_t start;
	char first = peek(w);
	if (w->token == w->last)
		return bad(w);
	paths_set here = targets(w, depth, set);
	if (first == '{' || first == '[') {
		for (size_t i = 0; here; here >>= 1, i++)
			if (here & 1)
				return dpt_fail(w->err, DPT_EFORMAT,
				                "field '%s' is not a string",
				                w->paths->path[i].name);
		return container(w, depth, set);
	}
	if (first != '"')
		return primitive(w, depth, set);
	enum dpt_status status = take_string(w, &start);
	if (!status && here &&
	    !dpt_pieces_add(w->found, start, w->at - 1, DPT_STRING))
		return dpt_fail_memory(w->err);
	return status ? status : missing(w, set & ~here);
}

/* ----------------------------------------------------------------- tokens */

/*
 * Whether brackets are nested too deep, for jsmn takes time by the square of
 * their depth.
 */
static bool too_deep(const char *text, size_t len)
{
	size_t depth = 0;
	bool string = false;
	for (size_t i = 0; i < len && depth <= DEEPEST; i++)
		switch (text[i]) {
		case '"': string = !string; break;
		case '\\': i += string; break;
		case '[':
		case '{': depth += !string; break;
		case ']':
		case '}': depth -= !string && depth > 0; break;
		}
	return depth > DEEPEST;
}

static enum dpt_status tokenise(struct dpt_pieces *scratch, const char *text,
                                size_t len, size_t *tokens, dpt_error *err)
{
	jsmn_parser p;
	int got;
	if (len > INT_MAX / 2)
		return dpt_fail(err, DPT_EFORMAT, "too long for JSON");
	if (len > DEEPEST && too_deep(text, len))
		return fail_deep(err);
	jsmn_init(&p);
	do {
		if (p.toknext == scratch->token_room) {
			size_t room = 2 * scratch->token_room + 64;
			void *more =
			    realloc(scratch->token, room * sizeof(jsmntok_t));
			if (!more)
				return dpt_fail_memory(err);
			scratch->token = more;
			scratch->token_room = room;
		}
		got = jsmn_parse(&p, text, len, scratch->token,
		                 (unsigned)scratch->token_room);
	} while (got == JSMN_ERROR_NOMEM);
	if (got < 0)
		return dpt_fail(err, DPT_EFORMAT, "not valid JSON");
	*tokens = p.toknext;
	return DPT_OK;
}

enum dpt_status dpt_json_pieces(const struct dpt_paths *paths, const char *text,
                                size_t start, size_t end,
                                struct dpt_pieces *found, dpt_error *err)
{
	struct walk w = {.paths = paths,
	                 .text = text,
	                 .at = start,
	                 .end = end,
	                 .base = start,
	                 .found = found,
	                 .err = err};
	size_t tokens = 0;
	skip_blanks(&w);
	if (w.at == end)
		return DPT_OK;
	enum dpt_status status =
	    tokenise(found, text + start, end - start, &tokens, err);
	if (status)
		return status;
	w.token = found->token;
	w.last = w.token + tokens;
	status = value(&w, 0, ~(paths_set)0 >> (64 - paths->count));
	if (!status && peek(&w))
		return bad(&w);
	return status || (w.at == end && w.token == w.last) ? status : bad(&w);
}
