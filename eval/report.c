/* SPDX-License-Identifier: MIT */
/* All results in one page. */
#include "chart.h"
#include "commands.h"
#include "memory.h"
#include "msg.h"
#include "names.h"
#include "opt.h"
#include "page.h"
#include "tsv.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct opt options[] = {
    {'o', "output", "OUT", "write the page there [standard output]"},
};

static const struct opt_program program = {
    "dptext-eval report",
    "[-o OUT] FOLDER",
    "Makes one HTML page of the tables in a folder.",
    options,
    sizeof options / sizeof *options,
    "The tables are utility.tsv, privacy.tsv, attack.tsv and, of density,\n"
    "density-deciles.tsv, density-truncation.tsv and density-chains.tsv; the\n"
    "page says which are missing.  Charts need gnuplot."};

enum file {
	UTILITY,
	PRIVACY,
	ATTACK,
	DECILES, /* from here on, not of corpora */
	TRUNCATION,
	CHAINS,
	FILES
};

static const char *const file_name[FILES] = {"utility",
                                             "privacy",
                                             "attack",
                                             "density-deciles",
                                             "density-truncation",
                                             "density-chains"};

static const char *const file_command[FILES] = {"utility",
                                                "privacy",
                                                "attack",
                                                "density --table deciles",
                                                "density --table truncation",
                                                "density --table chains"};

struct report {
	const char *folder, *out;
	struct table table[FILES];
	struct names corpora; /* of all tables, in the order they come */
	struct tsv output;    /* the page: whole or not at all */
	FILE *f;
	int charts;
	bool failed;
};

/* One figure of a mechanism: x and y of a row; false if it has none. */
typedef bool point_fn(const struct report *r, size_t row, double *x, double *y,
                      double *error);

/* ---------------------------------------------------------------- rows */

static const char *cell(const struct table *t, size_t row, const char *name)
{
	return table_cell(t, row, table_column(t, name));
}

static double number(const struct table *t, size_t row, const char *name)
{
	return table_number(t, row, table_column(t, name));
}

/* A column that is there has this value. */
static bool fits(const struct table *t, size_t row, const char *name,
                 const char *wanted)
{
	int column = table_column(t, name);
	return column < 0 || strcmp(table_cell(t, row, column), wanted) == 0;
}

/* At equal epsilon, by tf-idf, tested on text as it is. */
static bool is_main(const struct table *t, size_t row)
{
	return fits(t, row, "equal", "epsilon") &&
	       fits(t, row, "features", "tfidf") &&
	       fits(t, row, "tested", "clean");
}

static bool is_clean(const struct table *t, size_t row)
{
	return strcmp(cell(t, row, "mechanism"), "clean") == 0;
}

/* The row of another table about the same, or -1. */
static long same_row(const struct table *t, const struct table *other,
                     size_t row)
{
	static const char *const key[] = {"corpus", "mechanism",
	                                  "epsilon_requested"};
	for (size_t i = 0; i < t->rows; i++) {
		bool same = is_main(t, i);
		for (size_t k = 0; same && k < 3; k++)
			same = strcmp(cell(t, i, key[k]),
			              cell(other, row, key[k])) == 0;
		if (same)
			return (long)i;
	}
	return -1;
}

/* The best attack on words: the name of its column. */
static const char *best_attack(const struct table *t, size_t row)
{
	static const char *const attacks[] = {"same", "unigram", "viterbi",
	                                      "bigram"};
	const char *best = attacks[0];
	for (size_t i = 1; i < sizeof attacks / sizeof *attacks; i++)
		if (number(t, row, attacks[i]) > number(t, row, best))
			best = attacks[i];
	return best;
}

static double half_of(const struct table *t, size_t row, const char *name)
{
	char column[64];
	snprintf(column, sizeof column, "%s_ci95", name);
	return number(t, row, column);
}

/* --------------------------------------------------------------- charts */

