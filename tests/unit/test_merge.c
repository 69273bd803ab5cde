/* SPDX-License-Identifier: MIT */
/* Reports that are read back and put together. */
#include "fixture.h"
#include "suites.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

/* One of many kinds, over records first to last - 1. */
static struct dpt_report report_of(int kind, int first, int last)
{
	struct dpt_report r = {
	    .model = {.mechanism = dpt_mechanism_at((size_t)kind % 4),
	              .epsilon_requested = kind % 3 ? 2.5 : 0,
	              .epsilon_verified = kind % 4 == 3 ? NAN : 2.375,
	              .unchanged_token_mean = 1 / 3.0,
	              .value = {0.1, INFINITY, 1 / 7.0, 4, 64}},
	    .index = {.checksum = UINT64_C(0xfedcba9876543210),
	              .distance_max = 1e3 / 7},
	    .reports = 1,
	    .max_unchanged = kind % 2 ? NAN : 0.5,
	    .worst_case_loss = kind % 5 ? 20 / 3.0 : NAN,
	    .delta = 1e-7,
	    .grouped = kind % 2 == 1,
	    .consistent = kind % 7 == 6,
	    .reproducible = kind % 3 == 1,
	    .complete = kind % 3 != 2};
	if (kind % 6 == 4) {
		r.model.budget = 30.5;
		r.model.rungs = 3;
		r.model.rung[1] = (struct dpt_rung){0.1, 0.0999};
		r.model.rung[2] = (struct dpt_rung){2.5, 2.375};
		r.worst_case_loss = NAN;
	}
	if (r.consistent || r.model.budget > 0)
		r.delta = NAN;
	for (int i = first; i < last; i++) {
		uint64_t words = (uint64_t)(i * 37 % 200);
		struct dpt_counts *c = &r.counts;
		c->records++;
		c->words += words;
		c->unchanged += words / 2;
		c->outside += words / 8;
		c->bytes_in += 7 * words;
		c->bytes_out += UINT64_MAX / 1000;
		c->rung_records[(i % 3) * (r.model.rungs > 0)]++;
		c->rung_words[(i % 3) * (r.model.rungs > 0)] += words;
		dpt_spread_add(&c->record_words, words);
		if (kind % 4 != 3)
			dpt_spread_add(&c->record_epsilon, words * 2375000);
		if (r.grouped) {
			dpt_spread_add(&r.groups.records, words / 9);
			dpt_spread_add(&r.groups.words, words);
			dpt_spread_add(&r.groups.epsilon, words * 2375000);
		}
	}
	return r;
}

static char *written(const char *name, const struct dpt_report *report)
{
	dpt_error err = {0};
	size_t size;
	ck_assert_msg(!dpt_report_write(fx_path(name), report, &err), "%s",
	              err.text);
	char *text = fx_read(name, &size);
	text[size] = 0;
	return text;
}

static struct dpt_report read_back(const char *name)
{
	struct dpt_report report;
	dpt_error err = {0};
	ck_assert_msg(!dpt_report_read(fx_path(name), &report, &err), "%s",
	              err.text);
	return report;
}

START_TEST(what_is_read_is_written_the_same)
{
	for (int last = 0; last < 500; last = 3 * last + 1) {
		struct dpt_report before = report_of(_i, 0, last);
		char *a = written("a", &before);
		struct dpt_report after = read_back("a");
		char *b = written("b", &after);
		ck_assert_str_eq(a, b);
		free(a);
		free(b);
	}
}
END_TEST

/* Takes out all from one text up to another. */
static void drop(char *text, const char *from, const char *to)
{
	char *a = strstr(text, from), *b = a ? strstr(a, to) : NULL;
	if (b)
		memmove(a, b, strlen(b) + 1);
}

/* Parts add up to the whole, but for groups, of which there are bounds. */
START_TEST(parts_add_up)
{
	struct dpt_report whole = report_of(_i, 0, 400);
	struct dpt_report part[3] = {report_of(_i, 0, 150),
	                             report_of(_i, 150, 151),
	                             report_of(_i, 151, 400)};
	char *parts[3];
	struct dpt_report sum;
	for (int i = 0; i < 3; i++) {
		char name[] = {(char)('0' + i), 0};
		parts[i] = written(name, &part[i]);
		part[i] = read_back(name);
		free(parts[i]);
	}
	/* in any order, and in several steps */
	sum = part[2];
	ck_assert(!dpt_report_add(&sum, &part[0], NULL));
	free(written("sum", &sum));
	sum = read_back("sum");
	ck_assert(!dpt_report_add(&part[1], &sum, NULL));
	ck_assert_uint_eq(part[1].reports, 3);
	if (whole.grouped) {
		struct dpt_group_counts *g = &part[1].groups;
		ck_assert_uint_eq(g->records.count, 400);
		ck_assert_uint_ge(g->records.most, whole.groups.records.most);
		ck_assert_uint_ge(g->words.most, whole.groups.words.most);
		ck_assert_uint_ge(g->epsilon.most, whole.groups.epsilon.most);
		ck_assert_uint_le(g->words.most, 3 * whole.groups.words.most);
	}
	char *a = written("whole", &whole), *b = written("sum", &part[1]);
	drop(a, "\"reports\"", "\"index_checksum\"");
	drop(b, "\"reports\"", "\"index_checksum\"");
	drop(a, "\"groups\"", "\"consistent\"");
	drop(b, "\"groups\"", "\"consistent\"");
	ck_assert_str_eq(a, b);
	free(a);
	free(b);
}
END_TEST

