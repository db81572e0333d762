/* pool_cpu.c: float kernels of pooling: one row of windows, or of the image, at a time; vectors of
 * channels, of which the last overlaps the one before. */
#include "pool.h"

#include <string.h>

enum { WIDTH = 8 };
#define INLINE static inline __attribute__((always_inline))

typedef float vector __attribute__((vector_size(WIDTH * sizeof(float)), aligned(4), may_alias));
typedef int32_t lanes __attribute__((vector_size(WIDTH * sizeof(float)), aligned(4), may_alias));

/* A piece of c channels: WIDTH of them from `first` on, or all if there are fewer. */
typedef struct piece {
  int64_t first, count;
} piece;

INLINE piece piece_at(int64_t next, int64_t c) {
  if (c < WIDTH) return (piece){0, c};
  return (piece){next + WIDTH <= c ? next : c - WIDTH, WIDTH};
}

INLINE vector load(const float *x, piece k) {
  if (k.count == WIDTH) return *(const vector *)(x + k.first);
  vector v = {0};
  memcpy(&v, x + k.first, (size_t)k.count * sizeof *x);
  return v;
}

INLINE void store(float *y, piece k, vector v) {
  if (k.count == WIDTH)
    *(vector *)(y + k.first) = v;
  else
    memcpy(y + k.first, &v, (size_t)k.count * sizeof *y);
}

INLINE vector choose(lanes where, vector a, vector b) {
  return (vector)(((lanes)a & where) | ((lanes)b & ~where));
}

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

/* The position of the first maximum, or of the first NaN. */
INLINE vector index_piece(const pool_geometry *g, const pool_window *at, const float *x, piece k) {
  const float *row = x + pixel_at(g, at, at->u.first, at->v.first);
  vector index = (float)(at->u.first * g->k + at->v.first) + (vector){0};
  vector best = load(row, k), first = index;
  for (int64_t u = at->u.first; u < at->u.end; u++, row += g->w * g->c, first += (float)g->k) {
    const float *pixel = row;
    vector here = first;
    for (int64_t v = at->v.first; v < at->v.end; v++, pixel += g->c, here += 1) {
      vector value = load(pixel, k);
      lanes kept = (value <= best) | (best != best);
      index = choose(kept, index, here);
      best = choose(kept, best, value);
    }
  }
  return index;
}

CLONES static void index_row(const pool_geometry *g, int64_t row, const op_buffers *b) {
  float *index = (float *)b->out[0] + row * g->wo * g->c;
  for (int64_t w = 0; w < g->wo; w++, index += g->c) {
    pool_window at = window_at(g, row, w);
    for (int64_t next = 0; next < g->c; next += WIDTH) {
      piece k = piece_at(next, g->c);
      store(index, k, index_piece(g, &at, b->in[0], k));
    }
  }
}

static int run_index(const op_site *s, void *state, const op_buffers *b) {
  (void)state;
  over_windows(s, b, index_row);
  return 0;
}

INLINE vector gather_piece(const pool_geometry *g, const pool_window *at, const float *x,
                           vector index, piece k) {
  const float *row = x + pixel_at(g, at, at->u.first, at->v.first);
  vector y = {0}, first = (float)(at->u.first * g->k + at->v.first) + (vector){0};
  for (int64_t u = at->u.first; u < at->u.end; u++, row += g->w * g->c, first += (float)g->k) {
    const float *pixel = row;
    vector here = first;
    for (int64_t v = at->v.first; v < at->v.end; v++, pixel += g->c, here += 1)
      y = choose(index == here, load(pixel, k), y);
  }
  return y;
}

CLONES static void gather_row(const pool_geometry *g, int64_t row, const op_buffers *b) {
  const float *index = (const float *)b->in[1] + row * g->wo * g->c;
  float *y = (float *)b->out[0] + row * g->wo * g->c;
  for (int64_t w = 0; w < g->wo; w++, index += g->c, y += g->c) {
    pool_window at = window_at(g, row, w);
    for (int64_t next = 0; next < g->c; next += WIDTH) {
      piece k = piece_at(next, g->c);
      store(y, k, gather_piece(g, &at, b->in[0], load(index, k), k));
    }
  }
}

static int run_gather(const op_site *s, void *state, const op_buffers *b) {
  (void)state;
  over_windows(s, b, gather_row);
  return 0;
}