static bool accuracy_by_epsilon(const struct report *r, size_t row, double *x,
                                double *y, double *error)
{
	const struct table *t = &r->table[UTILITY];
	*x = number(t, row, "epsilon_verified");
	*y = 100 * number(t, row, "accuracy");
	*error = 100 * half_of(t, row, "accuracy");
	return is_main(t, row);
}

static bool accuracy_by_success(const struct report *r, size_t row, double *x,
                                double *y, double *error)
{
	const struct table *a = &r->table[ATTACK];
	long other = same_row(a, &r->table[UTILITY], row);
	if (other < 0)
		return false;
	bool ok = accuracy_by_epsilon(r, row, x, y, error);
	*x = 100 * number(a, (size_t)other, best_attack(a, (size_t)other));
	return ok;
}

static bool success_by_epsilon(const struct report *r, size_t row, double *x,
                               double *y, double *error)
{
	const struct table *t = &r->table[ATTACK];
	const char *best = best_attack(t, row);
	*x = number(t, row, "epsilon_verified");
	*y = 100 * number(t, row, best);
	*error = 100 * half_of(t, row, best);
	return true;
}

static bool auc_by_epsilon(const struct report *r, size_t row, double *x,
                           double *y, double *error)
{
	const struct table *t = &r->table[ATTACK];
	*x = number(t, row, "epsilon_verified");
	*y = 100 * number(t, row, "member_auc");
	*error = 100 * half_of(t, row, "member_auc");
	return true;
}

static bool exposure_by_epsilon(const struct report *r, size_t row, double *x,
                                double *y, double *error)
{
	const struct table *t = &r->table[ATTACK];
	*x = number(t, row, "epsilon_verified");
	*y = number(t, row, "exposure_bigram_often");
	*error = half_of(t, row, "exposure_bigram_often");
	return true;
}

static bool bayes_by_epsilon(const struct report *r, size_t row, double *x,
                             double *y, double *error)
{
	const struct table *t = &r->table[PRIVACY];
	*x = number(t, row, "epsilon_verified");
	*y = 100 * number(t, row, "bayes_token");
	*error = NAN;
	return true;
}

struct kind {
	const char *id, *title, *text;
	enum file of, also; /* tables it is made from; of: its rows */
	const char *x_label, *y_label;
	bool log_x;
	point_fn *point;
	const char *level; /* what the dashed line is, or NULL */
};

static const struct kind kinds[] = {
    {"accuracy", "What an epsilon costs",
     "A classifier learns from rewritten text and is tested on text as it is. "
     "Up and to the left is better: more is learnt at a smaller epsilon that "
     "holds, for each word and unit of distance.",
     UTILITY, UTILITY, "epsilon that holds", "accuracy, %", true,
     accuracy_by_epsilon, "the original text"},
    {"tradeoff", "What it buys",
     "The same accuracy against what an attacker gets: the share of words "
     "guessed right by the best of the attacks, who knows the mechanism and "
     "has read other texts of the kind. Up and to the left is better. The "
     "numbers are the epsilons asked for; where several are close together, "
     "the "
     "first.",
     UTILITY, ATTACK, "words guessed right, %", "accuracy, %", false,
     accuracy_by_success, "the original text"},
    {"words", "Words guessed",
     "The share of words of a text guessed right from what they became: the "
     "best of leaving them as they are, Bayes by single words, and Bayes by "
     "bigrams. For laplace the likelihood is estimated, and this is what can "
     "be had at least.",
     ATTACK, ATTACK, "epsilon that holds", "words guessed right, %", true,
     success_by_epsilon, NULL},
    {"members", "Members told",
     "Whether a text was among those a classifier learnt from, after they "
     "were rewritten: area under the curve of an attack by loss. 50 is "
     "guessing.",
     ATTACK, ATTACK, "epsilon that holds", "AUC x 100", true, auc_by_epsilon,
     "the original text"},
    {"canaries", "Secrets extracted",
     "A secret put into the text 10 times before it was rewritten: how many "
     "bits of it a bigram model of the rewritten text gives away. Each time "
     "it is rewritten anew, which is why repeated secrets are not safe.",
     ATTACK, ATTACK, "epsilon that holds", "exposure, bits", true,
     exposure_by_epsilon, "the original text"},
    {"bayes", "What theory says",
     "Bayes vulnerability: how often the best guess of a word from what it "
     "became is right, computed exactly over the whole vocabulary, words "
     "being as frequent as their rank has it.",
     PRIVACY, PRIVACY, "epsilon that holds", "Bayes vulnerability, %", true,
     bayes_by_epsilon, NULL},
};

