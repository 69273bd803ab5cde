/* SPDX-License-Identifier: MIT */
/* Records and fields: where they are, and that nothing else changes. */
#include "fixture.h"
#include "json.h"
#include "record.h"
#include "suites.h"
#include "token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))
#define B(s) s, sizeof s - 1

/* ------------------------------------------------- models of the tests */

enum { DIM = 5 };

/* The first are in the texts; the others would break a record. */
static const char *const words[] = {"the",
                                    "\xc3\xa9t\xc3\xa9",
                                    "o'clock",
                                    "house",
                                    "\xd0\xbc\xd0\xb8\xd1\x80",
                                    "plain",
                                    "a,b",
                                    "\"",
                                    "c\\d",
                                    "e\tf",
                                    "g\rh",
                                    "\x01"};
enum { N = COUNT(words), ORDINARY = 6 };

static dpt_index *vocabulary;
static dpt_key key;
static uint32_t always; /* what a broken record is made with */

/* Every word stays. */
static void draw_same(const dpt_model *m, const struct dpt_batch *batch,
                      void *scratch, uint32_t *out)
{
	(void)m;
	(void)scratch;
	memmove(out, batch->word, batch->start[batch->records] * sizeof *out);
}

/* Every word becomes the same. */
static void draw_always(const dpt_model *m, const struct dpt_batch *batch,
                        void *scratch, uint32_t *out)
{
	(void)m;
	(void)scratch;
	for (uint32_t i = 0; i < batch->start[batch->records]; i++)
		out[i] = always;
}

static const struct dpt_mech same = {.draw = draw_same};
static const struct dpt_mech one = {.draw = draw_always};
static dpt_model identity = {.mech = &same, .info = {.rungs = 1}};
static dpt_model constant = {.mech = &one, .info = {.rungs = 1}};
static dpt_model *real;

static void open_vocabulary(void)
{
	fx_make_dir();
	float *rows = fx_rows(FX_RANDOM, N, DIM, 1);
	dpt_vectors *v = fx_vectors(rows, N, DIM, words);
	vocabulary = fx_index_of("index", v, 5);
	identity.index = constant.index = vocabulary;
	real = fx_model(vocabulary, "exponential", 1, 0.5);
	dpt_key_from_seed(&key, 1);
	dpt_vectors_free(v);
	free(rows);
}

static void close_vocabulary(void)
{
	dpt_model_free(real);
	dpt_index_free(vocabulary);
	fx_remove_dir();
}

/* ----------------------------------------------------- text in, text out */

/* Formats with their fields; io is filled in by run(). */
static struct dpt_stream_options
options(enum dpt_format format, const char *const *field, size_t fields)
{
	return (struct dpt_stream_options){.model = &identity,
	                                   .key = &key,
	                                   .threads = 1,
	                                   .read = fx_io_read,
	                                   .write = fx_io_write,
	                                   .format = format,
	                                   .field = field,
	                                   .fields = fields,
	                                   .policy = fx_words_only};
}

/* out, which is added to, is the caller's to free. */
static enum dpt_status run(struct dpt_stream_options o, const char *text,
                           size_t size, size_t piece, struct dpt_buf *out,
                           struct dpt_counts *counts, dpt_error *err)
{
	struct fx_io io = {
	    .in = text, .size = size, .piece = piece, .out = *out};
	struct dpt_counts ignored;
	o.ctx = &io;
	enum dpt_status status =
	    dpt_stream(&o, counts ? counts : &ignored, err);
	*out = io.out;
	return status;
}

static void must_be(const struct dpt_buf *b, const char *text, size_t size)
{
	if (b->len == size && (size == 0 || !memcmp(b->data, text, size)))
		return;
	ck_abort_msg("'%.*s' is not '%.*s'", (int)b->len,
	             b->data ? b->data : "", (int)size, text);
}

/* ----------------------------------------------------------------- coding */

static const struct {
	const char *from, *to;
} escapes[] = {
    {"", ""},
    {"plain", "plain"},
    {"\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t"},
    {"\\u00e9\\u00E9", "\xc3\xa9\xc3\xa9"},
    {"\\u20ac\xe2\x82\xac", "\xe2\x82\xac\xe2\x82\xac"},
    {"\\ud83d\\ude00", "\xf0\x9f\x98\x80"},
    {"\\uD83D\\uDE00!", "\xf0\x9f\x98\x80!"},
    {"\\ud83d", "\xef\xbf\xbd"},
    {"\\ude00\\ud83d", "\xef\xbf\xbd\xef\xbf\xbd"},
    {"\\ud83dx", "\xef\xbf\xbdx"},
    {"\\ud83d\\n", "\xef\xbf\xbd\n"},
    {"\\ud83d\\u0041", "\xef\xbf\xbd"
                       "A"},
    {"\\\\u0041", "\\u0041"},
};

START_TEST(json_strings_are_decoded)
{
	const char *from = escapes[_i].from, *to = escapes[_i].to;
	size_t n = strlen(from);
	char *out = malloc(n + 1);
	uint32_t *origin = malloc((n + 1) * sizeof *origin);
	size_t made = dpt_json_decode(from, n, out, origin);
	ck_assert_uint_eq(made, strlen(to));
	ck_assert_int_eq(memcmp(out, to, made), 0);
	ck_assert_uint_eq(origin[made], n);
	for (size_t i = 0; i < made; i++)
		ck_assert(origin[i] <= origin[i + 1] && origin[i] < n);
	free(origin);
	free(out);
}
END_TEST

static const struct {
	enum dpt_coding coding;
	const char *from, *to;
} codes[] = {
    {DPT_PLAIN, "a\"\\\t,", "a\"\\\t,"},
    {DPT_BARE, "a\"\\\t,", "a\"\\\t,"},
    {DPT_TABBED, "a\tb\nc\rd\"", "a b c d\""},
    {DPT_QUOTED, "a\"b\"\",", "a\"\"b\"\"\"\","},
    {DPT_STRING, "a\"b\\c/\x01\x1f\n\t\r\b\f\x7f\xc3\xa9",
     "a\\\"b\\\\c/\\u0001\\u001f\\n\\t\\r\\b\\f\x7f\xc3\xa9"},
    {DPT_STRING, "", ""},
};

START_TEST(text_is_encoded_in_place)
{
	struct dpt_buf b = {0};
	ck_assert(dpt_buf_add(&b, "\"\t", 2));
	ck_assert(dpt_buf_add(&b, codes[_i].from, strlen(codes[_i].from)));
	ck_assert(dpt_encode(codes[_i].coding, &b, 2));
	ck_assert_int_eq(memcmp(b.data, "\"\t", 2), 0);
	ck_assert_uint_eq(b.len, 2 + strlen(codes[_i].to));
	ck_assert_int_eq(memcmp(b.data + 2, codes[_i].to, b.len - 2), 0);
	dpt_buf_free(&b);
}
END_TEST

