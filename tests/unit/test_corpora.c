/* SPDX-License-Identifier: MIT */
/* Corpora: all formats, the manifest, and what is wrong with either. */
#include "fixture.h"
#include "manifest.h"
#include "msg.h"
#include "suites.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

/* "0=text|1=text|", labels by number, of what is read, or what is said instead.
 */
static char seen[4096];

static void begin_messages(void)
{
	msg_start("t");
	ck_assert_ptr_nonnull(freopen(fx_path("messages"), "w", stderr));
}

/* All that was said, without the name of the folder. */
static void read_messages(void)
{
	char folder[512];
	size_t size;
	fflush(stderr);
	char *text = fx_read("messages", &size);
	snprintf(folder, sizeof folder, "%s", fx_path(""));
	size_t n = strlen(folder), used = 0;
	for (size_t i = 0; i < size && used + 1 < sizeof seen;)
		if (strncmp(text + i, folder, n) == 0)
			i += n;
		else
			seen[used++] = text[i++];
	seen[used] = 0;
	free(text);
}

static const char *read_part(const char *format, const char *path,
                             enum part part)
{
	struct corpus c = {0};
	struct names labels = {0};
	begin_messages();
	const struct corpus_format *f = corpus_format_named(format);
	ck_assert_ptr_nonnull(f);
	if (!f->read(&c, &labels, path, part)) {
		read_messages();
	} else {
		size_t used = 0;
		for (size_t i = 0; i < c.texts.rows; i++) {
			size_t len;
			const char *text = texts_at(&c.texts, i, &len);
			used += (size_t)snprintf(seen + used,
			                         sizeof seen - used, "%d=%.*s|",
			                         c.label[i], (int)len, text);
		}
		seen[used] = 0;
	}
	corpus_free(&c);
	names_free(&labels);
	return seen;
}

/* What a format makes of some bytes in a file. */
static const char *read_bytes(const char *format, const char *bytes,
                              size_t size)
{
	fx_write("corpus", bytes, size);
	return read_part(format, fx_path("corpus"), TRAIN);
}

static const struct {
	const char *format, *bytes, *seen;
} good[] = {
    {"tsv", "", ""},
    {"tsv", "a\tone\nb\ttwo\tmore\r\na\tlast", "0=one|1=two\tmore|0=last|"},
    {"tsv", "a\t\n", "0=|"},
    {"tsv",
     "a\t\xff"
     "b\n",
     "0=\xef\xbf\xbd"
     "b|"},
    {"sst", "1 good one .\n0 bad\n", "0=good one .|1=bad|"},
    {"trec", "NUM:dist How far ?\nNUM:date When ?\nHUM:ind Who ?\n",
     "0=How far ?|0=When ?|1=Who ?|"},
    {"imdb", "neg\t3\t0\tawful\npos\t9\t1\tgreat\tfun\n",
     "0=awful|1=great\tfun|"},
    {"csv", "label,text\na,one\nb,\"two, \"\"more\"\"\"\n",
     "0=one|1=two, \"more\"|"},
    {"csv", "id,text,label\r\n1,\"two\nlines\",a\r\n2,,b", "0=two lines|1=|"},
    {"csv", "label,text\n", ""},
    {"clinc", "{\"test\":[],\"train\":[[\"one\",\"a\"],[\"t\\\"wo\",\"b\"]]}",
     "0=one|1=t\"wo|"},
};

