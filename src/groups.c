/* SPDX-License-Identifier: MIT */
/*
 * An open-addressed table.  Its hashes are those of a secret key, so nobody
 * can choose names that collide in it; two groups of 64 equal bits would be
 * taken for one, which overstates what they cost.
 */
#include "groups.h"

#include "error.h"
#include "rng.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 1024 /* a power of two */
#define PURPOSE 100     /* of the key; those of rewrite.c count from 0 */

/* Without records there is none. */
struct group {
	uint64_t hash, records, words, epsilon;
};

struct dpt_groups {
	unsigned char key[crypto_shorthash_KEYBYTES];
	struct group *group;
	size_t count, room;
	bool not_known; /* what some of them cost */
};

enum dpt_status dpt_groups_new(const dpt_key *key, dpt_groups **out,
                               dpt_error *err)
{
	dpt_key derived;
	*out = NULL;
	dpt_groups *g = calloc(1, sizeof *g);
	if (!g)
		return dpt_fail_memory(err);
	dpt_key_derive(&derived, key, PURPOSE);
	memcpy(g->key, derived.byte, sizeof g->key);
	dpt_key_wipe(&derived);
	*out = g;
	return DPT_OK;
}

void dpt_groups_free(dpt_groups *g)
{
	if (!g)
		return;
	free(g->group);
	sodium_memzero(g, sizeof *g);
	free(g);
}

uint64_t dpt_group_hash(const dpt_groups *g, const char *name, size_t len)
{
	uint64_t hash;
	unsigned char bytes[crypto_shorthash_BYTES];
	crypto_shorthash(bytes, (const unsigned char *)name, len, g->key);
	memcpy(&hash, bytes, sizeof hash);
	return hash;
}

/* Where a group is, or where there is room for it. */
static struct group *find(struct group *table, size_t room, uint64_t hash)
{
	size_t i = hash & (room - 1);
	while (table[i].records > 0 && table[i].hash != hash)
		i = (i + 1) & (room - 1);
	return &table[i];
}

static bool make_room(dpt_groups *g)
{
	if (g->count < g->room / 4 * 3)
		return true;
	size_t room = g->room ? 2 * g->room : FIRST_ROOM;
	struct group *larger = calloc(room, sizeof *larger);
	if (!larger)
		return false;
	for (size_t i = 0; i < g->room; i++)
		if (g->group[i].records > 0)
			*find(larger, room, g->group[i].hash) = g->group[i];
	free(g->group);
	g->group = larger;
	g->room = room;
	return true;
}

bool dpt_groups_add(dpt_groups *g, const struct dpt_members *members)
{
	for (size_t i = 0; i < members->count; i++) {
		const struct dpt_member *m = &members->member[i];
		if (!make_room(g))
			return false;
		struct group *group = find(g->group, g->room, m->group);
		g->count += group->records == 0;
		group->hash = m->group;
		group->records++;
		group->words += m->words;
		group->epsilon += m->epsilon;
		g->not_known = g->not_known || m->epsilon == DPT_NOT_KNOWN;
	}
	return true;
}

void dpt_groups_count(const dpt_groups *g, struct dpt_group_counts *out)
{
	*out = (struct dpt_group_counts){0};
	for (size_t i = 0; i < g->room; i++) {
		const struct group *group = &g->group[i];
		if (group->records == 0)
			continue;
		dpt_spread_add(&out->records, group->records);
		dpt_spread_add(&out->words, group->words);
		if (!g->not_known)
			dpt_spread_add(&out->epsilon, group->epsilon);
	}
}

bool dpt_members_add(struct dpt_members *m, struct dpt_member member)
{
	if (m->count == m->room) {
		size_t room = m->room ? 2 * m->room : 256;
		void *larger = realloc(m->member, room * sizeof *m->member);
		if (!larger)
			return false;
		m->member = larger;
		m->room = room;
	}
	m->member[m->count++] = member;
	return true;
}

void dpt_members_free(struct dpt_members *m)
{
	free(m->member);
	*m = (struct dpt_members){0};
}
