/* SPDX-License-Identifier: MIT */
/*
 * OpenBLAS, loaded when it is first needed: most texts are rewritten without
 * it, and a short one would wait for it.
 */
#ifndef DPT_BLAS_H
#define DPT_BLAS_H

#include "dptext.h"

#include <cblas.h>

struct dpt_blas {
	__typeof__(cblas_sgemm) *sgemm;
	__typeof__(cblas_dgemm) *dgemm;
	__typeof__(openblas_get_config) *config;
};

/* DPT_EMATH: it multiplies wrongly. */
enum dpt_status dpt_fail_blas(dpt_error *err);

/* It stays loaded.  DPT_EMATH: it cannot be loaded, or multiplies wrongly. */
DPT_MUST_USE enum dpt_status dpt_blas_load(const struct dpt_blas **out,
                                           dpt_error *err);

/* Its version, or, where it was not needed, that of its header. */
const char *dpt_blas_config(void);

#endif
