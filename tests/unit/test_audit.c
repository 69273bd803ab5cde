/* SPDX-License-Identifier: MIT */
/* The exact statistics against sums over the whole matrix. */
#include "fixture.h"
#include "gumbel_published.h"
#include "stats.h"
#include "suites.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))
#define FEW 1e-9

/* A model, all its rows, and the distances. */
struct subject {
	dpt_index *index;
	dpt_model *model;
	uint32_t n;
	double *p, *d;
};

static struct subject subject_of(dpt_index *index, dpt_model *model)
{
	uint32_t n = dpt_index_about(index).classes;
	struct subject s = {index, model, n,
	                    malloc((size_t)n * n * sizeof(double)),
	                    malloc((size_t)n * n * sizeof(double))};
	for (uint32_t w = 0; w < n; w++) {
		double sum = 0, *row = s.p + (size_t)w * n;
		ck_assert_int_eq(dpt_model_row(model, w, row, NULL), DPT_OK);
		for (uint32_t v = 0; v < n; v++) {
			sum += row[v];
			s.d[(size_t)w * n + v] =
			    dpt_index_distance(index, w, v);
		}
		ck_assert_double_eq_tol(sum, 1, 1e-8);
	}
	return s;
}

static void subject_free(struct subject *s)
{
	dpt_model_free(s->model);
	dpt_index_free(s->index);
	free(s->p);
	free(s->d);
}

static struct dpt_audit audit_of(const struct subject *s, unsigned threads)
{
	struct dpt_audit a;
	struct dpt_settings settings = {.threads = threads};
	ck_assert_int_eq(dpt_model_audit(s->model, &settings, &a, NULL),
	                 DPT_OK);
	return a;
}

/* ---------------------------------------------------------- brute force */

static double share(const struct subject *s, uint32_t w)
{
	double sum = 0;
	for (uint32_t x = 0; x < s->n; x++)
		sum += 1 / (x + 2.7);
	return 1 / (w + 2.7) / sum;
}

static void sum_words(const struct subject *s, struct dpt_audit *a)
{
	uint32_t n = s->n, k = dpt_index_about(s->index).neighbours;
	for (uint32_t w = 0; w < n; w++) {
		const double *row = s->p + (size_t)w * n;
		double in_list = row[w], d;
		for (uint32_t r = 0; r < k; r++)
			in_list += row[dpt_index_neighbour(s->index, w, r, &d)];
		a->unchanged_mean += row[w] / n;
		a->unchanged_token_mean += row[w] * share(s, w);
		a->in_list_mean += in_list / n;
		for (uint32_t v = 0; v < n; v++) {
			a->distance_mean += row[v] * s->d[w * n + v] / n;
			a->support_mean += (row[v] >= DPT_SUPPORT) / (double)n;
		}
	}
}

static void sum_outputs(const struct subject *s, struct dpt_audit *a)
{
	uint32_t n = s->n;
	for (uint32_t v = 0; v < n; v++) {
		double out = 0, most = 0, most_token = 0, least = 1;
		for (uint32_t w = 0; w < n; w++) {
			double p = s->p[(size_t)w * n + v];
			out += p / n;
			most = fmax(most, p);
			least = fmin(least, p);
			most_token = fmax(most_token, p * share(s, w));
		}
		for (uint32_t w = 0; w < n; w++) {
			double p = s->p[(size_t)w * n + v];
			a->information_bits +=
			    p > 0 ? p * log2(p / out) / n : 0;
		}
		a->bayes_uniform += most / n;
		a->bayes_token += most_token;
		a->worst_loss = fmax(a->worst_loss, log(most / least));
	}
}

static double ratio(const struct subject *s, uint32_t w, uint32_t x, uint32_t v)
{
	double a = s->p[(size_t)w * s->n + v], b = s->p[(size_t)x * s->n + v];
	return a == b ? 0 : fabs(log(a / b)) / s->d[(size_t)w * s->n + x];
}

static struct dpt_audit brute_force(const struct subject *s)
{
	struct dpt_audit a = {0};
	sum_words(s, &a);
	sum_outputs(s, &a);
	for (uint32_t w = 0; w < s->n; w++)
		for (uint32_t x = 0; x < w; x++)
			for (uint32_t v = 0; v < s->n; v++)
				a.epsilon = fmax(a.epsilon, ratio(s, w, x, v));
	return a;
}

