/* conv_winograd_small_cpu.c: convolutions of 5x5 between 16 to 64 channels by minimal filtering, as
 * conv_winograd_cpu.c, but an image at a time, on one thread: its tiles, their products and the
 * weights stay in the second-level cache, and the products are our own loops.  For processors with
 * AVX-512, without padding, where tiles of 2x2 outputs fit.
 * Measured on two cores of a Zen 5 (bench/bench_conv.c), LeNet's 5x5 from 20 to 50 channels, 128
 * images: 1.3 to 1.5 times as fast as conv_winograd_cpu.c, 1.2 times as fast as oneDNN's
 * direct convolution in bfloat16. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "epilogue.h"
#include "memory.h"
#include "team.h"
#include "winograd.h"

enum { WIDTH = 16, ROWS = 5, MAX_CHANNELS = 64, T = 6, M = 2 };
#define INLINE static inline __attribute__((always_inline))

typedef float vector __attribute__((vector_size(WIDTH * sizeof(float)), aligned(4), may_alias));
typedef int32_t lanes __attribute__((vector_size(WIDTH * sizeof(float)), aligned(4), may_alias));

INLINE int64_t at_most(int64_t x, int64_t high) { return x < high ? x : high; }

/* Every tile lies in the image. */
static bool suits(const op_site *s) {
  conv_geometry g = conv_site_geometry(s);
  return op_cpu_has_avx512() && epilogue_suffices(s) && winograd_applies(&g) && g.kh == 5 &&
         g.pad == 0 && g.ho % M == 0 && g.wo % M == 0 && g.ci >= WIDTH && g.ci <= MAX_CHANNELS &&
         g.co >= WIDTH && g.co <= MAX_CHANNELS;
}

/* ---- transforms: F(2x2, 5x5), points 0, 2/3, -2/3, 3/2, -3/2 and infinity ------------------ */

INLINE vector *at(float *x) { return (vector *)x; }
INLINE vector load(const float *x) { return *(const vector *)x; }

/* y = BT x, and the adjoint; y = AT x, and the adjoint. */
INLINE void apply_bt(const vector *x, vector *y) {
  vector even = x[4] - 9.0F / 4 * x[2], odd = 2.0F / 3 * x[3] - 3.0F / 2 * x[1];
  vector even2 = x[4] - 4.0F / 9 * x[2], odd2 = 3.0F / 2 * x[3] - 2.0F / 3 * x[1];
  y[0] = x[0] - 97.0F / 36 * x[2] + x[4];
  y[1] = even + odd;
  y[2] = even - odd;
  y[3] = even2 + odd2;
  y[4] = even2 - odd2;
  y[5] = x[1] - 97.0F / 36 * x[3] + x[5];
}

INLINE void apply_b(const vector *x, vector *y) {
  vector even = x[1] + x[2], odd = x[1] - x[2], even2 = x[3] + x[4], odd2 = x[3] - x[4];
  y[0] = x[0];
  y[1] = x[5] - 3.0F / 2 * odd - 2.0F / 3 * odd2;
  y[2] = -97.0F / 36 * x[0] - 9.0F / 4 * even - 4.0F / 9 * even2;
  y[3] = 2.0F / 3 * odd + 3.0F / 2 * odd2 - 97.0F / 36 * x[5];
  y[4] = x[0] + even + even2;
  y[5] = x[5];
}

INLINE void apply_at(const vector *x, vector *y) {
  y[0] = x[0] + (x[1] + x[2]) + (x[3] + x[4]);
  y[1] = 2.0F / 3 * (x[1] - x[2]) + 3.0F / 2 * (x[3] - x[4]) + x[5];
}

INLINE void apply_a(const vector *x, vector *y) {
  y[0] = x[0];
  y[1] = x[0] + 2.0F / 3 * x[1];
  y[2] = x[0] - 2.0F / 3 * x[1];
  y[3] = x[0] + 3.0F / 2 * x[1];
  y[4] = x[0] - 3.0F / 2 * x[1];
  y[5] = x[1];
}

typedef void line(const vector *x, vector *y);

