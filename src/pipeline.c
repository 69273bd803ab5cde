/* SPDX-License-Identifier: MIT */
/*
 * The way of the data: the caller's thread reads and cuts the input into
 * chunks of whole records, workers rewrite them, a writer puts them out in
 * order.  A fault travels with its chunk: all before it is written first.
 */
#include "error.h"
#include "rewrite.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_CHUNK ((size_t)128 << 10)
#define SLOW_CHUNK ((size_t)32 << 10)
#define RING 4 /* chunks a thread: with few it waits for the writer */
#define LEAST ((size_t)4 << 10) /* room for what is read */
#define LONGEST_RECORD ((size_t)256 << 20)
#define MOST ((size_t)1 << 30) /* offsets in a chunk have 32 bits */

enum state { FREE, FULL, DONE };

struct chunk {
	enum state state;
	struct dpt_buf in, out;
	size_t lead;          /* bytes in front of in that are no record */
	size_t copy;          /* those of them that are copied */
	bool too_long, ended; /* all there is is a record that is not here */
	bool idle;            /* nothing more was waiting behind it */
	uint64_t first_record;
	struct dpt_counts counts;
	struct dpt_members members;
	enum dpt_status status;
	dpt_error err;
};

struct stream {
	const struct dpt_stream_options *o;
	struct dpt_shared shared;
	dpt_frame *frame;
	uint64_t bytes_in;       /* the reader's */
	struct dpt_counts total; /* the writer's: of all that is written */
	dpt_error broken;        /* the first of those that are no fault */
	uint64_t records;        /* cut off so far */
	struct dpt_buf rest; /* the beginning of a record not yet complete */
	bool marked;         /* a byte order mark was looked for */
	bool begun;          /* what comes before the records is behind us */
	bool at_end;
	enum dpt_status read_status; /* a fault that ended the input */
	dpt_error read_err;

	/* with more than one thread; all below under the lock */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct chunk *ring;
	size_t slots;
	uint64_t filled, taken, written; /* serial numbers */
	bool closed;                     /* no more chunks will be filled */
	bool stopped; /* a fault was met: nothing more is written */
	enum dpt_status status;
	dpt_error err;
};

/* ------------------------------------------------------------- reading */

/*
 * Reads at most size bytes.  Where it can be seen whether more is waiting, the
 * room for them grows with what there is.
 */