/* q_v, as word 0 tells it; 1 for mechanisms without a prior. */
static double weight(const struct subject *s, double t, uint32_t v)
{
	const char *name = dpt_model_about(s->model).mechanism->name;
	return strcmp(name, "density") ? 1
	                               : s->p[v] * exp(fmin(t * s->d[v], 25));
}

/* t and the most by which ln Z changes: what tails may cost. */
static double rate_cost(const struct subject *s, double t)
{
	double *z = calloc(s->n, sizeof *z), most = 0;
	for (uint32_t w = 0; w < s->n; w++)
		for (uint32_t v = 0; v < s->n; v++)
			z[w] += weight(s, t, v) *
			        exp(-fmin(t * s->d[(size_t)w * s->n + v], 25));
	for (uint32_t w = 0; w < s->n; w++)
		for (uint32_t x = 0; x < w; x++)
			most = fmax(most, fabs(log(z[w] / z[x])) /
			                      s->d[(size_t)w * s->n + x]);
	free(z);
	return t + most;
}

static void check_figures(const struct dpt_audit *got,
                          const struct dpt_audit *right)
{
	ck_assert(!got->simulated);
	ck_assert_double_eq_tol(got->unchanged_mean, right->unchanged_mean,
	                        FEW);
	ck_assert_double_eq_tol(got->unchanged_token_mean,
	                        right->unchanged_token_mean, FEW);
	ck_assert_double_eq_tol(got->distance_mean, right->distance_mean, FEW);
	ck_assert_double_eq_tol(got->in_list_mean, right->in_list_mean, FEW);
	ck_assert_double_eq_tol(got->support_mean, right->support_mean, FEW);
	ck_assert_double_eq_tol(got->bayes_uniform, right->bayes_uniform, FEW);
	ck_assert_double_eq_tol(got->bayes_token, right->bayes_token, FEW);
	/* in it, distances are not clipped as in the kernel */
	ck_assert_double_eq_tol(got->information_bits, right->information_bits,
	                        1e-6);
	ck_assert(isinf(got->worst_loss) == isinf(right->worst_loss));
	if (!isinf(right->worst_loss))
		ck_assert_double_eq_tol(got->worst_loss, right->worst_loss,
		                        FEW);
	ck_assert_double_eq(got->unchanged_mean_error, 0);
	ck_assert_double_eq(got->distance_mean_error, 0);
}

static void check_subject(const struct subject *s)
{
	struct dpt_audit got = audit_of(s, 1), right = brute_force(s);
	struct dpt_model_info i = dpt_model_about(s->model);
	bool tail = dpt_index_about(s->index).neighbours + 1 < s->n;
	double loss;
	check_figures(&got, &right);
	double most = right.epsilon;
	if (tail)
		most = fmax(most, rate_cost(s, i.value[0]));
	ck_assert_double_ge(got.epsilon, right.epsilon * (1 - FEW));
	ck_assert_double_le(got.epsilon, most * (1 + 1e-7));
	if (got.worst[0] != got.worst[1])
		ck_assert_double_eq_tol(
		    ratio(s, got.worst[0], got.worst[1], got.worst[2]),
		    got.epsilon, 1e-8 * got.epsilon);
	ck_assert_double_eq_tol(got.epsilon, i.epsilon_verified,
	                        1e-8 * got.epsilon);
	ck_assert_double_eq_tol(got.unchanged_mean, i.unchanged_mean, FEW);
	ck_assert_double_eq_tol(got.distance_mean, i.distance_mean, FEW);
	for (unsigned threads = 1; threads < 3; threads++) {
		ck_assert_int_eq(
		    dpt_model_worst_loss(s->model, threads, &loss, NULL),
		    DPT_OK);
		ck_assert_double_eq(loss, got.worst_loss);
	}
	struct dpt_audit again = audit_of(s, 2);
	ck_assert_double_eq(again.information_bits, got.information_bits);
	ck_assert_double_eq(again.epsilon, got.epsilon);
}

/* ------------------------------------------------------ finite channels */

