/* SPDX-License-Identifier: MIT */
/*
 * The density of an embedding: who lives in crowded places, what it means for
 * the words that stay as they are, and noise that takes account of it.
 */
#include "landscape.h"

#include "commands.h"
#include "memory.h"
#include "msg.h"

#include <stdlib.h>
#include <string.h>

enum { TABLE = 256, NEIGHBOURS, BANDWIDTH, WORDS, DRAWS };

static const struct opt options[] = {
    SWEEP_OPTIONS,
    {TABLE, "table", "TABLE", "deciles, chains or truncation [deciles]"},
    {NEIGHBOURS, "neighbours", "K", "number of the neighbour that counts [10]"},
    {BANDWIDTH, "bandwidth", "H",
     "of the prior of the chains [mean distance of neighbour K]"},
    {WORDS, "words", "WORD,...", "where chains start [doctor,good,the]"},
    {DRAWS, "draws", "N", "of each chain, or of each word [2000]"},
    {'o', "output", "OUT", "write the table there [standard output]"},
    {'q', "quiet", NULL, "no progress"},
};

static const struct opt_program program = {
    "dptext-eval density",
    "[--table TABLE] [-e EPS,...] [-m MECH,...] [-x INDEX]",
    "How crowded an embedding is, and noise that takes account of it.",
    options,
    sizeof options / sizeof *options,
    "Output is tab-separated; its columns are in dptext-eval(1)."};

static const struct {
	const char *name;
	bool (*print)(struct landscape *l);
} tables[] = {
    {"deciles", landscape_deciles},
    {"chains", landscape_chains},
    {"truncation", landscape_truncation},
};

enum { TABLES = sizeof tables / sizeof *tables };

static size_t find_table(const char *name)
{
	for (size_t i = 0; i < TABLES; i++)
		if (strcmp(tables[i].name, name) == 0)
			return i;
	msg_usage("no table '%s'", name);
}

double landscape_reach(const struct landscape *l, uint32_t w)
{
	double d;
	dpt_index_neighbour(l->choice.index, w, l->neighbours - 1, &d);
	return d;
}

double landscape_mean_reach(const struct landscape *l)
{
	double sum = 0;
	for (uint32_t w = 0; w < l->points.n; w++)
		sum += landscape_reach(l, w);
	return sum / (double)l->points.n;
}

static bool read_points(struct landscape *l)
{
	struct dpt_index_info x = dpt_index_about(l->choice.index);
	if (l->neighbours > x.neighbours) {
		msg("this index has only %u neighbours of a word",
		    x.neighbours);
		return false;
	}
	l->points = (struct points){
	    x.classes, x.dim,
	    memory_new((size_t)x.classes * x.dim, sizeof(float))};
	for (uint32_t w = 0; w < x.classes; w++)
		memcpy(l->points.x + (size_t)w * x.dim,
		       dpt_index_vector(l->choice.index, w),
		       x.dim * sizeof(float));
	return true;
}

static bool run(struct landscape *l, const char *out, size_t table)
{
	FILE *f;
	if (!tsv_open(&l->output, out) || !choice_open_index(&l->choice) ||
	    !read_points(l))
		return false;
	f = l->output.text;
	tsv_about(&l->output, "density", l->choice.index);
	sweep_print(&l->sweep, &l->choice, f);
	fprintf(f, " --table %s --neighbours %u --words %s --draws %zu",
	        tables[table].name, l->neighbours, l->words, l->draws);
	if (l->bandwidth > 0)
		fprintf(f, " --bandwidth %g", l->bandwidth);
	fputc('\n', f);
	return tables[table].print(l) && tsv_commit(&l->output);
}

int density_main(int argc, char **argv)
{
	static struct landscape l = {
	    .neighbours = 10, .words = "doctor,good,the", .draws = 2000};
	const char *arg, *out = NULL;
	int id, operands;
	bool quiet = false;
	size_t table = 0;
	choice_start(&l.choice);
	sweep_start(&l.sweep);
	msg_start(program.name); /* whose --help is the right one */
	while ((id = opt_next(&program, argc, argv, &arg, &operands)) != -1)
		switch (id) {
		case TABLE: table = find_table(arg); break;
		case NEIGHBOURS:
			l.neighbours = (uint32_t)opt_count(
			    "--neighbours", arg, 1, DPT_MAX_NEIGHBOURS);
			break;
		case BANDWIDTH:
			l.bandwidth = opt_number("--bandwidth", arg, 1e-6, 1e6);
			break;
		case WORDS: l.words = arg; break;
		case DRAWS:
			l.draws = opt_count("--draws", arg, 8, 1000000) / 2 * 2;
			break;
		case 'o': out = arg; break;
		case 'q': quiet = true; break;
		default: sweep_option(&l.sweep, &l.choice, id, arg);
		}
	if (operands != argc)
		msg_usage("density takes no operands");
	msg_start("dptext-eval");
	progress_start(&l.choice.progress, !quiet);

	bool ok = run(&l, out, table);
	tsv_free(&l.output);
	free(l.points.x);
	choice_close(&l.choice);
	return ok ? EXIT_DONE : EXIT_FAILED;
}