enum { KINDS = sizeof kinds / sizeof *kinds };

/* The colour and mark of a mechanism: the same in all charts. */
static int style_of(const char *mechanism)
{
	for (size_t i = 0; i < dpt_mechanism_count(); i++)
		if (strcmp(dpt_mechanism_at(i)->name, mechanism) == 0)
			return (int)(i % CHART_STYLES);
	return CHART_STYLES - 1;
}

static struct series *series_of(struct chart *c, const char *mechanism)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->series[i].name, mechanism) == 0)
			return &c->series[i];
	if (c->n == CHART_SERIES)
		return NULL;
	c->series[c->n].name = mechanism;
	c->series[c->n].style = style_of(mechanism);
	return &c->series[c->n++];
}

/* What is where the last point of a mechanism was is not drawn again. */
static void add_point(struct chart *c, const char *mechanism, double x,
                      double y, double error, double label)
{
	struct series *s = series_of(c, mechanism);
	if (!s || s->n == CHART_POINTS)
		return;
	if (s->n > 0 && s->x[s->n - 1] == x && s->y[s->n - 1] == y)
		return;
	s->x[s->n] = x;
	s->y[s->n] = y;
	s->label[s->n] = label;
	s->error[s->n++] = error;
}

/* Makes a range larger so that a value is in it. */
static void widen(double *low, double *high, double v)
{
	*low = fmin(*low, v);
	*high = fmax(*high, v);
}

/* Labels that would be upon that of a point before are left out. */
static void thin_labels(const struct chart *c, struct series *s)
{
	double x = -INFINITY, y = -INFINITY;
	for (size_t k = 0; k < s->n; k++) {
		bool near = fabs(s->x[k] - x) < 0.06 * (c->high_x - c->low_x) &&
		            fabs(s->y[k] - y) < 0.06 * (c->high_y - c->low_y);
		if (near) {
			s->label[k] = NAN;
		} else {
			x = s->x[k];
			y = s->y[k];
		}
	}
}

/* The ranges, with some room; y in whole steps. */
static void fit(struct chart *c)
{
	double low = isnan(c->level) ? INFINITY : c->level;
	double high = isnan(c->level) ? -INFINITY : c->level;
	c->low_x = INFINITY;
	c->high_x = -INFINITY;
	for (size_t i = 0; i < c->n; i++)
		for (size_t k = 0; k < c->series[i].n; k++) {
			const struct series *s = &c->series[i];
			double e = isnan(s->error[k]) ? 0 : s->error[k];
			widen(&c->low_x, &c->high_x, s->x[k]);
			widen(&low, &high, s->y[k] - e);
			widen(&low, &high, s->y[k] + e);
		}
	double room = (c->high_x - c->low_x) / 12 + 0.1;
	c->low_x = c->log_x ? c->low_x / 1.2 : c->low_x - room;
	c->high_x = c->log_x ? c->high_x * 1.2 : c->high_x + room;
	double step = high - low > 15 ? 10 : 2;
	c->low_y = step * floor(low / step - 0.05);
	c->high_y = step * ceil(high / step + 0.05);
	for (size_t i = 0; i < c->n; i++)
		thin_labels(c, &c->series[i]);
}