START_TEST(fields_are_enclosed_if_they_must)
{
	static const char *const text[][2] = {
	    {"", ""},           {"a b\tc", "a b\tc"}, {"a,b", "\"a,b\""},
	    {"a\n", "\"a\n\""}, {"\r", "\"\r\""},     {"a\"b", "\"a\"\"b\""},
	};
	for (int i = 0; i < COUNT(text); i++) {
		struct dpt_buf b = {0};
		ck_assert(dpt_buf_add(&b, ",", 1));
		ck_assert(dpt_buf_add(&b, text[i][0], strlen(text[i][0])));
		ck_assert(dpt_enclose(&b, 1));
		ck_assert(dpt_buf_add(&b, "", 1));
		ck_assert_str_eq(b.data + 1, text[i][1]);
		dpt_buf_free(&b);
	}
}
END_TEST

/* ----------------------------------------------------- fields of a record */

/* The pieces of a record with "|" between, "!" where it is broken. */
static void pieces_of(const char *text, const struct dpt_stream_options *o,
                      const char *first, char *out)
{
	dpt_frame *frame;
	struct dpt_pieces found = {0};
	size_t header;
	bool repeated;
	dpt_error err = {0};
	ck_assert(!dpt_frame_new(o, &frame, NULL));
	if (first)
		ck_assert(!dpt_frame_begin(frame, first, strlen(first), &header,
		                           &repeated, NULL));
	enum dpt_status status =
	    dpt_record_pieces(frame, text, 0, strlen(text), &found, &err);
	*out = 0;
	for (size_t i = 0; !status && i < found.count; i++) {
		size_t n = found.piece[i].end - found.piece[i].start;
		sprintf(out + strlen(out), "%s%.*s", i ? "|" : "", (int)n,
		        text + found.piece[i].start);
	}
	if (status) {
		ck_assert_int_eq(status, DPT_EFORMAT);
		sprintf(out, "!%s", err.text);
	}
	dpt_pieces_free(&found);
	dpt_frame_free(frame);
}

#define BARE_QUOTE "!a quote or carriage return within a field without quotes"

static const struct {
	enum dpt_format format;
	const char *record, *pieces; /* of columns 1 and 3 of 3 */
} rows[] = {
    {DPT_CSV, "a,b,c", "a|c"},
    {DPT_CSV, "a,b,c\r", "a|c"},
    {DPT_CSV, ",,", "|"},
    {DPT_CSV, "", ""},
    {DPT_CSV, "\r", ""},
    {DPT_CSV, "\"a\",b,\"c\"", "a|c"},
    {DPT_CSV, "\"a,\"\"\n\",b,\"\"", "a,\"\"\n|"},
    {DPT_CSV, "\"\"\"\",\"b\",c d", "\"\"|c d"},
    {DPT_CSV, " a , b , c ", " a | c "},
    {DPT_CSV, "a,b", "!2 fields instead of 3"},
    {DPT_CSV, "a", "!1 field instead of 3"},
    {DPT_CSV, "a,b,c,", "!4 fields instead of 3"},
    {DPT_CSV, "a,b,\"c", "!a quoted field has no end"},
    {DPT_CSV, "a,b,\"c\"\"", "!a quoted field has no end"},
    {DPT_CSV, "a,\"b\"x,c", "!something behind a quoted field"},
    {DPT_CSV, "a,\"b\" ,c", "!something behind a quoted field"},
    {DPT_CSV, "a,b\"b\",c", BARE_QUOTE},
    {DPT_CSV, "a, \"b\",c", BARE_QUOTE},
    {DPT_CSV, "a,b\rc,c", BARE_QUOTE},
    {DPT_TSV, "a\tb\tc", "a|c"},
    {DPT_TSV, "a\tb\tc\r", "a|c"},
    {DPT_TSV, "\"a\t\"\t,\"", "\"a|,\""},
    {DPT_TSV, "", ""},
    {DPT_TSV, "a\tb", "!2 fields instead of 3"},
    {DPT_TSV, "a\tb\tc\t", "!4 fields instead of 3"},
};

START_TEST(columns_are_found)
{
	static const char *const field[] = {"z", "1"};
	struct dpt_stream_options o = options(rows[_i].format, field, 2);
	char out[200];
	pieces_of(rows[_i].record, &o,
	          rows[_i].format == DPT_CSV ? "x,y,z\n" : "x\ty\tz", out);
	ck_assert_str_eq(out, rows[_i].pieces);
}
END_TEST

static const char *const paths[] = {"t", "u.t?", "a[].t?", "m[][]?",
                                    "k.\\[x\\?\\.?"};
#define BAD "!not valid JSON"

