/* SPDX-License-Identifier: MIT */
/*
 * Everything about a finite channel, exactly.  Each row is a list and a tail
 * (see dpt_rows).  One pass over all pairs takes every entry as if it were
 * in a tail; then the listed entries are put right one by one.
 */
#include "calibrate.h"
#include "error.h"
#include "kernels.h"
#include "mech.h"
#include "parallel.h"
#include "simulate.h"
#include "worst.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK DPT_TILE

struct audit {
	const dpt_model *model;
	const dpt_index *index;
	uint32_t n;
	unsigned threads;
	struct dpt_rates rates; /* for the space and for eps_E of the rate */
	struct dpt_rows rows;
	bool has_tail;
	double tails;  /* eps_E of the rate of the tails */
	double *share; /* of each word among tokens */
	/* by input, for the pass */
	double *token_tail, *uniform_input, *token_input;
	struct dpt_inputs inputs;
	/* by output */
	struct dpt_outputs outputs;
	/* by input: sums of kernel and of distance x kernel over the others */
	struct dpt_normal normal;
	double *memory; /* all the arrays above */
};

static uint32_t entry(const struct audit *a, uint32_t w, uint32_t rank)
{
	const struct dpt_lists *l = &a->index->lists;
	return rank ? l->id[(size_t)w * l->k + rank - 1] : w;
}

static double entry_distance(const struct audit *a, uint32_t w, uint32_t rank)
{
	const struct dpt_lists *l = &a->index->lists;
	return rank ? l->distance[(size_t)w * l->k + rank - 1] : 0;
}

/* q_v of an output. */
static double weight(const struct audit *a, uint32_t v)
{
	return a->rows.weight ? a->rows.weight[v] : 1;
}

static double exponent(const struct audit *a, double d)
{
	return dpt_clipped(a->rows.t * d);
}

static const double *logs(const struct audit *a, uint32_t w)
{
	return a->rows.log + (size_t)w * a->rows.listed;
}

/* ---------------------------------------------------------- preparation */

static void take_rows(void *ctx, unsigned thread, size_t w)
{
	(void)thread;
	struct audit *a = ctx;
	struct dpt_rows rows = a->rows;
	rows.log += w * rows.listed;
	rows.tail += w;
	a->model->mech->rows(a->model, (uint32_t)w, 1, &rows);
}

static void fill_shares(struct audit *a)
{
	double sum = 0;
	for (uint32_t w = 0; w < a->n; w++)
		sum += dpt_token_weight(w);
	for (uint32_t w = 0; w < a->n; w++)
		a->share[w] = dpt_token_weight(w) / sum;
}

static void audit_close(struct audit *a)
{
	dpt_rates_free(&a->rates);
	dpt_normal_free(&a->normal);
	free(a->rows.log);
	free(a->memory);
}

static enum dpt_status audit_open(struct audit *a, const dpt_model *model,
                                  const struct dpt_settings *s, dpt_error *err)
{
	const dpt_index *index = model->index;
	size_t n = index->header->classes;
	*a = (struct audit){.model = model,
	                    .index = index,
	                    .n = (uint32_t)n,
	                    .threads = s->threads};
	enum dpt_status status = dpt_index_check(index, err);
	if (!status)
		status = dpt_rates_open(&a->rates, index, s, err);
	if (!status)
		status = dpt_rates_space(&a->rates, err);
	if (status)
		return status;
	a->rows = (struct dpt_rows){.space = &a->rates.space,
	                            .lists = &index->lists,
	                            .listed = index->lists.k + 1};
	a->rows.log = malloc(n * (a->rows.listed + 1) * sizeof *a->rows.log);
	a->memory = calloc(8 * n, sizeof *a->memory);
	if (!a->rows.log || !a->memory)
		return dpt_fail_memory(err);
	a->rows.tail = a->rows.log + n * a->rows.listed;
	a->share = a->memory;
	a->token_tail = a->memory + n;
	a->uniform_input = a->memory + 2 * n;
	a->token_input = a->memory + 3 * n;
	a->outputs = (struct dpt_outputs){a->memory + 4 * n, a->memory + 5 * n,
	                                  a->memory + 6 * n, a->memory + 7 * n};
	/* the first row tells the rate */
	model->mech->rows(model, 0, 1, &a->rows);
	dpt_parallel(a->threads, n, take_rows, a);
	a->has_tail = a->rows.listed < n && a->rows.tail[0] > -INFINITY;
	fill_shares(a);
	return DPT_OK;
}

/* ------------------------------------------------------------- the pass */

static struct dpt_inputs inputs_at(const struct audit *a, size_t i)
{
	return (struct dpt_inputs){a->rows.tail + i, a->token_tail + i,
	                           a->uniform_input + i, a->token_input + i};
}

static struct dpt_outputs outputs_at(const struct audit *a, size_t i)
{
	const struct dpt_outputs *o = &a->outputs;
	return (struct dpt_outputs){o->uniform + i, o->token + i, o->most + i,
	                            o->most_token + i};
}

