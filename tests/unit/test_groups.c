/* SPDX-License-Identifier: MIT */
/* Accounts of groups, against a plain list of them. */
#include "fixture.h"
#include "groups.h"
#include "suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GROUPS = 5000, RECORDS = 40000 };

static dpt_groups *groups_of(uint64_t seed)
{
	dpt_key key;
	dpt_groups *groups;
	dpt_key_from_seed(&key, seed);
	ck_assert(!dpt_groups_new(&key, &groups, NULL));
	return groups;
}

START_TEST(groups_are_told_apart_and_summed_up)
{
	static struct dpt_member sum[GROUPS]; /* group: its records */
	struct dpt_group_counts right = {0}, got;
	struct dpt_members members = {0};
	struct fx_seq seq = {11};
	dpt_groups *groups = groups_of(1);
	char name[32];
	for (int i = 0; i < RECORDS; i++) {
		uint64_t g = fx_u64(&seq) % (fx_u64(&seq) % GROUPS + 1);
		struct dpt_member m = {0, fx_u64(&seq) % 50,
		                       fx_u64(&seq) % 100000};
		snprintf(name, sizeof name, "user %d", (int)g);
		m.group = dpt_group_hash(groups, name, strlen(name));
		sum[g].group++;
		sum[g].words += m.words;
		sum[g].epsilon += m.epsilon;
		ck_assert(dpt_members_add(&members, m));
		if (i % 1000 == 999) {
			ck_assert(dpt_groups_add(groups, &members));
			members.count = 0;
		}
	}
	for (int i = 0; i < GROUPS; i++)
		if (sum[i].group > 0) {
			dpt_spread_add(&right.records, sum[i].group);
			dpt_spread_add(&right.words, sum[i].words);
			dpt_spread_add(&right.epsilon, sum[i].epsilon);
		}
	dpt_groups_count(groups, &got);
	ck_assert_int_eq(memcmp(&got, &right, sizeof got), 0);
	dpt_members_free(&members);
	dpt_groups_free(groups);
}
END_TEST

START_TEST(hashes_depend_on_key_and_name)
{
	dpt_groups *a = groups_of(1), *b = groups_of(2), *c = groups_of(1);
	ck_assert_uint_eq(dpt_group_hash(a, "x", 1), dpt_group_hash(c, "x", 1));
	ck_assert_uint_ne(dpt_group_hash(a, "x", 1), dpt_group_hash(b, "x", 1));
	ck_assert_uint_ne(dpt_group_hash(a, "x", 1), dpt_group_hash(a, "y", 1));
	ck_assert_uint_ne(dpt_group_hash(a, "x", 0), dpt_group_hash(a, "x", 1));
	dpt_groups_free(a);
	dpt_groups_free(b);
	dpt_groups_free(c);
	dpt_groups_free(NULL);
}
END_TEST

START_TEST(what_is_not_known_is_not_counted)
{
	dpt_groups *groups = groups_of(1);
	struct dpt_members members = {0};
	struct dpt_group_counts got;
	dpt_groups_count(groups, &got);
	ck_assert_uint_eq(got.records.count, 0);
	ck_assert(dpt_members_add(&members, (struct dpt_member){1, 2, 3}));
	ck_assert(dpt_members_add(&members,
	                          (struct dpt_member){2, 2, DPT_NOT_KNOWN}));
	ck_assert(dpt_groups_add(groups, &members));
	dpt_groups_count(groups, &got);
	ck_assert_uint_eq(got.records.count, 2);
	ck_assert_uint_eq(got.words.sum, 4);
	ck_assert_uint_eq(got.epsilon.count, 0);
	dpt_members_free(&members);
	dpt_groups_free(groups);
}
END_TEST

Suite *suite_groups(void)
{
	Suite *s = suite_create("groups");
	TCase *t = tcase_create("groups");
	tcase_add_test(t, groups_are_told_apart_and_summed_up);
	tcase_add_test(t, hashes_depend_on_key_and_name);
	tcase_add_test(t, what_is_not_known_is_not_counted);
	suite_add_tcase(s, t);
	return s;
}
