/* SPDX-License-Identifier: MIT */
/* What must hold in a fuzzer, whatever it is given. */
#ifndef FUZZ_REQUIRE_H
#define FUZZ_REQUIRE_H

#include <stdbool.h>
#include <stdlib.h>

static inline void require(bool condition)
{
	if (!condition)
		abort();
}

#endif
