/* SPDX-License-Identifier: MIT */
#include "blas.h"

#include "error.h"

#include <dlfcn.h>
#include <pthread.h>

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

static bool load(struct dpt_blas *b)
{
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return false;
	if (find(library, "cblas_sgemm", &b->sgemm) &&
	    find(library, "cblas_dgemm", &b->dgemm) &&
	    find(library, "openblas_get_config", &b->config))
		return true;
	dlclose(library);
	return false;
}

enum dpt_status dpt_blas_load(const struct dpt_blas **out, dpt_error *err)
{
	pthread_mutex_lock(&state.lock);
	if (!state.loaded)
		state.loaded = load(&state.blas);
	*out = state.loaded ? &state.blas : NULL;
	pthread_mutex_unlock(&state.lock);
	if (*out)
		return DPT_OK;
	const char *why = dlerror();
	return dpt_fail(err, DPT_EMATH, "OpenBLAS cannot be used: %s",
	                why ? why : LIBRARY);
}

const char *dpt_blas_config(void)
{
	pthread_mutex_lock(&state.lock);
	const char *config =
	    state.loaded ? state.blas.config() : OPENBLAS_VERSION;
	pthread_mutex_unlock(&state.lock);
	return config;
}
