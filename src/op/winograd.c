/* winograd.c: the transforms of winograd.h, vectors of channels at a time.  The matrices are known
 * when the loops are unrolled, so that only their non-zero elements become instructions. */
#include "winograd.h"

#include <math.h>

enum { WIDTH = 8, PIECES = WINOGRAD_T * WINOGRAD_T };
#define INLINE static inline __attribute__((always_inline))

typedef float vector __attribute__((vector_size(WIDTH * sizeof(float)), aligned(4), may_alias));
typedef int32_t lanes __attribute__((vector_size(WIDTH * sizeof(float)), aligned(4), may_alias));
typedef uint32_t bits __attribute__((vector_size(WIDTH * sizeof(float))));
typedef uint16_t halves
    __attribute__((vector_size(WIDTH * sizeof(uint16_t)), aligned(2), may_alias));

typedef struct basis {
  int m, r, t;
  float at[WINOGRAD_M][WINOGRAD_T];
  float g[WINOGRAD_T][WINOGRAD_R];
  float bt[WINOGRAD_T][WINOGRAD_T];
} basis;

/* Points 0, 2/3, -2/3, 3/2, -3/2 and infinity: half the rounding error of the usual 1, -1, 2, -2.
 */
#define SIX_POINTS                                                                                 \
  {                                                                                                \
    {1, 0, -97.0F / 36, 0, 1, 0}, {0, -3.0F / 2, -9.0F / 4, 2.0F / 3, 1, 0},                       \
        {0, 3.0F / 2, -9.0F / 4, -2.0F / 3, 1, 0}, {0, -2.0F / 3, -4.0F / 9, 3.0F / 2, 1, 0},      \
        {0, 2.0F / 3, -4.0F / 9, -3.0F / 2, 1, 0}, {0, 1, 0, -97.0F / 36, 0, 1},                   \
  }

static const basis f43 = {.m = 4,
                          .r = 3,
                          .t = 6,
                          .at = {{1, 1, 1, 1, 1, 0},
                                 {0, 2.0F / 3, -2.0F / 3, 3.0F / 2, -3.0F / 2, 0},
                                 {0, 4.0F / 9, 4.0F / 9, 9.0F / 4, 9.0F / 4, 0},
                                 {0, 8.0F / 27, -8.0F / 27, 27.0F / 8, -27.0F / 8, 1}},
                          .g = {{1, 0, 0},
                                {-81.0F / 130, -27.0F / 65, -18.0F / 65},
                                {-81.0F / 130, 27.0F / 65, -18.0F / 65},
                                {8.0F / 65, 12.0F / 65, 18.0F / 65},
                                {8.0F / 65, -12.0F / 65, 18.0F / 65},
                                {0, 0, 1}},
                          .bt = SIX_POINTS};

static const basis f25 = {
    .m = 2,
    .r = 5,
    .t = 6,
    .at = {{1, 1, 1, 1, 1, 0}, {0, 2.0F / 3, -2.0F / 3, 3.0F / 2, -3.0F / 2, 1}},
    .g = {{1, 0, 0, 0, 0},
          {-81.0F / 130, -27.0F / 65, -18.0F / 65, -12.0F / 65, -8.0F / 65},
          {-81.0F / 130, 27.0F / 65, -18.0F / 65, 12.0F / 65, -8.0F / 65},
          {8.0F / 65, 12.0F / 65, 18.0F / 65, 27.0F / 65, 81.0F / 130},
          {8.0F / 65, -12.0F / 65, 18.0F / 65, -27.0F / 65, 81.0F / 130},
          {0, 0, 0, 0, 1}},
    .bt = SIX_POINTS};

/* Points 0, 1/2, -1, 2 and infinity: half the error of 1, -1, 2. */
static const basis f42 = {
    .m = 4,
    .r = 2,
    .t = 5,
    .at = {{1, 1, 1, 1, 0},
           {0, 1.0F / 2, -1, 2, 0},
           {0, 1.0F / 4, 1, 4, 0},
           {0, 1.0F / 8, -1, 8, 1}},
    .g = {{1, 0}, {-8.0F / 9, -4.0F / 9}, {-2.0F / 9, 2.0F / 9}, {1.0F / 9, 2.0F / 9}, {0, 1}},
    .bt = {{1, -3.0F / 2, -3.0F / 2, 1, 0},
           {0, -2, -1, 1, 0},
           {0, 1, -5.0F / 2, 1, 0},
           {0, -1.0F / 2, 1.0F / 2, 1, 0},
           {0, 1, -3.0F / 2, -3.0F / 2, 1}}};

