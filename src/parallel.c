/* SPDX-License-Identifier: MIT */
#include "parallel.h"

#include <pthread.h>
#include <stdatomic.h>

#define MAX_THREADS 256

struct job {
	dpt_item_fn *fn;
	void *ctx;
	size_t items;
	atomic_size_t next;
	atomic_uint thread;
};

static void *work(void *arg)
{
	struct job *job = arg;
	unsigned thread = atomic_fetch_add(&job->thread, 1);
	for (;;) {
		size_t item = atomic_fetch_add(&job->next, 1);
		if (item >= job->items)
			return NULL;
		job->fn(job->ctx, thread, item);
	}
}

void dpt_parallel(unsigned threads, size_t items, dpt_item_fn *fn, void *ctx)
{
	struct job job = {.fn = fn, .ctx = ctx, .items = items};
	pthread_t helper[MAX_THREADS];
	unsigned started = 0;

	if (threads > MAX_THREADS)
		threads = MAX_THREADS;
	while (started + 1 < threads && started + 1 < items) {
		if (pthread_create(&helper[started], NULL, work, &job) != 0)
			break;
		started++;
	}
	work(&job);
	for (unsigned i = 0; i < started; i++)
		pthread_join(helper[i], NULL);
}
