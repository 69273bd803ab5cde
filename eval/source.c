/* SPDX-License-Identifier: MIT */
#include "source.h"

#include "memory.h"
#include "msg.h"

#include <stdlib.h>
#include <string.h>

char *source_help(const char *more)
{
	char *text;
	size_t size;
	FILE *f = memory_check(open_memstream(&text, &size));
	fputs("FORMAT is one of\n", f);
	for (const struct corpus_format *t = corpus_formats; t->name; t++)
		fprintf(f, "  %-8s %s\n", t->name, t->about);
	fputs(more, f);
	fclose(f);
	return memory_check(text);
}

void source_start(struct source *s)
{
	*s = (struct source){0};
}

static void set_format(struct source *s, const char *name)
{
	s->format = corpus_format_named(name);
	if (!s->format)
		msg_usage("no format '%s'", name);
}

static void set_name(struct source *s, const char *name)
{
	if (strpbrk(name, "\t\r\n"))
		msg_usage("a name is one line without TABs");
	if (strlen(name) >= sizeof s->name)
		msg_usage("the name is too long");
	strcpy(s->name, name);
}

bool source_option(struct source *s, int id, const char *arg)
{
	switch (id) {
	case SOURCE_CORPUS: s->corpus = arg; return true;
	case SOURCE_TRAIN: s->train_path = arg; return true;
	case SOURCE_TEST: s->test_path = arg; return true;
	case SOURCE_SPLIT:
		s->split = opt_count("--split", arg, 2, 1000000);
		return true;
	case SOURCE_FORMAT: set_format(s, arg); return true;
	case SOURCE_NAME: set_name(s, arg); return true;
	default: return false;
	}
}

/* The last part of a path, without slashes at its end. */
static const char *base_name(const char *path, int *len)
{
	size_t n = strlen(path);
	while (n > 1 && path[n - 1] == '/')
		n--;
	size_t start = n;
	while (start > 0 && path[start - 1] != '/')
		start--;
	*len = (int)(n - start);
	return path + start;
}

/* The corpus is named after its training file, up to the last dot. */
static void name_corpus(struct source *s)
{
	int len;
	const char *base = base_name(s->train_path, &len);
	for (int i = len - 1; i > 0; i--)
		if (base[i] == '.') {
			len = i;
			break;
		}
	snprintf(s->name, sizeof s->name, "%.*s", len, base);
	for (char *c = s->name; *c; c++)
		if (*c == '\t' || *c == '\r' || *c == '\n')
			*c = ' ';
}

static char *join(const char *folder, const char *file)
{
	size_t size = strlen(folder) + strlen(file) + 2;
	char *path = memory_new(size, 1);
	snprintf(path, size, "%s/%s", folder, file);
	return path;
}

/* Finds DIR/NAME, or NAME alone, which is beside the manifest. */
static void set_corpus(struct source *s)
{
	const char *slash = strrchr(s->corpus, '/');
	const char *name = slash ? slash + 1 : s->corpus;
	if (!manifest_read(&s->manifest, CORPORA "/manifest"))
		exit(EXIT_FAILED);
	const struct manifest_entry *e = manifest_find(&s->manifest, name);
	if (!e)
		msg_usage("no corpus '%s' in corpora/manifest", name);
	s->folder = memory_check(
	    slash ? strndup(s->corpus,
	                    (size_t)(slash - s->corpus) + (slash == s->corpus))
	          : strdup(CORPORA));
	s->entry = e;
	s->format = e->format;
	s->split = e->split;
	s->train_path = s->paths[0] = join(s->folder, e->train);
	if (e->test)
		s->test_path = s->paths[1] = join(s->folder, e->test);
	if (!s->name[0])
		set_name(s, e->name);
}

void source_check(struct source *s)
{
	bool named = s->train_path || s->test_path || s->split || s->format;
	if (named && s->corpus)
		msg_usage("--corpus excludes --train, --test, --split and "
		          "--format");
	if (!named) {
		s->corpus = s->corpus ? s->corpus : "intents";
		set_corpus(s);
	}
	if (!s->format)
		s->format = corpus_formats;
	if (!s->train_path)
		msg_usage("--train is missing");
	if (!s->test_path && !s->split && s->format->has_parts)
		s->test_path = s->train_path;
	if (!s->test_path == !s->split)
		msg_usage("either --test or --split");
	if (!s->name[0])
		name_corpus(s);
}

static bool has_two_labels(const struct corpus *c)
{
	for (size_t i = 1; i < c->texts.rows; i++)
		if (c->label[i] != c->label[0])
			return true;
	return false;
}

static bool read_parts(struct source *s)
{
	if (!s->split)
		return s->format->read(&s->train, &s->labels, s->train_path,
		                       TRAIN) &&
		       s->format->read(&s->test, &s->labels, s->test_path,
		                       TEST);
	struct corpus all = {0};
	bool ok = s->format->read(&all, &s->labels, s->train_path, TRAIN);
	if (ok && s->entry && s->entry->unique)
		corpus_unique(&all);
	if (ok)
		corpus_split(&all, s->split, &s->train, &s->test);
	corpus_free(&all);
	return ok;
}

bool source_read(struct source *s)
{
	if (s->entry && !manifest_check(s->entry, s->folder))
		return false;
	if (!read_parts(s))
		return false;
	const char *test = s->split ? s->train_path : s->test_path;
	if (!has_two_labels(&s->train))
		msg("%s: fewer than two labels to tell apart", s->train_path);
	else if (s->test.texts.rows == 0)
		msg("%s: no test texts", test);
	else if (s->train.texts.rows > INT_MAX || s->labels.n > INT_MAX)
		msg("%s: too many texts", s->train_path);
	else
		return true;
	return false;
}

void source_print(const struct source *s, FILE *f)
{
	int len;
	if (s->entry) {
		fprintf(f, " --corpus %s", s->entry->name);
		return;
	}
	const char *base = base_name(s->train_path, &len);
	fprintf(f, " --format %s --train %.*s", s->format->name, len, base);
	if (s->split) {
		fprintf(f, " --split %zu", s->split);
	} else {
		base = base_name(s->test_path, &len);
		fprintf(f, " --test %.*s", len, base);
	}
}

void source_free(struct source *s)
{
	corpus_free(&s->train);
	corpus_free(&s->test);
	names_free(&s->labels);
	manifest_free(&s->manifest);
	free(s->folder);
	free(s->paths[0]);
	free(s->paths[1]);
}

void source_parse(struct source *s, const struct opt_program *program,
                  const char *more, int argc, char **argv,
                  void (*set)(void *ctx, int id, const char *arg), void *ctx)
{
	const char *arg;
	int id, operands;
	char *help = source_help(more);
	struct opt_program with_formats = *program;
	with_formats.more = help;
	msg_start(program->name); /* whose --help is the right one */
	while ((id = opt_next(&with_formats, argc, argv, &arg, &operands)) !=
	       -1)
		set(ctx, id, arg);
	if (operands != argc)
		msg_usage("files are named by options");
	source_check(s);
	free(help);
	msg_start("dptext-eval");
}
