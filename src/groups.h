/* SPDX-License-Identifier: MIT */
/* What the records of each group cost together, without its name. */
#ifndef DPT_GROUPS_H
#define DPT_GROUPS_H

#include "dptext.h"

#define DPT_NOT_KNOWN UINT64_MAX /* an epsilon */

/* A record as a member of its group. */
struct dpt_member {
	uint64_t group; /* hash of its name */
	uint64_t words;
	uint64_t epsilon; /* in millionths, or DPT_NOT_KNOWN */
};

struct dpt_members {
	struct dpt_member *member;
	size_t count, room;
};

DPT_MUST_USE bool dpt_members_add(struct dpt_members *m,
                                  struct dpt_member member);
void dpt_members_free(struct dpt_members *m);

/* Depends on the key of the groups; may be called by several threads. */
uint64_t dpt_group_hash(const dpt_groups *groups, const char *name, size_t len);

/* False when out of memory. */
DPT_MUST_USE bool dpt_groups_add(dpt_groups *groups,
                                 const struct dpt_members *members);

#endif
