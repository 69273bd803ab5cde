/* SPDX-License-Identifier: MIT */
#include "account.h"
#include "suites.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

/* --------------------------------------------------------- composition */

/*
 * Logarithms of the formula as it is printed in the paper: e^eps = a / b, in
 * rational numbers.
 */
static const struct {
	double a, b;
	uint64_t k, i;
	double log_delta;
} exact[] = {
    {2, 1, 2, 1, -1.0986122886681098},
    {2, 1, 5, 1, -2.3150076129926029},
    {2, 1, 5, 2, -0.99325177301028345},
    {3, 2, 10, 1, -5.6960429025620263},
    {3, 2, 10, 2, -3.602808038749854},
    {3, 2, 10, 4, -1.3506710030040339},
    {3, 2, 10, 5, -0.76171591343496725},
    {2, 1, 10, 1, -4.3423331535334251},
    {2, 1, 10, 2, -2.5097516897851144},
    {2, 1, 10, 5, -0.34205605402516265},
    {5, 1, 20, 1, -3.6872531303993474},
    {5, 1, 20, 3, -1.1376829672856252},
    {5, 1, 20, 5, -0.27408493370492731},
    {5, 1, 20, 9, -0.0032291960957644213},
    {5, 1, 20, 10, -0.00070377088177003356},
    {11, 10, 30, 1, -21.15008305562489},
    {11, 10, 30, 7, -7.924231545063452},
    {11, 10, 30, 15, -1.5885913208671096},
    {101, 100, 100, 1, -72.745375247405079},
    {101, 100, 100, 2, -68.13035179428914},
    {101, 100, 100, 25, -19.533472376899159},
    {101, 100, 100, 49, -3.4826037375473327},
    {101, 100, 100, 50, -3.2294153440988187},
    {3, 1, 101, 1, -29.173672353286257},
    {3, 1, 101, 16, -4.7016990074320688},
    {3, 1, 101, 25, -0.84863965746321646},
    {3, 1, 101, 49, -3.7667089621200141e-07},
    {3, 1, 101, 50, -1.3032078157822727e-07},
    {1001, 1000, 1000, 1, -698.86366249255957},
    {1001, 1000, 1000, 166, -254.1036519099803},
    {1001, 1000, 1000, 250, -140.61310776699429},
    {1001, 1000, 1000, 500, -4.3736075887897226},
    {2, 1, 1000, 2, -399.53568520199536},
    {2, 1, 1000, 166, -75.033190191912226},
    {2, 1, 1000, 250, -19.402310476686019},
    {2, 1, 1000, 500, -1.9920057065548349e-27},
};

START_TEST(delta_is_that_of_rational_numbers)
{
	double epsilon = log(exact[_i].a / exact[_i].b);
	double got = dpt_compose_log_delta(epsilon, exact[_i].k, exact[_i].i);
	ck_assert_double_eq_tol(got, exact[_i].log_delta, 1e-12);
}
END_TEST

/* The same sum over 1e6 and 1e5 words, with 50 digits. */
static const struct {
	double epsilon;
	uint64_t k, i;
	double log_delta;
} long_ones[] = {
    {1e-6, 1000000, 400000, -20153.857365613789},
    {1e-6, 1000000, 490000, -213.82912967491575},
    {1e-6, 1000000, 497000, -29.483761084065172},
    {1e-6, 1000000, 499000, -11.675542610511163},
    {1e-6, 1000000, 500000, -7.8266941038534759},
    {0.01, 1000000, 494000, -27.928069403444312},
    {0.01, 1000000, 495000, -15.48781810818279},
    {0.01, 1000000, 497000, -1.9890709918034801},
    {0.01, 1000000, 500000, -5.733379990602256e-07},
    {2, 1000000, 1000, -121030.04601945971},
    {2, 1000000, 110000, -416.98775126231322},
    {2, 1000000, 118000, -9.2104597722184369},
    {2, 1000000, 119200, -0.70134031503506267},
    {2, 1000000, 120000, -0.0070427367768098569},
    {2, 1000000, 200000, 0},
    {10, 1000000, 1, -45.398899218925798},
    {10, 1000000, 20, -11.726173952728086},
    {10, 1000000, 45, -0.78379008992618038},
    {10, 1000000, 60, -0.021912612273328226},
    {10, 1000000, 100, -1.8765980204619433e-12},
    {50, 1000000, 1, -1.9287498479639178e-16},
    {50, 1000000, 2, -1.8600361279721357e-32},
    {0.5, 100000, 36000, -69.322283814659912},
    {0.5, 100000, 37000, -14.715711287328402},
    {0.5, 100000, 37800, -0.48586146341834874},
    {0.5, 100000, 38000, -0.056737092167762307},
};

