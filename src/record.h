/* SPDX-License-Identifier: MIT */
/* Framing: where records end, and where in them the text is. */
#ifndef DPT_RECORD_H
#define DPT_RECORD_H

#include "buf.h"
#include "coding.h"

/* A field: bytes from start up to end, without quotes around them. */
struct dpt_piece {
	size_t start, end;
	enum dpt_coding coding;
};

/* The chosen fields of a record in their order, and scratch to find them. */
struct dpt_pieces {
	struct dpt_piece *piece;
	size_t count, room;
	void *token; /* of json.c */
	size_t token_room;
};

DPT_MUST_USE bool dpt_pieces_add(struct dpt_pieces *p, size_t start, size_t end,
                                 enum dpt_coding coding);
void dpt_pieces_free(struct dpt_pieces *p);

/* How the records of a stream are found; immutable once it is begun. */
typedef struct dpt_frame dpt_frame;

DPT_MUST_USE enum dpt_status
dpt_frame_new(const struct dpt_stream_options *options, dpt_frame **out,
              dpt_error *err);
void dpt_frame_free(dpt_frame *frame);

/* ------------------------------------------- for the one who cuts records */

enum dpt_quote_state { DPT_FIELD, DPT_INSIDE, DPT_AFTER, DPT_OTHER };

/* Progress in text of which there will be more; all 0 at a record. */
struct dpt_cut {
	size_t at;    /* looked at so far */
	size_t first; /* behind the first whole record; 0: there is none */
	size_t last;  /* behind the last one */
	uint64_t records;
	enum dpt_quote_state state;
};

/* Looks at what came behind cut->at. */
void dpt_frame_cut(const dpt_frame *frame, struct dpt_cut *cut,
                   const char *text, size_t len);

/* Bytes of a byte order mark in front, which only a stream can have. */
size_t dpt_byte_order_mark(const dpt_frame *frame, const char *text,
                           size_t len);
/* Whether that must be seen to its end first. */
bool dpt_may_be_mark(const dpt_frame *frame, const char *text, size_t len);

/* Whether the first record says what the columns are. */
bool dpt_frame_has_columns(const dpt_frame *frame);
/*
 * Takes the columns from the first record.  *header: bytes of it that are no
 * record; *repeated: whether an earlier stream had them.
 */
DPT_MUST_USE enum dpt_status dpt_frame_begin(dpt_frame *frame, const char *text,
                                             size_t len, size_t *header,
                                             bool *repeated, dpt_error *err);

/* ------------------------------------------------ for the one who rewrites */

/* Where the record at offset at ends: at the byte that ends it, or at len. */
size_t dpt_record_end(const dpt_frame *frame, const char *text, size_t len,
                      size_t at);
/* Whether all of a record is text, so that there are no pieces. */
bool dpt_frame_whole(const dpt_frame *frame);
/*
 * The chosen fields of the record text[start..end); DPT_EFORMAT if it is
 * broken.
 */
DPT_MUST_USE enum dpt_status
dpt_record_pieces(const dpt_frame *frame, const char *text, size_t start,
                  size_t end, struct dpt_pieces *found, dpt_error *err);

/*
 * The name of the group of a record whose pieces were found.  It is empty
 * where there is none; DPT_EFORMAT if there are several.  found is scratch.
 */
DPT_MUST_USE enum dpt_status
dpt_record_group(const dpt_frame *frame, const char *text, size_t start,
                 size_t end, struct dpt_pieces *found, struct dpt_piece *name,
                 dpt_error *err);

/* The byte that ends a record, and an empty one without it. */
char dpt_frame_end(const dpt_frame *frame);
const char *dpt_frame_nothing(const dpt_frame *frame);
/*
 * What must be cut out of a broken record.  *nothing: what to put in its
 * place.  This leaves an empty record of its kind: one with empty fields
 * where it has fields at all, otherwise what dpt_frame_nothing gives.
 */
DPT_MUST_USE enum dpt_status
dpt_record_empty(const dpt_frame *frame, const char *text, size_t start,
                 size_t end, struct dpt_pieces *found, const char **nothing,
                 dpt_error *err);

#endif
