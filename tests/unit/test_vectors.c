/* SPDX-License-Identifier: MIT */
#include "error.h"
#include "suites.h"
#include "vectors.h"

#include <check.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

/* ------------------------------------------------------------ helpers */

static char dir[200], path[256];

static void make_dir(void)
{
	const char *tmp = getenv("TMPDIR");
	snprintf(dir, sizeof dir, "%s/dptext-XXXXXX", tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/vectors", dir);
}

static void remove_dir(void)
{
	unlink(path);
	rmdir(dir);
}

/* Writes the one file of a test; mode "T" is plain, "" gzip. */
static void put(const void *bytes, size_t n, const char *mode)
{
	char full[8];
	snprintf(full, sizeof full, "wb%s", mode);
	gzFile f = gzopen(path, full);
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(gzwrite(f, bytes, (unsigned)n), (int)n);
	ck_assert_int_eq(gzclose(f), Z_OK);
}

/* One line a row, its word and %.9g of its numbers; to be freed. */
static char *shown(const dpt_vectors *v)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	struct dpt_vectors_info info = dpt_vectors_about(v);
	for (size_t i = 0; i < info.rows; i++) {
		size_t len;
		const char *word = dpt_vectors_word(v, i, &len);
		fprintf(f, "%.*s", (int)len, word);
		for (size_t j = 0; j < info.dim; j++)
			fprintf(f, " %.9g", (double)dpt_vectors_row(v, i)[j]);
		fputc('\n', f);
	}
	fclose(f);
	return text;
}

static dpt_vectors *must_read(size_t max_words)
{
	dpt_vectors *v = NULL;
	dpt_error err;
	enum dpt_status status = dpt_vectors_read(path, max_words, &v, &err);
	ck_assert_msg(status == DPT_OK, "%s", status ? err.text : "");
	return v;
}

/* text is the message behind the name of the file. */
static void must_fail(enum dpt_status expected, uint64_t record,
                      const char *text)
{
	dpt_vectors *v;
	dpt_error err;
	ck_assert_int_eq(dpt_vectors_read(path, 0, &v, NULL), expected);
	ck_assert_int_eq(dpt_vectors_read(path, 0, &v, &err), expected);
	ck_assert_int_eq(err.status, expected);
	ck_assert_int_eq(strncmp(err.text, path, strlen(path)), 0);
	ck_assert_str_eq(err.text + strlen(path), text);
	ck_assert_uint_eq(err.record, record);
}

struct memory {
	const char *bytes;
	size_t size, chunk;
	bool fails; /* at the end */
};

static enum dpt_status read_memory(void *ctx, void *buffer, size_t size,
                                   size_t *got, dpt_error *err)
{
	struct memory *m = ctx;
	if (m->fails && m->size == 0)
		return dpt_fail(err, DPT_EIO, "no more");
	size_t n = size < m->chunk ? size : m->chunk;
	*got = n < m->size ? n : m->size;
	memcpy(buffer, m->bytes, *got);
	m->bytes += *got;
	m->size -= *got;
	return DPT_OK;
}

/* A literal that may have NULs, and its length. */
#define B(s) s, sizeof s - 1

/* Little-endian floats. */
#define ONE "\0\0\x80\x3f"
#define TWO "\0\0\0\x40"
#define HALF "\0\0\0\x3f"
#define INF "\0\0\x80\x7f"
#define NOT_A_NUMBER "\1\0\x80\xff"

/* ---------------------------------------------------- files that are fine */

