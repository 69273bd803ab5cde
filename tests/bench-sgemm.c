/* SPDX-License-Identifier: MIT */
/*
 * What the machine can multiply at best: nanoseconds of a product of two
 * square float matrices of 2048 rows, the shortest of some seven.
 *
 *     bench-sgemm THREADS
 *     bench-sgemm            the processor that OpenBLAS takes this one for
 */
#include "bench.h"

#include <cblas.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROWS = 2048, TIMES = 7 };

int main(int argc, char **argv)
{
	size_t cells = (size_t)ROWS * ROWS;
	float *a = malloc(3 * cells * sizeof *a);
	int64_t best = INT64_MAX;
	if (argc < 2) {
		puts(openblas_get_corename());
		free(a);
		return 0;
	}
	if (!a)
		return 1;
	for (size_t i = 0; i < 3 * cells; i++)
		a[i] = (float)(i % 251) / 251;
	openblas_set_num_threads(atoi(argv[1]));
	for (int i = 0; i < TIMES; i++) {
		int64_t started = now();
		cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, ROWS, ROWS,
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
