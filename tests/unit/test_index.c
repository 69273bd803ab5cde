/* SPDX-License-Identifier: MIT */
/* Building, opening and verifying indexes; files that must be refused. */
#include "fixture.h"
#include "kernels.h"
#include "reference.h"
#include "save.h"
#include "seals.h"
#include "suites.h"
#include "words.h"

#include <dirent.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

static enum dpt_status build(const dpt_vectors *v,
                             struct dpt_build_options options, const char *name,
                             dpt_error *err)
{
	return dpt_index_build(v, &options, fx_path(name), err);
}

static dpt_index *must_open(const char *name)
{
	dpt_index *index;
	dpt_error err = {0};
	ck_assert_msg(!dpt_index_open(fx_path(name), &index, &err), "%s",
	              err.text);
	return index;
}

static void must_verify(const dpt_index *index)
{
	dpt_error err = {0};
	ck_assert_msg(!dpt_index_verify(index, &err), "%s", err.text);
}

/* ----------------------------------------------------------- round trips */

/* Rows 1 and 4 are equal, 2 and 5 but for the sign of a zero. */
static const char *const words[] = {
    "the", "of", "\xc3\xa9t\xc3\xa9", "The", "on", "h", "o'clock", "ofo",
};
enum { WORDS = 8, STRIDE = 8 };
static const float word_rows[WORDS * STRIDE] = {
    1,  2,  3,  0, 0, 0, 0, 0, /* the */
    4,  0,  1,  0, 0, 0, 0, 0, /* of */
    0,  -1, 5,  0, 0, 0, 0, 0, /* été */
    1,  2,  4,  0, 0, 0, 0, 0, /* The */
    4,  0,  1,  0, 0, 0, 0, 0, /* on */
    0., -1, 5,  0, 0, 0, 0, 0, /* h */
    7,  7,  7,  0, 0, 0, 0, 0, /* o'clock */
    9,  -3, .5, 0, 0, 0, 0, 0, /* ofo */
};
static const uint32_t word_class[WORDS] = {0, 1, 2, 3, 1, 2, 4, 5};

static dpt_index *small_index(void)
{
	float rows[WORDS * STRIDE];
	memcpy(rows, word_rows, sizeof rows);
	rows[5 * STRIDE] = -0.0F;
	dpt_vectors *v = fx_vectors(rows, WORDS, 3, words);
	dpt_index *index = fx_index_of("small", v, 64);
	dpt_vectors_free(v);
	return index;
}

START_TEST(words_come_back)
{
	dpt_index *x = small_index();
	struct dpt_index_info info = dpt_index_about(x);
	ck_assert_uint_eq(info.words, WORDS);
	ck_assert_uint_eq(info.classes, 6);
	ck_assert_uint_eq(info.dim, 3);
	ck_assert_uint_eq(info.neighbours, 5);
	for (int w = 0; w < WORDS; w++) {
		size_t len;
		uint32_t c = dpt_index_find(x, words[w], strlen(words[w]));
		ck_assert_uint_eq(c, word_class[w]);
		const char *first = dpt_index_word(x, c, &len);
		int leader = w == 4 ? 1 : w == 5 ? 2 : w;
		ck_assert_uint_eq(len, strlen(words[leader]));
		ck_assert_int_eq(memcmp(first, words[leader], len), 0);
		ck_assert_uint_eq(dpt_index_members(x, c),
		                  c == 1 || c == 2 ? 2 : 1);
	}
	must_verify(x);
	dpt_index_free(x);
}
END_TEST

START_TEST(unknown_words_are_unknown)
{
	static const char *const unknown[] = {
	    "",   "t",   "th",   "thee",     "THE",   "o",
	    "ff", "fof", "\xc3", "\xc3\xa9", "theof", "x"};
	dpt_index *x = small_index();
	for (int i = 0; i < COUNT(unknown); i++)
		ck_assert_uint_eq(
		    dpt_index_find(x, unknown[i], strlen(unknown[i])),
		    DPT_NO_WORD);
	ck_assert_uint_eq(dpt_index_find(x, "the\0", 4), DPT_NO_WORD);
	dpt_index_free(x);
	dpt_index_free(NULL);
}
END_TEST

static void check_extremes(const dpt_index *x, const struct dpt_space *s)
{
	struct dpt_index_info info = dpt_index_about(x);
	double least = INFINITY, most = 0;
	for (uint32_t a = 0; a < s->n; a++)
		for (uint32_t b = 0; b < a; b++) {
			double d = fx_distance(s, a, b);
			ck_assert(d == fx_distance(s, b, a));
			least = fmin(least, d);
			most = fmax(most, d);
		}
	ck_assert(info.distance_min == least);
	ck_assert(info.distance_max == most);
	ck_assert(dpt_index_distance(x, info.min_pair[0], info.min_pair[1]) ==
	          least);
	ck_assert(dpt_index_distance(x, info.max_pair[0], info.max_pair[1]) ==
	          most);
}

static void check_lists(const dpt_index *x, const struct dpt_space *s)
{
	uint32_t k = dpt_index_about(x).neighbours;
	struct dpt_lists lists = fx_lists(s, k);
	size_t wrong = 0;
	for (uint32_t w = 0; w < s->n; w++)
		for (uint32_t r = 0; r < k; r++) {
			double d;
			uint32_t v = dpt_index_neighbour(x, w, r, &d);
			wrong += v != lists.id[w * k + r];
			wrong += d != lists.distance[w * k + r];
			wrong += d != dpt_index_distance(x, v, w);
		}
	ck_assert_uint_eq(wrong, 0);
	fx_lists_free(&lists);
}

/* Exact eps_E of a rate, from the channel itself. */
static double brute_epsilon(const struct dpt_space *s, double t)
{
	struct dpt_setting e = {
	    .scale = 1, .fallback = 1, .mean = 1, .kmax = 1};
	double *p = ref_channel(s, &e, t);
	ref_logs(s->n, p);
	double eps = ref_epsilon(s, p).epsilon;
	free(p);
	return eps;
}