/* Each pair in both roles; on the diagonal below it only. */
static void visit(void *ctx, unsigned thread, const struct dpt_tile *t)
{
	struct audit *a = ctx;
	double d[CHUNK];
	struct dpt_inputs columns = inputs_at(a, t->col);
	struct dpt_outputs to_columns = outputs_at(a, t->col);
	dpt_normal_visit(&a->normal, thread, t);
	for (uint32_t r = 0; r < t->rows; r++) {
		uint32_t n = t->row == t->col ? r : t->cols;
		struct dpt_inputs one = inputs_at(a, t->row + r);
		struct dpt_outputs to_one = outputs_at(a, t->row + r);
		dpt_roots(n, t->d2 + (size_t)r * t->cols, d);
		dpt_outputs_add(n, a->rows.t, d, &one, &columns, &to_one,
		                &to_columns);
	}
}

static enum dpt_status pass(struct audit *a, const struct dpt_settings *s,
                            dpt_error *err)
{
	struct dpt_pass p = {.space = &a->rates.space,
	                     .threads = a->threads,
	                     .visit = visit,
	                     .ctx = a,
	                     .stage = "auditing",
	                     .progress = s->progress,
	                     .progress_ctx = s->progress_ctx};
	for (uint32_t w = 0; w < a->n; w++) {
		a->outputs.most[w] = a->outputs.most_token[w] = -INFINITY;
		a->token_tail[w] = a->rows.tail[w] + log(a->share[w]);
		a->uniform_input[w] = exp(a->rows.tail[w]) / a->n;
		a->token_input[w] = exp(a->rows.tail[w]) * a->share[w];
	}
	if (!a->has_tail)
		return DPT_OK;
	enum dpt_status status =
	    dpt_normal_new(&a->normal, &a->rates.space, 1, &a->rows.t, err);
	a->normal.weight = a->rows.weight;
	if (!status)
		status = dpt_pairs(&p, err);
	if (!status)
		dpt_normal_finish(&a->normal);
	return status;
}

/*
 * Puts the listed entries of all words right in the outputs; these leave out
 * the weights.
 */
static void correct_outputs(struct audit *a)
{
	struct dpt_outputs *o = &a->outputs;
	for (uint32_t w = 0; w < a->n; w++)
		for (uint32_t r = 0; r < a->rows.listed; r++) {
			uint32_t v = entry(a, w, r);
			double log_p = logs(a, w)[r], more = exp(log_p);
			if (a->has_tail && r > 0)
				more -=
				    exp(a->rows.tail[w] -
				        exponent(a, entry_distance(a, w, r)));
			o->uniform[v] += more / a->n;
			o->token[v] += more * a->share[w];
			o->most[v] = fmax(o->most[v], log_p);
			o->most_token[v] =
			    fmax(o->most_token[v], log_p + log(a->share[w]));
		}
}

/* -------------------------------------------------------------- by word */

struct word {
	double unchanged, distance, in_list, support;
	double entropy; /* in nats, with ln q_v left out of all ln P(v|w) */
};

static bool likely(const struct audit *a, uint32_t w, uint32_t v, double d)
{
	return a->rows.tail[w] - exponent(a, d) + log(weight(a, v)) >=
	       log(DPT_SUPPORT);
}

/* Number of tail words at least as likely as DPT_SUPPORT. */
static uint32_t tail_support(const struct audit *a, uint32_t w)
{
	double last = entry_distance(a, w, a->rows.listed - 1);
	uint32_t count = 0;
	if (a->rows.tail[w] - exponent(a, last) < log(DPT_SUPPORT))
		return 0; /* weights are at most 1 */
	for (uint32_t v = 0; v < a->n; v++)
		count += likely(a, w, v, dpt_index_distance(a->index, w, v));
	for (uint32_t r = 0; r < a->rows.listed; r++)
		count -= likely(a, w, entry(a, w, r), entry_distance(a, w, r));
	return count;
}

static struct word word_figures(const struct audit *a, uint32_t w)
{
	double own = weight(a, w), kernel = 0, moment = 0;
	struct word f = {.unchanged = own * exp(logs(a, w)[0])};
	for (uint32_t r = 0; r < a->rows.listed; r++) {
		double q = weight(a, entry(a, w, r));
		double log_p = logs(a, w)[r], p = q * exp(log_p);
		double d = entry_distance(a, w, r);
		double e = q / own * exp(-exponent(a, d));
		f.in_list += p;
		f.distance += p * d;
		f.support += p >= DPT_SUPPORT;
		f.entropy -= p > 0 ? p * log_p : 0;
		kernel += r ? e : 0;
		moment += e * d;
	}
	if (!a->has_tail)
		return f;
	double scale = own * exp(a->rows.tail[w]);
	double mass = scale * (a->normal.others[w] - kernel);
	double far = scale * (a->normal.moments[w] - moment);
	f.distance += far;
	f.entropy += a->rows.t * far - a->rows.tail[w] * mass;
	f.support += tail_support(a, w);
	return f;
}

