/* SPDX-License-Identifier: MIT */
/*
 * Index files made by someone else.  The first byte says what the rest is: a
 * file; a file whose checksums are put right; or changes to a good file,
 * whose checksums are put right as well, so that they do not hide what is
 * behind them.
 */
#include "index.h"

#include "tiny_index.h"
#include "words.h"

#include <cblas.h>
#include <math.h>
#include <unistr.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LARGEST (1 << 16)

static _Alignas(64) unsigned char image[LARGEST];
static struct {
	unsigned char byte[LARGEST];
	size_t size;
} good[2];

static void load(int number, const char *vectors, uint32_t neighbours)
{
	char path[32];
	tiny_index(vectors, neighbours, path);
	FILE *file = fopen(path, "rb");
	require(file != NULL);
	good[number].size = fread(good[number].byte, 1, LARGEST, file);
	require(good[number].size > 0 && good[number].size < LARGEST);
	fclose(file);
	unlink(path);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	openblas_set_num_threads(1);
	load(0, "a 1 0\nb 0 1\nc 1 1\n", 64);
	load(1,
	     "one 1 0 0\ntwo 0 1 0\ndos 0 1 0\nthree 0 0 1\nfour 1 1 0\n"
	     "five 0 1 2\nsix 2 1 1\nseven 3 0 0\neight 0 3 0\nnine 0 0 3\n"
	     "neuf 0 0 3\nten 3 3 3\n",
	     4);
	return 0;
}

/* Makes the checksums right, where there is room for what they are of. */
static void seal(size_t size)
{
	struct dpt_header *h = (struct dpt_header *)image;
	if (size < sizeof *h)
		return;
	for (int i = 0; i < DPT_SECTIONS; i++) {
		struct dpt_section *s = &h->section[i];
		if (s->offset <= size && s->bytes <= size - s->offset)
			s->hash = XXH3_64bits(image + s->offset, s->bytes);
	}
	h->checksum = dpt_header_checksum(h);
}

/*
 * Changes: 4 bytes each, where (2 bytes), how and with what.  The value is
 * one of some that are often a limit, or the byte itself.
 */
static void patch(size_t size, const uint8_t *data, size_t n)
{
	static const uint64_t values[] = {
	    0,
	    1,
	    UINT64_MAX,
	    UINT64_C(1) << 63,
	    UINT64_C(0x7fffffffffffffff),
	    UINT64_C(0x7ff0000000000000), /* infinity */
	    UINT64_C(0xfff0000000000000), /* -infinity */
	    UINT64_C(0x7ff8000000000000), /* NaN */
	    UINT64_C(0x7e37e43c8800759c), /* 1e300 */
	    UINT64_C(0x3ff0000000000000), /* 1 */
	    UINT64_C(0xbff0000000000000), /* -1 */
	    UINT64_C(0x7f8000007f800000), /* infinity, single */
	};
	for (; n >= 4; data += 4, n -= 4) {
		size_t width = (size_t)1 << (data[2] & 3);
		size_t at = (size_t)(data[0] | data[1] << 8) * width;
		uint64_t value = data[3];
		if (data[2] & 4)
			value = values[data[3] % (sizeof values / 8)];
		if (at + width > size)
			continue;
		uint64_t old = 0;
		memcpy(&old, image + at, width);
		if (data[2] & 8)
			value += old;
		memcpy(image + at, &value, width);
	}
}

static void draw(const dpt_index *x, const char *mechanism, double epsilon,
                 double max_unchanged)
{
	uint32_t in[64], out[64];
	uint32_t classes = dpt_index_about(x).classes;
	struct dpt_settings settings = {.mechanism = mechanism,
	                                .epsilon = epsilon,
	                                .max_unchanged = max_unchanged,
	                                .threads = 1};
	dpt_model *model;
	dpt_key key;
	dpt_key_from_seed(&key, 1);
	if (dpt_model_new(x, &settings, &model, NULL))
		return;
	for (uint32_t i = 0; i < 64; i++)
		in[i] = i % classes;
	enum dpt_status status =
	    dpt_model_draw(model, &key, 0, 64, in, out, NULL);
	/* a seal may be wrong */
	require(status == dpt_index_intact(x, NULL));
	for (uint32_t i = 0; !status && i < 64; i++)
		require(out[i] < classes);
	dpt_model_free(model);
}

/* What the index has settings of: calibrating would take too long. */
static void draw_all(const dpt_index *x)
{
	for (uint32_t i = 0; i < x->header->settings; i++) {
		const struct dpt_setting *s = &x->settings[i];
		if (s->epsilon == s->epsilon &&
		    s->max_unchanged == s->max_unchanged)
			draw(x, s->mechanism, s->epsilon, s->max_unchanged);
	}
	draw(x, "laplace", 2, 1);
	draw(x, "gumbel-published", 100, 1);
}

static void look_for(const dpt_index *x, const char *word)
{
	dpt_normaliser *n;
	enum dpt_rule rule;
	require(!dpt_normaliser_new(x, &n, NULL));
	uint32_t c = dpt_normalise(n, word, strlen(word), &rule);
	require(c == DPT_NO_WORD || c < x->header->classes);
	dpt_normaliser_free(n);
}

static void use(const dpt_index *x)
{
	struct dpt_index_info info = dpt_index_about(x);
	require(info.classes >= 2 && info.words >= info.classes);
	require(info.distance_min > 0 && isfinite(info.distance_max));
	for (uint32_t i = 0; i < info.classes; i++) {
		size_t len;
		double distance;
		const char *word = dpt_index_word(x, i, &len);
		require(len > 0 && dpt_index_members(x, i) > 0);
		require(!u8_check((const uint8_t *)word, len));
		require(!memchr(word, '\n', len));
		uint32_t found = dpt_index_find(x, word, len);
		require(found < info.classes || found == DPT_NO_WORD);
		dpt_index_find(x, word, len - 1);
		for (uint32_t k = 0; k < info.neighbours; k++) {
			uint32_t n = dpt_index_neighbour(x, i, k, &distance);
			require(n < info.classes && n != i && distance > 0);
			require(isfinite(dpt_index_distance(x, i, n)));
		}
	}
	for (uint32_t i = 0; i < info.rates; i++) {
		double epsilon;
		require(isfinite(dpt_index_rate(x, i, &epsilon)));
		require(isfinite(epsilon));
	}
	dpt_error err = {0};
	enum dpt_status status = dpt_index_verify(x, &err);
	require(!status || (status == DPT_EINDEX && err.text[0]));
	look_for(x, "threes");
	look_for(x, "elevens");
	draw_all(x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	int how = data[0] % 4;
	bool late = data[0] & 4;
	data++;
	size--;
	if (how < 2) {
		size = size < LARGEST ? size : LARGEST;
		memcpy(image, data, size);
	} else {
		size_t changes = size;
		size = good[how - 2].size;
		memcpy(image, good[how - 2].byte, size);
		patch(size, data, changes);
	}
	if (how > 0)
		seal(size);

	dpt_index *x;
	dpt_error err = {0};
	if (dpt_index_attach(image, size, late, &x, &err)) {
		require(!x && err.status && strlen(err.text) > 8);
		return 0;
	}
	if (late)
		draw_all(x);
	if (!dpt_index_check(x, &err))
		use(x);
	dpt_index_free(x);
	return 0;
}