CLONES static void mean_row(const pool_geometry *g, int64_t row, const op_buffers *b) {
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

static int run_mean(const op_site *s, void *state, const op_buffers *b) {
  (void)state;
  over_windows(s, b, mean_row);
  return 0;
}

/* ---- from windows to the image ----------------------------------------------------------------
 */

/* Moves `windows` on to those, of `count` rows (or columns), that cover pixel i. */
INLINE void cover(const pool_geometry *g, int64_t i, int64_t count, pool_range *windows) {
  int64_t at = i + g->pad;
  while (windows->first < count && windows->first * g->stride + g->k <= at) windows->first++;
  while (windows->end < count && windows->end * g->stride <= at) windows->end++;
}

/* Pixels of row h, and the windows of all rows that cover them. */
typedef struct pool_pixels {
  int64_t h;
  const float *dy, *index; /* of the image; index NULL for mean pooling */
  pool_range rows;
} pool_pixels;

static pool_pixels pixels_of(const pool_geometry *g, int64_t row, const op_buffers *b) {
  int64_t image = row / g->h * g->ho * g->wo * g->c;
  pool_pixels p = {.h = row % g->h, .dy = (const float *)b->in[0] + image};
  if (b->in[1]) p.index = (const float *)b->in[1] + image;
  cover(g, p.h, g->ho, &p.rows);
  return p;
}

/* The sum of dy over the windows whose position is pixel w. */
INLINE vector scatter_piece(const pool_geometry *g, const pool_pixels *p, pool_range columns,
                            int64_t w, piece k) {
  vector sum = {0};
  for (int64_t i = p->rows.first; i < p->rows.end; i++) {
    for (int64_t j = columns.first; j < columns.end; j++) {
      int64_t at = (i * g->wo + j) * g->c;
      int64_t u = p->h + g->pad - i * g->stride, v = w + g->pad - j * g->stride;
      lanes here = load(p->index + at, k) == (float)(u * g->k + v);
      sum += choose(here, load(p->dy + at, k), (vector){0});
    }
  }
  return sum;
}

/* Windows that meet but do not overlap: each writes its own pixels of the row. */
CLONES static void scatter_apart(const pool_geometry *g, const pool_pixels *p, float *dx) {
  int64_t i = p->rows.first, u = p->h + g->pad - i * g->stride;
  for (int64_t j = 0; j < g->wo; j++) {
    pool_range inside = pool_inside(g, j, g->w);
    int64_t at = (i * g->wo + j) * g->c, left = j * g->stride - g->pad;
    for (int64_t next = 0; next < g->c; next += WIDTH) {
      piece k = piece_at(next, g->c);
      vector index = load(p->index + at, k), dy = load(p->dy + at, k);
      for (int64_t v = inside.first; v < inside.end; v++) {
        store(dx + (left + v) * g->c, k, choose(index == (float)(u * g->k + v), dy, (vector){0}));
      }
    }
  }
  int64_t used = g->wo * g->stride - g->pad;
  if (used < g->w) memset(dx + used * g->c, 0, (size_t)((g->w - used) * g->c) * sizeof *dx);
}

CLONES static void scatter_row(const pool_geometry *g, int64_t row, const op_buffers *b) {
  float *dx = (float *)b->out[0] + row * g->w * g->c;
  pool_pixels p = pixels_of(g, row, b);
  pool_range columns = {0, 0};
  if (g->stride == g->k && p.rows.first < p.rows.end) {
    scatter_apart(g, &p, dx);
    return;
  }
  for (int64_t w = 0; w < g->w; w++, dx += g->c) {
    cover(g, w, g->wo, &columns);
    for (int64_t next = 0; next < g->c; next += WIDTH) {
      piece k = piece_at(next, g->c);
      store(dx, k, scatter_piece(g, &p, columns, w, k));
    }
  }
}

static int run_scatter(const op_site *s, void *state, const op_buffers *b) {
  (void)state;
  over_pixels(s, b, scatter_row);
  return 0;
}

INLINE vector spread_piece(const pool_geometry *g, const pool_pixels *p, pool_range columns,
                           piece k) {
  vector sum = {0};
  for (int64_t i = p->rows.first; i < p->rows.end; i++) {
    for (int64_t j = columns.first; j < columns.end; j++) {
      sum += load(p->dy + (i * g->wo + j) * g->c, k);
    }
  }
  return sum * (1 / (float)(g->k * g->k));
}

CLONES static void spread_row(const pool_geometry *g, int64_t row, const op_buffers *b) {
  float *dx = (float *)b->out[0] + row * g->w * g->c;
  pool_pixels p = pixels_of(g, row, b);
  pool_range columns = {0, 0};
  for (int64_t w = 0; w < g->w; w++, dx += g->c) {
    cover(g, w, g->wo, &columns);
    for (int64_t next = 0; next < g->c; next += WIDTH) {
      piece k = piece_at(next, g->c);
      store(dx, k, spread_piece(g, &p, columns, k));
    }
  }
}

static int run_spread(const op_site *s, void *state, const op_buffers *b) {
  (void)state;
  over_pixels(s, b, spread_row);
  return 0;
}

static const op_kernel index_plain = {.name = "plain", .run = run_index};
static const op_kernel gather_plain = {.name = "plain", .run = run_gather};
static const op_kernel scatter_plain = {.name = "plain", .run = run_scatter};
static const op_kernel mean_plain = {.name = "plain", .run = run_mean};
static const op_kernel spread_plain = {.name = "plain", .run = run_spread};

const op_kernel *const pool_index_kernels[] = {&pool_index_halves, &index_plain, NULL};
const op_kernel *const pool_gather_kernels[] = {&pool_gather_halves, &gather_plain, NULL};
const op_kernel *const pool_scatter_kernels[] = {&pool_scatter_halves, &scatter_plain, NULL};
const op_kernel *const pool_mean_kernels[] = {&mean_plain, NULL};
const op_kernel *const pool_spread_kernels[] = {&spread_plain, NULL};