static const struct {
	enum fx_kind kind;
	uint32_t n, k;
} sets[] = {
    {FX_RANDOM, 90, 9},    {FX_RANDOM, 30, 29},   {FX_LATTICE, 80, 5},
    {FX_OFFSET, 60, 12},   {FX_CLUSTERS, 36, 35}, {FX_HUB, 80, 10},
    {FX_COLLINEAR, 50, 3},
};
static const struct {
	const char *mechanism;
	double epsilon;
} asked[] = {
    {"gumbel", 0.5},    {"gumbel", 2},  {"gumbel", 6},  {"exponential", 1},
    {"exponential", 4}, {"density", 1}, {"density", 3},
};

START_TEST(figures_are_those_of_the_matrix)
{
	int i = _i / COUNT(asked), k = _i % COUNT(asked);
	dpt_index *index = fx_index(sets[i].kind, sets[i].n, 4, sets[i].k);
	struct subject s = subject_of(
	    index, fx_model(index, asked[k].mechanism, asked[k].epsilon, 0.8));
	check_subject(&s);
	subject_free(&s);
}
END_TEST

/* No fallback: some outputs are impossible, and nothing is private. */
START_TEST(impossible_outputs_are_counted_as_such)
{
	dpt_index *index = fx_index(FX_RANDOM, 40, 4, _i ? 39 : 9);
	const struct dpt_param param[] = {
	    {"rate", 1}, {"scale", 1}, {"fallback", 0}, {"kmax", 5}};
	struct dpt_settings settings = {.mechanism = "gumbel",
	                                .max_unchanged = 1,
	                                .params = 4,
	                                .param = param,
	                                .threads = 1};
	dpt_model *m;
	ck_assert_int_eq(dpt_model_new(index, &settings, &m, NULL), DPT_OK);
	ck_assert(isinf(dpt_model_about(m).epsilon_verified));
	struct subject s = subject_of(index, m);
	struct dpt_audit got = audit_of(&s, 1), right = brute_force(&s);
	check_figures(&got, &right);
	ck_assert(isinf(got.epsilon) && isinf(got.worst_loss));
	subject_free(&s);
}
END_TEST

/* ------------------------------------------------------------ published */

enum { WORDS = 40 };

/* As printed: k candidates, truncated Gumbel noise, the least score. */
static uint32_t published(struct fx_seq *s, const dpt_index *index, uint32_t w,
                          double scale)
{
	double bound = dpt_index_about(index).distance_max, d = 0;
	double least = INFINITY, low = exp(-exp(bound / scale));
	double high = exp(-exp(-bound / scale));
	uint32_t k, best = w;
	do {
		double product = fx_unit(s);
		for (k = 0; product > 1.0 / WORDS; k++)
			product *= fx_unit(s);
	} while (k < 1 || k > WORDS);
	for (uint32_t j = 0; j < k; j++) {
		uint32_t v = j ? dpt_index_neighbour(index, w, j - 1, &d) : w;
		double u = low + (high - low) * fx_unit(s);
		double score = (j ? d : 0) - scale * log(-log(u));
		if (score < least) {
			least = score;
			best = v;
		}
	}
	return best;
}

static double published_scale(const dpt_index *index, double epsilon)
{
	struct dpt_index_info x = dpt_index_about(index);
	return dpt_published_scale(epsilon, x.classes, x.distance_min,
	                           x.distance_max);
}

START_TEST(published_rows_are_those_of_a_simulation)
{
	enum { DRAWS = 40000 };
	static const double times[] = {1.05, 3, 30};
	dpt_index *index = fx_index(FX_RANDOM, WORDS, 4, WORDS - 1);
	struct dpt_index_info x = dpt_index_about(index);
	double epsilon =
	    times[_i] * dpt_published_threshold(x.classes, x.distance_min);
	double scale = published_scale(index, epsilon);
	struct subject s =
	    subject_of(index, fx_model(index, "gumbel-published", epsilon, 1));
	struct fx_seq seq = {(uint64_t)_i};
	for (uint32_t w = 0; w < WORDS; w += 13) {
		uint64_t seen[WORDS] = {0}, drawn[WORDS] = {0};
		static uint32_t in[DRAWS], out[DRAWS];
		const double *row = s.p + (size_t)w * WORDS;
		dpt_key key;
		dpt_key_from_seed(&key, 3);
		for (int i = 0; i < DRAWS; i++) {
			seen[published(&seq, index, w, scale)]++;
			in[i] = w;
		}
		ck_assert_double_gt(stats_chi2(WORDS, seen, row), STATS_ALPHA);
		ck_assert_int_eq(
		    dpt_model_draw(s.model, &key, w, DRAWS, in, out, NULL),
		    DPT_OK);
		for (int i = 0; i < DRAWS; i++)
			drawn[out[i]]++;
		ck_assert_double_gt(stats_chi2(WORDS, drawn, row), STATS_ALPHA);
	}
	struct dpt_audit got = audit_of(&s, 1), right = brute_force(&s);
	check_figures(&got, &right);
	ck_assert_double_le(got.row_error, 1e-8);
	subject_free(&s);
}
END_TEST

