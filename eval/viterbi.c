/* SPDX-License-Identifier: MIT */
#include "viterbi.h"

#include "memory.h"

#include <math.h>
#include <stdlib.h>

/* How good the best way to a candidate is, and where it comes from. */
struct step {
	double score;
	size_t from;
};

static bool is_there(const struct candidate *c, size_t k, size_t choices)
{
	return k < choices && c[k].word != DPT_NO_WORD;
}

static struct step step_to(const struct language *l, size_t choices,
                           const struct candidate *before,
                           const struct step *way, uint32_t word)
{
	struct step best = {-INFINITY, 0};
	for (size_t j = 0; is_there(before, j, choices); j++) {
		double score = way[j].score +
		               log(language_bigram(l, before[j].word, word));
		if (score > best.score)
			best = (struct step){score, j};
	}
	return best;
}

void viterbi_decode(const struct language *l, size_t n, size_t choices,
                    const struct candidate *const *place, uint32_t *best)
{
	struct step *way = memory_new(n * choices, sizeof *way);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; is_there(place[i], k, choices); k++) {
			const struct candidate *c = &place[i][k];
			struct step *to = &way[i * choices + k];
			if (i == 0)
				to->score = log(l->unigram[c->word]);
			else
				*to = step_to(l, choices, place[i - 1],
				              &way[(i - 1) * choices], c->word);
			to->score += c->log;
		}
	size_t at = 0;
	for (size_t k = 0; n > 0 && is_there(place[n - 1], k, choices); k++)
		if (way[(n - 1) * choices + k].score >
		    way[(n - 1) * choices + at].score)
			at = k;
	for (size_t i = n; i-- > 0; at = way[i * choices + at].from)
		best[i] = place[i][at].word;
	free(way);
}

/* ------------------------------------------------------ sums over texts */

/* Makes the sum of n weights 1. */
static void normalise(double *weight, size_t n)
{
	double sum = 0;
	for (size_t k = 0; k < n; k++)
		sum += weight[k];
	for (size_t k = 0; k < n; k++)
		weight[k] /= sum;
}

/* P(seen|word) of the candidates of a place, up to a factor; their number. */
static size_t likelihoods(const struct candidate *c, size_t choices, double *p)
{
	size_t n = 0;
	double most = -INFINITY;
	for (; is_there(c, n, choices); n++)
		most = fmax(most, c[n].log);
	for (size_t k = 0; k < n; k++)
		p[k] = exp(c[k].log - most);
	return n;
}

/* Weights of candidates by what was seen up to them, from those before. */
static void forward(const struct language *l, const struct candidate *before,
                    const double *from, size_t m, const struct candidate *c,
                    double *to, size_t n)
{
	for (size_t k = 0; k < n; k++) {
		double sum = 0;
		for (size_t j = 0; j < m; j++)
			sum += from[j] *
			       language_bigram(l, before[j].word, c[k].word);
		to[k] *= sum;
	}
	normalise(to, n);
}

/* Weights by what was seen behind them; behind[k] has P(seen|word) in it. */
static void backward(const struct language *l, const struct candidate *c,
                     double *to, size_t n, const struct candidate *after,
                     const double *behind, size_t m)
{
	for (size_t k = 0; k < n; k++) {
		to[k] = 0;
		for (size_t j = 0; j < m; j++)
			to[k] += behind[j] *
			         language_bigram(l, c[k].word, after[j].word);
	}
	normalise(to, n);
}

void viterbi_words(const struct language *l, size_t n, size_t choices,
                   const struct candidate *const *place, uint32_t *best)
{
	double *alpha = memory_new(n * choices, sizeof *alpha);
	double *beta = memory_new(2 * choices, sizeof *beta);
	double *p = beta + choices;
	size_t *count = memory_new(n, sizeof *count);
	for (size_t i = 0; i < n; i++) {
		double *to = alpha + i * choices;
		count[i] = likelihoods(place[i], choices, to);
		if (i > 0)
			forward(l, place[i - 1], to - choices, count[i - 1],
			        place[i], to, count[i]);
		else
			for (size_t k = 0; k < count[0]; k++)
				to[k] *= l->unigram[place[0][k].word];
	}
	for (size_t k = 0; k < choices; k++)
		beta[k] = 1;
	for (size_t i = n; i-- > 0;) {
		size_t at = 0;
		const double *to = alpha + i * choices;
		for (size_t k = 1; k < count[i]; k++)
			if (to[k] * beta[k] > to[at] * beta[at])
				at = k;
		best[i] = place[i][at].word;
		if (i == 0)
			break;
		likelihoods(place[i], choices, p);
		for (size_t k = 0; k < count[i]; k++)
			p[k] *= beta[k];
		backward(l, place[i - 1], beta, count[i - 1], place[i], p,
		         count[i]);
	}
	free(alpha);
	free(beta);
	free(count);
}