/* Points 0, 1 and infinity. */
static const basis f22 = {.m = 2,
                          .r = 2,
                          .t = 3,
                          .at = {{1, 1, 0}, {0, 1, 1}},
                          .g = {{1, 0}, {1, 1}, {0, 1}},
                          .bt = {{1, -1, 0}, {0, 1, 0}, {0, -1, 1}}};

/* ---- small matrices ----------------------------------------------------------------------- */

/* A constant matrix, or its transpose: rows x columns, `step` apart. */
typedef struct matrix {
  const float *a;
  int rows, columns, row, column;
} matrix;

INLINE matrix transpose(matrix a) { return (matrix){a.a, a.columns, a.rows, a.column, a.row}; }

INLINE matrix matrix_at(const basis *b) {
  return (matrix){&b->at[0][0], b->m, b->t, WINOGRAD_T, 1};
}
INLINE matrix matrix_g(const basis *b) { return (matrix){&b->g[0][0], b->t, b->r, WINOGRAD_R, 1}; }
INLINE matrix matrix_bt(const basis *b) {
  return (matrix){&b->bt[0][0], b->t, b->t, WINOGRAD_T, 1};
}

/* out[i] = sum_k a[i][k] in[k], elements `in_step` and `out_step` apart. */
INLINE void apply(matrix a, const vector *in, int in_step, vector *out, int out_step) {
#pragma GCC unroll 6
  for (int i = 0; i < a.rows; i++) {
    vector sum = {0};
#pragma GCC unroll 6
    for (int k = 0; k < a.columns; k++) {
      float x = a.a[i * a.row + k * a.column];
      if (x == 1.0F)
        sum += in[k * in_step];
      else if (x == -1.0F)
        sum -= in[k * in_step];
      else if (x != 0.0F)
        sum += x * in[k * in_step];
    }
    out[i * out_step] = sum;
  }
}

/* out = a in a', in [columns][columns], out [rows][rows]. */
INLINE void apply_both(matrix a, const vector *in, vector *out) {
  vector half[PIECES];
#pragma GCC unroll 6
  for (int j = 0; j < a.columns; j++) apply(a, in + j, a.columns, half + j, a.columns);
#pragma GCC unroll 6
  for (int i = 0; i < a.rows; i++) apply(a, half + i * a.columns, 1, out + i * a.rows, 1);
}

/* ---- pieces of channels ------------------------------------------------------------------- */

/* Places of a square of vectors, NULL outside the image: channels c .. c + WIDTH - 1. */
INLINE void load(int n, void *const *place, int64_t c, vector *v) {
  for (int e = 0; e < n; e++) {
    v[e] = place[e] ? *(const vector *)((float *)place[e] + c) : (vector){0};
  }
}

INLINE void load_bf16(int n, void *const *place, int64_t c, vector *v) {
  for (int e = 0; e < n; e++) {
    halves x = {0};
    if (place[e]) x = *(const halves *)((uint16_t *)place[e] + c);
    v[e] = (vector)(__builtin_convertvector(x, bits) << 16);
  }
}

INLINE void store(int n, void *const *place, int64_t c, const vector *v) {
  for (int e = 0; e < n; e++) {
    if (place[e]) *(vector *)((float *)place[e] + c) = v[e];
  }
}

/* Adds the lanes from `first` on. */
INLINE void add(int n, void *const *place, int64_t c, int64_t first, const vector *v) {
  static const int32_t lane[2 * WIDTH] = {[WIDTH] = -1, -1, -1, -1, -1, -1, -1, -1};
  lanes mask = *(const lanes *)(lane + WIDTH - first);
  vector sum[PIECES];
  load(n, place, c, sum);
  for (int e = 0; e < n; e++) sum[e] += (vector)((lanes)v[e] & mask);
  store(n, place, c, sum);
}

