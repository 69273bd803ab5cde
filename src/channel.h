/* SPDX-License-Identifier: MIT */
/*
 * The exact channel of the finite mechanisms.  For an input word w,
 *
 *     P(v|w) = (1-f) K(v|w) + f E(v|w)
 *     E(v|w) = kernel(t d(w,v)) / Z_t(w)       over the whole vocabulary
 *     K(v|w) = sum_{k > rank_w(v)} p_k exp(-d(w,v)/b) / S_k(w)
 *
 * where p_k is Poisson(mean) truncated to 1..kmax, S_k the sum of
 * exp(-d_j/b) over the k nearest words and rank_w(w) = 0.  K is "draw k,
 * take the best of distance minus Gumbel noise of scale b among the k
 * nearest" (the Gumbel-max trick); E, with rate t, is the exponential
 * mechanism; f = 1 is E alone.
 *
 * Where the ground has weights, E(v|w) is q_v kernel(t d(w,v)) / Z_t(w), with
 * the sum of that for Z_t; f is then 1.
 *
 * A row is a list (w and its nearest neighbours) of whole weights out of
 * DPT_WEIGHTS, and one weight for the tail, the rest of the vocabulary,
 * whose words share it in proportion to their kernel (and their q_v).  These
 * weights are what is sampled and what is verified.
 *
 * They are the same wherever they are made on one machine.  On one with other
 * vector instructions exponentials differ by some units of 2^-52, and so may
 * the epsilon of a setting that was stored elsewhere, by parts in 10^15.
 */
#ifndef DPT_CHANNEL_H
#define DPT_CHANNEL_H

#include "mech.h"
#include "verify.h"

#define DPT_WEIGHTS (UINT64_C(1) << 63)

typedef struct dpt_channel dpt_channel;

/*
 * The channel of a setting whose rate is t: scale b may be infinite, kmax is
 * at most neighbours + 1.  others, Z_t(w) - 1 of all words, is borrowed,
 * as is all the ground points to.
 */
DPT_MUST_USE enum dpt_status dpt_channel_new(const struct dpt_ground *ground,
                                             const struct dpt_setting *setting,
                                             double t, const double *others,
                                             dpt_channel **out, dpt_error *err);
/*
 * Makes room for tables to draw from, and copies others unless it is lent for
 * as long as the channel is there.
 */
DPT_MUST_USE enum dpt_status dpt_channel_prepare(dpt_channel *channel,
                                                 bool lent, dpt_error *err);
void dpt_channel_free(dpt_channel *channel);

/* Turns the parameters given with -p into a setting, without verifying. */
typedef enum dpt_status dpt_given_fn(struct dpt_rates *rates,
                                     const struct dpt_settings *settings,
                                     struct dpt_setting *out, dpt_error *err);

/*
 * The channel as the state of a model: the setting stored in the index or,
 * failing that, calibrated, or as given and then verified.
 */
DPT_MUST_USE enum dpt_status dpt_channel_open(dpt_model *model,
                                              const struct dpt_settings *s,
                                              dpt_given_fn *given,
                                              dpt_error *err);

/* Averages of K over all words, from the lists alone. */
struct dpt_candidates {
	double unchanged_mean, unchanged_token_mean, distance_mean;
};
DPT_MUST_USE enum dpt_status dpt_candidates_measure(const dpt_channel *channel,
                                                    unsigned threads,
                                                    struct dpt_candidates *out,
                                                    dpt_error *err);

/* Fills the averages of a setting: those of K and E, mixed. */
void dpt_setting_average(struct dpt_setting *s, const struct dpt_candidates *k,
                         const struct dpt_rate *e);

/* What a model tells of a setting, but for its parameters. */
void dpt_setting_tell(const struct dpt_setting *s, struct dpt_model_info *info);

/* Words in the list part: w itself and its neighbours. */
uint32_t dpt_channel_listed(const dpt_channel *channel);
/* What it is made over, and t of its tail. */
const struct dpt_ground *dpt_channel_ground(const dpt_channel *channel);
double dpt_channel_rate(const dpt_channel *channel);

struct dpt_channel_row {
	uint64_t *weight; /* listed of them: w, then neighbours by rank */
	uint64_t tail;    /* of all other words together */
	double tail_log;  /* ln P(v|w) = ln q_v + tail_log - exponent of v */
};

/* row->weight has room for listed weights; all weights sum to DPT_WEIGHTS. */
void dpt_channel_row(const dpt_channel *channel, uint32_t w,
                     struct dpt_channel_row *row);

/* ln P(v|w), from the weights. */
double dpt_channel_log(const dpt_channel *channel, uint32_t w, uint32_t v);

/* What dpt_mech.rows does. */
void dpt_channel_fill(const dpt_channel *channel, uint32_t first,
                      uint32_t count, struct dpt_rows *rows);
/* A dpt_mech.rows of a model whose state is a channel. */
void dpt_channel_rows(const dpt_model *model, uint32_t first, uint32_t count,
                      struct dpt_rows *rows);

/*
 * Verifies the weights of the channel; rates gives the space and the threads.
 * See dpt_verify for limit.
 */
DPT_MUST_USE enum dpt_status
dpt_channel_verify(const dpt_channel *channel, struct dpt_rates *rates,
                   double limit, struct dpt_verdict *out, dpt_error *err);

/* The same for a setting of these rates. */
DPT_MUST_USE enum dpt_status
dpt_setting_verify(struct dpt_rates *rates, const struct dpt_setting *setting,
                   double limit, struct dpt_verdict *out, dpt_error *err);

/* Draws for all words of the batch; out may be batch->word. */
void dpt_channel_draw(const dpt_channel *channel, const struct dpt_batch *batch,
                      uint32_t *out);

#endif
