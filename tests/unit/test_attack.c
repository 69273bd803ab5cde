/* SPDX-License-Identifier: MIT */
/* Attacks against cases known otherwise, and against exact figures. */
#include "canary.h"
#include "fixture.h"
#include "inversion.h"
#include "membership.h"
#include "memory.h"
#include "suites.h"
#include "viterbi.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { FEW = 12, NAME = 0, SECRET = 1 };

/* Texts of random words below n. */
static struct sequences random_texts(struct fx_seq *seq, size_t rows,
                                     size_t words, uint32_t n)
{
	struct sequences s = {.words = rows * words, .rows = rows};
	s.word = memory_new(s.words, sizeof *s.word);
	s.start = memory_new(rows + 1, sizeof *s.start);
	for (size_t i = 0; i < s.words; i++)
		s.word[i] = (uint32_t)(fx_unit(seq) * fx_unit(seq) * n);
	for (size_t row = 0; row <= rows; row++)
		s.start[row] = row * words;
	return s;
}

START_TEST(ratios_are_by_cluster)
{
	double hits[] = {1, 2, 0}, items[] = {2, 2, 0};
	struct interval r = interval_ratio(hits, items, 3);
	ck_assert_double_eq(r.mean, 0.75);
	ck_assert_double_eq_tol(r.half, 1.959964 / 4, 1e-12);
	ck_assert(isnan(interval_ratio(hits, items, 1).half));
}
END_TEST

/* ------------------------------------------------------------- language */

START_TEST(language_counts_words_and_pairs)
{
	uint32_t word[] = {3, 1, 3, 1, 1, 3};
	size_t start[] = {0, 4, 4, 6};
	struct sequences s = {
	    .word = word, .words = 6, .start = start, .rows = 3};
	struct language l;
	double q = 0, uniform = 0, bigram = 0;
	language_learn(&l, &s, 5);
	for (int w = 0; w < 5; w++)
		q += 1 / (w + 2.7);
	ck_assert_uint_eq(l.count[3], 3);
	ck_assert_uint_eq(l.count[1], 3);
	ck_assert_uint_eq(language_pairs(&l, 3, 1), 2);
	ck_assert_uint_eq(language_pairs(&l, 1, 3), 2); /* one in each text */
	ck_assert_uint_eq(language_pairs(&l, 1, 1), 0); /* not across texts */
	ck_assert_double_eq_tol(l.unigram[3], (0.5 + 0.1 / 5.7 / q) / 1.1,
	                        1e-12);
	ck_assert_double_eq_tol(language_bigram(&l, 3, 1),
	                        (2 + l.pseudo * l.unigram[1]) / (3 + l.pseudo),
	                        1e-12);
	for (uint32_t w = 0; w < 5; w++) {
		uniform += l.unigram[w];
		bigram += language_bigram(&l, 1, w);
	}
	ck_assert_double_eq_tol(uniform, 1, 1e-12);
	ck_assert_double_le(bigram, 1 + 1e-12);
	language_free(&l);
}
END_TEST

/* -------------------------------------------------------------- viterbi */

enum { PLACES = 5, CHOICES = 3 };

static double score(const struct language *l, struct candidate place[][CHOICES],
                    const int *way)
{
	double sum = 0;
	for (int i = 0; i < PLACES; i++) {
		const struct candidate *c = &place[i][way[i]];
		if (c->word == DPT_NO_WORD)
			return -INFINITY;
		sum += c->log +
		       log(i ? language_bigram(l, place[i - 1][way[i - 1]].word,
		                               c->word)
		             : l->unigram[c->word]);
	}
	return sum;
}

/* The best of all ways through the places. */
static void try_all(const struct language *l, struct candidate place[][CHOICES],
                    int *best)
{
	int way[PLACES] = {0};
	double most = -INFINITY;
	for (int i = 0; i < PLACES;) {
		double sum = score(l, place, way);
		if (sum > most) {
			most = sum;
			for (int k = 0; k < PLACES; k++)
				best[k] = way[k];
		}
		for (i = 0; i < PLACES && ++way[i] == CHOICES; i++)
			way[i] = 0;
	}
}