/* Rounds to the nearest bfloat16, halves to even; NaN stays NaN. */
INLINE void store_bf16(int n, void *const *place, int64_t c, const vector *v) {
  for (int e = 0; e < n; e++) {
    lanes nan = v[e] != v[e];
    bits x = (bits)v[e];
    x += 0x7fff + ((x >> 16) & 1);
    x = (x & (bits)~nan) | (0x7fc00000 & (bits)nan);
    *(halves *)((uint16_t *)place[e] + c) = __builtin_convertvector(x >> 16, halves);
  }
}

INLINE void *element(void *planes, int64_t at, size_t size) {
  return (char *)planes + (size_t)at * size;
}

/* Planes of one row, `plane` elements of `size` bytes apart. */
INLINE void place_planes(int n, void *row, int64_t plane, size_t size, void **place) {
  for (int e = 0; e < n; e++) place[e] = (char *)row + (size_t)(e * plane) * size;
}

/* The pixels `step` apart that a square of n x n at i, j covers in an image [h][w][c] of elements
 * of `size` bytes. */
INLINE void place_pixels(int n, void *image, size_t size, int64_t h, int64_t w, int64_t c,
                         int64_t i, int64_t j, int64_t step, void **place) {
  for (int a = 0; a < n; a++) {
    for (int b = 0; b < n; b++) {
      int64_t row = i + a * step, column = j + b * step;
      bool inside = row >= 0 && row < h && column >= 0 && column < w;
      place[a * n + b] = inside ? element(image, (row * w + column) * c, size) : NULL;
    }
  }
}

/* From places to others through a, `channels` wide, at least WIDTH.  Where they are no multiple of
 * WIDTH the last piece overlaps the one before.  ROUND: to bfloat16, NARROW: from bfloat16 too. */
typedef enum mode { SET, ADD, ROUND, NARROW } mode;

INLINE void transform(matrix a, void *const *from, void *const *to, int64_t channels, mode how) {
  vector in[PIECES], out[PIECES];
  for (int64_t next = 0; next < channels; next += WIDTH) {
    int64_t c = next + WIDTH <= channels ? next : channels - WIDTH;
    (how == NARROW ? load_bf16 : load)(a.columns * a.columns, from, c, in);
    apply_both(a, in, out);
    if (how == SET) store(a.rows * a.rows, to, c, out);
    if (how == ADD) add(a.rows * a.rows, to, c, next - c, out);
    if (how == ROUND || how == NARROW) store_bf16(a.rows * a.rows, to, c, out);
  }
}

/* Bytes of an element of what is read and of what is written. */
INLINE size_t size_from(mode how) { return how == NARROW ? sizeof(uint16_t) : sizeof(float); }
INLINE size_t size_to(mode how) {
  return how == ROUND || how == NARROW ? sizeof(uint16_t) : sizeof(float);
}

/* ---- images ------------------------------------------------------------------------------- */

/* Some tiles of one image, all phases: to v, or (ADD) the adjoint. */
INLINE void walk_input(const basis *b, const winograd_tiling *w, const winograd_part *p, void *x,
                       void *v, mode how) {
  const conv_geometry *g = &w->g;
  matrix bt = matrix_bt(b);
  void *pixel[PIECES], *plane[PIECES];
  int64_t s = g->stride;
  for (int64_t tile = p->first; tile < p->end; tile++) {
    int64_t i = tile / w->columns * b->m * s - g->pad, j = tile % w->columns * b->m * s - g->pad;
    for (int64_t phase = 0; phase < s * s; phase++) {
      void *row = element(v, tile * w->depth + phase * g->ci, size_to(how));
      place_pixels(b->t, x, size_from(how), g->h, g->w, g->ci, i + phase / s, j + phase % s, s,
                   pixel);
      place_planes(b->t * b->t, row, w->x_plane, size_to(how), plane);
      if (how == ADD)
        transform(transpose(bt), plane, pixel, g->ci, ADD);
      else
        transform(bt, pixel, plane, g->ci, how);
    }
  }
}

