/* SPDX-License-Identifier: MIT */
/* The table of mechanisms, and what each promises of a whole index. */
#include "channel.h"
#include "fixture.h"
#include "reference.h"
#include "suites.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

static const struct dpt_settings usual = {
    .epsilon = 2, .max_unchanged = 0.5, .threads = 1};

/* ------------------------------------------------------------- the table */

static bool is_name(const char *s)
{
	for (; *s; s++)
		if (!islower((unsigned char)*s) &&
		    !isdigit((unsigned char)*s) && *s != '-')
			return false;
	return true;
}

START_TEST(names_are_their_own_and_ranges_make_sense)
{
	size_t n = dpt_mechanism_count();
	ck_assert_uint_ge(n, 1);
	ck_assert_ptr_null(dpt_mechanism_at(n));
	ck_assert_ptr_null(dpt_mech_at(n));
	for (size_t i = 0; i < n; i++) {
		const struct dpt_mechanism *m = dpt_mechanism_at(i);
		ck_assert_ptr_eq(m, &dpt_mech_at(i)->about);
		ck_assert(m->name[0] && is_name(m->name));
		/* it fits the settings stored in an index */
		ck_assert_uint_lt(strlen(m->name),
		                  sizeof((struct dpt_setting *)0)->mechanism);
		ck_assert(m->summary[0]);
		ck_assert_uint_le(m->params, DPT_MAX_PARAMS);
		for (size_t k = 0; k < i; k++)
			ck_assert_str_ne(m->name, dpt_mechanism_at(k)->name);
		for (size_t p = 0; p < m->params; p++) {
			ck_assert(is_name(m->param[p].name));
			ck_assert(m->param[p].meaning[0]);
			ck_assert(m->param[p].low < m->param[p].high);
			for (size_t k = 0; k < p; k++)
				ck_assert_str_ne(m->param[p].name,
				                 m->param[k].name);
		}
	}
	/* nothing that fails its promise is the default */
	ck_assert_int_ge(dpt_mechanism_at(0)->guarantee, DPT_VERIFIED);
}
END_TEST

START_TEST(guarantees_have_names)
{
	ck_assert_str_eq(dpt_guarantee_name(DPT_NONE), "none");
	ck_assert_str_eq(dpt_guarantee_name(DPT_NOMINAL), "nominal");
	ck_assert_str_eq(dpt_guarantee_name(DPT_VERIFIED), "verified");
	ck_assert_str_eq(dpt_guarantee_name(DPT_THEOREM), "theorem");
	ck_assert_str_eq(dpt_guarantee_name((enum dpt_guarantee)9), "unknown");
}
END_TEST

/* ------------------------------------------------------- one small index */

enum { N = 100 };
static dpt_index *index_of_all;

static void open_index(void)
{
	fx_make_dir();
	index_of_all = fx_index(FX_RANDOM, N, 4, 64);
}

static void close_index(void)
{
	dpt_index_free(index_of_all);
	fx_remove_dir();
}

static void must_fail(const struct dpt_settings *s, enum dpt_status status,
                      const char *text)
{
	dpt_error err;
	dpt_model *model = (dpt_model *)&err;
	ck_assert_int_eq(dpt_model_new(index_of_all, s, &model, &err), status);
	ck_assert_ptr_null(model);
	ck_assert_int_eq(err.status, status);
	ck_assert_msg(strstr(err.text, text) != NULL, "%s", err.text);
	ck_assert_int_eq(dpt_model_new(index_of_all, s, &model, NULL), status);
}

START_TEST(settings_out_of_range_are_refused)
{
	static const double shares[] = {0, -0.5, 1.0001, NAN, INFINITY};
	static const double epsilons[] = {0, -1, 1.1e6, NAN, INFINITY};
	for (size_t m = 0; m < dpt_mechanism_count(); m++) {
		struct dpt_settings s = usual;
		s.mechanism = dpt_mechanism_at(m)->name;
		for (int i = 0; i < COUNT(shares); i++) {
			s.max_unchanged = shares[i];
			must_fail(&s, DPT_ERANGE, "unchanged share");
		}
		s.max_unchanged = 0.5;
		for (int i = 0; i < COUNT(epsilons); i++) {
			s.epsilon = epsilons[i];
			must_fail(&s, DPT_ERANGE, "epsilon");
		}
	}
}
END_TEST

