/* SPDX-License-Identifier: MIT */
#include "names.h"

#include "memory.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

struct name {
	const char *text;
	size_t len;
	int id;
	char own[];
};

static int compare(const void *a, const void *b)
{
	const struct name *p = a, *q = b;
	if (p->len != q->len)
		return p->len < q->len ? -1 : 1;
	return memcmp(p->text, q->text, p->len);
}

static struct name *name_new(const char *text, size_t len, size_t id)
{
	struct name *name = memory_new(1, sizeof *name + len + 1);
	memcpy(name->own, text, len);
	name->text = name->own;
	name->len = len;
	name->id = (int)id;
	return name;
}

int names_find(const struct names *names, const char *text, size_t len)
{
	struct name key = {.text = text, .len = len};
	struct name **found = tfind(&key, &names->root, compare);
	return found ? (*found)->id : -1;
}

int names_add(struct names *names, const char *text, size_t len)
{
	int id = names_find(names, text, len);
	if (id >= 0)
		return id;
	names->list = memory_room(names->list, &names->room, names->n + 1,
	                          sizeof *names->list);
	struct name *name = name_new(text, len, names->n);
	names->list[names->n++] = name;
	memory_check(tsearch(name, &names->root, compare));
	return name->id;
}

const char *names_text(const struct names *names, size_t id)
{
	return names->list[id]->text;
}

void names_free(struct names *names)
{
	for (size_t i = 0; i < names->n; i++) {
		tdelete(names->list[i], &names->root, compare);
		free(names->list[i]);
	}
	free(names->list);
	*names = (struct names){0};
}
