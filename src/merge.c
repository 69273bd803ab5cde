/* SPDX-License-Identifier: MIT */
/* Reports read back, and put together. */
#include "error.h"
#include "json.h"
#include "spread.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST ((size_t)16 << 20) /* bytes of a report */
#define LONGEST_VALUE 64

/* ---------------------------------------------------------------- reading */

/* Values are looked for by path, each in all of the text, until one fails. */
struct reader {
	struct dpt_buf text;
	struct dpt_pieces found;
	enum dpt_status status;
	dpt_error err; /* without the name of the file */
};

static void fail(struct reader *r, const char *path)
{
	if (!r->status)
		r->status = dpt_fail(&r->err, DPT_EFORMAT,
		                     "'%s' is not what a report has", path);
}

/* All values at a path. */
static void look(struct reader *r, const char *path)
{
	struct dpt_paths paths;
	r->found.count = 0;
	if (r->status)
		return;
	r->status = dpt_paths_new(&paths, &path, 1, &r->err);
	if (r->status)
		return;
	paths.scalars = true;
	r->status = dpt_json_pieces(&paths, r->text.data, 0, r->text.len,
	                            &r->found, &r->err);
	dpt_paths_free(&paths);
}

/* Copies value number i at the path; empty if it is none. */
static void copy(struct reader *r, const char *path, size_t i, char *out)
{
	out[0] = 0;
	if (r->status || i >= r->found.count) {
		fail(r, path);
		return;
	}
	const struct dpt_piece *p = &r->found.piece[i];
	size_t len = p->end - p->start;
	if (len >= LONGEST_VALUE) {
		fail(r, path);
		return;
	}
	memcpy(out, r->text.data + p->start, len);
	out[len] = 0;
}

static void get_text(struct reader *r, const char *path, char *out)
{
	look(r, path);
	copy(r, path, 0, out);
}

static double number_at(struct reader *r, const char *path, size_t i)
{
	char text[LONGEST_VALUE], *end;
	copy(r, path, i, text);
	if (strcmp(text, "null") == 0)
		return NAN;
	if (strcmp(text, "infinite") == 0)
		return INFINITY;
	double value = strtod(text, &end);
	if (end == text || *end || !isfinite(value))
		fail(r, path);
	return value;
}

static uint64_t count_at(struct reader *r, const char *path, size_t i)
{
	char text[LONGEST_VALUE];
	copy(r, path, i, text);
	errno = 0;
	unsigned long long value = strtoull(text, NULL, 10);
	if (!text[0] || text[strspn(text, "0123456789")] || errno)
		fail(r, path);
	return value;
}

static double get_number(struct reader *r, const char *path)
{
	look(r, path);
	return number_at(r, path, 0);
}

static uint64_t get_count(struct reader *r, const char *path)
{
	look(r, path);
	return count_at(r, path, 0);
}

static bool get_bool(struct reader *r, const char *path)
{
	char text[LONGEST_VALUE];
	get_text(r, path, text);
	bool is_true = strcmp(text, "true") == 0;
	if (!is_true && strcmp(text, "false") != 0)
		fail(r, path);
	return is_true;
}

/* An amount that was divided by per. */
static uint64_t amount_at(struct reader *r, const char *path, size_t i,
                          double per)
{
	double value = round(number_at(r, path, i) * per);
	if (value >= 0 && value < 0x1p63)
		return (uint64_t)value;
	fail(r, path);
	return 0;
}

static uint64_t get_amount(struct reader *r, const char *object,
                           const char *name, double per)
{
	char path[LONGEST_VALUE];
	snprintf(path, sizeof path, "%s.%s", object, name);
	look(r, path);
	return amount_at(r, path, 0, per);
}

static void get_spread(struct reader *r, const char *object, double per,
                       struct dpt_spread *s)
{
	char path[LONGEST_VALUE];
	uint64_t count = 0;
	s->count = get_amount(r, object, "count", 1);
	s->sum = get_amount(r, object, "sum", per);
	if (r->status || s->count == 0)
		return;
	s->least = get_amount(r, object, "min", per);
	s->most = get_amount(r, object, "max", per);
	snprintf(path, sizeof path, "%s.intervals[][]", object);
	look(r, path);
	for (size_t i = 0; !r->status && i < r->found.count; i += 2) {
		uint64_t end = amount_at(r, path, i, per);
		uint64_t amounts = count_at(r, path, i + 1);
		s->interval[dpt_spread_interval(end)] += amounts;
		count += amounts;
	}
	if (count != s->count || s->least > s->most)
		fail(r, path);
}

