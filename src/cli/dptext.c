/* SPDX-License-Identifier: MIT */
/* The filter. */
#include "dptext.h"

#include "choice.h"
#include "input.h"
#include "msg.h"
#include "output.h"
#include "policies.h"
#include "sandbox.h"
#include "secret.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
	SEED = 256,
	REPORT,
	DELTA,
	NO_HEADER,
	ON_ERROR,
	BUDGET,
	GROUP_BY,
	CONSISTENT,
	MAX_RECORD
};

#define FLUSH_AFTER 20 /* milliseconds without input */

static const struct opt table[] = {
    CHOICE_OPTIONS,
    {'f', "format", "FORMAT", "lines, nul, csv, tsv or jsonl [lines]"},
    {'k', "field", "FIELD", "rewrite this field only; may be repeated"},
    {NO_HEADER, "no-header", NULL, "columns of csv and tsv have no names"},
    {'o', "output", "FILE", "write to FILE, all of it or nothing"},
    {'z', "gzip", NULL, "write gzip"},
    {ON_ERROR, "on-error", "WHAT",
     "broken records: stop, skip or pass-none [stop]"},
    {MAX_RECORD, "max-record", "SIZE", "longer ones are broken [256M]"},
    {BUDGET, "budget", "B",
     "let a record cost at most B, split over its words"},
    {CONSISTENT, "consistent", "KEYFILE",
     "the same word, the same replacement: protects less"},
    POLICY_OPTIONS,
    {SEED, "seed", "N", "reproducible output: NOT private"},
    {REPORT, "report", "FILE", "write what was guaranteed and done as JSON"},
    {GROUP_BY, "group-by", "FIELD",
     "account in the report for each value of FIELD"},
    {DELTA, "delta", "D", "delta of the composition in the report [1e-6]"},
    {'q', "quiet", NULL, "no progress"},
    {'v', "verbose", NULL, "say what was guaranteed and done"},
};

static const struct opt_program program = {
    "dptext",
    "[-e EPS] [-m MECH] [-x INDEX] [-f FORMAT [-k FIELD]...] [FILE...]\n"
    "-m list",
    "Rewrites text record by record so that it is differentially private.",
    table,
    sizeof table / sizeof *table,
    "With no FILE, or where FILE is -, standard input is read.\n"
    "See dptext(1), and dptext-privacy(7) for what is guaranteed.",
};

struct run {
	struct choice choice;
	struct policies policies;
	bool seeded, quiet, verbose;
	uint64_t seed;
	const char *secret_path;
	dpt_codebook *codebook; /* NULL: each word is drawn anew */
	const char *group;
	dpt_groups *groups; /* NULL: they are not accounted for */
	const char *report; /* file name, or NULL */
	double delta;
	enum dpt_format format;
	const char *field[DPT_MAX_FIELDS];
	size_t fields;
	bool no_header;
	dpt_header *header; /* of all files */
	enum dpt_on_error on_error;
	size_t max_record;
	dpt_key key;
	struct dpt_counts counts;
	double started;
	char last;       /* byte written */
	bool between;    /* files: no record goes on in the next */
	struct input in; /* the file being read */
	const char *out_path;
	bool gzip;
	struct output out;
};

/* ------------------------------------------------------------- options */

static double parse_delta(const char *text)
{
	double delta = opt_number("--delta", text, 0, 1);
	if (delta == 0 || delta == 1)
		msg_usage("--delta must be above 0 and below 1");
	return delta;
}

static enum dpt_format parse_format(const char *name)
{
	for (int f = 0; f < DPT_FORMATS; f++)
		if (strcmp(name, dpt_format_name((enum dpt_format)f)) == 0)
			return (enum dpt_format)f;
	msg_usage("-f must be lines, nul, csv, tsv or jsonl");
}

static enum dpt_on_error parse_on_error(const char *what)
{
	if (strcmp(what, "stop") == 0)
		return DPT_STOP;
	if (strcmp(what, "skip") == 0)
		return DPT_SKIP;
	if (strcmp(what, "pass-none") == 0)
		return DPT_PASS_NONE;
	msg_usage("--on-error must be stop, skip or pass-none");
}

static void add_field(struct run *r, const char *name)
{
	if (r->fields == DPT_MAX_FIELDS)
		msg_usage("-k more than %d times", DPT_MAX_FIELDS);
	r->field[r->fields++] = name;
}

static bool is_number(const char *text)
{
	return *text && text[strspn(text, "0123456789")] == 0;
}

