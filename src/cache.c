/* SPDX-License-Identifier: MIT */
#include "cache.h"

#include "checksum.h"
#include "save.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MAGIC "DPTCACHE"

/* How every file begins. */
struct head {
	char magic[8];
	uint64_t checksum; /* XXH3 of all that follows */
	uint64_t index;    /* checksum of the index */
};

/* A file is this, then the n values of Z_t(w) - 1 of the rate. */
struct entry {
	struct head head;
	struct dpt_setting setting;
	struct dpt_rate rate;
	double others[];
};

static size_t entry_bytes(const dpt_index *index)
{
	return sizeof(struct entry) + index->header->classes * sizeof(double);
}

/* Or this. */
struct values {
	struct head head;
	double value[];
};

static size_t values_bytes(const dpt_index *index)
{
	return sizeof(struct values) + index->header->classes * sizeof(double);
}

static uint64_t hash(const void *file, size_t bytes)
{
	size_t from = offsetof(struct head, index);
	return dpt_checksum((const char *)file + from, bytes - from);
}

static bool read_file(const char *path, void *file, size_t bytes)
{
	FILE *f = fopen(path, "rbe");
	if (!f)
		return false;
	bool ok = fread(file, 1, bytes, f) == bytes && fgetc(f) == EOF;
	fclose(f);
	return ok;
}

/* A whole file that belongs to the index, malloc'd, or NULL. */
static void *load(const dpt_index *index, const char *path, size_t bytes)
{
	struct head *head = malloc(bytes);
	if (path && head && read_file(path, head, bytes) &&
	    memcmp(head->magic, MAGIC, sizeof head->magic) == 0 &&
	    head->checksum == hash(head, bytes) &&
	    head->index == index->header->checksum)
		return head;
	free(head);
	return NULL;
}

/* Fills the head of a file and keeps it. */
static void save(const dpt_index *index, const char *path, struct head *head,
                 size_t bytes)
{
	memcpy(head->magic, MAGIC, sizeof head->magic);
	head->index = index->header->checksum;
	head->checksum = hash(head, bytes);
	(void)!dpt_save(path, head, bytes, NULL);
}

static bool folder_made(const struct dpt_settings *s)
{
	return s->cache && (mkdir(s->cache, 0777) == 0 || errno == EEXIST);
}

/* The file of an index with this name; malloc'd. */
static char *path_of(const dpt_index *index, const struct dpt_settings *s,
                     const char *name)
{
	size_t room = strlen(s->cache) + strlen(name) + 32;
	char *path = malloc(room);
	if (path)
		snprintf(path, room, "%s/%016llx-%s", s->cache,
		         (unsigned long long)index->header->checksum, name);
	return path;
}

/* One file for each index, mechanism, epsilon and share; malloc'd. */
static char *entry_path(const dpt_index *index, const struct dpt_settings *s,
                        const char *mechanism)
{
	char name[128];
	snprintf(name, sizeof name, "%s-%.9g-%.9g", mechanism, s->epsilon,
	         s->max_unchanged);
	return path_of(index, s, name);
}

static bool entry_ok(const struct entry *e, const dpt_index *index,
                     const struct dpt_settings *s, const char *mechanism)
{
	return strncmp(e->setting.mechanism, mechanism,
	               sizeof e->setting.mechanism) == 0 &&
	       e->setting.epsilon == s->epsilon &&
	       e->setting.max_unchanged == s->max_unchanged &&
	       dpt_setting_sane(&e->setting, index->header->neighbours);
}

bool dpt_cache_load(const dpt_index *index, const struct dpt_settings *s,
                    const char *mechanism, struct dpt_rates *r,
                    struct dpt_setting *out)
{
	if (!s->cache)
		return false;
	char *path = entry_path(index, s, mechanism);
	struct entry *e = load(index, path, entry_bytes(index));
	bool ok = e && entry_ok(e, index, s, mechanism) &&
	          dpt_rates_keep(r, &e->rate, e->others, NULL) == DPT_OK;
	if (ok) {
		*out = e->setting;
		out->rate = (uint32_t)(r->count - 1);
	}
	free(path);
	free(e);
	return ok;
}

void dpt_cache_save(const dpt_index *index, const struct dpt_settings *s,
                    const struct dpt_rates *r,
                    const struct dpt_setting *setting)
{
	if (!folder_made(s))
		return;
	size_t n = index->header->classes;
	char *path = entry_path(index, s, setting->mechanism);
	struct entry *e = calloc(1, entry_bytes(index));
	if (path && e) {
		e->setting = *setting;
		e->setting.rate = 0;
		e->rate = r->rate[setting->rate];
		memcpy(e->others, r->others[setting->rate],
		       n * sizeof *e->others);
		save(index, path, &e->head, entry_bytes(index));
	}
	free(path);
	free(e);
}

bool dpt_cache_load_values(const dpt_index *index, const struct dpt_settings *s,
                           const char *name, double *out)
{
	if (!s->cache)
		return false;
	char *path = path_of(index, s, name);
	struct values *v = load(index, path, values_bytes(index));
	bool ok = v;
	if (ok)
		memcpy(out, v->value, index->header->classes * sizeof *out);
	free(path);
	free(v);
	return ok;
}

void dpt_cache_save_values(const dpt_index *index, const struct dpt_settings *s,
                           const char *name, const double *values)
{
	if (!folder_made(s))
		return;
	char *path = path_of(index, s, name);
	struct values *v = calloc(1, values_bytes(index));
	if (path && v) {
		memcpy(v->value, values,
		       index->header->classes * sizeof *values);
		save(index, path, &v->head, values_bytes(index));
	}
	free(path);
	free(v);
}