/* All points of a corpus; whether there are any. */
static bool collect(const struct report *r, const struct kind *k,
                    const char *corpus, struct chart *c)
{
	const struct table *t = &r->table[k->of];
	for (size_t row = 0; row < t->rows; row++) {
		double x, y, error;
		if (strcmp(cell(t, row, "corpus"), corpus) != 0)
			continue;
		bool clean = is_clean(t, row);
		bool ok = k->point(r, row, &x, &y, &error);
		/* of clean text there is no epsilon, but a level */
		if (clean && k->level && isnan(c->level) && is_main(t, row)) {
			if (k->point == accuracy_by_success)
				accuracy_by_epsilon(r, row, &x, &y, &error);
			c->level = y;
		} else if (ok && !clean && !isnan(x) && !isnan(y) &&
		           (x > 0 || !k->log_x)) {
			add_point(c, cell(t, row, "mechanism"), x, y, error,
			          k->log_x
			              ? NAN
			              : number(t, row, "epsilon_requested"));
		}
	}
	if (c->n > 0)
		fit(c);
	return c->n > 0;
}

static void draw(struct report *r, const struct kind *k, const char *corpus)
{
	struct chart *c = memory_new(1, sizeof *c);
	c->x_label = k->x_label;
	c->y_label = k->y_label;
	c->about = k->title;
	c->log_x = k->log_x;
	c->level = NAN;
	if (collect(r, k, corpus, c)) {
		fputs("<figure>\n<h3>", r->f);
		page_text(r->f, corpus);
		fputs("</h3>\n", r->f);
		r->failed = r->failed || !chart_draw(c, r->charts++, r->f);
		fputs("<figcaption>Bars: 95 % intervals, where there are any.",
		      r->f);
		if (!isnan(c->level))
			fprintf(r->f, " Dashed: %s.", k->level);
		fputs("</figcaption>\n</figure>\n", r->f);
	}
	free(c);
}

static void put_missing(struct report *r, enum file file)
{
	fprintf(r->f,
	        "<p class=\"missing\"><code>%s.tsv</code> is missing. "
	        "<code>dptext-eval %s -o %s.tsv</code> makes it.</p>\n",
	        file_name[file], file_command[file], file_name[file]);
}

/* Whether a mechanism has any epsilon that holds. */
static bool is_drawn(const struct table *t, const char *mechanism)
{
	for (size_t row = 0; row < t->rows; row++)
		if (strcmp(cell(t, row, "mechanism"), mechanism) == 0 &&
		    !isnan(number(t, row, "epsilon_verified")))
			return true;
	return false;
}

static void put_legend(const struct report *r, const struct kind *k)
{
	const struct table *t = &r->table[k->of];
	struct names seen = {0};
	fputs("<ul class=\"legend\">", r->f);
	for (size_t row = 0; row < t->rows; row++) {
		const char *name = cell(t, row, "mechanism");
		if (is_clean(t, row) ||
		    names_find(&seen, name, strlen(name)) >= 0)
			continue;
		names_add(&seen, name, strlen(name));
		bool drawn = is_drawn(t, name);
		fputs("<li>", r->f);
		if (drawn)
			chart_mark(style_of(name), r->f);
		page_text(r->f, name);
		fputs(" (", r->f);
		page_text(r->f, cell(t, row, "guarantee"));
		fputs(drawn ? ")</li>" : "): nothing that holds</li>", r->f);
	}
	fputs("</ul>\n", r->f);
	names_free(&seen);
}

static void put_commands(const struct report *r, enum file file)
{
	fprintf(r->f,
	        "<p class=\"source\">From <a href=\"#%s\">%s.tsv</a>, "
	        "by</p>\n",
	        file_name[file], file_name[file]);
	page_commands(r->f, &r->table[file]);
}