static const struct {
	const char *record, *pieces;
} objects[] = {
    {"{\"t\":\"x\"}", "x"},
    {" { \"t\" : \"x\" } \r", "x"},
    {"", ""},
    {" \t\r", ""},
    {"{\"t\":\"\"}", ""},
    {"{\"t\":\"x\",\"t\":\"y\"}", "x|y"},
    {"{\"\\u0074\":\"x\"}", "x"},
    {"{\"t\":1,\"x\":\"t\"}", ""},
    {"{\"t\":null}", ""},
    {"{\"t\":true,\"u\":{\"t\":\"y\",\"v\":\"t\"}}", "y"},
    {"{\"t\":-0.5e+10,\"u\":{\"t\":null}}", ""},
    {"{\"t\":0,\"u\":\"t\"}", ""},
    {"{\"t\":0,\"u\":[\"t\"]}", ""},
    {"{\"t\":0,\"a\":[]}", ""},
    {"{\"t\":0,\"a\":[{\"t\":\"x\"},{},{\"t\":\"\\\"\"},[{\"t\":0}]]}",
     "x|\\\""},
    {"{\"t\":0,\"m\":[[\"x\",\"y\"],[],\"no\",[\"z\",1]]}", "x|y|z"},
    {"{\"t\":0,\"k\":{\"[x?.\":\"x\"}}", "x"},
    {"{\"u\":{\"t\":\"x\"},\"t\":\"y\"}", "x|y"},
    {"{\"o\":{\"t\":\"x\"},\"t\":\"y\"}", "y"},
    {"{\"t\":\"\\ud800\"}", "\\ud800"},
    {"{}", "!no field 't'"},
    {"[]", "!no field 't'"},
    {"1", "!no field 't'"},
    {"\"t\"", "!no field 't'"},
    {"null", "!no field 't'"},
    {"{\"T\":\"x\"}", "!no field 't'"},
    {"{\"t\":{}}", "!field 't' is not a string"},
    {"{\"t\":[\"x\"]}", "!field 't' is not a string"},
    {"{\"t\":0,\"u\":{\"t\":[]}}", "!field 'u.t?' is not a string"},
    {"{\"t\":0,\"m\":[[{}]]}", "!field 'm[][]?' is not a string"},
    {"{\"t\":\"x\"", BAD},
    {"{\"t\":\"x\"}}", BAD},
    {"{\"t\":\"x\"} {}", BAD},
    {"{\"t\":\"x\"},", BAD},
    {"{\"t\":\"x\",}", BAD},
    {"{,\"t\":\"x\"}", BAD},
    {"{\"t\" \"x\"}", BAD},
    {"{\"t\"}", BAD},
    {"{\"t\":}", BAD},
    {"{\"t\"::\"x\"}", BAD},
    {"{t:\"x\"}", BAD},
    {"{1:\"x\"}", BAD},
    {"{\"t\":x}", BAD},
    {"{\"t\":'x'}", BAD},
    {"{\"t\":\"x\" \"y\"}", BAD},
    {"{\"t\":\"\\x\"}", BAD},
    {"{\"t\":\"\\u12\"}", BAD},
    {"{\"t\":\"\\u12g4\"}", BAD},
    {"{\"t\":\"x\ty\"}", BAD},
    {"{\"t\":\"x", BAD},
    {"{\"t\":\"x\\\"}", BAD},
    {"{\"t\":01}", BAD},
    {"{\"t\":1.}", BAD},
    {"{\"t\":.5}", BAD},
    {"{\"t\":+1}", BAD},
    {"{\"t\":-}", BAD},
    {"{\"t\":1e}", BAD},
    {"{\"t\":1e5.0}", BAD},
    {"{\"t\":0x10}", BAD},
    {"{\"t\":tru}", BAD},
    {"{\"t\":nulll}", BAD},
    {"{\"t\":NaN}", BAD},
    {"{\"t\":0,\"a\":[1 2]}", BAD},
    {"{\"t\":0,\"a\":[1,]}", BAD},
    {"{\"t\":0,\"a\":[,1]}", BAD},
    {"{\"t\":0,\"a\":[1}", BAD},
    {"{\"t\":0,\"a\":{1]}", BAD},
    {"{\"t\":0,\"a\":[1:2]}", BAD},
    {"{\"t\":0,\"a\":[\"b\":2]}", BAD},
    {"{\"t\":0,{}:1}", BAD},
    {"{\"t\":0}\f", BAD},
    {"\xef\xbb\xbf{\"t\":0}", BAD},
    {"]", BAD},
    {"{", BAD},
    {":", BAD},
};

START_TEST(strings_are_found)
{
	struct dpt_stream_options o = options(DPT_JSONL, paths, COUNT(paths));
	char out[200];
	pieces_of(objects[_i].record, &o, NULL, out);
	ck_assert_str_eq(out, objects[_i].pieces);
}
END_TEST

/* A NUL, and brackets without end, must not lead jsmn or us astray. */
START_TEST(odd_json_is_refused)
{
	struct dpt_stream_options o = options(DPT_JSONL, paths, 1);
	static char deep[200000];
	static const char nul[] = "{\"t\":\"x\"}\0{\"t\":\"y\"}";
	struct dpt_buf out = {0};
	dpt_error err;
	memset(deep, '[', sizeof deep);
	ck_assert_int_eq(run(o, deep, sizeof deep, SIZE_MAX, &out, NULL, &err),
	                 DPT_EFORMAT);
	memset(deep + sizeof deep / 2, ']', sizeof deep / 2);
	ck_assert_int_eq(run(o, deep, sizeof deep, SIZE_MAX, &out, NULL, &err),
	                 DPT_EFORMAT);
	ck_assert_str_eq(err.text, "JSON nested more than 500 deep");
	ck_assert_int_eq(
	    run(o, nul, sizeof nul - 1, SIZE_MAX, &out, NULL, &err),
	    DPT_EFORMAT);
	ck_assert_uint_eq(out.len, 0);
	dpt_buf_free(&out);
}
END_TEST

START_TEST(paths_are_checked)
{
	static const char *const good[] = {"a",   "a.b",     "[].a",
	                                   "a[]", "a[][].b", "[][]",
	                                   "a?",  "\\.",     "\xc3\xa9"};
	static const char *const bad[] = {
	    "",     ".",    "a.",  ".a", "a..b", "a[",  "a]",   "a[0]",
	    "a[]b", "a.[]", "a?b", "?",  "a??",  "[]a", "a[].", "a[].[]"};
	struct dpt_paths p;
	for (int i = 0; i < COUNT(good); i++) {
		ck_assert_msg(!dpt_paths_new(&p, good + i, 1, NULL), "%s",
		              good[i]);
		dpt_paths_free(&p);
	}
	for (int i = 0; i < COUNT(bad); i++)
		ck_assert_msg(dpt_paths_new(&p, bad + i, 1, NULL) == DPT_ERANGE,
		              "%s", bad[i]);
}
END_TEST

START_TEST(fields_go_with_their_formats)
{
	static const char *const many[DPT_MAX_FIELDS + 1] = {"1"};
	static const struct {
		enum dpt_format format;
		size_t fields;
		bool no_header;
	} wrong[] = {
	    {DPT_LINES, 1, false}, {DPT_NUL, 1, false},
	    {DPT_CSV, 0, false},   {DPT_TSV, 0, true},
	    {DPT_JSONL, 0, false}, {DPT_JSONL, 1, true},
	    {DPT_LINES, 0, true},  {DPT_CSV, DPT_MAX_FIELDS + 1, false},
	    {DPT_FORMATS, 0, 0},
	};
	for (int i = 0; i < COUNT(wrong); i++) {
		struct dpt_stream_options o =
		    options(wrong[i].format, many, wrong[i].fields);
		struct dpt_buf out = {0};
		o.no_header = wrong[i].no_header;
		ck_assert_int_eq(run(o, "", 0, 1, &out, NULL, NULL),
		                 DPT_ERANGE);
	}
}
END_TEST

/* --------------------------------------------- nothing but words changes */

static const char *const csv_fields[] = {"text", "4"};
static const char *const columns[] = {"t", "2"};