static const struct {
	const char *format, *bytes, *seen;
} bad[] = {
    {"tsv", "a\tone\nb\n", "t: corpus:2: no TAB behind a label\n"},
    {"tsv", "a\tone\n\nb\ttwo\n", "t: corpus:2: an empty line\n"},
    {"tsv", "\tone\n", "t: corpus:1: no label\n"},
    {"sst", "1\n", "t: corpus:1: no blank behind a label\n"},
    {"trec", "NUM How far ?\n",
     "t: corpus:1: no label of the form COARSE:fine\n"},
    {"imdb", "neg\t3\t0\n", "t: corpus:1: no label, rating, id and text\n"},
    {"imdb", "\t3\t0\ttext\n", "t: corpus:1: no label\n"},
    {"csv", "", "t: corpus:1: no columns named label and text\n"},
    {"csv", "label,words\n", "t: corpus:1: no columns named label and text\n"},
    {"csv", "label,text\na\n",
     "t: corpus:2: not as many fields as in the header\n"},
    {"csv", "label,text\na,\"one\nb,two\n",
     "t: corpus:2: a quote is not closed\n"},
    {"csv", "label,text\na,\"x\ny\"\na,\"one\"two\n",
     "t: corpus:4: no comma behind a field\n"},
    {"csv", "label,text\na,b\"c\n", "t: corpus:2: a quote within a field\n"},
    {"csv", "label,text\n,one\n", "t: corpus:2: no label\n"},
    {"clinc", "{\"train\":[[\"one\"]]}",
     "t: corpus:1: no [\"text\", \"intent\"]\n"},
    {"clinc", "{\"train\":", "t: corpus:1: the JSON ends too soon\n"},
    {"clinc", "{\"test\":[]}", "t: corpus: no split named train\n"},
};

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

START_TEST(reads_what_is_right)
{
	const char *bytes = good[_i].bytes;
	ck_assert_str_eq(read_bytes(good[_i].format, bytes, strlen(bytes)),
	                 good[_i].seen);
}
END_TEST

START_TEST(says_what_is_wrong)
{
	const char *bytes = bad[_i].bytes;
	ck_assert_str_eq(read_bytes(bad[_i].format, bytes, strlen(bytes)),
	                 bad[_i].seen);
}
END_TEST

/* A NUL byte would end a label or a text early. */
START_TEST(refuses_nul)
{
	const char tsv[] = "a\to\0e\n", csv[] = "label,text\na,o\0e\n";
	ck_assert_str_eq(read_bytes("tsv", tsv, sizeof tsv - 1),
	                 "t: corpus:1: a NUL byte\n");
	ck_assert_str_eq(read_bytes("csv", csv, sizeof csv - 1),
	                 "t: corpus:1: a NUL byte in the file\n");
}
END_TEST

/* Every format, on bytes cut and changed at every place: no crash. */
START_TEST(survives_damage)
{
	for (int g = 0; g < COUNT(good); g++) {
		size_t n = strlen(good[g].bytes);
		char *copy = malloc(n + 1);
		for (size_t i = 0; i < n; i++) {
			memcpy(copy, good[g].bytes, n);
			read_bytes(good[g].format, copy, i);
			copy[i] = (char)(copy[i] ^ 0x22);
			read_bytes(good[g].format, copy, n);
		}
		free(copy);
	}
}
END_TEST

START_TEST(reads_gzip)
{
	char path[512];
	snprintf(path, sizeof path, "%s", fx_path("corpus.gz"));
	gzFile f = gzopen(path, "wb");
	gzputs(f, "a\tone\nb\ttwo\n");
	ck_assert_int_eq(gzclose(f), Z_OK);
	ck_assert_str_eq(read_part("tsv", path, TRAIN), "0=one|1=two|");
	size_t size;
	char *bytes = fx_read("corpus.gz", &size);
	fx_write("corpus.gz", bytes, size - 6);
	free(bytes);
	read_part("tsv", path, TRAIN);
	ck_assert_ptr_nonnull(strstr(seen, "t: corpus.gz: "));
}
END_TEST

START_TEST(reads_snips)
{
	char path[512];
	snprintf(path, sizeof path, "%s", fx_path("snips"));
	ck_assert_int_eq(mkdir(path, 0777), 0);
	fx_write("snips/label", "A\nB\n", 4);
	fx_write("snips/seq.in", "one\ntwo\n", 8);
	ck_assert_str_eq(read_part("snips", path, TRAIN), "0=one|1=two|");
	fx_write("snips/seq.in", "one\n", 4);
	ck_assert_str_eq(read_part("snips", path, TRAIN),
	                 "t: snips/label:2: more labels than texts\n");
	fx_write("snips/label", "A\n", 2);
	fx_write("snips/seq.in", "one\ntwo\n", 8);
	ck_assert_str_eq(read_part("snips", path, TRAIN),
	                 "t: snips/seq.in:2: more texts than labels\n");
}
END_TEST