/* For each place the candidate with the largest sum over all ways. */
static void sum_all(const struct language *l, struct candidate place[][CHOICES],
                    int *best)
{
	int way[PLACES] = {0};
	double sum[PLACES][CHOICES] = {{0}};
	for (int i = 0; i < PLACES;) {
		double p = exp(score(l, place, way));
		for (int k = 0; k < PLACES; k++)
			sum[k][way[k]] += p;
		for (i = 0; i < PLACES && ++way[i] == CHOICES; i++)
			way[i] = 0;
	}
	for (int i = 0; i < PLACES; i++) {
		best[i] = 0;
		for (int k = 1; k < CHOICES; k++)
			if (sum[i][k] > sum[i][best[i]])
				best[i] = k;
	}
}

START_TEST(viterbi_is_the_best_of_all)
{
	struct fx_seq seq = {(uint64_t)_i};
	struct sequences s = random_texts(&seq, 20, 4, FEW);
	struct language l;
	struct candidate place[PLACES][CHOICES];
	const struct candidate *at[PLACES];
	uint32_t found[PLACES];
	int best[PLACES];
	language_learn(&l, &s, FEW);
	for (int i = 0; i < PLACES; i++) {
		at[i] = place[i];
		for (int k = 0; k < CHOICES; k++)
			place[i][k] = (struct candidate){
			    (uint32_t)(fx_unit(&seq) * 4) + 4 * (uint32_t)k,
			    log(fx_unit(&seq))};
		if (fx_unit(&seq) < 0.3)
			place[i][CHOICES - 1].word = DPT_NO_WORD;
	}
	try_all(&l, place, best);
	viterbi_decode(&l, PLACES, CHOICES, at, found);
	for (int i = 0; i < PLACES; i++)
		ck_assert_uint_eq(found[i], place[i][best[i]].word);
	sum_all(&l, place, best);
	viterbi_words(&l, PLACES, CHOICES, at, found);
	for (int i = 0; i < PLACES; i++)
		ck_assert_uint_eq(found[i], place[i][best[i]].word);
	viterbi_decode(&l, 0, CHOICES, at, found);
	viterbi_words(&l, 0, CHOICES, at, found);
	language_free(&l);
	sequences_free(&s);
}
END_TEST

/* ------------------------------------------------------------ inversion */

/* Texts whose words are as frequent as the token prior of audits says. */
static struct sequences prior_texts(const struct language *l, size_t rows,
                                    size_t words)
{
	struct fx_seq seq = {9};
	struct sequences s = random_texts(&seq, rows, words, l->n);
	for (size_t i = 0; i < s.words; i++) {
		double at = fx_unit(&seq);
		uint32_t w = 0;
		while (w + 1 < l->n && at >= l->unigram[w])
			at -= l->unigram[w++];
		s.word[i] = w;
	}
	return s;
}

struct attacked {
	dpt_index *index;
	dpt_model *model;
	struct language language;
	struct sequences texts;
	uint32_t *became;
};

static struct attacked attacked(const char *mechanism, double epsilon)
{
	struct attacked a;
	struct sequences none = {0};
	dpt_key key;
	a.index = fx_index(FX_CLUSTERS, 80, 3, 9);
	a.model = fx_model(a.index, mechanism, epsilon, 0.6);
	language_learn(&a.language, &none, 80);
	a.texts = prior_texts(&a.language, 400, 25);
	a.became = memory_new(a.texts.words, sizeof *a.became);
	dpt_key_from_seed(&key, 3);
	ck_assert_int_eq(dpt_model_draw(a.model, &key, 0, a.texts.words,
	                                a.texts.word, a.became, NULL),
	                 DPT_OK);
	return a;
}

static void attacked_free(struct attacked *a)
{
	free(a->became);
	sequences_free(&a->texts);
	language_free(&a->language);
	dpt_model_free(a->model);
	dpt_index_free(a->index);
}

static struct inversion invert(const struct attacked *a,
                               const struct likelihood *l)
{
	struct inversion r;
	inversion_run(&r, &a->texts, a->became, &a->language, l, 8);
	return r;
}

static double overall(const struct inversion *r, enum guess guess)
{
	return r->success[guess][ALL_WORDS].mean;
}

