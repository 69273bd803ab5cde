/* SPDX-License-Identifier: MIT */
#include "checksum.h"

#include <xxhash.h>
#if defined(__x86_64__)
#include <xxh_x86dispatch.h> /* redefines XXH3_64bits */
#endif

uint64_t dpt_checksum(const void *data, size_t size)
{
	return XXH3_64bits(data, size);
}