START_TEST(delta_of_many_words_keeps_its_digits)
{
	double expected = long_ones[_i].log_delta;
	double got = dpt_compose_log_delta(long_ones[_i].epsilon,
	                                   long_ones[_i].k, long_ones[_i].i);
	ck_assert_double_eq_tol(got, expected, 1e-10 + 1e-14 * fabs(expected));
}
END_TEST

START_TEST(delta_grows_with_what_is_saved)
{
	static const double epsilon[] = {1e-6, 1e-3, 0.1, 0.7, 3, 12, 50, 100};
	static const uint64_t words[] = {2, 3, 17, 300, 4001};
	for (int e = 0; e < COUNT(epsilon); e++)
		for (int k = 0; k < COUNT(words); k++) {
			double last =
			    dpt_compose_log_delta(epsilon[e], words[k], 0);
			ck_assert(isinf(last) && last < 0);
			for (uint64_t i = 1; i <= words[k] / 2; i++) {
				double now = dpt_compose_log_delta(epsilon[e],
				                                   words[k], i);
				ck_assert_double_ge(now, last - 1e-12);
				ck_assert_double_le(now, 1e-12);
				last = now;
			}
		}
}
END_TEST

/* Just above delta_i, 2i epsilon are saved; just below, not all of them. */
START_TEST(smallest_epsilon_of_a_delta_is_found)
{
	double epsilon = log(exact[_i].a / exact[_i].b);
	uint64_t k = exact[_i].k, i = exact[_i].i;
	double delta = exp(exact[_i].log_delta);
	if (delta > 1 - 1e-6 || delta < 1e-290)
		return;
	ck_assert_double_eq(dpt_compose_optimal(epsilon, k, delta * (1 + 1e-8)),
	                    epsilon * (double)(k - 2 * i));
	ck_assert_double_eq(dpt_compose_optimal(epsilon, k, delta * (1 - 1e-8)),
	                    epsilon * (double)(k - 2 * i + 2));
}
END_TEST

START_TEST(composition_has_limits)
{
	for (double epsilon = 0; epsilon < 1e6; epsilon = 3 * epsilon + 0.1) {
		ck_assert_double_eq(dpt_compose_basic(epsilon, 0), 0);
		ck_assert_double_eq(dpt_compose_basic(epsilon, 7), 7 * epsilon);
		ck_assert_double_eq(dpt_compose_optimal(epsilon, 0, 0.5), 0);
		ck_assert_double_eq(dpt_compose_optimal(epsilon, 1, 0.5),
		                    epsilon);
		/* a delta that allows nothing, and that is none */
		double sum = dpt_compose_basic(epsilon, 1000000);
		static const double none[] = {0, 5e-324, 1, -1, 2, (double)NAN};
		for (int i = 0; i < COUNT(none); i++)
			if (none[i] != 5e-324 || epsilon > 20)
				ck_assert_double_eq(
				    dpt_compose_optimal(epsilon, 1000000,
				                        none[i]),
				    sum);
	}
	ck_assert_double_eq(dpt_compose_optimal(200, 1000000, 1 - 1e-16),
	                    200e6);
	ck_assert_double_eq(dpt_compose_optimal(0, 1000000, 1e-6), 0);
	ck_assert_double_eq(dpt_compose_optimal(INFINITY, 0, 1e-6), 0);
	ck_assert_double_infinite(dpt_compose_optimal(INFINITY, 3, 1e-6));
	ck_assert_double_nan(dpt_compose_optimal(NAN, 3, 1e-6));
	ck_assert_double_nan(dpt_compose_basic(NAN, 3));
	/* an even number of words may cost nothing but delta */
	ck_assert_double_eq(dpt_compose_optimal(1e-6, 1000000, 1e-3), 0);
	ck_assert_double_eq(dpt_compose_optimal(1e-6, 1000001, 1e-3), 1e-6);
}
END_TEST

