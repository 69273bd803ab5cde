/* SPDX-License-Identifier: MIT */
/* Gaussian kernel density estimate at the words of a space. */
#ifndef DPT_KDE_H
#define DPT_KDE_H

#include "space.h"

/*
 * density[w] = sum over all words u of exp(-min(d(w,u)^2 / 2 h^2, clip)) / N:
 * the estimate with bandwidth h divided by the constant of its kernel; w
 * itself counts.  The clip, that of kernels.h, takes no part in what differs.
 */
DPT_MUST_USE enum dpt_status dpt_kde(const struct dpt_space *space,
                                     double bandwidth,
                                     const struct dpt_settings *settings,
                                     double *density, dpt_error *err);

#endif
