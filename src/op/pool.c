/* pool.c: pooling over k x k windows without overlap; rows and columns beyond the last whole window
 * are dropped.  A position is the index 0 .. k*k-1 of a pixel inside its window, row by row.
 *
 *   pool_index(x)           position of the first maximum of each window   {n,h/k,w/k,c}; i[0] = k
 *   pool_gather(x, idx)     the pixels at these positions                  {n,h/k,w/k,c}; i[0] = k
 *   pool_scatter(dy, idx)   its adjoint: zeros, dy at these positions      attr.shape; i[0] = k
 *
 * A NaN counts as a maximum, so that it is passed on. */
#include "pool.h"

#include <math.h>

static tg_shape pooled(const tg_shape *x, int64_t k) {
  return tg_shape4(x->d[0], x->d[1] / k, x->d[2] / k, x->d[3]);
}

static bool check_window(const op_site *s, const tg_shape *x, char *why, size_t size) {
  int64_t k = s->attr.i[0];
  if (k >= 1 && k <= x->d[1] && k <= x->d[2]) return true;
  return op_refuse(why, size, "a window of %lld does not fit an image of %lldx%lld", (long long)k,
                   (long long)x->d[1], (long long)x->d[2]);
}

/* Offset in x of pixel p of the window of element n,h,w,c. */
static int64_t window_at(const tg_shape *x, int64_t k, int64_t p, const int64_t at[4]) {
  return op_at(x, at[0], at[1] * k + p / k, at[2] * k + p % k, at[3]);
}

static void unravel(const tg_shape *s, int64_t i, int64_t at[4]) {
  for (int d = 3; d >= 0; d--) {
    at[d] = i % s->d[d];
    i /= s->d[d];
  }
}

static bool shape_index(const op_site *s, tg_shape *out, char *why, size_t size) {
  if (!check_window(s, &s->in[0], why, size)) return false;
  *out = pooled(&s->in[0], s->attr.i[0]);
  return true;
}

static void define_index(const op_site *s, const op_buffers *b) {
  const double *x = b->in[0];
  double *out = b->out[0];
  int64_t k = s->attr.i[0], at[4];
  for (int64_t i = 0; i < tg_count(s->out); i++) {
    unravel(&s->out, i, at);
    int64_t first = 0;
    for (int64_t p = 1; p < k * k; p++) {
      double best = x[window_at(&s->in[0], k, first, at)];
      double candidate = x[window_at(&s->in[0], k, p, at)];
      if (candidate > best || (isnan(candidate) && !isnan(best))) first = p;
    }
    out[i] = (double)first;
  }
}

const op op_pool_index = {.name = "pool_index",
                          .inputs = 1,
                          .shape = shape_index,
                          .reference = define_index,
                          .cpu = pool_index_kernels};

static bool shape_gather(const op_site *s, tg_shape *out, char *why, size_t size) {
  if (!check_window(s, &s->in[0], why, size)) return false;
  *out = pooled(&s->in[0], s->attr.i[0]);
  if (tg_same_shape(*out, s->in[1])) return true;
  return op_refuse(why, size, "positions must have the shape of the pooled image");
}

static void gradient_gather(const op_gradient *d) {
  op_attr attr = {.i = {d->attr->i[0]}, .shape = tg_shape_of(d->g, d->in[0])};
  d->dx[0] = op_node(d->g, &op_pool_scatter, 2, (tg_value[]){d->dy, d->in[1]}, &attr);
}

static void define_gather(const op_site *s, const op_buffers *b) {
  const double *x = b->in[0], *index = b->in[1];
  double *out = b->out[0];
  int64_t at[4];
  for (int64_t i = 0; i < tg_count(s->out); i++) {
    unravel(&s->out, i, at);
    out[i] = x[window_at(&s->in[0], s->attr.i[0], (int64_t)index[i], at)];
  }
}

const op op_pool_gather = {.name = "pool_gather",
                           .inputs = 2,
                           .shape = shape_gather,
                           .gradient = gradient_gather,
                           .reference = define_gather,
                           .cpu = pool_gather_kernels};

static bool shape_scatter(const op_site *s, tg_shape *out, char *why, size_t size) {
  *out = s->attr.shape;
  if (!check_window(s, out, why, size)) return false;
  tg_shape small = pooled(out, s->attr.i[0]);
  if (tg_same_shape(small, s->in[0]) && tg_same_shape(small, s->in[1])) return true;
  return op_refuse(why, size, "operands must have the shape of the pooled image");
}

static void gradient_scatter(const op_gradient *d) {
  op_attr attr = {.i = {d->attr->i[0]}};
  d->dx[0] = op_node(d->g, &op_pool_gather, 2, (tg_value[]){d->dy, d->in[1]}, &attr);
}

static void define_scatter(const op_site *s, const op_buffers *b) {
  const double *dy = b->in[0], *index = b->in[1];
  double *dx = b->out[0];
  int64_t at[4];
  for (int64_t i = 0; i < tg_count(s->out); i++) dx[i] = 0;
  for (int64_t i = 0; i < tg_count(s->in[0]); i++) {
    unravel(&s->in[0], i, at);
    dx[window_at(&s->out, s->attr.i[0], (int64_t)index[i], at)] = dy[i];
  }
}

const op op_pool_scatter = {.name = "pool_scatter",
                            .inputs = 2,
                            .shape = shape_scatter,
                            .gradient = gradient_scatter,
                            .reference = define_scatter,
                            .cpu = pool_scatter_kernels};

tg_value tg_max_pool(tg_graph *g, tg_value x, int window) {
  op_attr attr = {.i = {window}};
  tg_value index = op_node(g, &op_pool_index, 1, &x, &attr);
  return op_node(g, &op_pool_gather, 2, (tg_value[]){x, index}, &attr);
}
