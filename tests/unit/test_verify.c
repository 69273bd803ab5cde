/* SPDX-License-Identifier: MIT */
/*
 * Verification against all triples of the weights that are sampled, and what
 * must not pass it.
 */
#include "verify.h"

#include "channel.h"
#include "fixture.h"
#include "suites.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

/* ---------------------------------------------------------- brute force */

/* All of a channel: n x n logarithms, and which of them are in a list. */
struct matrix {
	const struct dpt_space *space;
	uint32_t n;
	bool has_tail;
	double *log;
	char *listed;
};

struct triple {
	double ratio;
	uint32_t w, x, v;
};

static struct matrix matrix_new(const struct dpt_space *space,
                                const struct dpt_lists *lists)
{
	uint32_t n = space->n;
	struct matrix m = {.space = space,
	                   .n = n,
	                   .has_tail = lists->k + 1 < n,
	                   .log = malloc((size_t)n * n * sizeof(double)),
	                   .listed = calloc(n, n)};
	for (uint32_t w = 0; w < n; w++) {
		m.listed[(size_t)w * n + w] = 1;
		for (uint32_t k = 0; k < lists->k; k++)
			m.listed[(size_t)w * n +
			         lists->id[(size_t)w * lists->k + k]] = 1;
	}
	return m;
}

static void matrix_free(struct matrix *m)
{
	free(m->log);
	free(m->listed);
}

static double ratio_of(const struct matrix *m, uint32_t w, uint32_t x,
                       uint32_t v)
{
	double a = m->log[(size_t)w * m->n + v];
	double b = m->log[(size_t)x * m->n + v];
	return a == b ? 0 : fabs(a - b) / fx_distance(m->space, w, x);
}

/* The worst of all triples, v listed by w or x, or else by neither. */
static struct triple brute_force(const struct matrix *m, bool listed)
{
	struct triple worst = {0, 0, 0, 0};
	for (uint32_t w = 0; w < m->n; w++)
		for (uint32_t x = 0; x < w; x++) {
			const double *a = m->log + (size_t)w * m->n;
			const double *b = m->log + (size_t)x * m->n;
			const char *in = m->listed + (size_t)w * m->n;
			const char *too = m->listed + (size_t)x * m->n;
			double most = 0, d = fx_distance(m->space, w, x);
			uint32_t at = 0;
			for (uint32_t v = 0; v < m->n; v++) {
				double gap =
				    a[v] == b[v] ? 0 : fabs(a[v] - b[v]);
				if ((in[v] || too[v]) == listed &&
				    !(gap <= most)) {
					most = gap;
					at = v;
				}
			}
			if (!(most / d <= worst.ratio))
				worst = (struct triple){most / d, w, x, at};
		}
	return worst;
}

static bool close_to(double a, double b, double relative)
{
	return a == b || fabs(a - b) <= relative * fabs(b);
}

/* --------------------------------------------- channels of the library */

/* A channel over rows without an index, or over those of one. */
struct subject {
	const struct dpt_ground *ground;
	struct dpt_rates rates;
	size_t rate;
	dpt_channel *channel;
	struct matrix matrix;
	double coarse; /* what rounding a tail does to its logarithm */
};

/* From the weights, the tail by its formula. */
static void fill_from_weights(struct subject *s)
{
	const struct dpt_lists *l = &s->ground->lists;
	double t = s->rates.rate[s->rate].t;
	uint32_t n = s->ground->n;
	uint64_t weight[DPT_MAX_LISTED];
	struct dpt_channel_row row = {.weight = weight};
	for (uint32_t w = 0; w < n; w++) {
		double *log_p = s->matrix.log + (size_t)w * n;
		dpt_channel_row(s->channel, w, &row);
		if (row.tail > 0)
			s->coarse = fmax(s->coarse, 1 / (double)row.tail);
		for (uint32_t v = 0; v < n && s->matrix.has_tail; v++) {
			double d = fx_distance(&s->rates.space, w, v);
			log_p[v] = row.tail_log - fmin(t * d, 25);
		}
		log_p[w] = log((double)weight[0] / (double)DPT_WEIGHTS);
		for (uint32_t k = 1; k <= l->k; k++)
			log_p[l->id[(size_t)w * l->k + k - 1]] =
			    log((double)weight[k] / (double)DPT_WEIGHTS);
	}
}

