/* conv_winograd_cpu.c: convolutions of 3x3 and 5x5 with stride 1 and of 4x4 with stride 2 by
 * minimal filtering (winograd.h): t t matrix products of tiles.
 * - conv:    M = V U, V from x, U from w, y from M;
 * - conv_dx: W = M' U', M' = adjoint of the output transform on dy, dx from W by the adjoint;
 * - conv_dw: R = V' M', dw from R by the adjoint of the weights' transform.
 * Measured on two cores of a Zen 4 against oneDNN 2.6's direct convolution (bench/bench_conv.c), 32
 * images: 3x3 with 256 channels 2.3 to 2.7 times as fast, 4x4 with 64 to 256 channels 1.3 to 1.9,
 * the 5x5 from 20 to 50 channels 1.5; no faster at 16 channels.  Errors are about 1e-6 of the
 * largest element, two to three times the direct algorithm's; with factors in bfloat16, for sites
 * that allow it, 1e-2, and the products are twice as fast. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bf16.h"
#include "epilogue.h"
#include "memory.h"
#include "onednn.h"
#include "team.h"
#include "winograd.h"

enum {
  FEWEST_CHANNELS = 32,
  FEWEST_OF_5X5 = 16,
  FEWEST_OF_BF16 = 48,
  THIN = 28,
  IMAGE_FLOATS = 1 << 16,
  FEWEST_TILES = 24,
  CHUNK_TILES = 128,
  CHUNK_FLOATS = 1 << 20
};

typedef struct filtering {
  winograd_tiling w;
  /* For a whole chunk and for the last one, which may be smaller (NULL: it is not); of conv_dw, the
   * products of the first chunk are written and those of the others added. */
  onednn_products *first, *next, *last;
  int64_t bands; /* parts of an image, for threads that have none of their own */
  int64_t rooms; /* floats of scratch memory before the parts' rooms */
  int parts;     /* that have rooms */
} filtering;

/* For fewer tiles the transformed weights, several times as many as the kernel's, take longer to
 * read than the products that they save: of a 3x3 with 256 channels and 4 tiles, 0.23 ms in a
 * plan, where they come from memory; the direct algorithm takes 0.12 alone, and 0.07 instead of
 * 0.16 in bfloat16. */
static bool has_tiles(const conv_geometry *g) {
  winograd_tiling w = winograd_tile(g, 1);
  return g->n * w.rows * w.columns >= FEWEST_TILES;
}

/* Between few channels the products save less than the transforms of an image take that leaves the
 * cache: 3x3 from 128 channels to 32, images of 14x14 to 56x56, two cores of a Zen 5: by themselves
 * up to 1.7 times as fast as the direct algorithm, in DenseNet's training step, where x comes from
 * memory, 0.8 to 1. */
static bool stays_or_pays(const conv_geometry *g) {
  winograd_tiling w = winograd_tile(g, 1);
  int64_t image = w.t * w.t * w.rows * w.columns * (w.depth + g->co);
  return image <= IMAGE_FLOATS || w.depth * g->co >= THIN * (w.depth + g->co);
}

static bool suits(const op_site *s) {
  conv_geometry g = conv_site_geometry(s);
  int64_t fewest = g.kh == 5 ? FEWEST_OF_5X5 : FEWEST_CHANNELS;
  return epilogue_suffices(s) && winograd_applies(&g) && g.ci >= fewest && g.co >= fewest &&
         has_tiles(&g) && stays_or_pays(&g);
}

/* The rounding errors of the 5x5 form are too large.  The direct algorithm is twice as fast as in
 * float, with less than 48 channels as fast as this or faster (0.8 to 1.4 times), but for
 * conv_dw. */
static bool suits_bf16(const op_site *s) {
  conv_geometry g = conv_site_geometry(s);
  if (!s->bf16 || !tg_has_bf16() || g.kh == 5 || !suits(s)) return false;
  return s->op == &op_conv_dw || (g.ci >= FEWEST_OF_BF16 && g.co >= FEWEST_OF_BF16);
}

/* Tiles that are worth the threads' meeting before and after their products. */
static int64_t chunk_tiles(const conv_geometry *g) {
  int64_t tiles =
      CHUNK_FLOATS / (WINOGRAD_T * WINOGRAD_T * (g->stride * g->stride * g->ci + g->co));
  return tiles > CHUNK_TILES ? tiles : CHUNK_TILES;
}

/* ---- the products ------------------------------------------------------------------------- */