static void get_mechanism(struct reader *r, struct dpt_model_info *info)
{
	char path[LONGEST_VALUE], name[LONGEST_VALUE];
	get_text(r, "mechanism", name);
	for (size_t i = 0; i < dpt_mechanism_count(); i++)
		if (strcmp(dpt_mechanism_at(i)->name, name) == 0)
			info->mechanism = dpt_mechanism_at(i);
	if (!info->mechanism) {
		fail(r, "mechanism");
		return;
	}
	for (size_t i = 0; i < info->mechanism->params; i++) {
		snprintf(path, sizeof path, "parameters.%s",
		         info->mechanism->param[i].name);
		info->value[i] = get_number(r, path);
	}
	double requested = get_number(r, "epsilon_requested");
	info->epsilon_requested = isnan(requested) ? 0 : requested;
	info->epsilon_verified = get_number(r, "epsilon_verified");
	info->unchanged_token_mean = get_number(r, "unchanged_expected");
}

/* Which of so many names is at a path. */
static int get_name(struct reader *r, const char *path, int n,
                    const char *const *names)
{
	char text[LONGEST_VALUE];
	get_text(r, path, text);
	for (int i = 0; i < n; i++)
		if (strcmp(names[i], text) == 0)
			return i;
	fail(r, path);
	return 0;
}

/* The public words themselves are not in a report. */
static void get_policy(struct reader *r, struct dpt_policy *p)
{
	static const char *const cases[] = {"preserve", "lower"};
	static const char *const stopwords[] = {"perturb", "keep"};
	const char *oov[DPT_OOVS], *numbers[DPT_NUMBERS];
	char path[LONGEST_VALUE];
	for (int i = 0; i < DPT_OOVS; i++)
		oov[i] = dpt_oov_name((enum dpt_oov)i);
	for (int i = 0; i < DPT_NUMBERS; i++)
		numbers[i] = dpt_numbers_name((enum dpt_numbers)i);
	p->oov = (enum dpt_oov)get_name(r, "policies.oov", DPT_OOVS, oov);
	p->numbers = (enum dpt_numbers)get_name(r, "policies.numbers",
	                                        DPT_NUMBERS, numbers);
	p->lower = get_name(r, "policies.case", 2, cases) == 1;
	p->keep_stopwords =
	    get_name(r, "policies.stopwords", 2, stopwords) == 1;
	p->keeps = get_count(r, "policies.public_words");
	for (int k = 0; k < DPT_KINDS; k++) {
		snprintf(path, sizeof path, "policies.masks.%s",
		         dpt_kind_name((enum dpt_kind)k));
		p->unmasked |= (unsigned)!get_bool(r, path) << k;
	}
}

static bool same_policy(const struct dpt_policy *a, const struct dpt_policy *b)
{
	return a->oov == b->oov && a->numbers == b->numbers &&
	       a->lower == b->lower && a->unmasked == b->unmasked &&
	       a->keep_stopwords == b->keep_stopwords && a->keeps == b->keeps;
}

static void get_counts(struct reader *r, struct dpt_counts *c)
{
	c->records = get_count(r, "records");
	c->broken = get_count(r, "broken");
	c->words = get_count(r, "words");
	c->unchanged = get_count(r, "unchanged");
	c->outside = get_count(r, "outside_vocabulary");
	c->kept = get_count(r, "kept_public");
	c->numbers = get_count(r, "numbers");
	for (int k = 0; k < DPT_KINDS; k++)
		c->masked[k] =
		    get_amount(r, "masked", dpt_kind_name((enum dpt_kind)k), 1);
	c->bytes_in = get_count(r, "bytes_in");
	c->bytes_out = get_count(r, "bytes_out");
	get_spread(r, "words_per_record", 1, &c->record_words);
	get_spread(r, "epsilon_per_record", DPT_EPSILON_UNITS,
	           &c->record_epsilon);
}