static struct subject subject_new(const struct dpt_ground *ground,
                                  const struct dpt_setting *setting, double t)
{
	struct subject s = {.ground = ground,
	                    .rates = {.ground = *ground, .threads = 1}};
	ck_assert_int_eq(dpt_rates_find(&s.rates, t, &s.rate, NULL), DPT_OK);
	ck_assert_int_eq(dpt_channel_new(ground, setting, t,
	                                 s.rates.others[s.rate], &s.channel,
	                                 NULL),
	                 DPT_OK);
	return s;
}

static void subject_free(struct subject *s)
{
	dpt_channel_free(s->channel);
	dpt_rates_free(&s->rates);
}

static struct dpt_verdict verdict_of(struct subject *s, double limit,
                                     unsigned threads)
{
	struct dpt_verdict v;
	s->rates.threads = threads;
	ck_assert_int_eq(
	    dpt_channel_verify(s->channel, &s->rates, limit, &v, NULL), DPT_OK);
	return v;
}

/* The triple of a verdict has the ratio it reports. */
static void check_triple(const struct subject *s, const struct dpt_verdict *v)
{
	if (v->w == v->x) {
		/* of the weights of the tails, which are rounded */
		ck_assert(
		    close_to(v->epsilon, s->rates.rate[s->rate].epsilon, 1e-5));
		return;
	}
	double ratio = ratio_of(&s->matrix, v->w, v->x, v->v);
	ck_assert_msg(close_to(v->epsilon, ratio, 1e-9),
	              "(%u, %u, %u) has %.15g, not %.15g", v->w, v->x, v->v,
	              ratio, v->epsilon);
}

/* gap: of the logarithms of the worst triple. */
static void check_limits(struct subject *s, double right, double gap)
{
	double e = 1e-6 + s->coarse / gap;
	double factors[] = {0.5, 1 - e, 1 + e, 2};
	for (int i = 0; i < COUNT(factors); i++) {
		double limit = isinf(right) ? pow(10, i) : right * factors[i];
		struct dpt_verdict v = verdict_of(s, limit, 1);
		ck_assert_msg((v.epsilon > limit) == (right > limit),
		              "%.15g with a limit of %.15g, and %.15g without",
		              v.epsilon, limit, right);
		if (v.epsilon > limit)
			check_triple(s, &v);
	}
}

static void check_subject(struct subject *s, bool all_of_e)
{
	ck_assert_int_eq(dpt_rates_space(&s->rates, NULL), DPT_OK);
	s->matrix = matrix_new(&s->rates.space, &s->ground->lists);
	fill_from_weights(s);
	double tails = s->rates.rate[s->rate].epsilon;
	struct triple worst = brute_force(&s->matrix, true);
	double right = worst.ratio;
	if (s->matrix.has_tail || all_of_e)
		right = fmax(right, tails);
	struct dpt_verdict v = verdict_of(s, 0, 1);
	ck_assert_msg(close_to(v.epsilon, right, v.w == v.x ? 1e-5 : 1e-9),
	              "%.15g, but (%u, %u, %u) has %.15g and the tails %.15g",
	              v.epsilon, worst.w, worst.x, worst.v, worst.ratio, tails);
	check_triple(s, &v);
	struct dpt_verdict again = verdict_of(s, 0, 2);
	ck_assert_double_eq(again.epsilon, v.epsilon);
	check_triple(s, &again);
	check_limits(s, right,
	             right * fx_distance(s->matrix.space, worst.w, worst.x));
	matrix_free(&s->matrix);
}

static const enum fx_kind kinds[] = {FX_RANDOM,   FX_LATTICE, FX_NEAR,
                                     FX_HUB,      FX_OUTLIER, FX_COLLINEAR,
                                     FX_CLUSTERS, FX_OFFSET};
static const struct {
	uint32_t n, k;
} sizes[] = {{110, 3}, {80, 8}, {48, 47}, {70, 1}, {60, 58}};
static const double fallbacks[] = {0, 1e-6, 0.05, 0.5, 1};
static const struct {
	double t, scale, mean;
	uint32_t kmax; /* or as many as are listed */
} shapes[] = {
    {1, 0.5, 4.6, 64},   {0.2, INFINITY, 3, 64}, {3, 0.1, 4.6, 64},
    {0.6, 1.5, 0.5, 64}, {1.2, INFINITY, 4, 2},
};

START_TEST(weights_are_verified_over_all_triples)
{
	int i = _i / COUNT(kinds);
	enum fx_kind kind = kinds[_i % COUNT(kinds)];
	struct fx_ground g = fx_ground(kind, sizes[i].n, 3, sizes[i].k);
	for (int f = 0; f < COUNT(fallbacks); f++) {
		int b = (f + _i) % COUNT(shapes);
		uint32_t listed = sizes[i].k + 1, kmax = shapes[b].kmax;
		struct dpt_setting setting = {.scale = shapes[b].scale,
		                              .fallback = fallbacks[f],
		                              .mean = shapes[b].mean,
		                              .kmax = kmax < listed ? kmax
		                                                    : listed};
		struct subject s =
		    subject_new(&g.ground, &setting, shapes[b].t);
		check_subject(&s, setting.fallback == 1);
		subject_free(&s);
	}
	fx_ground_free(&g);
}
END_TEST