static const struct {
	const char *bytes;
	size_t size, max_words, dim, duplicate, not_utf8;
	const char *format, *rows;
} fine[] = {
    /* GloVe */
    {B("the 1 2\nof -1.5 .25\n"), 0, 2, 0, 0, "GloVe text",
     "the 1 2\nof -1.5 0.25\n"},
    {B("the 1 2\nof 3 4"), 0, 2, 0, 0, "GloVe text", "the 1 2\nof 3 4\n"},
    {B("a 1 2 3"), 0, 3, 0, 0, "GloVe text", "a 1 2 3\n"},
    {B("a\t1\t2\r\nb  3  4 \r\n"), 0, 2, 0, 0, "GloVe text", "a 1 2\nb 3 4\n"},
    {B("5 1 2\n7 3 4\n"), 0, 2, 0, 0, "GloVe text", "5 1 2\n7 3 4\n"},
    {B("a 1e-3 +2E+0\nb 1e-60 0.\n"), 0, 2, 0, 0, "GloVe text",
     "a 0.00100000005 2\nb 0 0\n"},
    {B("a 1 2\n. . . 3 4\nto x@y.z 5 6\n c 7 8\n"), 0, 2, 0, 0, "GloVe text",
     "a 1 2\n. . . 3 4\nto x@y.z 5 6\nc 7 8\n"},
    {B("a 1\na 2\nb 3\nb\xff 4\na 5\n\xc3\xa9 6\n\xed\xa0\x80 7\n"), 0, 1, 2, 2,
     "GloVe text", "a 1\nb 3\n\xc3\xa9 6\n"},
    /* max_words counts kept rows, and what follows is not looked at. */
    {B("a 1\na 2\nb\xff 3\nb 4\nc x\n"), 2, 1, 1, 1, "GloVe text",
     "a 1\nb 4\n"},
    {B("a 1\nb 2\n"), 9, 1, 0, 0, "GloVe text", "a 1\nb 2\n"},
    /* word2vec and fastText text */
    {B("2 3\nthe 1 2 3 \nof 4 5 6 \n"), 0, 3, 0, 0, "word2vec text",
     "the 1 2 3\nof 4 5 6\n"},
    {B(" 2\t3 \r\nthe 1 2 3\r\nof 4 5 6"), 0, 3, 0, 0, "word2vec text",
     "the 1 2 3\nof 4 5 6\n"},
    {B("2 3\n\xd0\xb8 1 2 3\n\xd1\x8e 4 5 6\n"), 0, 3, 0, 0, "word2vec text",
     "\xd0\xb8 1 2 3\n\xd1\x8e 4 5 6\n"},
    {B("4 1\na 1\na 2\nb\xff 3\nb 4\n"), 0, 1, 1, 1, "word2vec text",
     "a 1\nb 4\n"},
    {B("900 1\na 1\nb 2\nc 3\n"), 2, 1, 0, 0, "word2vec text", "a 1\nb 2\n"},
    /* word2vec binary */
    {B("2 3\nthe " ONE TWO HALF "of " TWO TWO ONE), 0, 3, 0, 0,
     "word2vec binary", "the 1 2 0.5\nof 2 2 1\n"},
    {B("2 3\nthe " ONE TWO HALF "\nof " TWO TWO ONE "\n"), 0, 3, 0, 0,
     "word2vec binary", "the 1 2 0.5\nof 2 2 1\n"},
    {B("2 2 \r\na " ONE TWO "\n\n\nb " TWO ONE "\n\n"), 0, 2, 0, 0,
     "word2vec binary", "a 1 2\nb 2 1\n"},
    /* floats that begin as text does: a line end, a digit and a line end */
    {B("2 3\na \n\0\x80\x3f" TWO HALF "b 1\n\x80\x3f" TWO ONE), 0, 3, 0, 0,
     "word2vec binary", "a 1.00000119 2 0.5\nb 1.00031102 2 1\n"},
    {B("2 3\na 1\n\x80\x3f" TWO HALF "b " ONE TWO ONE), 0, 3, 0, 0,
     "word2vec binary", "a 1.00031102 2 0.5\nb 1 2 1\n"},
    {B("4 1\na " ONE "a " TWO "b\xff " TWO "b " HALF), 0, 1, 1, 1,
     "word2vec binary", "a 1\nb 0.5\n"},
    {B("900 1\na " ONE "b " TWO "c"), 2, 1, 0, 0, "word2vec binary",
     "a 1\nb 2\n"},
};