static void get_ladder(struct reader *r, struct dpt_report *out)
{
	struct dpt_model_info *info = &out->model;
	look(r, "ladder[].epsilon");
	info->rungs = r->found.count;
	if (info->rungs > DPT_MAX_RUNGS)
		fail(r, "ladder");
	for (size_t i = 0; !r->status && i < info->rungs; i++)
		info->rung[i].requested = number_at(r, "ladder[].epsilon", i);
	look(r, "ladder[].epsilon_verified");
	for (size_t i = 0; !r->status && i < info->rungs; i++)
		info->rung[i].verified =
		    number_at(r, "ladder[].epsilon_verified", i);
	look(r, "ladder[].records");
	for (size_t i = 0; !r->status && i < info->rungs; i++)
		out->counts.rung_records[i] =
		    count_at(r, "ladder[].records", i);
	look(r, "ladder[].words");
	for (size_t i = 0; !r->status && i < info->rungs; i++)
		out->counts.rung_words[i] = count_at(r, "ladder[].words", i);
}

/* Whether there is a value at a path that ends with a question mark. */
static bool is_there(struct reader *r, const char *path)
{
	look(r, path);
	return !r->status && r->found.count > 0;
}

static void get_losses(struct reader *r, struct dpt_report *out)
{
	char how[LONGEST_VALUE] = "";
	out->worst_case_loss = NAN;
	out->delta = NAN;
	if (is_there(r, "local_dp.per_word_is?"))
		copy(r, "local_dp.per_word_is", 0, how);
	if (strcmp(how, "exact") == 0)
		out->worst_case_loss = get_number(r, "local_dp.per_word");
	if (is_there(r, "local_dp.delta?"))
		out->delta = number_at(r, "local_dp.delta", 0);
}

static void get_groups(struct reader *r, struct dpt_report *out)
{
	struct dpt_group_counts *g = &out->groups;
	out->grouped = is_there(r, "groups.count?") ||
	               is_there(r, "groups.count_at_most?");
	if (!out->grouped)
		return;
	if (out->reports == 1) {
		get_spread(r, "groups.records", 1, &g->records);
		get_spread(r, "groups.words", 1, &g->words);
		get_spread(r, "groups.epsilon", DPT_EPSILON_UNITS, &g->epsilon);
		return;
	}
	g->records.count = get_count(r, "groups.count_at_most");
	g->records.most = get_count(r, "groups.records_at_most");
	g->words.most = get_count(r, "groups.words_at_most");
	g->epsilon.count = is_there(r, "groups.epsilon_at_most?");
	if (g->epsilon.count)
		g->epsilon.most = get_amount(r, "groups", "epsilon_at_most",
		                             DPT_EPSILON_UNITS);
}

static void get_report(struct reader *r, struct dpt_report *out)
{
	char text[LONGEST_VALUE];
	get_text(r, "dptext", text);
	if (!r->status && strcmp(text, dpt_version()) != 0)
		r->status = dpt_fail(&r->err, DPT_EFORMAT,
		                     "a report of another version, %s", text);
	out->reports = get_count(r, "reports");
	if (out->reports == 0)
		fail(r, "reports");
	get_text(r, "index_checksum", text);
	if (!text[0] || text[strspn(text, "0123456789abcdef")])
		fail(r, "index_checksum");
	out->index.checksum = strtoull(text, NULL, 16);
	out->index.distance_max = get_number(r, "largest_distance");
	get_mechanism(r, &out->model);
	out->max_unchanged = get_number(r, "max_unchanged");
	get_policy(r, &out->policy);
	get_counts(r, &out->counts);
	if (is_there(r, "budget?")) {
		out->model.budget = number_at(r, "budget", 0);
		get_ladder(r, out);
	}
	get_losses(r, out);
	get_groups(r, out);
	out->consistent = get_bool(r, "consistent");
	out->reproducible = get_bool(r, "reproducible");
	out->complete = get_bool(r, "complete");
}

