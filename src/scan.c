/* SPDX-License-Identifier: MIT */
#include "scan.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* Bytes that are no ASCII: none below begins a digit, nor one of these. */
#define FIRST_DIGIT 0xD9
#define FIRST_OTHER 0xE2 /* punctuation, and what is written in East Asia */
#define LAST_OTHER 0xE9

#if defined(__SSE2__)

#define BYTES 16U

static __m128i each(unsigned char c)
{
	return _mm_set1_epi8((char)c);
}

static __m128i is(__m128i bytes, char c)
{
	return _mm_cmpeq_epi8(bytes, each((unsigned char)c));
}

static __m128i is_between(__m128i bytes, unsigned char first,
                          unsigned char last)
{
	__m128i from = _mm_sub_epi8(bytes, each(first));
	__m128i most = each((unsigned char)(last - first));
	return _mm_cmpeq_epi8(_mm_min_epu8(from, most), from);
}

static __m128i may_be_digit(__m128i bytes)
{
	__m128i other =
	    _mm_andnot_si128(is_between(bytes, FIRST_OTHER, LAST_OTHER),
	                     is_between(bytes, FIRST_DIGIT, 0xFF));
	return _mm_or_si128(is_between(bytes, '0', '9'), other);
}

static uint64_t bits(__m128i bytes)
{
	return (uint64_t)_mm_movemask_epi8(bytes);
}

/* Bytes of a window from i on; those of w are the w in it. */
static void look_at(const char *text, unsigned i, struct dpt_window *window,
                    uint64_t *w)
{
	__m128i bytes = _mm_loadu_si128((const __m128i *)(text + i));
	__m128i small = _mm_or_si128(bytes, each(0x20));
	__m128i letter = is_between(small, 'a', 'z');
	uint64_t *mark = window->mark;
	mark[DPT_RUN] |= bits(_mm_or_si128(letter, bytes)) << i;
	mark[DPT_HIGH] |= bits(bytes) << i;
	mark[DPT_JOINT] |= bits(_mm_or_si128(is(bytes, '\''), is(bytes, '-')))
	                   << i;
	mark[DPT_DOT] |= bits(is(bytes, '.')) << i;
	mark[DPT_DIGIT] |= bits(may_be_digit(bytes)) << i;
	mark[DPT_ADDRESS] |= bits(_mm_or_si128(is(bytes, '@'), is(bytes, ':')))
	                     << i;
	*w |= bits(is(small, 'w')) << i;
}

#else

#define BYTES 1U

static void look_at(const char *text, unsigned i, struct dpt_window *window,
                    uint64_t *w)
{
	unsigned char c = (unsigned char)text[i], small = c | 0x20;
	uint64_t *mark = window->mark;
	bool high = c >= 0x80, letter = small >= 'a' && small <= 'z';
	bool digit =
	    (c >= '0' && c <= '9') ||
	    (c >= FIRST_DIGIT && !(c >= FIRST_OTHER && c <= LAST_OTHER));
	mark[DPT_RUN] |= (uint64_t)(letter || high) << i;
	mark[DPT_HIGH] |= (uint64_t)high << i;
	mark[DPT_JOINT] |= (uint64_t)(c == '\'' || c == '-') << i;
	mark[DPT_DOT] |= (uint64_t)(c == '.') << i;
	mark[DPT_DIGIT] |= (uint64_t)digit << i;
	mark[DPT_ADDRESS] |= (uint64_t)(c == '@' || c == ':') << i;
	*w |= (uint64_t)(small == 'w') << i;
}

#endif

static void look(const char *text, struct dpt_window *window)
{
	uint64_t w = 0;
	*window = (struct dpt_window){0};
	for (unsigned i = 0; i < DPT_WINDOW; i += BYTES)
		look_at(text, i, window, &w);
	/* what comes behind the last is not known */
	window->mark[DPT_ADDRESS] |= w & (w >> 1 | UINT64_C(1) << 63);
}

static void wipe(struct dpt_scan *scan)
{
	if (scan->window)
		sodium_memzero(scan->window, scan->room * sizeof *scan->window);
	free(scan->window);
}

static bool make_room(struct dpt_scan *scan, size_t windows)
{
	if (windows <= scan->room)
		return true;
	wipe(scan);
	scan->room = windows + windows / 2;
	scan->window = malloc(scan->room * sizeof *scan->window);
	if (!scan->window)
		scan->room = 0;
	return scan->window;
}

bool dpt_scan_text(struct dpt_scan *scan, const char *text, size_t len)
{
	size_t whole = len / DPT_WINDOW;
	char rest[DPT_WINDOW] = {0};
	scan->text = text;
	scan->len = len;
	if (!make_room(scan, whole + 1))
		return false;
	for (size_t i = 0; i < whole; i++)
		look(text + i * DPT_WINDOW, &scan->window[i]);
	if (len > whole * DPT_WINDOW)
		memcpy(rest, text + whole * DPT_WINDOW,
		       len - whole * DPT_WINDOW);
	look(rest, &scan->window[whole]);
	return true;
}

void dpt_scan_free(struct dpt_scan *scan)
{
	wipe(scan);
	*scan = (struct dpt_scan){0};
}
