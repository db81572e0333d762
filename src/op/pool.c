/* pool.c: pooling over windows (pool.h) that may overlap and reach over the border; rows and
 * columns that no window covers are dropped.
 *
 *   pool_index(x)           position of the first maximum of each window   {n,ho,wo,c}
 *   pool_gather(x, idx)     the pixels at these positions                  {n,ho,wo,c}
 *   pool_scatter(dy, idx)   its adjoint: dy added at these positions       attr.shape
 *   pool_mean(x)            sum of each window / k^2                       {n,ho,wo,c}
 *   pool_spread(dy)         its adjoint                                    attr.shape
 *
 * Pixels beyond the border are never a maximum and count as 0 in a mean.  A NaN counts as a
 * maximum, so that it is passed on. */
#include "pool.h"

#include <math.h>

static tg_shape pooled(const tg_shape *x, const op_attr *a) {
  pool_geometry g = pool_geometry_of(x, a);
  return tg_shape4(x->d[0], g.ho, g.wo, x->d[3]);
}

static bool check_window(const tg_shape *x, const op_attr *a, char *why, size_t size) {
  int64_t k = a->i[POOL_WINDOW], stride = a->i[POOL_STRIDE], pad = a->i[POOL_PAD];
  if (stride < 1 || pad < 0 || (pad > 0 && pad >= k)) {
    return op_refuse(why, size, "stride %lld must be at least 1 and pad %lld less than the window",
                     (long long)stride, (long long)pad);
  }
  if (k >= 1 && k <= x->d[1] + 2 * pad && k <= x->d[2] + 2 * pad) return true;
  return op_refuse(why, size, "a window of %lld does not fit an image of %lldx%lld", (long long)k,
                   (long long)x->d[1], (long long)x->d[2]);
}

/* One window of a definition's walk: element i of the pooled tensor. */
typedef struct pool_window {
  int64_t image, h, w, c; /* h, w: of its position 0, perhaps outside */
  pool_range u, v;
} pool_window;

static pool_window window_of(const pool_geometry *g, int64_t i) {
  pool_window at = {.c = i % g->c, .w = i / g->c % g->wo, .h = i / g->c / g->wo % g->ho};
  at.image = i / g->c / g->wo / g->ho;
  at.u = pool_inside(g, at.h, g->h);
  at.v = pool_inside(g, at.w, g->w);
  at.h = at.h * g->stride - g->pad;
  at.w = at.w * g->stride - g->pad;
  return at;
}

/* Offset in the image tensor of position p. */
static int64_t pixel_at(const pool_geometry *g, const pool_window *at, int64_t p) {
  return ((at->image * g->h + at->h + p / g->k) * g->w + at->w + p % g->k) * g->c + at->c;
}

/* ---- maximum ----------------------------------------------------------------------------------
 */

static bool shape_index(const op_site *s, tg_shape *out, char *why, size_t size) {
  if (!check_window(&s->in[0], &s->attr, why, size)) return false;
  *out = pooled(&s->in[0], &s->attr);
  return true;
}

static int64_t first_maximum(const pool_geometry *g, const pool_window *at, const double *x) {
  int64_t first = -1;
  double best = 0;
  for (int64_t u = at->u.first; u < at->u.end; u++) {
    for (int64_t v = at->v.first; v < at->v.end; v++) {
      double candidate = x[pixel_at(g, at, u * g->k + v)];
      if (first >= 0 && !(candidate > best || (isnan(candidate) && !isnan(best)))) continue;
      first = u * g->k + v;
      best = candidate;
    }
  }
  return first;
}

static void define_index(const op_site *s, const op_buffers *b) {
  const double *x = b->in[0];
  double *out = b->out[0];
  pool_geometry g = pool_geometry_of(&s->in[0], &s->attr);
  for (int64_t i = 0; i < tg_count(s->out); i++) {
    pool_window at = window_of(&g, i);
    out[i] = (double)first_maximum(&g, &at, x);
  }
}

const op op_pool_index = {.name = "pool_index",
                          .inputs = 1,
                          .shape = shape_index,
                          .reference = define_index,
                          .cpu = pool_index_kernels};

static bool shape_gather(const op_site *s, tg_shape *out, char *why, size_t size) {
  if (!shape_index(s, out, why, size)) return false;
  if (tg_same_shape(*out, s->in[1])) return true;
  return op_refuse(why, size, "positions must have the shape of the pooled image");
}

/* The attributes of the adjoint that makes an image of x's shape. */
static op_attr adjoint_attr(const op_gradient *d) {
  op_attr attr = *d->attr;
  attr.shape = tg_shape_of(d->g, d->in[0]);
  return attr;
}

static op_attr without_shape(const op_attr *a) {
  op_attr attr = *a;
  attr.shape = (tg_shape){{0}};
  return attr;
}

