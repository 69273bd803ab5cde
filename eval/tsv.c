/* SPDX-License-Identifier: MIT */
#include "tsv.h"

#include "memory.h"
#include "msg.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static bool fail(const char *path)
{
	msg("%s: %s", path, strerror(errno));
	return false;
}

/* The folder a file is in, with the slash. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t n = slash ? (size_t)(slash - path) + 1 : 2;
	char *folder = memory_new(n + 1, 1);
	memcpy(folder, slash ? path : "./", n);
	return folder;
}

/* Devices and pipes must be written, not replaced. */
static bool is_special(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

bool tsv_open(struct tsv *o, const char *path)
{
	*o = (struct tsv){.path = path};
	if (path && !is_special(path)) {
		char *folder = folder_of(path);
		bool ok = access(folder, W_OK | X_OK) == 0;
		free(folder);
		if (!ok)
			return fail(path);
	}
	o->text = open_memstream(&o->bytes, &o->size);
	return o->text ? true : fail("memory");
}

void tsv_free(struct tsv *o)
{
	if (o->text)
		fclose(o->text);
	free(o->bytes);
	*o = (struct tsv){0};
}

void tsv_about(struct tsv *o, const char *command, const dpt_index *index)
{
	struct dpt_index_info x = dpt_index_about(index);
	time_t now = time(NULL);
	struct tm tm;
	char date[32] = "";
	if (gmtime_r(&now, &tm))
		strftime(date, sizeof date, "%Y-%m-%d", &tm);
	fprintf(o->text,
	        "# dptext-eval %s, dptext %s, %s\n"
	        "# index of %llu words, %u dimensions, checksum %016llx\n"
	        "# command: dptext-eval %s ",
	        command, dpt_version(), date, (unsigned long long)x.words,
	        x.dim, (unsigned long long)x.checksum, command);
}

void tsv_number(FILE *f, double value, int digits)
{
	if (isnan(value))
		fputs("\tnan", f);
	else
		fprintf(f, "\t%.*f", digits, value);
}

void tsv_short(FILE *f, double value)
{
	if (isnan(value))
		fputs("\tnan", f);
	else
		fprintf(f, "\t%g", value);
}

static bool write_special(const struct tsv *o)
{
	FILE *f = fopen(o->path, "wbe");
	if (!f)
		return fail(o->path);
	bool ok = fwrite(o->bytes, 1, o->size, f) == o->size;
	return fclose(f) == 0 && ok ? true : fail(o->path);
}

/* The permissions a newly created file would have had. */
static int open_up(int fd)
{
	mode_t mask = umask(0);
	umask(mask);
	return fchmod(fd, 0666 & ~mask);
}

static bool write_file(const struct tsv *o)
{
	char *name = memory_new(strlen(o->path) + sizeof ".XXXXXX", 1);
	sprintf(name, "%s.XXXXXX", o->path);
	int fd = mkstemp(name);
	FILE *f = fd >= 0 ? fdopen(fd, "wb") : NULL;
	bool ok = f && open_up(fd) == 0 &&
	          fwrite(o->bytes, 1, o->size, f) == o->size &&
	          fflush(f) == 0 && fsync(fd) == 0;
	if (f && fclose(f) != 0)
		ok = false;
	if (!(ok && rename(name, o->path) == 0)) {
		ok = fail(o->path);
		if (fd >= 0)
			unlink(name);
	}
	free(name);
	return ok;
}

bool tsv_commit(struct tsv *o)
{
	bool ok = fclose(o->text) == 0;
	o->text = NULL;
	if (!ok)
		return fail("memory");
	if (o->path)
		return is_special(o->path) ? write_special(o) : write_file(o);
	fwrite(o->bytes, 1, o->size, stdout);
	return msg_finish_stdout() == EXIT_DONE;
}
