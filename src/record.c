/* SPDX-License-Identifier: MIT */
#include "record.h"

#include "error.h"
#include "json.h"
#include "token.h"

#include <stdlib.h>
#include <string.h>

/* The formats.  between: what is between the fields of a record, or 0. */
static const struct format {
	const char *name;
	char end;
	char between;
	bool quotes; /* around fields, in which neither ends anything */
	bool fields; /* to be chosen */
	enum dpt_coding coding;
	const char *nothing; /* an empty record */
} formats[DPT_FORMATS] = {
    [DPT_LINES] = {"lines", '\n', 0, false, false, DPT_PLAIN, ""},
    [DPT_NUL] = {"nul", '\0', 0, false, false, DPT_PLAIN, ""},
    [DPT_CSV] = {"csv", '\n', ',', true, true, DPT_BARE, ""},
    [DPT_TSV] = {"tsv", '\n', '\t', false, true, DPT_TABBED, ""},
    [DPT_JSONL] = {"jsonl", '\n', 0, false, true, DPT_STRING, "{}"},
};

struct dpt_frame {
	const struct format *format;
	const char *const *field; /* borrowed */
	size_t fields;
	bool no_header;
	struct dpt_header *header; /* borrowed, or own */
	struct dpt_header *own;
	struct dpt_paths paths;
	bool *chosen;
	size_t columns; /* 0: not yet known */
	/* the same for the name of the group, if there are groups */
	const char *group;
	struct dpt_paths group_path;
	bool *group_column;
};

struct dpt_header {
	bool known;
	struct dpt_buf line; /* without its end and byte order mark */
	size_t columns;
};

const char *dpt_format_name(enum dpt_format format)
{
	return formats[format].name;
}

bool dpt_format_fields(enum dpt_format format)
{
	return formats[format].fields;
}

enum dpt_status dpt_header_new(dpt_header **out, dpt_error *err)
{
	*out = calloc(1, sizeof **out);
	return *out ? DPT_OK : dpt_fail_memory(err);
}

void dpt_header_free(dpt_header *header)
{
	if (header)
		dpt_buf_free(&header->line);
	free(header);
}

bool dpt_pieces_add(struct dpt_pieces *p, size_t start, size_t end,
                    enum dpt_coding coding)
{
	if (p->count == p->room) {
		size_t room = p->room ? 2 * p->room : 64;
		void *larger = realloc(p->piece, room * sizeof *p->piece);
		if (!larger)
			return false;
		p->piece = larger;
		p->room = room;
	}
	p->piece[p->count++] = (struct dpt_piece){start, end, coding};
	return true;
}

void dpt_pieces_free(struct dpt_pieces *p)
{
	free(p->piece);
	free(p->token);
	*p = (struct dpt_pieces){0};
}

/* ------------------------------------------------------------------ frame */

static enum dpt_status check_options(const struct dpt_stream_options *o,
                                     dpt_error *err)
{
	if ((unsigned)o->format >= DPT_FORMATS)
		return dpt_fail(err, DPT_ERANGE, "no such format");
	const struct format *f = &formats[o->format];
	if (f->fields && o->fields == 0)
		return dpt_fail(err, DPT_ERANGE, "%s needs fields", f->name);
	if (!f->fields && o->fields > 0)
		return dpt_fail(err, DPT_ERANGE, "%s has no fields", f->name);
	if (o->no_header && !f->between)
		return dpt_fail(err, DPT_ERANGE, "%s has no header", f->name);
	if (o->group && !f->fields)
		return dpt_fail(err, DPT_ERANGE, "%s has no groups", f->name);
	if (o->fields > DPT_MAX_FIELDS)
		return dpt_fail(err, DPT_ERANGE, "more than %d fields",
		                DPT_MAX_FIELDS);
	return DPT_OK;
}

static enum dpt_status
take_paths(dpt_frame *f, const struct dpt_stream_options *o, dpt_error *err)
{
	enum dpt_status status =
	    dpt_paths_new(&f->paths, o->field, o->fields, err);
	if (!status && o->group)
		status = dpt_paths_new(&f->group_path, &o->group, 1, err);
	f->group_path.scalars = true;
	return status;
}

enum dpt_status dpt_frame_new(const struct dpt_stream_options *o,
                              dpt_frame **out, dpt_error *err)
{
	*out = NULL;
	enum dpt_status status = check_options(o, err);
	if (status)
		return status;
	dpt_frame *f = calloc(1, sizeof *f);
	if (!f)
		return dpt_fail_memory(err);
	f->format = &formats[o->format];
	f->field = o->field;
	f->fields = o->fields;
	f->no_header = o->no_header;
	f->group = o->group;
	f->header = o->header;
	if (o->format == DPT_JSONL)
		status = take_paths(f, o, err);
	else if (f->format->between && !f->header)
		status = dpt_header_new(&f->own, err);
	if (f->own)
		f->header = f->own;
	if (status) {
		dpt_frame_free(f);
		return status;
	}
	*out = f;
	return DPT_OK;
}

