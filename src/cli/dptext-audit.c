/* SPDX-License-Identifier: MIT */
/* What a mechanism does, exactly. */
#include "dptext.h"

#include "choice.h"
#include "msg.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { JSON = 256, TOP };

static const struct opt table[] = {
    CHOICE_OPTIONS,
    {TOP, "top", "N", "lines of word and pair [20; all in JSON]"},
    {JSON, "json", NULL, "print JSON"},
    {'o', "output", "FILE", "the report that merge writes"},
};

static const struct opt_program program = {
    "dptext-audit",
    "[OPTION]... summary\n"
    "[OPTION]... word WORD\n"
    "[OPTION]... pair WORD WORD\n"
    "[OPTION]... dial [EPS...]\n"
    "-o FILE merge REPORT...",
    "Shows exactly what a mechanism does at an epsilon.",
    table,
    sizeof table / sizeof *table,
    "See dptext-audit(1).",
};

struct run {
	struct choice choice;
	bool json;
	uint32_t top;
	const char *out_path; /* of merge, or NULL */
};

/* -------------------------------------------------------------- printing */

/* A JSON number; what is not finite has no number there. */
static void json_number(const char *key, double v)
{
	if (isfinite(v))
		printf("\"%s\":%.17g", key, v);
	else
		printf("\"%s\":%s", key, isinf(v) ? "\"infinite\"" : "null");
}

static void json_string(const char *text, size_t len)
{
	putchar('"');
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < 0x20)
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

static void json_word(const struct run *r, uint32_t id)
{
	size_t len;
	const char *word = dpt_index_word(r->choice.index, id, &len);
	json_string(word, len);
}

/* A word, padded to a column by its number of characters. */
static void print_word(const struct run *r, uint32_t id, int width)
{
	size_t len, seen = 0;
	const char *word = dpt_index_word(r->choice.index, id, &len);
	fwrite(word, 1, len, stdout);
	for (size_t i = 0; i < len; i++)
		seen += ((unsigned char)word[i] & 0xC0) != 0x80;
	for (int i = (int)seen; i < width; i++)
		putchar(' ');
}

static void row(const char *label, const char *format, double v)
{
	printf("%-34s ", label);
	if (isnan(v))
		printf("not known\n");
	else if (isinf(v))
		printf("infinite\n");
	else {
		printf(format, v);
		putchar('\n');
	}
}

/* --------------------------------------------------------------- summary */

static void summary_json(const struct dpt_model_info *i,
                         const struct dpt_audit *a, const struct run *r)
{
	struct dpt_index_info x = dpt_index_about(r->choice.index);
	const struct {
		const char *key;
		double value;
	} figure[] = {
	    {"unchanged_mean", a->unchanged_mean},
	    {"unchanged_token_mean", a->unchanged_token_mean},
	    {"distance_mean", a->distance_mean},
	    {"in_list_mean", a->in_list_mean},
	    {"support_mean", a->support_mean},
	    {"bayes_vulnerability_uniform", a->bayes_uniform},
	    {"bayes_vulnerability_token", a->bayes_token},
	    {"mutual_information_bits", a->information_bits},
	    {"worst_case_loss", a->worst_loss},
	};
	printf("{\"mechanism\":\"%s\",\"guarantee\":\"%s\",",
	       i->mechanism->name, dpt_guarantee_name(i->mechanism->guarantee));
	json_number("epsilon_requested",
	            i->epsilon_requested > 0 ? i->epsilon_requested : NAN);
	putchar(',');
	json_number("epsilon_verified", a->epsilon);
	printf(",\"parameters\":{");
	for (size_t p = 0; p < i->mechanism->params; p++) {
		printf("%s", p ? "," : "");
		json_number(i->mechanism->param[p].name, i->value[p]);
	}
	printf("},\"words\":%u,\"simulated\":%s", x.classes,
	       a->simulated ? "true" : "false");
	for (size_t k = 0; k < sizeof figure / sizeof *figure; k++) {
		putchar(',');
		json_number(figure[k].key, figure[k].value);
	}
	printf("}\n");
}