static void check_fine(int i, const dpt_vectors *v)
{
	struct dpt_vectors_info info = dpt_vectors_about(v);
	ck_assert_uint_eq(info.dim, fine[i].dim);
	ck_assert_uint_eq(info.duplicate, fine[i].duplicate);
	ck_assert_uint_eq(info.not_utf8, fine[i].not_utf8);
	size_t n = strlen(fine[i].format);
	ck_assert_int_eq(strncmp(info.format, fine[i].format, n), 0);
	char *rows = shown(v);
	ck_assert_str_eq(rows, fine[i].rows);
	free(rows);
}

START_TEST(fine_files_are_read)
{
	put(fine[_i].bytes, fine[_i].size, "T");
	dpt_vectors *v = must_read(fine[_i].max_words);
	check_fine(_i, v);
	ck_assert_str_eq(dpt_vectors_about(v).format, fine[_i].format);
	dpt_vectors_free(v);

	put(fine[_i].bytes, fine[_i].size, "");
	v = must_read(fine[_i].max_words);
	check_fine(_i, v);
	const char *format = dpt_vectors_about(v).format;
	ck_assert_str_eq(format + strlen(fine[_i].format), ", gzip");
	dpt_vectors_free(v);
}
END_TEST

START_TEST(how_bytes_arrive_does_not_matter)
{
	for (size_t chunk = 1; chunk < 20; chunk++) {
		struct memory m = {fine[_i].bytes, fine[_i].size, chunk, false};
		struct dpt_vectors_source source = {read_memory, &m};
		dpt_vectors *v = NULL;
		enum dpt_status status = dpt_vectors_parse(
		    &source, "memory", fine[_i].max_words, &v, NULL);
		ck_assert_int_eq(status, DPT_OK);
		check_fine(_i, v);
		dpt_vectors_free(v);
	}
}
END_TEST

/* A failure of the source comes through, whenever it happens. */
START_TEST(failing_source_fails)
{
	for (size_t n = 0; !fine[_i].max_words && n <= fine[_i].size; n++) {
		struct memory m = {fine[_i].bytes, n, 3, true};
		struct dpt_vectors_source source = {read_memory, &m};
		dpt_vectors *v = NULL;
		dpt_error err;
		ck_assert_int_eq(
		    dpt_vectors_parse(&source, "memory", 0, &v, &err), DPT_EIO);
		ck_assert_str_eq(err.text, "no more");
		ck_assert_uint_ge(err.record, 1);
	}
}
END_TEST

/* -------------------------------------------------- files that are not */