static enum dpt_status read_all(const char *path, struct dpt_buf *text,
                                dpt_error *err)
{
	size_t got = 1;
	FILE *f = fopen(path, "rbe");
	if (!f)
		return dpt_fail_errno(err, path);
	while (got > 0 && text->len <= LONGEST) {
		if (!dpt_buf_reserve(text, 1 << 16)) {
			fclose(f);
			return dpt_fail_memory(err);
		}
		errno = 0;
		got = fread(text->data + text->len, 1, 1 << 16, f);
		text->len += got;
	}
	enum dpt_status status = ferror(f) ? dpt_fail_errno(err, path) : DPT_OK;
	fclose(f);
	if (!status && text->len > LONGEST)
		return dpt_fail(err, DPT_EFORMAT, "%s: too long for a report",
		                path);
	return status;
}

enum dpt_status dpt_report_read(const char *path, struct dpt_report *out,
                                dpt_error *err)
{
	struct reader r = {0};
	*out = (struct dpt_report){0};
	enum dpt_status status = read_all(path, &r.text, err);
	locale_t c = newlocale(LC_NUMERIC_MASK, "C", NULL), before;
	if (!status && !c)
		status = dpt_fail_memory(err);
	if (!status) {
		before = uselocale(c);
		get_report(&r, out);
		uselocale(before);
		status = r.status;
		if (status)
			dpt_fail(err, status, "%s: %s", path, r.err.text);
	}
	if (c)
		freelocale(c);
	dpt_pieces_free(&r.found);
	dpt_buf_free(&r.text);
	return status;
}

/* ---------------------------------------------------------------- merging */

static bool same(double a, double b)
{
	return a == b || (isnan(a) && isnan(b));
}

static bool same_parameters(const struct dpt_model_info *a,
                            const struct dpt_model_info *b)
{
	bool equal = a->rungs == b->rungs;
	for (size_t i = 0; i < a->mechanism->params; i++)
		equal = equal && same(a->value[i], b->value[i]);
	for (size_t i = 0; equal && i < a->rungs; i++)
		equal = a->rung[i].verified == b->rung[i].verified;
	return equal;
}

/* What differs that must not, or NULL. */
static const char *difference(const struct dpt_report *a,
                              const struct dpt_report *b)
{
	const struct dpt_model_info *m = &a->model, *n = &b->model;
	if (a->index.checksum != b->index.checksum)
		return "index";
	if (m->mechanism != n->mechanism)
		return "mechanism";
	if (!same(m->epsilon_requested, n->epsilon_requested) ||
	    !same(m->epsilon_verified, n->epsilon_verified))
		return "epsilon";
	if (!same(m->budget, n->budget))
		return "budget";
	if (!same_parameters(m, n))
		return "set of parameters";
	if (!same_policy(&a->policy, &b->policy))
		return "set of policies";
	if (!same(a->max_unchanged, b->max_unchanged))
		return "largest unchanged share";
	if (!same(a->delta, b->delta))
		return "delta";
	if (a->consistent != b->consistent)
		return "kind of guarantee";
	if (a->grouped != b->grouped)
		return "kind of accounts";
	return NULL;
}

/*
 * The same user may be in both under other hashes: as many groups as in both
 * is a bound, and the sum of the largest is one for the largest.
 */
static void add_groups(struct dpt_group_counts *to,
                       const struct dpt_group_counts *more)
{
	bool known = to->epsilon.count >= (to->records.count > 0) &&
	             more->epsilon.count >= (more->records.count > 0);
	struct dpt_group_counts sum = {
	    .records = {.count = to->records.count + more->records.count,
	                .most = to->records.most + more->records.most},
	    .words = {.most = to->words.most + more->words.most},
	    .epsilon = {.count = known,
	                .most = to->epsilon.most + more->epsilon.most}};
	*to = sum;
}

enum dpt_status dpt_report_add(struct dpt_report *to,
                               const struct dpt_report *more, dpt_error *err)
{
	const char *what = difference(to, more);
	if (what)
		return dpt_fail(err, DPT_ERANGE, "another %s", what);
	dpt_counts_add(&to->counts, &more->counts);
	to->reports += more->reports;
	to->worst_case_loss = fmax(to->worst_case_loss, more->worst_case_loss);
	to->reproducible = to->reproducible || more->reproducible;
	to->complete = to->complete && more->complete;
	if (to->grouped)
		add_groups(&to->groups, &more->groups);
	return DPT_OK;
}
