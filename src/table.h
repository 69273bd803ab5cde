/* SPDX-License-Identifier: MIT */
/* Memory for tables that are read here and there. */
#ifndef DPT_TABLE_H
#define DPT_TABLE_H

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define DPT_LINE 64U /* bytes of a line of the cache */
#define DPT_HUGE_PAGE ((size_t)2 << 20)
#define DPT_LARGE (DPT_HUGE_PAGE / 8)

/*
 * Room for bytes, not cleared, to be freed by free; NULL when out of memory.
 * It begins on a cache line.  A large one is in huge pages where the system
 * has them: the processor does not find the others as quickly.
 */
static inline void *dpt_table_new(size_t bytes)
{
	size_t unit = bytes < DPT_LARGE ? DPT_LINE : DPT_HUGE_PAGE;
	size_t room = (bytes + unit - 1) / unit * unit;
	void *table = aligned_alloc(unit, room > 0 ? room : unit);
#ifdef MADV_HUGEPAGE
	if (table && bytes >= DPT_LARGE)
		(void)madvise(table, room, MADV_HUGEPAGE);
#endif
	return table;
}

/* The same, cleared. */
static inline void *dpt_table_zero(size_t bytes)
{
	void *table = dpt_table_new(bytes);
	return table ? memset(table, 0, bytes) : NULL;
}

#endif