START_TEST(unknown_names_are_refused)
{
	static const char *const names[] = {
	    "", "gumbe", "Gumbel", "gumbel ", "exponentia", "gumbel_published"};
	struct dpt_settings s = usual;
	for (int i = 0; i < COUNT(names); i++) {
		s.mechanism = names[i];
		must_fail(&s, DPT_EUNKNOWN, "no mechanism '");
	}
	for (size_t m = 0; m < dpt_mechanism_count(); m++) {
		struct dpt_param p = {"nonsense", 1};
		s.mechanism = dpt_mechanism_at(m)->name;
		s.params = 1;
		s.param = &p;
		must_fail(&s, DPT_EUNKNOWN, "no parameter 'nonsense'");
	}
}
END_TEST

/* Just outside the range of each parameter, and no number at all. */
START_TEST(parameters_out_of_range_are_refused)
{
	for (size_t m = 0; m < dpt_mechanism_count(); m++) {
		const struct dpt_mechanism *mech = dpt_mechanism_at(m);
		for (size_t p = 0; p < mech->params; p++) {
			const struct dpt_param_about *a = &mech->param[p];
			double bad[] = {nextafter(a->low, -INFINITY),
			                nextafter(a->high, INFINITY), NAN,
			                -INFINITY};
			for (int i = 0; i < COUNT(bad); i++) {
				struct dpt_param given = {a->name, bad[i]};
				struct dpt_settings s = usual;
				s.mechanism = mech->name;
				s.params = 1;
				s.param = &given;
				if (bad[i] >= a->low && bad[i] <= a->high)
					continue; /* up to infinity */
				must_fail(&s, DPT_ERANGE, a->name);
			}
		}
	}
}
END_TEST

START_TEST(the_first_is_the_default)
{
	dpt_model *model = fx_model(index_of_all, NULL, 2, 0.5);
	ck_assert_ptr_eq(dpt_model_about(model).mechanism, dpt_mechanism_at(0));
	dpt_model_free(model);
	dpt_model_free(NULL);
}
END_TEST

START_TEST(words_of_no_class_are_refused)
{
	for (size_t m = 0; m < dpt_mechanism_count(); m++) {
		const struct dpt_mechanism *a = dpt_mechanism_at(m);
		double epsilon = a->guarantee == DPT_NOMINAL ? 1e5 : 2;
		dpt_model *model =
		    fx_model(index_of_all, a->name, epsilon, 0.5);
		uint32_t in[3] = {0, N, 1}, out[3] = {7, 7, 7};
		dpt_error err;
		dpt_key key;
		dpt_key_from_seed(&key, 1);
		ck_assert_int_eq(
		    dpt_model_draw(model, &key, 0, 3, in, out, &err),
		    DPT_ERANGE);
		in[1] = DPT_NO_WORD;
		ck_assert_int_eq(
		    dpt_model_draw(model, &key, 0, 3, in, out, &err),
		    DPT_ERANGE);
		ck_assert_uint_eq(out[0], 7);
		ck_assert_int_eq(
		    dpt_model_draw(model, &key, 0, 0, NULL, NULL, &err),
		    DPT_OK);
		dpt_model_free(model);
	}
}
END_TEST

