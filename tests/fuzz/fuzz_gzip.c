/* SPDX-License-Identifier: MIT */
/*
 * Input that may be gzip, read in pieces of any size: bytes as they come, or
 * packed here and then damaged.  What comes out must be what zlib makes of
 * all of it at once.  The first bytes say how, the rest is the text.
 */
#define _GNU_SOURCE /* memfd_create */
#include "cli/input.h"

#include "buf.h"
#include "tiny_index.h"

#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Adds a member. */
static void pack(struct dpt_buf *out, const uint8_t *text, size_t size,
                 int level)
{
	z_stream z = {.next_in = (Bytef *)text, .avail_in = (uInt)size};
	require(deflateInit2(&z, level, Z_DEFLATED, 15 + 16, 8,
	                     Z_DEFAULT_STRATEGY) == Z_OK);
	size_t room = deflateBound(&z, (uLong)size);
	require(dpt_buf_reserve(out, room));
	z.next_out = (Bytef *)out->data + out->len;
	z.avail_out = (uInt)room;
	require(deflate(&z, Z_FINISH) == Z_STREAM_END);
	out->len += room - z.avail_out;
	deflateEnd(&z);
}

/* All members; false where they are damaged or cut off. */
static bool unpack(const struct dpt_buf *in, struct dpt_buf *out)
{
	z_stream z = {.next_in = (Bytef *)in->data, .avail_in = (uInt)in->len};
	int code = Z_STREAM_END;
	require(inflateInit2(&z, 15 + 16) == Z_OK);
	while (z.avail_in > 0 || code == Z_OK) {
		if (code == Z_STREAM_END)
			require(inflateReset(&z) == Z_OK);
		require(dpt_buf_reserve(out, 4096));
		z.next_out = (Bytef *)out->data + out->len;
		z.avail_out = 4096;
		code = inflate(&z, Z_NO_FLUSH);
		out->len += 4096 - z.avail_out;
		if (code != Z_OK && code != Z_STREAM_END)
			break;
	}
	inflateEnd(&z);
	return code == Z_STREAM_END;
}

/* The same by way of the program's input. */
static bool read_all(const struct dpt_buf *in, size_t step, struct dpt_buf *out)
{
	static struct input input;
	char name[32];
	ptrdiff_t got;
	int fd = memfd_create("fuzz", 0);
	require(fd >= 0 && write(fd, in->data, in->len) == (ptrdiff_t)in->len);
	snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
	require(input_open(&input, name));
	do {
		require(dpt_buf_reserve(out, step));
		got = input_read(&input, out->data + out->len, step);
		require(got <= (ptrdiff_t)step && input_ready(&input));
		out->len += got > 0 ? (size_t)got : 0;
	} while (got > 0);
	require(got == 0 || input.fault);
	input_close(&input);
	close(fd);
	return got == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dpt_buf in = {0}, out = {0}, right = {0};
	if (size < 5)
		return 0;
	const uint8_t *text = data + 4;
	size -= 4;
	if (data[0] & 1) {
		require(dpt_buf_add(&in, text, size));
	} else {
		size_t half = size * data[2] / 256;
		pack(&in, text, half, data[0] / 16 % 10);
		pack(&in, text + half, size - half, 6);
	}
	if (data[0] & 2)
		in.data[in.len * data[3] / 256] ^= (char)(1 << data[0] % 8);
	if (data[0] & 4)
		in.len = in.len * data[3] / 256;

	bool ok = read_all(&in, (size_t)data[1] + 1, &out);
	if (in.len >= 2 && !memcmp(in.data, "\x1f\x8b", 2))
		require(unpack(&in, &right) == ok);
	else
		require(ok && dpt_buf_add(&right, in.data, in.len));
	require(out.len == right.len &&
	        (!out.len || !memcmp(out.data, right.data, out.len)));
	/* neither half can be wrong without being found out */
	require(data[0] & 7 ||
	        (out.len == size && !memcmp(out.data, text, size)));
	dpt_buf_free(&in);
	dpt_buf_free(&out);
	dpt_buf_free(&right);
	return 0;
}
