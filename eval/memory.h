/* SPDX-License-Identifier: MIT */
/* Memory that is there: where there is none, the program ends and says so. */
#ifndef EVAL_MEMORY_H
#define EVAL_MEMORY_H

#include <stddef.h>

/* p, which is not NULL. */
void *memory_check(void *p);

/* n items of a size, all zero. */
void *memory_new(size_t n, size_t size);

/* p, of *room items of a size, made larger when need are more than that. */
void *memory_room(void *p, size_t *room, size_t need, size_t size);

#endif