static void check_format(const struct run *r)
{
	const char *name = dpt_format_name(r->format);
	if (dpt_format_fields(r->format) && r->fields == 0)
		msg_usage("-f %s needs -k", name);
	if (!dpt_format_fields(r->format) && r->fields > 0)
		msg_usage("-k does not go with -f %s", name);
	if (!dpt_format_fields(r->format) && r->group)
		msg_usage("--group-by does not go with -f %s", name);
	if (!r->no_header)
		return;
	if (r->group && !is_number(r->group))
		msg_usage("with --no-header, --group-by must be a number");
	if (r->format != DPT_CSV && r->format != DPT_TSV)
		msg_usage("--no-header does not go with -f %s", name);
	for (size_t i = 0; i < r->fields; i++)
		if (!is_number(r->field[i]))
			msg_usage("with --no-header, -k must be a number");
}

static int parse(struct run *r, int argc, char **argv)
{
	const char *arg;
	int id, operands;
	bool delta_given = false;
	while ((id = opt_next(&program, argc, argv, &arg, &operands)) != -1)
		switch (id) {
		case SEED:
			r->seeded = true;
			r->seed = opt_count("--seed", arg, 0, UINT64_MAX);
			break;
		case 'f': r->format = parse_format(arg); break;
		case 'k': add_field(r, arg); break;
		case 'o': r->out_path = arg; break;
		case 'z': r->gzip = true; break;
		case NO_HEADER: r->no_header = true; break;
		case ON_ERROR: r->on_error = parse_on_error(arg); break;
		case MAX_RECORD:
			r->max_record =
			    opt_size("--max-record", arg, 1, UINT64_C(1) << 30);
			break;
		case BUDGET:
			r->choice.settings.budget =
			    opt_number("--budget", arg, 1e-6, 1e9);
			break;
		case CONSISTENT: r->secret_path = arg; break;
		case GROUP_BY: r->group = arg; break;
		case REPORT: r->report = arg; break;
		case DELTA:
			r->delta = parse_delta(arg);
			delta_given = true;
			break;
		case 'q': r->quiet = true; break;
		case 'v': r->verbose = true; break;
		default:
			if (!policies_option(&r->policies, id, arg))
				choice_option(&r->choice, id, arg);
		}
	choice_check(&r->choice);
	check_format(r);
	if (delta_given && !r->report)
		msg_usage("--delta needs --report");
	if (r->group && !r->report)
		msg_usage("--group-by needs --report");
	if (r->choice.settings.budget > 0 && r->choice.settings.params)
		msg_usage("--budget and -p exclude each other");
	if (r->choice.settings.budget > 0 && r->secret_path)
		msg_usage("--budget and --consistent exclude each other");
	return operands;
}

/* -------------------------------------------------- reading and writing */

static ptrdiff_t read_in(void *ctx, void *buffer, size_t size)
{
	struct run *r = ctx;
	return input_read(&r->in, buffer, size);
}

static bool ready_in(void *ctx)
{
	const struct run *r = ctx;
	return input_ready(&r->in);
}

static int write_out(void *ctx, const void *bytes, size_t size)
{
	struct run *r = ctx;
	const char *text = bytes;
	char end = r->format == DPT_NUL ? '\0' : '\n';
	if (r->between && r->last != end && output_write(&r->out, &end, 1) != 0)
		return -1;
	r->between = false;
	r->last = text[size - 1];
	return output_write(&r->out, text, size);
}

static int flush_out(void *ctx)
{
	struct run *r = ctx;
	/* soon is soon enough, and what comes by then packs better */
	return input_waits(&r->in, FLUSH_AFTER) ? 0 : output_flush(&r->out);
}

static void show_progress(void *ctx, uint64_t bytes)
{
	struct run *r = ctx;
	progress_show(&r->choice.progress, "rewriting", (double)bytes,
	              r->in.size, 1e6, "MB");
}

static void report_fault(const struct run *r, const dpt_error *err)
{
	const char *name = r->in.name;
	if (err->record)
		msg("%s:%llu: %s", name, (unsigned long long)err->record,
		    err->text);
	else if (err->status == DPT_EIO && strncmp(err->text, "write", 5) == 0)
		msg("%s: %s", r->out.name, err->text);
	else if (err->status == DPT_EIO && r->in.fault)
		msg("%s: %s", name, r->in.fault);
	else if (err->status == DPT_ERANGE || /* -k, whatever the file */
	         err->status == DPT_EINDEX)   /* which is named */
		msg("%s", err->text);
	else
		msg("%s: %s", name, err->text);
}