INLINE void walk_output(const basis *b, const winograd_tiling *w, const winograd_part *p, void *y,
                        void *m, bool adjoint, mode how) {
  const conv_geometry *g = &w->g;
  matrix at = matrix_at(b);
  void *pixel[PIECES], *plane[PIECES];
  for (int64_t tile = p->first; tile < p->end; tile++) {
    int64_t i = tile / w->columns * b->m, j = tile % w->columns * b->m;
    place_pixels(b->m, y, size_from(how), g->ho, g->wo, g->co, i, j, 1, pixel);
    place_planes(b->t * b->t, element(m, tile * g->co, size_to(how)), w->y_plane, size_to(how),
                 plane);
    if (adjoint)
      transform(transpose(at), pixel, plane, g->co, how);
    else
      transform(at, plane, pixel, g->co, how);
  }
}

INLINE void walk_weights(const basis *b, const winograd_tiling *w, float *weights, int64_t row,
                         void *u, bool adjoint, mode how) {
  const conv_geometry *g = &w->g;
  void *tap[PIECES], *plane[PIECES];
  int64_t s = g->stride, phase = row / g->ci, c = row % g->ci;
  for (int a = 0; a < b->r * b->r; a++) {
    int64_t p = a / b->r * s + phase / s, q = a % b->r * s + phase % s;
    tap[a] = weights + ((p * g->kw + q) * g->ci + c) * g->co;
  }
  place_planes(b->t * b->t, element(u, row * g->co, size_to(how)), w->w_plane, size_to(how), plane);
  if (adjoint)
    transform(transpose(matrix_g(b)), plane, tap, g->co, how);
  else
    transform(matrix_g(b), tap, plane, g->co, how);
}

/* ---- compiled for each matrix and instruction set ------------------------------------------- */

#define EACH_KIND(walk, ...)                                                                       \
  switch (w->kind) {                                                                               \
  case WINOGRAD_4_3:                                                                               \
    walk(&f43, w, __VA_ARGS__);                                                                    \
    break;                                                                                         \
  case WINOGRAD_2_5:                                                                               \
    walk(&f25, w, __VA_ARGS__);                                                                    \
    break;                                                                                         \
  case WINOGRAD_4_2:                                                                               \
    walk(&f42, w, __VA_ARGS__);                                                                    \
    break;                                                                                         \
  case WINOGRAD_2_2:                                                                               \
    walk(&f22, w, __VA_ARGS__);                                                                    \
    break;                                                                                         \
  }

#define EACH_IMAGE(name, walk, ...)                                                                \
  CLONES static void name(const winograd_tiling *w, const winograd_part *p, void *image,           \
                          void *planes) {                                                          \
    EACH_KIND(walk, p, image, planes, __VA_ARGS__)                                                 \
  }

EACH_IMAGE(input, walk_input, SET)
EACH_IMAGE(input_round, walk_input, ROUND)
EACH_IMAGE(input_narrow, walk_input, NARROW)
EACH_IMAGE(input_adjoint, walk_input, ADD)
EACH_IMAGE(output, walk_output, false, SET)
EACH_IMAGE(output_adjoint, walk_output, true, SET)
EACH_IMAGE(output_adjoint_round, walk_output, true, ROUND)
EACH_IMAGE(output_adjoint_narrow, walk_output, true, NARROW)

CLONES static void weights(const winograd_tiling *w, float *x, int64_t row,
                           void *u){EACH_KIND(walk_weights, x, row, u, false, SET)}

CLONES static void weights_round(const winograd_tiling *w, float *x, int64_t row,
                                 void *u){EACH_KIND(walk_weights, x, row, u, false, ROUND)}

CLONES static void weights_adjoint(const winograd_tiling *w, float *x, int64_t row, void *u) {
  EACH_KIND(walk_weights, x, row, u, true, SET)
}

/* ---- interface ---------------------------------------------------------------------------- */

