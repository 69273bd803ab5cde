/* SPDX-License-Identifier: MIT */
/* Things made when they are first needed, by whichever thread comes first. */
#ifndef DPT_ONCE_H
#define DPT_ONCE_H

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

/* Of one thing; 0 at first. */
typedef atomic_uchar dpt_once;

enum { DPT_ONCE_NOT, DPT_ONCE_BEGUN, DPT_ONCE_DONE };

/*
 * Whether it is for the caller to make the thing, who calls dpt_once_end then.
 * Otherwise it is there, if need be because another thread was waited for.
 */
static inline bool dpt_once_begin(dpt_once *once)
{
	unsigned char not_yet = DPT_ONCE_NOT;
	if (atomic_load_explicit(once, memory_order_acquire) == DPT_ONCE_DONE)
		return false;
	if (atomic_compare_exchange_strong(once, &not_yet, DPT_ONCE_BEGUN))
		return true;
	while (atomic_load_explicit(once, memory_order_acquire) !=
	       DPT_ONCE_DONE)
		sched_yield();
	return false;
}

static inline void dpt_once_end(dpt_once *once)
{
	atomic_store_explicit(once, DPT_ONCE_DONE, memory_order_release);
}

#endif