static const struct {
	const char *bytes;
	size_t size;
	uint64_t record;
	const char *text;
} faulty[] = {
    {B(""), 0, ": an empty file"},
    {B("\xba\x16\x4f\x2f\x0c\0\0\0"), 0,
     ": a fastText model: use the .vec file of its vectors"},
    {B("BZh91AY&SY\0"), 0, ": compressed with bzip2: decompress first"},
    {B("\xfd\067zXZ\0\0"), 0, ": compressed with xz: decompress first"},
    {B("\x28\xb5\x2f\xfd\0"), 0, ": compressed with zstd: decompress first"},
    {B("PK\3\4\0"), 0, ": a zip archive (as .npz is): unpack first"},
    {B("\x93NUMPY\1\0"), 0, ": a NumPy array, not word vectors"},
    {B("Once upon a time\n"), 1,
     ":1: neither a header nor a word with numbers"},
    {B("word\nword\n"), 1, ":1: neither a header nor a word with numbers"},
    {B("\n"), 1, ":1: neither a header nor a word with numbers"},
    {B("\0"), 1, ":1: neither a header nor a word with numbers"},
    /* headers */
    {B("0 5\n"), 0, ": no rows"},
    {B("3 0\na\n"), 1, ":1: 0 numbers a row; 1 to 65536 can be read"},
    {B("3 65537\na 1\n"), 1, ":1: 65537 numbers a row; 1 to 65536 can be read"},
    {B("2147483649 5\na 1\n"), 1,
     ":1: a header of 2147483649 rows; 2147483648 can be read"},
    {B("123456789012345678901234567890 5\na 1\n"), 1,
     ":1: a header of 18446744073709551615 rows; 2147483648 can be read"},
    {B("2147483648 2\na 1 2\n"), 3,
     ":3: the file ends after 1 of 2147483648 rows"},
    {B("3 1\na 1\na 2\n"), 4, ":4: the file ends after 2 of 3 rows"},
    {B("1 2\n"), 2, ":2: the file ends after 0 of 1 rows"},
    {B("1 1\na 1\nb 2\n"), 3, ":3: more than the 1 rows of the header"},
    {B("1 1\na 1\n\n"), 3, ":3: more than the 1 rows of the header"},
    {B("2 2\na " ONE TWO "\n"), 2, ": row 2: the file ends after 1 of 2 rows"},
    {B("1 2\na " ONE TWO "\nb " TWO ONE), 2,
     ": row 2: more than the 1 rows of the header"},
    /* the number of numbers */
    {B("a 1 2\nb 3\n"), 2, ":2: 1 numbers, expected 2"},
    {B("a 1 2\nb 3 4 5\n"), 2, ":2: 3 numbers, expected 2"},
    {B("a 1 2\nb c 3 4 5\n"), 2, ":2: 4 numbers, expected 2"},
    {B("a 1 2\n\nb 3 4\n"), 2, ":2: 0 numbers, expected 2"},
    {B("2 2\na 1\nb 3 4\n"), 2, ":2: 1 numbers, expected 2"},
    {B("2 2\na 1 2 3\nb 3 4 5\n"), 2, ":2: 3 numbers, expected 2"},
    {B("3 5\nto 0.06 0.18 0.08 -0.1\n"), 2, ":2: 4 numbers, expected 5"},
    /* numbers */
    {B("a 1 2\nb 3 x\n"), 2, ":2: number 2 is not a number"},
    {B("a 1 2\nb 3 4x\n"), 2, ":2: number 2 is not a number"},
    {B("a 1 2\nb 3,5 4\n"), 2, ":2: number 1 is not a number"},
    {B("a 1 2\nb 1e 4\n"), 2, ":2: number 1 is not a number"},
    {B("a 1 2\nb 1 4\0\n"), 2, ":2: number 2 is not a number"},
    {B("a 1 2\nb . 4\n"), 2, ":2: number 1 is not a number"},
    {B("a 1 2\nb 4 \v\n5 6 7\n"), 2, ":2: number 2 is not a number"},
    {B("1 2\na 1 x\n"), 2, ":2: number 2 is not a number"},
    {B("a 1 2\nb nan 4\n"), 2, ":2: number 1 is not finite"},
    {B("a 1 2\nb 3 -inf\n"), 2, ":2: number 2 is not finite"},
    {B("a 1 2\nb 3 1e39\n"), 2, ":2: number 2 is not finite"},
    {B("a 1 2\nb 3 340282356779733661637539395458142568448\n"), 2,
     ":2: number 2 is not finite"},
    {B("2 2\na " ONE TWO "b " ONE INF), 2, ": row 2: number 2 is not finite"},
    {B("2 2\na " ONE TWO "b " NOT_A_NUMBER ONE), 2,
     ": row 2: number 1 is not finite"},
    {B("2 2\na " INF TWO "b " ONE ONE), 1, ": row 1: number 1 is not finite"},
    /* words */
    {B("a 1 2\n 3 4\n"), 2, ":2: no word"},
    {B("2 1\na " ONE " " TWO), 2, ": row 2: no word"},
    {B("a 1 2\nb\0c 3 4\n"), 2, ":2: a NUL byte or line end in the word"},
    {B("2 1\na " ONE "b\0 " TWO), 2,
     ": row 2: a NUL byte or line end in the word"},
    {B("2 1\na " ONE "b\nc " TWO), 2,
     ": row 2: a NUL byte or line end in the word"},
    {B("a\xff 1 2\nb\xff 3 4\n"), 0, ": no word is valid UTF-8"},
    /* cut off */
    {B("2 2\na " ONE TWO "\nb"), 2, ": row 2: the file ends within the row"},
    {B("2 2\na " ONE TWO "\nb " ONE "\0\0"), 2,
     ": row 2: the file ends within the row"},
    {B("2 2\na " ONE), 1, ": row 1: the file ends within the row"},
};

