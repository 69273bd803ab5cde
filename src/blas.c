/* SPDX-License-Identifier: MIT */
#include "blas.h"

#include "error.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>

#define LIBRARY "libopenblas.so.0"

static struct {
	pthread_mutex_t lock;
	bool loaded;
	struct dpt_blas blas;
} state = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* A pointer to a function has the bits of dlsym's. */
static bool find(void *library, const char *name, void *to)
{
	return (*(void **)to = dlsym(library, name)) != NULL;
}

static enum dpt_status load(struct dpt_blas *b, dpt_error *err)
{
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (library && find(library, "cblas_sgemm", &b->sgemm) &&
	    find(library, "cblas_dgemm", &b->dgemm) &&
	    find(library, "openblas_get_config", &b->config))
		return DPT_OK;
	const char *why = dlerror();
	dpt_fail(err, DPT_EMATH, "OpenBLAS cannot be used: %s",
	         why ? why : LIBRARY);
	if (library)
		dlclose(library);
	return DPT_EMATH;
}

/*
 * Some builds multiply wrongly on some processors.  Small whole numbers, whose
 * products are exact: ROWS x COLS of DEPTH of them, of which some are looked
 * at, spread over all places in the blocks of the matrix.
 */
#define ROWS 67
#define COLS 517
#define DEPTH 104
#define APART 11

static float number(size_t i)
{
	return (float)(i * 2654435761U % 17) - 8;
}

static bool is_right(const float *a, const float *b, float got, double got2)
{
	float sum = 0;
	for (size_t k = 0; k < DEPTH; k++)
		sum += a[k] * b[k];
	return got == sum && got2 == (double)sum;
}

/* a, b and c in single precision, in front of the same in double. */
static bool multiplies(const struct dpt_blas *blas, float *single,
                       double *twice)
{
	const size_t b = ROWS * DEPTH, c = b + COLS * DEPTH;
	bool right = true;
	for (size_t i = 0; i < c; i++)
		twice[i] = (double)(single[i] = number(i));
	blas->sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, ROWS, COLS, DEPTH,
	            1, single, DEPTH, single + b, DEPTH, 0, single + c, COLS);
	blas->dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, ROWS, COLS, DEPTH,
	            1, twice, DEPTH, twice + b, DEPTH, 0, twice + c, COLS);
	for (size_t i = 0; right && i < (size_t)ROWS * COLS; i += APART)
		right = is_right(single + i / COLS * DEPTH,
		                 single + b + i % COLS * DEPTH, single[c + i],
		                 twice[c + i]);
	return right;
}

static enum dpt_status try(const struct dpt_blas *blas, dpt_error *err)
{
	size_t n = (ROWS + COLS) * DEPTH + ROWS * COLS;
	float *single = malloc(n * sizeof *single);
	double *twice = malloc(n * sizeof *twice);
	enum dpt_status status = DPT_OK;
	if (!single || !twice)
		status = dpt_fail_memory(err);
	else if (!multiplies(blas, single, twice))
		status = dpt_fail_blas(err);
	free(single);
	free(twice);
	return status;
}

enum dpt_status dpt_fail_blas(dpt_error *err)
{
	return dpt_fail(err, DPT_EMATH,
	                "the BLAS library multiplies wrongly on this "
	                "processor: set OPENBLAS_CORETYPE to an older one, "
	                "such as Haswell");
}

enum dpt_status dpt_blas_load(const struct dpt_blas **out, dpt_error *err)
{
	enum dpt_status status = DPT_OK;
	pthread_mutex_lock(&state.lock);
	if (!state.loaded) {
		status = load(&state.blas, err);
		if (!status)
			status = try(&state.blas, err);
		state.loaded = !status;
	}
	pthread_mutex_unlock(&state.lock);
	*out = status ? NULL : &state.blas;
	return status;
}

const char *dpt_blas_config(void)
{
	pthread_mutex_lock(&state.lock);
	const char *config =
	    state.loaded ? state.blas.config() : OPENBLAS_VERSION;
	pthread_mutex_unlock(&state.lock);
	return config;
}