/* A record draws the same, in place or not, alone or among others. */
START_TEST(draws_depend_on_key_and_record_only)
{
	enum { WORDS = 300 };
	for (size_t m = 0; m < dpt_mechanism_count(); m++) {
		const struct dpt_mechanism *a = dpt_mechanism_at(m);
		double epsilon = a->guarantee == DPT_NOMINAL ? 1e5 : 1;
		dpt_model *model =
		    fx_model(index_of_all, a->name, epsilon, 0.5);
		uint32_t in[WORDS], out[WORDS], again[WORDS], diff = 0;
		dpt_key key, other;
		dpt_key_from_seed(&key, 1);
		dpt_key_from_seed(&other, 2);
		for (uint32_t i = 0; i < WORDS; i++)
			in[i] = i % N;
		ck_assert(
		    !dpt_model_draw(model, &key, 9, WORDS, in, out, NULL));
		memcpy(again, in, sizeof in);
		ck_assert(
		    !dpt_model_draw(model, &key, 9, WORDS, again, again, NULL));
		ck_assert_int_eq(memcmp(out, again, sizeof out), 0);
		/* the beginning of a record does not know how it goes on */
		ck_assert(
		    !dpt_model_draw(model, &key, 9, 128, in, again, NULL));
		ck_assert_int_eq(memcmp(out, again, 128 * sizeof *out), 0);
		for (int i = 0; i < 2; i++) {
			ck_assert(!dpt_model_draw(model, i ? &other : &key,
			                          i ? 9 : 10, WORDS, in, again,
			                          NULL));
			for (int k = 0; k < WORDS; k++)
				diff += out[k] != again[k];
			if (a->guarantee != DPT_NOMINAL)
				ck_assert_uint_gt(diff, WORDS / 10);
		}
		dpt_model_free(model);
	}
}
END_TEST

/* ---------------------------------------------------- calibrated channels */

static const double epsilons[] = {0.05, 0.3, 1, 2, 7};
static const double shares[] = {0.1, 0.5, 1};
static const char *const calibrated[] = {"exponential", "gumbel"};

/* Embeddings, and how many neighbours are kept. */
static const struct {
	enum fx_kind kind;
	uint32_t n, dim, k;
} embeddings[] = {
    {FX_RANDOM, 160, 5, 16}, {FX_HUB, 120, 20, 12},     {FX_NEAR, 120, 4, 30},
    {FX_OUTLIER, 90, 4, 89}, {FX_CLUSTERS, 150, 6, 10},
};

enum { GOALS = 15, EMBEDDINGS = COUNT(embeddings) };

static dpt_index *embedding[EMBEDDINGS];

static void open_embeddings(void)
{
	fx_make_dir();
	for (int i = 0; i < EMBEDDINGS; i++)
		embedding[i] = fx_index(embeddings[i].kind, embeddings[i].n,
		                        embeddings[i].dim, embeddings[i].k);
}

static void close_embeddings(void)
{
	for (int i = 0; i < EMBEDDINGS; i++)
		dpt_index_free(embedding[i]);
	fx_remove_dir();
}

/* What the model draws from, in logarithms. */
static double *sampled(const dpt_model *model, uint32_t n)
{
	double *logs = malloc((size_t)n * n * sizeof *logs);
	for (uint32_t w = 0; w < n; w++)
		for (uint32_t v = 0; v < n; v++)
			logs[(size_t)w * n + v] =
			    dpt_channel_log(model->state, w, v);
	return logs;
}

static void check_averages(const struct dpt_model_info *info,
                           const struct dpt_space *s, const double *logs)
{
	uint32_t n = s->n;
	double same = 0, token = 0, weights = 0, far = 0;
	for (uint32_t w = 0; w < n; w++) {
		double p = exp(logs[(size_t)w * n + w]);
		same += p / n;
		token += p / (w + 2.7);
		weights += 1 / (w + 2.7);
		for (uint32_t v = 0; v < n; v++)
			far += exp(logs[(size_t)w * n + v]) / n *
			       fx_distance(s, w, v);
	}
	ck_assert_double_eq_tol(info->unchanged_mean, same, 1e-9);
	ck_assert_double_eq_tol(info->unchanged_token_mean, token / weights,
	                        1e-9);
	ck_assert_double_le(fabs(info->distance_mean - far), 1e-8 * far);
}

/* The smallest unchanged share there is: at rate 0, all are alike. */
static bool possible(uint32_t n, double share)
{
	return share > 1.0 / n;
}

/*
 * Over all triples of words, of what is sampled: at most what was asked,
 * and just what is said.
 */
