/* pool_halves_cpu.c: pooling by windows of 2x2 that neither overlap nor leave the image, for 16
 * channels or more: a row of windows at a time, vectors of channels, of which the last overlaps the
 * one before.  Three to four times as fast as pool_cpu.c (LeNet's, two cores of a Zen 5). */
#include <string.h>

#include "pool.h"

enum { WIDTH = 16, HALF = WIDTH / 2 };
#define INLINE static inline __attribute__((always_inline))

typedef float vector __attribute__((vector_size(WIDTH * sizeof(float)), aligned(4), may_alias));
typedef int32_t lanes __attribute__((vector_size(WIDTH * sizeof(float)), aligned(4), may_alias));
typedef float half __attribute__((vector_size(HALF * sizeof(float)), aligned(4), may_alias));
typedef int32_t half_lanes
    __attribute__((vector_size(HALF * sizeof(float)), aligned(4), may_alias));

static bool halves(const tg_shape *image, const op_attr *a) {
  return a->i[POOL_WINDOW] == 2 && a->i[POOL_STRIDE] == 2 && a->i[POOL_PAD] == 0 &&
         image->d[3] >= WIDTH;
}

static bool suits_image(const op_site *s) { return !op_fused(s) && halves(&s->in[0], &s->attr); }
static bool suits_windows(const op_site *s) { return !op_fused(s) && halves(&s->out, &s->attr); }

INLINE vector load(const float *x) { return *(const vector *)x; }
INLINE void store(float *y, vector v) { *(vector *)y = v; }
INLINE vector choose(lanes where, vector a, vector b) {
  return (vector)(((lanes)a & where) | ((lanes)b & ~where));
}

/* The piece of channels that begins with `next`, or ends with the last one. */
INLINE int64_t piece_at(int64_t next, int64_t c) { return next + WIDTH <= c ? next : c - WIDTH; }

/* The first maximum, or the first NaN.  Vectors of 8: GCC 12 takes comparisons of 16 apart here. */
INLINE void find_index(const float *x, int64_t right, int64_t below, float *index) {
  half best = *(const half *)x, at = {0};
  const float *pixel[] = {x + right, x + below, x + below + right};
#pragma GCC unroll 3
  for (int p = 0; p < 3; p++) {
    half other = *(const half *)pixel[p];
    half_lanes kept = (other <= best) | (best != best);
    at = (half)(((half_lanes)at & kept) | ((half_lanes)((float)(p + 1) + (half){0}) & ~kept));
    best = (half)(((half_lanes)best & kept) | ((half_lanes)other & ~kept));
  }
  *(half *)index = at;
}

/* One row of windows: image rows x, windows index and y. */
CLONES static void index_row(const pool_geometry *g, const float *x, float *index) {
  for (int64_t j = 0; j < g->wo; j++, x += 2 * g->c, index += g->c) {
    for (int64_t next = 0; next < g->c; next += HALF) {
      int64_t c = next + HALF <= g->c ? next : g->c - HALF;
      find_index(x + c, g->c, g->w * g->c, index + c);
    }
  }
}

CLONES static void gather_row(const pool_geometry *g, const float *x, const float *index,
                              float *y) {
  int64_t right = g->c, below = g->w * g->c;
  for (int64_t j = 0; j < g->wo; j++, x += 2 * g->c, index += g->c, y += g->c) {
    for (int64_t next = 0; next < g->c; next += WIDTH) {
      int64_t c = piece_at(next, g->c);
      vector at = load(index + c);
      vector upper = choose(at == 0.0F, load(x + c), load(x + c + right));
      vector lower = choose(at == 2.0F, load(x + c + below), load(x + c + below + right));
      store(y + c, choose(at < 2.0F, upper, lower));
    }
  }
}

CLONES static void scatter_row(const pool_geometry *g, const float *dy, const float *index,
                               float *dx) {
  int64_t right = g->c, below = g->w * g->c;
  for (int64_t j = 0; j < g->wo; j++, dx += 2 * g->c, index += g->c, dy += g->c) {
    for (int64_t next = 0; next < g->c; next += WIDTH) {
      int64_t c = piece_at(next, g->c);
      vector at = load(index + c), v = load(dy + c), none = {0};
      store(dx + c, choose(at == 0.0F, v, none));
      store(dx + c + right, choose(at == 1.0F, v, none));
      store(dx + c + below, choose(at == 2.0F, v, none));
      store(dx + c + below + right, choose(at == 3.0F, v, none));
    }
  }
}

/* Where row `row` of all windows, and the image's rows under it, begin. */
static int64_t windows_at(const pool_geometry *g, int64_t row) { return row * g->wo * g->c; }
static int64_t pixels_at(const pool_geometry *g, int64_t row) {
  return (row / g->ho * g->h + row % g->ho * 2) * g->w * g->c;
}

static int run_index(const op_site *s, void *state, const op_buffers *b) {
  (void)state;
  pool_geometry g = pool_geometry_of(&s->in[0], &s->attr);
  int64_t rows = s->out.d[0] * g.ho;
#pragma omp parallel for schedule(static) if (tg_count(s->out) >= 1 << 12)
  for (int64_t i = 0; i < rows; i++) {
    index_row(&g, (const float *)b->in[0] + pixels_at(&g, i),
              (float *)b->out[0] + windows_at(&g, i));
  }
  return 0;
}

static int run_gather(const op_site *s, void *state, const op_buffers *b) {
  (void)state;
  pool_geometry g = pool_geometry_of(&s->in[0], &s->attr);
  int64_t rows = s->out.d[0] * g.ho;
#pragma omp parallel for schedule(static) if (tg_count(s->out) >= 1 << 12)
  for (int64_t i = 0; i < rows; i++) {
    gather_row(&g, (const float *)b->in[0] + pixels_at(&g, i),
               (const float *)b->in[1] + windows_at(&g, i), (float *)b->out[0] + windows_at(&g, i));
  }
  return 0;
}

/* A last row or column that no window covers gets no gradient. */
static void clear_rest(const pool_geometry *g, int64_t row, float *dx) {
  size_t pixel = (size_t)g->c * sizeof *dx;
  if (g->w % 2) {
    memset(dx + (g->w - 1) * g->c, 0, pixel);
    memset(dx + (2 * g->w - 1) * g->c, 0, pixel);
  }
  if (g->h % 2 && row % g->ho == g->ho - 1) memset(dx + 2 * g->w * g->c, 0, (size_t)g->w * pixel);
}

static int run_scatter(const op_site *s, void *state, const op_buffers *b) {
  (void)state;
  pool_geometry g = pool_geometry_of(&s->out, &s->attr);
  int64_t rows = s->out.d[0] * g.ho;
#pragma omp parallel for schedule(static) if (tg_count(s->out) >= 1 << 12)
  for (int64_t i = 0; i < rows; i++) {
    float *dx = (float *)b->out[0] + pixels_at(&g, i);
    scatter_row(&g, (const float *)b->in[0] + windows_at(&g, i),
                (const float *)b->in[1] + windows_at(&g, i), dx);
    clear_rest(&g, i, dx);
  }
  return 0;
}

const op_kernel pool_index_halves = {.name = "halves", .applies = suits_image, .run = run_index};
const op_kernel pool_gather_halves = {.name = "halves", .applies = suits_image, .run = run_gather};
const op_kernel pool_scatter_halves = {
    .name = "halves", .applies = suits_windows, .run = run_scatter};