START_TEST(faulty_files_are_refused)
{
	put(faulty[_i].bytes, faulty[_i].size, "T");
	must_fail(DPT_EFORMAT, faulty[_i].record, faulty[_i].text);
	put(faulty[_i].bytes, faulty[_i].size, "");
	must_fail(DPT_EFORMAT, faulty[_i].record, faulty[_i].text);
}
END_TEST

START_TEST(unreadable_files_are_refused)
{
	put("a 1\n", 4, "T");
	unlink(path);
	must_fail(DPT_EIO, 0, ": No such file or directory");
	snprintf(path, sizeof path, "%s", dir);
	must_fail(DPT_EIO, 1, ": Is a directory");
}
END_TEST

/* A long name leaves room for the rest. */
START_TEST(long_names_are_cut)
{
	char name[500];
	memset(name, 'n', sizeof name);
	name[sizeof name - 1] = '\0';
	struct memory m = {B("a 1 2\nb 1\n"), 100, false};
	struct dpt_vectors_source source = {read_memory, &m};
	dpt_vectors *v;
	dpt_error err;
	ck_assert_int_eq(dpt_vectors_parse(&source, name, 0, &v, &err),
	                 DPT_EFORMAT);
	ck_assert_ptr_nonnull(strstr(err.text, "n:2: 1 numbers, expected 2"));
}
END_TEST

/* ---------------------------------------------------------------- gzip */

static const char small[] = "the 1 2\nof 3 4\nand 5 6\nto 7 8\n";

START_TEST(gzip_members_are_one_file)
{
	put(small, 10, "");
	gzFile f = gzopen(path, "ab");
	ck_assert_int_gt(gzwrite(f, small + 10, sizeof small - 1 - 10), 0);
	ck_assert_int_eq(gzclose(f), Z_OK);
	dpt_vectors *v = must_read(0);
	char *rows = shown(v);
	ck_assert_str_eq(rows, small);
	ck_assert_str_eq(dpt_vectors_about(v).format, "GloVe text, gzip");
	free(rows);
	dpt_vectors_free(v);
}
END_TEST

static size_t slurp(char *bytes, size_t size)
{
	FILE *f = fopen(path, "rb");
	ck_assert_ptr_nonnull(f);
	size_t n = fread(bytes, 1, size, f);
	fclose(f);
	return n;
}

START_TEST(cut_gzip_is_refused)
{
	char bytes[500];
	put(small, sizeof small - 1, "");
	size_t n = slurp(bytes, sizeof bytes);
	for (size_t cut = 2; cut < n; cut++) {
		put(bytes, cut, "T");
		dpt_vectors *v;
		dpt_error err;
		ck_assert_int_eq(dpt_vectors_read(path, 0, &v, &err),
		                 DPT_EFORMAT);
		ck_assert_str_eq(err.text + strlen(path),
		                 ": the gzip data end too soon");
	}
}
END_TEST

START_TEST(damaged_gzip_is_refused)
{
	char bytes[500];
	put(small, sizeof small - 1, "");
	size_t n = slurp(bytes, sizeof bytes);
	bytes[n - 6] ^= 1; /* its CRC */
	put(bytes, n, "T");
	must_fail(DPT_EFORMAT, 1, ": damaged gzip data");
	put(bytes, n, "");
	must_fail(DPT_EFORMAT, 0, ": compressed twice: decompress first");
}
END_TEST

/* -------------------------------------------------------------- limits */

/* A word of n bytes and dim numbers in both layouts; as many as written. */
static size_t long_row(char *to, size_t n, size_t dim, bool binary)
{
	char *s = to;
	if (binary)
		s += sprintf(s, "1 %zu\n", dim);
	memset(s, 'w', n);
	s += n;
	if (binary)
		*s++ = ' ';
	for (size_t i = 0; i < dim; i++) {
		memcpy(s, binary ? ONE : " 0.5", 4);
		s += 4;
	}
	return (size_t)(s - to);
}

