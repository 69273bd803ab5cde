/* SPDX-License-Identifier: MIT */
#include "manifest.h"

#include "memory.h"
#include "msg.h"

#include <errno.h>
#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct place {
	const char *path;
	size_t line;
};

static bool fault(const struct place *at, const char *what)
{
	msg("%s:%zu: %s", at->path, at->line, what);
	return false;
}

static bool add_entry(struct manifest *m, const char *name)
{
	m->entry = memory_room(m->entry, &m->room, m->n + 1, sizeof *m->entry);
	m->entry[m->n++] = (struct manifest_entry){
	    .name = memory_check(strdup(name)), .baseline = NAN};
	return true;
}

/* "SHA256 FILE". */
static bool add_sum(struct manifest_entry *e, const struct place *at,
                    char *value)
{
	char *file = strchr(value, ' ');
	if (!file || file - value != 64)
		return fault(at, "no SHA-256 and file");
	*file++ = 0;
	e->sum = memory_room(e->sum, &e->room, e->sums + 1, sizeof *e->sum);
	e->sum[e->sums++] =
	    (struct manifest_sum){.hex = memory_check(strdup(value)),
	                          .file = memory_check(strdup(file))};
	return true;
}

static bool set_text(char **text, const struct place *at, const char *value)
{
	if (*text)
		return fault(at, "the key has been there");
	*text = memory_check(strdup(value));
	return true;
}

static bool set_number(double *number, const struct place *at,
                       const char *value)
{
	char *end;
	*number = strtod(value, &end);
	return *end || !(*number > 0 && *number <= 1e6) ? fault(at, "no number")
	                                                : true;
}

static bool set_format(struct manifest_entry *e, const struct place *at,
                       const char *value)
{
	e->format = corpus_format_named(value);
	return e->format ? true : fault(at, "no format of that name");
}

static bool set_split(struct manifest_entry *e, const struct place *at,
                      const char *value)
{
	double split;
	bool ok = set_number(&split, at, value);
	e->split = ok ? (size_t)split : 0;
	return ok && e->split < 2 ? fault(at, "a split is 2 or more") : ok;
}

static bool set_key(struct manifest_entry *e, const struct place *at,
                    const char *key, char *value)
{
	if (strcmp(key, "format") == 0)
		return set_format(e, at, value);
	if (strcmp(key, "train") == 0)
		return set_text(&e->train, at, value);
	if (strcmp(key, "test") == 0)
		return set_text(&e->test, at, value);
	if (strcmp(key, "split") == 0)
		return set_split(e, at, value);
	if (strcmp(key, "unique") == 0) {
		e->unique = strcmp(value, "yes") == 0;
		return true;
	}
	if (strcmp(key, "baseline") == 0)
		return set_number(&e->baseline, at, value);
	if (strcmp(key, "licence") == 0)
		return set_text(&e->licence, at, value);
	if (strcmp(key, "obtain") == 0)
		return set_text(&e->obtain, at, value);
	if (strcmp(key, "sha256") == 0)
		return add_sum(e, at, value);
	return fault(at, "no such key");
}

/* "KEY VALUE", with any blanks between them; comments have been left out. */
static bool take_line(struct manifest *m, const struct place *at, char *line)
{
	size_t n = strcspn(line, " "), gap = strspn(line + n, " ");
	char *value = line + n + gap;
	if (n == 0 || !*value)
		return fault(at, "no key and value");
	line[n] = 0;
	if (strcmp(line, "corpus") == 0)
		return add_entry(m, value);
	if (m->n == 0)
		return fault(at, "the first key must be corpus");
	return set_key(&m->entry[m->n - 1], at, line, value);
}

/* Whether all entries say what must be said. */
static bool is_complete(const struct manifest *m, const char *path)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct manifest_entry *e = &m->entry[i];
		bool both = e->format && e->format->has_parts;
		if (e->format && e->train && (e->test || e->split || both) &&
		    !(e->test && e->split))
			continue;
		msg("%s: %s: needs format, train, and test or split", path,
		    e->name);
		return false;
	}
	return true;
}

bool manifest_read(struct manifest *m, const char *path)
{
	char *bytes, *rest;
	size_t size;
	bool ok = true;
	struct place at = {path, 0};
	*m = (struct manifest){0};
	if (!corpus_load(path, &bytes, &size))
		return false;
	bytes[size] = 0;
	for (char *line = bytes; ok && line; line = rest) {
		rest = strchr(line, '\n');
		if (rest)
			*rest++ = 0;
		at.line++;
		if (*line && *line != '#')
			ok = take_line(m, &at, line);
	}
	free(bytes);
	return ok && is_complete(m, path);
}

const struct manifest_entry *manifest_find(const struct manifest *m,
                                           const char *name)
{
	for (size_t i = 0; i < m->n; i++)
		if (strcmp(m->entry[i].name, name) == 0)
			return &m->entry[i];
	return NULL;
}

static void entry_free(struct manifest_entry *e)
{
	for (size_t i = 0; i < e->sums; i++) {
		free(e->sum[i].hex);
		free(e->sum[i].file);
	}
	free(e->sum);
	free(e->name);
	free(e->train);
	free(e->test);
	free(e->licence);
	free(e->obtain);
}

void manifest_free(struct manifest *m)
{
	for (size_t i = 0; i < m->n; i++)
		entry_free(&m->entry[i]);
	free(m->entry);
	*m = (struct manifest){0};
}

/* ------------------------------------------------------------ checksums */

/* In lower-case hexadecimal digits. */
static bool sha256(const char *path, char hex[65])
{
	crypto_hash_sha256_state state;
	unsigned char sum[crypto_hash_sha256_BYTES], bytes[1 << 14];
	FILE *f = fopen(path, "rbe");
	size_t n;
	if (!f)
		return false;
	crypto_hash_sha256_init(&state);
	while ((n = fread(bytes, 1, sizeof bytes, f)) > 0)
		crypto_hash_sha256_update(&state, bytes, n);
	bool ok = !ferror(f);
	fclose(f);
	crypto_hash_sha256_final(&state, sum);
	sodium_bin2hex(hex, 65, sum, sizeof sum);
	return ok;
}

bool manifest_check(const struct manifest_entry *e, const char *folder)
{
	bool ok = true;
	for (size_t i = 0; ok && i < e->sums; i++) {
		char hex[65];
		const char *file = e->sum[i].file;
		size_t size = strlen(folder) + strlen(file) + 2;
		char *path = memory_new(size, 1);
		snprintf(path, size, "%s/%s", folder, file);
		ok = sha256(path, hex);
		if (!ok)
			msg("%s: %s", path, strerror(errno));
		else if (strcmp(hex, e->sum[i].hex) != 0)
			ok = (msg("%s: not the file of the manifest: its "
			          "SHA-256 is %s",
			          path, hex),
			      false);
		free(path);
	}
	return ok;
}