/* With short lists most words are impossible. */
START_TEST(published_claim_does_not_hold)
{
	dpt_index *index = fx_index(FX_RANDOM, 100, 4, 50);
	struct dpt_index_info x = dpt_index_about(index);
	double claim = 2 * dpt_published_threshold(x.classes, x.distance_min),
	       loss;
	struct subject s =
	    subject_of(index, fx_model(index, "gumbel-published", claim, 1));
	struct dpt_audit got = audit_of(&s, 1), right = brute_force(&s);
	check_figures(&got, &right);
	ck_assert(isinf(got.epsilon) && isinf(got.worst_loss));
	ck_assert_double_le(got.row_error, 1e-8);
	ck_assert_int_eq(dpt_model_worst_loss(s.model, 1, &loss, NULL), DPT_OK);
	ck_assert(isinf(loss));
	subject_free(&s);
}
END_TEST

/* -------------------------------------------------------------- laplace */

START_TEST(laplace_is_simulated)
{
	enum { DRAWS = 200, N = 100 };
	dpt_index *index = fx_index(FX_RANDOM, N, 4, 9);
	dpt_model *m = fx_model(index, "laplace", 5, 1);
	struct dpt_audit a;
	struct dpt_settings settings = {.threads = 1};
	double same = 0, distance = 0, square = 0, p[N], loss;
	dpt_error err;
	dpt_key key;
	ck_assert_int_eq(dpt_model_audit(m, &settings, &a, NULL), DPT_OK);
	dpt_key_from_seed(&key, 1);
	for (uint32_t w = 0; w < N; w++) {
		uint32_t in[DRAWS], out[DRAWS];
		for (int i = 0; i < DRAWS; i++)
			in[i] = w;
		ck_assert_int_eq(
		    dpt_model_draw(m, &key, w, DRAWS, in, out, NULL), DPT_OK);
		for (int i = 0; i < DRAWS; i++) {
			double d = dpt_index_distance(index, w, out[i]);
			same += out[i] == w;
			distance += d;
			square += d * d;
		}
	}
	same /= N * DRAWS;
	distance /= N * DRAWS;
	square = square / (N * DRAWS) - distance * distance;
	ck_assert(a.simulated);
	ck_assert_double_eq(a.epsilon, 5);
	/* 2^12 draws; the entropy differs each time: 6 standard errors */
	double error = 1.96 * sqrt(same * (1 - same) / 4096);
	ck_assert_double_eq_tol(a.unchanged_mean_error, error, 0.2 * error);
	ck_assert_double_le(fabs(a.unchanged_mean - same), 4 * error);
	error = 1.96 * sqrt(square / 4096);
	ck_assert_double_eq_tol(a.distance_mean_error, error, 0.2 * error);
	ck_assert_double_le(fabs(a.distance_mean - distance), 4 * error);
	ck_assert_double_gt(a.unchanged_token_mean, 0);
	ck_assert_double_lt(a.unchanged_token_mean, 1);
	ck_assert(isnan(a.in_list_mean) && isnan(a.support_mean));
	ck_assert(isnan(a.bayes_uniform) && isnan(a.bayes_token));
	ck_assert(isnan(a.information_bits) && isnan(a.worst_loss));
	ck_assert_int_eq(dpt_model_worst_loss(m, 1, &loss, NULL), DPT_OK);
	ck_assert(isnan(loss));
	ck_assert_int_eq(dpt_model_row(m, 0, p, &err), DPT_EUNKNOWN);
	ck_assert_ptr_nonnull(strstr(err.text, "laplace has no finite"));
	dpt_model_free(m);
	dpt_index_free(index);
}
END_TEST