START_TEST(words_have_a_longest_length)
{
	static char bytes[2000];
	bool binary = _i;
	put(bytes, long_row(bytes, 1024, 3, binary), "T");
	dpt_vectors *v = must_read(0);
	size_t len;
	dpt_vectors_word(v, 0, &len);
	ck_assert_uint_eq(len, 1024);
	dpt_vectors_free(v);
	put(bytes, long_row(bytes, 1025, 3, binary), "T");
	must_fail(DPT_EFORMAT, 1,
	          binary ? ": row 1: a word longer than 1024 bytes"
	                 : ":1: a word longer than 1024 bytes");
}
END_TEST

START_TEST(rows_have_a_greatest_length)
{
	static char bytes[300000];
	bool binary = _i;
	put(bytes, long_row(bytes, 1000, 65536, binary), "T");
	dpt_vectors *v = must_read(0);
	ck_assert_uint_eq(dpt_vectors_about(v).dim, 65536);
	for (size_t i = 0; i < 65536; i++)
		ck_assert(dpt_vectors_row(v, 0)[i] == (binary ? 1 : 0.5F));
	dpt_vectors_free(v);
	put(bytes, long_row(bytes, 1, 65537, binary), "T");
	must_fail(DPT_EFORMAT, 1,
	          ":1: 65537 numbers a row; 1 to 65536 can be read");
}
END_TEST

START_TEST(lines_have_a_greatest_length)
{
	size_t n = (size_t)2 << 20;
	char *bytes = malloc(n + 20);
	memcpy(bytes, "a 1\nb ", 6);
	memset(bytes + 6, '0', n);
	put(bytes, n + 4 - 1, "T"); /* line 2 is one byte short of it */
	dpt_vectors *v = must_read(0);
	ck_assert_uint_eq(dpt_vectors_about(v).rows, 2);
	dpt_vectors_free(v);
	put(bytes, n + 6, "T");
	must_fail(DPT_EFORMAT, 2, ":2: a line longer than 2097152 bytes");
	free(bytes);
}
END_TEST

/* ------------------------------------------------------------- numbers */

/* Easy ones, and ones that a double in between would round wrongly. */
static const char *const numbers[] = {
    "0",
    "-0",
    "1",
    "+1",
    "-1.5",
    ".5",
    "5.",
    "00012.50",
    "1e5",
    "1E-5",
    "1e+22",
    "1e-22",
    "1e-30",
    "3.4028234663852886e38",
    "1.17549435e-38",
    "1.1754942e-38",
    "1e-45",
    "7e-46",
    "8e-46",
    "1e-400",
    "0e999",
    "0x1p3",
    "16777216",
    "16777217",
    "16777219",
    "0.41799998",
    "-0.34526998",
    "1.00000005960464477539062500000000000000",
    "1.00000005960464477539062500000000000001",
    "1.00000005960464477539062499999999999999",
    "1.000000178813934326171875",
    "1.0000001788139343261718750000001",
    "1.0000001788139343261718749999999",
    "340282356779733642748073463979561713663",
    "0.000000000000000000000000000000000000011754943508222875079687365372222",
    "12345678901234567890123456789e-10",
    "99999999999999999999e-20",
    "0.1000000014901161193847656250000000001",
    "9007199791611905",
    "0.0000000000000000000000000000000000000000000001e46",
    "1000000000000000000000000000000000000000000000000e-48",
};

#define NUMBERS (sizeof numbers / sizeof *numbers)

START_TEST(numbers_are_what_strtof_gives)
{
	char line[4000] = "w";
	float expected[NUMBERS];
	for (size_t i = 0; i < NUMBERS; i++) {
		strcat(strcat(line, " "), numbers[i]);
		expected[i] = strtof(numbers[i], NULL);
	}
	put(line, strlen(line), "T");
	locale_t before = uselocale((locale_t)0);
	setlocale(LC_ALL, "de_DE.UTF-8"); /* where there is one: 1,5 */
	dpt_vectors *v = must_read(0);
	setlocale(LC_ALL, "C");
	ck_assert(uselocale((locale_t)0) == before);
	ck_assert_uint_eq(dpt_vectors_about(v).dim, NUMBERS);
	for (size_t i = 0; i < NUMBERS; i++)
		ck_assert_msg(memcmp(&expected[i], dpt_vectors_row(v, 0) + i,
		                     sizeof(float)) == 0,
		              "%s became %a", numbers[i],
		              (double)dpt_vectors_row(v, 0)[i]);
	dpt_vectors_free(v);
}
END_TEST

