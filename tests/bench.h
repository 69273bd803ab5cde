/* SPDX-License-Identifier: MIT */
/* The clock of the programs that tests/bench runs. */
#ifndef BENCH_H
#define BENCH_H

#include <stdint.h>
#include <time.h>

/* Nanoseconds from an arbitrary point. */
static inline int64_t now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

#endif
