/* SPDX-License-Identifier: MIT */
/* XXH3 of much data, by the widest vectors the processor has. */
#ifndef DPT_CHECKSUM_H
#define DPT_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

uint64_t dpt_checksum(const void *data, size_t size);

#endif
