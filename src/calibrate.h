/* SPDX-License-Identifier: MIT */
/* From an epsilon to the parameters of a mechanism. */
#ifndef DPT_CALIBRATE_H
#define DPT_CALIBRATE_H

#include "index.h"

/*
 * The share by which a verified epsilon stays below the one asked for: more
 * than covers the rounding of normalisers, weights and acceptance.
 */
#define DPT_SLACK 1e-6

/* The rates an index knows; more can be measured. */
DPT_MUST_USE enum dpt_status dpt_rates_open(struct dpt_rates *r,
                                            const dpt_index *index,
                                            const struct dpt_settings *s,
                                            dpt_error *err);

/* The setting stored for exactly these settings, or NULL. */
const struct dpt_setting *dpt_setting_stored(const dpt_index *index,
                                             const char *mechanism,
                                             const struct dpt_settings *s);

/* E alone at rate number i of r. */
struct dpt_setting dpt_setting_exponential(const struct dpt_rates *r, size_t i);

/*
 * The exponential mechanism with the largest rate found that keeps
 * eps_E(t) <= (1 - slack) epsilon and a token unchanged share of at most
 * max_unchanged.  Rates measured on the way are added to r.
 */
DPT_MUST_USE enum dpt_status dpt_calibrate_exponential(struct dpt_rates *r,
                                                       double epsilon,
                                                       double max_unchanged,
                                                       struct dpt_setting *out,
                                                       dpt_error *err);

/*
 * The mixture of channel.h with the smallest expected distance found under
 * the same two conditions.
 */
DPT_MUST_USE enum dpt_status
dpt_calibrate_gumbel(struct dpt_rates *r, double epsilon, double max_unchanged,
                     struct dpt_setting *out, dpt_error *err);

#endif