START_TEST(composition_is_never_worse_than_the_sum)
{
	static const double delta[] = {1e-300, 1e-12, 1e-6, 1e-2, 0.9};
	for (double epsilon = 1e-6; epsilon < 60; epsilon *= 7)
		for (uint64_t words = 1; words <= 1000000; words *= 10) {
			double last = dpt_compose_basic(epsilon, words);
			for (int d = 0; d < COUNT(delta); d++) {
				double now = dpt_compose_optimal(epsilon, words,
				                                 delta[d]);
				ck_assert_double_ge(now, 0);
				ck_assert_double_le(now, last);
				last = now;
			}
		}
	/* about sqrt(2 k ln(1 / delta)) epsilon, as for Gaussian noise */
	double many = dpt_compose_optimal(1e-3, 1000000, 1e-6);
	ck_assert_double_gt(many, 4);
	ck_assert_double_lt(many, 1e-3 * sqrt(2e6 * log(1e6)) + 0.5);
}
END_TEST

/* A record of 2^32 words takes no longer than anyone would wait. */
START_TEST(longest_records_are_composed)
{
	double sum = dpt_compose_basic(0.1, DPT_MOST_COMPOSED);
	double most = dpt_compose_optimal(0.1, DPT_MOST_COMPOSED, 1e-6);
	ck_assert_double_lt(most, sum / 10);
	ck_assert_double_gt(most, sum / 25); /* tanh(0.05) of it */
	sum = dpt_compose_basic(0.1, DPT_MOST_COMPOSED + 1);
	ck_assert_double_eq(
	    dpt_compose_optimal(0.1, DPT_MOST_COMPOSED + 1, 1e-6), sum);
	ck_assert_double_gt(dpt_compose_optimal(0.1, UINT64_MAX, 1e-6), sum);
}
END_TEST

/* ---------------------------------------------------------------- JSON */

static const char *spaces(const char *at)
{
	return at + strspn(at, " \n");
}

static const char *skip_string(const char *at)
{
	ck_assert_int_eq(*at, '"');
	for (at++; *at != '"'; at++) {
		ck_assert_int_ge((unsigned char)*at, 0x20);
		if (*at == '\\') {
			at++;
			ck_assert(strchr("\"\\u", *at) != NULL);
		}
	}
	return at + 1;
}

/*
 * Behind the value at at.  Values inside it are counted; *found is set to
 * the one whose path (such as ".a.b") is wanted.
 */
static const char *skip_value(const char *at, const char *path,
                              const char *wanted, const char **found,
                              int *values)
{
	char inner[200];
	++*values;
	if (strcmp(path, wanted) == 0) {
		ck_assert_msg(!*found, "%s twice", wanted);
		*found = at;
	}
	if (*at == '"')
		return skip_string(at);
	if (*at == '[') {
		size_t n = strcspn(at, "{}\n\"");
		ck_assert_int_eq(at[n - 1 - (at[n - 1] == ',')], ']');
		return at + n - (at[n - 1] == ',');
	}
	if (*at != '{') {
		size_t n = strcspn(at, ",}\n ");
		ck_assert_uint_gt(n, 0);
		return at + n;
	}
	at = spaces(at + 1);
	while (*at != '}') {
		const char *name = at, *end = skip_string(at);
		snprintf(inner, sizeof inner, "%s.%.*s", path,
		         (int)(end - name - 2), name + 1);
		at = spaces(end);
		ck_assert_int_eq(*at, ':');
		at = skip_value(spaces(at + 1), inner, wanted, found, values);
		at = spaces(at);
		ck_assert(*at == '}' || *at == ',');
		if (*at == ',') {
			at = spaces(at + 1);
			ck_assert_int_eq(*at, '"');
		}
	}
	return at + 1;
}

static char json[8192];

static int values_of(void)
{
	const char *found = NULL;
	int values = 0;
	ck_assert_int_eq(json[0], '{');
	const char *end = skip_value(json, "", "?", &found, &values);
	ck_assert_str_eq(end, "\n");
	return values;
}

/* The value of a path as it is written. */
static const char *value(const char *path)
{
	static char text[8][200];
	static unsigned next;
	char *copy = text[next++ % 8];
	const char *found = NULL;
	int values = 0;
	skip_value(json, "", path, &found, &values);
	ck_assert_msg(found != NULL, "no %s", path);
	size_t n = *found == '"'   ? (size_t)(skip_string(found) - found)
	           : *found == '[' ? strcspn(found, "\n")
	                           : strcspn(found, ",}\n ");
	ck_assert_uint_lt(n, sizeof text[0]);
	memcpy(copy, found, n);
	copy[n] = 0;
	return copy;
}

static double number(const char *path)
{
	char *end;
	const char *text = value(path);
	double v = strtod(text, &end);
	ck_assert_msg(end != text && !*end, "%s: %s", path, text);
	return v;
}

