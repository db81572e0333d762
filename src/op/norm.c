/* norm.c: normalisation over h,w of each image and channel (instance norm, Ulyanov et al. 2016).
 *
 * With m = h w pixels, mean and variance over them, r = 1/sqrt(variance + epsilon),
 * xh = (x - mean) r and, for any v, S_v = sum v, T_v = sum v xh, P(v) = v - S_v/m - xh T_v/m:
 *
 *   norm_stats(x)                    s = [mean, r]            {n,1,2,c}; f[0] epsilon
 *   norm(x, s, gamma, beta)          y = gamma xh + beta
 *   norm_sums(x, s, v)               [S_v, T_v]               {n,1,2,c}
 *   norm_dx(x, s, gamma, v, sums)    gamma r P(v), with sums = norm_sums(x, s, v)
 *
 * s and sums are functions of x and v: every rule below is the full derivative by x, gamma and v
 * and passes nothing to s and sums.  The rules use only dr/dx = -r^2 xh/m and dT_u/dx = r P(u), P
 * symmetric, so the family is closed and can be differentiated any number of times. */
#include "norm.h"

#include <math.h>

static int64_t pixels(const tg_shape *s) { return s->d[1] * s->d[2]; }

/* ---- building blocks of the rules -------------------------------------------------------------
 */

static tg_value first_half(tg_graph *g, tg_value pair) { return tg_slice(g, pair, 2, 0, 1); }

static tg_value second_half(tg_graph *g, tg_value pair) { return tg_slice(g, pair, 2, 1, 1); }

static tg_value normalised(tg_graph *g, tg_value x, tg_value s) {
  return tg_mul(g, tg_sub(g, x, first_half(g, s)), second_half(g, s));
}

static tg_value sums_of(tg_graph *g, tg_value x, tg_value s, tg_value v) {
  return op_node(g, &op_norm_sums, 3, (tg_value[]){x, s, v}, NULL);
}

/* P(v) from sums = [S_v, T_v]. */
static tg_value project(tg_graph *g, tg_value xh, tg_value v, tg_value sums, double m) {
  tg_value mean = tg_affine(g, first_half(g, sums), 1 / m, 0);
  tg_value slope = tg_affine(g, second_half(g, sums), 1 / m, 0);
  return tg_sub(g, tg_sub(g, v, mean), tg_mul(g, xh, slope));
}

static tg_value per_channel(tg_graph *g, tg_value v) {
  return tg_sum_to(g, v, tg_shape4(1, 1, 1, tg_shape_of(g, v).d[3]));
}

/* ---- norm_stats -------------------------------------------------------------------------------
 */

static tg_shape pair_shape(const tg_shape *x) { return tg_shape4(x->d[0], 1, 2, x->d[3]); }

static bool shape_stats(const op_site *s, tg_shape *out, char *why, size_t size) {
  if (!(s->attr.f[0] >= 0)) return op_refuse(why, size, "epsilon %g is negative", s->attr.f[0]);
  *out = pair_shape(&s->in[0]);
  return true;
}

/* dx = (dmean - r^2 xh dr)/m */
static void gradient_stats(const op_gradient *d) {
  tg_graph *g = d->g;
  tg_shape shape = tg_shape_of(g, d->in[0]);
  tg_value r = second_half(g, d->out), xh = normalised(g, d->in[0], d->out);
  tg_value slope = tg_mul(g, tg_mul(g, r, r), second_half(g, d->dy));
  tg_value sum = tg_sub(g, first_half(g, d->dy), tg_mul(g, xh, slope));
  d->dx[0] = tg_affine(g, sum, 1 / (double)pixels(&shape), 0);
}

static void define_stats(const op_site *s, const op_buffers *b) {
  const tg_shape *shape = &s->in[0];
  const double *x = b->in[0];
  double *out = b->out[0];
  int64_t m = pixels(shape), c = shape->d[3];
  for (int64_t n = 0; n < shape->d[0]; n++) {
    for (int64_t k = 0; k < c; k++) {
      const double *image = x + n * m * c + k;
      double sum = 0, squares = 0;
      for (int64_t i = 0; i < m; i++) sum += image[i * c];
      double mean = sum / (double)m;
      for (int64_t i = 0; i < m; i++) squares += (image[i * c] - mean) * (image[i * c] - mean);
      out[n * 2 * c + k] = mean;
      out[n * 2 * c + c + k] = 1 / sqrt(squares / (double)m + s->attr.f[0]);
    }
  }
}

const op op_norm_stats = {.name = "norm_stats",
                          .inputs = 1,
                          .shape = shape_stats,
                          .gradient = gradient_stats,
                          .reference = define_stats,
                          .cpu = norm_stats_kernels};