/* Whole streams whose words all stay. */
static const struct {
	enum dpt_format format;
	const char *text;
	size_t size;
	uint64_t records, words;
} ugly[] = {
    {DPT_NUL, B(""), 0, 0},
    {DPT_NUL, B("the\nhouse\0the\0\0"), 3, 3},
    {DPT_NUL, B("\0the"), 2, 1},
    {DPT_CSV, B(""), 0, 0},
    {DPT_CSV, B("id,text,n,x"), 0, 0},
    {DPT_CSV, B("id,text,n,x\n"), 0, 0},
    {DPT_CSV, B("id,text,n,x\r\n1,the house,b,\r\n"), 1, 2},
    {DPT_CSV, B("\xef\xbb\xbf\"id\n\",text,n,x\n1,The,b,\"HOUSE\""), 1, 2},
    {DPT_CSV,
     B("id,text,n,x\n\"1\",\"the \"\"house\"\", plain\n\r\nthe,\",b,\n\n"
       "2,,,\"\"\n"),
     3, 4},
    {DPT_CSV, B("id,text,n,x\n\r\n\n,,,\n\"\",\"\",\"\",\"\"\n"), 4, 0},
    {DPT_CSV, B("id,text,n,x\n,\xc3\x89T\xc3\x89 \xf0\x9f\x98\x80,\0,\0\n"), 1,
     1},
    {DPT_TSV, B("id\ttext\tn\tx\r\n\"\tthe\t\"\t\"house\r\n"), 1, 2},
    {DPT_TSV, B("text\t\t\t\n\t\t\t\n\n"), 2, 0},
    {DPT_JSONL, B("\xef\xbb\xbf{\"text\":\"the\"}\r\n\r\n{\"text\":\"\"}"), 3,
     1},
    {DPT_JSONL,
     B("{\"x\":[1.50e+0,-0,\"\\u00e9\\/\"],\"text\" : "
       "\" \\/the\\n\\\"house\\\" \\ud83d\\ude00\\ud800 O'clock\","
       "\"b\":{\"text\":\"No\"} }"),
     1, 3},
};

START_TEST(ugly_records_come_back)
{
	static const char *const json_fields[] = {"text"};
	enum dpt_format format = ugly[_i].format;
	bool json = format == DPT_JSONL;
	struct dpt_stream_options o =
	    options(format, json ? json_fields : csv_fields,
	            format == DPT_NUL ? 0
	            : json            ? 1
	                              : 2);
	struct dpt_counts counts;
	for (unsigned i = 0; i < 2 * (ugly[_i].size + 2); i++) {
		struct dpt_buf out = {0};
		size_t piece = i / 2 + 1;
		o.threads = 1 + i % 2;
		o.chunk = piece;
		ck_assert(!run(o, ugly[_i].text, ugly[_i].size, piece, &out,
		               &counts, NULL));
		must_be(&out, ugly[_i].text, ugly[_i].size);
		ck_assert_uint_eq(counts.words, ugly[_i].words);
		ck_assert_uint_eq(counts.records, ugly[_i].records);
		dpt_buf_free(&out);
	}
}
END_TEST

/* Records alone, and all of them together. */
static const struct {
	enum dpt_format format;
	const char *text;
	size_t size;
} record[] = {
#define CSV(text) {DPT_CSV, B(text)},
#define JSONL(text) {DPT_JSONL, B(text)},
#include "ugly.def"
};

START_TEST(records_made_by_hand_come_back)
{
	static const char *const json_fields[] = {"text"};
	enum dpt_format format = _i ? DPT_JSONL : DPT_CSV;
	const char *header = _i ? "" : "id,text,n,x\n";
	struct dpt_stream_options o =
	    options(format, _i ? json_fields : csv_fields, _i ? 1 : 2);
	struct dpt_buf all = {0}, alone = {0}, out = {0};
	uint64_t records = 0;
	struct dpt_counts counts;
	dpt_error err;
	ck_assert(dpt_buf_add(&all, header, strlen(header)));
	for (int i = 0; i < COUNT(record); i++) {
		const char *end = i % 3 ? "\n" : "\r\n";
		if (record[i].format != format)
			continue;
		records++;
		alone.len = out.len = 0;
		ck_assert(dpt_buf_add(&alone, header, strlen(header)));
		ck_assert(dpt_buf_add(&alone, record[i].text, record[i].size));
		ck_assert(dpt_buf_add(&all, record[i].text, record[i].size));
		ck_assert(dpt_buf_add(&all, end, strlen(end)));
		ck_assert_msg(
		    !run(o, alone.data, alone.len, 1, &out, &counts, &err),
		    "%s: %s", record[i].text, err.text);
		must_be(&out, alone.data, alone.len);
	}
	out.len = 0;
	ck_assert_uint_ge(records, 100);
	ck_assert(!run(o, all.data, all.len, 100, &out, &counts, NULL));
	ck_assert_uint_eq(counts.records, records);
	ck_assert_uint_eq(counts.unchanged, counts.words);
	must_be(&out, all.data, all.len);
	dpt_buf_free(&all);
	dpt_buf_free(&alone);
	dpt_buf_free(&out);
}
END_TEST

/* --------------------------------------------------------- made-up records */

static const char *pick(struct fx_seq *s, const char *const *list, int count)
{
	return list[fx_u64(s) % (uint64_t)count];
}

/* What a chosen field may hold: words that are known, and no letters. */
static void put_text(FILE *f, struct fx_seq *s, const char *const *between,
                     int count)
{
	for (uint64_t n = fx_u64(s) % 9; n > 0; n--) {
		struct dpt_buf b = {0};
		const char *word = words[fx_u64(s) % ORDINARY];
		ck_assert(dpt_add_shaped(&b, (enum dpt_shape)(fx_u64(s) % 3),
		                         word, strlen(word)));
		fwrite(b.data, 1, b.len, f);
		dpt_buf_free(&b);
		for (uint64_t k = 1 + fx_u64(s) % 2; k > 0; k--)
			fputs(pick(s, between, count), f);
	}
}

static const char *const bare_between[] = {
    " ", " ", "\t", "; ", "12", "\xf0\x9f\x98\x80", "\\", "-", "{", "\xc2\xa0"};
static const char *const quoted_between[] = {
    " ", ",", "\"\"", "\n", "\r\n", "\r", "\xe2\x82\xac", " \"\"\"\" ", ",,"};
static const char *const json_between[] = {" ",
                                           " ",
                                           "\\n",
                                           "\\\"",
                                           "\\\\",
                                           "\\/",
                                           "\\u0020",
                                           "\\u20ac",
                                           "\\ud83d\\ude00",
                                           "\\udc00",
                                           "\xe2\x82\xac",
                                           ",",
                                           "}",
                                           "\\t",
                                           "\xe2\x80\xa8"};
static const char *const json_white[] = {"", "", "", " ", "\t", "  "};
static const char *const json_other[] = {"1.0",
                                         "-0",
                                         "1E400",
                                         "0.10e-05",
                                         "true",
                                         "null",
                                         "[]",
                                         "{ }",
                                         "\"Zq\\u00e9\\/\"",
                                         "\"\xc3\xa9\"",
                                         "[1,[2 ,\"x\"]]",
                                         "{\"t\":\"stays\",\"u\":{\"t\":[]}}"};

static void put_csv(FILE *f, struct fx_seq *s, char between)
{
	const char *end = fx_u64(s) % 3 ? "\n" : "\r\n";
	if (fx_u64(s) % 20 == 0) {
		fputs(end, f);
		return;
	}
	for (int column = 0; column < 4; column++) {
		bool quoted = between == ',' && fx_u64(s) % 2;
		if (column)
			fputc(between, f);
		if (quoted)
			fputc('"', f);
		if (column % 2 == 0)
			fputs(pick(s, (const char *const[]){"", "1.50", "Keep"},
			           3),
			      f);
		else if (quoted)
			put_text(f, s, quoted_between, COUNT(quoted_between));
		else /* without the tab, where that is between fields */
			put_text(f, s, bare_between + (between == '\t') * 3,
			         COUNT(bare_between) - (between == '\t') * 3);
		if (quoted)
			fputc('"', f);
	}
	fputs(end, f);
}