/* -------------------------------------------------------------- reports */

static char dir[200], path[256];

static void make_dir(void)
{
	const char *tmp = getenv("TMPDIR");
	snprintf(dir, sizeof dir, "%s/dptext-XXXXXX", tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/report", dir);
}

/* rmdir fails where anything else was left behind. */
static void remove_dir(void)
{
	unlink(path);
	ck_assert_int_eq(rmdir(dir), 0);
}

static const struct dpt_param_about params[] = {
    {"rate", "", 0, 1},
    {"odd\"\\\n", "", 0, 1},
    {"scale", "", 0, 1},
};
static const struct dpt_mechanism tested = {"tested", "", DPT_VERIFIED, 3,
                                            params};

static struct dpt_report some_report(void)
{
	struct dpt_report report = {
	    .model = {.mechanism = &tested,
	              .epsilon_requested = 2,
	              .epsilon_verified = 1.9375,
	              .unchanged_token_mean = 0.1,
	              .value = {1.5, -2, INFINITY}},
	    .index = {.checksum = 0x12, .distance_max = 16.5},
	    .counts = {.records = 4,
	               .broken = 2,
	               .words = 10,
	               .unchanged = 3,
	               .outside = 2,
	               .kept = 1,
	               .numbers = 11,
	               .masked = {[DPT_URL] = 12, [DPT_PHONE] = 13},
	               .bytes_in = 70,
	               .bytes_out = UINT64_MAX},
	    .policy = {.oov = DPT_OOV_MASK,
	               .numbers = DPT_NUMBERS_RANDOM,
	               .unmasked = 1U << DPT_CARD,
	               .lower = true,
	               .keeps = 14},
	    .max_unchanged = 0.5,
	    .worst_case_loss = 0.25,
	    .delta = 2e-2,
	    .complete = true};
	dpt_spread_add(&report.counts.record_words, 4);
	dpt_spread_add(&report.counts.record_words, 6);
	dpt_spread_add(&report.counts.record_epsilon, 7750000);
	return report;
}

static void write_report(const struct dpt_report *report)
{
	dpt_error err;
	enum dpt_status status = dpt_report_write(path, report, &err);
	ck_assert_msg(status == DPT_OK, "%s", status ? err.text : "");
	FILE *f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	json[fread(json, 1, sizeof json - 1, f)] = 0;
	fclose(f);
}

START_TEST(report_says_what_was_done)
{
	static const struct {
		const char *path, *text;
	} expected[] = {
	    {".dptext", "\"" DPT_VERSION "\""},
	    {".reports", "1"},
	    {".index_checksum", "\"0000000000000012\""},
	    {".largest_distance", "16.5"},
	    {".mechanism", "\"tested\""},
	    {".guarantee", "\"verified\""},
	    {".parameters.rate", "1.5"},
	    {".parameters.odd\\\"\\\\\\u000a", "-2"},
	    {".parameters.scale", "\"infinite\""},
	    {".epsilon_requested", "2"},
	    {".epsilon_verified", "1.9375"},
	    {".epsilon_unit", "\"per word and unit of Euclidean distance\""},
	    {".max_unchanged", "0.5"},
	    {".unchanged_expected", "0.1"},
	    {".policies.oov", "\"mask\""},
	    {".policies.numbers", "\"random\""},
	    {".policies.case", "\"lower\""},
	    {".policies.stopwords", "\"perturb\""},
	    {".policies.public_words", "14"},
	    {".policies.masks.email", "true"},
	    {".policies.masks.url", "true"},
	    {".policies.masks.handle", "true"},
	    {".policies.masks.card", "false"},
	    {".policies.masks.phone", "true"},
	    {".passes_private_text", "true"},
	    {".records", "4"},
	    {".broken", "2"},
	    {".words", "10"},
	    {".replaced", "4"},
	    {".unchanged", "3"},
	    {".outside_vocabulary", "2"},
	    {".kept_public", "1"},
	    {".numbers", "11"},
	    {".masked.email", "0"},
	    {".masked.url", "12"},
	    {".masked.handle", "0"},
	    {".masked.card", "0"},
	    {".masked.phone", "13"},
	    {".bytes_in", "70"},
	    {".bytes_out", "18446744073709551615"},
	    {".words_per_record.count", "2"},
	    {".words_per_record.sum", "10"},
	    {".words_per_record.mean", "5"},
	    {".words_per_record.min", "4"},
	    {".words_per_record.median", "4"},
	    {".words_per_record.p90", "6"},
	    {".words_per_record.p99", "6"},
	    {".words_per_record.max", "6"},
	    {".words_per_record.intervals", "[[4, 1], [6, 1]]"},
	    {".epsilon_per_record.count", "1"},
	    {".epsilon_per_record.sum", "7.75"},
	    {".epsilon_per_record.mean", "7.75"},
	    {".epsilon_per_record.min", "7.75"},
	    {".epsilon_per_record.median", "7.75"},
	    {".epsilon_per_record.p90", "7.75"},
	    {".epsilon_per_record.p99", "7.75"},
	    {".epsilon_per_record.max", "7.75"},
	    {".epsilon_per_record.intervals", "[[7.864319, 1]]"},
	    {".local_dp.per_word", "0.25"},
	    {".local_dp.per_word_is", "\"exact\""},
	    {".local_dp.delta", "0.02"},
	    {".local_dp.longest_record.words", "6"},
	    {".local_dp.longest_record.basic", "1.5"},
	    {".local_dp.longest_record.optimal", "1"},
	    {".local_dp.mean_record.words", "5"},
	    {".local_dp.mean_record.basic", "1.25"},
	    {".local_dp.mean_record.optimal", "1.25"},
	    {".consistent", "false"},
	    {".reproducible", "false"},
	    {".complete", "true"},
	};
	struct dpt_report report = some_report();
	write_report(&report);
	for (int i = 0; i < COUNT(expected); i++)
		ck_assert_str_eq(value(expected[i].path), expected[i].text);
	static const char *const versions[] = {
	    ".versions.openblas", ".versions.pcre2", ".versions.zlib",
	    ".versions.libsodium"};
	for (int i = 0; i < COUNT(versions); i++) {
		const char *text = value(versions[i]);
		ck_assert_msg(text[1] >= '0' && text[1] <= '9', "%s: %s",
		              versions[i], text);
	}
	/* all of these, the objects they are in, and nothing else */
	ck_assert_int_eq(values_of(), COUNT(expected) + COUNT(versions) + 11);
}
END_TEST

START_TEST(what_is_not_known_is_null)
{
	struct dpt_report report = some_report();
	report.model.epsilon_requested = 0;
	report.model.epsilon_verified = NAN;
	report.model.unchanged_token_mean = NAN;
	report.max_unchanged = NAN;
	report.worst_case_loss = NAN;
	report.counts = (struct dpt_counts){0};
	write_report(&report);
	static const char *const unknown[] = {
	    ".epsilon_requested",     ".epsilon_verified",
	    ".unchanged_expected",    ".max_unchanged",
	    ".words_per_record.mean", ".local_dp.per_word"};
	for (int i = 0; i < COUNT(unknown); i++)
		ck_assert_str_eq(value(unknown[i]), "null");
	ck_assert_str_eq(value(".local_dp.longest_record.basic"), "0");
	ck_assert_str_eq(value(".local_dp.mean_record.optimal"), "0");
	ck_assert_ptr_null(strstr(json, "nan"));
	dpt_spread_add(&report.counts.record_words, 1);
	write_report(&report);
	ck_assert_str_eq(value(".local_dp.longest_record.basic"), "null");
	ck_assert_str_eq(value(".local_dp.longest_record.optimal"), "null");
}
END_TEST

START_TEST(unknown_loss_is_bounded)
{
	struct dpt_report report = some_report();
	report.worst_case_loss = NAN;
	write_report(&report);
	ck_assert_double_eq(number(".local_dp.per_word"), 1.9375 * 16.5);
	ck_assert_str_eq(value(".local_dp.per_word_is"),
	                 "\"epsilon times the largest distance\"");
}
END_TEST

START_TEST(claims_that_do_not_hold_are_named)
{
	static const struct dpt_mechanism nominal = {"nominal", "", DPT_NOMINAL,
	                                             0, NULL};
	struct dpt_report report = some_report();
	report.model.mechanism = &nominal;
	report.worst_case_loss = INFINITY;
	report.reproducible = true;
	report.complete = false;
	write_report(&report);
	values_of();
	ck_assert_str_eq(value(".claim"), "\"does not hold\"");
	ck_assert_str_eq(value(".guarantee"), "\"nominal\"");
	ck_assert_str_eq(value(".reproducible"), "true");
	ck_assert_str_eq(value(".warning"), "\"reproducible, NOT private\"");
	ck_assert_str_eq(value(".complete"), "false");
	ck_assert_str_eq(value(".local_dp.per_word"), "\"infinite\"");
	ck_assert_str_eq(value(".local_dp.mean_record.basic"), "\"infinite\"");
	ck_assert_str_eq(value(".local_dp.mean_record.optimal"),
	                 "\"infinite\"");
}
END_TEST

START_TEST(numbers_read_back_as_they_were)
{
	static const double numbers[] = {1 / 3.0, 1e-300, 0.1 + 0.2,
	                                 1e22,    5e-324, 0x1.8p1023,
	                                 2.5e-9,  123456};
	struct dpt_report report = some_report();
	setlocale(LC_ALL, "de_DE.UTF-8"); /* where there is one: 1,5 */
	for (int i = 0; i < COUNT(numbers); i++) {
		report.model.value[0] = numbers[i];
		write_report(&report);
		ck_assert_ptr_null(strchr(value(".parameters.rate"), ','));
		setlocale(LC_ALL, "C");
		ck_assert_double_eq(number(".parameters.rate"), numbers[i]);
		setlocale(LC_ALL, "de_DE.UTF-8");
	}
	setlocale(LC_ALL, "C");
}
END_TEST

START_TEST(reports_that_cannot_be_written_are_refused)
{
	struct dpt_report report = some_report();
	dpt_error err;
	char name[300];
	snprintf(name, sizeof name, "%s/nowhere/report", dir);
	ck_assert_int_eq(dpt_report_write(name, &report, NULL), DPT_EIO);
	ck_assert_int_eq(dpt_report_write(name, &report, &err), DPT_EIO);
	ck_assert_ptr_nonnull(strstr(err.text, strerror(ENOENT)));
	ck_assert_int_eq(dpt_report_write(dir, &report, &err), DPT_EIO);
	ck_assert_ptr_nonnull(strstr(err.text, ": not a regular file"));
	ck_assert_int_eq(dpt_report_write("/dev/null", &report, &err), DPT_EIO);
	ck_assert_str_eq(err.text, "/dev/null: not a regular file");
}
END_TEST

static enum dpt_status write_with_room_for(rlim_t bytes, dpt_error *err)
{
	struct dpt_report report = some_report();
	struct rlimit before, small;
	getrlimit(RLIMIT_FSIZE, &before);
	small = before;
	small.rlim_cur = bytes;
	void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &small);
	enum dpt_status status = dpt_report_write(path, &report, err);
	setrlimit(RLIMIT_FSIZE, &before);
	signal(SIGXFSZ, handler);
	return status;
}