static onednn_products_shape describe(const op_site *s, const winograd_tiling *w, int64_t images) {
  int64_t tiles = images * w->rows * w->columns;
  onednn_products_shape p = {.batch = w->t * w->t, .bf16 = w->bf16};
  if (s->op == &op_conv) {
    p.m = tiles, p.n = w->g.co, p.k = w->depth;
    p.a_plane = w->x_plane, p.b_plane = w->w_plane, p.c_plane = w->y_plane;
  } else if (s->op == &op_conv_dx) {
    p.m = tiles, p.n = w->depth, p.k = w->g.co, p.transpose_b = true;
    p.a_plane = w->y_plane, p.b_plane = w->w_plane, p.c_plane = w->x_plane;
  } else {
    p.m = w->depth, p.n = w->g.co, p.k = tiles, p.transpose_a = true;
    p.a_plane = w->x_plane, p.b_plane = w->y_plane, p.c_plane = w->w_plane;
  }
  return p;
}

static int make_products(const op_site *s, filtering *f) {
  onednn_products_shape whole = describe(s, &f->w, f->w.images);
  int64_t rest = f->w.g.n % f->w.images;
  if (onednn_products_new(&whole, &f->first)) return 1;
  whole.add = s->op == &op_conv_dw;
  if (whole.add && f->w.g.n >= 2 * f->w.images && onednn_products_new(&whole, &f->next)) return 1;
  if (!rest) return 0;
  onednn_products_shape last = describe(s, &f->w, rest);
  last.add = whole.add;
  return onednn_products_new(&last, &f->last);
}

/* Those of the chunk that begins with image `first`. */
static const onednn_products *products_of(const filtering *f, int64_t first) {
  if (first + f->w.images > f->w.g.n) return f->last;
  return first > 0 && f->next ? f->next : f->first;
}

static void release(void *state) {
  filtering *f = state;
  if (!f) return;
  onednn_products_free(f->first);
  onednn_products_free(f->next);
  onednn_products_free(f->last);
  free(f);
}

/* A part's room for an image of a result that is stored as bfloat16, in floats. */
static int64_t room_floats(const op_site *s) {
  return s->out_bf16 ? tg_count(s->out) / s->out.d[0] : 0;
}

static int prepare_precision(const op_site *s, bool bf16, void **state, size_t *scratch) {
  filtering *f = memory_new(sizeof *f);
  conv_geometry g = conv_site_geometry(s);
  f->w = winograd_tile(&g, chunk_tiles(&g));
  f->w.bf16 = bf16;
  f->w.x_bf16 = s->op != &op_conv_dx && s->in_bf16[0];
  f->w.y_bf16 = s->op != &op_conv && s->in_bf16[s->op == &op_conv_dw ? 1 : 0];
  f->bands = f->w.images < team_parts() ? team_parts() : 1;
  if (f->bands > f->w.rows) f->bands = f->w.rows;
  int64_t planes = f->w.x_plane + f->w.y_plane + (s->op == &op_conv_dw ? f->w.w_plane : 0);
  f->rooms = f->w.t * f->w.t * planes;
  f->parts = team_parts();
  *scratch = (size_t)(f->rooms + f->parts * room_floats(s)) * sizeof(float);
  int status = make_products(s, f);
  if (status) {
    release(f);
    f = NULL;
  }
  *state = f;
  return status;
}

static int prepare(const op_site *s, void **state, size_t *scratch) {
  return prepare_precision(s, false, state, scratch);
}

static int prepare_bf16(const op_site *s, void **state, size_t *scratch) {
  return prepare_precision(s, true, state, scratch);
}

/* ---- weights ------------------------------------------------------------------------------ */

static size_t packed_bytes(const op_site *s, const void *state) {
  const winograd_tiling *w = &((const filtering *)state)->w;
  (void)s;
  return (size_t)(w->t * w->t * w->w_plane) * winograd_factor_size(w);
}

static void packed_key(const op_site *s, const void *state, char key[64]) {
  const winograd_tiling *w = &((const filtering *)state)->w;
  (void)s;
  snprintf(key, 64, "winograd %d %d%s", w->m, w->r, w->bf16 ? " bf16" : "");
}

static int pack(const op_site *s, const void *state, const void *weights, void *packed) {
  const winograd_tiling *w = &((const filtering *)state)->w;
  (void)s;
#pragma omp parallel for schedule(static)
  for (int64_t row = 0; row < w->depth; row++) winograd_weights(w, weights, row, packed);
  return 0;
}