static void put_charts(struct report *r, const struct kind *k)
{
	fprintf(r->f, "<section id=\"%s\">\n<h2>%s</h2>\n<p>%s</p>\n", k->id,
	        k->title, k->text);
	enum file lacks = r->table[k->of].rows == 0     ? k->of
	                  : r->table[k->also].rows == 0 ? k->also
	                                                : FILES;
	if (lacks != FILES) {
		put_missing(r, lacks);
	} else {
		put_legend(r, k);
		fputs("<div class=\"panels\">\n", r->f);
		for (size_t i = 0; i < r->corpora.n; i++)
			draw(r, k, names_text(&r->corpora, i));
		fputs("</div>\n", r->f);
		put_commands(r, k->of);
		if (k->also != k->of)
			put_commands(r, k->also);
	}
	fputs("</section>\n", r->f);
}

/* --------------------------------------------------------------- tables */

/* A column of the summary: where it is from; percent or as it is. */
static const struct {
	const char *title;
	enum file from;
	const char *column;
	double scale;
	int digits;
} summary[] = {
    {"epsilon that holds", FILES, "epsilon_verified", 1, 3},
    {"accuracy, %", UTILITY, "accuracy", 100, 1},
    {"\xC2\xB1", UTILITY, "accuracy_ci95", 100, 1},
    {"words unchanged, %", UTILITY, "unchanged", 100, 1},
    {"words guessed, %", ATTACK, "", 100, 1},
    {"content words guessed, %", ATTACK, "_content", 100, 1},
    {"member AUC", ATTACK, "member_auc", 1, 3},
    {"\xC2\xB1", ATTACK, "member_auc_ci95", 1, 3},
    {"secret once, bits", ATTACK, "exposure_bigram_once", 1, 2},
    {"secret 10 times, bits", ATTACK, "exposure_bigram_often", 1, 2},
    {"Bayes vulnerability, %", PRIVACY, "bayes_token", 100, 1},
    {"outputs (S_w)", PRIVACY, "support", 1, 1},
    {"worst loss of a word", PRIVACY, "worst_loss", 1, 1},
};

enum { SUMMARY = sizeof summary / sizeof *summary };

static void put_figure(const struct report *r, const struct table *base,
                       size_t row, size_t i)
{
	char column[64], text[32] = "nan";
	const struct table *t =
	    summary[i].from == FILES ? base : &r->table[summary[i].from];
	long other = t == base ? (long)row : same_row(t, base, row);
	if (other >= 0) {
		bool guess = summary[i].from == ATTACK &&
		             (!*summary[i].column || *summary[i].column == '_');
		snprintf(column, sizeof column, "%s%s",
		         guess ? best_attack(t, (size_t)other) : "",
		         summary[i].column);
		double v = number(t, (size_t)other, column);
		if (!isnan(v))
			snprintf(text, sizeof text, "%.*f", summary[i].digits,
			         v * summary[i].scale);
	}
	page_table_cell(r->f, text);
}

/* The table whose rows the summary has. */
static const struct table *base_of(const struct report *r)
{
	static const enum file order[] = {UTILITY, ATTACK, PRIVACY};
	for (size_t i = 0; i < 3; i++)
		if (r->table[order[i]].rows > 0)
			return &r->table[order[i]];
	return NULL;
}

static void put_summary(struct report *r)
{
	static const char *const lead[] = {"corpus", "mechanism", "guarantee",
	                                   "epsilon_requested"};
	const struct table *base = base_of(r);
	fputs("<section id=\"summary\">\n<h2>At a glance</h2>\n"
	      "<p>The main figures side by side; a click on a name sorts. All "
	      "columns are in the tables below.</p>\n",
	      r->f);
	if (base) {
		page_table_start(r->f, "At a glance");
		for (size_t i = 0; i < 3; i++)
			page_table_name(r->f, lead[i]);
		page_table_name(r->f, "epsilon asked for");
		for (size_t i = 0; i < SUMMARY; i++)
			page_table_name(r->f, summary[i].title);
		page_table_body(r->f);
		for (size_t row = 0; row < base->rows; row++) {
			if (!is_main(base, row))
				continue;
			fputs("<tr>", r->f);
			for (size_t i = 0; i < 4; i++)
				page_table_cell(r->f, cell(base, row, lead[i]));
			for (size_t i = 0; i < SUMMARY; i++)
				put_figure(r, base, row, i);
			fputs("</tr>\n", r->f);
		}
		page_table_end(r->f);
	}
	fputs("</section>\n", r->f);
}

