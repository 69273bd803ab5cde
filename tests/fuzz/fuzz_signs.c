/* SPDX-License-Identifier: MIT */
/* Any text: signs are in order, and what they are is in them. */
#include "signs.h"

#include "require.h"
#include "utf8.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static dpt_sign_patterns *patterns;
static dpt_sign_finder *finder;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	require(!dpt_sign_patterns_new(0, &patterns, NULL));
	require(!dpt_sign_finder_new(patterns, &finder, NULL));
	return 0;
}

static bool has(const char *text, size_t from, size_t to, char c)
{
	return memchr(text + from, c, to - from) != NULL;
}

/* No digit of ASCII is outside of signs. */
static void check_between(const char *text, size_t from, size_t to)
{
	for (; from < to; from++)
		require(text[from] < '0' || text[from] > '9');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* exactly as much memory as text, to see reads behind it */
	char *text = malloc(size + !size);
	require(text != NULL);
	memcpy(text, data, size);
	size_t len = utf8_prefix(data, size), at = 0;
	struct dpt_sign s;
	int found;
	struct dpt_scan scan = {0};
	require(dpt_scan_text(&scan, text, len));
	dpt_signs_begin(finder, &scan, 0, len);
	while ((found = dpt_next_sign(finder, &s)) > 0) {
		require(s.start >= at && s.end > s.start && s.end <= len);
		require(s.kind <= DPT_NUMBER);
		require(s.kind > DPT_HANDLE || s.kind == DPT_URL ||
		        has(text, s.start, s.end, '@'));
		require(utf8_prefix((const uint8_t *)text + s.start,
		                    s.end - s.start) == s.end - s.start);
		check_between(text, at, s.start);
		at = s.end;
	}
	require(found == 0);
	check_between(text, at, len);
	dpt_scan_free(&scan);
	free(text);
	return 0;
}