void dpt_frame_free(dpt_frame *f)
{
	if (!f)
		return;
	dpt_header_free(f->own);
	dpt_paths_free(&f->paths);
	dpt_paths_free(&f->group_path);
	free(f->chosen);
	free(f->group_column);
	free(f);
}

/* ---------------------------------------------------------------- cutting */

/* A part of no more than that is counted in bytes, by the compiler's vectors.
 */
#define COUNTED 240U

static uint64_t count_byte(char byte, const char *text, size_t len)
{
	uint64_t count = 0;
	for (size_t at = 0; at < len; at += COUNTED) {
		size_t n = len - at < COUNTED ? len - at : COUNTED;
		unsigned char some = 0;
		for (size_t i = 0; i < n; i++)
			some = (unsigned char)(some + (text[at + i] == byte));
		count += some;
	}
	return count;
}

/* A byte that always ends a record. */
static void cut_plain(char end, struct dpt_cut *cut, const char *text,
                      size_t len)
{
	const char *new = text + cut->at, *last = text + len;
	while (last > new &&last[-1] != end)
		last--;
	if (last > new) {
		if (!cut->first) {
			const char *first = memchr(new, end, len - cut->at);
			cut->first = (size_t)(first - text) + 1;
		}
		cut->records += count_byte(end, new, (size_t)(last - new));
		cut->last = (size_t)(last - text);
	}
	cut->at = len;
}

/*
 * The newline at or after offset at that is not within quotes, or len.  Only
 * a quote in front of a field opens one; whatever is wrong with a record, it
 * is the same to all who look.
 */
static size_t end_of_quoted(enum dpt_quote_state *state, const char *text,
                            size_t len, size_t at)
{
	enum dpt_quote_state s = *state;
	for (; at < len; at++) {
		char c = text[at];
		if (s == DPT_INSIDE) {
			if (c == '"')
				s = DPT_AFTER;
		} else if (c == '"' && s != DPT_OTHER) {
			s = DPT_INSIDE; /* AFTER: it was the first of two */
		} else if (c == '\n') {
			s = DPT_FIELD;
			break;
		} else {
			s = c == ',' ? DPT_FIELD : DPT_OTHER;
		}
	}
	*state = s;
	return at;
}

static void cut_quoted(struct dpt_cut *cut, const char *text, size_t len)
{
	while (cut->at < len) {
		size_t end = end_of_quoted(&cut->state, text, len, cut->at);
		cut->at = end;
		if (end < len) {
			cut->at = cut->last = end + 1;
			cut->first = cut->first ? cut->first : cut->last;
			cut->records++;
		}
	}
}

void dpt_frame_cut(const dpt_frame *f, struct dpt_cut *cut, const char *text,
                   size_t len)
{
	if (f->format->quotes)
		cut_quoted(cut, text, len);
	else
		cut_plain(f->format->end, cut, text, len);
}

size_t dpt_record_end(const dpt_frame *f, const char *text, size_t len,
                      size_t at)
{
	enum dpt_quote_state state = DPT_FIELD;
	if (f->format->quotes)
		return end_of_quoted(&state, text, len, at);
	const char *end = memchr(text + at, f->format->end, len - at);
	return end ? (size_t)(end - text) : len;
}

static const char mark[] = "\xEF\xBB\xBF";

size_t dpt_byte_order_mark(const dpt_frame *f, const char *text, size_t len)
{
	bool is_one = len >= 3 && memcmp(text, mark, 3) == 0;
	return f->format->fields && is_one ? 3 : 0;
}

bool dpt_may_be_mark(const dpt_frame *f, const char *text, size_t len)
{
	return f->format->fields && len < 3 && memcmp(text, mark, len) == 0;
}

bool dpt_frame_whole(const dpt_frame *f)
{
	return !f->format->fields;
}

/* ---------------------------------------------------------------- columns */

/* The end of the bare field at offset at, or SIZE_MAX if it is none. */
static size_t bare_field(const struct format *f, const char *text, size_t at,
                         size_t end)
{
	const char *stop = memchr(text + at, f->between, end - at);
	size_t n = (stop ? (size_t)(stop - text) : end) - at;
	if (f->quotes &&
	    (memchr(text + at, '"', n) || memchr(text + at, '\r', n)))
		return SIZE_MAX;
	return at + n;
}

