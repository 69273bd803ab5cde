/* SPDX-License-Identifier: MIT */
/* How well the classifier does on text as it is, beside what is known. */
#include "classify.h"
#include "commands.h"
#include "msg.h"
#include "opt.h"
#include "source.h"

#include <math.h>

static const struct opt_program program = {
    "dptext-eval baseline",
    "[DIR/]NAME...",
    "Accuracy on corpora of corpora/manifest as they are.",
    NULL,
    0,
    "Columns: texts to train and to test with, labels, accuracy and macro-F1\n"
    "in %, and the accuracy that the manifest expects, if it does."};

static void print_row(const struct source *s, struct scores scores)
{
	printf("%s\t%zu\t%zu\t%zu\t%.2f\t%.2f", s->name, s->train.texts.rows,
	       s->test.texts.rows, s->labels.n, 100 * scores.accuracy,
	       100 * scores.macro_f1);
	if (isnan(s->entry->baseline))
		puts("\tnan");
	else
		printf("\t%g\n", s->entry->baseline);
}

static bool measure(const char *corpus)
{
	struct source s;
	struct vocabulary words;
	struct vectors x, z;
	source_start(&s);
	source_option(&s, SOURCE_CORPUS, corpus);
	source_check(&s);
	bool ok = source_read(&s);
	if (ok) {
		vocabulary_make(&words, &s.train.texts);
		vectors_tfidf(&x, &words, &s.train.texts);
		vectors_tfidf(&z, &words, &s.test.texts);
		struct model *model = classify_train(&x, s.train.label);
		print_row(&s,
		          classify_test(model, &z, s.test.label, s.labels.n));
		classify_free(model);
		vectors_free(&x);
		vectors_free(&z);
		vocabulary_free(&words);
	}
	source_free(&s);
	return ok;
}

int baseline_main(int argc, char **argv)
{
	const char *arg;
	int operands;
	msg_start(program.name);
	opt_next(&program, argc, argv, &arg, &operands);
	if (operands == argc)
		msg_usage("no corpus");
	msg_start("dptext-eval");
	puts("corpus\ttrain\ttest\tlabels\taccuracy\tmacro_f1\texpected");
	for (int i = operands; i < argc; i++)
		if (!measure(argv[i]))
			return EXIT_FAILED;
	return msg_finish_stdout();
}