static void print_claim(const struct dpt_model_info *i,
                        const struct dpt_audit *a, const struct run *r)
{
	bool nominal = i->mechanism->guarantee == DPT_NOMINAL;
	if (i->epsilon_requested > 0)
		row(nominal ? "epsilon claimed" : "epsilon asked for", "%.6g",
		    i->epsilon_requested);
	row(a->simulated ? "epsilon, by theorem"
	    : nominal    ? "epsilon realised"
	                 : "epsilon, verified",
	    "%.6f", a->epsilon);
	if (a->simulated || a->worst[0] == a->worst[1])
		return;
	printf("%-34s ", "  telling apart");
	print_word(r, a->worst[0], 0);
	printf(", ");
	print_word(r, a->worst[1], 0);
	printf(" by ");
	print_word(r, a->worst[2], 0);
	putchar('\n');
}

static void summary_text(const struct dpt_model_info *i,
                         const struct dpt_audit *a, const struct run *r)
{
	struct dpt_index_info x = dpt_index_about(r->choice.index);
	printf("%-34s %s (%s)\n", "mechanism", i->mechanism->name,
	       dpt_guarantee_name(i->mechanism->guarantee));
	print_claim(i, a, r);
	for (size_t p = 0; p < i->mechanism->params; p++)
		row(i->mechanism->param[p].name, "%.6g", i->value[p]);
	printf("%-34s %u\n", "words", x.classes);
	if (a->simulated)
		printf("simulated, with 95 %% intervals of +- %.4f for the "
		       "unchanged share\nand +- %.4f for the distance:\n",
		       a->unchanged_mean_error, a->distance_mean_error);
	if (i->mechanism->guarantee == DPT_NOMINAL)
		row("rows sum to 1 within", "%.2g", a->row_error);
	row("unchanged, mean over words", "%.6f", a->unchanged_mean);
	row("unchanged, mean over tokens", "%.6f", a->unchanged_token_mean);
	row("among the neighbours", "%.6f", a->in_list_mean);
	row("expected distance", "%.6f", a->distance_mean);
	row("outputs with P >= 0.01", "%.3f", a->support_mean);
	row("Bayes vulnerability, uniform prior", "%.6f", a->bayes_uniform);
	row("Bayes vulnerability, token prior", "%.6f", a->bayes_token);
	row("mutual information, bits", "%.6f", a->information_bits);
	row("worst-case loss per word", "%.6f", a->worst_loss);
}

static int summary(struct run *r)
{
	dpt_error err;
	struct dpt_audit audit;
	struct choice *c = &r->choice;
	if (!choice_open_model(c))
		return EXIT_FAILED;
	enum dpt_status status =
	    dpt_model_audit(c->model, &c->settings, &audit, &err);
	progress_end(&c->progress);
	if (status) {
		msg("%s", err.text);
		return EXIT_FAILED;
	}
	struct dpt_model_info info = dpt_model_about(c->model);
	(r->json ? summary_json : summary_text)(&info, &audit, r);
	return msg_finish_stdout();
}

/* --------------------------------------------------------- word and pair */

struct output {
	uint32_t word;
	double p, other, distance;
};

static int by_probability(const void *a, const void *b)
{
	const struct output *x = a, *y = b;
	if (x->p != y->p)
		return x->p < y->p ? 1 : -1;
	return x->word < y->word ? -1 : x->word > y->word;
}

/* Two impossible outputs do not tell words apart. */
static double log_ratio(const struct output *o)
{
	return o->p == o->other ? 0 : log(o->p / o->other);
}

static int by_ratio(const void *a, const void *b)
{
	const struct output *x = a, *y = b;
	double u = fabs(log_ratio(x)), v = fabs(log_ratio(y));
	if (u != v)
		return u < v ? 1 : -1;
	return x->word < y->word ? -1 : x->word > y->word;
}

static bool find(const struct run *r, const char *word, uint32_t *out)
{
	*out = dpt_index_find(r->choice.index, word, strlen(word));
	if (*out == DPT_NO_WORD)
		msg("'%s' is not a word of the index", word);
	return *out != DPT_NO_WORD;
}

/* All outputs of w, with their probabilities for x as well. */
static struct output *outputs(struct run *r, uint32_t w, uint32_t x)
{
	dpt_error err = {.text = "out of memory"};
	const dpt_index *index = r->choice.index;
	uint32_t n = dpt_index_about(index).classes;
	struct output *out = malloc(n * sizeof *out);
	double *p = malloc(2 * (size_t)n * sizeof *p);
	enum dpt_status status =
	    out && p ? dpt_model_row(r->choice.model, w, p, &err) : DPT_ENOMEM;
	if (!status)
		status = dpt_model_row(r->choice.model, x, p + n, &err);
	for (uint32_t v = 0; !status && v < n; v++)
		out[v] = (struct output){v, p[v], p[n + v],
		                         dpt_index_distance(index, w, v)};
	free(p);
	if (status) {
		msg("%s", err.text);
		free(out);
		return NULL;
	}
	return out;
}