/* A square of vectors, from `from` to `to` in each direction, by a line's transform. */
INLINE void transform(line *apply, int from, int to, vector in[T][T], vector out[T][T]) {
  vector half[T][T], x[T], y[T];
#pragma GCC unroll 6
  for (int j = 0; j < from; j++) {
#pragma GCC unroll 6
    for (int i = 0; i < from; i++) x[i] = in[i][j];
    apply(x, y);
#pragma GCC unroll 6
    for (int i = 0; i < to; i++) half[i][j] = y[i];
  }
#pragma GCC unroll 6
  for (int i = 0; i < to; i++) apply(half[i], out[i]);
}

/* A square of channels in memory: `row` floats from one line to the next, `column` within it. */
typedef struct square {
  float *at;
  int64_t row, column;
} square;

INLINE void load_square(int n, square s, vector v[T][T]) {
#pragma GCC unroll 6
  for (int i = 0; i < n; i++) {
#pragma GCC unroll 6
    for (int j = 0; j < n; j++) v[i][j] = load(s.at + i * s.row + j * s.column);
  }
}

INLINE void store_square(int n, square s, vector v[T][T]) {
#pragma GCC unroll 6
  for (int i = 0; i < n; i++) {
#pragma GCC unroll 6
    for (int j = 0; j < n; j++) *at(s.at + i * s.row + j * s.column) = v[i][j];
  }
}

/* Adds the lanes from `first` on. */
INLINE void add_square(int n, square s, int64_t first, vector v[T][T]) {
  static const int32_t lane[2 * WIDTH] = {[WIDTH] = -1, -1, -1, -1, -1, -1, -1, -1,
                                          -1,           -1, -1, -1, -1, -1, -1, -1};
  lanes mask = *(const lanes *)(lane + WIDTH - first);
#pragma GCC unroll 6
  for (int i = 0; i < n; i++) {
#pragma GCC unroll 6
    for (int j = 0; j < n; j++) {
      *at(s.at + i * s.row + j * s.column) += (vector)((lanes)v[i][j] & mask);
    }
  }
}

/* The products of a tile, in planes [t t][tiles][c]. */
INLINE square products_at(const winograd_tiling *w, float *planes, int64_t tile, int64_t c,
                          int64_t first) {
  return (square){planes + tile * c + first, T * w->tiles * c, w->tiles * c};
}

/* The pixels from those of a tile on, in an image `width` pixels wide. */
INLINE square pixels_at(const winograd_tiling *w, int64_t tile, float *image, int64_t width,
                        int64_t c, int64_t first) {
  int64_t i = tile / w->columns * M, j = tile % w->columns * M;
  return (square){image + (i * width + j) * c + first, width * c, c};
}

/* x to V. */
CLONES static void input(const winograd_tiling *w, float *x, float *v) {
  int64_t c = w->g.ci;
  for (int64_t tile = 0; tile < w->tiles; tile++) {
    for (int64_t next = 0; next < c; next += WIDTH) {
      int64_t first = at_most(next, c - WIDTH);
      vector in[T][T], out[T][T];
      load_square(T, pixels_at(w, tile, x, w->g.w, c, first), in);
      transform(apply_bt, T, T, in, out);
      store_square(T, products_at(w, v, tile, c, first), out);
    }
  }
}

/* W to dx, to which is added. */
CLONES static void input_adjoint(const winograd_tiling *w, float *v, float *dx) {
  int64_t c = w->g.ci;
  for (int64_t tile = 0; tile < w->tiles; tile++) {
    for (int64_t next = 0; next < c; next += WIDTH) {
      int64_t first = at_most(next, c - WIDTH);
      vector in[T][T], out[T][T];
      load_square(T, products_at(w, v, tile, c, first), in);
      transform(apply_b, T, T, in, out);
      add_square(T, pixels_at(w, tile, dx, w->g.w, c, first), next - first, out);
    }
  }
}

/* M to y. */
CLONES static void output(const winograd_tiling *w, float *m, float *y) {
  int64_t c = w->g.co;
  for (int64_t tile = 0; tile < w->tiles; tile++) {
    for (int64_t next = 0; next < c; next += WIDTH) {
      int64_t first = at_most(next, c - WIDTH);
      vector in[T][T], out[T][T];
      load_square(T, products_at(w, m, tile, c, first), in);
      transform(apply_at, T, M, in, out);
      store_square(M, pixels_at(w, tile, y, w->g.wo, c, first), out);
    }
  }
}