START_TEST(larger_vocabularies_are_verified_too)
{
	struct fx_ground g = fx_ground(FX_RANDOM, 300, 5, 8);
	struct dpt_setting setting = {
	    .scale = 0.5, .fallback = 0.02, .mean = 5.7, .kmax = 9};
	struct subject s = subject_new(&g.ground, &setting, 0.9);
	check_subject(&s, false);
	subject_free(&s);
	fx_ground_free(&g);
}
END_TEST

/* What tails do to one another is within what is known of their rate. */
START_TEST(tails_keep_to_their_rate)
{
	struct fx_ground g = fx_ground(kinds[_i], 90, 3, 3);
	for (int b = 0; b < COUNT(shapes); b++) {
		struct dpt_setting setting = {
		    .scale = 1, .fallback = 0.3, .mean = 2, .kmax = 4};
		struct subject s =
		    subject_new(&g.ground, &setting, shapes[b].t);
		ck_assert_int_eq(dpt_rates_space(&s.rates, NULL), DPT_OK);
		s.matrix = matrix_new(&s.rates.space, &g.lists);
		fill_from_weights(&s);
		struct triple worst = brute_force(&s.matrix, false);
		double tails = s.rates.rate[s.rate].epsilon;
		ck_assert_msg(worst.ratio <= tails * (1 + 1e-6),
		              "(%u, %u, %u) has %.15g, the tails %.15g",
		              worst.w, worst.x, worst.v, worst.ratio, tails);
		matrix_free(&s.matrix);
		subject_free(&s);
	}
	fx_ground_free(&g);
}
END_TEST

/* Each vector three times over: one class a vector, and the same verdict. */
START_TEST(words_alike_are_one)
{
	enum { N = 40, DIM = 3, TIMES = 3 };
	uint32_t stride = dpt_stride(DIM);
	size_t bytes = (size_t)N * stride * sizeof(float);
	float *rows = fx_rows(FX_RANDOM, N, DIM, 11);
	float *all = malloc(TIMES * bytes);
	for (size_t i = 0; i < TIMES; i++)
		memcpy(all + i * N * stride, rows, bytes);
	dpt_vectors *v = fx_vectors(all, TIMES * N, DIM, NULL);
	dpt_index *index = fx_index_of("alike", v, 5);
	ck_assert_uint_eq(dpt_index_about(index).classes, N);
	ck_assert_uint_eq(dpt_index_about(index).words, TIMES * N);
	for (int f = 0; f < COUNT(fallbacks); f++) {
		struct dpt_setting setting = {.scale = 0.7,
		                              .fallback = fallbacks[f],
		                              .mean = 3,
		                              .kmax = 6};
		struct subject s = subject_new(&index->ground, &setting, 0.8);
		check_subject(&s, setting.fallback == 1);
		subject_free(&s);
	}
	dpt_index_free(index);
	dpt_vectors_free(v);
	free(all);
	free(rows);
}
END_TEST

/* ------------------------------------------- channels that must not pass */

/* Rows made by hand of weights: w, its neighbours, and the tail. */
struct hand {
	struct fx_ground g;
	struct dpt_rows rows;
};

/* P(v|w) in proportion to exp(-t d), the tails exactly so. */
static struct hand hand_new(enum fx_kind kind, uint32_t n, uint32_t k, double t)
{
	struct hand h = {.g = fx_ground(kind, n, 6, k)};
	h.rows.t = t;
	h.rows.listed = k + 1;
	h.rows.log = malloc((size_t)n * (k + 1) * sizeof(double));
	h.rows.tail = calloc(n, sizeof(double));
	for (uint32_t w = 0; w < n; w++) {
		double z = 0;
		for (uint32_t v = 0; v < n; v++)
			z += exp(-fmin(t * fx_distance(&h.g.space, w, v), 25));
		h.rows.tail[w] = -log(z);
		double *log_p = h.rows.log + (size_t)w * (k + 1);
		log_p[0] = -log(z);
		for (uint32_t r = 1; r <= k; r++)
			log_p[r] =
			    -log(z) -
			    fmin(t * h.g.lists.distance[(size_t)w * k + r - 1],
			         25);
	}
	return h;
}