START_TEST(columns_are_those_of_the_rows)
{
	dpt_index *index = fx_index(FX_CLUSTERS, 120, 3, 9);
	static const char *const names[] = {"exponential", "gumbel", "density"};
	dpt_columns *c;
	double column[120];
	struct subject s =
	    subject_of(index, fx_model(index, names[_i], 2.5, 0.6));
	ck_assert_int_eq(dpt_columns_new(s.model, 2, &c, NULL), DPT_OK);
	for (uint32_t v = 0; v < s.n; v++) {
		dpt_columns_at(c, v, column);
		for (uint32_t w = 0; w < s.n; w++)
			ck_assert_double_eq(column[w],
			                    s.p[(size_t)w * s.n + v]);
	}
	dpt_columns_free(c);
	subject_free(&s);
}
END_TEST

START_TEST(words_are_those_of_the_rows)
{
	dpt_index *index = fx_index(FX_RANDOM, 90, 3, 9);
	struct dpt_settings settings = {.threads = 2};
	struct dpt_word_audit each[90];
	struct dpt_audit a;
	struct subject s =
	    subject_of(index, fx_model(index, "gumbel", 2.5, 0.6));
	ck_assert_int_eq(
	    dpt_model_audit_words(s.model, &settings, &a, each, NULL), DPT_OK);
	for (uint32_t w = 0; w < s.n; w++) {
		double support = 0, distance = 0;
		for (uint32_t v = 0; v < s.n; v++) {
			size_t i = (size_t)w * s.n + v;
			support += s.p[i] >= DPT_SUPPORT;
			distance += s.p[i] * s.d[i];
		}
		ck_assert_double_eq(each[w].unchanged,
		                    s.p[(size_t)w * s.n + w]);
		ck_assert_double_eq_tol(each[w].distance, distance, FEW);
		ck_assert_double_eq(each[w].support, support);
	}
	subject_free(&s);
}
END_TEST

START_TEST(endless_channels_have_no_columns)
{
	dpt_index *index = fx_index(FX_RANDOM, 20, 3, 5);
	dpt_model *m = fx_model(index, "laplace", 2, 1);
	struct dpt_settings settings = {.threads = 1};
	struct dpt_word_audit each[20];
	struct dpt_audit a;
	dpt_columns *c;
	dpt_error err;
	ck_assert_int_eq(dpt_columns_new(m, 1, &c, &err), DPT_EUNKNOWN);
	ck_assert_ptr_null(c);
	ck_assert_ptr_nonnull(strstr(err.text, "laplace has no finite"));
	ck_assert_int_eq(dpt_model_audit_words(m, &settings, &a, each, NULL),
	                 DPT_EUNKNOWN);
	dpt_columns_free(NULL);
	dpt_model_free(m);
	dpt_index_free(index);
}
END_TEST

START_TEST(rows_of_no_word_are_refused)
{
	dpt_index *index = fx_index(FX_RANDOM, 20, 3, 5);
	dpt_model *m = fx_model(index, "gumbel", 2, 1);
	dpt_error err;
	double p[20];
	ck_assert_int_eq(dpt_model_row(m, 20, p, &err), DPT_ERANGE);
	ck_assert_str_eq(err.text, "no word class 20");
	ck_assert_int_eq(dpt_model_row(m, DPT_NO_WORD, p, NULL), DPT_ERANGE);
	dpt_model_free(m);
	dpt_index_free(index);
}
END_TEST

Suite *suite_audit(void)
{
	Suite *s = suite_create("audit");
	TCase *t = tcase_create("audit");
	tcase_set_timeout(t, 120);
	tcase_add_unchecked_fixture(t, fx_make_dir, fx_remove_dir);
	tcase_add_loop_test(t, figures_are_those_of_the_matrix, 0,
	                    COUNT(sets) * COUNT(asked));
	tcase_add_loop_test(t, impossible_outputs_are_counted_as_such, 0, 2);
	tcase_add_loop_test(t, published_rows_are_those_of_a_simulation, 0, 3);
	tcase_add_test(t, published_claim_does_not_hold);
	tcase_add_test(t, laplace_is_simulated);
	tcase_add_loop_test(t, columns_are_those_of_the_rows, 0, 3);
	tcase_add_test(t, words_are_those_of_the_rows);
	tcase_add_test(t, endless_channels_have_no_columns);
	tcase_add_test(t, rows_of_no_word_are_refused);
	suite_add_tcase(s, t);
	return s;
}
