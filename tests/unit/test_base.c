/* SPDX-License-Identifier: MIT */
/* What all else stands on: errors, buffers, threads. */
#include "buf.h"
#include "error.h"
#include "parallel.h"
#include "suites.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* --------------------------------------------------------------- errors */

START_TEST(every_status_has_a_name_of_its_own)
{
	for (int a = DPT_OK; a <= DPT_EMATH; a++) {
		const char *name = dpt_status_name((enum dpt_status)a);
		ck_assert_str_ne(name, "unknown status");
		for (int b = DPT_OK; b < a; b++)
			ck_assert_str_ne(name,
			                 dpt_status_name((enum dpt_status)b));
	}
	ck_assert_str_eq(dpt_status_name((enum dpt_status)99),
	                 "unknown status");
	ck_assert_str_eq(dpt_version(), DPT_VERSION);
}
END_TEST

START_TEST(failing_fills_the_error_and_returns_the_status)
{
	dpt_error err;
	memset(&err, 'x', sizeof err);
	ck_assert_int_eq(dpt_fail(&err, DPT_ERANGE, "%d of %s", 3, "four"),
	                 DPT_ERANGE);
	ck_assert_int_eq(err.status, DPT_ERANGE);
	ck_assert_uint_eq(err.record, 0);
	ck_assert_str_eq(err.text, "3 of four");
	ck_assert_int_eq(dpt_fail_memory(&err), DPT_ENOMEM);
	ck_assert_str_eq(err.text, "out of memory");
	errno = ENOENT;
	ck_assert_int_eq(dpt_fail_errno(&err, "a/b"), DPT_EIO);
	ck_assert_str_eq(err.text, "a/b: No such file or directory");
	ck_assert_int_eq(dpt_fail(NULL, DPT_EIO, "%s", ""), DPT_EIO);
	ck_assert_int_eq(dpt_fail_memory(NULL), DPT_ENOMEM);
	ck_assert_int_eq(dpt_fail_errno(NULL, ""), DPT_EIO);
}
END_TEST

START_TEST(long_messages_are_cut_and_ended)
{
	char name[2 * DPT_ERROR_TEXT];
	dpt_error err;
	memset(name, 'n', sizeof name);
	name[sizeof name - 1] = '\0';
	dpt_fail(&err, DPT_EIO, "%s", name);
	ck_assert_uint_eq(strlen(err.text), DPT_ERROR_TEXT - 1);
	errno = 123456;
	dpt_fail_errno(&err, name);
	ck_assert_uint_eq(strlen(err.text), DPT_ERROR_TEXT - 1);
}
END_TEST

/* -------------------------------------------------------------- buffers */

static unsigned char byte_at(size_t i)
{
	return (unsigned char)(i * 31 + i / 251);
}

START_TEST(buffers_keep_what_is_added)
{
	struct dpt_buf b = {0};
	unsigned char piece[300];
	for (size_t size = 0; b.len < 200000; size = (size + 7) % 300) {
		for (size_t i = 0; i < size; i++)
			piece[i] = byte_at(b.len + i);
		size_t before = b.len;
		ck_assert(dpt_buf_add(&b, piece, size));
		ck_assert_uint_eq(b.len, before + size);
		ck_assert_uint_le(b.len, b.cap);
	}
	size_t wrong = 0;
	for (size_t i = 0; i < b.len; i++)
		wrong += (unsigned char)b.data[i] != byte_at(i);
	ck_assert_uint_eq(wrong, 0);
	dpt_buf_free(&b);
}
END_TEST

START_TEST(reserving_gives_room_and_changes_nothing)
{
	struct dpt_buf b = {0};
	ck_assert(dpt_buf_reserve(&b, 0));
	ck_assert(dpt_buf_add(&b, NULL, 0));
	ck_assert_uint_eq(b.len, 0);
	ck_assert(dpt_buf_add(&b, "abc", 3));
	for (size_t extra = 1; extra < 1000000; extra = extra * 3 + 1) {
		ck_assert(dpt_buf_reserve(&b, extra));
		ck_assert_uint_ge(b.cap - b.len, extra);
		memset(b.data + b.len, 1, extra);
		ck_assert_uint_eq(b.len, 3);
		ck_assert_int_eq(memcmp(b.data, "abc", 3), 0);
	}
	dpt_buf_free(&b);
}
END_TEST

START_TEST(reserving_the_impossible_fails_and_keeps_all)
{
	struct dpt_buf b = {0};
	ck_assert(!dpt_buf_reserve(&b, SIZE_MAX));
	ck_assert(!dpt_buf_reserve(&b, SIZE_MAX / 4 + 1));
	ck_assert(dpt_buf_add(&b, "abc", 3));
	ck_assert(!dpt_buf_reserve(&b, SIZE_MAX));
	ck_assert(!dpt_buf_reserve(&b, SIZE_MAX - 2));
	ck_assert(!dpt_buf_reserve(&b, SIZE_MAX / 4));
	ck_assert_uint_eq(b.len, 3);
	ck_assert_int_eq(memcmp(b.data, "abc", 3), 0);
	dpt_buf_free(&b);
}
END_TEST

START_TEST(freed_buffers_are_empty_and_usable)
{
	struct dpt_buf b = {0};
	dpt_buf_free(&b);
	for (int i = 0; i < 3; i++) {
		ck_assert(dpt_buf_add(&b, "abc", 3));
		dpt_buf_free(&b);
		ck_assert_ptr_null(b.data);
		ck_assert_uint_eq(b.len, 0);
		ck_assert_uint_eq(b.cap, 0);
	}
}
END_TEST

/* -------------------------------------------------------------- threads */

struct calls {
	unsigned threads;
	atomic_uint wrong;
	atomic_uint busy[64]; /* by thread */
	atomic_uint times[1000];
};

static void call(void *ctx, unsigned thread, size_t item)
{
	struct calls *c = ctx;
	if (thread >= c->threads || item >= 1000) {
		atomic_fetch_add(&c->wrong, 1);
		return;
	}
	/* nobody else has this number at the same time */
	atomic_fetch_add(&c->wrong, atomic_fetch_add(&c->busy[thread], 1));
	atomic_fetch_add(&c->times[item], 1);
	atomic_fetch_sub(&c->busy[thread], 1);
}

START_TEST(every_item_is_done_once)
{
	static const size_t items[] = {0, 1, 2, 3, 63, 1000};
	static const unsigned threads[] = {1, 2, 3, 64};
	for (size_t i = 0; i < 6; i++)
		for (size_t j = 0; j < 4; j++) {
			struct calls *c = calloc(1, sizeof *c);
			c->threads = threads[j];
			dpt_parallel(threads[j], items[i], call, c);
			for (size_t k = 0; k < 1000; k++)
				c->wrong += c->times[k] != (k < items[i]);
			ck_assert_uint_eq(c->wrong, 0);
			free(c);
		}
}
END_TEST

Suite *suite_base(void)
{
	TCase *t = tcase_create("base");
	tcase_add_test(t, every_status_has_a_name_of_its_own);
	tcase_add_test(t, failing_fills_the_error_and_returns_the_status);
	tcase_add_test(t, long_messages_are_cut_and_ended);
	tcase_add_test(t, buffers_keep_what_is_added);
	tcase_add_test(t, reserving_gives_room_and_changes_nothing);
	tcase_add_test(t, reserving_the_impossible_fails_and_keeps_all);
	tcase_add_test(t, freed_buffers_are_empty_and_usable);
	tcase_add_test(t, every_item_is_done_once);
	Suite *s = suite_create("base");
	suite_add_tcase(s, t);
	return s;
}