/* eps_E bounds the channel, and is reached but for the directions the
 * outputs lie in: never more than t too much. */
static void check_rates(const dpt_index *x, const struct dpt_space *s)
{
	struct dpt_index_info info = dpt_index_about(x);
	ck_assert_uint_gt(info.rates, 0);
	for (uint32_t i = 0; i < info.rates; i += 5) {
		double eps, t = dpt_index_rate(x, i, &eps);
		double exact = brute_epsilon(s, t);
		ck_assert_double_gt(t, 0);
		ck_assert_double_ge(eps, exact * (1 - 1e-8));
		ck_assert_double_ge(eps, t);
		ck_assert_double_le(eps, 2 * t * (1 + 1e-8));
	}
}

/* Rows as adversarial as they come. */
START_TEST(every_embedding_becomes_a_sound_index)
{
	enum { N = 150, DIM = 5 };
	float *rows = fx_rows((enum fx_kind)_i, N, DIM, 3);
	struct dpt_space s = fx_space(rows, N, DIM);
	dpt_vectors *v = fx_vectors(rows, N, DIM, NULL);
	dpt_index *x = fx_index_of("index", v, 12);
	ck_assert_uint_eq(dpt_index_about(x).classes, N);
	must_verify(x);
	check_lists(x, &s);
	check_extremes(x, &s);
	check_rates(x, &s);
	dpt_index_free(x);
	dpt_vectors_free(v);
	dpt_space_close(&s);
	free(rows);
}
END_TEST

/* Distances where the products of rows have lost most of their digits. */
START_TEST(an_embedding_far_from_its_origin_verifies)
{
	enum { N = 200, DIM = 64 };
	float *rows = fx_rows(FX_RANDOM, N, DIM, 3);
	for (uint32_t w = 0; w < N; w++)
		rows[w * DIM] += _i ? 100000 : 2000;
	dpt_vectors *v = fx_vectors(rows, N, DIM, NULL);
	dpt_index *x = fx_index_of("index", v, 12);
	must_verify(x);
	dpt_index_free(x);
	dpt_vectors_free(v);
	free(rows);
}
END_TEST

START_TEST(the_fewest_words_are_enough)
{
	uint32_t n = (uint32_t)_i;
	float *rows = fx_rows(FX_RANDOM, n, 4, 3);
	dpt_vectors *v = fx_vectors(rows, n, 4, NULL);
	dpt_index *x = fx_index_of("index", v, 64);
	ck_assert_uint_eq(dpt_index_about(x).classes, n);
	ck_assert_uint_eq(dpt_index_about(x).neighbours, n - 1);
	must_verify(x);
	dpt_index_free(x);
	dpt_vectors_free(v);
	free(rows);
}
END_TEST

START_TEST(threads_do_not_change_the_file)
{
	enum { N = 530, DIM = 7 };
	float *rows = fx_rows((enum fx_kind)_i, N, DIM, 5);
	dpt_vectors *v = fx_vectors(rows, N, DIM, NULL);
	struct dpt_build_options o = fx_options(20);
	size_t a_size, b_size;
	o.merge_below = 0.5;
	ck_assert_int_eq(build(v, o, "a", NULL), DPT_OK);
	o.threads = 2;
	ck_assert_int_eq(build(v, o, "b", NULL), DPT_OK);
	char *a = fx_read("a", &a_size), *b = fx_read("b", &b_size);
	ck_assert_uint_eq(a_size, b_size);
	ck_assert_int_eq(memcmp(a, b, a_size), 0);
	free(a);
	free(b);
	dpt_vectors_free(v);
	free(rows);
}
END_TEST

/* --------------------------------------------------------------- merging */

/* The first word of each class, by spreading the lowest number. */
static void link_rows(const struct dpt_space *s, double below, uint32_t *first)
{
	bool changed = true;
	for (uint32_t i = 0; i < s->n; i++)
		first[i] = i;
	while (changed) {
		changed = false;
		for (uint32_t a = 0; a < s->n; a++)
			for (uint32_t b = 0; b < s->n; b++)
				if (fx_distance(s, a, b) < below &&
				    first[a] < first[b]) {
					first[b] = first[a];
					changed = true;
				}
	}
}

static const double thresholds[] = {0.05, 0.25, 0.5, 0.7, 1.0};

START_TEST(merging_is_single_linkage)
{
	enum { N = 180, DIM = 3 };
	enum fx_kind kind = _i % 2 ? FX_LATTICE : FX_RANDOM;
	float *rows = fx_rows(kind, N, DIM, 8);
	struct dpt_space s = fx_space(rows, N, DIM);
	dpt_vectors *v = fx_vectors(rows, N, DIM, NULL);
	struct dpt_build_options o = fx_options(4);
	uint32_t first[N], number[N], classes = 0;
	o.merge_below = thresholds[_i / 2];
	o.threads = 2;
	link_rows(&s, o.merge_below, first);
	for (uint32_t i = 0; i < N; i++)
		number[i] = first[i] == i ? classes++ : number[first[i]];
	dpt_error err = {0};
	enum dpt_status status = build(v, o, "index", &err);
	if (classes == 1) {
		ck_assert_int_eq(status, DPT_EFORMAT);
	} else {
		ck_assert_msg(!status, "%s", err.text);
		dpt_index *x = must_open("index");
		ck_assert_uint_eq(dpt_index_about(x).classes, classes);
		ck_assert(dpt_index_about(x).merge_below == o.merge_below);
		ck_assert_double_ge(dpt_index_about(x).distance_min,
		                    classes < N ? 0 : o.merge_below);
		for (uint32_t i = 0; i < N; i++) {
			const char *word = fx_word(i);
			uint32_t c = dpt_index_find(x, word, strlen(word));
			ck_assert_uint_eq(c, number[i]);
			ck_assert_int_eq(memcmp(dpt_index_row(x, c),
			                        rows + first[i] * STRIDE,
			                        DIM * sizeof *rows),
			                 0);
		}
		must_verify(x);
		dpt_index_free(x);
	}
	dpt_vectors_free(v);
	dpt_space_close(&s);
	free(rows);
}
END_TEST