/* The closing quote of the field whose text is at offset at, or SIZE_MAX. */
static size_t quoted_field(const char *text, size_t at, size_t end)
{
	for (;;) {
		const char *quote = memchr(text + at, '"', end - at);
		if (!quote)
			return SIZE_MAX;
		at = (size_t)(quote - text);
		if (at + 1 == end || text[at + 1] != '"')
			return at;
		at += 2;
	}
}

/* Takes the field at *at, which is behind it then. */
static enum dpt_status next_field(const struct format *f, const char *text,
                                  size_t *at, size_t end, struct dpt_piece *out,
                                  dpt_error *err)
{
	*out = (struct dpt_piece){*at, *at, f->coding};
	if (!f->quotes || *at == end || text[*at] != '"') {
		*at = out->end = bare_field(f, text, *at, end);
		if (out->end == SIZE_MAX)
			return dpt_fail(err, DPT_EFORMAT,
			                "a quote or carriage return within a "
			                "field without quotes");
		return DPT_OK;
	}
	out->coding = DPT_QUOTED;
	out->start++;
	out->end = quoted_field(text, out->start, end);
	if (out->end == SIZE_MAX)
		return dpt_fail(err, DPT_EFORMAT, "a quoted field has no end");
	*at = out->end + 1;
	if (*at < end && text[*at] != f->between)
		return dpt_fail(err, DPT_EFORMAT,
		                "something behind a quoted field");
	return DPT_OK;
}

/* Without the carriage return of the end of a line. */
static size_t without_return(const char *text, size_t start, size_t end)
{
	return end - (end > start && text[end - 1] == '\r');
}

/*
 * Adds the fields that are chosen, or all if chosen is NULL, and counts
 * them.  An empty line has none.
 */
static enum dpt_status split(const struct format *f, const bool *chosen,
                             size_t columns, const char *text, size_t start,
                             size_t end, struct dpt_pieces *found,
                             size_t *count, dpt_error *err)
{
	struct dpt_piece p;
	*count = 0;
	end = without_return(text, start, end);
	if (start == end)
		return DPT_OK;
	for (size_t at = start;; at++) {
		enum dpt_status status = next_field(f, text, &at, end, &p, err);
		if (status)
			return status;
		if ((!chosen || (*count < columns && chosen[*count])) &&
		    !dpt_pieces_add(found, p.start, p.end, p.coding))
			return dpt_fail_memory(err);
		++*count;
		if (at == end)
			return DPT_OK;
	}
}

static enum dpt_status column_pieces(const dpt_frame *f, const char *text,
                                     size_t start, size_t end,
                                     struct dpt_pieces *found, dpt_error *err)
{
	size_t count;
	enum dpt_status status = split(f->format, f->chosen, f->columns, text,
	                               start, end, found, &count, err);
	if (!status && count > 0 && count != f->columns)
		return dpt_fail(err, DPT_EFORMAT, "%zu field%s instead of %zu",
		                count, count == 1 ? "" : "s", f->columns);
	return status;
}

enum dpt_status dpt_record_pieces(const dpt_frame *f, const char *text,
                                  size_t start, size_t end,
                                  struct dpt_pieces *found, dpt_error *err)
{
	found->count = 0;
	if (f->format->between)
		return column_pieces(f, text, start, end, found, err);
	return dpt_json_pieces(&f->paths, text, start, end, found, err);
}

enum dpt_status dpt_record_group(const dpt_frame *f, const char *text,
                                 size_t start, size_t end,
                                 struct dpt_pieces *found,
                                 struct dpt_piece *name, dpt_error *err)
{
	size_t count;
	found->count = 0;
	*name = (struct dpt_piece){start, start, DPT_PLAIN};
	enum dpt_status status =
	    f->format->between
	        ? split(f->format, f->group_column, f->columns, text, start,
	                end, found, &count, err)
	        : dpt_json_pieces(&f->group_path, text, start, end, found, err);
	if (!status && found->count > 1)
		return dpt_fail(err, DPT_EFORMAT, "field '%s' more than once",
		                f->group);
	if (!status && found->count == 1)
		*name = found->piece[0];
	return status;
}

/* --------------------------------------------------------- broken records */

char dpt_frame_end(const dpt_frame *f)
{
	return f->format->end;
}

const char *dpt_frame_nothing(const dpt_frame *f)
{
	return f->format->nothing;
}

/* Whether all but the pieces is UTF-8. */
static bool rest_is_utf8(const char *text, size_t start, size_t end,
                         const struct dpt_pieces *pieces)
{
	for (size_t i = 0; i <= pieces->count; i++) {
		bool last = i == pieces->count;
		size_t to = last ? end : pieces->piece[i].start;
		if (dpt_utf8_prefix(text + start, to - start) < to - start)
			return false;
		start = last ? end : pieces->piece[i].end;
	}
	return true;
}