static void put_white(FILE *f, struct fx_seq *s)
{
	fputs(pick(s, json_white, COUNT(json_white)), f);
}

static void put_member(FILE *f, struct fx_seq *s, const char *name, bool last)
{
	put_white(f, s);
	fprintf(f, "\"%s\"", name);
	put_white(f, s);
	fputc(':', f);
	put_white(f, s);
	if (name[0] == 'o') {
		fputs(pick(s, json_other, COUNT(json_other)), f);
	} else {
		fputc('"', f);
		put_text(f, s, json_between, COUNT(json_between));
		fputc('"', f);
	}
	put_white(f, s);
	if (!last)
		fputc(',', f);
}

static void put_json(FILE *f, struct fx_seq *s)
{
	put_white(f, s);
	fputc('{', f);
	put_member(f, s, "other", false);
	put_member(f, s, fx_u64(s) % 4 ? "t" : "\\u0074", false);
	put_white(f, s);
	fputs("\"a\":[", f);
	for (uint64_t n = fx_u64(s) % 4; n > 0; n--) {
		fputc('{', f);
		put_member(f, s, "o", false);
		put_member(f, s, "t", true);
		fputc('}', f);
		fputs(n > 1 ? " ," : "", f);
	}
	fputs("]}", f);
	put_white(f, s);
	fputs(fx_u64(s) % 3 ? "\n" : "\r\n", f);
}

static char *made_up(enum dpt_format format, uint64_t seed, size_t records,
                     size_t *size)
{
	struct fx_seq s = {seed};
	char *text;
	FILE *f = open_memstream(&text, size);
	if (format != DPT_JSONL)
		fputs(format == DPT_CSV ? "\"id\",text,n,\"x\ny\"\r\n"
		                        : "id\ttext\tn\tx\n",
		      f);
	for (size_t i = 0; i < records; i++)
		if (format == DPT_JSONL)
			put_json(f, &s);
		else
			put_csv(f, &s, format == DPT_CSV ? ',' : '\t');
	fclose(f);
	return text;
}

/* Streams whose words all stay, and what becomes of the rest. */
static const char *const public_words[] = {"Zq", "n't"};
static const struct {
	struct dpt_policy policy;
	enum dpt_format format;
	const char *text, *expected;
} policies[] = {
    {{.numbers = DPT_NUMBERS_MASK},
     DPT_LINES,
     "the a@b.c, 1st @x www.y.z 555-1234 4111111111111111 12:30",
     "the [EMAIL], [NUMBER] [HANDLE] [URL] [PHONE] [CARD] [NUMBER]"},
    {{.numbers = DPT_NUMBERS_KEEP, .unmasked = 1U << DPT_PHONE},
     DPT_LINES,
     "the 555-1234, 1st",
     "the 555-1234, 1st"},
    {{.oov = DPT_OOV_MASK}, DPT_LINES, "the zq house", "the [WORD] house"},
    {{.oov = DPT_OOV_DROP}, DPT_LINES, "the zq, house", "the , house"},
    {{.oov = DPT_OOV_KEEP}, DPT_LINES, "the Zq\xc3\x89", "the Zq\xc3\x89"},
    {{.oov = DPT_OOV_KEEP, .lower = true},
     DPT_LINES,
     "THE Zq\xc3\x89",
     "the zq\xc3\xa9"},
    {{.keep = public_words, .keeps = 2},
     DPT_LINES,
     "The ZQ house",
     "The ZQ house"},
    {{.keep_stopwords = true}, DPT_LINES, "Of THE house", "Of THE house"},
    {{.keep_stopwords = true, .lower = true},
     DPT_LINES,
     "Of THE house",
     "of the house"},
    {{.numbers = DPT_NUMBERS_MASK},
     DPT_JSONL,
     "{\"t\":\"\\u0031\\u0032 a\\u0040b \\u0074he\"}",
     "{\"t\":\"[NUMBER] [EMAIL] the\"}"},
    {{.oov = DPT_OOV_KEEP},
     DPT_JSONL,
     "{\"t\":\"z\\u0071 the\"}",
     "{\"t\":\"z\\u0071 the\"}"},
    {{.oov = DPT_OOV_KEEP, .lower = true},
     DPT_JSONL,
     "{\"t\":\"Z\\u0051 the\"}",
     "{\"t\":\"zq the\"}"},
    {{.oov = DPT_OOV_MASK}, DPT_LINES, "a@b", "[EMAIL]"},
};

START_TEST(policies_do_what_they_say)
{
	const char *text = policies[_i].text;
	const char *const field[] = {"t"};
	struct dpt_stream_options o = options(policies[_i].format, field,
	                                      policies[_i].format == DPT_JSONL);
	struct dpt_buf out = {0};
	o.policy = policies[_i].policy;
	ck_assert(!run(o, text, strlen(text), SIZE_MAX, &out, NULL, NULL));
	must_be(&out, policies[_i].expected, strlen(policies[_i].expected));
	dpt_buf_free(&out);
}
END_TEST

/* Each digit is as likely as any other, whatever it was, and its script and
 * what is between digits stay. */
START_TEST(digits_are_drawn_anew)
{
	enum { LINES = 2000 };
	static const char line[] = "7,7 \xd9\xa7\n"; /* an Arabic 7 behind */
	size_t n = sizeof line - 1, times[3][10] = {{0}};
	char *text = malloc(LINES * n);
	struct dpt_counts counts;
	struct dpt_buf out = {0};
	struct dpt_stream_options o = options(DPT_LINES, NULL, 0);
	o.policy = (struct dpt_policy){0};
	for (size_t i = 0; i < LINES; i++)
		memcpy(text + i * n, line, n);
	ck_assert(!run(o, text, LINES * n, SIZE_MAX, &out, &counts, NULL));
	ck_assert_uint_eq(out.len, LINES * n);
	ck_assert_uint_eq(counts.numbers, 2 * LINES);
	ck_assert_uint_eq(counts.words, 0);
	for (size_t i = 0; i < LINES; i++) {
		const char *l = out.data + i * n;
		ck_assert_int_eq(l[1], ',');
		ck_assert_int_eq(l[4], '\xd9');
		times[0][(l[0] - '0') % 10]++;
		times[1][(l[2] - '0') % 10]++;
		times[2][(unsigned char)l[5] - 0xa0]++;
	}
	for (int i = 0; i < 3; i++)
		for (int d = 0; d < 10; d++) /* 9 standard deviations */
			ck_assert(times[i][d] > 80 && times[i][d] < 320);
	dpt_buf_free(&out);
	free(text);
}
END_TEST