/* ---- chunks of images --------------------------------------------------------------------- */

typedef struct scratch_parts {
  float *v, *m, *u; /* planes of x, y and weights, as wide as floats are */
} scratch_parts;

static scratch_parts split_scratch(const winograd_tiling *w, void *scratch) {
  scratch_parts p = {.v = scratch};
  p.m = p.v + w->t * w->t * w->x_plane;
  p.u = p.m + w->t * w->t * w->y_plane;
  return p;
}

static int64_t chunk_images(const winograd_tiling *w, int64_t first) {
  return w->g.n - first < w->images ? w->g.n - first : w->images;
}

/* The tiles of one band of image i; outputs are rows of their own. */
static winograd_part part_of(const filtering *f, int64_t item) {
  const winograd_tiling *w = &f->w;
  int64_t band = item % f->bands;
  return (winograd_part){.image = item / f->bands,
                         .first = w->rows * band / f->bands * w->columns,
                         .end = w->rows * (band + 1) / f->bands * w->columns};
}

/* Where a part writes image i of the result as floats. */
static float *open_image(const op_site *s, const filtering *f, const op_buffers *b, int part,
                         int64_t i) {
  if (!s->out_bf16) return (float *)b->out[0] + i * (tg_count(s->out) / s->out.d[0]);
  return (float *)b->scratch + f->rooms + part * room_floats(s);
}

/* Finishes `rows` pixel rows of an image from the first on. */
static void close_rows(const op_site *s, const op_buffers *b, int64_t image, int64_t first,
                       int64_t rows, float *y) {
  int64_t width = s->out.d[2], row = width * s->out.d[3];
  epilogue_apply(s, b, y + first * row, rows * width);
  if (!s->out_bf16) return;
  uint16_t *to = op_out_at(s, b, (image * s->out.d[1] + first) * row);
  bf16_round_piece(rows * row, y + first * row, to);
}

static void close_band(const op_site *s, const op_buffers *b, const winograd_tiling *w,
                       const winograd_part *p, int64_t image, float *y) {
  int64_t from = p->first / w->columns * w->m, end = p->end / w->columns * w->m;
  if (end > w->g.ho) end = w->g.ho;
  close_rows(s, b, image, from, end - from, y);
}

/* Of the chunk that begins with image `first`, a part's share of the bands. */
static void write_bands(const op_site *s, const filtering *f, const op_buffers *b, const float *m,
                        int64_t first, int part) {
  const winograd_tiling *w = &f->w;
  const team_share bands = team_share_of(chunk_images(w, first) * f->bands, f->parts, part);
  for (int64_t i = bands.first; i < bands.end; i++) {
    const winograd_part band = part_of(f, i);
    float *y = open_image(s, f, b, part, first + band.image);
    winograd_output(w, m, &band, y);
    close_band(s, b, w, &band, first + band.image, y);
  }
}

static int run_conv(const op_site *s, void *state, const op_buffers *b) {
  const filtering *f = state;
  const winograd_tiling *w = &f->w;
  const conv_geometry *g = &w->g;
  scratch_parts p = split_scratch(w, b->scratch);
  int64_t x_image = g->h * g->w * g->ci;
  for (int64_t first = 0; first < g->n; first += w->images) {
    int64_t items = chunk_images(w, first) * f->bands;
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < items; i++) {
      winograd_part part = part_of(f, i);
      winograd_input(w, op_in_at(s, b, 0, (first + part.image) * x_image), &part, p.v);
    }
    if (onednn_check(onednn_products_run(products_of(f, first), p.v, b->in[1], p.m))) return 1;
#pragma omp parallel for schedule(static) num_threads(f->parts)
    for (int part = 0; part < f->parts; part++) write_bands(s, f, b, p.m, first, part);
  }
  return 0;
}

/* Of the chunk that begins with image `first`, a part's share of the images of dx. */
static void spread_images(const op_site *s, const filtering *f, const op_buffers *b, const float *v,
                          int64_t first, int part) {
  const conv_geometry *g = &f->w.g;
  const team_share images = team_share_of(chunk_images(&f->w, first), f->parts, part);
  for (int64_t i = images.first; i < images.end; i++) {
    float *dx = open_image(s, f, b, part, first + i);
    memset(dx, 0, (size_t)(g->h * g->w * g->ci) * sizeof *dx);
    winograd_input_adjoint(&f->w, v, i, dx);
    close_rows(s, b, first + i, 0, g->h, dx);
  }
}