enum dpt_status dpt_record_empty(const dpt_frame *f, const char *text,
                                 size_t start, size_t end,
                                 struct dpt_pieces *found, const char **nothing,
                                 dpt_error *err)
{
	*nothing = "";
	if (f->format->between) {
		enum dpt_status status =
		    dpt_record_pieces(f, text, start, end, found, err);
		if (status == DPT_ENOMEM ||
		    (!status && rest_is_utf8(text, start, end, found)))
			return status;
	}
	*nothing = f->format->nothing;
	found->count = 0;
	if (f->format->end == '\n')
		end = without_return(text, start, end);
	return dpt_pieces_add(found, start, end, DPT_PLAIN)
	           ? DPT_OK
	           : dpt_fail_memory(err);
}

/* ----------------------------------------------------------------- header */

bool dpt_frame_has_columns(const dpt_frame *f)
{
	return f->format->between != 0;
}

static bool is_name(const char *text, const struct dpt_piece *p,
                    const char *name)
{
	size_t at = p->start;
	for (; *name && at < p->end && text[at] == *name; name++, at++)
		at += p->coding == DPT_QUOTED && *name == '"';
	return !*name && at == p->end;
}

/* The number in a text of digits, or 0. */
static size_t number_of(const char *text)
{
	size_t n = strspn(text, "0123456789");
	return n > 0 && n < 10 && !text[n] ? strtoul(text, NULL, 10) : 0;
}

/* Marks the columns of this name, or with this number. */
static enum dpt_status choose(const dpt_frame *f, const char *field,
                              bool *chosen, const char *text,
                              const struct dpt_pieces *names, dpt_error *err)
{
	bool found = false;
	for (size_t c = 0; c < names->count && !f->no_header; c++)
		if (is_name(text, &names->piece[c], field))
			found = chosen[c] = true;
	size_t number = number_of(field);
	if (!found && number > 0 && number <= f->columns)
		found = chosen[number - 1] = true;
	return found ? DPT_OK
	             : dpt_fail(err, DPT_EFORMAT, "no column '%s'", field);
}

static enum dpt_status choose_all(dpt_frame *f, const char *text,
                                  const struct dpt_pieces *names,
                                  dpt_error *err)
{
	enum dpt_status status = DPT_OK;
	f->chosen = calloc(f->columns + 1, sizeof *f->chosen);
	f->group_column = calloc(f->columns + 1, sizeof *f->group_column);
	if (!f->chosen || !f->group_column)
		return dpt_fail_memory(err);
	for (size_t i = 0; !status && i < f->fields; i++)
		status = choose(f, f->field[i], f->chosen, text, names, err);
	if (!status && f->group)
		status = choose(f, f->group, f->group_column, text, names, err);
	return status;
}

/* Compares with the streams before, or is what others are compared with. */
static enum dpt_status join(dpt_frame *f, const char *line, size_t len,
                            bool *repeated, dpt_error *err)
{
	struct dpt_header *h = f->header;
	*repeated = h->known;
	if (!h->known) {
		h->known = true;
		h->columns = f->columns;
		return dpt_buf_add(&h->line, line, len) ? DPT_OK
		                                        : dpt_fail_memory(err);
	}
	if (h->columns == f->columns && h->line.len == len &&
	    (len == 0 || memcmp(h->line.data, line, len) == 0))
		return DPT_OK;
	return dpt_fail(err, DPT_EFORMAT,
	                f->no_header ? "another number of columns than before"
	                             : "another header than before");
}

enum dpt_status dpt_frame_begin(dpt_frame *f, const char *text, size_t len,
                                size_t *header, bool *repeated, dpt_error *err)
{
	struct dpt_pieces all = {0};
	size_t start = dpt_byte_order_mark(f, text, len);
	size_t end = dpt_record_end(f, text, len, start);
	enum dpt_status status =
	    split(f->format, NULL, 0, text, start, end, &all, &f->columns, err);
	if (!status && dpt_utf8_prefix(text, end) < end)
		status = dpt_fail(err, DPT_EFORMAT, "not valid UTF-8");
	if (status && f->no_header && err)
		err->record = 1;
	if (!status)
		status = choose_all(f, text, &all, err);
	size_t line =
	    f->no_header ? 0 : without_return(text, start, end) - start;
	if (!status)
		status = join(f, text + start, line, repeated, err);
	*header = f->no_header ? start : end + (end < len);
	dpt_pieces_free(&all);
	return status;
}
