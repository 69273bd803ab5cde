/* SPDX-License-Identifier: MIT */
#include "account.h"

#include "blas.h"
#include "buf.h"
#include "error.h"
#include "save.h"

#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define TWO_PI 6.283185307179586476925
#define REST 1e-14 /* share of a sum that need not be added up */
#define SLACK 1e-9 /* more than the error of a logarithm of delta_i */

/* --------------------------------------------------------- composition */

/*
 * With p = 1 / (1 + e^eps) and b(l) the binomial probability of l among k,
 *
 *     delta_i = sum_{l < i} b(l) (1 - e^{-2 (i - l) eps}),
 *
 * which is the formula of the theorem with e^{(k-l) eps} / (1 + e^eps)^k
 * taken out.  All terms are positive, so nothing cancels; and delta_i grows
 * with i, since every term does and there are more of them.
 */

/* ln n! less Stirling's formula. */
static double stirling_rest(double n)
{
	double factorial = 1, s = n * n;
	if (n > 15)
		return (1 / 12.0 -
		        (1 / 360.0 - (1 / 1260.0 - 1 / 1680.0 / s) / s) / s) /
		       n;
	for (double i = 2; i <= n; i++)
		factorial *= i;
	return log(factorial) - (n + 0.5) * log(n) + n - log(TWO_PI) / 2;
}

/* x ln(x / m) + m - x, without cancellation where x is close to m. */
static double deviance(double x, double m)
{
	double v = (x - m) / (x + m), sum = (x - m) * v, power = 2 * x * v;
	if (fabs(v) > 0.1)
		return x * log(x / m) + m - x;
	for (int odd = 3; odd < 40; odd += 2) {
		power *= v * v;
		sum += power / odd;
	}
	return sum;
}

/*
 * ln b(l), l < k.  Loader, "Fast and accurate computation of binomial
 * probabilities" (2000): ln k! itself would have lost the digits needed.
 */
static double log_binomial(double epsilon, double k, double l)
{
	double p = 1 / (1 + exp(epsilon)), q = 1 / (1 + exp(-epsilon));
	if (l == 0)
		return -k * log1p(exp(-epsilon));
	return stirling_rest(k) - stirling_rest(l) - stirling_rest(k - l) -
	       deviance(l, k * p) - deviance(k - l, k * q) +
	       log(k / (TWO_PI * l * (k - l))) / 2;
}

/* 1 - e^{-2 (i - l) eps} */
static double weight(double epsilon, double i, double l)
{
	return -expm1(-2 * (i - l) * epsilon);
}

/*
 * Adds the terms of delta_i above or below l to sum, all in units of b(l).
 * From the largest b on, their ratio r falls with every step, on either
 * side: b(l + 1) / b(l) = (k - l) / (l + 1) e^-eps, and b(l - 1) / b(l) =
 * l / (k - l + 1) e^eps.  Weights are at most 1.  So what comes behind a term
 * is at most b (r + r^2 + ...) = b r / (1 - r), and once that is next to
 * nothing it is added in its place: the sum is never too small.
 */
static double add_side(double epsilon, double k, double i, double l, bool up,
                       double sum)
{
	double odds = exp(epsilon), b = 1;
	while (up ? l + 1 < i : l > 0) {
		double r =
		    up ? (k - l) / (l + 1) / odds : l / (k - l + 1) * odds;
		b *= r;
		l += up ? 1 : -1;
		sum += b * weight(epsilon, i, l);
		if (r < 1 && b * r / (1 - r) <= REST * sum)
			return sum + b * r / (1 - r);
	}
	return sum;
}

double dpt_compose_log_delta(double epsilon, uint64_t words, uint64_t i)
{
	double k = (double)words, n = (double)i;
	if (i == 0)
		return -INFINITY;
	double largest = floor((k + 1) / (1 + exp(epsilon)));
	double l = fmin(largest, n - 1);
	double sum = weight(epsilon, n, l);
	sum = add_side(epsilon, k, n, l, false, sum);
	sum = add_side(epsilon, k, n, l, true, sum);
	return log_binomial(epsilon, k, l) + log(sum);
}

double dpt_compose_basic(double epsilon, uint64_t words)
{
	return words ? epsilon * (double)words : 0;
}

/*
 * Above DPT_MOST_LOSS the sum is the answer: delta_1 is at least
 * (1 + e^-eps)^-k (1 - e^{-2 eps}) > 1 - 1e-33 and so above any delta.
 */
