/* SPDX-License-Identifier: MIT */
#include "input.h"

#include "msg.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool input_open(struct input *in, const char *name)
{
	struct stat st;
	bool is_stdin = strcmp(name, "-") == 0;
	memset(in, 0, offsetof(struct input, raw));
	in->name = is_stdin ? "(standard input)" : name;
	in->fd = is_stdin ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
	if (in->fd < 0 || fstat(in->fd, &st) != 0) {
		msg("%s: %s", name, strerror(errno));
		return false;
	}
	if (S_ISREG(st.st_mode))
		in->size = (double)st.st_size;
	return true;
}

/* ------------------------------------------------------------------- gzip */

/* The window of inflate holds private text: it is wiped. */
struct block {
	_Alignas(max_align_t) size_t size;
};

static voidpf get_block(voidpf ctx, uInt items, uInt size)
{
	(void)ctx;
	size_t bytes = (size_t)items * size;
	struct block *b = malloc(sizeof *b + bytes);
	if (!b)
		return Z_NULL;
	b->size = bytes;
	return b + 1;
}

static void wipe_block(voidpf ctx, voidpf memory)
{
	(void)ctx;
	struct block *b = (struct block *)memory - 1;
	explicit_bzero(memory, b->size);
	free(b);
}

static bool start_gzip(struct input *in)
{
	in->z = (z_stream){.zalloc = get_block, .zfree = wipe_block};
	if (inflateInit2(&in->z, 15 + 16) != Z_OK) {
		errno = ENOMEM;
		return false;
	}
	in->gzip = true;
	in->size = 0; /* known for what it is, not for what it holds */
	return true;
}

static ptrdiff_t fail(struct input *in, const char *fault)
{
	in->fault = fault;
	errno = EIO;
	return -1;
}

static ptrdiff_t read_raw(struct input *in)
{
	if (in->at == in->end)
		in->at = in->end = 0;
	ptrdiff_t n = read(in->fd, in->raw + in->end, sizeof in->raw - in->end);
	if (n > 0)
		in->end += (size_t)n;
	if (in->end > in->used)
		in->used = in->end;
	return n;
}

/* Inflates what is there; whatever came out before a fault is good. */
static int inflate_some(struct input *in)
{
	in->z.next_in = in->raw + in->at;
	in->z.avail_in = (uInt)(in->end - in->at);
	in->within = true;
	int code = inflate(&in->z, Z_NO_FLUSH);
	in->at = in->end - in->z.avail_in;
	in->full = in->z.avail_out == 0;
	if (code == Z_STREAM_END) {
		in->within = in->full = false; /* another may follow */
		return inflateReset(&in->z);
	}
	return code == Z_BUF_ERROR ? Z_OK : code;
}

static ptrdiff_t read_gzip(struct input *in, void *buffer, size_t size)
{
	uInt room = size < 1 << 30 ? (uInt)size : 1 << 30;
	in->z.next_out = buffer;
	in->z.avail_out = room;
	while (in->z.avail_out == room) {
		if (in->at == in->end && !in->full) {
			ptrdiff_t n = read_raw(in);
			if (n == 0 && in->within)
				return fail(in, "the gzip data end too soon");
			if (n <= 0)
				return n;
		}
		int code = inflate_some(in);
		if (code == Z_MEM_ERROR) {
			errno = ENOMEM;
			return -1;
		}
		if (code != Z_OK && in->z.avail_out == room)
			return fail(in, "damaged gzip data");
	}
	return (ptrdiff_t)(room - in->z.avail_out);
}

/* ---------------------------------------------------------------- reading */

/* Whether the first bytes say that it is gzip; no text begins with them. */
static bool is_gzip(const struct input *in)
{
	return in->end >= 2 && in->raw[0] == 0x1f && in->raw[1] == 0x8b;
}

/* Reads until it is clear what it is; at its end that is clear too. */
static bool look(struct input *in)
{
	ptrdiff_t n;
	do {
		n = read_raw(in);
		if (n < 0)
			return false;
	} while (n > 0 && in->end < 2 && in->raw[0] == 0x1f);
	if (is_gzip(in) && !start_gzip(in))
		return false;
	in->seen = true;
	return true;
}

ptrdiff_t input_read(struct input *in, void *buffer, size_t size)
{
	if (!in->seen && !look(in))
		return -1;
	if (in->gzip)
		return read_gzip(in, buffer, size);
	size_t have = in->end - in->at;
	if (have == 0)
		return read(in->fd, buffer, size);
	have = have < size ? have : size;
	memcpy(buffer, in->raw + in->at, have);
	in->at += have;
	return (ptrdiff_t)have;
}

bool input_waits(const struct input *in, int within)
{
	struct pollfd p = {.fd = in->fd, .events = POLLIN};
	return poll(&p, 1, within) > 0;
}

bool input_ready(const struct input *in)
{
	return in->at < in->end || in->full || input_waits(in, 0);
}

void input_close(struct input *in)
{
	if (in->gzip)
		inflateEnd(&in->z);
	if (in->fd > STDIN_FILENO)
		close(in->fd);
	explicit_bzero(in->raw, in->used);
}
