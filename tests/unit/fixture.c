/* SPDX-License-Identifier: MIT */
#include "fixture.h"
#include "screen.h"

#include <check.h>
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *const fx_kind_name[FX_KINDS] = {
    "random",    "lattice", "one ulp", "near",     "hub",
    "collinear", "outlier", "offset",  "clusters", "skewed",
};

/* ------------------------------------------------------------- sequence */

uint64_t fx_u64(struct fx_seq *s)
{
	uint64_t z = s->state += 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

double fx_unit(struct fx_seq *s)
{
	return ((double)(fx_u64(s) >> 12) + 0.5) * 0x1p-52;
}

double fx_normal(struct fx_seq *s)
{
	double r = sqrt(-2 * log(fx_unit(s)));
	return r * cos(6.283185307179586 * fx_unit(s));
}

/* ----------------------------------------------------------- embeddings */

static void normals(struct fx_seq *s, float *row, uint32_t dim, double scale)
{
	for (uint32_t i = 0; i < dim; i++)
		row[i] = (float)(scale * fx_normal(s));
}

/* As many levels as it takes to have more points than rows. */
static void lattice(struct fx_seq *s, float *row, uint32_t n, uint32_t dim)
{
	uint64_t levels = 4;
	while (pow((double)levels, dim) < 2 * n)
		levels++;
	for (uint32_t i = 0; i < dim; i++)
		row[i] = (float)(fx_u64(s) % levels) * 0.25F;
}

/* A copy of the row before, its first number a little larger. */
static void twin(float *row, const float *before, uint32_t dim, double step)
{
	memcpy(row, before, dim * sizeof *row);
	row[0] = step > 0 ? (float)((double)row[0] + step)
	                  : nextafterf(row[0], INFINITY);
}

static void clustered(struct fx_seq *s, float *row, uint32_t dim)
{
	struct fx_seq centre = {fx_u64(s) % 5};
	for (uint32_t i = 0; i < dim; i++)
		row[i] = (float)(5 * fx_normal(&centre) + 0.01 * fx_normal(s));
}

static void spoke(float *row, uint32_t i, uint32_t dim)
{
	if (i > 0) /* at a distance of 1 from row 0, each its own way */
		row[(i - 1) % dim] = (float)(1 + (i - 1) / dim);
}

static void make_row(enum fx_kind kind, struct fx_seq *s, float *row,
                     const float *before, uint32_t i, uint32_t n, uint32_t dim)
{
	normals(s, row, dim, 1);
	switch (kind) {
	case FX_LATTICE: lattice(s, row, n, dim); break;
	case FX_ONE_ULP:
	case FX_NEAR:
		if (i % 2)
			twin(row, before, dim, kind == FX_NEAR ? 1e-6 : 0);
		break;
	case FX_HUB:
		memset(row, 0, dim * sizeof *row);
		spoke(row, i, dim);
		break;
	case FX_COLLINEAR:
		for (uint32_t k = 0; k < dim; k++)
			row[k] = (float)(i * (0.01 + 0.003 * k));
		break;
	case FX_OUTLIER: normals(s, row, dim, i + 1 < n ? 1 : 1e6); break;
	case FX_OFFSET: row[dim - 1] += 3000; break;
	case FX_CLUSTERS: clustered(s, row, dim); break;
	case FX_SKEWED:
		normals(s, row, dim, pow(10, 6 * fx_unit(s) - 3));
		break;
	case FX_RANDOM:
	case FX_KINDS: break;
	}
}

static bool seen_before(const float *rows, uint32_t i, uint32_t stride)
{
	const float *row = rows + (size_t)i * stride;
	for (uint32_t j = 0; j < i; j++)
		if (memcmp(rows + (size_t)j * stride, row,
		           stride * sizeof *row) == 0)
			return true;
	return false;
}

float *fx_rows(enum fx_kind kind, uint32_t n, uint32_t dim, uint64_t seed)
{
	struct fx_seq s = {seed};
	uint32_t stride = dpt_stride(dim);
	size_t bytes = (size_t)n * stride * sizeof(float);
	float *rows = aligned_alloc(64, (bytes + 63) / 64 * 64);
	ck_assert_ptr_nonnull(rows);
	memset(rows, 0, bytes);
	for (uint32_t i = 0; i < n; i++) {
		float *row = rows + (size_t)i * stride;
		do
			make_row(kind, &s, row, i ? row - stride : row, i, n,
			         dim);
		while (seen_before(rows, i, stride));
	}
	return rows;
}

struct dpt_space fx_space(const float *rows, uint32_t n, uint32_t dim)
{
	struct dpt_space s;
	ck_assert_int_eq(dpt_space_open(&s, rows, n, dim, NULL), DPT_OK);
	return s;
}

double fx_distance(const struct dpt_space *s, uint32_t a, uint32_t b)
{
	return sqrt(dpt_squared(dpt_row(s, a), dpt_row(s, b), s->stride));
}

struct near {
	double d;
	uint32_t id;
};

static int by_distance(const void *a, const void *b)
{
	const struct near *x = a, *y = b;
	if (x->d != y->d)
		return x->d < y->d ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

struct dpt_lists fx_lists(const struct dpt_space *s, uint32_t k)
{
	uint32_t *id = malloc((size_t)s->n * k * sizeof *id);
	double *distance = malloc((size_t)s->n * k * sizeof *distance);
	struct near *all = malloc(s->n * sizeof *all);
	for (uint32_t w = 0; w < s->n; w++) {
		uint32_t n = 0;
		for (uint32_t v = 0; v < s->n; v++)
			if (v != w)
				all[n++] =
				    (struct near){fx_distance(s, w, v), v};
		qsort(all, n, sizeof *all, by_distance);
		for (uint32_t r = 0; r < k; r++) {
			id[(size_t)w * k + r] = all[r].id;
			distance[(size_t)w * k + r] = all[r].d;
		}
	}
	free(all);
	return (struct dpt_lists){k, id, distance};
}

void fx_lists_free(struct dpt_lists *lists)
{
	free((void *)lists->id);
	free((void *)lists->distance);
}

/*
 * The first half of the rows get far neighbours, of narrow ids if their number
 * is even: the first of them all there are but a few, the others half as many.
 */
static struct dpt_far fx_far(const struct dpt_space *s, uint32_t k)
{
	uint32_t left = s->n - 1 - k, blocks = left / DPT_FAR_BLOCK;
	if (blocks == 0)
		return (struct dpt_far){0};
	struct dpt_far far = {.rows = s->n / 2,
	                      .long_rows = s->n / 6,
	                      .count = (blocks + 1) / 2 * DPT_FAR_BLOCK,
	                      .long_count = blocks * DPT_FAR_BLOCK,
	                      .narrow = s->n % 2 == 0};
	struct dpt_lists all = fx_lists(s, k + far.long_count);
	uint64_t total = dpt_far_before(&far, far.rows);
	uint32_t *id = malloc(total * sizeof *id);
	uint16_t *narrow = malloc(total * sizeof *narrow);
	double *reach = malloc(dpt_far_reaches(&far, far.rows) * sizeof *reach);
	far.reach = reach;
	for (uint32_t w = 0; w < far.rows; w++) {
		const double *d = all.distance + (size_t)w * all.k + k;
		const uint32_t *from = all.id + (size_t)w * all.k + k;
		uint32_t count = dpt_far_count(&far, w);
		uint64_t before = dpt_far_before(&far, w);
		for (size_t i = 0; i < count; i++) {
			id[before + i] = from[i];
			narrow[before + i] = (uint16_t)from[i];
		}
		for (uint32_t b = 0; b < count; b += DPT_FAR_BLOCK)
			*reach++ = d[b];
		*reach++ = d[count - 1];
	}
	fx_lists_free(&all);
	free(far.narrow ? (void *)id : (void *)narrow);
	far.id = far.narrow ? (void *)narrow : (void *)id;
	return far;
}

/* What near says at most: whole steps from the last of the list of w. */
static uint8_t fx_near(const struct dpt_space *s, const struct dpt_lists *l,
                       const struct dpt_cells *cells, uint32_t w, uint32_t c)
{
	size_t last = (size_t)(w + 1) * l->k - 1;
	double edge = l->distance[last], least = INFINITY, steps = 0;
	for (uint32_t i = cells->start[c]; i < cells->start[c + 1]; i++) {
		uint32_t v = cells->word[i];
		double d = fx_distance(s, w, v);
		if (d > edge || (d == edge && v > l->id[last]))
			least = fmin(least, d);
	}
	while (steps < 255 && edge + (steps + 1) * cells->step <= least)
		steps++;
	return (uint8_t)steps;
}

/* Three quarters of the rows know cells, of words taken in turn. */
static struct dpt_cells fx_cells(const struct dpt_space *s,
                                 const struct dpt_lists *lists)
{
	uint32_t rows = s->n / 4 * 3, count = s->n / 4, at = 0;
	if (count < 2)
		return (struct dpt_cells){0};
	count = count < DPT_CELLS ? count : DPT_CELLS;
	uint32_t *start = malloc((count + 1) * sizeof *start);
	uint32_t *word = malloc(s->n * sizeof *word);
	uint8_t *near = malloc((size_t)rows * count);
	for (uint32_t c = 0; c < count; c++) {
		start[c] = at;
		for (uint32_t v = c; v < s->n; v += count)
			word[at++] = v;
	}
	start[count] = at;
	struct dpt_cells cells = {
	    rows, count, start, word, near, fx_distance(s, 0, s->n - 1) / 64};
	for (uint32_t w = 0; w < rows; w++)
		for (uint32_t c = 0; c < count; c++)
			near[(size_t)w * count + c] =
			    fx_near(s, lists, &cells, w, c);
	return cells;
}

static struct dpt_screen fx_screen(const struct dpt_ground *ground)
{
	uint32_t stride = dpt_screen_stride(ground->dim);
	float step, *off = malloc(ground->n * sizeof *off);
	int8_t *row = malloc((size_t)ground->n * stride);
	ck_assert_int_eq(dpt_screen_make(ground, row, off, &step, NULL),
	                 DPT_OK);
	return (struct dpt_screen){row, off, stride, step, 1 / step};
}

struct fx_ground fx_ground(enum fx_kind kind, uint32_t n, uint32_t dim,
                           uint32_t k)
{
	struct fx_ground g = {.rows = fx_rows(kind, n, dim, n + k)};
	g.space = fx_space(g.rows, n, dim);
	g.lists = fx_lists(&g.space, k);
	g.ground = (struct dpt_ground){
	    .vectors = g.rows, .n = n, .dim = dim, .lists = g.lists};
	g.ground.far = fx_far(&g.space, k);
	g.ground.cells = fx_cells(&g.space, &g.lists);
	g.ground.screen = fx_screen(&g.ground);
	return g;
}

void fx_ground_free(struct fx_ground *g)
{
	free((void *)g->ground.far.id);
	free((void *)g->ground.far.reach);
	free((void *)g->ground.cells.start);
	free((void *)g->ground.cells.word);
	free((void *)g->ground.cells.near);
	free((void *)g->ground.screen.row);
	free((void *)g->ground.screen.off);
	fx_lists_free(&g->lists);
	dpt_space_close(&g->space);
	free(g->rows);
}

/* --------------------------------------------------------------- folder */

static char dir[200];

void fx_make_dir(void)
{
	const char *tmp = getenv("TMPDIR");
	snprintf(dir, sizeof dir, "%s/dptext-XXXXXX", tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

/* A folder and what is in it, folders too. */
static void remove_tree(const char *folder)
{
	DIR *d = opendir(folder);
	for (struct dirent *e; d && (e = readdir(d));) {
		char path[1024];
		snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
		if (unlink(path) != 0 && strcmp(e->d_name, ".") != 0 &&
		    strcmp(e->d_name, "..") != 0)
			remove_tree(path);
	}
	if (d)
		closedir(d);
	rmdir(folder);
}

void fx_remove_dir(void)
{
	remove_tree(dir);
}

const char *fx_path(const char *name)
{
	static char path[8][512];
	static unsigned next;
	char *to = path[next++ % 8];
	snprintf(to, sizeof *path, "%s/%s", dir, name);
	return to;
}

void fx_write(const char *name, const void *bytes, size_t size)
{
	FILE *f = fopen(fx_path(name), "wb");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes, 1, size, f), size);
	ck_assert_int_eq(fclose(f), 0);
}

char *fx_read(const char *name, size_t *size)
{
	FILE *f = fopen(fx_path(name), "rb");
	ck_assert_ptr_nonnull(f);
	fseek(f, 0, SEEK_END);
	*size = (size_t)ftell(f);
	rewind(f);
	char *bytes = malloc(*size + 1);
	ck_assert_uint_eq(fread(bytes, 1, *size, f), *size);
	fclose(f);
	return bytes;
}

/* -------------------------------------------------------------- streams */

ptrdiff_t fx_io_read(void *ctx, void *buffer, size_t size)
{
	struct fx_io *io = ctx;
	size_t n = io->size - io->at;
	n = n < size ? n : size;
	n = n < io->piece ? n : io->piece;
	memcpy(buffer, io->in + io->at, n);
	io->at += n;
	return (ptrdiff_t)n;
}

int fx_io_write(void *ctx, const void *bytes, size_t size)
{
	struct fx_io *io = ctx;
	return dpt_buf_add(&io->out, bytes, size) ? 0 : -1;
}

const struct dpt_policy fx_words_only = {.numbers = DPT_NUMBERS_KEEP,
                                         .unmasked = (1U << DPT_KINDS) - 1};

/* -------------------------------------------------------------- indexes */

const char *fx_word(uint32_t i)
{
	static char word[8][8];
	static unsigned next;
	char *to = word[next++ % 8];
	to[0] = 'q';
	to[1] = (char)('a' + i / 676 % 26);
	to[2] = (char)('a' + i / 26 % 26);
	to[3] = (char)('a' + i % 26);
	return to;
}

dpt_vectors *fx_vectors(const float *rows, uint32_t n, uint32_t dim,
                        const char *const *words)
{
	dpt_vectors *v;
	FILE *f = fopen(fx_path("vectors"), "wb");
	ck_assert_ptr_nonnull(f);
	fprintf(f, "%u %u\n", n, dim);
	for (uint32_t i = 0; i < n; i++) {
		fprintf(f, "%s ", words ? words[i] : fx_word(i));
		fwrite(rows + (size_t)i * dpt_stride(dim), sizeof *rows, dim,
		       f);
	}
	ck_assert_int_eq(fclose(f), 0);
	dpt_error err = {0};
	ck_assert_msg(!dpt_vectors_read(fx_path("vectors"), 0, &v, &err), "%s",
	              err.text);
	return v;
}

struct dpt_build_options fx_options(uint32_t neighbours)
{
	return (struct dpt_build_options){.neighbours = neighbours,
	                                  .threads = 1};
}

dpt_index *fx_index_of(const char *name, const dpt_vectors *v,
                       uint32_t neighbours)
{
	dpt_error err = {0};
	dpt_index *index;
	struct dpt_build_options o = fx_options(neighbours);
	ck_assert_msg(!dpt_index_build(v, &o, fx_path(name), &err), "%s",
	              err.text);
	ck_assert_msg(!dpt_index_open(fx_path(name), &index, &err), "%s",
	              err.text);
	return index;
}

dpt_index *fx_index(enum fx_kind kind, uint32_t n, uint32_t dim,
                    uint32_t neighbours)
{
	float *rows = fx_rows(kind, n, dim, n);
	dpt_vectors *v = fx_vectors(rows, n, dim, NULL);
	dpt_index *index = fx_index_of("index", v, neighbours);
	dpt_vectors_free(v);
	free(rows);
	return index;
}

static dpt_model *model(const dpt_index *index, const struct dpt_settings *s)
{
	dpt_error err = {0};
	dpt_model *m;
	ck_assert_msg(!dpt_model_new(index, s, &m, &err), "%s", err.text);
	return m;
}

dpt_model *fx_model(const dpt_index *index, const char *mechanism,
                    double epsilon, double max_unchanged)
{
	struct dpt_settings s = {.mechanism = mechanism,
	                         .epsilon = epsilon,
	                         .max_unchanged = max_unchanged,
	                         .threads = 1};
	return model(index, &s);
}

dpt_model *fx_model_given(const dpt_index *index, const char *mechanism,
                          const char *param, double value)
{
	struct dpt_param p = {param, value};
	struct dpt_settings s = {.mechanism = mechanism,
	                         .max_unchanged = 1,
	                         .params = 1,
	                         .param = &p,
	                         .threads = 1};
	return model(index, &s);
}
