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

/* A file is this, then the n values of Z_t(w) - 1 of the rate. */
struct entry {
	char magic[8];
	uint64_t checksum; /* XXH3 of all that follows */
	uint64_t index;    /* checksum of the index */
	struct dpt_setting setting;
	struct dpt_rate rate;
	double others[];
};

static size_t entry_bytes(uint32_t n)
{
	return sizeof(struct entry) + n * sizeof(double);
}

static uint64_t entry_hash(const struct entry *e, uint32_t n)
{
	size_t from = offsetof(struct entry, index);
	return dpt_checksum((const char *)e + from, entry_bytes(n) - from);
}

/* One file for each index, mechanism, epsilon and share; malloc'd. */
static char *entry_path(const dpt_index *index, const struct dpt_settings *s,
                        const char *mechanism)
{
	size_t room = strlen(s->cache) + 160;
	char *path = malloc(room);
	if (path)
		snprintf(path, room, "%s/%016llx-%s-%.9g-%.9g", s->cache,
		         (unsigned long long)index->header->checksum, mechanism,
		         s->epsilon, s->max_unchanged);
	return path;
}

static bool read_entry(const char *path, struct entry *e, size_t bytes)
{
	FILE *f = fopen(path, "rbe");
	if (!f)
		return false;
	bool ok = fread(e, 1, bytes, f) == bytes && fgetc(f) == EOF;
	fclose(f);
	return ok;
}

static bool entry_ok(const struct entry *e, const dpt_index *index,
                     const struct dpt_settings *s, const char *mechanism)
{
	return memcmp(e->magic, MAGIC, sizeof e->magic) == 0 &&
	       e->checksum == entry_hash(e, index->header->classes) &&
	       e->index == index->header->checksum &&
	       strncmp(e->setting.mechanism, mechanism,
	               sizeof e->setting.mechanism) == 0 &&
	       e->setting.epsilon == s->epsilon &&
	       e->setting.max_unchanged == s->max_unchanged &&
	       dpt_setting_sane(&e->setting, index->header->neighbours);
}

bool dpt_cache_load(const dpt_index *index, const struct dpt_settings *s,
                    const char *mechanism, struct dpt_rates *r,
                    struct dpt_setting *out)
{
	uint32_t n = index->header->classes;
	if (!s->cache)
		return false;
	char *path = entry_path(index, s, mechanism);
	struct entry *e = malloc(entry_bytes(n));
	bool ok = path && e && read_entry(path, e, entry_bytes(n)) &&
	          entry_ok(e, index, s, mechanism) &&
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
	uint32_t n = index->header->classes;
	if (!s->cache || (mkdir(s->cache, 0777) != 0 && errno != EEXIST))
		return;
	char *path = entry_path(index, s, setting->mechanism);
	struct entry *e = calloc(1, entry_bytes(n));
	if (path && e) {
		memcpy(e->magic, MAGIC, sizeof e->magic);
		e->index = index->header->checksum;
		e->setting = *setting;
		e->setting.rate = 0;
		e->rate = r->rate[setting->rate];
		memcpy(e->others, r->others[setting->rate],
		       n * sizeof *e->others);
		e->checksum = entry_hash(e, n);
		(void)!dpt_save(path, e, entry_bytes(n), NULL);
	}
	free(path);
	free(e);
}
