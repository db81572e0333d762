/* pool_cpu.c: float kernels of pooling: one row of pooled pixels at a time, vectors over channels.
 */
#include "pool.h"

/* One row of windows: pooled is [width][c], x the k image rows under it. */
typedef struct pool_row {
  int64_t k, width, c;
  int64_t stride; /* elements from one image row to the next */
} pool_row;

/* The row's geometry and the offset in the image tensor of its first pixel. */
static pool_row row_of(const tg_shape *x, int64_t k, int64_t row, int64_t *at) {
  int64_t rows = x->d[1] / k;
  *at = op_at(x, row / rows, row % rows * k, 0, 0);
  return (pool_row){.k = k, .width = x->d[2] / k, .c = x->d[3], .stride = x->d[2] * x->d[3]};
}

static int64_t pixel_at(const pool_row *r, int64_t w, int64_t p) {
  return p / r->k * r->stride + (w * r->k + p % r->k) * r->c;
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

static void index_row(const pool_row *r, const float *x, float *index) {
  enum { BLOCK = 256 };
  for (int64_t w = 0; w < r->width; w++) {
    for (int64_t first = 0; first < r->c; first += BLOCK) {
      float best[BLOCK], *out = index + w * r->c + first;
      int64_t n = r->c - first < BLOCK ? r->c - first : BLOCK;
      const float *window = x + pixel_at(r, w, 0) + first;
      for (int64_t k = 0; k < n; k++) best[k] = window[k], out[k] = 0;
      for (int64_t p = 1; p < r->k * r->k; p++) {
        challenge(n, window + pixel_at(r, 0, p), (float)p, best, out);
      }
    }
  }
}

static void run_index(const op_site *s, void *state, const op_buffers *b) {
  (void)state;
  int64_t rows = s->out.d[0] * s->out.d[1], length = s->out.d[2] * s->out.d[3];
#pragma omp parallel for schedule(static) if (rows * length >= 1 << 12)
  for (int64_t i = 0; i < rows; i++) {
    int64_t at;
    pool_row r = row_of(&s->in[0], s->attr.i[0], i, &at);
    index_row(&r, (const float *)b->in[0] + at, (float *)b->out[0] + i * length);
  }
}

const op_kernel *const pool_index_kernels[] = {&(op_kernel){.name = "plain", .run = run_index},
                                               NULL};

OP_CLONES static void gather_row(const pool_row *r, const float *restrict x,
                                 const float *restrict index, float *restrict y) {
  for (int64_t w = 0; w < r->width; w++, index += r->c, y += r->c) {
    for (int64_t k = 0; k < r->c; k++) y[k] = 0;
    for (int64_t p = 0; p < r->k * r->k; p++) {
      const float *pixel = x + pixel_at(r, w, p);
      for (int64_t k = 0; k < r->c; k++) {
        float here = pixel[k], so_far = y[k]; /* both are read, or the loop is not vectorised */
        y[k] = index[k] == (float)p ? here : so_far;
      }
    }
  }
}

static void run_gather(const op_site *s, void *state, const op_buffers *b) {
  (void)state;
  int64_t rows = s->out.d[0] * s->out.d[1], length = s->out.d[2] * s->out.d[3];
#pragma omp parallel for schedule(static) if (rows * length >= 1 << 12)
  for (int64_t i = 0; i < rows; i++) {
    int64_t at;
    pool_row r = row_of(&s->in[0], s->attr.i[0], i, &at);
    gather_row(&r, (const float *)b->in[0] + at, (const float *)b->in[1] + i * length,
               (float *)b->out[0] + i * length);
  }
}

const op_kernel *const pool_gather_kernels[] = {&(op_kernel){.name = "plain", .run = run_gather},
                                                NULL};

OP_CLONES static void scatter_row(const pool_row *r, const float *restrict dy,
                                  const float *restrict index, float *restrict dx) {
  for (int64_t w = 0; w < r->width; w++, index += r->c, dy += r->c) {
    for (int64_t p = 0; p < r->k * r->k; p++) {
      float *pixel = dx + pixel_at(r, w, p);
      for (int64_t k = 0; k < r->c; k++) pixel[k] = index[k] == (float)p ? dy[k] : 0;
    }
  }
}

/* Zeros the columns right of the last whole window in k image rows. */
static void clear_right(const pool_row *r, float *dx) {
  int64_t used = r->width * r->k * r->c;
  for (int64_t row = 0; row < r->k; row++) {
    for (int64_t i = used; i < r->stride; i++) dx[row * r->stride + i] = 0;
  }
}

/* Zeros the rows below the last whole window of every image. */
static void clear_below(const tg_shape *x, int64_t k, float *dx) {
  int64_t stride = x->d[2] * x->d[3], image = x->d[1] * stride;
  for (int64_t n = 0; n < x->d[0]; n++) {
    for (int64_t i = x->d[1] / k * k * stride; i < image; i++) dx[n * image + i] = 0;
  }
}

static void run_scatter(const op_site *s, void *state, const op_buffers *b) {
  (void)state;
  int64_t rows = s->in[0].d[0] * s->in[0].d[1], length = s->in[0].d[2] * s->in[0].d[3];
#pragma omp parallel for schedule(static) if (rows * length >= 1 << 12)
  for (int64_t i = 0; i < rows; i++) {
    int64_t at;
    pool_row r = row_of(&s->out, s->attr.i[0], i, &at);
    scatter_row(&r, (const float *)b->in[0] + i * length, (const float *)b->in[1] + i * length,
                (float *)b->out[0] + at);
    clear_right(&r, (float *)b->out[0] + at);
  }
  clear_below(&s->out, s->attr.i[0], b->out[0]);
}

const op_kernel *const pool_scatter_kernels[] = {&(op_kernel){.name = "plain", .run = run_scatter},
                                                 NULL};