static int word(struct run *r, const char *text)
{
	uint32_t w, n = dpt_index_about(r->choice.index).classes;
	if (!find(r, text, &w) || !choice_open_model(&r->choice))
		return EXIT_FAILED;
	struct output *out = outputs(r, w, w);
	if (!out)
		return EXIT_FAILED;
	qsort(out, n, sizeof *out, by_probability);
	uint32_t shown = r->top && r->top < n ? r->top : n;
	if (r->json) {
		printf("{\"word\":");
		json_word(r, w);
		printf(",\"outputs\":[");
	} else {
		printf("%-24s %12s %10s\n", "becomes", "probability",
		       "distance");
	}
	for (uint32_t i = 0; i < shown; i++) {
		if (r->json) {
			printf("%s{\"word\":", i ? "," : "");
			json_word(r, out[i].word);
			printf(",\"p\":%.17g,\"distance\":%.17g}", out[i].p,
			       out[i].distance);
		} else {
			print_word(r, out[i].word, 24);
			printf(" %12.6g %10.4f\n", out[i].p, out[i].distance);
		}
	}
	if (r->json)
		printf("]}\n");
	free(out);
	return msg_finish_stdout();
}

static void pair_head(const struct run *r, uint32_t w, uint32_t x,
                      const struct output *worst)
{
	double d = dpt_index_distance(r->choice.index, w, x);
	double epsilon = dpt_model_about(r->choice.model).epsilon_verified;
	double loss = fabs(log_ratio(worst));
	if (r->json) {
		printf("{\"words\":[");
		json_word(r, w);
		putchar(',');
		json_word(r, x);
		printf("],");
		json_number("distance", d);
		putchar(',');
		json_number("allowed_loss", epsilon * d);
		putchar(',');
		json_number("worst_loss", loss);
		printf(",\"outputs\":[");
		return;
	}
	row("distance", "%.6f", d);
	row("loss allowed, epsilon x distance", "%.6f", epsilon * d);
	row("worst loss of any output", "%.6f", loss);
	printf("\n%-24s %12s %12s %10s\n", "becomes", "P(.|first)",
	       "P(.|second)", "ln ratio");
}

static int pair(struct run *r, const char *first, const char *second)
{
	uint32_t w, x, n = dpt_index_about(r->choice.index).classes;
	if (!find(r, first, &w) || !find(r, second, &x))
		return EXIT_FAILED;
	if (w == x)
		msg_usage("the two words must differ");
	if (!choice_open_model(&r->choice))
		return EXIT_FAILED;
	struct output *out = outputs(r, w, x);
	if (!out)
		return EXIT_FAILED;
	qsort(out, n, sizeof *out, by_ratio);
	pair_head(r, w, x, &out[0]);
	uint32_t shown = r->top && r->top < n ? r->top : n;
	for (uint32_t i = 0; i < shown; i++) {
		double ratio = log_ratio(&out[i]);
		if (r->json) {
			printf("%s{\"word\":", i ? "," : "");
			json_word(r, out[i].word);
			printf(",\"p\":[%.17g,%.17g],", out[i].p, out[i].other);
			json_number("ln_ratio", ratio);
			putchar('}');
		} else {
			print_word(r, out[i].word, 24);
			printf(" %12.6g %12.6g %10.4f\n", out[i].p,
			       out[i].other, ratio);
		}
	}
	if (r->json)
		printf("]}\n");
	free(out);
	return msg_finish_stdout();
}

/* ------------------------------------------------------------------ dial */

static const double dial_epsilons[] = {0.5, 1, 1.5, 2, 2.5, 3,
                                       4,   5, 6,   8, 10,  20};

static bool dial_line(struct run *r, double epsilon, bool first)
{
	dpt_error err;
	struct dpt_audit a;
	struct choice *c = &r->choice;
	c->settings.epsilon = epsilon;
	if (!choice_open_model(c))
		return false;
	enum dpt_status status =
	    dpt_model_audit(c->model, &c->settings, &a, &err);
	progress_end(&c->progress);
	struct dpt_model_info info = dpt_model_about(c->model);
	if (status) {
		msg("%s", err.text);
	} else if (r->json) {
		printf("%s", first ? "" : ",");
		summary_json(&info, &a, r);
	} else {
		printf("%-8g %9.4f %9.4f %9.4f %9.4f %9.4f %9.4f  ", epsilon,
		       a.epsilon, a.unchanged_token_mean, a.in_list_mean,
		       a.distance_mean, a.bayes_token, a.worst_loss);
		for (size_t p = 0; p < info.mechanism->params && p < 3; p++)
			printf("%s=%.4g ", info.mechanism->param[p].name,
			       info.value[p]);
		printf("\n");
	}
	dpt_model_free(c->model);
	c->model = NULL;
	return status == DPT_OK;
}