static void hand_free(struct hand *h)
{
	free(h->rows.log);
	free(h->rows.tail);
	fx_ground_free(&h->g);
}

static double verify_hand(struct hand *h)
{
	struct dpt_verdict exact, limited;
	h->rows.space = &h->g.space;
	h->rows.lists = &h->g.lists;
	ck_assert_int_eq(
	    dpt_verify(&h->rows, 2 * h->rows.t, 0, 1, &exact, NULL), DPT_OK);
	ck_assert_int_eq(dpt_verify(&h->rows, 2 * h->rows.t, 3 * h->rows.t, 2,
	                            &limited, NULL),
	                 DPT_OK);
	ck_assert((exact.epsilon > 3 * h->rows.t) ==
	          (limited.epsilon > 3 * h->rows.t));
	return exact.epsilon;
}

/* As it must be: nothing wrong with the rows the others are made from. */
START_TEST(exponential_passes_the_textbook_claim)
{
	struct hand h = hand_new(FX_RANDOM, 60, _i ? 59 : 5, 0.8);
	ck_assert_double_le(verify_hand(&h), 1.6 * (1 + 1e-9));
	hand_free(&h);
}
END_TEST

START_TEST(candidates_alone_fail)
{
	static const double scales[] = {0.2, 1, INFINITY};
	for (uint32_t k = 3; k < 60; k += 28) {
		struct fx_ground g = fx_ground(kinds[_i], 60, 3, k);
		for (int b = 0; b < COUNT(scales); b++) {
			struct dpt_setting setting = {
			    .scale = scales[b], .mean = 4, .kmax = 4};
			struct subject s = subject_new(&g.ground, &setting, 1);
			ck_assert(isinf(verdict_of(&s, 0, 1).epsilon));
			ck_assert(isinf(verdict_of(&s, 1e300, 2).epsilon));
			subject_free(&s);
		}
		fx_ground_free(&g);
	}
}
END_TEST

START_TEST(never_the_input_fails)
{
	struct hand h = hand_new(FX_RANDOM, 60, _i ? 59 : 5, 0.8);
	uint32_t listed = h.rows.listed;
	for (uint32_t w = 0; w < 60; w++) {
		double *log_p = h.rows.log + (size_t)w * listed;
		double more = -log1p(-exp(log_p[0]));
		log_p[0] = -INFINITY;
		for (uint32_t r = 1; r < listed; r++)
			log_p[r] += more;
		h.rows.tail[w] += more;
	}
	ck_assert(isinf(verify_hand(&h)));
	hand_free(&h);
}
END_TEST

/* All listed, P(v|w) in proportion to exp(-x) of a number for each pair. */
static double verify_exponents(enum fx_kind kind, double t,
                               double exponent(const struct dpt_space *,
                                               double t, uint32_t, uint32_t),
                               uint32_t dim_checked)
{
	enum { N = 60 };
	struct hand h = hand_new(kind, N, N - 1, t);
	struct dpt_space full = fx_space(h.g.rows, N, 6);
	float *cut = calloc(N, dpt_stride(6) * sizeof *cut);
	for (uint32_t w = 0; w < N; w++)
		memcpy(cut + w * dpt_stride(6), dpt_row(&full, w),
		       dim_checked * sizeof *cut);
	struct dpt_space checked = fx_space(cut, N, 6);
	struct dpt_lists lists = fx_lists(&checked, N - 1);
	for (uint32_t w = 0; w < N; w++) {
		double z = 0, *log_p = h.rows.log + (size_t)w * N;
		for (uint32_t r = 0; r < N; r++) {
			uint32_t v = r ? lists.id[w * (N - 1) + r - 1] : w;
			log_p[r] = -exponent(&full, t, w, v);
			z += exp(log_p[r]);
		}
		for (uint32_t r = 0; r < N; r++)
			log_p[r] -= log(z);
	}
	struct dpt_verdict v;
	h.rows.space = &checked;
	h.rows.lists = &lists;
	ck_assert_int_eq(dpt_verify(&h.rows, 0, 0, 1, &v, NULL), DPT_OK);
	fx_lists_free(&lists);
	dpt_space_close(&checked);
	dpt_space_close(&full);
	free(cut);
	hand_free(&h);
	return v.epsilon;
}

static double plain(const struct dpt_space *s, double t, uint32_t w, uint32_t v)
{
	return t * fx_distance(s, w, v);
}

static double squared(const struct dpt_space *s, double t, uint32_t w,
                      uint32_t v)
{
	double d = fx_distance(s, w, v);
	return t * d * d;
}