/* With the very prior, what an audit computes is what an attack measures. */
START_TEST(success_is_bayes_vulnerability)
{
	struct attacked a = attacked(_i ? "gumbel" : "exponential", 1.5);
	struct dpt_settings settings = {.threads = 1};
	struct dpt_audit audit;
	struct likelihood l;
	ck_assert_int_eq(dpt_model_audit(a.model, &settings, &audit, NULL),
	                 DPT_OK);
	ck_assert_int_eq(
	    likelihood_new(&l, a.model, a.index, &a.language, 1, NULL), DPT_OK);
	ck_assert_ptr_nonnull(l.exact);
	struct inversion r = invert(&a, &l);
	struct interval s = r.success[GUESS_UNIGRAM][ALL_WORDS];
	ck_assert_double_lt(s.half, 0.02);
	ck_assert_double_eq_tol(s.mean, audit.bayes_token, 1.5 * s.half);
	ck_assert_double_eq_tol(r.expected, audit.bayes_token, 1.5 * s.half);
	ck_assert_double_eq_tol(overall(&r, GUESS_SAME),
	                        audit.unchanged_token_mean, 2 * s.half);
	ck_assert_double_gt(s.mean, overall(&r, GUESS_PRIOR) + 0.1);
	ck_assert_double_gt(s.mean, overall(&r, GUESS_NEAREST) + 0.1);
	ck_assert_double_eq(r.success[GUESS_SAME][CHANGED_WORDS].mean, 0);
	likelihood_free(&l);
	attacked_free(&a);
}
END_TEST

/* What is estimated by distance does not beat what is known exactly. */
START_TEST(simulated_attack_is_nearly_as_good)
{
	struct attacked a = attacked("exponential", 1.5);
	struct likelihood exact, drawn;
	ck_assert_int_eq(
	    likelihood_new(&exact, a.model, a.index, &a.language, 1, NULL),
	    DPT_OK);
	ck_assert_int_eq(
	    likelihood_draw(&drawn, a.model, a.index, &a.language, NULL),
	    DPT_OK);
	struct inversion best = invert(&a, &exact), near = invert(&a, &drawn);
	double half = best.success[GUESS_UNIGRAM][ALL_WORDS].half;
	double success = overall(&best, GUESS_UNIGRAM);
	ck_assert_double_le(overall(&near, GUESS_UNIGRAM), success + half);
	ck_assert_double_ge(overall(&near, GUESS_UNIGRAM), 0.9 * success);
	for (size_t i = 1; i < drawn.steps; i++)
		ck_assert_double_le(drawn.at[i], drawn.at[i - 1]);
	ck_assert_double_gt(drawn.at[drawn.steps - 1], 0);
	likelihood_free(&exact);
	likelihood_free(&drawn);
	attacked_free(&a);
}
END_TEST

START_TEST(laplace_is_attacked_by_draws)
{
	struct attacked a = attacked("laplace", 6);
	struct likelihood l;
	ck_assert_int_eq(
	    likelihood_new(&l, a.model, a.index, &a.language, 1, NULL), DPT_OK);
	ck_assert_ptr_null(l.exact);
	struct inversion r = invert(&a, &l);
	ck_assert_double_gt(overall(&r, GUESS_UNIGRAM),
	                    overall(&r, GUESS_SAME) - 0.02);
	likelihood_free(&l);
	attacked_free(&a);
}
END_TEST

START_TEST(falling_sequences_are_pooled)
{
	double y[] = {5, 1, 3, 2, 9, 0}, weight[] = {1, 1, 1, 2, 0, 1};
	likelihood_fall(y, weight, 6);
	ck_assert_double_eq(y[0], 5);
	for (int i = 1; i < 5; i++) /* (1 + 3 + 2 * 2) / 4 */
		ck_assert_double_eq(y[i], 2);
	ck_assert_double_eq(y[5], 0);
}
END_TEST

/* ----------------------------------------------------------- membership */

/* Worked out by hand: pairs 4.5 of 6; variances 1/48 and 1/16. */
START_TEST(auc_is_the_one_by_hand)
{
	double member[] = {3, 1, 2}, other[] = {4, 2};
	struct membership m = membership_of(member, 3, other, 2);
	ck_assert_double_eq_tol(m.auc.mean, 0.75, 1e-12);
	ck_assert_double_eq_tol(m.auc.half, 1.96 * sqrt(1 / 48. + 1 / 16.),
	                        1e-12);
	ck_assert_double_eq_tol(m.advantage.mean, 0.25, 1e-12);
	ck_assert_double_eq_tol(m.advantage.half,
	                        1.96 * sqrt(0.25 / 3 + 0.1875 / 2), 1e-12);
	m = membership_of(member, 3, member, 3);
	ck_assert_double_eq_tol(m.auc.mean, 0.5, 1e-12);
	ck_assert_double_eq_tol(m.advantage.mean, 0, 1e-12);
}
END_TEST