/* ---- norm -------------------------------------------------------------------------------------
 */

static bool same_pair(const op_site *s, int i, char *why, size_t size) {
  if (tg_same_shape(s->in[i], pair_shape(&s->in[0]))) return true;
  return op_refuse(why, size, "operand %d must be {n,1,2,c} of operand 1", i + 1);
}

static bool same_channels(const op_site *s, int i, char *why, size_t size) {
  if (tg_same_shape(s->in[i], tg_shape4(1, 1, 1, s->in[0].d[3]))) return true;
  return op_refuse(why, size, "operand %d must be {1,1,1,c} with c the %lld channels of operand 1",
                   i + 1, (long long)s->in[0].d[3]);
}

static bool same_image(const op_site *s, int i, char *why, size_t size) {
  if (tg_same_shape(s->in[i], s->in[0])) return true;
  return op_refuse(why, size, "operand %d must have the shape of operand 1", i + 1);
}

static bool shape_norm(const op_site *s, tg_shape *out, char *why, size_t size) {
  *out = s->in[0];
  return same_pair(s, 1, why, size) && same_channels(s, 2, why, size) &&
         same_channels(s, 3, why, size);
}

static void gradient_norm(const op_gradient *d) {
  tg_graph *g = d->g;
  tg_value x = d->in[0], s = d->in[1], sums = sums_of(g, x, s, d->dy);
  if (d->wanted[0]) {
    d->dx[0] = op_node(g, &op_norm_dx, 5, (tg_value[]){x, s, d->in[2], d->dy, sums}, NULL);
  }
  if (d->wanted[2]) d->dx[2] = per_channel(g, second_half(g, sums));
  if (d->wanted[3]) d->dx[3] = per_channel(g, first_half(g, sums));
}

static void define_norm(const op_site *s, const op_buffers *b) {
  const double *x = b->in[0], *stats = b->in[1], *gamma = b->in[2], *beta = b->in[3];
  double *y = b->out[0];
  int64_t c = s->in[0].d[3], image = pixels(&s->in[0]) * c;
  for (int64_t i = 0; i < s->in[0].d[0] * image; i++) {
    const double *pair = stats + i / image * 2 * c;
    int64_t k = i % c;
    y[i] = gamma[k] * (x[i] - pair[k]) * pair[c + k] + beta[k];
  }
}

static bool rows_norm(const op_site *s, int i) {
  return i == -1 || i == 0 || (s->fusion.residual && i == 4);
}

const op op_norm = {.name = "norm",
                    .inputs = 4,
                    .flags = OP_IN_PLACE | OP_FUSE_RESIDUAL | OP_FUSE_ACTIVATION,
                    .shape = shape_norm,
                    .gradient = gradient_norm,
                    .reference = define_norm,
                    .rows = rows_norm,
                    .cpu = norm_kernels};

/* ---- norm_sums --------------------------------------------------------------------------------
 */

static bool shape_sums(const op_site *s, tg_shape *out, char *why, size_t size) {
  *out = pair_shape(&s->in[0]);
  return same_pair(s, 1, why, size) && same_image(s, 2, why, size);
}

/* Of e1 S_v + e2 T_v: by v, e1 + e2 xh; by x, e2 r P(v). */
static void gradient_sums(const op_gradient *d) {
  tg_graph *g = d->g;
  tg_shape shape = tg_shape_of(g, d->in[0]);
  tg_value xh = normalised(g, d->in[0], d->in[1]), e2 = second_half(g, d->dy);
  if (d->wanted[0]) {
    tg_value p = project(g, xh, d->in[2], d->out, (double)pixels(&shape));
    d->dx[0] = tg_mul(g, p, tg_mul(g, e2, second_half(g, d->in[1])));
  }
  if (d->wanted[2]) d->dx[2] = tg_add(g, tg_mul(g, xh, e2), first_half(g, d->dy));
}

static void define_sums(const op_site *s, const op_buffers *b) {
  const double *x = b->in[0], *stats = b->in[1], *v = b->in[2];
  double *out = b->out[0];
  int64_t c = s->in[0].d[3], image = pixels(&s->in[0]) * c;
  for (int64_t i = 0; i < tg_count(s->out); i++) out[i] = 0;
  for (int64_t i = 0; i < s->in[0].d[0] * image; i++) {
    int64_t k = i / image * 2 * c + i % c;
    out[k] += v[i];
    out[k + c] += v[i] * (x[i] - stats[k]) * stats[k + c];
  }
}

static bool rows_sums(const op_site *s, int i) {
  (void)s;
  return i == 0;
}