/* The distance as it is guessed from the first 3 coordinates of 6. */
static double guessed(const struct dpt_space *s, double t, uint32_t w,
                      uint32_t v)
{
	double sum = 0;
	for (uint32_t i = 0; i < 3; i++) {
		double gap =
		    (double)dpt_row(s, w)[i] - (double)dpt_row(s, v)[i];
		sum += gap * gap;
	}
	return t * sqrt(2 * sum);
}

START_TEST(another_metric_fails)
{
	double claim = 2 * 0.8 * (1 + 1e-9);
	ck_assert_double_le(verify_exponents(FX_RANDOM, 0.8, plain, 6), claim);
	ck_assert_double_gt(verify_exponents(FX_RANDOM, 0.8, squared, 6),
	                    1.5 * claim);
	/* made with the first 3 coordinates, claimed for all of them */
	ck_assert_double_gt(verify_exponents(FX_RANDOM, 0.8, guessed, 6),
	                    1.01 * claim);
	/* made with all of them, claimed for the first 3 */
	ck_assert_double_gt(verify_exponents(FX_RANDOM, 0.8, plain, 3),
	                    1.5 * claim);
}
END_TEST

/* --------------------------------------------------------------- replay */

/* No output of w tells it from any x by more than was promised. */
static void check_replay(const dpt_index *index, const double *p,
                         double epsilon, uint32_t w, int draws,
                         const uint32_t *out)
{
	uint32_t n = dpt_index_about(index).classes;
	for (uint32_t x = 0; x < n; x++) {
		double d = dpt_index_distance(index, w, x), most = 0;
		for (int i = 0; i < draws; i++) {
			double gap = log(p[(size_t)w * n + out[i]] /
			                 p[(size_t)x * n + out[i]]);
			if (!(fabs(gap) <= most))
				most = fabs(gap);
		}
		ck_assert_double_le(most, epsilon * d + 1e-9);
	}
}

/* The same random numbers for many words, whatever comes of them. */
START_TEST(draws_keep_what_was_verified)
{
	static const double epsilons[] = {0.3, 2, 8};
	enum { N = 100, DRAWS = 20 };
	const char *mechanism = _i ? "exponential" : "gumbel";
	dpt_index *index = fx_index(FX_RANDOM, N, 4, 9);
	double *p = malloc((size_t)N * N * sizeof *p);
	dpt_key key;
	dpt_key_from_seed(&key, 7);
	for (int e = 0; e < COUNT(epsilons); e++) {
		dpt_model *m = fx_model(index, mechanism, epsilons[e], 0.9);
		double epsilon = dpt_model_about(m).epsilon_verified;
		ck_assert_double_le(epsilon, epsilons[e]);
		for (uint32_t w = 0; w < N; w++)
			ck_assert_int_eq(
			    dpt_model_row(m, w, p + (size_t)w * N, NULL),
			    DPT_OK);
		for (uint32_t w = 0; w < N; w++) {
			uint32_t in[DRAWS], out[DRAWS];
			for (int i = 0; i < DRAWS; i++)
				in[i] = w;
			ck_assert_int_eq(dpt_model_draw(m, &key, w % 3, DRAWS,
			                                in, out, NULL),
			                 DPT_OK);
			check_replay(index, p, epsilon, w, DRAWS, out);
		}
		dpt_model_free(m);
	}
	free(p);
	dpt_index_free(index);
}
END_TEST

Suite *suite_verify(void)
{
	Suite *s = suite_create("verify");
	TCase *t = tcase_create("triples");
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, weights_are_verified_over_all_triples, 0,
	                    COUNT(kinds) * COUNT(sizes));
	tcase_add_test(t, larger_vocabularies_are_verified_too);
	tcase_add_loop_test(t, tails_keep_to_their_rate, 0, COUNT(kinds));
	suite_add_tcase(s, t);
	t = tcase_create("violations");
	tcase_add_loop_test(t, exponential_passes_the_textbook_claim, 0, 2);
	tcase_add_loop_test(t, candidates_alone_fail, 0, COUNT(kinds));
	tcase_add_loop_test(t, never_the_input_fails, 0, 2);
	tcase_add_test(t, another_metric_fails);
	suite_add_tcase(s, t);
	t = tcase_create("indexes");
	tcase_set_timeout(t, 120);
	tcase_add_unchecked_fixture(t, fx_make_dir, fx_remove_dir);
	tcase_add_test(t, words_alike_are_one);
	tcase_add_loop_test(t, draws_keep_what_was_verified, 0, 2);
	suite_add_tcase(s, t);
	return s;
}