/* --------------------------------------------------- what is not built */

static void must_not_build(const float *rows, uint32_t n,
                           struct dpt_build_options o, enum dpt_status status)
{
	dpt_error err;
	dpt_vectors *v = fx_vectors(rows, n, 3, NULL);
	ck_assert_int_eq(build(v, o, "none", &err), status);
	ck_assert_int_eq(err.status, status);
	ck_assert_int_ne(access(fx_path("none"), F_OK), 0);
	dpt_vectors_free(v);
}

START_TEST(what_cannot_be_built_is_refused)
{
	float *rows = fx_rows(FX_RANDOM, 9, 3, 1);
	struct dpt_build_options o = fx_options(4);
	must_not_build(rows, 1, o, DPT_EFORMAT);
	o.merge_below = 1e6;
	must_not_build(rows, 9, o, DPT_EFORMAT);
	o = fx_options(0);
	must_not_build(rows, 9, o, DPT_ERANGE);
	o = fx_options(DPT_MAX_NEIGHBOURS + 1);
	must_not_build(rows, 9, o, DPT_ERANGE);
	static const double bad[] = {-1, -1e-300, NAN, INFINITY};
	for (int i = 0; i < COUNT(bad); i++) {
		o = fx_options(4);
		o.merge_below = bad[i];
		must_not_build(rows, 9, o, DPT_ERANGE);
	}
	rows[8 * STRIDE + 2] = 1.1e15F;
	must_not_build(rows, 9, fx_options(4), DPT_ERANGE);
	memset(rows, 0, 9 * STRIDE * sizeof *rows);
	must_not_build(rows, 9, fx_options(4), DPT_EFORMAT);
	free(rows);
}
END_TEST

/* ----------------------------------------------------------------- saving */

