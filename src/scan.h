/* SPDX-License-Identifier: MIT */
/*
 * What is where in a text: one bit a byte, in windows, so that what looks for
 * words and signs passes over the rest without reading it again.
 */
#ifndef DPT_SCAN_H
#define DPT_SCAN_H

#include "buf.h"

#define DPT_WINDOW 64U /* bytes */

enum dpt_mark {
	DPT_RUN,     /* letters of ASCII, and all that is no ASCII */
	DPT_HIGH,    /* all that is no ASCII */
	DPT_JOINT,   /* apostrophes and hyphens of ASCII */
	DPT_DOT,     /* dots */
	DPT_DIGIT,   /* where a digit of any script may begin, and more */
	DPT_ADDRESS, /* @ and :, and the first w of two, and more */
	DPT_MARKS
};

struct dpt_window {
	uint64_t mark[DPT_MARKS]; /* the first byte is the lowest bit */
};

struct dpt_scan {
	const char *text;
	size_t len;
	struct dpt_window *window; /* len / DPT_WINDOW + 1 of them */
	size_t room;
};

/*
 * Looks at all of a text, which is borrowed until the next one, in place of
 * the one before; false when out of memory.
 */
DPT_MUST_USE bool dpt_scan_text(struct dpt_scan *scan, const char *text,
                                size_t len);
/* It tells of the text: it is wiped. */
void dpt_scan_free(struct dpt_scan *scan);

/* The marks of a window that lie in text[from..to). */
static inline uint64_t dpt_scan_marks(const struct dpt_scan *scan,
                                      enum dpt_mark mark, size_t window,
                                      size_t from, size_t to)
{
	uint64_t bits = scan->window[window].mark[mark];
	if (window == from / DPT_WINDOW)
		bits &= UINT64_MAX << from % DPT_WINDOW;
	if (window == to / DPT_WINDOW)
		bits &= ~(UINT64_MAX << to % DPT_WINDOW);
	return bits;
}

/* Where in text[from..to) the first mark of a kind is, or to. */
static inline size_t dpt_scan_next(const struct dpt_scan *scan,
                                   enum dpt_mark mark, size_t from, size_t to)
{
	for (size_t i = from / DPT_WINDOW; i <= to / DPT_WINDOW; i++) {
		uint64_t bits = dpt_scan_marks(scan, mark, i, from, to);
		if (bits)
			return i * DPT_WINDOW + (size_t)__builtin_ctzll(bits);
	}
	return to;
}

#endif
