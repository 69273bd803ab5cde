/* SPDX-License-Identifier: MIT */
#include "store.h"

#include "corpus.h"
#include "memory.h"
#include "msg.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static struct store_item *find(const struct store *s, const char *config)
{
	for (size_t i = 0; i < s->items; i++)
		if (strcmp(s->item[i].config, config) == 0)
			return &s->item[i];
	return NULL;
}

const char *store_find(const struct store *s, const char *config)
{
	const struct store_item *item = find(s, config);
	return item ? item->figures : NULL;
}

static void append(char **text, const char *line, size_t len)
{
	size_t n = *text ? strlen(*text) : 0;
	*text = memory_check(realloc(*text, n + len + 2));
	memcpy(*text + n, line, len);
	memcpy(*text + n + len, "\n", 2);
}

/* Settings with one channel have the same figures, which are kept once. */
void store_add(struct store *s, const char *config, const char *figures,
               size_t len)
{
	struct store_item *item = find(s, config);
	if (!item) {
		s->item = memory_room(s->item, &s->room, s->items + 1,
		                      sizeof *s->item);
		item = &s->item[s->items++];
		*item =
		    (struct store_item){.config = memory_check(strdup(config))};
	}
	for (const char *at = item->figures; at && *at;
	     at = strchr(at, '\n') + 1)
		if (strncmp(at, figures, len) == 0 && at[len] == '\n')
			return;
	append(&item->figures, figures, len);
}

/* -------------------------------------------------------------- reading */

static size_t columns(const char *row)
{
	size_t n = 1;
	for (; *row; row++)
		n += *row == '\t';
	return n;
}

/* A row with as many columns as the header. */
static void take_row(struct store *s, char *row)
{
	const char *figures = row, *config = strrchr(row, '\t');
	for (size_t i = 0; i < s->lead; i++)
		figures = strchr(figures, '\t') + 1;
	store_add(s, config + 1, figures, (size_t)(config - figures));
}

/* Whether this run will put something in its place. */
static bool is_asked(const struct store *s, const char *row)
{
	const char *end = row;
	for (size_t i = 0; i < s->key; i++)
		end = strchr(end, '\t') + 1;
	return names_find(s->asked, row, (size_t)(end - 1 - row)) >= 0;
}

/* Lines with # belong to the rows behind them, as long as one is left. */
static void leave_row(struct store *s, const char *row, char **notes)
{
	if (*notes)
		append(&s->others, *notes, strlen(*notes) - 1);
	free(*notes);
	*notes = NULL;
	append(&s->others, row, strlen(row));
}

static bool take_lines(struct store *s, char *text)
{
	char *rest, *notes = NULL;
	bool header = false, noted = false, ok = true;
	for (char *line = text; ok && *line; line = rest) {
		size_t n = strcspn(line, "\n");
		rest = line + n + (line[n] == '\n');
		line[n] = 0;
		if (*line == '#') {
			if (!noted && notes)
				*notes = 0;
			append(&notes, line, n);
		} else if (!header) {
			ok = header = strcmp(line, s->header) == 0;
		} else if (columns(line) != columns(s->header)) {
			ok = false;
		} else {
			take_row(s, line);
			if (!is_asked(s, line))
				leave_row(s, line, &notes);
		}
		noted = *line == '#';
	}
	free(notes);
	return ok;
}

bool store_open(struct store *s, const char *path, const char *header,
                size_t key, size_t lead, const struct names *asked)
{
	struct stat st;
	char *bytes;
	size_t size;
	*s = (struct store){
	    .header = header, .key = key, .lead = lead, .asked = asked};
	bool there = path && stat(path, &st) == 0;
	s->keeps = path && (!there || S_ISREG(st.st_mode));
	if (!there || !s->keeps || st.st_size == 0)
		return true;
	if (!corpus_load(path, &bytes, &size))
		return false;
	bool ok = !memchr(bytes, 0, size) && take_lines(s, bytes);
	free(bytes);
	if (!ok)
		msg("%s: not a table of this command; name another, or "
		    "remove it",
		    path);
	return ok;
}

void store_free(struct store *s)
{
	for (size_t i = 0; i < s->items; i++) {
		free(s->item[i].config);
		free(s->item[i].figures);
	}
	free(s->item);
	free(s->others);
	*s = (struct store){0};
}