double dpt_compose_optimal(double epsilon, uint64_t words, double delta)
{
	uint64_t good = 0, bad = words / 2 + 1;
	if (!(epsilon > 0 && epsilon <= DPT_MOST_LOSS) ||
	    !(delta > 0 && delta < 1) || words > DPT_MOST_COMPOSED)
		return dpt_compose_basic(epsilon, words);
	double most = log(delta) - SLACK;
	while (bad - good > 1) {
		uint64_t i = good + (bad - good) / 2;
		if (dpt_compose_log_delta(epsilon, words, i) <= most)
			good = i;
		else
			bad = i;
	}
	return dpt_compose_basic(epsilon, words - 2 * good);
}

/* ---------------------------------------------------------------- JSON */

struct json {
	struct dpt_buf text;
	int depth;
	bool follows; /* a value of the same object */
	bool failed;  /* out of memory */
};

static void put(struct json *j, const char *text)
{
	j->failed = !dpt_buf_add(&j->text, text, strlen(text)) || j->failed;
}

static void new_line(struct json *j)
{
	put(j, "\n");
	for (int i = 0; i < j->depth; i++)
		put(j, "  ");
}

/* text is UTF-8. */
static void put_quoted(struct json *j, const char *text)
{
	put(j, "\"");
	for (; *text; text++) {
		char escaped[8] = {*text};
		if (*text == '"' || *text == '\\')
			snprintf(escaped, sizeof escaped, "\\%c", *text);
		else if ((unsigned char)*text < 0x20)
			snprintf(escaped, sizeof escaped, "\\u%04x",
			         (unsigned)*text);
		put(j, escaped);
	}
	put(j, "\"");
}

static void key(struct json *j, const char *name)
{
	if (j->follows)
		put(j, ",");
	new_line(j);
	put_quoted(j, name);
	put(j, ": ");
	j->follows = true;
}

static void open_object(struct json *j)
{
	put(j, "{");
	j->depth++;
	j->follows = false;
}

static void close_object(struct json *j)
{
	j->depth--;
	if (j->follows)
		new_line(j);
	put(j, "}");
	j->follows = true;
}

static void put_string(struct json *j, const char *name, const char *text)
{
	key(j, name);
	put_quoted(j, text);
}

/* With the fewest digits, from 15 on, that read back as the same number. */
static void put_number(struct json *j, const char *name, double value)
{
	char text[32];
	key(j, name);
	if (!isfinite(value)) {
		put(j, isnan(value) ? "null" : "\"infinite\"");
		return;
	}
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	put(j, text);
}

static void put_count(struct json *j, const char *name, uint64_t value)
{
	char text[24];
	key(j, name);
	snprintf(text, sizeof text, "%" PRIu64, value);
	put(j, text);
}

static void put_bool(struct json *j, const char *name, bool value)
{
	key(j, name);
	put(j, value ? "true" : "false");
}

/* -------------------------------------------------------------- report */

static void put_mechanism(struct json *j, const struct dpt_report *r)
{
	const struct dpt_model_info *info = &r->model;
	const struct dpt_mechanism *m = info->mechanism;
	put_string(j, "mechanism", m->name);
	put_string(j, "guarantee", dpt_guarantee_name(m->guarantee));
	if (m->guarantee == DPT_NOMINAL)
		put_string(j, "claim", "does not hold");
	key(j, "parameters");
	open_object(j);
	for (size_t i = 0; i < m->params; i++)
		put_number(j, m->param[i].name, info->value[i]);
	close_object(j);
	put_number(j, "epsilon_requested",
	           info->epsilon_requested > 0 ? info->epsilon_requested : NAN);
	put_number(j, "epsilon_verified", info->epsilon_verified);
	put_string(j, "epsilon_unit",
	           r->consistent ? "per distinct word and unit of Euclidean "
	                           "distance"
	                         : "per word and unit of Euclidean distance");
	put_number(j, "max_unchanged", r->max_unchanged);
	put_number(j, "unchanged_expected", info->unchanged_token_mean);
}

/* Without amounts nothing is known but that there are none. */
static void put_amount(struct json *j, const char *name,
                       const struct dpt_spread *s, double value, double per)
{
	put_number(j, name, s->count ? value / per : NAN);
}

/* Pairs of the end of an interval and the amounts in it. */
static void put_intervals(struct json *j, const struct dpt_spread *s,
                          double per)
{
	char pair[64];
	const char *between = "";
	key(j, "intervals");
	put(j, "[");
	for (size_t i = 0; i < DPT_SPREAD_INTERVALS; i++) {
		if (s->interval[i] == 0)
			continue;
		snprintf(pair, sizeof pair, "%s[%.15g, %" PRIu64 "]", between,
		         (double)dpt_spread_end(i) / per, s->interval[i]);
		put(j, pair);
		between = ", ";
	}
	put(j, "]");
}