/* A disk that fills up half way; remove_dir sees what is left behind. */
START_TEST(half_a_report_is_none)
{
	struct dpt_report report = some_report();
	dpt_error err;
	ck_assert_int_eq(write_with_room_for(100, &err), DPT_EIO);
	ck_assert_ptr_nonnull(strstr(err.text, strerror(EFBIG)));
	ck_assert_int_ne(access(path, F_OK), 0);
	report.counts.records = 77;
	write_report(&report);
	ck_assert_int_eq(write_with_room_for(100, &err), DPT_EIO);
	FILE *f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	json[fread(json, 1, sizeof json - 1, f)] = 0;
	fclose(f);
	ck_assert_str_eq(value(".records"), "77");
}
END_TEST

Suite *suite_account(void)
{
	Suite *s = suite_create("account");
	TCase *t = tcase_create("composition");
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, delta_is_that_of_rational_numbers, 0,
	                    COUNT(exact));
	tcase_add_loop_test(t, delta_of_many_words_keeps_its_digits, 0,
	                    COUNT(long_ones));
	tcase_add_test(t, delta_grows_with_what_is_saved);
	tcase_add_loop_test(t, smallest_epsilon_of_a_delta_is_found, 0,
	                    COUNT(exact));
	tcase_add_test(t, composition_has_limits);
	tcase_add_test(t, composition_is_never_worse_than_the_sum);
	tcase_add_test(t, longest_records_are_composed);
	suite_add_tcase(s, t);
	t = tcase_create("report");
	tcase_add_checked_fixture(t, make_dir, remove_dir);
	tcase_add_test(t, report_says_what_was_done);
	tcase_add_test(t, what_is_not_known_is_null);
	tcase_add_test(t, unknown_loss_is_bounded);
	tcase_add_test(t, claims_that_do_not_hold_are_named);
	tcase_add_test(t, numbers_read_back_as_they_were);
	tcase_add_test(t, reports_that_cannot_be_written_are_refused);
	tcase_add_test(t, half_a_report_is_none);
	suite_add_tcase(s, t);
	return s;
}
