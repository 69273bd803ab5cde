/* SPDX-License-Identifier: MIT */
/* The parts of a page that opens from disk: nothing is loaded from elsewhere.
 */
#ifndef EVAL_PAGE_H
#define EVAL_PAGE_H

#include "table.h"

#include <stdio.h>

/* Text with what HTML would take for its own replaced. */
void page_text(FILE *f, const char *text);

/* Everything up to the first section, and from the last one on. */
void page_start(FILE *f, const char *title, const char *lead);
void page_end(FILE *f);

/* A table that is sorted by clicks on its names. */
void page_table_start(FILE *f, const char *about);
void page_table_name(FILE *f, const char *name);
void page_table_body(FILE *f);
/* A number is aligned as such; NaN as text is a dash. */
void page_table_cell(FILE *f, const char *text);
void page_table_end(FILE *f);

/* A whole table, and the commands it says it was made by. */
void page_table(FILE *f, const struct table *t, const char *about);
void page_commands(FILE *f, const struct table *t);

#endif