/* dy to M'. */
CLONES static void output_adjoint(const winograd_tiling *w, float *dy, float *m) {
  int64_t c = w->g.co;
  for (int64_t tile = 0; tile < w->tiles; tile++) {
    for (int64_t next = 0; next < c; next += WIDTH) {
      int64_t first = at_most(next, c - WIDTH);
      vector in[T][T], out[T][T];
      load_square(M, pixels_at(w, tile, dy, w->g.wo, c, first), in);
      transform(apply_a, M, T, in, out);
      store_square(T, products_at(w, m, tile, c, first), out);
    }
  }
}

/* ---- products ----------------------------------------------------------------------------- */

/* c[i][j] = sum_k a(i, k) b[k][j], to which c is added where `add`; n is WIDTH to 4 WIDTH;
 * a(i, k) is a[i a_row + k a_column]. */
typedef struct product {
  int64_t m, n, k, a_row, a_column, b_row, c_row;
  bool add;
} product;

INLINE void multiply_rows(const product *p, int rows, int vectors, const float *a, const float *b,
                          float *c) {
  int64_t n_k = p->k, a_row = p->a_row, a_column = p->a_column, b_row = p->b_row;
  int64_t at[MAX_CHANNELS / WIDTH]; /* the last vector ends the row and may overlap another */
#pragma GCC unroll 4
  for (int j = 0; j < vectors; j++) at[j] = j + 1 < vectors ? j * WIDTH : p->n - WIDTH;
  vector sum[ROWS][MAX_CHANNELS / WIDTH];
#pragma GCC unroll 5
  for (int i = 0; i < rows; i++) {
#pragma GCC unroll 4
    for (int j = 0; j < vectors; j++) sum[i][j] = (vector){0};
  }
  for (int64_t k = 0; k < n_k; k++, a += a_column, b += b_row) {
    vector row[MAX_CHANNELS / WIDTH];
#pragma GCC unroll 4
    for (int j = 0; j < vectors; j++) row[j] = load(b + at[j]);
#pragma GCC unroll 5
    for (int i = 0; i < rows; i++) {
#pragma GCC unroll 4
      for (int j = 0; j < vectors; j++) sum[i][j] += a[i * a_row] * row[j];
    }
  }
#pragma GCC unroll 5
  for (int i = 0; i < rows; i++) {
    if (p->add) {
#pragma GCC unroll 4
      for (int j = 0; j < vectors; j++) sum[i][j] += load(c + i * p->c_row + at[j]);
    }
#pragma GCC unroll 4
    for (int j = 0; j < vectors; j++) *(vector *)(c + i * p->c_row + at[j]) = sum[i][j];
  }
}

INLINE void multiply_width(const product *p, int vectors, const float *a, const float *b,
                           float *c) {
  int64_t i = 0;
  for (; i + ROWS <= p->m; i += ROWS) {
    multiply_rows(p, ROWS, vectors, a + i * p->a_row, b, c + i * p->c_row);
  }
  for (; i < p->m; i++) multiply_rows(p, 1, vectors, a + i * p->a_row, b, c + i * p->c_row);
}

CLONES static void multiply(const product *p, const float *a, const float *b, float *c) {
  if (p->n <= WIDTH)
    multiply_width(p, 1, a, b, c);
  else if (p->n <= 2 * WIDTH)
    multiply_width(p, 2, a, b, c);
  else if (p->n <= 3 * WIDTH)
    multiply_width(p, 3, a, b, c);
  else
    multiply_width(p, 4, a, b, c);
}

/* All t t of them, on planes that are so far apart. */
static void multiply_planes(const product *p, const float *a, int64_t a_plane, const float *b,
                            int64_t b_plane, float *c, int64_t c_plane) {
  for (int e = 0; e < T * T; e++) {
    multiply(p, a + e * a_plane, b + e * b_plane, c + e * c_plane);
  }
}

/* ---- preparing ---------------------------------------------------------------------------- */

typedef struct filtering {
  winograd_tiling w; /* of one image */
  int parts;
  int64_t room; /* floats of a part's scratch */
} filtering;

typedef struct rooms {
  float *v, *m, *r; /* planes of x, y and weights */
} rooms;