/* err is about the first of them. */
static void report_broken(const struct run *r, uint64_t count,
                          const dpt_error *err)
{
	msg("%s:%llu: %s; %llu broken record%s %s", r->in.name,
	    (unsigned long long)err->record, err->text,
	    (unsigned long long)count, count == 1 ? "" : "s",
	    r->on_error == DPT_SKIP ? "left out" : "emptied");
}

/* The file that is open. */
static bool rewrite_file(struct run *r)
{
	dpt_error err;
	struct dpt_counts counts;
	r->between = r->counts.bytes_out > 0;
	struct dpt_stream_options options = {
	    .model = r->choice.model,
	    .key = &r->key,
	    .codebook = r->codebook,
	    .first_record = r->counts.records,
	    .threads = r->choice.settings.threads,
	    .read = read_in,
	    .ready = ready_in,
	    .write = write_out,
	    .flush = r->gzip ? flush_out : NULL,
	    .progress = show_progress,
	    .ctx = r,
	    .format = r->format,
	    .field = r->field,
	    .fields = r->fields,
	    .no_header = r->no_header,
	    .header = r->header,
	    .group = r->group,
	    .groups = r->groups,
	    .on_error = r->on_error,
	    .policy = r->policies.policy,
	    .longest = r->max_record,
	};
	enum dpt_status status = dpt_stream(&options, &counts, &err);
	input_close(&r->in);
	progress_end(&r->choice.progress);
	dpt_counts_add(&r->counts, &counts);
	if (status)
		report_fault(r, &err);
	else if (counts.broken)
		report_broken(r, counts.broken, &err);
	return status == DPT_OK;
}

/* ------------------------------------------------------------- the run */

/* Core dumps and debuggers could show private text. */
static void seal_process(void)
{
	struct rlimit none = {0, 0};
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0);
}

static void say_guarantee(const struct run *r)
{
	struct dpt_model_info info = dpt_model_about(r->choice.model);
	const struct dpt_mechanism *m = info.mechanism;
	if (m->guarantee == DPT_NOMINAL)
		msg("%s is a NOMINAL mechanism: its claim of epsilon %g is "
		    "known not to hold",
		    m->name, info.epsilon_requested);
	if (r->seeded)
		msg("--seed makes the output reproducible: it is NOT private");
	if (r->codebook)
		msg("--consistent gives a word the same replacement wherever "
		    "it occurs: which words are equal, and how often each "
		    "occurs, is NOT hidden");
	policies_say(&r->policies);
	if (!r->verbose)
		return;
	if (m->guarantee != DPT_NOMINAL)
		msg("%s (%s): epsilon %.6f a word and unit of distance",
		    m->name, dpt_guarantee_name(m->guarantee),
		    info.epsilon_verified);
	if (info.budget > 0)
		msg("and at most %g a record: its words share it", info.budget);
	for (size_t i = 0; i < m->params; i++)
		msg("%s = %.6g (%s)", m->param[i].name, info.value[i],
		    m->param[i].meaning);
	if (!isnan(info.unchanged_token_mean))
		msg("%.1f %% of the tokens of English text are expected "
		    "to stay as they are",
		    100 * info.unchanged_token_mean);
}

static void say_summary(const struct run *r)
{
	const struct dpt_counts *c = &r->counts;
	double took = now_seconds() - r->started;
	double words = c->words ? (double)c->words : 1;
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	msg("%llu %s, %llu words: %.1f %% unchanged, %.1f %% outside the "
	    "vocabulary",
	    (unsigned long long)c->records,
	    r->format == DPT_LINES ? "lines" : "records",
	    (unsigned long long)c->words, 100 * (double)c->unchanged / words,
	    100 * (double)c->outside / words);
	msg("%.2f s, %.0f words/s, %.1f MB/s, %ld MB of memory at most", took,
	    (double)c->words / took, 1e-6 * (double)c->bytes_in / took,
	    usage.ru_maxrss / 1024);
}