const op op_norm_sums = {.name = "norm_sums",
                         .inputs = 3,
                         .shape = shape_sums,
                         .gradient = gradient_sums,
                         .reference = define_sums,
                         .rows = rows_sums,
                         .cpu = norm_sums_kernels};

/* ---- norm_dx ----------------------------------------------------------------------------------
 */

static bool shape_dx(const op_site *s, tg_shape *out, char *why, size_t size) {
  *out = s->in[0];
  return same_pair(s, 1, why, size) && same_channels(s, 2, why, size) &&
         same_image(s, 3, why, size) && same_pair(s, 4, why, size);
}

/* sum of u P(v) over the pixels = sum u v - (S_u S_v + T_u T_v)/m */
static tg_value projected_product(const op_gradient *d, tg_value sums_u, double m) {
  tg_graph *g = d->g;
  tg_value dot = tg_sum_to(g, tg_mul(g, d->dy, d->in[3]), tg_shape_of(g, first_half(g, sums_u)));
  tg_value both = tg_mul(g, sums_u, d->in[4]);
  tg_value rest = tg_add(g, first_half(g, both), second_half(g, both));
  return tg_sub(g, dot, tg_affine(g, rest, 1 / m, 0));
}

/* Of sum u gamma r P(v), with Q = sum u P(v): by v, gamma r P(u); by gamma, the sum of r Q over n;
 * by x, -(gamma r^2/m) (xh Q + P(u) T_v + P(v) T_u). */
static void gradient_dx(const op_gradient *d) {
  tg_graph *g = d->g;
  tg_value x = d->in[0], s = d->in[1], gamma = d->in[2], u = d->dy, v = d->in[3];
  tg_shape shape = tg_shape_of(g, x);
  double m = (double)pixels(&shape);
  tg_value sums_u = sums_of(g, x, s, u), sums_v = d->in[4], r = second_half(g, s);
  tg_value q = projected_product(d, sums_u, m);
  if (d->wanted[0]) {
    tg_value xh = normalised(g, x, s);
    tg_value by_u = tg_mul(g, project(g, xh, u, sums_u, m), second_half(g, sums_v));
    tg_value by_v = tg_mul(g, project(g, xh, v, sums_v, m), second_half(g, sums_u));
    tg_value sum = tg_add(g, tg_mul(g, xh, q), tg_add(g, by_u, by_v));
    d->dx[0] = tg_mul(g, sum, tg_mul(g, tg_affine(g, gamma, -1 / m, 0), tg_mul(g, r, r)));
  }
  if (d->wanted[2]) d->dx[2] = per_channel(g, tg_mul(g, r, q));
  if (d->wanted[3]) {
    d->dx[3] = op_node(g, &op_norm_dx, 5, (tg_value[]){x, s, gamma, u, sums_u}, NULL);
  }
}

static void define_dx(const op_site *s, const op_buffers *b) {
  const double *x = b->in[0], *stats = b->in[1], *gamma = b->in[2], *v = b->in[3];
  const double *sums = b->in[4];
  double *dx = b->out[0];
  int64_t c = s->in[0].d[3], image = pixels(&s->in[0]) * c;
  double m = (double)pixels(&s->in[0]);
  for (int64_t i = 0; i < s->in[0].d[0] * image; i++) {
    int64_t k = i / image * 2 * c + i % c;
    double r = stats[k + c], xh = (x[i] - stats[k]) * r;
    dx[i] = gamma[i % c] * r * (v[i] - sums[k] / m - xh * sums[k + c] / m);
  }
}

static bool rows_dx(const op_site *s, int i) {
  return i == -1 || i == 0 || (s->fusion.residual && i == 5);
}

const op op_norm_dx = {.name = "norm_dx",
                       .inputs = 5,
                       .flags = OP_IN_PLACE | OP_FUSE_RESIDUAL,
                       .shape = shape_dx,
                       .gradient = gradient_dx,
                       .reference = define_dx,
                       .rows = rows_dx,
                       .cpu = norm_dx_kernels};

tg_value tg_norm_stats(tg_graph *g, tg_value x, double epsilon) {
  return op_node(g, &op_norm_stats, 1, &x, &(op_attr){.f = {epsilon}});
}

tg_value tg_norm(tg_graph *g, tg_value x, tg_value stats, tg_value gamma, tg_value beta) {
  return op_node(g, &op_norm, 4, (tg_value[]){x, stats, gamma, beta}, NULL);
}

tg_value tg_instance_norm(tg_graph *g, tg_value x, tg_value gamma, tg_value beta, double epsilon) {
  return tg_norm(g, x, tg_norm_stats(g, x, epsilon), gamma, beta);
}
