/* SPDX-License-Identifier: MIT */
/* Calibrations for epsilons that the index does not store, kept in files. */
#ifndef DPT_CACHE_H
#define DPT_CACHE_H

#include "index.h"

/*
 * The setting asked for, its rate added to r; false if the folder has none
 * that is whole and belongs to this index.
 */
bool dpt_cache_load(const dpt_index *index, const struct dpt_settings *s,
                    const char *mechanism, struct dpt_rates *r,
                    struct dpt_setting *out);

/* Keeps a setting; a folder that cannot be written is no fault. */
void dpt_cache_save(const dpt_index *index, const struct dpt_settings *s,
                    const struct dpt_rates *r,
                    const struct dpt_setting *setting);

/*
 * The same for one value of each class, under a name that tells what they are
 * and all they depend on but the index.
 */
bool dpt_cache_load_values(const dpt_index *index, const struct dpt_settings *s,
                           const char *name, double *out);
void dpt_cache_save_values(const dpt_index *index, const struct dpt_settings *s,
                           const char *name, const double *values);

#endif
