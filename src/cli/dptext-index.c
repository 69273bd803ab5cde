/* SPDX-License-Identifier: MIT */
/* Building, describing and checking indexes. */
#include "dptext.h"

#include "msg.h"
#include "opt.h"
#include "progress.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_WORDS = 256, NEIGHBOURS, MERGE_BELOW, JSON };

static const struct opt table[] = {
    {'o', "output", "OUT", "index to write [VECTORS.dpti]"},
    {MAX_WORDS, "max-words", "N", "only the first N words [all]"},
    {NEIGHBOURS, "neighbours", "K", "neighbours kept a word [64]"},
    {MERGE_BELOW, "merge-below", "D", "make words closer than D one [0]"},
    {'T', "threads", "N", "threads [one a processor]"},
    {JSON, "json", NULL, "info as JSON"},
    {'q', "quiet", NULL, "no progress, no summary"},
};

static const struct opt_program program = {
    "dptext-index",
    "build [-o OUT] [--max-words N] [--neighbours K] [--merge-below D] "
    "VECTORS\n"
    "info [--json] INDEX\n"
    "verify INDEX",
    "Builds, describes and checks the index of a word embedding.",
    table,
    sizeof table / sizeof *table,
    "VECTORS is in GloVe text, word2vec text or word2vec binary format,\n"
    "plain or gzip.  See dptext-index(1) and dptext-index(5).",
};

struct run {
	struct dpt_build_options build;
	size_t max_words;
	const char *output;
	bool json, quiet;
	struct progress progress;
};

static int fail(struct run *r, const dpt_error *err)
{
	progress_end(&r->progress);
	msg("%s", err->text);
	return EXIT_FAILED;
}

static void say_vectors(const struct run *r, const dpt_vectors *v)
{
	struct dpt_vectors_info info = dpt_vectors_about(v);
	if (info.duplicate)
		msg("left out %zu rows whose word came before", info.duplicate);
	if (info.not_utf8)
		msg("left out %zu rows whose word is not UTF-8", info.not_utf8);
	if (!r->quiet)
		msg("%zu words, %zu dimensions (%s)", info.rows, info.dim,
		    info.format);
}

static int build(struct run *r, const char *vectors)
{
	char name[4096];
	dpt_error err;
	dpt_vectors *v;
	double started = now_seconds();
	if (!r->output && (size_t)snprintf(name, sizeof name, "%s.dpti",
	                                   vectors) >= sizeof name)
		msg_usage("the name of the vectors is too long");
	const char *output = r->output ? r->output : name;
	if (dpt_vectors_read(vectors, r->max_words, &v, &err))
		return fail(r, &err);
	say_vectors(r, v);
	enum dpt_status status = dpt_index_build(v, &r->build, output, &err);
	dpt_vectors_free(v);
	if (status)
		return fail(r, &err);
	progress_end(&r->progress);
	if (!r->quiet)
		msg("%s written in %.1f s", output, now_seconds() - started);
	return EXIT_DONE;
}

static void print_word(const dpt_index *x, uint32_t id)
{
	size_t len;
	const char *word = dpt_index_word(x, id, &len);
	fwrite(word, 1, len, stdout);
}

static void print_pair(const dpt_index *x, const char *label, double d,
                       const uint32_t pair[2])
{
	printf("%-24s %.6f (", label, d);
	print_word(x, pair[0]);
	printf(", ");
	print_word(x, pair[1]);
	printf(")\n");
}

static void print_text(const dpt_index *x)
{
	struct dpt_index_info i = dpt_index_about(x);
	printf("%-24s %llu\n", "words", (unsigned long long)i.words);
	printf("%-24s %u\n", "classes", i.classes);
	printf("%-24s %llu\n", "merged into others",
	       (unsigned long long)(i.words - i.classes));
	printf("%-24s %g\n", "merged below", i.merge_below);
	printf("%-24s %u\n", "dimensions", i.dim);
	printf("%-24s %u\n", "neighbours", i.neighbours);
	print_pair(x, "largest distance", i.distance_max, i.max_pair);
	print_pair(x, "smallest distance", i.distance_min, i.min_pair);
	printf("%-24s %llu\n", "bytes", (unsigned long long)i.bytes);
	printf("%-24s %016llx\n", "checksum", (unsigned long long)i.checksum);
	printf("\n%-12s %s\n", "rate t", "exact epsilon of exp(-t d)");
	for (uint32_t k = 0; k < i.rates; k++) {
		double epsilon, t = dpt_index_rate(x, k, &epsilon);
		printf("%-12g %.6f\n", t, epsilon);
	}
}