START_TEST(reads_folders)
{
	char path[512];
	snprintf(path, sizeof path, "%s", fx_path("folders"));
	ck_assert_int_eq(mkdir(path, 0777), 0);
	ck_assert_str_eq(read_part("folders", path, TRAIN),
	                 "t: folders: no folder for a label\n");
	ck_assert_int_eq(mkdir(fx_path("folders/pos"), 0777), 0);
	ck_assert_int_eq(mkdir(fx_path("folders/neg"), 0777), 0);
	fx_write("folders/README", "beside", 6);
	fx_write("folders/pos/10", "fine\nlines", 10);
	fx_write("folders/neg/2", "bad", 3);
	fx_write("folders/neg/1", "worse", 5);
	fx_write("folders/neg/.hidden", "no", 2);
	ck_assert_str_eq(read_part("folders", path, TRAIN),
	                 "0=worse|0=bad|1=fine lines|");
	fx_write("folders/neg/2", "b\0d", 3);
	ck_assert_str_eq(read_part("folders", path, TRAIN),
	                 "t: folders/neg/2: a NUL byte\n");
}
END_TEST

START_TEST(parts_of_one_file)
{
	const char *json = "{\"train\":[[\"one\",\"a\"]],"
	                   "\"test\":[[\"two\",\"b\"]]}";
	fx_write("corpus", json, strlen(json));
	ck_assert_str_eq(read_part("clinc", fx_path("corpus"), TEST), "0=two|");
	ck_assert_str_eq(read_part("tsv", fx_path("none"), TRAIN),
	                 "t: none: No such file or directory\n");
}
END_TEST

START_TEST(no_text_twice)
{
	struct corpus c = {0};
	struct names labels = {0};
	const char *text[] = {"x", "y", "x", "", "y", ""};
	for (int i = 0; i < COUNT(text); i++)
		corpus_add(&c, &labels, i % 2 ? "a" : "b", 1, text[i],
		           strlen(text[i]));
	corpus_unique(&c);
	ck_assert_uint_eq(c.texts.rows, 3);
	ck_assert_int_eq(c.label[0], 0);
	ck_assert_int_eq(c.label[1], 1);
	ck_assert_int_eq(c.label[2], 1);
	corpus_free(&c);
	names_free(&labels);
}
END_TEST

START_TEST(splits)
{
	struct corpus all = {0}, train = {0}, test = {0};
	struct names labels = {0};
	for (char i = '0'; i < '7'; i++)
		corpus_add(&all, &labels, &i, 1, &i, 1);
	corpus_split(&all, 3, &train, &test);
	ck_assert_uint_eq(train.texts.rows, 5);
	ck_assert_uint_eq(test.texts.rows, 2);
	size_t len;
	ck_assert_int_eq(*texts_at(&test.texts, 0, &len), '2');
	ck_assert_int_eq(*texts_at(&test.texts, 1, &len), '5');
	ck_assert_int_eq(test.label[1], 5);
	corpus_free(&all);
	corpus_free(&train);
	corpus_free(&test);
	names_free(&labels);
}
END_TEST

/* ------------------------------------------------------------- manifest */

#define ABC_SUM                                                                \
	"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static const char manifest[] = "# a comment\n"
                               "corpus   one\n"
                               "format   tsv\n"
                               "train    one.tsv\n"
                               "split    5\n"
                               "unique   yes\n"
                               "baseline 81.6\n"
                               "sha256   " ABC_SUM " abc\n"
                               "licence  CC0-1.0, of all\n"
                               "\n"
                               "corpus   two\n"
                               "format   clinc\n"
                               "train    two.json\n";

static bool read_manifest(struct manifest *m, const char *text)
{
	begin_messages();
	fx_write("manifest", text, strlen(text));
	bool ok = manifest_read(m, fx_path("manifest"));
	read_messages();
	return ok;
}