START_TEST(calibrated_channels_keep_their_promise)
{
	int at = _i % EMBEDDINGS, goal = _i / EMBEDDINGS % GOALS;
	double epsilon = epsilons[goal % COUNT(epsilons)];
	double share = shares[goal / COUNT(epsilons)];
	const dpt_index *x = embedding[at];
	struct dpt_space s;
	ck_assert_int_eq(dpt_index_space(x, &s, NULL), DPT_OK);
	ck_assert(possible(s.n, share));
	dpt_model *model =
	    fx_model(x, calibrated[_i / EMBEDDINGS / GOALS], epsilon, share);
	struct dpt_model_info info = dpt_model_about(model);
	double *logs = sampled(model, s.n);
	double exact = ref_epsilon(&s, logs).epsilon;
	ck_assert(info.epsilon_requested == epsilon);
	ck_assert_double_le(info.epsilon_verified, epsilon);
	ck_assert_msg(exact <= epsilon, "%.12g is sampled", exact);
	ck_assert_msg(exact <= info.epsilon_verified * (1 + 1e-6),
	              "%.12g is sampled, %.12g promised", exact,
	              info.epsilon_verified);
	ck_assert_double_le(info.unchanged_token_mean, share);
	check_averages(&info, &s, logs);
	free(logs);
	dpt_model_free(model);
	dpt_space_close(&s);
}
END_TEST

/* eps_E of rate t by its formula, and the pair that has it. */
static double formula(const struct dpt_space *s, double t, double *distance)
{
	double others[200], moments[200], worst = -1;
	ref_sums(s, t, others, moments);
	for (uint32_t w = 0; w < s->n; w++)
		for (uint32_t x = 0; x < w; x++) {
			double d = fx_distance(s, w, x);
			double gap = log1p(others[w]) - log1p(others[x]);
			if (fabs(gap) / d > worst) {
				worst = fabs(gap) / d;
				*distance = d;
			}
		}
	return t + worst;
}

/*
 * The verified figure of E is that of its formula, and it is met, at the two
 * words themselves, unless they are so far apart that the kernel is cut off.
 */
START_TEST(the_figure_of_the_exponential_mechanism_is_exact)
{
	const dpt_index *x = embedding[_i % EMBEDDINGS];
	int goal = _i / EMBEDDINGS;
	struct dpt_space s;
	ck_assert_int_eq(dpt_index_space(x, &s, NULL), DPT_OK);
	dpt_model *model =
	    fx_model(x, "exponential", epsilons[goal % COUNT(epsilons)],
	             shares[goal / COUNT(epsilons)]);
	struct dpt_model_info info = dpt_model_about(model);
	struct dpt_setting e = {
	    .scale = 1, .fallback = 1, .mean = 1, .kmax = 1};
	double t = info.value[0], said = info.epsilon_verified, d = 0;
	double *p = ref_channel(&s, &e, t);
	ref_logs(s.n, p);
	double exact = ref_epsilon(&s, p).epsilon;
	/* up to the rounding of weights, which the slack covers */
	ck_assert_double_le(fabs(said - formula(&s, t, &d)), 1e-6 * said);
	ck_assert_double_le(exact, said * (1 + 1e-9) + 1e-9);
	double noise = 1e-14 / dpt_index_about(x).distance_min;
	if (t * d <= 25)
		ck_assert_double_ge(exact, said * (1 - 1e-6) - noise);
	free(p);
	dpt_model_free(model);
	dpt_space_close(&s);
}
END_TEST

/* Nothing is calibrated, all is said. */
START_TEST(given_rates_are_verified)
{
	const dpt_index *x = embedding[_i % EMBEDDINGS];
	struct dpt_space s;
	ck_assert_int_eq(dpt_index_space(x, &s, NULL), DPT_OK);
	double t = 1.3 * epsilons[_i / EMBEDDINGS], d = 0;
	dpt_model *model = fx_model_given(x, "exponential", "rate", t);
	struct dpt_model_info info = dpt_model_about(model);
	double *logs = sampled(model, s.n);
	ck_assert(info.epsilon_requested == 0);
	ck_assert(info.value[0] == t);
	ck_assert_double_le(fabs(info.epsilon_verified - formula(&s, t, &d)),
	                    1e-6 * info.epsilon_verified);
	ck_assert_double_le(ref_epsilon(&s, logs).epsilon,
	                    info.epsilon_verified * (1 + 1e-6));
	check_averages(&info, &s, logs);
	free(logs);
	dpt_model_free(model);
	dpt_space_close(&s);
}
END_TEST