static int run_conv_dx(const op_site *s, void *state, const op_buffers *b) {
  const filtering *f = state;
  const winograd_tiling *w = &f->w;
  const conv_geometry *g = &w->g;
  scratch_parts p = split_scratch(w, b->scratch);
  int64_t y_image = g->ho * g->wo * g->co;
  for (int64_t first = 0; first < g->n; first += w->images) {
    int64_t images = chunk_images(w, first);
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < images; i++)
      winograd_output_adjoint(w, op_in_at(s, b, 0, (first + i) * y_image), i, p.m);
    if (onednn_check(onednn_products_run(products_of(f, first), p.m, b->in[1], p.v))) return 1;
#pragma omp parallel for schedule(static) num_threads(f->parts)
    for (int part = 0; part < f->parts; part++) spread_images(s, f, b, p.v, first, part);
  }
  return 0;
}

static int run_conv_dw(const op_site *s, void *state, const op_buffers *b) {
  const filtering *f = state;
  const winograd_tiling *w = &f->w;
  const conv_geometry *g = &w->g;
  scratch_parts p = split_scratch(w, b->scratch);
  int64_t x_image = g->h * g->w * g->ci, y_image = g->ho * g->wo * g->co;
  for (int64_t first = 0; first < g->n; first += w->images) {
    int64_t images = chunk_images(w, first);
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < images; i++) {
      winograd_part all = {i, 0, w->rows * w->columns};
      winograd_input(w, op_in_at(s, b, 0, (first + i) * x_image), &all, p.v);
      winograd_output_adjoint(w, op_in_at(s, b, 1, (first + i) * y_image), i, p.m);
    }
    if (onednn_check(onednn_products_run(products_of(f, first), p.v, p.m, p.u))) return 1;
  }
#pragma omp parallel for schedule(static)
  for (int64_t row = 0; row < w->depth; row++) winograd_weights_adjoint(w, p.u, row, b->out[0]);
  return 0;
}

/* A result is rounded from a part's room of an image, which only pays where there are more
 * images. */
static bool takes_bf16(const op_site *s, int i) {
  if (i < 0) return s->op != &op_conv_dw && s->out.d[0] > 2 * team_parts();
  return i == 0 || (i == 1 && s->op == &op_conv_dw);
}

static void cost_bf16(const op_site *s, op_cost *c) {
  winograd_cost(s, c);
  c->bf16 = true;
}

/* ---- kernels ------------------------------------------------------------------------------ */

const op_kernel conv_winograd = {.name = "winograd",
                                 .applies = suits,
                                 .prepare = prepare,
                                 .release = release,
                                 .packed_bytes = packed_bytes,
                                 .packed_key = packed_key,
                                 .pack = pack,
                                 .run = run_conv,
                                 .cost = winograd_cost};

const op_kernel conv_dx_winograd = {.name = "winograd",
                                    .applies = suits,
                                    .prepare = prepare,
                                    .release = release,
                                    .packed_bytes = packed_bytes,
                                    .packed_key = packed_key,
                                    .pack = pack,
                                    .run = run_conv_dx,
                                    .cost = winograd_cost};

const op_kernel conv_dw_winograd = {.name = "winograd",
                                    .applies = suits,
                                    .prepare = prepare,
                                    .release = release,
                                    .run = run_conv_dw,
                                    .cost = winograd_cost};

const op_kernel conv_winograd_bf16 = {.name = "winograd-bf16",
                                      .applies = suits_bf16,
                                      .prepare = prepare_bf16,
                                      .release = release,
                                      .packed_bytes = packed_bytes,
                                      .packed_key = packed_key,
                                      .pack = pack,
                                      .run = run_conv,
                                      .cost = cost_bf16,
                                      .takes_bf16 = takes_bf16};

const op_kernel conv_dx_winograd_bf16 = {.name = "winograd-bf16",
                                         .applies = suits_bf16,
                                         .prepare = prepare_bf16,
                                         .release = release,
                                         .packed_bytes = packed_bytes,
                                         .packed_key = packed_key,
                                         .pack = pack,
                                         .run = run_conv_dx,
                                         .cost = cost_bf16,
                                         .takes_bf16 = takes_bf16};

const op_kernel conv_dw_winograd_bf16 = {.name = "winograd-bf16",
                                         .applies = suits_bf16,
                                         .prepare = prepare_bf16,
                                         .release = release,
                                         .run = run_conv_dw,
                                         .cost = cost_bf16,
                                         .takes_bf16 = takes_bf16};