static int prepare(const op_site *s, void **state, size_t *scratch) {
  filtering *f = memory_new(sizeof *f);
  conv_geometry g = conv_site_geometry(s);
  f->w = winograd_tile(&g, 1);
  f->parts = team_parts();
  f->room = T * T * (f->w.tiles * (g.ci + g.co) + (s->op == &op_conv_dw ? f->w.w_plane : 0));
  *scratch = (size_t)(f->parts * f->room) * sizeof(float);
  *state = f;
  return 0;
}

static rooms rooms_of(const filtering *f, void *scratch, int part) {
  rooms p = {.v = (float *)scratch + part * f->room};
  p.m = p.v + T * T * f->w.tiles * f->w.g.ci;
  p.r = p.m + T * T * f->w.tiles * f->w.g.co;
  return p;
}

/* ---- weights: of conv [t t][ci][co], of conv_dx [t t][co][ci] ------------------------------ */

static size_t packed_bytes(const op_site *s, const void *state) {
  const winograd_tiling *w = &((const filtering *)state)->w;
  (void)s;
  return (size_t)(w->t * w->t * w->w_plane) * sizeof(float);
}

static void packed_key(const op_site *s, const void *state, char key[64]) {
  (void)state;
  snprintf(key, 64, "winograd 2 5%s", s->op == &op_conv_dx ? " turned" : "");
}

static int pack(const op_site *s, const void *state, const void *weights, void *packed) {
  (void)s;
  const winograd_tiling *w = &((const filtering *)state)->w;
#pragma omp parallel for schedule(static)
  for (int64_t row = 0; row < w->depth; row++) winograd_weights(w, weights, row, packed);
  return 0;
}

static void turn_plane(const winograd_tiling *w, float *plane) {
  float from[MAX_CHANNELS * MAX_CHANNELS];
  memcpy(from, plane, (size_t)(w->depth * w->g.co) * sizeof *from);
  for (int64_t c = 0; c < w->depth; c++) {
    for (int64_t o = 0; o < w->g.co; o++) plane[o * w->depth + c] = from[c * w->g.co + o];
  }
}

static int pack_turned(const op_site *s, const void *state, const void *weights, void *packed) {
  const winograd_tiling *w = &((const filtering *)state)->w;
  pack(s, state, weights, packed);
#pragma omp parallel for schedule(static)
  for (int e = 0; e < w->t * w->t; e++) turn_plane(w, (float *)packed + e * w->w_plane);
  return 0;
}

/* ---- images ------------------------------------------------------------------------------- */

static void convolve_image(const filtering *f, float *x, const float *weights, const rooms *p,
                           float *y) {
  const winograd_tiling *w = &f->w;
  int64_t ci = w->g.ci, co = w->g.co;
  product tiles = {
      .m = w->tiles, .n = co, .k = ci, .a_row = ci, .a_column = 1, .b_row = co, .c_row = co};
  input(w, x, p->v);
  multiply_planes(&tiles, p->v, w->tiles * ci, weights, w->w_plane, p->m, w->tiles * co);
  output(w, p->m, y);
}

static int run_conv(const op_site *s, void *state, const op_buffers *b) {
  const filtering *f = state;
  const winograd_tiling *w = &f->w;
  const conv_geometry *g = &w->g;
#pragma omp parallel for schedule(static) num_threads(f->parts)
  for (int part = 0; part < f->parts; part++) {
    const team_share images = team_share_of(g->n, f->parts, part);
    const rooms p = rooms_of(f, b->scratch, part);
    for (int64_t i = images.first; i < images.end; i++) {
      float *y = (float *)b->out[0] + i * g->ho * g->wo * g->co;
      convolve_image(f, (float *)b->in[0] + i * g->h * g->w * g->ci, b->in[1], &p, y);
      epilogue_apply(s, b, y, g->ho * g->wo);
    }
  }
  return 0;
}

static void spread_image(const filtering *f, float *dy, const float *weights, const rooms *p,
                         float *dx) {
  const winograd_tiling *w = &f->w;
  int64_t ci = w->g.ci, co = w->g.co;
  product tiles = {
      .m = w->tiles, .n = ci, .k = co, .a_row = co, .a_column = 1, .b_row = ci, .c_row = ci};
  output_adjoint(w, dy, p->m);
  multiply_planes(&tiles, p->m, w->tiles * co, weights, w->w_plane, p->v, w->tiles * ci);
  input_adjoint(w, p->v, dx);
}