/* Amounts are divided by per. */
static void put_spread(struct json *j, const char *name,
                       const struct dpt_spread *s, double per)
{
	static const struct {
		const char *name;
		double share;
	} quantile[] = {{"median", 0.5}, {"p90", 0.9}, {"p99", 0.99}};
	key(j, name);
	open_object(j);
	put_count(j, "count", s->count);
	put_number(j, "sum", (double)s->sum / per);
	put_amount(j, "mean", s, (double)s->sum / (double)s->count, per);
	put_amount(j, "min", s, (double)s->least, per);
	for (size_t i = 0; i < sizeof quantile / sizeof *quantile; i++)
		put_amount(j, quantile[i].name, s,
		           (double)dpt_spread_quantile(s, quantile[i].share),
		           per);
	put_amount(j, "max", s, (double)s->most, per);
	put_intervals(j, s, per);
	close_object(j);
}

static void put_counts(struct json *j, const struct dpt_counts *c)
{
	put_count(j, "records", c->records);
	put_count(j, "broken", c->broken);
	put_count(j, "words", c->words);
	put_count(j, "replaced",
	          c->words - c->unchanged - c->outside - c->kept);
	put_count(j, "unchanged", c->unchanged);
	put_count(j, "outside_vocabulary", c->outside);
	put_count(j, "kept_public", c->kept);
	put_count(j, "numbers", c->numbers);
	key(j, "masked");
	open_object(j);
	for (int k = 0; k < DPT_KINDS; k++)
		put_count(j, dpt_kind_name((enum dpt_kind)k), c->masked[k]);
	close_object(j);
	put_count(j, "bytes_in", c->bytes_in);
	put_count(j, "bytes_out", c->bytes_out);
	put_spread(j, "words_per_record", &c->record_words, 1);
	put_spread(j, "epsilon_per_record", &c->record_epsilon,
	           DPT_EPSILON_UNITS);
}

/* What the mechanism did not see, and what of it went out as it came in. */
static void put_policy(struct json *j, const struct dpt_policy *p)
{
	key(j, "policies");
	open_object(j);
	put_string(j, "oov", dpt_oov_name(p->oov));
	put_string(j, "numbers", dpt_numbers_name(p->numbers));
	put_string(j, "case", p->lower ? "lower" : "preserve");
	put_string(j, "stopwords", p->keep_stopwords ? "keep" : "perturb");
	put_count(j, "public_words", p->keeps);
	key(j, "masks");
	open_object(j);
	for (int k = 0; k < DPT_KINDS; k++)
		put_bool(j, dpt_kind_name((enum dpt_kind)k),
		         !(p->unmasked >> k & 1));
	close_object(j);
	close_object(j);
	put_bool(j, "passes_private_text",
	         p->oov == DPT_OOV_KEEP || p->numbers == DPT_NUMBERS_KEEP ||
	             p->keeps > 0 || p->keep_stopwords);
}

static void put_composed(struct json *j, const char *name, double loss,
                         uint64_t words, double delta)
{
	key(j, name);
	open_object(j);
	put_count(j, "words", words);
	put_number(j, "basic", dpt_compose_basic(loss, words));
	put_number(j, "optimal", dpt_compose_optimal(loss, words, delta));
	close_object(j);
}

/* What a word costs at most, whatever the distances. */
static double word_loss(const struct dpt_report *r)
{
	return isnan(r->worst_case_loss)
	           ? r->model.epsilon_verified * r->index.distance_max
	           : r->worst_case_loss;
}

/* What the records of a budget cost at most, whatever the distances. */
static void put_local_budget(struct json *j, const struct dpt_report *r)
{
	const struct dpt_spread *epsilon = &r->counts.record_epsilon;
	key(j, "local_dp");
	open_object(j);
	put_number(j, "per_record",
	           (double)epsilon->most / DPT_EPSILON_UNITS *
	               r->index.distance_max);
	put_string(j, "per_record_is",
	           "largest epsilon of a record times the largest distance");
	close_object(j);
}

static void put_ladder(struct json *j, const struct dpt_report *r)
{
	put_number(j, "budget", r->model.budget);
	key(j, "ladder");
	put(j, "[");
	j->depth++;
	j->follows = false;
	for (size_t i = 0; i < r->model.rungs; i++) {
		put(j, i ? "," : "");
		new_line(j);
		open_object(j);
		put_number(j, "epsilon", r->model.rung[i].requested);
		put_number(j, "epsilon_verified", r->model.rung[i].verified);
		put_count(j, "records", r->counts.rung_records[i]);
		put_count(j, "words", r->counts.rung_words[i]);
		close_object(j);
	}
	j->depth--;
	new_line(j);
	put(j, "]");
}

/*
 * A mean is not a whole number; rounded up, what is said of it holds.  Of
 * words that are drawn once for all, each record has its share: they do not
 * add up.
 */