START_TEST(public_words_must_be_words)
{
	static const char *const bad[] = {"", "\xff"};
	for (int i = 0; i < 2; i++) {
		struct dpt_stream_options o = options(DPT_LINES, NULL, 0);
		struct dpt_buf out = {0};
		dpt_error err;
		o.policy.keep = &bad[i];
		o.policy.keeps = 1;
		ck_assert_int_eq(run(o, "x", 1, 1, &out, NULL, &err),
		                 DPT_ERANGE);
		ck_assert_uint_eq(out.len, 0);
		dpt_buf_free(&out);
	}
}
END_TEST

static const char *const made_fields[] = {"t", "a[].t"};
static const enum dpt_format made_format[] = {DPT_CSV, DPT_TSV, DPT_JSONL};

static struct dpt_stream_options made_options(int i)
{
	return options(made_format[i],
	               made_format[i] == DPT_JSONL ? made_fields : csv_fields,
	               2);
}

START_TEST(made_up_records_come_back)
{
	struct dpt_counts counts;
	size_t size;
	char *text = made_up(made_format[_i], 7, 10000, &size);
	struct dpt_buf out = {0};
	dpt_error err = {0};
	enum dpt_status status =
	    run(made_options(_i), text, size, SIZE_MAX, &out, &counts, &err);
	ck_assert_msg(!status, "%d: %s", (int)err.record, err.text);
	ck_assert_uint_eq(counts.records, 10000);
	ck_assert_uint_gt(counts.words, 25000);
	ck_assert_uint_eq(counts.unchanged, counts.words);
	must_be(&out, text, size);
	dpt_buf_free(&out);
	free(text);
}
END_TEST

START_TEST(cutting_makes_no_difference)
{
	static const size_t pieces[] = {1, 7, 4096, SIZE_MAX};
	static const size_t chunks[] = {1, 64, 0};
	struct dpt_counts right, counts;
	size_t size;
	char *text = made_up(made_format[_i], 8, 150, &size);
	struct dpt_buf whole = {0};
	struct dpt_stream_options o = made_options(_i);
	o.model = real;
	ck_assert(!run(o, text, size, SIZE_MAX, &whole, &right, NULL));
	for (int i = 0; i < 4 * 3 * 3; i++) {
		struct dpt_buf out = {0};
		o.threads = 1 + (unsigned)i % 3;
		o.chunk = chunks[i / 3 % 3];
		ck_assert(
		    !run(o, text, size, pieces[i / 9], &out, &counts, NULL));
		must_be(&out, whole.data, whole.len);
		ck_assert_int_eq(memcmp(&counts, &right, sizeof right), 0);
		dpt_buf_free(&out);
	}
	dpt_buf_free(&whole);
	free(text);
}
END_TEST

/* A cut where there is a record's end, and nowhere else. */
START_TEST(cuts_are_ends_of_records)
{
	size_t size, at = 0;
	char *text = made_up(made_format[_i], 9, 100, &size);
	struct dpt_stream_options o = made_options(_i);
	struct dpt_cut cut = {0};
	dpt_frame *frame;
	uint64_t records = 0;
	ck_assert(!dpt_frame_new(&o, &frame, NULL));
	for (size_t len = 0; len <= size; len++) {
		dpt_frame_cut(frame, &cut, text, len);
		size_t end = dpt_record_end(frame, text, len, at);
		if (end < len) {
			at = end + 1;
			records++;
		}
		ck_assert_uint_eq(cut.last, at);
		ck_assert_uint_eq(cut.records, records);
	}
	ck_assert_uint_eq(at, size);
	ck_assert_uint_eq(cut.first, dpt_record_end(frame, text, size, 0) + 1);
	dpt_frame_free(frame);
	free(text);
}
END_TEST

/* The words of a record share its stream, whatever is between them. */
START_TEST(fields_share_the_stream_of_their_record)
{
	static const char line[] = "the the house the plain the\nthe house";
	static const char table[] =
	    "id,text,n,x\n,the the house,0,the plain the\n,the,,house";
	struct dpt_buf a = {0}, b = {0};
	struct dpt_stream_options o = options(DPT_LINES, NULL, 0);
	o.model = real;
	ck_assert(!run(o, line, sizeof line - 1, 1, &a, NULL, NULL));
	o = options(DPT_CSV, csv_fields, 2);
	o.model = real;
	ck_assert(!run(o, table, sizeof table - 1, 1, &b, NULL, NULL));
	char *at = b.data + 12;
	for (size_t i = 0; i < a.len; i++)
		if (a.data[i] >= 'a' && a.data[i] <= 'z') {
			while (!(*at >= 'a' && *at <= 'z'))
				at++;
			ck_assert_int_eq(*at++, a.data[i]);
		}
	dpt_buf_free(&a);
	dpt_buf_free(&b);
}
END_TEST

/* --------------------------------------- replacements that need encoding */

static const struct {
	const char *word, *csv, *tsv, *json;
} hostile[] = {
    {"plain", "plain,Plain\"\"", "plain\tPlain", "plain Plain"},
    {"a,b", "\"a,b\",A,b\"\"", "a,b\tA,b", "a,b A,b"},
    {"\"", "\"\"\"\",\"\"\"\"", "\"\t\"", "\\\" \\\""},
    {"c\\d", "c\\d,C\\d\"\"", "c\\d\tC\\d", "c\\\\d C\\\\d"},
    {"e\tf", "e\tf,E\tf\"\"", "e f\tE f", "e\\tf E\\tf"},
    {"g\rh", "\"g\rh\",G\rh\"\"", "g h\tG h", "g\\rh G\\rh"},
    {"\x01", "\x01,\x01\"\"", "\x01\t\x01", "\\u0001 \\u0001"},
};

START_TEST(replacements_are_encoded)
{
	static const char *const names[] = {"t", "u"};
	static const char *const in[] = {"t,u\nthe,\"The\"\"\"\n",
	                                 "t\tu\nthe\tThe\n",
	                                 "{\"t\":\"the \\u0054h\\u0065\"}"};
	const char *csv = hostile[_i].csv, *comma = strrchr(csv, ',');
	char right[3][100];
	/* the second field of the table has quotes around it already */
	if (strcmp(hostile[_i].word, "a,b") == 0)
		comma = csv + 5;
	sprintf(right[0], "t,u\n%.*s,\"%s\"\n", (int)(comma - csv), csv,
	        comma + 1);
	if (hostile[_i].word[0] == '"')
		strcpy(right[0], "t,u\n\"\"\"\",\"\"\"\"\"\"\n");
	sprintf(right[1], "t\tu\n%s\n", hostile[_i].tsv);
	sprintf(right[2], "{\"t\":\"%s\"}", hostile[_i].json);
	always = dpt_index_find(vocabulary, hostile[_i].word,
	                        strlen(hostile[_i].word));
	ck_assert_uint_ne(always, DPT_NO_WORD);
	for (int i = 0; i < 3; i++) {
		struct dpt_buf out = {0};
		struct dpt_stream_options o =
		    options(made_format[i], names, i == 2 ? 1 : 2);
		o.model = &constant;
		ck_assert(!run(o, in[i], strlen(in[i]), 100, &out, NULL, NULL));
		must_be(&out, right[i], strlen(right[i]));
		dpt_buf_free(&out);
	}
}
END_TEST