static bool write_report(const struct run *r, bool complete)
{
	dpt_error err;
	struct dpt_report report = {.model = dpt_model_about(r->choice.model),
	                            .index = dpt_index_about(r->choice.index),
	                            .counts = r->counts,
	                            .policy = r->policies.policy,
	                            .max_unchanged = NAN,
	                            .worst_case_loss = NAN,
	                            .delta = r->delta,
	                            .consistent = r->codebook != NULL,
	                            .reproducible = r->seeded,
	                            .complete = complete};
	report.grouped = r->groups != NULL;
	if (r->groups)
		dpt_groups_count(r->groups, &report.groups);
	/* otherwise nothing was chosen by it */
	if (report.model.mechanism->params && !r->choice.settings.params)
		report.max_unchanged = r->choice.settings.max_unchanged;
	enum dpt_status status = DPT_OK;
	if (report.model.budget == 0)
		status = dpt_model_worst_loss(r->choice.model,
		                              r->choice.settings.threads,
		                              &report.worst_case_loss, &err);
	if (!status)
		status = dpt_report_write(r->report, &report, &err);
	if (status)
		msg("%s", err.text);
	return status == DPT_OK;
}

static bool take_key(struct run *r)
{
	dpt_error err;
	if (r->seeded) {
		dpt_key_from_seed(&r->key, r->seed);
		return true;
	}
	enum dpt_status status = dpt_key_random(&r->key, &err);
	if (status)
		msg("%s", err.text);
	return status == DPT_OK;
}

static bool make_codebook(struct run *r)
{
	dpt_error err;
	struct secret secret;
	if (!r->secret_path)
		return true;
	if (!secret_read(&secret, r->secret_path))
		return false;
	enum dpt_status status =
	    dpt_codebook_new(r->choice.model, secret.byte, secret.len,
	                     r->choice.settings.threads, &r->codebook, &err);
	secret_wipe(&secret);
	if (status)
		msg("%s", err.text);
	return status == DPT_OK;
}

static bool make_groups(struct run *r)
{
	dpt_error err;
	if (!r->group)
		return true;
	enum dpt_status status = dpt_groups_new(&r->key, &r->groups, &err);
	if (status)
		msg("%s", err.text);
	return status == DPT_OK;
}

static bool make_header(struct run *r)
{
	dpt_error err;
	enum dpt_status status = dpt_header_new(&r->header, &err);
	if (status)
		msg("%s", err.text);
	return status == DPT_OK;
}

static bool prepare(struct run *r)
{
	return policies_read(&r->policies) && choice_open_late(&r->choice) &&
	       choice_open_model(&r->choice) && make_header(r) && take_key(r) &&
	       make_codebook(r) && make_groups(r) &&
	       output_open(&r->out, r->out_path, r->gzip);
}

/* Opens the first file, then gives up what is not needed any more. */
static bool start_reading(struct run *r, const char *const *name, size_t count)
{
	struct sandbox s = {.read = name + 1,
	                    .reads = count - 1,
	                    .name = r->out.file ? r->out_path : NULL,
	                    .write = r->report};
	bool ok = input_open(&r->in, name[0]);
	const char *done = sandbox_enter(&s);
	if (r->verbose)
		msg("while it runs: %s", done);
	return ok;
}

static bool rewrite_files(struct run *r, const char *const *name, size_t count)
{
	bool ok = start_reading(r, name, count) && rewrite_file(r);
	for (size_t i = 1; ok && i < count; i++)
		ok = input_open(&r->in, name[i]) && rewrite_file(r);
	return ok;
}

int main(int argc, char **argv)
{
	static struct run r;
	msg_start("dptext");
	seal_process();
	setenv("OPENBLAS_NUM_THREADS", "1", 1); /* ours are enough */
	choice_start(&r.choice);
	r.delta = 1e-6;
	r.started = now_seconds();
	int operands = parse(&r, argc, argv);
	if (choice_wants_list(&r.choice))
		return choice_list();
	progress_start(&r.choice.progress, !r.quiet);

	bool started = prepare(&r), ok = started;
	if (started) {
		say_guarantee(&r);
		ok = operands == argc
		         ? rewrite_files(&r, (const char *[]){"-"}, 1)
		         : rewrite_files(&r, (const char **)argv + operands,
		                         (size_t)(argc - operands));
		if (r.verbose)
			say_summary(&r);
	}
	dpt_key_wipe(&r.key);
	dpt_header_free(r.header);
	dpt_codebook_free(r.codebook);
	if (started)
		ok = output_close(&r.out, ok);
	/* readers of the output need not wait for it */
	if (started && r.report)
		ok = write_report(&r, ok) && ok;
	dpt_groups_free(r.groups);
	choice_close(&r.choice);
	policies_free(&r.policies);
	return ok && !r.counts.broken ? EXIT_DONE : EXIT_FAILED;
}