static int run_conv_dx(const op_site *s, void *state, const op_buffers *b) {
  const filtering *f = state;
  const winograd_tiling *w = &f->w;
  const conv_geometry *g = &w->g;
#pragma omp parallel for schedule(static) num_threads(f->parts)
  for (int part = 0; part < f->parts; part++) {
    const team_share images = team_share_of(g->n, f->parts, part);
    const rooms p = rooms_of(f, b->scratch, part);
    for (int64_t i = images.first; i < images.end; i++) {
      float *dx = (float *)b->out[0] + i * g->h * g->w * g->ci;
      memset(dx, 0, (size_t)(g->h * g->w * g->ci) * sizeof *dx);
      spread_image(f, (float *)b->in[0] + i * g->ho * g->wo * g->co, b->in[1], &p, dx);
      epilogue_apply(s, b, dx, g->h * g->w);
    }
  }
  return 0;
}

/* The sum of the parts' results, in their order, into the first's. */
static void add_results(const filtering *f, void *scratch) {
  float *sum = rooms_of(f, scratch, 0).r;
  for (int part = 1; part < f->parts; part++) {
    const float *r = rooms_of(f, scratch, part).r;
    for (int64_t i = 0; i < T * T * f->w.w_plane; i++) sum[i] += r[i];
  }
}

static void correlate_image(const filtering *f, float *x, float *dy, const rooms *p) {
  const winograd_tiling *w = &f->w;
  int64_t ci = w->g.ci, co = w->g.co;
  product tiles = {.m = ci,
                   .n = co,
                   .k = w->tiles,
                   .a_row = 1,
                   .a_column = ci,
                   .b_row = co,
                   .c_row = co,
                   .add = true};
  input(w, x, p->v);
  output_adjoint(w, dy, p->m);
  multiply_planes(&tiles, p->v, w->tiles * ci, p->m, w->tiles * co, p->r, w->w_plane);
}

static int run_conv_dw(const op_site *s, void *state, const op_buffers *b) {
  const filtering *f = state;
  const winograd_tiling *w = &f->w;
  const conv_geometry *g = &w->g;
  (void)s;
#pragma omp parallel for schedule(static) num_threads(f->parts)
  for (int part = 0; part < f->parts; part++) {
    const team_share images = team_share_of(g->n, f->parts, part);
    const rooms p = rooms_of(f, b->scratch, part);
    memset(p.r, 0, (size_t)(T * T * w->w_plane) * sizeof *p.r);
    for (int64_t i = images.first; i < images.end; i++) {
      float *x = (float *)b->in[0] + i * g->h * g->w * g->ci;
      float *dy = (float *)b->in[1] + i * g->ho * g->wo * g->co;
      correlate_image(f, x, dy, &p);
    }
  }
  add_results(f, b->scratch);
  const float *sum = rooms_of(f, b->scratch, 0).r;
#pragma omp parallel for schedule(static)
  for (int64_t row = 0; row < w->depth; row++) winograd_weights_adjoint(w, sum, row, b->out[0]);
  return 0;
}

/* ---- kernels ------------------------------------------------------------------------------ */

const op_kernel conv_winograd_small = {.name = "winograd-small",
                                       .applies = suits,
                                       .prepare = prepare,
                                       .release = free,
                                       .packed_bytes = packed_bytes,
                                       .packed_key = packed_key,
                                       .pack = pack,
                                       .run = run_conv,
                                       .cost = winograd_cost};

const op_kernel conv_dx_winograd_small = {.name = "winograd-small",
                                          .applies = suits,
                                          .prepare = prepare,
                                          .release = free,
                                          .packed_bytes = packed_bytes,
                                          .packed_key = packed_key,
                                          .pack = pack_turned,
                                          .run = run_conv_dx,
                                          .cost = winograd_cost};

const op_kernel conv_dw_winograd_small = {.name = "winograd-small",
                                          .applies = suits,
                                          .prepare = prepare,
                                          .release = free,
                                          .run = run_conv_dw,
                                          .cost = winograd_cost};
