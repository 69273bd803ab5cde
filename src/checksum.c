/* SPDX-License-Identifier: MIT */
#include "checksum.h"

#include <errno.h>
#include <unistd.h>
#define XXH_STATIC_LINKING_ONLY /* a state on the stack */
#include <xxhash.h>
#if defined(__x86_64__)
#include <xxh_x86dispatch.h> /* redefines XXH3_64bits */
#endif

uint64_t dpt_checksum(const void *data, size_t size)
{
	return XXH3_64bits(data, size);
}

uint64_t dpt_checksum_on(uint64_t seed, const void *data, size_t size)
{
	return XXH3_64bits_withSeed(data, size, seed);
}

static bool read_all(int fd, uint64_t at, size_t bytes, char *to)
{
	while (bytes > 0) {
		ssize_t got = pread(fd, to, bytes, (off_t)at);
		if (got < 0 && errno == EINTR)
			continue;
		if (got == 0)
			errno = ENODATA; /* it was longer a moment ago */
		if (got <= 0)
			return false;
		to += got;
		at += (uint64_t)got;
		bytes -= (size_t)got;
	}
	return true;
}

bool dpt_checksum_file(int fd, uint64_t at, uint64_t bytes, size_t piece,
                       dpt_piece_fn *show, void *ctx, uint64_t *sum)
{
	_Alignas(64) char buffer[DPT_PIECE];
	XXH3_state_t state;
	XXH3_INITSTATE(&state);
	XXH3_64bits_reset(&state);
	for (uint64_t done = 0; done < bytes; done += piece) {
		if (piece > bytes - done)
			piece = (size_t)(bytes - done);
		if (!read_all(fd, at + done, piece, buffer))
			return false;
		XXH3_64bits_update(&state, buffer, piece);
		show(ctx, done, buffer, piece);
	}
	*sum = XXH3_64bits_digest(&state);
	return true;
}
