/* pool_cpu.c: float kernels of pooling: one row of windows, or of the image, at a time; vectors
 * over channels. */
#include "pool.h"

#include <string.h>

typedef void row_function(const pool_geometry *g, int64_t row, const op_buffers *b);

static void over_rows(const pool_geometry *g, int64_t rows, int64_t length, const op_buffers *b,
                      row_function *run) {
#pragma omp parallel for schedule(static) if (rows * length >= 1 << 12)
  for (int64_t i = 0; i < rows; i++) run(g, i, b);
}

static void over_windows(const op_site *s, const op_buffers *b, row_function *run) {
  pool_geometry g = pool_geometry_of(&s->in[0], &s->attr);
  over_rows(&g, s->out.d[0] * g.ho, g.wo * g.c, b, run);
}

static void over_pixels(const op_site *s, const op_buffers *b, row_function *run) {
  pool_geometry g = pool_geometry_of(&s->out, &s->attr);
  over_rows(&g, s->out.d[0] * g.h, g.w * g.c, b, run);
}

/* ---- from the image to windows ----------------------------------------------------------------
 */

/* A window of row i / ho: where its position 0 would be, and the positions that are there. */
typedef struct pool_window {
  int64_t origin; /* elements from the image tensor's start */
  pool_range u, v;
} pool_window;

static pool_window window_at(const pool_geometry *g, int64_t row, int64_t w) {
  int64_t h = row % g->ho, top = row / g->ho * g->h + h * g->stride - g->pad;
  return (pool_window){.origin = (top * g->w + w * g->stride - g->pad) * g->c,
                       .u = pool_inside(g, h, g->h),
                       .v = pool_inside(g, w, g->w)};
}

static int64_t pixel_at(const pool_geometry *g, const pool_window *at, int64_t u, int64_t v) {
  return at->origin + (u * g->w + v) * g->c;
}

/* Pixel p where it is greater than the best so far, or the first NaN: where neither x <= best holds
 * nor best is NaN. */
OP_CLONES static void challenge(int64_t n, const float *restrict pixel, float p,
                                float *restrict best, float *restrict index) {
#pragma omp simd
  for (int64_t k = 0; k < n; k++) {
    float x = pixel[k], old = best[k], was = index[k];
    bool kept = (x <= old) | (old != old);
    index[k] = kept ? was : p;
    best[k] = kept ? old : x;
  }
}

static void index_window(const pool_geometry *g, const pool_window *at, const float *x,
                         float *index) {
  enum { BLOCK = 256 };
  for (int64_t first = 0; first < g->c; first += BLOCK) {
    float best[BLOCK], *out = index + first;
    int64_t n = g->c - first < BLOCK ? g->c - first : BLOCK;
    int64_t u = at->u.first, v = at->v.first;
    const float *pixel = x + pixel_at(g, at, u, v) + first;
    for (int64_t k = 0; k < n; k++) best[k] = pixel[k], out[k] = (float)(u * g->k + v);
    for (v++; u < at->u.end; u++, v = at->v.first) {
      for (; v < at->v.end; v++) {
        challenge(n, x + pixel_at(g, at, u, v) + first, (float)(u * g->k + v), best, out);
      }
    }
  }
}

static void index_row(const pool_geometry *g, int64_t row, const op_buffers *b) {
  for (int64_t w = 0; w < g->wo; w++) {
    pool_window at = window_at(g, row, w);
    index_window(g, &at, b->in[0], (float *)b->out[0] + (row * g->wo + w) * g->c);
  }
}

static void run_index(const op_site *s, void *state, const op_buffers *b) {
  (void)state;
  over_windows(s, b, index_row);
}

OP_CLONES static void gather_row(const pool_geometry *g, int64_t row, const op_buffers *b) {
  const float *x = b->in[0], *restrict index = (const float *)b->in[1] + row * g->wo * g->c;
  float *restrict y = (float *)b->out[0] + row * g->wo * g->c;
  for (int64_t w = 0; w < g->wo; w++, index += g->c, y += g->c) {
    pool_window at = window_at(g, row, w);
    for (int64_t k = 0; k < g->c; k++) y[k] = 0;
    for (int64_t u = at.u.first; u < at.u.end; u++) {
      for (int64_t v = at.v.first; v < at.v.end; v++) {
        const float *pixel = x + pixel_at(g, &at, u, v), p = (float)(u * g->k + v);
        for (int64_t k = 0; k < g->c; k++) {
          float here = pixel[k], so_far = y[k]; /* both are read, or the loop is not vectorised */
          y[k] = index[k] == p ? here : so_far;
        }
      }
    }
  }
}

static void run_gather(const op_site *s, void *state, const op_buffers *b) {
  (void)state;
  over_windows(s, b, gather_row);
}