static int files_in_folder(void)
{
	int n = 0;
	DIR *d = opendir(fx_path("."));
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

START_TEST(saved_files_replace_the_old)
{
	size_t size;
	umask(027);
	for (int i = 0; i < 3; i++) {
		char text[20];
		sprintf(text, "version %d", i);
		ck_assert_int_eq(dpt_save(fx_path("saved"), text, 9, NULL),
		                 DPT_OK);
		char *got = fx_read("saved", &size);
		ck_assert_uint_eq(size, 9);
		ck_assert_int_eq(memcmp(got, text, 9), 0);
		free(got);
	}
	struct stat st;
	ck_assert_int_eq(stat(fx_path("saved"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0640);
	ck_assert_int_eq(dpt_save(fx_path("saved"), "", 0, NULL), DPT_OK);
	free(fx_read("saved", &size));
	ck_assert_uint_eq(size, 0);
}
END_TEST

START_TEST(a_failed_save_leaves_everything_as_it_was)
{
	static char large[100000];
	struct rlimit limit = {50000, 50000};
	dpt_error err;
	size_t size;
	fx_write("kept", "old", 3);
	mkdir(fx_path("sub"), 0777);
	int before = files_in_folder();
	ck_assert_int_eq(dpt_save(fx_path("no/file"), "x", 1, &err), DPT_EIO);
	ck_assert_ptr_nonnull(strstr(err.text, "No such file or directory"));
	ck_assert_int_eq(dpt_save(fx_path("sub"), "x", 1, &err), DPT_EIO);
	ck_assert_ptr_nonnull(strstr(err.text, "not a regular file"));
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(dpt_save(fx_path("kept"), large, sizeof large, &err),
	                 DPT_EIO);
	ck_assert_ptr_nonnull(strstr(err.text, "File too large"));
	char *got = fx_read("kept", &size);
	ck_assert_uint_eq(size, 3);
	ck_assert_int_eq(memcmp(got, "old", 3), 0);
	free(got);
	ck_assert_int_eq(files_in_folder(), before);
	rmdir(fx_path("sub"));
}
END_TEST

START_TEST(a_failed_build_keeps_the_old_index)
{
	dpt_index_free(small_index());
	size_t before, after;
	char *old = fx_read("small", &before);
	float *rows = fx_rows(FX_RANDOM, 9, 3, 1);
	dpt_vectors *v = fx_vectors(rows, 9, 3, NULL);
	dpt_error err;
	ck_assert_int_eq(build(v, fx_options(4), "no/index", &err), DPT_EIO);
	ck_assert_int_eq(build(v, fx_options(0), "small", &err), DPT_ERANGE);
	char *now = fx_read("small", &after);
	ck_assert_uint_eq(before, after);
	ck_assert_int_eq(memcmp(old, now, before), 0);
	free(old);
	free(now);
	dpt_vectors_free(v);
	free(rows);
}
END_TEST

/* ---------------------------------------------------- damaged and hostile */

/* An index in memory, and changes to it. */
struct image {
	struct dpt_header *header;
	size_t size;
};

static struct image load(const char *name)
{
	struct image i;
	char *bytes = fx_read(name, &i.size);
	i.header = aligned_alloc(64, (i.size + 63) / 64 * 64);
	memcpy(i.header, bytes, i.size);
	free(bytes);
	return i;
}

static struct image small_image(void)
{
	float *rows = fx_rows(FX_RANDOM, 45, 3, 7);
	memcpy(rows + 8, rows, 8 * sizeof *rows); /* one class has two words */
	dpt_vectors *v = fx_vectors(rows, 45, 3, NULL);
	dpt_index_free(fx_index_of("image", v, 5));
	dpt_vectors_free(v);
	free(rows);
	return load("image");
}

static void *section(struct image *i, enum dpt_section_id id)
{
	return (char *)i->header + i->header->section[id].offset;
}

/* Makes all checksums right that can be. */
static void seal(struct image *i)
{
	for (int k = 0; k < DPT_SECTIONS; k++) {
		struct dpt_section *s = &i->header->section[k];
		if (s->offset <= i->size && s->bytes <= i->size - s->offset)
			s->hash = XXH3_64bits((char *)i->header + s->offset,
			                      s->bytes);
	}
	i->header->checksum = dpt_header_checksum(i->header);
}

/* In memory of just its size, for the tools that look beyond. */
static enum dpt_status attach(const struct image *i, bool late, dpt_index **out,
                              void **memory)
{
	dpt_error err = {0};
	void *copy = NULL;
	ck_assert_int_eq(posix_memalign(&copy, 64, i->size ? i->size : 1), 0);
	memcpy(copy, i->header, i->size);
	enum dpt_status status =
	    dpt_index_attach(copy, i->size, late, out, &err);
	if (status) {
		ck_assert_int_eq(status, DPT_EINDEX);
		ck_assert_int_eq(strncmp(err.text, "index is ", 9), 0);
		ck_assert_ptr_null(*out);
		free(copy);
		copy = NULL;
	}
	*memory = copy;
	return status;
}

/* What is not found as written is looked for by its stem. */
static void look_for(const dpt_index *x)
{
	dpt_normaliser *n;
	enum dpt_rule rule;
	ck_assert(!dpt_normaliser_new(x, &n, NULL));
	for (uint32_t i = 0; i < 100; i++) {
		char word[16];
		int len = snprintf(word, sizeof word, "%ss", fx_word(i));
		uint32_t c = dpt_normalise(n, word, (size_t)len, &rule);
		ck_assert(c == DPT_NO_WORD || c < x->header->classes);
	}
	dpt_normaliser_free(n);
}

/* Does all that can be done with an index, which must not crash. */
static void exercise(const dpt_index *x)
{
	static const char *const mechanisms[] = {
	    "gumbel", "exponential", "laplace", "density", "gumbel-published"};
	struct dpt_index_info info = dpt_index_about(x);
	dpt_key key;
	dpt_key_from_seed(&key, 1);
	(void)!dpt_index_verify(x, NULL);
	for (uint32_t c = 0; c < info.classes; c++) {
		size_t len;
		const char *word = dpt_index_word(x, c, &len);
		dpt_index_find(x, word, len);
		dpt_index_members(x, c);
	}
	look_for(x);
	for (int m = 0; m < COUNT(mechanisms); m++) {
		struct dpt_settings s = {.mechanism = mechanisms[m],
		                         .epsilon = m < 4 ? 2 : 1e5,
		                         .max_unchanged = 0.5,
		                         .threads = 1};
		uint32_t words_in[100], out[100];
		dpt_model *model;
		if (dpt_model_new(x, &s, &model, NULL))
			continue;
		for (uint32_t i = 0; i < 100; i++)
			words_in[i] = i % info.classes;
		ck_assert_int_eq(
		    dpt_model_draw(model, &key, 0, 100, words_in, out, NULL),
		    DPT_OK);
		for (int i = 0; i < 100; i++)
			ck_assert_uint_lt(out[i], info.classes);
		dpt_model_free(model);
	}
}

static bool refused(const struct image *i)
{
	dpt_index *index;
	void *memory;
	if (attach(i, false, &index, &memory))
		return true;
	exercise(index);
	dpt_index_free(index);
	free(memory);
	return false;
}

START_TEST(an_untouched_image_is_accepted)
{
	struct image i = small_image();
	ck_assert(!refused(&i));
	seal(&i);
	ck_assert(!refused(&i));
	free(i.header);
}
END_TEST

START_TEST(truncated_files_are_refused)
{
	struct image i = small_image();
	size_t whole = i.size, accepted = 0;
	for (i.size = 0; i.size < whole; i.size += 1 + i.size / 97)
		accepted += !refused(&i);
	i.size = whole - 1;
	accepted += !refused(&i);
	ck_assert_uint_eq(accepted, 0);
	free(i.header);
}
END_TEST

START_TEST(every_flipped_byte_is_noticed)
{
	struct image i = small_image();
	unsigned char *bytes = (unsigned char *)i.header;
	size_t accepted = 0, first = 0;
	for (size_t at = 0; at < i.size; at++) {
		dpt_index *index;
		void *memory;
		unsigned char flip = _i ? 0xff : (unsigned char)(1 << at % 8);
		bytes[at] ^= flip;
		if (!attach(&i, false, &index, &memory)) {
			dpt_index_free(index);
			free(memory);
			if (accepted++ == 0)
				first = at;
		}
		bytes[at] ^= flip;
	}
	ck_assert_msg(accepted == 0, "%zu of %zu, the first at %zu", accepted,
	              i.size, first);
	free(i.header);
}
END_TEST

static void opening_fails(const char *name, enum dpt_status expected)
{
	dpt_error err;
	dpt_index *index = (dpt_index *)&err;
	ck_assert_int_eq(dpt_index_open(fx_path(name), &index, &err), expected);
	ck_assert_ptr_null(index);
	ck_assert_int_eq(err.status, expected);
	ck_assert_ptr_nonnull(strstr(err.text, name));
	ck_assert_int_eq(dpt_index_open(fx_path(name), &index, NULL), expected);
}

START_TEST(files_that_are_no_index_are_refused)
{
	struct image i = small_image();
	opening_fails("missing", DPT_EIO);
	opening_fails(".", DPT_EINDEX);
	fx_write("empty", "", 0);
	opening_fails("empty", DPT_EINDEX);
	fx_write("text", "the 1 2\nof 3 4\n", 15);
	opening_fails("text", DPT_EINDEX);
	fx_write("short", i.header, sizeof *i.header - 1);
	opening_fails("short", DPT_EINDEX);
	fx_write("cut", i.header, i.size - 1);
	opening_fails("cut", DPT_EINDEX);
	char *longer = calloc(1, i.size + 1);
	memcpy(longer, i.header, i.size);
	fx_write("longer", longer, i.size + 1);
	opening_fails("longer", DPT_EINDEX);
	free(longer);
	free(i.header);
}
END_TEST

/* What a hostile file may say, with checksums that are right. */

static void header_field(struct image *i, int which)
{
	struct dpt_header *h = i->header;
	switch (which) {
	case 0: h->magic[0] = 'd'; break;
	case 1: h->version++; break;
	case 2: h->sections--; break;
	case 3: h->bytes += 64; break;
	case 4: h->words = 0; break;
	case 5: h->words = UINT32_MAX; break;
	case 6: h->classes = 0; break;
	case 7: h->classes = 1; break;
	case 8: h->classes = UINT32_MAX; break;
	case 9: h->dim = 0; break;
	case 10: h->dim = UINT32_MAX; break;
	case 11: h->dim += 8; break;
	case 12: h->neighbours = 0; break;
	case 13: h->neighbours = h->classes; break;
	case 14: h->neighbours++; break;
	case 15: h->rates++; break;
	case 16: h->rates = UINT32_MAX; break;
	case 17: h->settings++; break;
	case 18: h->settings = UINT32_MAX; break;
	case 19: h->lookup_bits = 0; break;
	case 20: h->lookup_bits = 63; break;
	case 21: h->lookup_bits = 64; break;
	case 22: h->lookup_bits = UINT32_MAX; break;
	case 23: h->distance_max = NAN; break;
	case 24: h->distance_max = INFINITY; break;
	case 25: h->distance_max = 0; break;
	case 26: h->distance_min = 0; break;
	case 27: h->distance_min = -1; break;
	case 28: h->distance_min = NAN; break;
	case 29: h->distance_min = 1e9; break;
	case 30: h->max_pair[1] = h->classes; break;
	case 31: h->min_pair[0] = UINT32_MAX; break;
	case 32: h->rates = 0; break;
	case 33: h->far_rows = h->classes + 1; break;
	case 34: h->far_rows = 0; break;
	case 35: h->far_count = 0; break;
	case 36: h->far_count = UINT32_MAX - 31; break;
	case 37: h->far_count--; break;
	case 38: h->coarse_step = 0; break;
	case 39: h->coarse_step = NAN; break;
	case 40: h->coarse_step = -1; break;
	case 41: h->cell_rows = h->classes + 1; break;
	case 42: h->cell_rows = 0; break;
	case 43: h->cells = 0; break;
	case 44: h->cells++; break;
	case 45: h->cells = UINT32_MAX; break;
	case 46: h->far_long_rows = h->far_rows + 1; break;
	case 47: h->far_long_rows = 0; break;
	case 48: h->far_long_count = 0; break;
	case 49: h->far_long_count = UINT32_MAX - 31; break;
	case 50: h->far_long_count--; break;
	}
}
enum { FIELDS = 51 };

START_TEST(hostile_headers_are_refused)
{
	struct image i = small_image();
	header_field(&i, _i);
	seal(&i);
	ck_assert(refused(&i));
	free(i.header);
}
END_TEST

START_TEST(sections_out_of_place_are_refused)
{
	static const uint64_t offsets[] = {0,
	                                   1,
	                                   64,
	                                   UINT64_MAX,
	                                   UINT64_MAX - 63,
	                                   UINT64_C(1) << 63,
	                                   UINT64_C(1) << 40};
	struct image i = small_image();
	struct dpt_section *s = &i.header->section[_i], old = *s;
	size_t accepted = 0;
	for (int k = 0; k < COUNT(offsets); k++) {
		*s = old;
		s->offset = offsets[k];
		seal(&i);
		accepted += !refused(&i);
		*s = old;
		s->bytes = offsets[k];
		seal(&i);
		accepted += !refused(&i);
	}
	*s = old;
	s->offset += 64; /* the last one then ends beyond the file */
	s->bytes = i.size - s->offset + 1;
	seal(&i);
	accepted += !refused(&i);
	*s = old;
	s->offset += 4; /* not aligned */
	seal(&i);
	accepted += !refused(&i);
	ck_assert_uint_eq(accepted, 0);
	free(i.header);
}
END_TEST

/* Each changes a section to something impossible. */
static void content(struct image *i, int which)
{
	uint32_t *offsets = section(i, DPT_OFFSETS);
	uint32_t *classes = section(i, DPT_CLASSES);
	uint32_t *starts = section(i, DPT_STARTS);
	uint32_t *members = section(i, DPT_MEMBERS);
	uint64_t *lookup = section(i, DPT_LOOKUP);
	uint32_t *stems = section(i, DPT_STEMS);
	float *vectors = section(i, DPT_VECTORS);
	uint32_t *id = section(i, DPT_NEIGHBOURS);
	double *distance = section(i, DPT_DISTANCES);
	uint16_t *far = section(i, DPT_FAR);
	double *reach = section(i, DPT_REACH);
	uint32_t *cell_start = section(i, DPT_CELL_START);
	uint32_t *cell = section(i, DPT_CELL);
	float *off = section(i, DPT_OFF);
	double *rate = section(i, DPT_RATES);
	double *others = section(i, DPT_OTHERS);
	struct dpt_setting *setting = section(i, DPT_SETTINGS);
	const struct dpt_header *h = i->header;
	switch (which) {
	case 0: offsets[3] = offsets[5]; break;
	case 1: offsets[0] = 1; break;
	case 2: offsets[h->words]++; break;
	case 3: offsets[4] = UINT32_MAX; break;
	case 4: classes[0] = h->classes; break;
	case 5: classes[h->words - 1] = DPT_NO_WORD; break;
	case 6: starts[2] = starts[1]; break;
	case 7: starts[h->classes]--; break;
	case 8: starts[1] = UINT32_MAX; break;
	case 9: members[0] = h->words; break;
	case 10:
		for (size_t k = 0; k < (size_t)1 << h->lookup_bits; k++)
			lookup[k] |= 1;
		break;
	case 11: lookup[3] = h->words + 1; break;
	case 12: lookup[0] = UINT32_MAX; break;
	case 13: vectors[9] = NAN; break;
	case 14: vectors[0] = INFINITY; break;
	case 15: vectors[1] = 3e15F; break;
	case 16: id[0] = h->classes; break;
	case 17: id[h->neighbours] = 1; break; /* itself */
	case 18: distance[0] = NAN; break;
	case 19: distance[0] = -1; break;
	case 20: distance[0] = 0; break;
	case 21: distance[h->neighbours - 1] = INFINITY; break;
	case 22: distance[1] = distance[0] / 2; break;
	case 23: rate[0] = NAN; break;
	case 24: rate[0] = INFINITY; break;
	case 25: rate[0] = -1; break; /* t */
	case 26: rate[0] = 0; break;
	case 27: rate[1] = -1; break; /* its epsilon */
	case 28: rate[2] = NAN; break;
	case 29: others[5] = NAN; break;
	case 30: others[0] = -1; break;
	case 31: others[0] = -0.5; break;
	case 32: others[0] = INFINITY; break;
	case 33: setting->rate = h->rates; break;
	case 34: setting->scale = 0; break;
	case 35: setting->scale = NAN; break;
	case 36: setting->fallback = 1.5; break;
	case 37: setting->fallback = NAN; break;
	case 38: setting->fallback = -0.1; break;
	case 39: setting->kmax = 0; break;
	case 40: setting->kmax = h->neighbours + 2; break;
	case 41: setting->mean = 0; break;
	case 42: setting->mean = NAN; break;
	case 43: setting->mean = 1e9; break;
	case 44:
		memset(setting->mechanism, 'x', sizeof setting->mechanism);
		break;
	case 45: setting->verified = NAN; break;
	case 46: setting->epsilon = NAN; break;
	case 47: rate[1] = rate[0] / 2; break; /* eps_E(t) < t */
	case 48: far[7] = (uint16_t)h->classes; break;
	case 49: far[31] = UINT16_MAX; break;
	case 50: reach[0] = NAN; break;
	case 51: reach[0] = 0; break;
	case 52: reach[1] = INFINITY; break;
	case 53: reach[1] = reach[0] / 2; break;
	case 54: reach[2] = -1; break;
	case 55: off[0] = NAN; break;
	case 56: off[2] = -1; break;
	case 57: off[h->classes - 1] = INFINITY; break;
	case 58: others[3] = h->classes + 1; break;
	case 60: ((char *)section(i, DPT_TEXT))[1] = '\n'; break;
	case 61: ((char *)section(i, DPT_TEXT))[2] = 0; break;
	case 62: ((char *)section(i, DPT_TEXT))[0] = '\xFF'; break;
	case 63: /* a letter that belongs to two words */
		memcpy((char *)section(i, DPT_TEXT) + offsets[1] - 1,
		       "\xC3\xA9", 2);
		break;
	case 59: vectors[8 * h->classes - 1] = -INFINITY; break;
	case 64: cell_start[0] = 1; break;
	case 65: cell_start[1] = 0; break;
	case 66: cell_start[1] = UINT32_MAX; break;
	case 67: cell_start[h->cells]--; break;
	case 68: cell[0] = h->classes; break;
	case 69: cell[h->classes - 1] = UINT32_MAX; break;
	case 70: stems[0] = h->classes + 1; break;
	case 71: stems[(1 << h->lookup_bits) - 1] = UINT32_MAX; break;
	case 72:
		for (size_t k = 0; k < (size_t)1 << h->lookup_bits; k++)
			stems[k] = 1;
		break;
	}
}
enum { CONTENTS = 73 };

START_TEST(hostile_contents_are_refused)
{
	struct image i = small_image();
	content(&i, _i);
	seal(&i);
	ck_assert(refused(&i));
	free(i.header);
}
END_TEST

/* A lie that only a look at everything can find: opened, but no harm. */
static void lie(struct image *i, int which)
{
	uint32_t *classes = section(i, DPT_CLASSES);
	uint32_t *members = section(i, DPT_MEMBERS);
	uint64_t *lookup = section(i, DPT_LOOKUP);
	uint32_t *stems = section(i, DPT_STEMS);
	float *vectors = section(i, DPT_VECTORS);
	uint32_t *id = section(i, DPT_NEIGHBOURS);
	double *distance = section(i, DPT_DISTANCES);
	uint16_t *far = section(i, DPT_FAR);
	double *reach = section(i, DPT_REACH);
	uint32_t *cell = section(i, DPT_CELL);
	uint8_t *near = section(i, DPT_NEAR);
	int8_t *coarse = section(i, DPT_COARSE);
	float *off = section(i, DPT_OFF);
	struct dpt_rate *rate = section(i, DPT_RATES);
	double *others = section(i, DPT_OTHERS);
	struct dpt_header *h = i->header;
	uint32_t k = h->neighbours, last = h->classes - 1;
	char *text = section(i, DPT_TEXT);
	switch (which) {
	case 0: text[0] = 'x'; break;
	case 1: classes[0] = 3; break;
	case 2: members[0] = members[3]; break;
	case 3:
		for (int s = 0; !lookup[s]; s++)
			;
		memset(lookup, 0, sizeof *lookup << h->lookup_bits);
		break;
	case 4: vectors[2] = nextafterf(vectors[2], 9); break;
	case 5: vectors[last * 8] += 1; break;
	case 6: id[0] = id[0] == 5 ? 6 : 5; break;
	case 7: distance[k * last] *= 1 - 0x1p-52; break;
	case 8: /* the last of a list is a farther one */
		for (uint32_t v = 0; v <= last; v++) {
			double d = 0;
			for (int m = 0; m < 3; m++)
				d += pow((double)vectors[v * 8 + (uint32_t)m] -
				             (double)vectors[m],
				         2);
			if (sqrt(d) > distance[k - 1] * (1 + 1e-9)) {
				id[k - 1] = v;
				distance[k - 1] = sqrt(
				    dpt_squared(vectors, vectors + v * 8, 8));
				break;
			}
		}
		break;
	case 9: others[0] *= 1 + 1e-9; break;
	case 10: others[(size_t)last * h->rates] *= 0.9; break;
	case 11: rate[1].t *= 1 + 1e-9; break;
	case 12: h->distance_max *= 1 + 0x1p-52; break;
	case 13: h->distance_min *= 0.9; break;
	case 14: h->max_pair[0] = h->min_pair[0]; break;
	case 15: far[3] = far[4]; break;
	case 16: reach[0] = (reach[0] + reach[1]) / 2; break;
	case 17: coarse[8] ^= 64; break;
	case 18: off[0] = 0; break;
	case 19: h->coarse_step *= 1.5F; break;
	case 20: cell[0] = cell[1]; break;
	case 21: memset(near, 255, h->cells); break;
	case 22: memset(stems, 0, sizeof *stems << h->lookup_bits); break;
	case 23:
		for (int s = 0;; s++)
			if (stems[s]) {
				stems[s] = stems[s] % h->classes + 1;
				break;
			}
		break;
	}
}
enum { LIES = 24 };

START_TEST(verification_finds_lies)
{
	struct image i = small_image();
	dpt_index *index;
	void *memory;
	lie(&i, _i);
	seal(&i);
	if (!attach(&i, false, &index, &memory)) {
		dpt_error err = {0};
		ck_assert_int_eq(dpt_index_verify(index, &err), DPT_EINDEX);
		ck_assert_int_eq(err.status, DPT_EINDEX);
		exercise(index);
		dpt_index_free(index);
		free(memory);
	}
	free(i.header);
}
END_TEST

/* Anything else: a few numbers of any kind anywhere. */
static uint32_t odd32(struct fx_seq *seq)
{
	static const uint32_t odd[] = {
	    0,          1,          2,          5,
	    11,         12,         13,         UINT32_MAX,
	    0x7fffffff, 0x80000000, 0x7ff00000, 0xfff80000,
	    0x3ff00000, 0xbff00000, 0x40240000, 0x7fefffff};
	uint64_t u = fx_u64(seq);
	return u % 3 ? odd[u / 3 % COUNT(odd)] : (uint32_t)(u >> 32);
}

START_TEST(mutations_do_no_harm)
{
	struct fx_seq seq = {(uint64_t)_i};
	struct image i = small_image(), copy = i;
	copy.header = malloc(i.size);
	memcpy(copy.header, i.header, i.size);
	for (int round = 0; round < 40; round++) {
		memcpy(i.header, copy.header, i.size);
		for (int n = 0; n < 1 + round % 3; n++) {
			const struct dpt_section *s =
			    &copy.header->section[fx_u64(&seq) % DPT_SECTIONS];
			uint64_t slots = s->bytes / 4;
			uint32_t *to = (uint32_t *)section(
			    &i,
			    (enum dpt_section_id)(s - copy.header->section));
			to[fx_u64(&seq) % slots] = odd32(&seq);
		}
		seal(&i);
		refused(&i);
	}
	free(copy.header);
	free(i.header);
}
END_TEST

/* ------------------------------------------------ what is checked late */

/* Words with far neighbours, and words with distances to cells. */
static struct image large_image(void)
{
	float *rows = fx_rows(FX_RANDOM, 600, 3, 8);
	dpt_vectors *v = fx_vectors(rows, 600, 3, NULL);
	dpt_index_free(fx_index_of("large", v, 5));
	dpt_vectors_free(v);
	free(rows);
	return load("large");
}

#define DRAWN 1200 /* each word twice */

/* Draws for all words; DPT_EINDEX where damage was met. */
static enum dpt_status draw_late(const struct image *i, const char *mechanism,
                                 uint32_t *out)
{
	struct dpt_settings s = {.mechanism = mechanism,
	                         .epsilon = 2,
	                         .max_unchanged = 0.5,
	                         .threads = 1};
	dpt_error err = {0};
	dpt_index *x;
	void *memory;
	dpt_key key;
	uint32_t in[DRAWN];
	dpt_model *model = NULL;
	dpt_key_from_seed(&key, 3);
	ck_assert_int_eq(attach(i, true, &x, &memory), DPT_OK);
	for (uint32_t k = 0; k < DRAWN; k++)
		in[k] = k % dpt_index_about(x).classes;
	enum dpt_status status = dpt_model_new(x, &s, &model, &err);
	if (!status)
		status = dpt_model_draw(model, &key, 0, DRAWN, in, out, &err);
	if (status)
		ck_assert_str_eq(
		    err.text,
		    "index is damaged: the checksum of a row is wrong");
	dpt_model_free(model);
	dpt_index_free(x);
	free(memory);
	return status;
}

static enum dpt_status check_late(const struct image *i)
{
	dpt_index *x;
	void *memory;
	ck_assert_int_eq(attach(i, true, &x, &memory), DPT_OK);
	enum dpt_status status = dpt_index_check(x, NULL);
	if (!status)
		ck_assert_int_eq(dpt_index_check(x, NULL), DPT_OK);
	dpt_index_free(x);
	free(memory);
	return status;
}

static const enum dpt_section_id sealed[] = {
    DPT_VECTORS, DPT_COARSE, DPT_OFF,  DPT_NEIGHBOURS, DPT_DISTANCES,
    DPT_FAR,     DPT_REACH,  DPT_NEAR, DPT_OTHERS};
static const char *const lates[] = {"gumbel", "exponential"};

START_TEST(nothing_is_drawn_from_damaged_rows)
{
	enum { PLACES = 30 };
	struct image i = large_image();
	struct dpt_section *s = &i.header->section[sealed[_i]];
	unsigned char *bytes = section(&i, sealed[_i]);
	struct fx_seq seq = {(uint64_t)_i};
	static uint32_t right[COUNT(lates)][DRAWN], out[DRAWN];
	int met = 0;
	for (int m = 0; m < COUNT(lates); m++)
		ck_assert_int_eq(draw_late(&i, lates[m], right[m]), DPT_OK);
	ck_assert_int_eq(check_late(&i), DPT_OK);
	for (int k = 0; k < PLACES; k++) {
		/* every rate has one */
		size_t part = s->bytes / PLACES;
		size_t at = (size_t)k * part + fx_u64(&seq) % part;
		unsigned char flip = (unsigned char)(1 << fx_u64(&seq) % 8);
		int m = k % COUNT(lates);
		bytes[at] ^= flip;
		if (draw_late(&i, lates[m], out))
			met++;
		else
			ck_assert_int_eq(memcmp(out, right[m], sizeof out), 0);
		ck_assert_int_eq(check_late(&i), DPT_EINDEX);
		bytes[at] ^= flip;
	}
	/* all words were drawn for, but with one rate each */
	ck_assert_int_ge(met, sealed[_i] == DPT_OTHERS ? 1 : PLACES);
	free(i.header);
}
END_TEST

/* The others are checked at once. */
START_TEST(what_has_no_seals_is_not_checked_late)
{
	struct image i = small_image();
	unsigned char *bytes = (unsigned char *)i.header;
	for (int id = 0; id < DPT_SECTIONS; id++) {
		const struct dpt_section *s = &i.header->section[id];
		bool late = false;
		for (int k = 0; k < COUNT(sealed); k++)
			late |= sealed[k] == (enum dpt_section_id)id;
		for (size_t k = 0; k < s->bytes; k += 1 + s->bytes / 50) {
			dpt_index *x;
			void *memory;
			bytes[s->offset + k] ^= 4;
			enum dpt_status status = attach(&i, true, &x, &memory);
			ck_assert_int_eq(status, late ? DPT_OK : DPT_EINDEX);
			if (!status)
				dpt_index_free(x);
			free(memory);
			bytes[s->offset + k] ^= 4;
		}
	}
	free(i.header);
}
END_TEST

/* Whether what content does is to what has seals. */
static bool is_sealed(int which)
{
	return (which >= 13 && which <= 22) || (which >= 29 && which <= 32) ||
	       (which >= 48 && which <= 59);
}

/* A hostile file has seals that fit. */
START_TEST(hostile_rows_are_not_drawn_from)
{
	struct image i = small_image();
	dpt_index over;
	uint32_t out[DRAWN];
	if (!is_sealed(_i)) {
		free(i.header);
		return;
	}
	dpt_index_over(&over, i.header);
	content(&i, _i);
	dpt_seals_fill(&over.ground, i.header->rates, over.others,
	               section(&i, DPT_SEALS));
	seal(&i);
	ck_assert_int_eq(check_late(&i), DPT_EINDEX);
	bool rate = (_i >= 29 && _i <= 32) || _i == 58;
	enum dpt_status status = draw_late(&i, "exponential", out);
	/* a rate that is not used stays unseen */
	ck_assert_int_eq(status, rate ? status : DPT_EINDEX);
	free(i.header);
}
END_TEST

START_TEST(wrong_seals_are_found)
{
	struct image i = small_image();
	uint64_t *seals = section(&i, DPT_SEALS);
	size_t count = i.header->section[DPT_SEALS].bytes / sizeof *seals;
	dpt_index *x;
	void *memory;
	seals[(size_t)_i * (count - 1) / 4]++;
	seal(&i);
	ck_assert_int_eq(attach(&i, false, &x, &memory), DPT_OK);
	ck_assert_int_eq(dpt_index_verify(x, NULL), DPT_EINDEX);
	dpt_index_free(x);
	free(memory);
	free(i.header);
}
END_TEST

static void add_late(Suite *s)
{
	TCase *t = tcase_create("late");
	tcase_add_unchecked_fixture(t, fx_make_dir, fx_remove_dir);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, nothing_is_drawn_from_damaged_rows, 0,
	                    COUNT(sealed));
	tcase_add_test(t, what_has_no_seals_is_not_checked_late);
	tcase_add_loop_test(t, hostile_rows_are_not_drawn_from, 0, CONTENTS);
	tcase_add_loop_test(t, wrong_seals_are_found, 0, 5);
	suite_add_tcase(s, t);
}

static void add_hostile(Suite *s)
{
	TCase *t = tcase_create("hostile");
	tcase_add_unchecked_fixture(t, fx_make_dir, fx_remove_dir);
	tcase_set_timeout(t, 10);
	tcase_add_test(t, an_untouched_image_is_accepted);
	tcase_add_test(t, truncated_files_are_refused);
	tcase_add_loop_test(t, every_flipped_byte_is_noticed, 0, 2);
	tcase_add_test(t, files_that_are_no_index_are_refused);
	tcase_add_loop_test(t, hostile_headers_are_refused, 0, FIELDS);
	tcase_add_loop_test(t, sections_out_of_place_are_refused, 0,
	                    DPT_SECTIONS);
	tcase_add_loop_test(t, hostile_contents_are_refused, 0, CONTENTS);
	tcase_add_loop_test(t, verification_finds_lies, 0, LIES);
	tcase_add_loop_test(t, mutations_do_no_harm, 0, 25);
	suite_add_tcase(s, t);
}

Suite *suite_index(void)
{
	Suite *s = suite_create("index");
	TCase *t = tcase_create("index");
	tcase_add_unchecked_fixture(t, fx_make_dir, fx_remove_dir);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, words_come_back);
	tcase_add_test(t, unknown_words_are_unknown);
	tcase_add_loop_test(t, every_embedding_becomes_a_sound_index, 0,
	                    FX_KINDS);
	tcase_add_loop_test(t, an_embedding_far_from_its_origin_verifies, 0, 2);
	tcase_add_loop_test(t, the_fewest_words_are_enough, 2, 6);
	tcase_add_loop_test(t, threads_do_not_change_the_file, 0, 2);
	tcase_add_loop_test(t, merging_is_single_linkage, 0,
	                    2 * COUNT(thresholds));
	tcase_add_test(t, what_cannot_be_built_is_refused);
	tcase_add_test(t, saved_files_replace_the_old);
	tcase_add_test(t, a_failed_save_leaves_everything_as_it_was);
	tcase_add_test(t, a_failed_build_keeps_the_old_index);
	suite_add_tcase(s, t);
	add_hostile(s);
	add_late(s);
	return s;
}