/* ---------------------------------------------------------- round trips */

enum { ROWS = 5000, DIM = 23 };

static float value_of(uint64_t i)
{
	uint64_t x = (i + 1) * 0x9e3779b97f4a7c15;
	uint32_t bits = (uint32_t)((x ^ x >> 29) * 0xbf58476d1ce4e5b9 >> 32);
	float f;
	memcpy(&f, &bits, sizeof f);
	return isfinite(f) ? f : (float)i;
}

/* All finite floats in 9 digits or 17, or in binary, come back as they were. */
static void write_rows(const char *mode, const char *format, bool header,
                       const char *row_end)
{
	gzFile f = gzopen(path, mode);
	if (header)
		gzprintf(f, "%d %d\n", ROWS, DIM);
	for (int i = 0; i < ROWS; i++) {
		gzprintf(f, format ? "w%d" : "w%d ", i);
		for (int j = 0; j < DIM; j++) {
			float x = value_of((uint64_t)(i * DIM + j));
			if (format)
				gzprintf(f, format, (double)x);
			else
				gzwrite(f, &x, sizeof x);
		}
		gzputs(f, row_end);
	}
	ck_assert_int_eq(gzclose(f), Z_OK);
}

static const struct {
	const char *mode, *format;
	bool header;
	const char *row_end;
} trips[] = {
    {"wbT", " %.9g", false, "\n"},  {"wb1", " %.9g", false, "\n"},
    {"wbT", " %.17g", false, "\n"}, {"wb1", " %.60e", false, "\n"},
    {"wbT", " %.9g", true, " \n"},  {"wb1", " %.17g", true, "\r\n"},
    {"wbT", NULL, true, ""},        {"wb1", NULL, true, ""},
    {"wbT", NULL, true, "\n"},      {"wb1", NULL, true, "\n"},
};

START_TEST(rows_come_back_as_written)
{
	write_rows(trips[_i].mode, trips[_i].format, trips[_i].header,
	           trips[_i].row_end);
	dpt_vectors *v = must_read(0);
	ck_assert_uint_eq(dpt_vectors_about(v).rows, ROWS);
	ck_assert_uint_eq(dpt_vectors_about(v).dim, DIM);
	for (int i = 0; i < ROWS; i++) {
		char word[20];
		size_t len;
		const char *got = dpt_vectors_word(v, (size_t)i, &len);
		ck_assert_uint_eq(len, (size_t)sprintf(word, "w%d", i));
		ck_assert_int_eq(memcmp(word, got, len), 0);
		const float *row = dpt_vectors_row(v, (size_t)i);
		for (int j = 0; j < DIM; j++) {
			float x = value_of((uint64_t)(i * DIM + j));
			ck_assert(memcmp(&x, &row[j], sizeof x) == 0);
		}
	}
	dpt_vectors_free(v);
}
END_TEST

/* ------------------------------------------------ files of other programs */

