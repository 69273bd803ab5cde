/* SPDX-License-Identifier: MIT */
/*
 * Records with fields: any text in any format, cut in any way.  What comes
 * out must have the same records, and the same bytes but for the chosen
 * fields.  The first bytes say how, the rest is the text.
 */
#include "record.h"
#include "token.h"

#include "mech.h"
#include "tiny_index.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static dpt_index *x;
static dpt_model *model;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct dpt_settings settings = {.mechanism = "exponential",
	                                .epsilon = 1,
	                                .max_unchanged = 0.5,
	                                .threads = 1};
	char path[32];
	(void)argc;
	(void)argv;
	tiny_index("one 1 0 0\ntwo 0 1 0\nx,y 0 1 1\n\" 0 0 1\na\\ 1 1 0\n"
	           "five 0 1 2\n\x01 2 1 1\n\"\" 3 0 0\n",
	           4, path);
	require(!dpt_index_open(path, &x, NULL));
	unlink(path);
	require(!dpt_model_new(x, &settings, &model, NULL));
	return 0;
}

struct run {
	const uint8_t *in;
	size_t size, at, step;
	struct dpt_buf out;
	dpt_error err;
	struct dpt_counts counts;
	enum dpt_status status;
};

static ptrdiff_t read_text(void *ctx, void *buffer, size_t size)
{
	struct run *r = ctx;
	size_t n = r->step < size ? r->step : size;
	n = n < r->size - r->at ? n : r->size - r->at;
	memcpy(buffer, r->in + r->at, n);
	r->at += n;
	return (ptrdiff_t)n;
}

static int write_text(void *ctx, const void *bytes, size_t size)
{
	struct run *r = ctx;
	require(dpt_buf_add(&r->out, bytes, size));
	return 0;
}

static const char *const columns[] = {"t", "2"};
static const char *const paths[] = {"t", "u.t?", "a[].t?", "[][]?"};

static struct dpt_stream_options options_of(const uint8_t *how)
{
	static const char *const numbers[] = {"1", "2"};
	struct dpt_stream_options o = {.model = model,
	                               .threads = 1 + how[1] % 3,
	                               .chunk = how[2],
	                               .read = read_text,
	                               .write = write_text,
	                               .on_error = how[0] / 8 % 3,
	                               .longest = how[1] & 64 ? 30 : 0,
	                               .format = how[0] % DPT_FORMATS};
	if (o.format == DPT_JSONL) {
		o.field = paths + how[1] / 3 % 4;
		o.fields = 1;
	} else if (dpt_format_fields(o.format)) {
		o.no_header = how[0] & 0x80;
		o.field = o.no_header ? numbers : columns;
		o.fields = 1 + how[1] / 3 % 2;
	}
	return o;
}

static void rewrite(struct run *r, struct dpt_stream_options o)
{
	dpt_key key;
	dpt_key_from_seed(&key, 1);
	o.key = &key;
	o.ctx = r;
	r->status = dpt_stream(&o, &r->counts, &r->err);
	require(r->counts.bytes_out == r->out.len);
	require(r->counts.unchanged + r->counts.outside <= r->counts.words);
}

/* The records of a text. */
struct reader {
	dpt_frame *frame;
	struct dpt_pieces found;
	const char *text;
	size_t len, start, end, next;
};

static void start(struct reader *r, const struct dpt_stream_options *o,
                  const char *text, size_t len)
{
	bool repeated;
	size_t first;
	require(!dpt_frame_new(o, &r->frame, NULL));
	r->text = text;
	r->len = len;
	r->next = dpt_byte_order_mark(r->frame, text, len);
	first = dpt_record_end(r->frame, text, len, r->next);
	first += first < len;
	if (dpt_frame_has_columns(r->frame))
		require(!dpt_frame_begin(r->frame, text, first, &r->next,
		                         &repeated, NULL));
}

