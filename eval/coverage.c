/* SPDX-License-Identifier: MIT */
/* How the words of a text reach the rows of an index, rule by rule. */
#include "choice.h"
#include "commands.h"
#include "input.h"
#include "memory.h"
#include "msg.h"
#include "names.h"
#include "tsv.h"

#include <stdlib.h>
#include <string.h>

enum { MISSING = 256 };

static const struct opt table[] = {
    {'x', "index", "INDEX", "index of an embedding [the default one]"},
    {MISSING, "missing", "N", "list the N most frequent words without a row"},
    {'o', "output", "OUT", "write the table there [standard output]"},
};

static const struct opt_program program = {
    "dptext-eval coverage",
    "[-x INDEX] [--missing N] [FILE...]",
    "How many words of a text reach rows of an index, and by which rule.",
    table,
    sizeof table / sizeof *table,
    "Texts are lines, plain or gzip.  With --missing, words of the text are\n"
    "printed as they are."};

/* A word without a row. */
struct missing {
	uint64_t times;
	size_t id; /* among the names */
};

struct coverage {
	struct choice choice;
	size_t list;
	const char *out;

	struct input in;
	uint64_t words, reached;
	uint64_t by_rule[DPT_RULES];
	uint64_t letters;   /* of those without a row, a single one each */
	struct names names; /* of them */
	struct missing *missing;
	size_t room;
	struct tsv output;
};

static int parse(struct coverage *c, int argc, char **argv)
{
	const char *arg;
	int id, operands;
	msg_start(program.name); /* whose --help is the right one */
	while ((id = opt_next(&program, argc, argv, &arg, &operands)) != -1)
		switch (id) {
		case MISSING:
			c->list = opt_count("--missing", arg, 1, 1000000);
			break;
		case 'o': c->out = arg; break;
		default: choice_option(&c->choice, id, arg);
		}
	msg_start("dptext-eval");
	return operands;
}

/* ------------------------------------------------------------ the text */

static bool is_letter(const char *word, size_t len)
{
	size_t characters = 0;
	for (size_t i = 0; i < len; i++)
		characters += ((unsigned char)word[i] & 0xc0) != 0x80;
	return characters == 1;
}

static void count_word(void *ctx, const char *word, size_t len,
                       enum dpt_rule rule)
{
	struct coverage *c = ctx;
	c->words++;
	c->by_rule[rule]++;
	if (rule != DPT_NO_ROW) {
		c->reached++;
		return;
	}
	c->letters += is_letter(word, len);
	if (!c->list)
		return;
	size_t before = c->names.n;
	size_t id = (size_t)names_add(&c->names, word, len);
	c->missing =
	    memory_room(c->missing, &c->room, c->names.n, sizeof *c->missing);
	if (c->names.n > before)
		c->missing[id] = (struct missing){.id = id};
	c->missing[id].times++;
}

static ptrdiff_t read_in(void *ctx, void *buffer, size_t size)
{
	struct coverage *c = ctx;
	return input_read(&c->in, buffer, size);
}

static int write_nothing(void *ctx, const void *bytes, size_t size)
{
	(void)ctx;
	(void)bytes;
	(void)size;
	return 0;
}

static bool read_file(struct coverage *c, const char *name)
{
	dpt_error err;
	dpt_key key;
	struct dpt_counts counts;
	struct dpt_stream_options options = {.model = c->choice.model,
	                                     .key = &key,
	                                     .threads = 1,
	                                     .read = read_in,
	                                     .write = write_nothing,
	                                     .word = count_word,
	                                     .ctx = c};
	dpt_key_from_seed(&key, 1); /* what is drawn is thrown away */
	if (!input_open(&c->in, name))
		return false;
	enum dpt_status status = dpt_stream(&options, &counts, &err);
	if (status && c->in.fault)
		msg("%s: %s", c->in.name, c->in.fault);
	else if (status && err.record)
		msg("%s:%llu: %s", c->in.name, (unsigned long long)err.record,
		    err.text);
	else if (status)
		msg("%s: %s", c->in.name, err.text);
	input_close(&c->in);
	return status == DPT_OK;
}

/* ----------------------------------------------------------- the table */

static void print_row(struct coverage *c, const char *name, uint64_t words,
                      uint64_t all)
{
	fprintf(c->output.text, "%s\t%llu", name, (unsigned long long)words);
	tsv_number(c->output.text, all ? (double)words / (double)all : 0, 5);
	putc('\n', c->output.text);
}

static int by_times(const void *a, const void *b)
{
	const struct missing *p = a, *q = b;
	if (p->times != q->times)
		return p->times < q->times ? 1 : -1;
	return p->id < q->id ? -1 : 1;
}

static void print_missing(struct coverage *c)
{
	size_t n = c->names.n;
	if (n > 0)
		qsort(c->missing, n, sizeof *c->missing, by_times);
	for (size_t i = 0; i < n && i < c->list; i++)
		print_row(c, names_text(&c->names, c->missing[i].id),
		          c->missing[i].times, c->words);
}

static void print_table(struct coverage *c)
{
	uint64_t longer = c->words - c->letters;
	tsv_about(&c->output, "coverage", c->choice.index);
	fputs("FILE...\nrule\twords\tshare\n", c->output.text);
	for (int r = DPT_AS_WRITTEN; r < DPT_RULES; r++)
		print_row(c, dpt_rule_name((enum dpt_rule)r), c->by_rule[r],
		          c->words);
	print_row(c, "none, a single letter", c->letters, c->words);
	print_row(c, "none", c->by_rule[DPT_NO_ROW] - c->letters, c->words);
	print_row(c, "reached", c->reached, c->words);
	print_row(c, "reached, without single letters", c->reached, longer);
	if (c->list)
		print_missing(c);
}

static bool run(struct coverage *c, int files, char **file)
{
	if (!tsv_open(&c->output, c->out) || !choice_open_index(&c->choice) ||
	    !choice_open_model(&c->choice))
		return false;
	if (files == 0 && !read_file(c, "-"))
		return false;
	for (int i = 0; i < files; i++)
		if (!read_file(c, file[i]))
			return false;
	print_table(c);
	return tsv_commit(&c->output);
}

int coverage_main(int argc, char **argv)
{
	static struct coverage c;
	choice_start(&c.choice);
	int operands = parse(&c, argc, argv);
	bool ok = run(&c, argc - operands, argv + operands);
	tsv_free(&c.output);
	names_free(&c.names);
	free(c.missing);
	choice_close(&c.choice);
	return ok ? EXIT_DONE : EXIT_FAILED;
}