static void gradient_gather(const op_gradient *d) {
  op_attr attr = adjoint_attr(d);
  d->dx[0] = op_node(d->g, &op_pool_scatter, 2, (tg_value[]){d->dy, d->in[1]}, &attr);
}

static void define_gather(const op_site *s, const op_buffers *b) {
  const double *x = b->in[0], *index = b->in[1];
  double *out = b->out[0];
  pool_geometry g = pool_geometry_of(&s->in[0], &s->attr);
  for (int64_t i = 0; i < tg_count(s->out); i++) {
    pool_window at = window_of(&g, i);
    out[i] = x[pixel_at(&g, &at, (int64_t)index[i])];
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
  if (!check_window(out, &s->attr, why, size)) return false;
  tg_shape small = pooled(out, &s->attr);
  for (int i = 0; i < s->n; i++) {
    if (tg_same_shape(small, s->in[i])) continue;
    return op_refuse(why, size, "operands must have the shape of the pooled image");
  }
  return true;
}

static void gradient_scatter(const op_gradient *d) {
  op_attr attr = without_shape(d->attr);
  d->dx[0] = op_node(d->g, &op_pool_gather, 2, (tg_value[]){d->dy, d->in[1]}, &attr);
}

static void define_scatter(const op_site *s, const op_buffers *b) {
  const double *dy = b->in[0], *index = b->in[1];
  double *dx = b->out[0];
  pool_geometry g = pool_geometry_of(&s->out, &s->attr);
  for (int64_t i = 0; i < tg_count(s->out); i++) dx[i] = 0;
  for (int64_t i = 0; i < tg_count(s->in[0]); i++) {
    pool_window at = window_of(&g, i);
    dx[pixel_at(&g, &at, (int64_t)index[i])] += dy[i];
  }
}

const op op_pool_scatter = {.name = "pool_scatter",
                            .inputs = 2,
                            .shape = shape_scatter,
                            .gradient = gradient_scatter,
                            .reference = define_scatter,
                            .cpu = pool_scatter_kernels};

/* ---- mean -------------------------------------------------------------------------------------
 */

static void gradient_mean(const op_gradient *d) {
  op_attr attr = adjoint_attr(d);
  d->dx[0] = op_node(d->g, &op_pool_spread, 1, &d->dy, &attr);
}

static void define_mean(const op_site *s, const op_buffers *b) {
  const double *x = b->in[0];
  double *out = b->out[0];
  pool_geometry g = pool_geometry_of(&s->in[0], &s->attr);
  for (int64_t i = 0; i < tg_count(s->out); i++) {
    pool_window at = window_of(&g, i);
    double sum = 0;
    for (int64_t u = at.u.first; u < at.u.end; u++) {
      for (int64_t v = at.v.first; v < at.v.end; v++) sum += x[pixel_at(&g, &at, u * g.k + v)];
    }
    out[i] = sum / (double)(g.k * g.k);
  }
}

const op op_pool_mean = {.name = "pool_mean",
                         .inputs = 1,
                         .shape = shape_index,
                         .gradient = gradient_mean,
                         .reference = define_mean,
                         .cpu = pool_mean_kernels};

static void gradient_spread(const op_gradient *d) {
  op_attr attr = without_shape(d->attr);
  d->dx[0] = op_node(d->g, &op_pool_mean, 1, &d->dy, &attr);
}

static void define_spread(const op_site *s, const op_buffers *b) {
  const double *dy = b->in[0];
  double *dx = b->out[0];
  pool_geometry g = pool_geometry_of(&s->out, &s->attr);
  for (int64_t i = 0; i < tg_count(s->out); i++) dx[i] = 0;
  for (int64_t i = 0; i < tg_count(s->in[0]); i++) {
    pool_window at = window_of(&g, i);
    for (int64_t u = at.u.first; u < at.u.end; u++) {
      for (int64_t v = at.v.first; v < at.v.end; v++) {
        dx[pixel_at(&g, &at, u * g.k + v)] += dy[i] / (double)(g.k * g.k);
      }
    }
  }
}

const op op_pool_spread = {.name = "pool_spread",
                           .inputs = 1,
                           .shape = shape_scatter,
                           .gradient = gradient_spread,
                           .reference = define_spread,
                           .cpu = pool_spread_kernels};

tg_value tg_max_pool(tg_graph *g, tg_value x, int window, int stride, int pad) {
  op_attr attr = {.i = {[POOL_WINDOW] = window, [POOL_STRIDE] = stride, [POOL_PAD] = pad}};
  tg_value index = op_node(g, &op_pool_index, 1, &x, &attr);
  return op_node(g, &op_pool_gather, 2, (tg_value[]){x, index}, &attr);
}

tg_value tg_mean_pool(tg_graph *g, tg_value x, int window, int stride, int pad) {
  op_attr attr = {.i = {[POOL_WINDOW] = window, [POOL_STRIDE] = stride, [POOL_PAD] = pad}};
  return op_node(g, &op_pool_mean, 1, &x, &attr);
}