static void put_table(struct report *r, enum file file)
{
	const struct table *t = &r->table[file];
	fprintf(r->f, "<section id=\"%s\">\n<h2>Table: %s</h2>\n",
	        file_name[file], file_name[file]);
	if (t->missing) {
		put_missing(r, file);
	} else {
		fprintf(r->f,
		        "<p>As <a href=\"%s.tsv\">%s.tsv</a>, beside this "
		        "page.</p>\n<pre>",
		        file_name[file], file_name[file]);
		for (size_t i = 0; i < t->notes; i++) {
			page_text(r->f, t->note[i]);
			fputc('\n', r->f);
		}
		fputs("</pre>\n", r->f);
		page_table(r->f, t, file_name[file]);
	}
	fputs("</section>\n", r->f);
}

/* ----------------------------------------------------------------- page */

static void put_contents(struct report *r)
{
	fputs("<nav aria-label=\"Contents\"><ul>\n", r->f);
	for (size_t i = 0; i < KINDS; i++)
		fprintf(r->f, "<li><a href=\"#%s\">%s</a></li>\n", kinds[i].id,
		        kinds[i].title);
	fputs("<li><a href=\"#summary\">At a glance</a></li>\n", r->f);
	for (int i = 0; i < FILES; i++)
		fprintf(r->f, "<li><a href=\"#%s\">Table: %s</a></li>\n",
		        file_name[i], file_name[i]);
	fputs("</ul></nav>\n", r->f);
}

static void put_page(struct report *r)
{
	r->f = r->output.text;
	page_start(r->f, "What an epsilon costs and buys",
	           "Text rewritten by dptext: what can still be learnt from "
	           "it, what is promised and holds, and what attackers get.");
	put_contents(r);
	for (size_t i = 0; i < KINDS; i++)
		put_charts(r, &kinds[i]);
	put_summary(r);
	for (enum file i = 0; i < FILES; i++)
		put_table(r, i);
	page_end(r->f);
}

static bool read_tables(struct report *r)
{
	char path[PATH_MAX];
	for (int i = 0; i < FILES; i++) {
		struct table *t = &r->table[i];
		int n = snprintf(path, sizeof path, "%s/%s.tsv", r->folder,
		                 file_name[i]);
		if (n < 0 || (size_t)n >= sizeof path) {
			msg("the name of the folder is too long");
			return false;
		}
		if (!table_read(t, path))
			return false;
		for (size_t row = 0; i < DECILES && row < t->rows; row++) {
			const char *corpus = cell(t, row, "corpus");
			names_add(&r->corpora, corpus, strlen(corpus));
		}
	}
	return true;
}

static bool is_folder(const char *path)
{
	struct stat st;
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return true;
	msg("%s: not a folder", path);
	return false;
}

static bool run(struct report *r)
{
	if (!is_folder(r->folder) || !tsv_open(&r->output, r->out) ||
	    !read_tables(r))
		return false;
	put_page(r);
	return !r->failed && tsv_commit(&r->output);
}

int report_main(int argc, char **argv)
{
	static struct report r;
	const char *arg;
	int id, operands;
	msg_start(program.name);
	while ((id = opt_next(&program, argc, argv, &arg, &operands)) != -1)
		r.out = arg;
	if (argc - operands != 1)
		msg_usage("one folder");
	r.folder = argv[operands];
	msg_start("dptext-eval");
	bool ok = run(&r);
	for (int i = 0; i < FILES; i++)
		table_free(&r.table[i]);
	names_free(&r.corpora);
	tsv_free(&r.output);
	return ok ? EXIT_DONE : EXIT_FAILED;
}