static void print_json(const dpt_index *x)
{
	struct dpt_index_info i = dpt_index_about(x);
	printf("{\"words\":%llu,\"classes\":%u,\"merge_below\":%.17g,"
	       "\"dim\":%u,\"neighbours\":%u,\"distance_max\":%.17g,"
	       "\"distance_min\":%.17g,\"bytes\":%llu,\"checksum\":"
	       "\"%016llx\",\"rates\":[",
	       (unsigned long long)i.words, i.classes, i.merge_below, i.dim,
	       i.neighbours, i.distance_max, i.distance_min,
	       (unsigned long long)i.bytes, (unsigned long long)i.checksum);
	for (uint32_t k = 0; k < i.rates; k++) {
		double epsilon, t = dpt_index_rate(x, k, &epsilon);
		printf("%s{\"rate\":%.17g,\"epsilon\":%.17g}", k ? "," : "", t,
		       epsilon);
	}
	printf("]}\n");
}

static int info(struct run *r, const char *path)
{
	dpt_error err;
	dpt_index *x;
	if (dpt_index_open(path, &x, &err))
		return fail(r, &err);
	if (r->json)
		print_json(x);
	else
		print_text(x);
	dpt_index_free(x);
	return msg_finish_stdout();
}

static int verify(struct run *r, const char *path)
{
	dpt_error err;
	dpt_index *x;
	if (dpt_index_open(path, &x, &err))
		return fail(r, &err);
	enum dpt_status status = dpt_index_verify(x, &err);
	dpt_index_free(x);
	if (status) {
		msg("%s: %s", path, err.text);
		return EXIT_FAILED;
	}
	if (!r->quiet)
		msg("%s: sound", path);
	return EXIT_DONE;
}

static int parse(struct run *r, int argc, char **argv)
{
	const char *arg;
	int id, operands;
	while ((id = opt_next(&program, argc, argv, &arg, &operands)) != -1)
		switch (id) {
		case 'o': r->output = arg; break;
		case MAX_WORDS:
			r->max_words =
			    opt_count("--max-words", arg, 2, INT32_MAX);
			break;
		case NEIGHBOURS:
			r->build.neighbours = (uint32_t)opt_count(
			    "--neighbours", arg, 1, DPT_MAX_NEIGHBOURS);
			break;
		case MERGE_BELOW:
			r->build.merge_below =
			    opt_number("--merge-below", arg, 0, 1e15);
			break;
		case 'T': r->build.threads = opt_threads(arg); break;
		case JSON: r->json = true; break;
		case 'q': r->quiet = true; break;
		}
	return operands;
}

int main(int argc, char **argv)
{
	struct run r = {0};
	msg_start("dptext-index");
	setenv("OPENBLAS_NUM_THREADS", "1", 1); /* ours are enough */
	r.build = (struct dpt_build_options){.neighbours = 64,
	                                     .threads = opt_threads(NULL),
	                                     .progress = progress_stage,
	                                     .progress_ctx = &r.progress};
	int operands = parse(&r, argc, argv);
	if (argc - operands != 2)
		msg_usage("build, info or verify, and one file");
	progress_start(&r.progress, !r.quiet);
	const char *command = argv[operands], *file = argv[operands + 1];
	if (strcmp(command, "build") == 0)
		return build(&r, file);
	if (strcmp(command, "info") == 0)
		return info(&r, file);
	if (strcmp(command, "verify") == 0)
		return verify(&r, file);
	msg_usage("no command '%s'", command);
}