static void put_local(struct json *j, const struct dpt_report *r)
{
	const struct dpt_spread *words = &r->counts.record_words;
	bool exact = !isnan(r->worst_case_loss);
	double loss = word_loss(r);
	uint64_t mean =
	    words->count ? (words->sum + words->count - 1) / words->count : 0;
	key(j, "local_dp");
	open_object(j);
	put_number(j, "per_word", loss);
	if (!isnan(loss))
		put_string(j, "per_word_is",
		           exact ? "exact"
		                 : "epsilon times the largest distance");
	if (!r->consistent) {
		put_number(j, "delta", r->delta);
		put_composed(j, "longest_record", loss, words->most, r->delta);
		put_composed(j, "mean_record", loss, mean, r->delta);
	}
	close_object(j);
}

/*
 * Of the group with most words, in which no word was drawn once for all; or
 * by the sum of epsilon.
 */
static void put_group_loss(struct json *j, const struct dpt_report *r)
{
	const struct dpt_group_counts *g = &r->groups;
	double loss = word_loss(r);
	if (r->consistent)
		return;
	if (r->model.budget > 0)
		put_number(j, "largest_local_dp",
		           (double)g->epsilon.most / DPT_EPSILON_UNITS *
		               r->index.distance_max);
	else
		put_composed(j, "largest_local_dp", loss, g->words.most,
		             r->delta);
}

/* A group may be in several of the reports. */
static void put_group_bounds(struct json *j, const struct dpt_group_counts *g)
{
	put_count(j, "count_at_most", g->records.count);
	put_count(j, "records_at_most", g->records.most);
	put_count(j, "words_at_most", g->words.most);
	put_amount(j, "epsilon_at_most", &g->epsilon, (double)g->epsilon.most,
	           DPT_EPSILON_UNITS);
}

static void put_groups(struct json *j, const struct dpt_report *r)
{
	const struct dpt_group_counts *g = &r->groups;
	key(j, "groups");
	open_object(j);
	if (r->reports > 1) {
		put_group_bounds(j, g);
	} else {
		put_count(j, "count", g->records.count);
		put_spread(j, "records", &g->records, 1);
		put_spread(j, "words", &g->words, 1);
		put_spread(j, "epsilon", &g->epsilon, DPT_EPSILON_UNITS);
	}
	put_group_loss(j, r);
	close_object(j);
}

static void put_versions(struct json *j)
{
	char blas[64] = "", pcre[64] = "";
	sscanf(dpt_blas_config(), " OpenBLAS %63s", blas);
	/* the longest documented version and date are shorter */
	if (pcre2_config(PCRE2_CONFIG_VERSION, NULL) < (int)sizeof pcre)
		pcre2_config(PCRE2_CONFIG_VERSION, pcre);
	key(j, "versions");
	open_object(j);
	put_string(j, "openblas", blas);
	put_string(j, "pcre2", pcre);
	put_string(j, "zlib", zlibVersion());
	put_string(j, "libsodium", sodium_version_string());
	close_object(j);
}

static void put_report(struct json *j, const struct dpt_report *r)
{
	char checksum[24];
	snprintf(checksum, sizeof checksum, "%016" PRIx64, r->index.checksum);
	open_object(j);
	put_string(j, "dptext", dpt_version());
	put_count(j, "reports", r->reports ? r->reports : 1);
	put_string(j, "index_checksum", checksum);
	put_number(j, "largest_distance", r->index.distance_max);
	put_mechanism(j, r);
	put_policy(j, &r->policy);
	put_counts(j, &r->counts);
	if (r->model.budget > 0) {
		put_ladder(j, r);
		put_local_budget(j, r);
	} else {
		put_local(j, r);
	}
	if (r->grouped)
		put_groups(j, r);
	put_bool(j, "consistent", r->consistent);
	put_bool(j, "reproducible", r->reproducible);
	if (r->reproducible)
		put_string(j, "warning", "reproducible, NOT private");
	put_bool(j, "complete", r->complete);
	put_versions(j);
	close_object(j);
	put(j, "\n");
}

enum dpt_status dpt_report_write(const char *path,
                                 const struct dpt_report *report,
                                 dpt_error *err)
{
	struct json j = {0};
	/* numbers have a point in JSON, whatever the caller's locale */
	locale_t c = newlocale(LC_NUMERIC_MASK, "C", NULL), before;
	if (!c)
		return dpt_fail_memory(err);
	before = uselocale(c);
	put_report(&j, report);
	uselocale(before);
	freelocale(c);
	enum dpt_status status =
	    j.failed ? dpt_fail_memory(err)
	             : dpt_save(path, j.text.data, j.text.len, err);
	dpt_buf_free(&j.text);
	return status;
}