static int dial(struct run *r, int n, char **epsilon)
{
	bool ok = true;
	int lines = n ? n : (int)(sizeof dial_epsilons / sizeof *dial_epsilons);
	for (int i = 0; i < n; i++) /* before anything is printed */
		opt_number("epsilon", epsilon[i], 1e-6, 1e6);
	if (r->json)
		printf("[");
	else
		printf("%-8s %9s %9s %9s %9s %9s %9s  %s\n", "epsilon",
		       "verified", "unchanged", "in list", "distance", "Bayes",
		       "worst", "parameters");
	for (int i = 0; ok && i < lines; i++)
		ok = dial_line(r,
		               n ? opt_number("epsilon", epsilon[i], 1e-6, 1e6)
		                 : dial_epsilons[i],
		               i == 0);
	if (r->json)
		printf("]\n");
	return msg_finish_stdout() || !ok ? EXIT_FAILED : EXIT_DONE;
}

/* ----------------------------------------------------------------- merge */

/* Adds the report of a file, or takes it if it is the first. */
static bool add_report(struct dpt_report *sum, const char *path, bool first)
{
	static struct dpt_report report;
	dpt_error err;
	enum dpt_status status =
	    dpt_report_read(path, first ? sum : &report, &err);
	if (status) {
		msg("%s", err.text);
		return false;
	}
	if (!first)
		status = dpt_report_add(sum, &report, &err);
	if (status)
		msg("%s: %s than in the reports before", path, err.text);
	return status == DPT_OK;
}

static int merge(const char *out_path, int n, char **path)
{
	static struct dpt_report sum;
	dpt_error err;
	if (!out_path || n == 0)
		msg_usage("merge needs -o FILE and a REPORT");
	for (int i = 0; i < n; i++)
		if (!add_report(&sum, path[i], i == 0))
			return EXIT_FAILED;
	if (dpt_report_write(out_path, &sum, &err)) {
		msg("%s", err.text);
		return EXIT_FAILED;
	}
	return EXIT_DONE;
}

/* ------------------------------------------------------------------ main */

static int command(struct run *r, int argc, char **argv)
{
	const char *name = argc ? argv[0] : "";
	if (strcmp(name, "summary") == 0 && argc == 1)
		return summary(r);
	if (strcmp(name, "word") == 0 && argc == 2)
		return word(r, argv[1]);
	if (strcmp(name, "pair") == 0 && argc == 3)
		return pair(r, argv[1], argv[2]);
	if (strcmp(name, "dial") == 0)
		return dial(r, argc - 1, argv + 1);
	msg_usage("summary, word WORD, pair WORD WORD, dial [EPS...] or "
	          "merge REPORT...");
}

int main(int argc, char **argv)
{
	static struct run r;
	const char *arg;
	int id, operands;
	bool top_given = false;
	msg_start("dptext-audit");
	setenv("OPENBLAS_NUM_THREADS", "1", 1); /* ours are enough */
	choice_start(&r.choice);
	r.top = 20;
	while ((id = opt_next(&program, argc, argv, &arg, &operands)) != -1) {
		if (id == JSON) {
			r.json = true;
		} else if (id == 'o') {
			r.out_path = arg;
		} else if (id == TOP) {
			r.top = (uint32_t)opt_count("--top", arg, 1, INT32_MAX);
			top_given = true;
		} else {
			choice_option(&r.choice, id, arg);
		}
	}
	choice_check(&r.choice);
	if (choice_wants_list(&r.choice))
		return choice_list();
	if (r.json && !top_given)
		r.top = 0;
	argc -= operands;
	argv += operands;
	if (argc > 0 && strcmp(argv[0], "merge") == 0)
		return merge(r.out_path, argc - 1, argv + 1);
	if (r.out_path)
		msg_usage("-o is for merge");
	progress_start(&r.choice.progress, true);
	if (!choice_open_index(&r.choice))
		return EXIT_FAILED;
	int status = command(&r, argc, argv);
	choice_close(&r.choice);
	return status;
}