/* And what is known of each word goes to each, unless that is NULL. */
static void average_words(const struct audit *a, struct dpt_audit *out,
                          struct dpt_word_audit *each)
{
	double entropy = 0, output = 0;
	out->bayes_uniform = out->bayes_token = 0;
	for (uint32_t w = 0; w < a->n; w++) {
		struct word f = word_figures(a, w);
		double q = weight(a, w), p = q * a->outputs.uniform[w];
		if (each)
			each[w] = (struct dpt_word_audit){
			    f.unchanged, f.distance, f.support};
		if (!a->has_tail)
			out->row_error =
			    fmax(out->row_error, fabs(1 - f.in_list));
		out->unchanged_mean += f.unchanged / a->n;
		out->unchanged_token_mean += f.unchanged * a->share[w];
		out->distance_mean += f.distance / a->n;
		out->in_list_mean += f.in_list / a->n;
		out->support_mean += f.support / a->n;
		entropy += f.entropy / a->n - p * log(q);
		output -= p > 0 ? p * log(p) : 0;
		out->bayes_uniform += q * exp(a->outputs.most[w]) / a->n;
		out->bayes_token += q * exp(a->outputs.most_token[w]);
	}
	out->information_bits = fmax(0, output - entropy) / log(2);
}

/* --------------------------------------------------------------- public */

static enum dpt_status verify_rows(const struct audit *a,
                                   struct dpt_verdict *out, dpt_error *err)
{
	double steepness = 0;
	enum dpt_status status = DPT_OK;
	if (a->has_tail)
		status =
		    dpt_steepness(&a->rates.space, &a->index->lists,
		                  a->rows.tail, a->threads, &steepness, err);
	return status ? status
	              : dpt_verify(&a->rows, a->rows.t + steepness, 0,
	                           a->threads, out, err);
}

enum dpt_status dpt_model_audit(const dpt_model *model,
                                const struct dpt_settings *settings,
                                struct dpt_audit *out, dpt_error *err)
{
	if (!model->mech->rows)
		return dpt_simulate(model, out, err);
	return dpt_model_audit_words(model, settings, out, NULL, err);
}

enum dpt_status dpt_model_audit_words(const dpt_model *model,
                                      const struct dpt_settings *settings,
                                      struct dpt_audit *out,
                                      struct dpt_word_audit *each,
                                      dpt_error *err)
{
	struct audit a;
	struct dpt_verdict verdict;
	*out = (struct dpt_audit){.epsilon = NAN};
	if (!model->mech->rows)
		return dpt_fail_rows(model, err);
	enum dpt_status status = audit_open(&a, model, settings, err);
	if (!status)
		status = pass(&a, settings, err);
	if (!status)
		status = verify_rows(&a, &verdict, err);
	if (!status)
		status = dpt_worst_loss(&a.rows, &out->worst_loss, err);
	if (!status) {
		correct_outputs(&a);
		average_words(&a, out, each);
		out->epsilon = verdict.epsilon;
		out->worst[0] = verdict.w;
		out->worst[1] = verdict.x;
		out->worst[2] = verdict.v;
	}
	audit_close(&a);
	return status;
}

enum dpt_status dpt_model_worst_loss(const dpt_model *model, unsigned threads,
                                     double *out, dpt_error *err)
{
	struct audit a;
	struct dpt_settings settings = {.threads = threads};
	*out = NAN;
	if (!model->mech->rows)
		return DPT_OK;
	enum dpt_status status = audit_open(&a, model, &settings, err);
	if (!status)
		status = dpt_worst_loss(&a.rows, out, err);
	audit_close(&a);
	return status;
}

enum dpt_status dpt_model_row(const dpt_model *model, uint32_t word, double *p,
                              dpt_error *err)
{
	const dpt_index *x = model->index;
	double log_p[DPT_MAX_LISTED], tail;
	struct dpt_rows rows = {
	    .listed = x->lists.k + 1, .log = log_p, .tail = &tail};
	if (!model->mech->rows)
		return dpt_fail_rows(model, err);
	if (word >= x->header->classes)
		return dpt_fail(err, DPT_ERANGE, "no word class %u", word);
	enum dpt_status status = dpt_index_check(x, err);
	if (status)
		return status;
	model->mech->rows(model, word, 1, &rows);
	for (uint32_t v = 0; v < x->header->classes; v++)
		p[v] = exp(tail - dpt_clipped(rows.t *
		                              dpt_index_distance(x, word, v)));
	p[word] = exp(log_p[0]);
	for (uint32_t r = 1; r < rows.listed; r++)
		p[x->lists.id[(size_t)word * x->lists.k + r - 1]] =
		    exp(log_p[r]);
	for (uint32_t v = 0; rows.weight && v < x->header->classes; v++)
		p[v] *= rows.weight[v];
	return DPT_OK;
}