static enum dpt_status read_more(struct stream *s, struct dpt_buf *b,
                                 size_t size, dpt_error *err)
{
	size_t least = s->o->ready && size > LEAST ? LEAST : size;
	if (!dpt_buf_room(b, least))
		return dpt_fail_memory(err);
	if (size > b->cap - b->len)
		size = b->cap - b->len;
	ptrdiff_t got;
	do {
		errno = 0;
		got = s->o->read(s->o->ctx, b->data + b->len, size);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return dpt_fail_errno(err, "read");
	s->at_end = got == 0;
	b->len += (size_t)got;
	s->bytes_in += (uint64_t)got;
	return DPT_OK;
}

/* What comes before the records of a stream: byte order mark and header. */
static enum dpt_status begin(struct stream *s, struct chunk *c,
                             struct dpt_cut *cut, dpt_error *err)
{
	bool repeated = s->o->first_record > 0;
	size_t mark = dpt_byte_order_mark(s->frame, c->in.data, c->in.len);
	s->begun = true;
	c->lead = mark;
	if (dpt_frame_has_columns(s->frame)) {
		size_t first = cut->first ? cut->first : c->in.len;
		if (first - (cut->first > 0) - mark > s->shared.longest)
			return dpt_fail(err, DPT_EFORMAT,
			                "a first record of more than %zu bytes",
			                s->shared.longest);
		enum dpt_status status = dpt_frame_begin(
		    s->frame, c->in.data, first, &c->lead, &repeated, err);
		if (status)
			return status;
		/* the header was counted as a record where it has an end */
		cut->records -= c->lead > mark && cut->first > 0;
	}
	c->copy = repeated ? 0 : c->lead;
	return DPT_OK;
}

/* Looks for the ends of records in what was read. */
static void cut_records(struct stream *s, const struct chunk *c,
                        struct dpt_cut *cut)
{
	if (c->in.len == 0)
		return;
	/* a byte order mark is no part of a field, which may be quoted */
	if (!s->marked) {
		if (dpt_may_be_mark(s->frame, c->in.data, c->in.len))
			return;
		cut->at = dpt_byte_order_mark(s->frame, c->in.data, c->in.len);
		s->marked = true;
	}
	dpt_frame_cut(s->frame, cut, c->in.data, c->in.len);
}

/* Whether what is there should be worked on before more is read. */
static bool enough(const struct stream *s, const struct chunk *c,
                   const struct dpt_cut *cut, size_t size)
{
	return cut->last &&
	       (c->in.len >= size || !s->o->ready || !s->o->ready(s->o->ctx));
}

/* Whether a record that has no end yet is longer than any may be. */
static bool is_too_long(const struct stream *s, const struct chunk *c,
                        const struct dpt_cut *cut)
{
	size_t mark =
	    s->begun ? 0 : dpt_byte_order_mark(s->frame, c->in.data, c->in.len);
	return !cut->last && c->in.len - mark > s->shared.longest;
}

/*
 * Reads a record that is too long to its end, and keeps nothing of it.  The
 * bytes in front of it stay.
 */
static void pass_over(struct stream *s, struct chunk *c, struct dpt_cut *cut,
                      size_t size)
{
	c->too_long = true;
	if (s->shared.on_error == DPT_STOP)
		s->at_end = true;
	while (!s->at_end && !cut->first) {
		cut->at = c->in.len = c->lead;
		s->read_status = read_more(s, &c->in, size, &s->read_err);
		if (s->read_status) { /* who knows what it would have been */
			c->too_long = false;
			break;
		}
		dpt_frame_cut(s->frame, cut, c->in.data, c->in.len);
	}
	c->ended = cut->first > 0;
	cut->records = c->too_long;
	cut->last = c->ended ? cut->first : c->in.len;
}

/* What the chunk begins with, and where its records end. */
static enum dpt_status frame(struct stream *s, struct chunk *c,
                             struct dpt_cut *cut, size_t size, dpt_error *err)
{
	bool too_long = is_too_long(s, c, cut);
	if (s->at_end && !too_long)
		cut->last = c->in.len;
	if (!s->begun && (too_long || cut->last > 0)) {
		enum dpt_status status = begin(s, c, cut, err);
		if (status)
			return status;
	}
	if (too_long)
		pass_over(s, c, cut, size);
	return DPT_OK;
}

static size_t chunk_size(const struct stream *s)
{
	if (s->o->chunk)
		return s->o->chunk;
	return s->o->model->mech->slow ? SLOW_CHUNK : DEFAULT_CHUNK;
}

/*
 * Fills chunk->in with whole records: as many as fit the chunk size, fewer
 * when nothing more is waiting, one however long it is.  At the end of the
 * input it may stay empty.  The start of the next record is kept in rest.
 */
static enum dpt_status fill(struct stream *s, struct chunk *c, dpt_error *err)
{
	size_t size = chunk_size(s);
	struct dpt_cut cut = {0};
	c->in.len = c->lead = c->copy = 0;
	c->too_long = false;
	if (!dpt_buf_add(&c->in, s->rest.data, s->rest.len))
		return dpt_fail_memory(err);
	s->rest.len = 0;
	for (;;) {
		cut_records(s, c, &cut);
		if (s->at_end || enough(s, c, &cut, size) ||
		    is_too_long(s, c, &cut))
			break;
		s->read_status = read_more(s, &c->in, size, &s->read_err);
		if (s->read_status)
			break; /* the records before are still good */
	}
	c->idle = !s->at_end && !s->read_status && cut.last && c->in.len < size;
	enum dpt_status status = frame(s, c, &cut, size, err);
	if (status)
		return status;
	if (s->read_status)
		s->at_end = true;
	if (!dpt_buf_add(&s->rest, c->in.data + cut.last, c->in.len - cut.last))
		return dpt_fail_memory(err);
	c->in.len = c->too_long ? c->lead : cut.last;
	c->first_record = s->records;
	s->records += cut.records;
	if (s->o->progress)
		s->o->progress(s->o->ctx, s->bytes_in);
	return DPT_OK;
}

static bool is_empty(const struct chunk *c)
{
	return c->in.len == 0 && !c->too_long;
}

/* ----------------------------------------------------- one piece of work */

static void rewrite_chunk(struct stream *s, dpt_rewriter *r, struct chunk *c)
{
	c->out.len = 0;
	c->counts = (struct dpt_counts){0};
	c->members.count = 0;
	c->err.record = 0;
	if (!dpt_buf_add(&c->out, c->in.data, c->copy))
		c->status = dpt_fail_memory(&c->err);
	else if (c->too_long)
		c->status = dpt_rewrite_too_long(&s->shared, c->ended, &c->out,
		                                 &c->counts, &c->err);
	else
		c->status =
		    dpt_rewrite(r, c->in.data + c->lead, c->in.len - c->lead,
		                s->o->first_record + c->first_record, &c->out,
		                &c->counts, &c->members, &c->err);
	if (c->err.record)
		c->err.record += c->first_record;
	/* only records that are whole are written before a fault */
	if (c->status && c->status != DPT_EFORMAT) {
		c->out.len = 0;
		c->counts = (struct dpt_counts){0};
	}
}

/* Writes what a chunk became; returns its fault or that of the writing. */
static enum dpt_status write_chunk(struct stream *s, struct chunk *c,
                                   dpt_error *err)
{
	if (c->out.len && s->o->write(s->o->ctx, c->out.data, c->out.len) != 0)
		return dpt_fail_errno(err, "write");
	s->total.bytes_out += c->out.len;
	if (c->idle && s->o->flush && s->o->flush(s->o->ctx) != 0)
		return dpt_fail_errno(err, "write");
	if (!s->total.broken)
		s->broken = c->err;
	dpt_counts_add(&s->total, &c->counts);
	if (s->o->groups && !dpt_groups_add(s->o->groups, &c->members))
		return dpt_fail_memory(err);
	if (c->status && err)
		*err = c->err;
	return c->status;
}

/* What ended the input, if it was not its end. */
static enum dpt_status read_fault(const struct stream *s, dpt_error *err)
{
	if (s->read_status && err)
		*err = s->read_err;
	return s->read_status;
}

/* ------------------------------------------------------------- threads */

static void stop(struct stream *s, enum dpt_status status, const dpt_error *err)
{
	if (!s->stopped) {
		s->stopped = true;
		s->status = status;
		s->err = *err;
	}
	pthread_cond_broadcast(&s->changed);
}

static void *work(void *arg)
{
	struct stream *s = arg;
	dpt_rewriter *r = NULL;
	dpt_error err;
	enum dpt_status status = dpt_rewriter_new(&s->shared, &r, &err);
	pthread_mutex_lock(&s->lock);
	if (status)
		stop(s, status, &err);
	for (;;) {
		while (!s->stopped && s->taken == s->filled && !s->closed)
			pthread_cond_wait(&s->changed, &s->lock);
		if (s->stopped || s->taken == s->filled)
			break;
		struct chunk *c = &s->ring[s->taken++ % s->slots];
		pthread_mutex_unlock(&s->lock);
		rewrite_chunk(s, r, c);
		pthread_mutex_lock(&s->lock);
		c->state = DONE;
		pthread_cond_broadcast(&s->changed);
	}
	pthread_mutex_unlock(&s->lock);
	dpt_rewriter_free(r);
	return NULL;
}

static void *write_out(void *arg)
{
	struct stream *s = arg;
	pthread_mutex_lock(&s->lock);
	for (;;) {
		struct chunk *c = &s->ring[s->written % s->slots];
		while (!s->stopped && c->state != DONE &&
		       !(s->closed && s->written == s->filled))
			pthread_cond_wait(&s->changed, &s->lock);
		if (s->stopped || c->state != DONE)
			break;
		pthread_mutex_unlock(&s->lock);
		dpt_error err;
		enum dpt_status status = write_chunk(s, c, &err);
		pthread_mutex_lock(&s->lock);
		if (status)
			stop(s, status, &err);
		c->state = FREE;
		s->written++;
		pthread_cond_broadcast(&s->changed);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

/* The reader's part: fills chunks until the end or a fault. */
static enum dpt_status feed(struct stream *s, dpt_error *err)
{
	enum dpt_status status = DPT_OK;
	bool stopped = false;
	while (!status && !s->at_end && !stopped) {
		pthread_mutex_lock(&s->lock);
		struct chunk *c = &s->ring[s->filled % s->slots];
		while (!s->stopped && c->state != FREE)
			pthread_cond_wait(&s->changed, &s->lock);
		stopped = s->stopped;
		pthread_mutex_unlock(&s->lock);
		if (stopped)
			break;
		status = fill(s, c, err);
		if (status || is_empty(c))
			break;
		pthread_mutex_lock(&s->lock);
		c->state = FULL;
		s->filled++;
		pthread_cond_broadcast(&s->changed);
		pthread_mutex_unlock(&s->lock);
	}
	pthread_mutex_lock(&s->lock);
	s->closed = true;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	return status ? status : read_fault(s, err);
}

static void chunk_free(struct chunk *c)
{
	dpt_buf_free(&c->in);
	dpt_buf_free(&c->out);
	dpt_members_free(&c->members);
}

/* From the first chunk on, which is filled and becomes the ring's. */
static enum dpt_status run_threads(struct stream *s, struct chunk *first,
                                   dpt_error *err)
{
	unsigned workers = s->o->threads, started = 0;
	enum dpt_status status = DPT_OK;
	pthread_t *thread = calloc(workers + 1, sizeof *thread);
	s->slots = RING * (size_t)workers;
	s->ring = calloc(s->slots, sizeof *s->ring);
	if (!thread || !s->ring) {
		free(thread);
		free(s->ring);
		return dpt_fail_memory(err);
	}
	s->ring[0] = *first;
	s->ring[0].state = FULL;
	s->filled = 1;
	*first = (struct chunk){0};
	while (started < workers + 1) {
		if (pthread_create(&thread[started], NULL,
		                   started == 0 ? write_out : work, s) != 0)
			break;
		started++;
	}
	dpt_error late = {0};
	if (started >= 2) {
		status = feed(s, &late);
	} else {
		status = dpt_fail(&late, DPT_ENOMEM, "cannot start threads");
		pthread_mutex_lock(&s->lock);
		stop(s, status, &late);
		pthread_mutex_unlock(&s->lock);
	}
	for (unsigned i = 0; i < started; i++)
		pthread_join(thread[i], NULL);
	/* a fault in a chunk comes before one in reading what follows it */
	if (s->stopped)
		status = s->status;
	if (status && err)
		*err = s->stopped ? s->err : late;
	for (size_t i = 0; i < s->slots; i++)
		chunk_free(&s->ring[i]);
	free(s->ring);
	free(thread);
	return status;
}

/* The same without threads. */
static enum dpt_status run_inline(struct stream *s, struct chunk *c,
                                  dpt_error *err)
{
	dpt_rewriter *r;
	enum dpt_status status = dpt_rewriter_new(&s->shared, &r, err);
	while (!status && !is_empty(c)) {
		rewrite_chunk(s, r, c);
		status = write_chunk(s, c, err);
		if (status || s->at_end)
			break;
		status = fill(s, c, err);
	}
	dpt_rewriter_free(r);
	return status ? status : read_fault(s, err);
}

/* Threads are for more than one chunk. */
static enum dpt_status run(struct stream *s, dpt_error *err)
{
	struct chunk c = {0};
	enum dpt_status status = fill(s, &c, err);
	if (!status)
		status = s->o->threads > 1 && !s->at_end
		             ? run_threads(s, &c, err)
		             : run_inline(s, &c, err);
	chunk_free(&c);
	return status;
}

enum dpt_status dpt_stream(const struct dpt_stream_options *options,
                           struct dpt_counts *counts, dpt_error *err)
{
	struct stream s = {.o = options,
	                   .lock = PTHREAD_MUTEX_INITIALIZER,
	                   .changed = PTHREAD_COND_INITIALIZER};
	enum dpt_status status = dpt_shared_open(
	    &s.shared, options->model, &options->policy, options->key, err);
	if (!status && (options->chunk > MOST || options->longest > MOST))
		status =
		    dpt_fail(err, DPT_ERANGE,
		             "records and chunks have at most %zu bytes", MOST);
	if (!status)
		status = dpt_frame_new(options, &s.frame, err);
	s.shared.frame = s.frame;
	s.shared.codebook = options->codebook;
	s.shared.groups = options->group ? options->groups : NULL;
	s.shared.on_error = options->on_error;
	s.shared.word = options->word;
	s.shared.word_ctx = options->ctx;
	s.shared.longest = options->longest ? options->longest : LONGEST_RECORD;
	if (!status)
		status = run(&s, err);
	*counts = s.total;
	counts->bytes_in = s.bytes_in;
	if (!status && s.total.broken && err)
		*err = s.broken;
	dpt_shared_close(&s.shared);
	dpt_frame_free(s.frame);
	dpt_buf_free(&s.rest);
	return status;
}
