/* conv_winograd_cpu.c: convolutions of 3x3 and 5x5 with stride 1 and of 4x4 with stride 2 by
 * minimal filtering: t t matrix products of tiles (winograd.h). conv     M = V U         V from x,
 * U from w, y from M conv_dx  W = M' U'       M' = adjoint of the output transform on dy, dx from W
 * by the adjoint conv_dw  R = V' M'       dw from R by the adjoint of the weights' transform
 * Measured on two cores of a Zen 4 against oneDNN 2.6's direct convolution (bench/bench_conv.c), 32
 * images: 3x3 with 256 channels 2.3 to 2.7 times as fast, 4x4 with 64 to 256 channels 1.3 to 1.9,
 * the 5x5 from 20 to 50 channels 1.5; no faster at 16 channels.  Errors are about 1e-6 of the
 * largest element, two to three times the direct algorithm's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "epilogue.h"
#include "file.h"
#include "onednn.h"
#include "winograd.h"

enum { FEWEST_CHANNELS = 32, FEWEST_OF_5X5 = 16, CHUNK_TILES = 256, CHUNK_FLOATS = 1 << 20 };

static bool suits(const op_site *s) {
  conv_geometry g = conv_site_geometry(s);
  int64_t fewest = g.kh == 5 ? FEWEST_OF_5X5 : FEWEST_CHANNELS;
  return epilogue_suffices(s) && winograd_applies(&g) && g.ci >= fewest && g.co >= fewest;
}

/* Tiles that are worth the threads' meeting before and after their products. */
static int64_t chunk_tiles(const conv_geometry *g) {
  int64_t tiles =
      CHUNK_FLOATS / (WINOGRAD_T * WINOGRAD_T * (g->stride * g->stride * g->ci + g->co));
  return tiles > CHUNK_TILES ? tiles : CHUNK_TILES;
}

typedef struct scratch_parts {
  float *v, *m, *u; /* planes of x, y and weights */
} scratch_parts;

static scratch_parts split_scratch(const winograd_tiling *w, void *scratch) {
  scratch_parts p = {.v = scratch};
  p.m = p.v + w->t * w->t * w->x_plane;
  p.u = p.m + w->t * w->t * w->y_plane;
  return p;
}

static int prepare(const op_site *s, void **state, size_t *scratch) {
  winograd_tiling *w = memory_new(sizeof *w);
  conv_geometry g = conv_site_geometry(s);
  *w = winograd_tile(&g, chunk_tiles(&g));
  int64_t planes = w->x_plane + w->y_plane + (s->op == &op_conv_dw ? w->w_plane : 0);
  *scratch = (size_t)(w->t * w->t * planes) * sizeof(float);
  *state = w;
  return 0;
}

static size_t packed_bytes(const op_site *s, const void *state) {
  const winograd_tiling *w = state;
  (void)s;
  return (size_t)(w->t * w->t * w->w_plane) * sizeof(float);
}

static void packed_key(const op_site *s, const void *state, char key[64]) {
  const winograd_tiling *w = state;
  (void)s;
  snprintf(key, 64, "winograd %d %d", w->m, w->r);
}

static void pack(const op_site *s, const void *state, const void *weights, void *packed) {
  const winograd_tiling *w = state;
  (void)s;
#pragma omp parallel for schedule(static)
  for (int64_t row = 0; row < w->depth; row++) winograd_weights(w, weights, row, packed);
}

/* ---- the products ------------------------------------------------------------------------- */

/* c = a b for every plane, one thread a product. */
static void multiply(const winograd_tiling *w, const onednn_gemm *p, const float *a,
                     int64_t a_plane, const float *b, int64_t b_plane, float *c, int64_t c_plane) {
#pragma omp parallel for schedule(static)
  for (int e = 0; e < w->t * w->t; e++) {
    onednn_sgemm(p, a + e * a_plane, b + e * b_plane, c + e * c_plane);
  }
}

static int64_t chunk_images(const winograd_tiling *w, int64_t first) {
  return w->g.n - first < w->images ? w->g.n - first : w->images;
}

