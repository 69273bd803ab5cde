/* SPDX-License-Identifier: MIT */
/* Any word through the normaliser, and any compound into its parts. */
#include "words.h"

#include "tiny_index.h"
#include "token.h"
#include "utf8.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static dpt_index *x;
static dpt_normaliser *normaliser;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char path[32];
	(void)argc;
	(void)argv;
	tiny_index("one 1 0 0\ncan 0 1 0\nnot 0 1 0\ncafe 0 0 1\nso 1 1 0\n"
	           "grin 0 1 2\nmurmurs 2 1 1\nstra\xc3\x9f\x65 3 0 0\n"
	           "foot 0 3 0\npath 0 0 3\no'clock 0 0 2\nwell-known 3 3 3\n",
	           4, path);
	require(!dpt_index_open(path, &x, NULL));
	unlink(path);
	require(!dpt_normaliser_new(x, &normaliser, NULL));
	return 0;
}

/* The same class and rule each time, and none without a rule. */
static uint32_t normalise(const char *word, size_t len)
{
	enum dpt_rule rule, again;
	uint32_t c = dpt_normalise(normaliser, word, len, &rule);
	require(c == dpt_normalise(normaliser, word, len, &again));
	require(rule == again && rule < DPT_RULES && rule != DPT_PART);
	require((rule == DPT_NO_ROW) == (c == DPT_NO_WORD));
	require(c == DPT_NO_WORD || c < dpt_index_about(x).classes);
	require((rule == DPT_AS_WRITTEN) ==
	        (dpt_index_find(x, word, len) != DPT_NO_WORD));
	require(!dpt_normaliser_failed(normaliser));
	return c;
}

/* A row is found in capitals too, if they have a way back. */
static void check_capitals(const char *word, size_t len)
{
	struct dpt_buf b = {0};
	uint32_t c = dpt_index_find(x, word, len);
	if (c == DPT_NO_WORD)
		return;
	require(dpt_add_shaped(&b, DPT_UPPER, word, len));
	if (b.len == len && dpt_is_ascii(word, len))
		require(normalise(b.data, b.len) == c);
	dpt_buf_free(&b);
}

/* In their order, within the word, none empty; names are not either. */
static void check_parts(const char *word, size_t len)
{
	struct dpt_parts parts = {.word = word, .len = len};
	struct dpt_part p;
	size_t end = 0;
	while (dpt_next_part(&parts, &p)) {
		require(p.start >= end && p.end > p.start && p.end <= len);
		require(!p.name || p.len > 0);
		normalise(p.name ? p.name : word + p.start,
		          p.name ? p.len : p.end - p.start);
		end = p.end;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* exactly as much memory as text, to see reads behind it */
	char *word = malloc(size + !size);
	require(word != NULL);
	memcpy(word, data, size);
	size_t len = utf8_prefix(data, size);
	normalise(word, len);
	check_capitals(word, len);
	check_parts(word, len);
	free(word);
	return 0;
}