static const struct {
	const char *name;
	size_t rows, dim;
	const char *told; /* the format, or the message if there are no rows */
} foreign[] = {
    {"allennlp/glove.6B.100d.sample.txt.gz", 100, 100, "GloVe text, gzip"},
    {"allennlp/glove.6B.300d.sample.txt.gz", 100, 300, "GloVe text, gzip"},
    {"allennlp/fake_embeddings.5d.txt", 15, 5, "GloVe text"},
    {"allennlp/fake_embeddings.5d.txt.gz", 15, 5, "GloVe text, gzip"},
    {"allennlp/fake_embeddings.5d.txt.bz2", 0, 0,
     ": compressed with bzip2: decompress first"},
    {"allennlp/fake_embeddings.5d.txt.xz", 0, 0,
     ": compressed with xz: decompress first"},
    {"allennlp/fake_embeddings.5d.txt.zip", 0, 0,
     ": a zip archive (as .npz is): unpack first"},
    {"bnosac/example.txt", 640, 15, "word2vec text"},
    {"bnosac/example.bin", 640, 15, "word2vec binary"},
    {"gensim/test_glove.txt", 76, 50, "GloVe text"},
    {"gensim/toy-model.vec", 22, 5, "word2vec text"},
    {"gensim/crime-and-punishment.vec", 291, 5, "word2vec text"},
    {"gensim/lee_fasttext.vec", 1762, 10, "word2vec text"},
    {"gensim/high_precision.kv.txt", 2, 2, "word2vec text"},
    {"gensim/high_precision.kv.bin", 2, 2, "word2vec binary"},
    {"gensim/euclidean_vectors.bin", 2747, 10, "word2vec binary"},
    {"gensim/poincare_vectors.bin", 1182, 10, "word2vec binary"},
    {"gensim/pretrained.vec", 0, 0, ":3: the file ends after 1 of 3 rows"},
    {"gensim/w2v_keyedvectors_load_test.modeldata", 0, 0,
     ": no word is valid UTF-8"},
    {"gensim/toy-model.bin", 0, 0,
     ": a fastText model: use the .vec file of its vectors"},
    {"gensim/crime-and-punishment.bin", 0, 0,
     ": a fastText model: use the .vec file of its vectors"},
    {"allennlp/LICENSE", 0, 0, ":1: neither a header nor a word with numbers"},
};

/* Those files are not part of the source: no file, no test. */
START_TEST(files_of_other_programs)
{
	char name[500];
	const char *shared = getenv("DPT_SHARED");
	snprintf(name, sizeof name, "%s/data/formats/%s",
	         shared ? shared : "../shared", foreign[_i].name);
	if (access(name, R_OK) != 0)
		return;
	dpt_vectors *v = NULL;
	dpt_error err;
	enum dpt_status status = dpt_vectors_read(name, 0, &v, &err);
	if (foreign[_i].rows == 0) {
		ck_assert_int_eq(status, DPT_EFORMAT);
		size_t n = strlen(foreign[_i].told), all = strlen(err.text);
		ck_assert_uint_ge(all, n);
		ck_assert_str_eq(err.text + all - n, foreign[_i].told);
		return;
	}
	ck_assert_msg(status == DPT_OK, "%s", status ? err.text : "");
	struct dpt_vectors_info info = dpt_vectors_about(v);
	ck_assert_uint_eq(info.rows, foreign[_i].rows);
	ck_assert_uint_eq(info.dim, foreign[_i].dim);
	ck_assert_uint_eq(info.duplicate + info.not_utf8, 0);
	ck_assert_str_eq(info.format, foreign[_i].told);
	dpt_vectors_free(v);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

Suite *suite_vectors(void)
{
	TCase *t = tcase_create("vectors");
	tcase_add_unchecked_fixture(t, make_dir, remove_dir);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, fine_files_are_read, 0, COUNT(fine));
	tcase_add_loop_test(t, how_bytes_arrive_does_not_matter, 0,
	                    COUNT(fine));
	tcase_add_loop_test(t, failing_source_fails, 0, COUNT(fine));
	tcase_add_loop_test(t, faulty_files_are_refused, 0, COUNT(faulty));
	tcase_add_test(t, unreadable_files_are_refused);
	tcase_add_test(t, long_names_are_cut);
	tcase_add_test(t, gzip_members_are_one_file);
	tcase_add_test(t, cut_gzip_is_refused);
	tcase_add_test(t, damaged_gzip_is_refused);
	tcase_add_loop_test(t, words_have_a_longest_length, 0, 2);
	tcase_add_loop_test(t, rows_have_a_greatest_length, 0, 2);
	tcase_add_test(t, lines_have_a_greatest_length);
	tcase_add_test(t, numbers_are_what_strtof_gives);
	tcase_add_loop_test(t, rows_come_back_as_written, 0, COUNT(trips));
	tcase_add_loop_test(t, files_of_other_programs, 0, COUNT(foreign));
	Suite *s = suite_create("vectors");
	suite_add_tcase(s, t);
	return s;
}
