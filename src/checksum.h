/* SPDX-License-Identifier: MIT */
/* XXH3 of much data, by the widest vectors the processor has. */
#ifndef DPT_CHECKSUM_H
#define DPT_CHECKSUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

uint64_t dpt_checksum(const void *data, size_t size);
/* The same from a seed: that of what is before, or 0. */
uint64_t dpt_checksum_on(uint64_t seed, const void *data, size_t size);

#define DPT_PIECE ((size_t)128 << 10)

/* Shown one piece after the other: bytes at an offset from the first. */
typedef void dpt_piece_fn(void *ctx, uint64_t offset, const void *piece,
                          size_t bytes);

/*
 * The same of bytes of a file from offset at on, which are read in pieces of
 * so many bytes, at most DPT_PIECE, but for the last; false with errno where
 * they cannot be.
 */
bool dpt_checksum_file(int fd, uint64_t at, uint64_t bytes, size_t piece,
                       dpt_piece_fn *show, void *ctx, uint64_t *sum);

#endif