static void run_conv(const op_site *s, void *state, const op_buffers *b) {
  const winograd_tiling *w = state;
  const conv_geometry *g = &w->g;
  const float *x = b->in[0];
  float *y = b->out[0];
  scratch_parts p = split_scratch(w, b->scratch);
  int64_t x_image = g->h * g->w * g->ci, y_image = g->ho * g->wo * g->co;
  for (int64_t first = 0; first < g->n; first += w->images) {
    int64_t images = chunk_images(w, first), tiles = images * w->rows * w->columns;
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < images; i++) winograd_input(w, x + (first + i) * x_image, i, p.v);
    onednn_gemm product = {
        .m = tiles, .n = g->co, .k = w->depth, .lda = w->depth, .ldb = g->co, .ldc = g->co};
    multiply(w, &product, p.v, w->x_plane, b->in[1], w->w_plane, p.m, w->y_plane);
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < images; i++) {
      float *image = y + (first + i) * y_image;
      winograd_output(w, p.m, i, image);
      epilogue_apply(s, b, image, g->ho * g->wo);
    }
  }
}

static void run_conv_dx(const op_site *s, void *state, const op_buffers *b) {
  const winograd_tiling *w = state;
  const conv_geometry *g = &w->g;
  const float *dy = b->in[0];
  float *dx = b->out[0];
  scratch_parts p = split_scratch(w, b->scratch);
  int64_t x_image = g->h * g->w * g->ci, y_image = g->ho * g->wo * g->co;
  for (int64_t first = 0; first < g->n; first += w->images) {
    int64_t images = chunk_images(w, first), tiles = images * w->rows * w->columns;
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < images; i++) {
      winograd_output_adjoint(w, dy + (first + i) * y_image, i, p.m);
    }
    onednn_gemm product = {.transpose_b = true,
                           .m = tiles,
                           .n = w->depth,
                           .k = g->co,
                           .lda = g->co,
                           .ldb = g->co,
                           .ldc = w->depth};
    multiply(w, &product, p.m, w->y_plane, b->in[1], w->w_plane, p.v, w->x_plane);
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < images; i++) {
      float *image = dx + (first + i) * x_image;
      memset(image, 0, (size_t)x_image * sizeof *image);
      winograd_input_adjoint(w, p.v, i, image);
      epilogue_apply(s, b, image, g->h * g->w);
    }
  }
}

static void run_conv_dw(const op_site *s, void *state, const op_buffers *b) {
  const winograd_tiling *w = state;
  const conv_geometry *g = &w->g;
  const float *x = b->in[0], *dy = b->in[1];
  scratch_parts p = split_scratch(w, b->scratch);
  int64_t x_image = g->h * g->w * g->ci, y_image = g->ho * g->wo * g->co;
  (void)s;
  for (int64_t first = 0; first < g->n; first += w->images) {
    int64_t images = chunk_images(w, first), tiles = images * w->rows * w->columns;
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < images; i++) {
      winograd_input(w, x + (first + i) * x_image, i, p.v);
      winograd_output_adjoint(w, dy + (first + i) * y_image, i, p.m);
    }
    onednn_gemm product = {.transpose_a = true,
                           .m = w->depth,
                           .n = g->co,
                           .k = tiles,
                           .lda = w->depth,
                           .ldb = g->co,
                           .ldc = g->co,
                           .beta = first ? 1 : 0};
    multiply(w, &product, p.v, w->x_plane, p.m, w->y_plane, p.u, w->w_plane);
  }
#pragma omp parallel for schedule(static)
  for (int64_t row = 0; row < w->depth; row++) winograd_weights_adjoint(w, p.u, row, b->out[0]);
}

const op_kernel conv_winograd = {.name = "winograd",
                                 .applies = suits,
                                 .prepare = prepare,
                                 .release = free,
                                 .packed_bytes = packed_bytes,
                                 .packed_key = packed_key,
                                 .pack = pack,
                                 .run = run_conv,
                                 .cost = winograd_cost};

const op_kernel conv_dx_winograd = {.name = "winograd",
                                    .applies = suits,
                                    .prepare = prepare,
                                    .release = free,
                                    .packed_bytes = packed_bytes,
                                    .packed_key = packed_key,
                                    .pack = pack,
                                    .run = run_conv_dx,
                                    .cost = winograd_cost};

const op_kernel conv_dw_winograd = {.name = "winograd",
                                    .applies = suits,
                                    .prepare = prepare,
                                    .release = free,
                                    .run = run_conv_dw,
                                    .cost = winograd_cost};