static void must_differ(const struct dpt_report *other, const char *what)
{
	struct dpt_report sum = report_of(4, 0, 10), before = sum;
	dpt_error err;
	ck_assert_int_eq(dpt_report_add(&sum, other, &err), DPT_ERANGE);
	ck_assert_msg(strstr(err.text, what) != NULL, "%s", err.text);
	ck_assert_int_eq(memcmp(&sum, &before, sizeof sum), 0);
}

START_TEST(reports_of_other_things_are_refused)
{
	struct dpt_report r = report_of(4, 0, 10);
	r.index.checksum++;
	must_differ(&r, "another index");
	r = report_of(4, 0, 10);
	r.model.mechanism = dpt_mechanism_at(1);
	must_differ(&r, "another mechanism");
	r = report_of(4, 0, 10);
	r.model.epsilon_requested = 2;
	must_differ(&r, "another epsilon");
	r = report_of(4, 0, 10);
	r.model.epsilon_verified = NAN;
	must_differ(&r, "another epsilon");
	r = report_of(4, 0, 10);
	r.model.value[1] = 5;
	must_differ(&r, "another set of parameters");
	r = report_of(4, 0, 10);
	r.model.rung[1].verified = 0.05;
	must_differ(&r, "another set of parameters");
	r = report_of(4, 0, 10);
	r.model.budget = 3;
	must_differ(&r, "another budget");
	r = report_of(4, 0, 10);
	r.max_unchanged = 0.4;
	must_differ(&r, "another largest unchanged share");
	r = report_of(4, 0, 10);
	r.delta = 0.1;
	must_differ(&r, "another delta");
	r = report_of(4, 0, 10);
	r.consistent = true;
	must_differ(&r, "another kind of guarantee");
	r = report_of(4, 0, 10);
	r.grouped = true;
	must_differ(&r, "another kind of accounts");
}
END_TEST

static void must_refuse(const char *text, size_t size, const char *what)
{
	struct dpt_report report;
	dpt_error err = {0};
	fx_write("bad", text, size);
	ck_assert_msg(dpt_report_read(fx_path("bad"), &report, &err) != DPT_OK,
	              "read in spite of %s", what);
	ck_assert_int_eq(err.status, DPT_EFORMAT);
	ck_assert_ptr_nonnull(strstr(err.text, "bad: "));
}

START_TEST(what_is_no_report_is_refused)
{
	struct dpt_report report = report_of(_i, 0, 20);
	dpt_error err;
	ck_assert_int_eq(dpt_report_read(fx_path("none"), &report, &err),
	                 DPT_EIO);
	report = report_of(_i, 0, 20);
	char *text = written("a", &report), *at;
	size_t size = strlen(text);
	must_refuse("", 0, "nothing");
	must_refuse("{}\n", 3, "an empty object");
	must_refuse("[1, 2]", 6, "an array");
	must_refuse("\377\0\1", 3, "bytes");
	for (size_t cut = 1; cut < size - 1; cut += 7)
		must_refuse(text, cut, "being cut");
	static const char *const key[] = {
	    "\"reports\": ",   "\"records\": ",
	    "\"words\": ",     "\"min\": ",
	    "\"count\": ",     "\"complete\": ",
	    "\"mechanism\": ", "\"index_checksum\": ",
	    "\"dptext\": ",    "\"epsilon_verified\": "};
	for (int i = 0; i < COUNT(key); i++) {
		at = strstr(text, key[i]);
		ck_assert_ptr_nonnull(at);
		char saved = at[strlen(key[i])];
		at[strlen(key[i])] = '[';
		must_refuse(text, size, key[i]);
		at[strlen(key[i])] = saved;
		at[1]++;
		must_refuse(text, size, key[i]);
		at[1]--;
	}
	at = strstr(text, "\"reports\": 1");
	at[11] = '0';
	must_refuse(text, size, "no reports");
	free(text);
}
END_TEST

/* A changed byte may make another report, but no harm. */
START_TEST(damaged_reports_do_no_harm)
{
	struct dpt_report report = report_of(5, 0, 30), got;
	char *text = written("a", &report);
	size_t size = strlen(text);
	struct fx_seq seq = {3};
	int refused = 0;
	for (int i = 0; i < 300; i++) {
		size_t at = fx_u64(&seq) % size;
		char saved = text[at];
		text[at] = (char)fx_u64(&seq);
		fx_write("bad", text, size);
		refused +=
		    dpt_report_read(fx_path("bad"), &got, NULL) != DPT_OK;
		text[at] = saved;
	}
	ck_assert_int_gt(refused, 100);
	free(text);
}
END_TEST

Suite *suite_merge(void)
{
	Suite *s = suite_create("merge");
	TCase *t = tcase_create("merge");
	tcase_add_unchecked_fixture(t, fx_make_dir, fx_remove_dir);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, what_is_read_is_written_the_same, 0, 14);
	tcase_add_loop_test(t, parts_add_up, 0, 14);
	tcase_add_test(t, reports_of_other_things_are_refused);
	tcase_add_loop_test(t, what_is_no_report_is_refused, 0, 4);
	tcase_add_test(t, damaged_reports_do_no_harm);
	suite_add_tcase(s, t);
	return s;
}