/* A larger epsilon never costs utility, nor does a larger share. */
START_TEST(more_allowed_is_not_worse)
{
	const dpt_index *x = embedding[_i];
	for (int m = 0; m < COUNT(calibrated); m++)
		for (int u = 1; u < COUNT(shares); u++) {
			double before = INFINITY;
			for (int e = 0; e < COUNT(epsilons); e++) {
				dpt_model *model = fx_model(
				    x, calibrated[m], epsilons[e], shares[u]);
				double d = dpt_model_about(model).distance_mean;
				ck_assert_double_le(d, before * 1.01);
				before = d;
				dpt_model_free(model);
			}
		}
}
END_TEST

/*
 * Two pairs of words, each close together, far apart: all normalisers are
 * alike, so the cost is that of a faraway output, whose weight is small, and
 * the rounding of that weight counts most, being divided by a small distance.
 */
START_TEST(rounded_weights_keep_the_promise)
{
	static const float close[] = {1e-3F, 1e-5F, 1e-7F};
	float rows[4 * 8] = {0};
	rows[8] = close[_i % 3];
	rows[16] = 22;
	rows[24] = 22.000002F;
	dpt_vectors *v = fx_vectors(rows, 4, 1, NULL);
	dpt_index *x = fx_index_of("line", v, _i < 3 ? 3 : 1);
	struct dpt_space s;
	ck_assert_int_eq(dpt_index_space(x, &s, NULL), DPT_OK);
	for (int i = 0; i < 14; i++) {
		dpt_model *model =
		    fx_model_given(x, "exponential", "rate", 1 + i / 100.0);
		double said = dpt_model_about(model).epsilon_verified;
		double *logs = sampled(model, s.n);
		double exact = ref_epsilon(&s, logs).epsilon;
		ck_assert_msg(exact <= said * (1 + 1e-6),
		              "%.10g is sampled, %.10g promised", exact, said);
		free(logs);
		dpt_model_free(model);
	}
	dpt_space_close(&s);
	dpt_index_free(x);
	dpt_vectors_free(v);
}
END_TEST

/* ----------------------------------------------------- gumbel as given */

enum { RATE, SCALE, FALLBACK, MEAN, KMAX };

static dpt_model *gumbel(const dpt_index *x, size_t n, const double *value,
                         enum dpt_status expected)
{
	static const char *const name[] = {"rate", "scale", "fallback", "mean",
	                                   "kmax"};
	struct dpt_param param[5];
	for (size_t i = 0; i < n; i++)
		param[i] = (struct dpt_param){name[i], value[i]};
	struct dpt_settings s = {.mechanism = "gumbel",
	                         .max_unchanged = 1,
	                         .params = n,
	                         .param = param,
	                         .threads = 2};
	dpt_model *model = NULL;
	dpt_error err = {0};
	ck_assert_msg(dpt_model_new(x, &s, &model, &err) == expected, "%s",
	              err.text);
	return model;
}

static const double givens[][5] = {
    {1, 1, 0.2, 4, 10},  {2, INFINITY, 0.01, 3, 5},  {0.1, 0.1, 0.9, 30, 11},
    {1, 1, 1, 4, 4},     {1.5, 0.3, 1e-4, 0.001, 3}, {1, 1, 0.2, 1000, 11},
    {1, 1, 0.2, 800, 8}, {1, 1, 0.2, 4, 1},
};

