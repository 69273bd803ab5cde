/* SPDX-License-Identifier: MIT */
/* Things made when they are first needed, by whichever thread comes first. */
#ifndef DPT_ONCE_H
#define DPT_ONCE_H

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Of one thing: 0 at first, and then what its maker says. */
typedef _Atomic uint32_t dpt_once;
#define DPT_ONCE_BEGUN UINT32_MAX

/* What was said of it, or 0 if it is not there yet. */
static inline uint32_t dpt_once_said(const dpt_once *once)
{
	uint32_t said = atomic_load_explicit(once, memory_order_acquire);
	return said == DPT_ONCE_BEGUN ? 0 : said;
}

/*
 * Whether it is for the caller to make the thing, who calls dpt_once_end then.
 * Otherwise it is there, if need be because another thread was waited for.
 */
static inline bool dpt_once_begin(dpt_once *once)
{
	uint32_t nothing = 0;
	if (dpt_once_said(once))
		return false;
	if (atomic_compare_exchange_strong(once, &nothing, DPT_ONCE_BEGUN))
		return true;
	while (!dpt_once_said(once))
		sched_yield();
	return false;
}

/* said is neither 0 nor DPT_ONCE_BEGUN. */
static inline void dpt_once_end(dpt_once *once, uint32_t said)
{
	atomic_store_explicit(once, said, memory_order_release);
}

#endif