bool winograd_applies(const conv_geometry *g) {
  if (g->kh != g->kw || g->ho < 2 || g->wo < 2 || g->ci < WIDTH || g->co < WIDTH) return false;
  if (g->stride == 1 && g->kh == 3) return g->ho >= 4 && g->wo >= 4;
  return (g->stride == 1 && g->kh == 5) || (g->stride == 2 && g->kh == 4);
}

static winograd_kind find_kind(int m, int r) {
  if (r == 2) return m == 4 ? WINOGRAD_4_2 : WINOGRAD_2_2;
  return r == 3 ? WINOGRAD_4_3 : WINOGRAD_2_5;
}

winograd_tiling winograd_tile(const conv_geometry *g, int64_t tiles) {
  enum { GAP = 16 }; /* keeps planes, which are written side by side, out of each other's sets */
  winograd_tiling w = {.g = *g, .r = (int)(g->kh / g->stride)};
  w.m = w.r == 5 || (w.r == 2 && g->ho <= 2 && g->wo <= 2) ? 2 : 4;
  w.kind = find_kind(w.m, w.r);
  w.t = w.m + w.r - 1;
  w.rows = op_divide_up(g->ho, w.m);
  w.columns = op_divide_up(g->wo, w.m);
  w.depth = g->stride * g->stride * g->ci;
  w.images = tiles > w.rows * w.columns ? tiles / (w.rows * w.columns) : 1;
  if (w.images > g->n) w.images = g->n;
  w.tiles = w.images * w.rows * w.columns;
  w.x_plane = w.tiles * w.depth + GAP;
  w.y_plane = w.tiles * g->co + GAP;
  w.w_plane = w.depth * g->co + GAP;
  return w;
}

void winograd_cost(const op_site *s, op_cost *c) {
  conv_geometry g = conv_site_geometry(s);
  winograd_tiling w = winograd_tile(&g, 1);
  double tiles = (double)(g.n * w.rows * w.columns);
  c->flop = fmin(c->flop, 2.0 * w.t * w.t * tiles * (double)(w.depth * g.co));
}

/* The source of a transform is only read. */
static void *lose_const(const void *x) { return (void *)(uintptr_t)x; }

size_t winograd_factor_size(const winograd_tiling *w) {
  return w->bf16 ? sizeof(uint16_t) : sizeof(float);
}

/* The tiles of an image in planes whose rows are `width` elements. */
static void *image_tiles(const winograd_tiling *w, int64_t image, int64_t width, size_t size,
                         const void *planes) {
  return element(lose_const(planes), image * w->rows * w->columns * width, size);
}

static winograd_part whole_image(const winograd_tiling *w, int64_t image) {
  return (winograd_part){image, 0, w->rows * w->columns};
}

void winograd_input(const winograd_tiling *w, const void *x, const winograd_part *p, void *v) {
  void *tiles = image_tiles(w, p->image, w->depth, winograd_factor_size(w), v);
  (w->x_bf16 ? input_narrow : w->bf16 ? input_round : input)(w, p, lose_const(x), tiles);
}

void winograd_weights(const winograd_tiling *w, const float *x, int64_t row, void *u) {
  (w->bf16 ? weights_round : weights)(w, lose_const(x), row, u);
}

void winograd_output_adjoint(const winograd_tiling *w, const void *dy, int64_t image, void *m) {
  winograd_part p = whole_image(w, image);
  void *tiles = image_tiles(w, image, w->g.co, winograd_factor_size(w), m);
  (w->y_bf16 ? output_adjoint_narrow
   : w->bf16 ? output_adjoint_round
             : output_adjoint)(w, &p, lose_const(dy), tiles);
}

void winograd_output(const winograd_tiling *w, const float *m, const winograd_part *p, float *y) {
  output(w, p, y, image_tiles(w, p->image, w->g.co, sizeof *m, m));
}

void winograd_input_adjoint(const winograd_tiling *w, const float *v, int64_t image, float *dx) {
  winograd_part p = whole_image(w, image);
  input_adjoint(w, &p, dx, image_tiles(w, image, w->depth, sizeof *v, v));
}

void winograd_weights_adjoint(const winograd_tiling *w, const float *u, int64_t row, float *dw) {
  weights_adjoint(w, dw, row, lose_const(u));
}