START_TEST(given_mixtures_are_verified)
{
	int at = _i % EMBEDDINGS, i = _i / EMBEDDINGS;
	const dpt_index *x = embedding[at];
	struct dpt_space s;
	ck_assert_int_eq(dpt_index_space(x, &s, NULL), DPT_OK);
	dpt_model *model = gumbel(x, 5, givens[i], DPT_OK);
	struct dpt_model_info info = dpt_model_about(model);
	struct dpt_setting setting = {.scale = givens[i][SCALE],
	                              .fallback = givens[i][FALLBACK],
	                              .mean = givens[i][MEAN],
	                              .kmax = (uint32_t)givens[i][KMAX]};
	double *logs = sampled(model, s.n), worst = 0;
	double *p = ref_channel(&s, &setting, givens[i][RATE]);
	for (size_t k = 0; k < (size_t)s.n * s.n; k++)
		worst = fmax(worst, fabs(exp(logs[k]) - p[k]));
	ck_assert_msg(worst <= 1e-12, "off by %g; %g verified", worst,
	              info.epsilon_verified);
	for (int k = 0; k < 5; k++)
		ck_assert(info.value[k] == givens[i][k]);
	double exact = ref_epsilon(&s, logs).epsilon;
	ck_assert_double_le(exact, info.epsilon_verified * (1 + 1e-6));
	ck_assert_double_ge(exact, info.epsilon_verified * (1 - 1e-6));
	check_averages(&info, &s, logs);
	free(p);
	free(logs);
	dpt_model_free(model);
	dpt_space_close(&s);
}
END_TEST

START_TEST(gumbel_without_fallback_is_not_private)
{
	static const double value[] = {1, 1, 0};
	dpt_model *model = gumbel(embedding[_i], 3, value, DPT_OK);
	ck_assert(isinf(dpt_model_about(model).epsilon_verified));
	dpt_model_free(model);
}
END_TEST

START_TEST(incomplete_mixtures_are_refused)
{
	static const double value[] = {1, 1, 0.5, 3, 2.5},
	                    many[] = {1, 1, 0.5, 3, 18};
	for (size_t n = 1; n < 3; n++)
		gumbel(embedding[0], n, value, DPT_ERANGE);
	gumbel(embedding[0], 5, value, DPT_ERANGE);
	gumbel(embedding[0], 5, many, DPT_ERANGE); /* 16 are stored */
}
END_TEST

static void add_calibrated(Suite *s)
{
	TCase *t = tcase_create("calibrated");
	tcase_add_unchecked_fixture(t, open_embeddings, close_embeddings);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, calibrated_channels_keep_their_promise, 0,
	                    COUNT(calibrated) * GOALS * EMBEDDINGS);
	tcase_add_loop_test(t, the_figure_of_the_exponential_mechanism_is_exact,
	                    0, GOALS * EMBEDDINGS);
	tcase_add_loop_test(t, given_rates_are_verified, 0,
	                    COUNT(epsilons) * EMBEDDINGS);
	tcase_add_loop_test(t, more_allowed_is_not_worse, 0, EMBEDDINGS);
	tcase_add_loop_test(t, rounded_weights_keep_the_promise, 0, 6);
	tcase_add_loop_test(t, given_mixtures_are_verified, 0,
	                    COUNT(givens) * EMBEDDINGS);
	tcase_add_loop_test(t, gumbel_without_fallback_is_not_private, 0,
	                    EMBEDDINGS);
	tcase_add_test(t, incomplete_mixtures_are_refused);
	suite_add_tcase(s, t);
}

Suite *suite_mech(void)
{
	Suite *s = suite_create("mech");
	TCase *t = tcase_create("table");
	tcase_add_unchecked_fixture(t, open_index, close_index);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, names_are_their_own_and_ranges_make_sense);
	tcase_add_test(t, guarantees_have_names);
	tcase_add_test(t, settings_out_of_range_are_refused);
	tcase_add_test(t, unknown_names_are_refused);
	tcase_add_test(t, parameters_out_of_range_are_refused);
	tcase_add_test(t, the_first_is_the_default);
	tcase_add_test(t, words_of_no_class_are_refused);
	tcase_add_test(t, draws_depend_on_key_and_record_only);
	suite_add_tcase(s, t);
	add_calibrated(s);
	return s;
}
