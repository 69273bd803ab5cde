/* SPDX-License-Identifier: MIT */
/* How well the classifier does on text as it is, beside what is known. */
#include "classify.h"
#include "commands.h"
#include "msg.h"
#include "opt.h"
#include "source.h"

#include <math.h>
#include <stdlib.h>

static const struct opt table[] = {SOURCE_OPTIONS};

static void print_row(const struct source *s, struct scores scores)
{
	double expected = s->entry ? s->entry->baseline : (double)NAN;
	printf("%s\t%zu\t%zu\t%zu\t%.2f\t%.2f", s->name, s->train.texts.rows,
	       s->test.texts.rows, s->labels.n, 100 * scores.accuracy,
	       100 * scores.macro_f1);
	if (isnan(expected))
		puts("\tnan");
	else
		printf("\t%g\n", expected);
}

static bool measure(struct source *s)
{
	struct vocabulary words;
	struct vectors x, z;
	bool ok = source_read(s);
	if (ok) {
		vocabulary_make(&words, &s->train.texts);
		vectors_tfidf(&x, &words, &s->train.texts);
		vectors_tfidf(&z, &words, &s->test.texts);
		struct model *model = classify_train(&x, s->train.label);
		print_row(s,
		          classify_test(model, &z, s->test.label, s->labels.n));
		classify_free(model);
		vectors_free(&x);
		vectors_free(&z);
		vocabulary_free(&words);
	}
	source_free(s);
	return ok;
}

static bool measure_named(const char *corpus)
{
	struct source s;
	source_start(&s);
	source_option(&s, SOURCE_CORPUS, corpus);
	source_check(&s);
	return measure(&s);
}

/* Whether options name a corpus or its files, which are in s then. */
static bool parse(struct source *s, int argc, char **argv, int *operands)
{
	static const char more[] =
	    "\nColumns: texts to train and to test with, labels, accuracy and "
	    "macro-F1\nin %, and the accuracy that the manifest expects, if it "
	    "does.\n";
	char *help = source_help(more);
	const struct opt_program program = {
	    "dptext-eval baseline",
	    "[DIR/]NAME...\n"
	    "[--format FORMAT] --train FILE --test FILE\n"
	    "[--format FORMAT] --train FILE --split K",
	    "Accuracy on corpora of corpora/manifest, or on files, as they "
	    "are.",
	    table,
	    sizeof table / sizeof *table,
	    help};
	const char *arg;
	int id;
	bool named = false;
	msg_start(program.name);
	for (; (id = opt_next(&program, argc, argv, &arg, operands)) != -1;
	     named = true)
		source_option(s, id, arg);
	if (named && *operands < argc)
		msg_usage("either names or options");
	if (!named && *operands == argc)
		msg_usage("no corpus");
	if (named)
		source_check(s);
	free(help);
	msg_start("dptext-eval");
	return named;
}

int baseline_main(int argc, char **argv)
{
	struct source s;
	int operands;
	source_start(&s);
	bool named = parse(&s, argc, argv, &operands);
	puts("corpus\ttrain\ttest\tlabels\taccuracy\tmacro_f1\texpected");
	if (named && !measure(&s))
		return EXIT_FAILED;
	for (int i = operands; i < argc; i++)
		if (!measure_named(argv[i]))
			return EXIT_FAILED;
	return msg_finish_stdout();
}
