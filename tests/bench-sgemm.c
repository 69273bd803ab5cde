/* SPDX-License-Identifier: MIT */
/*
 * What the machine can multiply at best: nanoseconds of a product of two
 * square float matrices of 2048 rows, the shortest of some seven.
 *
 *     bench-sgemm THREADS
 *     bench-sgemm            the OpenBLAS there is, and what it works as
 */
#include "bench.h"
#include "blas.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROWS = 2048, TIMES = 7 };

int main(int argc, char **argv)
{
	size_t cells = (size_t)ROWS * ROWS;
	float *a = malloc(3 * cells * sizeof *a);
	int64_t best = INT64_MAX;
	const struct dpt_blas *blas;
	dpt_error err;
	setenv("OPENBLAS_NUM_THREADS", argc < 2 ? "1" : argv[1], 1);
	if (!a || dpt_blas_load(&blas, &err)) {
		free(a);
		return 1;
	}
	if (argc < 2) {
		puts(blas->config());
		free(a);
		return 0;
	}
	for (size_t i = 0; i < 3 * cells; i++)
		a[i] = (float)(i % 251) / 251;
	for (int i = 0; i < TIMES; i++) {
		int64_t started = now();
		blas->sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, ROWS, ROWS,
		            ROWS, 1, a, ROWS, a + cells, ROWS, 0, a + 2 * cells,
		            ROWS);
		int64_t took = now() - started;
		if (took < best)
			best = took;
	}
	free(a);
	printf("%" PRId64 "\n", best);
	return 0;
}
