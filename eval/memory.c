/* SPDX-License-Identifier: MIT */
#include "memory.h"

#include "msg.h"

#include <stdlib.h>

void *memory_check(void *p)
{
	if (!p) {
		msg("out of memory");
		exit(EXIT_FAILED);
	}
	return p;
}

void *memory_new(size_t n, size_t size)
{
	return memory_check(calloc(n ? n : 1, size));
}

void *memory_room(void *p, size_t *room, size_t need, size_t size)
{
	if (p && need <= *room)
		return p;
	size_t more = *room < 32 ? 64 : *room + *room / 2;
	*room = more > need ? more : need;
	return memory_check(reallocarray(p, *room, size));
}
