/* SPDX-License-Identifier: MIT */
/* The formulas of the published mechanism, for tests and for its channel. */
#ifndef DPT_GUMBEL_PUBLISHED_H
#define DPT_GUMBEL_PUBLISHED_H

/* Principal branch of the Lambert W function, x > 0. */
double dpt_lambert_w0(double x);

/* The published scale is defined above this epsilon only. */
double dpt_published_threshold(double n, double least);
double dpt_published_scale(double epsilon, double n, double least, double most);

#endif
