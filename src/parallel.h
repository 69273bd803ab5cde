/* SPDX-License-Identifier: MIT */
/* Work shared out over threads. */
#ifndef DPT_PARALLEL_H
#define DPT_PARALLEL_H

#include "dptext.h"

typedef void dpt_item_fn(void *ctx, unsigned thread, size_t item);

/*
 * Calls fn once for each item below items, on up to threads threads (the
 * caller's included); thread numbers are below threads.  When the system
 * gives no more threads, those there are do all the work.
 */
void dpt_parallel(unsigned threads, size_t items, dpt_item_fn *fn, void *ctx);

#endif