/* Goes on to the next record; false at the end. */
static bool next(struct reader *r)
{
	if (r->next == r->len)
		return false;
	r->start = r->next;
	r->end = dpt_record_end(r->frame, r->text, r->len, r->start);
	r->next = r->end + (r->end < r->len);
	if (dpt_frame_whole(r->frame))
		return true;
	enum dpt_status status = dpt_record_pieces(r->frame, r->text, r->start,
	                                           r->end, &r->found, NULL);
	/* an empty object may be no more than what a broken one became */
	require(!status || !strncmp(r->text + r->start, "{}", 2));
	return true;
}

static void stop(struct reader *r)
{
	dpt_pieces_free(&r->found);
	dpt_frame_free(r->frame);
}

/* What is between two fields, without the quotes that one may have got. */
static void between(const struct reader *r, size_t i, const char **text,
                    size_t *len)
{
	const struct dpt_piece *p = r->found.piece;
	size_t from = i ? p[i - 1].end : r->start;
	size_t to = i < r->found.count ? p[i].start : r->next;
	if (i && p[i - 1].coding == DPT_QUOTED)
		from++;
	if (i < r->found.count && p[i].coding == DPT_QUOTED)
		to--;
	*text = r->text + from;
	*len = to - from;
}

/* The same records; and but for the chosen fields, the same bytes. */
static void compare(const struct run *r, const struct dpt_stream_options *o)
{
	struct reader in = {0}, out = {0};
	uint64_t records = 0;
	start(&in, o, (const char *)r->in, r->size);
	start(&out, o, r->out.data, r->out.len);
	require(in.next == out.next && !memcmp(r->in, out.text, in.next));
	while (records < r->counts.records) {
		require(next(&in) && next(&out));
		require(in.found.count == out.found.count);
		for (size_t i = 0; i <= in.found.count; i++) {
			const char *a, *b;
			size_t a_len, b_len;
			if (dpt_frame_whole(in.frame))
				break;
			between(&in, i, &a, &a_len);
			between(&out, i, &b, &b_len);
			require(a_len == b_len && !memcmp(a, b, a_len));
		}
		records++;
	}
	require(!next(&out));
	stop(&in);
	stop(&out);
}

/* No broken record is left; only of the last may there be nothing at all. */
static void count(const struct run *r, const struct dpt_stream_options *o)
{
	struct reader out = {0};
	uint64_t records = 0, right = r->counts.records;
	start(&out, o, r->out.data, r->out.len);
	while (next(&out))
		records++;
	if (o->on_error == DPT_SKIP)
		right -= r->counts.broken;
	require(records == right ||
	        (o->on_error == DPT_PASS_NONE && records + 1 == right));
	require(dpt_utf8_prefix(r->out.data, r->out.len) == r->out.len);
	stop(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 4)
		return 0;
	struct run a = {
	    .in = data + 4, .size = size - 4, .step = (size_t)data[3] + 1};
	struct run b = a;
	struct dpt_stream_options o = options_of(data);

	rewrite(&a, o);
	require(a.status == DPT_OK || a.status == DPT_EFORMAT);
	require(!a.status || a.err.record == 0 ||
	        a.err.record == a.counts.records + 1);
	require(o.on_error || !a.counts.broken);
	if (a.out.len > 0 && !a.status && a.counts.broken)
		count(&a, &o);
	else if (a.out.len > 0)
		compare(&a, &o);

	/* the same, in the simplest way: nothing of that may matter */
	o.threads = 1;
	o.chunk = 0;
	b.step = SIZE_MAX;
	rewrite(&b, o);
	require(a.status == b.status && a.out.len == b.out.len);
	require(!a.out.len || !memcmp(a.out.data, b.out.data, a.out.len));
	require(a.counts.words == b.counts.words);
	require(a.counts.broken == b.counts.broken);
	dpt_buf_free(&a.out);
	dpt_buf_free(&b.out);
	return 0;
}
