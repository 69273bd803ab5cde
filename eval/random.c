/* SPDX-License-Identifier: MIT */
#include "random.h"

#include <math.h>

static uint64_t next(struct random_state *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15U;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
	z = (z ^ z >> 27) * 0x94d049bb133111ebU;
	return z ^ z >> 31;
}

double random_unit(struct random_state *r)
{
	return ((double)(next(r) >> 12) + 0.5) * 0x1p-52;
}

/* Box and Muller 1958. */
void random_normals(struct random_state *r, size_t n, double *out)
{
	for (size_t i = 0; i < n; i += 2) {
		double length = sqrt(-2 * log(random_unit(r)));
		double angle = 2 * acos(-1) * random_unit(r);
		out[i] = length * cos(angle);
		if (i + 1 < n)
			out[i + 1] = length * sin(angle);
	}
}

size_t random_below(struct random_state *r, size_t n)
{
	return (size_t)(random_unit(r) * (double)n);
}