START_TEST(manifest_tells)
{
	struct manifest m;
	ck_assert(read_manifest(&m, manifest));
	ck_assert_uint_eq(m.n, 2);
	const struct manifest_entry *e = manifest_find(&m, "one");
	ck_assert_str_eq(e->format->name, "tsv");
	ck_assert_str_eq(e->train, "one.tsv");
	ck_assert_ptr_null(e->test);
	ck_assert_uint_eq(e->split, 5);
	ck_assert(e->unique);
	ck_assert_double_eq(e->baseline, 81.6);
	ck_assert_str_eq(e->licence, "CC0-1.0, of all");
	e = manifest_find(&m, "two");
	ck_assert(isnan(e->baseline) && !e->unique);
	ck_assert_ptr_null(manifest_find(&m, "three"));
	manifest_free(&m);
}
END_TEST

START_TEST(manifest_sums)
{
	struct manifest m;
	char folder[512];
	ck_assert(read_manifest(&m, manifest));
	snprintf(folder, sizeof folder, "%s", fx_path(""));
	folder[strlen(folder) - 1] = 0;
	begin_messages();
	ck_assert(!manifest_check(&m.entry[0], folder));
	fx_write("abc", "abc", 3);
	ck_assert(manifest_check(&m.entry[0], folder));
	fx_write("abc", "abd", 3);
	ck_assert(!manifest_check(&m.entry[0], folder));
	read_messages();
	ck_assert_ptr_nonnull(strstr(seen, "not the file of the manifest"));
	manifest_free(&m);
}
END_TEST

static const struct {
	const char *text, *seen;
} bad_manifest[] = {
    {"format tsv\n", "t: manifest:1: the first key must be corpus\n"},
    {"corpus\n", "t: manifest:1: no key and value\n"},
    {"corpus a\nformat none\n", "t: manifest:2: no format of that name\n"},
    {"corpus a\ncolour red\n", "t: manifest:2: no such key\n"},
    {"corpus a\nsplit 1\n", "t: manifest:2: a split is 2 or more\n"},
    {"corpus a\nsplit many\n", "t: manifest:2: no number\n"},
    {"corpus a\nbaseline nan\n", "t: manifest:2: no number\n"},
    {"corpus a\nsha256 abc file\n", "t: manifest:2: no SHA-256 and file\n"},
    {"corpus a\ntrain b\ntrain c\n", "t: manifest:3: the key has been there\n"},
    {"corpus a\nformat tsv\ntrain b\n",
     "t: manifest: a: needs format, train, and test or split\n"},
    {"corpus a\ntrain b\ntest c\n",
     "t: manifest: a: needs format, train, and test or split\n"},
};

START_TEST(manifest_faults)
{
	struct manifest m;
	ck_assert(!read_manifest(&m, bad_manifest[_i].text));
	ck_assert_str_eq(seen, bad_manifest[_i].seen);
	manifest_free(&m);
}
END_TEST

Suite *suite_corpora(void)
{
	Suite *s = suite_create("corpora");
	TCase *t = tcase_create("formats");
	tcase_add_unchecked_fixture(t, fx_make_dir, fx_remove_dir);
	tcase_add_loop_test(t, reads_what_is_right, 0, COUNT(good));
	tcase_add_loop_test(t, says_what_is_wrong, 0, COUNT(bad));
	tcase_add_test(t, refuses_nul);
	tcase_add_test(t, survives_damage);
	tcase_add_test(t, reads_gzip);
	tcase_add_test(t, reads_snips);
	tcase_add_test(t, reads_folders);
	tcase_add_test(t, parts_of_one_file);
	tcase_add_test(t, no_text_twice);
	tcase_add_test(t, splits);
	suite_add_tcase(s, t);
	t = tcase_create("manifest");
	tcase_add_unchecked_fixture(t, fx_make_dir, fx_remove_dir);
	tcase_add_test(t, manifest_tells);
	tcase_add_test(t, manifest_sums);
	tcase_add_loop_test(t, manifest_faults, 0, COUNT(bad_manifest));
	suite_add_tcase(s, t);
	return s;
}
