/* SPDX-License-Identifier: MIT */
/* Any bytes as a text: its valid prefix, the words in it, their case. */
#include "token.h"

#include "require.h"
#include "utf8.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static dpt_pattern *pattern;
static dpt_matcher *matcher, *other;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	require(!dpt_pattern_new(&pattern, NULL));
	require(!dpt_matcher_new(pattern, &matcher, NULL));
	require(!dpt_matcher_new(pattern, &other, NULL));
	return 0;
}

static bool ascii_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Letters of Latin-1 and Latin Extended-A and -B; nothing is said of
 * others, whose number grows with Unicode. */
static bool letter(uint32_t c)
{
	return c < 0x80
	           ? ascii_letter((char)c)
	           : c == 0xaa || c == 0xb5 || c == 0xba ||
	                 (c >= 0xc0 && c < 0x250 && c != 0xd7 && c != 0xf7);
}

static bool boundary(const char *text, size_t len, size_t at)
{
	return at == len || ((unsigned char)text[at] & 0xc0) != 0x80;
}

/*
 * There is no letter in what is between words, but for an s behind an
 * apostrophe, and nothing else in words but what joins letters.
 */
static void check_between(const char *text, size_t from, size_t to)
{
	uint32_t c, before = 0;
	for (size_t n; from < to; from += n) {
		n = utf8_length((const uint8_t *)text + from, to - from, &c);
		bool ending = (before == '\'' || before == 0x2019) &&
		              (c == 's' || c == 'S');
		require(n > 0 && (!letter(c) || ending));
		before = c;
	}
}

static void check_word(const char *text, size_t from, size_t to)
{
	uint32_t c;
	bool joint = true;
	for (size_t n; from < to; from += n) {
		n = utf8_length((const uint8_t *)text + from, to - from, &c);
		bool is = c == '\'' || c == 0x2019 || c == '-' || c == '.';
		require(n > 0 && !(is && joint));
		require(c >= 0x250 || is || letter(c));
		joint = is;
	}
	require(!joint);
}

static size_t lower_case(const char *word, size_t len, char *out)
{
	size_t n = dpt_lower_case(word, len, out);
	require(n <= DPT_LONGEST_WORD);
	require(n > 0 || len > DPT_LONGEST_WORD / 3);
	require(utf8_prefix((const uint8_t *)out, n) == n);
	return n;
}

static void check_case(const char *word, size_t len)
{
	static const enum dpt_shape shapes[] = {DPT_LOWER, DPT_CAPITALISED,
	                                        DPT_UPPER};
	char lower[DPT_LONGEST_WORD], again[DPT_LONGEST_WORD];
	enum dpt_shape shape = dpt_shape_of(word, len);
	size_t n = lower_case(word, len, lower);
	require(shape <= DPT_UPPER);
	if (n > 0) {
		size_t m = lower_case(lower, n, again);
		require(m == 0 || (m == n && memcmp(lower, again, n) == 0));
		require(dpt_shape_of(lower, n) == DPT_LOWER);
	}

	bool ascii = true;
	size_t letters = 0;
	for (size_t i = 0; i < len; i++) {
		ascii &= (unsigned char)word[i] < 0x80;
		letters += ascii_letter(word[i]);
	}
	for (int i = 0; i < 3; i++) {
		struct dpt_buf b = {0};
		require(dpt_buf_add(&b, "before", 6));
		require(dpt_add_shaped(&b, shapes[i], word, len));
		require(b.len > 6 && memcmp(b.data, "before", 6) == 0);
		require(utf8_prefix((const uint8_t *)b.data, b.len) == b.len);
		if (shapes[i] == DPT_LOWER)
			require(b.len == 6 + len &&
			        memcmp(b.data + 6, word, len) == 0);
		if (shapes[i] == DPT_UPPER && ascii && letters > 1)
			require(dpt_shape_of(b.data + 6, len) == DPT_UPPER);
		dpt_buf_free(&b);
	}
	/* put back in the shape it had, a lower case word is as it was */
	if (ascii && n > 0 && shape != DPT_LOWER) {
		struct dpt_buf b = {0};
		require(dpt_add_shaped(&b, shape, lower, n));
		require(b.len == len && memcmp(b.data, word, len) == 0);
		dpt_buf_free(&b);
	}
}

/* Plain words are words, and so are those between them. */
static void check_plain(const struct dpt_scan *scan)
{
	struct dpt_bounds word[DPT_PLAIN_ROOM + 7];
	size_t n, start, end;
	int found;
	dpt_words_begin(matcher, scan, 0, scan->len);
	dpt_words_begin(other, scan, 0, scan->len);
	do {
		n = dpt_plain_words(matcher, word, DPT_PLAIN_ROOM + 7);
		for (size_t i = 0; i < n; i++)
			require(dpt_next_word(other, &start, &end) == 1 &&
			        word[i].start == start && word[i].end == end);
		found = dpt_next_word(matcher, &word->start, &word->end);
		require(dpt_next_word(other, &start, &end) == found);
		require(found == 0 ||
		        (word->start == start && word->end == end));
	} while (found > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* exactly as much memory as text, to see reads behind it */
	char *text = malloc(size + !size);
	require(text != NULL);
	memcpy(text, data, size);
	size_t len = dpt_utf8_prefix(text, size);
	require(len == utf8_prefix(data, size));

	size_t at = 0, start, end;
	int found;
	struct dpt_scan scan = {0};
	require(dpt_scan_text(&scan, text, len));
	dpt_words_begin(matcher, &scan, 0, len);
	while ((found = dpt_next_word(matcher, &start, &end)) > 0) {
		require(start >= at && end > start && end <= len);
		require(boundary(text, len, start) && boundary(text, len, end));
		check_between(text, at, start);
		check_word(text, start, end);
		check_case(text + start, end - start);
		at = end;
	}
	require(found == 0);
	check_between(text, at, len);
	check_plain(&scan);
	dpt_scan_free(&scan);
	free(text);
	return 0;
}