OP_CLONES static void mean_row(const pool_geometry *g, int64_t row, const op_buffers *b) {
  const float *x = b->in[0], share = 1 / (float)(g->k * g->k);
  float *restrict y = (float *)b->out[0] + row * g->wo * g->c;
  for (int64_t w = 0; w < g->wo; w++, y += g->c) {
    pool_window at = window_at(g, row, w);
    for (int64_t k = 0; k < g->c; k++) y[k] = 0;
    for (int64_t u = at.u.first; u < at.u.end; u++) {
      for (int64_t v = at.v.first; v < at.v.end; v++) {
        const float *pixel = x + pixel_at(g, &at, u, v);
        for (int64_t k = 0; k < g->c; k++) y[k] += pixel[k];
      }
    }
    for (int64_t k = 0; k < g->c; k++) y[k] *= share;
  }
}

static void run_mean(const op_site *s, void *state, const op_buffers *b) {
  (void)state;
  over_windows(s, b, mean_row);
}

/* ---- from windows to the image ----------------------------------------------------------------
 */

/* The rows of windows that cover row h of an image. */
static pool_range covering(const pool_geometry *g, int64_t h) {
  int64_t before = h + g->pad - g->k, last = (h + g->pad) / g->stride;
  int64_t first = before < 0 ? 0 : before / g->stride + 1;
  return (pool_range){first, last < g->ho ? last + 1 : g->ho};
}

/* dx[v c + k] += dy[k] where index[k] is p + v. */
OP_CLONES static void scatter_window(int64_t c, pool_range columns, int64_t p,
                                     const float *restrict dy, const float *restrict index,
                                     float *restrict dx) {
  for (int64_t v = columns.first; v < columns.end; v++) {
    for (int64_t k = 0; k < c; k++) {
      dx[v * c + k] += index[k] == (float)(p + v) ? dy[k] : 0;
    }
  }
}

static void scatter_row(const pool_geometry *g, int64_t row, const op_buffers *b) {
  float *dx = (float *)b->out[0] + row * g->w * g->c;
  int64_t h = row % g->h, image = row / g->h;
  pool_range rows = covering(g, h);
  memset(dx, 0, (size_t)(g->w * g->c) * sizeof *dx);
  for (int64_t i = rows.first; i < rows.end; i++) {
    for (int64_t w = 0; w < g->wo; w++) {
      int64_t at = ((image * g->ho + i) * g->wo + w) * g->c, left = w * g->stride - g->pad;
      scatter_window(g->c, pool_inside(g, w, g->w), (h - i * g->stride + g->pad) * g->k,
                     (const float *)b->in[0] + at, (const float *)b->in[1] + at, dx + left * g->c);
    }
  }
}

static void run_scatter(const op_site *s, void *state, const op_buffers *b) {
  (void)state;
  over_pixels(s, b, scatter_row);
}

OP_CLONES static void spread_window(int64_t c, pool_range columns, float share,
                                    const float *restrict dy, float *restrict dx) {
  for (int64_t v = columns.first; v < columns.end; v++) {
    for (int64_t k = 0; k < c; k++) dx[v * c + k] += share * dy[k];
  }
}

static void spread_row(const pool_geometry *g, int64_t row, const op_buffers *b) {
  float *dx = (float *)b->out[0] + row * g->w * g->c, share = 1 / (float)(g->k * g->k);
  int64_t image = row / g->h;
  pool_range rows = covering(g, row % g->h);
  memset(dx, 0, (size_t)(g->w * g->c) * sizeof *dx);
  for (int64_t i = rows.first; i < rows.end; i++) {
    for (int64_t w = 0; w < g->wo; w++) {
      spread_window(g->c, pool_inside(g, w, g->w), share,
                    (const float *)b->in[0] + ((image * g->ho + i) * g->wo + w) * g->c,
                    dx + (w * g->stride - g->pad) * g->c);
    }
  }
}

static void run_spread(const op_site *s, void *state, const op_buffers *b) {
  (void)state;
  over_pixels(s, b, spread_row);
}

const op_kernel *const pool_index_kernels[] = {&(op_kernel){.name = "plain", .run = run_index},
                                               NULL};
const op_kernel *const pool_gather_kernels[] = {&(op_kernel){.name = "plain", .run = run_gather},
                                                NULL};
const op_kernel *const pool_mean_kernels[] = {&(op_kernel){.name = "plain", .run = run_mean}, NULL};
const op_kernel *const pool_scatter_kernels[] = {&(op_kernel){.name = "plain", .run = run_scatter},
                                                 NULL};
const op_kernel *const pool_spread_kernels[] = {&(op_kernel){.name = "plain", .run = run_spread},
                                                NULL};