/* How a word was spelled would tell that it was not replaced. */
START_TEST(words_that_stay_lose_their_spelling)
{
	static const char *const names[] = {"t"};
	static const char in[] = "{\"t\":\"\\u00e9t\\u00e9 \\u0074he "
	                         "\\u00C9T\\u00c9\\u0021 o\\u0027clock\"}";
	static const char right[] = "{\"t\":\"\xc3\xa9t\xc3\xa9 the "
	                            "\xc3\x89T\xc3\x89\\u0021 o'clock\"}";
	struct dpt_buf out = {0};
	ck_assert(!run(options(DPT_JSONL, names, 1), in, sizeof in - 1, 100,
	               &out, NULL, NULL));
	must_be(&out, right, sizeof right - 1);
	dpt_buf_free(&out);
}
END_TEST

/* --------------------------------------------------------------- headers */

static const struct {
	const char *first, *second, *out, *fault;
	bool no_header;
	const char *field;
} joined[] = {
    {"a,t\n1,the\n", "a,t\r\n2,the\n", "a,t\n1,the\n2,the\n", "", false, "t"},
    {"a,t\n",
     "\xef\xbb\xbf"
     "a,t\n2,the",
     "a,t\n2,the", "", false, "2"},
    {"", "a,t\n2,the", "a,t\n2,the", "", false, "t"},
    {"a,t", "", "a,t", "", false, "t"},
    {"a,t\n", "t,a\n2,the", "a,t\n", "another header than before", false, "t"},
    {"a,t\n", "a,t,\n2,the", "a,t\n", "another header than before", false, "t"},
    {"1,the\n", "2,the\n", "1,the\n2,the\n", "", true, "2"},
    {"1,the\n", "2,the,\n", "1,the\n", "another number of columns than before",
     true, "2"},
    {"2,t\nthe,x\n", "", "2,t\nthe,x\n", "", false, "2"},
    {"a,t\n", "", "", "no column 'b'", false, "b"},
    {"a,t\n", "", "", "no column '3'", false, "3"},
    {"a,t\n", "", "", "no column '0'", false, "0"},
    {"a,t\n", "", "", "no column '3'", true, "3"},
    {"\n", "", "", "no column 't'", false, "t"},
    {"a,\"t\n", "", "", "a quoted field has no end", false, "t"},
    {"a,\xff\n", "", "", "not valid UTF-8", false, "a"},
    {"\"a\"\"b\",t\nthe,x", "", "\"a\"\"b\",t\nthe,x", "", false, "a\"b"},
};

START_TEST(headers_are_written_once)
{
	struct dpt_buf out = {0};
	dpt_header *header;
	dpt_error err = {0};
	struct dpt_stream_options o = options(DPT_CSV, &joined[_i].field, 1);
	ck_assert(!dpt_header_new(&header, NULL));
	o.header = header;
	o.no_header = joined[_i].no_header;
	for (int i = 0; i < 2; i++) {
		const char *text = i ? joined[_i].second : joined[_i].first;
		struct dpt_counts counts;
		enum dpt_status status =
		    run(o, text, strlen(text), 2, &out, &counts, &err);
		ck_assert_int_eq(status, status ? DPT_EFORMAT : DPT_OK);
		o.first_record += counts.records;
		if (status)
			break;
	}
	ck_assert_str_eq(err.text, joined[_i].fault);
	must_be(&out, joined[_i].out, strlen(joined[_i].out));
	dpt_header_free(header);
	dpt_buf_free(&out);
}
END_TEST

/* --------------------------------------------------------- broken records */

/* What is left of a stream; records of more than 24 bytes are too long. */
static const struct {
	enum dpt_format format;
	const char *text, *skipped, *emptied, *what;
	uint64_t first, broken, records;
} broken[] = {
    {DPT_LINES, "the\nhouse\n", "the\nhouse\n", "the\nhouse\n", "", 0, 0, 2},
    {DPT_LINES, "the\n\xff\nhouse\r\n\xc3\r\n\xc3", "the\nhouse\r\n",
     "the\n\nhouse\r\n\r\n", "not valid UTF-8", 2, 3, 5},
    {DPT_LINES, "\xff", "", "", "not valid UTF-8", 1, 1, 1},
    {DPT_LINES, "\xff the \xff\nthe\n\xff\n", "the\n", "\nthe\n\n",
     "not valid UTF-8", 1, 2, 3},
    {DPT_LINES,
     "the plain the plain the p\nthe\nthe plain the plain the \n"
     "the plain the plain the plain the plain the plain",
     "the\nthe plain the plain the \n", "\nthe\nthe plain the plain the \n",
     "a record of more than 24 bytes", 1, 2, 4},
    {DPT_CSV, "t,2\nthe,house,\nthe,\"house\"\n", "t,2\nthe,\"house\"\n",
     "t,2\n\nthe,\"house\"\n", "3 fields instead of 2", 1, 1, 2},
    {DPT_CSV, "t,2,x\n1,\xff\"\n,,\n1,\"\xff\",y\r\n,,\xff\r\n\n",
     "t,2,x\n,,\n\n", "t,2,x\n\n,,\n,\"\",y\r\n\r\n\n", "not valid UTF-8", 1, 3,
     5},
    {DPT_CSV, "t,2\n\xff,\"the\nplain\n\"\nthe,\n1,\"the\n\n", "t,2\nthe,\n",
     "t,2\n,\"\"\nthe,\n", "not valid UTF-8", 1, 2, 3},
    {DPT_CSV,
     "t,2\n,\"the plain the\nplain the\n the\"\nthe,\n"
     ",\"\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n",
     "t,2\nthe,\n", "t,2\n\nthe,\n", "a record of more than 24 bytes", 1, 2, 3},
    {DPT_TSV, "t\t2\n\xff\t\n\n\t\t\nthe\t", "t\t2\n\nthe\t",
     "t\t2\n\t\n\n\nthe\t", "not valid UTF-8", 1, 2, 4},
    {DPT_JSONL,
     "{\"t\":\"the\"}\n{\"t\":the}\r\n{}\n{\"t\":\"the plain the the \"}"
     "\n{\"t\":\"\xff\"}",
     "{\"t\":\"the\"}\n", "{\"t\":\"the\"}\n{}\r\n{}\n{}\n{}", "not valid JSON",
     2, 4, 5},
    {DPT_JSONL, "\xef\xbb\xbf{\"t\":\"the plain the the \"}\n{\"t\":\"\"}\n",
     "\xef\xbb\xbf{\"t\":\"\"}\n", "\xef\xbb\xbf{}\n{\"t\":\"\"}\n",
     "a record of more than 24 bytes", 1, 1, 2},
    {DPT_JSONL, "\xef\xbb\xbf{\"t\":\"the plain the  \"}\n",
     "\xef\xbb\xbf{\"t\":\"the plain the  \"}\n",
     "\xef\xbb\xbf{\"t\":\"the plain the  \"}\n", "", 0, 0, 1},
};