/* Texts of words of their own: "qaa qab", "qac qad", ... from word first. */
static struct texts own_words(uint32_t first)
{
	struct texts t = {0};
	for (uint32_t i = 0; i < 40; i++) {
		char text[64];
		int n =
		    snprintf(text, sizeof text, "%s %s", fx_word(first + 2 * i),
		             fx_word(first + 2 * i + 1));
		texts_add(&t, text, (size_t)n);
	}
	return t;
}

START_TEST(members_are_told_by_what_was_learnt_of_them)
{
	struct texts members = own_words(0), others = own_words(100);
	int label[80];
	for (int i = 0; i < 80; i++)
		label[i] = i % 40 % 3 == 0;
	struct membership m =
	    membership_attack(&members, &members, &others, label);
	ck_assert_double_gt(m.auc.mean, 0.9);
	/* what was learnt is about neither */
	struct texts became = own_words(200);
	m = membership_attack(&became, &members, &others, label);
	ck_assert_double_eq_tol(m.auc.mean, 0.5, 1e-12);
	texts_free(&members);
	texts_free(&others);
	texts_free(&became);
}
END_TEST

/* --------------------------------------------------------------- canary */

/* The secret is third by words alone, and first behind its name. */
START_TEST(exposure_is_that_of_the_rank)
{
	uint32_t word[] = {5, 5, 5, 6, 6, 6, NAME, SECRET, NAME, SECRET, 7};
	size_t start[] = {0, 11};
	struct sequences s = {
	    .word = word, .words = 11, .start = start, .rows = 1};
	struct canaries c = {.n = 1,
	                     .name = {NAME},
	                     .secret = {SECRET},
	                     .others = 7,
	                     .other = {5, 6, 7, 8, 9, 10, 11}};
	struct language l;
	language_learn(&l, &s, FEW);
	struct exposure alone = canaries_exposure(&c, &l, false, false);
	struct exposure behind = canaries_exposure(&c, &l, true, false);
	ck_assert_double_eq_tol(alone.most, 3, 1e-12);
	ck_assert_double_eq_tol(alone.bits.mean, 3 - log2(3), 1e-12);
	ck_assert_double_eq(alone.first.mean, 0);
	ck_assert_double_eq_tol(behind.bits.mean, 3, 1e-12);
	ck_assert_double_eq(behind.first.mean, 1);
	/* a secret that is nowhere ties with the four that are not either */
	c.secret[0] = 2;
	alone = canaries_exposure(&c, &l, false, false);
	ck_assert_double_eq_tol(alone.bits.mean, 3 - log2(6), 1e-12);
	language_free(&l);
}
END_TEST

START_TEST(canaries_are_words_that_are_nowhere)
{
	uint32_t word[] = {110, 150, 199};
	size_t start[] = {0, 3};
	struct sequences s = {
	    .word = word, .words = 3, .start = start, .rows = 1};
	struct canaries c;
	struct language l;
	char seen[200] = {0};
	language_learn(&l, &s, 200);
	canaries_choose(&c, &l);
	ck_assert_uint_eq(c.n, 24); /* a quarter of 97 */
	ck_assert_uint_gt(c.others, 40);
	for (size_t i = 0; i < c.n; i++) {
		seen[c.name[i]]++;
		seen[c.secret[i]]++;
	}
	for (size_t i = 0; i < c.others; i++)
		seen[c.other[i]]++;
	for (uint32_t w = 0; w < 200; w++)
		ck_assert_int_le(seen[w], w >= 100 && l.count[w] == 0);
	language_free(&l);
}
END_TEST

Suite *suite_attack(void)
{
	Suite *s = suite_create("attack");
	TCase *t = tcase_create("attack");
	tcase_set_timeout(t, 60);
	tcase_add_unchecked_fixture(t, fx_make_dir, fx_remove_dir);
	tcase_add_test(t, ratios_are_by_cluster);
	tcase_add_test(t, language_counts_words_and_pairs);
	tcase_add_loop_test(t, viterbi_is_the_best_of_all, 0, 50);
	tcase_add_loop_test(t, success_is_bayes_vulnerability, 0, 2);
	tcase_add_test(t, simulated_attack_is_nearly_as_good);
	tcase_add_test(t, laplace_is_attacked_by_draws);
	tcase_add_test(t, falling_sequences_are_pooled);
	tcase_add_test(t, auc_is_the_one_by_hand);
	tcase_add_test(t, members_are_told_by_what_was_learnt_of_them);
	tcase_add_test(t, exposure_is_that_of_the_rank);
	tcase_add_test(t, canaries_are_words_that_are_nowhere);
	suite_add_tcase(s, t);
	return s;
}