static struct dpt_stream_options broken_options(int i, int variant)
{
	static const size_t chunks[] = {1, 20, 0};
	struct dpt_stream_options o =
	    options(broken[i].format, columns,
	            !dpt_format_fields(broken[i].format) ? 0
	            : broken[i].format == DPT_JSONL      ? 1
	                                                 : 2);
	o.longest = 24;
	o.threads = 1 + (unsigned)variant % 2;
	o.chunk = chunks[variant / 2 % 3];
	return o;
}

START_TEST(broken_records_are_left_out_or_emptied)
{
	static const size_t pieces[] = {1, 10, SIZE_MAX};
	size_t size = strlen(broken[_i].text);
	for (int v = 0; v < 2 * 3 * 3 * 2; v++) {
		struct dpt_stream_options o = broken_options(_i, v);
		struct dpt_counts counts;
		struct dpt_buf out = {0};
		dpt_error err = {0};
		bool skip = v < 18;
		const char *right =
		    skip ? broken[_i].skipped : broken[_i].emptied;
		o.on_error = skip ? DPT_SKIP : DPT_PASS_NONE;
		ck_assert(!run(o, broken[_i].text, size, pieces[v / 6 % 3],
		               &out, &counts, &err));
		must_be(&out, right, strlen(right));
		ck_assert_uint_eq(counts.broken, broken[_i].broken);
		ck_assert_uint_eq(counts.records, broken[_i].records);
		ck_assert_uint_eq(err.record, broken[_i].first);
		ck_assert_str_eq(err.text, broken[_i].what);
		dpt_buf_free(&out);
	}
}
END_TEST

/* With what is before them written. */
START_TEST(broken_records_stop_the_stream)
{
	size_t size = strlen(broken[_i].text);
	for (int v = 0; v < 6; v++) {
		struct dpt_stream_options o = broken_options(_i, v);
		struct dpt_counts counts;
		struct dpt_buf out = {0};
		dpt_error err = {0};
		enum dpt_status status =
		    run(o, broken[_i].text, size, 7, &out, &counts, &err);
		ck_assert_int_eq(status,
		                 broken[_i].broken ? DPT_EFORMAT : DPT_OK);
		ck_assert_uint_eq(err.record, broken[_i].first);
		ck_assert_str_eq(err.text, broken[_i].what);
		ck_assert_uint_eq(counts.broken, 0);
		ck_assert_uint_eq(counts.records,
		                  status ? err.record - 1 : broken[_i].records);
		ck_assert(out.len <= size);
		ck_assert(out.len == 0 ||
		          memcmp(out.data, broken[_i].text, out.len) == 0);
		dpt_buf_free(&out);
	}
}
END_TEST

/* Records behind a broken one keep their numbers and so their streams. */
START_TEST(broken_records_keep_their_numbers)
{
	static const char bad[] = "the the\n\xff\nhouse the house\n";
	static const char good[] = "the the\n\nhouse the house\n";
	struct dpt_stream_options o = options(DPT_LINES, NULL, 0);
	struct dpt_buf a = {0}, b = {0};
	o.model = real;
	o.on_error = DPT_PASS_NONE;
	ck_assert(!run(o, bad, sizeof bad - 1, 100, &a, NULL, NULL));
	ck_assert(!run(o, good, sizeof good - 1, 100, &b, NULL, NULL));
	must_be(&a, b.data, b.len);
	dpt_buf_free(&a);
	dpt_buf_free(&b);
}
END_TEST

START_TEST(long_first_records_of_tables_are_faults)
{
	static const char text[] = "t,2,the plain the plain the plain\n,,\n";
	for (int i = 0; i < 6; i++) {
		struct dpt_stream_options o = options(DPT_CSV, columns, 1);
		struct dpt_buf out = {0};
		dpt_error err;
		o.longest = 24;
		o.chunk = i % 2 ? 1 : 0;
		o.on_error = (enum dpt_on_error)(i / 2);
		ck_assert_int_eq(run(o, text, sizeof text - 1, i % 2 ? 9 : 99,
		                     &out, NULL, &err),
		                 DPT_EFORMAT);
		ck_assert_str_eq(err.text,
		                 "a first record of more than 24 bytes");
		ck_assert_uint_eq(out.len, 0);
	}
}
END_TEST

Suite *suite_record(void)
{
	Suite *s = suite_create("record");
	TCase *t = tcase_create("record");
	tcase_add_unchecked_fixture(t, open_vocabulary, close_vocabulary);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, json_strings_are_decoded, 0, COUNT(escapes));
	tcase_add_loop_test(t, text_is_encoded_in_place, 0, COUNT(codes));
	tcase_add_test(t, fields_are_enclosed_if_they_must);
	tcase_add_loop_test(t, columns_are_found, 0, COUNT(rows));
	tcase_add_loop_test(t, strings_are_found, 0, COUNT(objects));
	tcase_add_test(t, odd_json_is_refused);
	tcase_add_test(t, paths_are_checked);
	tcase_add_test(t, fields_go_with_their_formats);
	tcase_add_loop_test(t, ugly_records_come_back, 0, COUNT(ugly));
	tcase_add_loop_test(t, records_made_by_hand_come_back, 0, 2);
	tcase_add_loop_test(t, policies_do_what_they_say, 0, COUNT(policies));
	tcase_add_test(t, digits_are_drawn_anew);
	tcase_add_test(t, public_words_must_be_words);
	tcase_add_loop_test(t, made_up_records_come_back, 0, 3);
	tcase_add_loop_test(t, cutting_makes_no_difference, 0, 3);
	tcase_add_loop_test(t, cuts_are_ends_of_records, 0, 3);
	tcase_add_test(t, fields_share_the_stream_of_their_record);
	tcase_add_loop_test(t, replacements_are_encoded, 0, COUNT(hostile));
	tcase_add_test(t, words_that_stay_lose_their_spelling);
	tcase_add_loop_test(t, headers_are_written_once, 0, COUNT(joined));
	tcase_add_loop_test(t, broken_records_are_left_out_or_emptied, 0,
	                    COUNT(broken));
	tcase_add_loop_test(t, broken_records_stop_the_stream, 0,
	                    COUNT(broken));
	tcase_add_test(t, broken_records_keep_their_numbers);
	tcase_add_test(t, long_first_records_of_tables_are_faults);
	suite_add_tcase(s, t);
	return s;
}
