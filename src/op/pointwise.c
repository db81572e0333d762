/* pointwise.c: operators whose element i depends on element i of each operand only. */
#include "pointwise.h"

#include <math.h>

/* The gradient asks the output where x was positive, which a negative slope would hide. */
static bool has_wrong_slope(const op_site *s) {
  const bool leaks = s->op == &op_leaky_relu || s->op == &op_leaky_relu_dx;
  return leaks && !(s->attr.f[0] >= 0 && isfinite(s->attr.f[0]));
}

static bool shape_equal(const op_site *s, tg_shape *out, char *why, size_t size) {
  if (has_wrong_slope(s)) {
    return op_refuse(why, size, "slope %g: a number of at least 0 is needed", s->attr.f[0]);
  }
  *out = s->in[0];
  for (int k = 0; k < 4 && s->n == 2; k++) {
    int64_t x = s->in[0].d[k], y = s->in[1].d[k];
    if (x == y) continue;
    return op_refuse(why, size,
                     "dimension %c is %lld and %lld: it must be equal, or 1 in one operand",
                     "nhwc"[k], (long long)x, (long long)y);
  }
  return true;
}

/* ---- gradients ---------------------------------------------------------------------------- */

static void gradient_add(const op_gradient *d) { d->dx[0] = d->dx[1] = d->dy; }

static void gradient_sub(const op_gradient *d) {
  d->dx[0] = d->dy;
  if (d->wanted[1]) d->dx[1] = tg_neg(d->g, d->dy);
}

static void gradient_mul(const op_gradient *d) {
  for (int i = 0; i < 2; i++) {
    if (d->wanted[i]) d->dx[i] = tg_mul(d->g, d->dy, d->in[1 - i]);
  }
}

static void gradient_div(const op_gradient *d) {
  tg_value dx = tg_div(d->g, d->dy, d->in[1]);
  d->dx[0] = dx;
  if (d->wanted[1]) d->dx[1] = tg_neg(d->g, tg_mul(d->g, dx, d->out));
}

static void gradient_affine(const op_gradient *d) {
  d->dx[0] = tg_affine(d->g, d->dy, d->attr->f[0], 0);
}

static void gradient_leaky_relu(const op_gradient *d) {
  d->dx[0] = tg_leaky_relu_dx(d->g, d->out, d->dy, d->attr->f[0]);
}

static void gradient_leaky_relu_dx(const op_gradient *d) {
  if (d->wanted[1]) d->dx[1] = tg_leaky_relu_dx(d->g, d->in[0], d->dy, d->attr->f[0]);
}

static void gradient_tanh(const op_gradient *d) {
  tg_value slope = tg_affine(d->g, tg_mul(d->g, d->out, d->out), -1, 1);
  d->dx[0] = tg_mul(d->g, d->dy, slope);
}

static void gradient_exp(const op_gradient *d) { d->dx[0] = tg_mul(d->g, d->dy, d->out); }

static void gradient_log(const op_gradient *d) { d->dx[0] = tg_div(d->g, d->dy, d->in[0]); }

static void gradient_sqrt(const op_gradient *d) {
  d->dx[0] = tg_affine(d->g, tg_div(d->g, d->dy, d->out), 0.5, 0);
}

static void gradient_abs(const op_gradient *d) {
  d->dx[0] = tg_mul(d->g, d->dy, tg_sign(d->g, d->in[0]));
}

/* ---- definitions -------------------------------------------------------------------------- */

#define ROW(stem, operands, rule, formula)                                                         \
  static void define_##stem(const op_site *s, const op_buffers *buffers) {                         \
    const double *in_x = buffers->in[0], *in_y = buffers->in[(operands)-1];                        \
    const double a = s->attr.f[0], b = s->attr.f[1];                                               \
    double *out = buffers->out[0];                                                                 \
    int64_t count = tg_count(s->out);                                                              \
    (void)a, (void)b;                                                                              \
    for (int64_t i = 0; i < count; i++) {                                                          \
      const double x = in_x[i], y = in_y[i];                                                       \
      (void)y;                                                                                     \
      out[i] = formula;                                                                            \
    }                                                                                              \
  }                                                                                                \
  const op op_##stem = {                                                                           \
      .name = #stem,                                                                               \
      .inputs = operands,                                                                          \
      .flags = OP_POINTWISE | OP_IN_PLACE,                                                         \
      .shape = shape_equal,                                                                        \
      .gradient = rule,                                                                            \
      .reference = define_##stem,                                                                  \
      .cpu = pointwise_cpu,                                                                        \
  };
#include "pointwise.def"
#undef ROW

/* ---- builders ----------------------------------------------------------------------------- */

/* Repeats x along dimensions where it has 1 and y has more. */
static tg_value match(tg_graph *g, tg_value x, tg_value y) {
  tg_shape from = tg_shape_of(g, x), to = from, other = tg_shape_of(g, y);
  for (int i = 0; i < 4; i++) {
    if (from.d[i] == 1) to.d[i] = other.d[i];
  }
  return tg_broadcast(g, x, to);
}

static tg_value binary(tg_graph *g, const op *o, tg_value x, tg_value y, double slope) {
  op_attr attr = {.f = {slope}};
  if (x == TG_NONE || y == TG_NONE) return op_node(g, o, 2, (tg_value[]){x, y}, &attr);
  tg_value in[2] = {match(g, x, y), match(g, y, x)};
  return op_node(g, o, 2, in, &attr);
}

static tg_value unary(tg_graph *g, const op *o, tg_value x, double f0, double f1) {
  return op_node(g, o, 1, &x, &(op_attr){.f = {f0, f1}});
}

tg_value tg_add(tg_graph *g, tg_value a, tg_value b) { return binary(g, &op_add, a, b, 0); }
tg_value tg_sub(tg_graph *g, tg_value a, tg_value b) { return binary(g, &op_sub, a, b, 0); }
tg_value tg_mul(tg_graph *g, tg_value a, tg_value b) { return binary(g, &op_mul, a, b, 0); }
tg_value tg_div(tg_graph *g, tg_value a, tg_value b) { return binary(g, &op_div, a, b, 0); }
tg_value tg_max(tg_graph *g, tg_value a, tg_value b) { return binary(g, &op_max, a, b, 0); }

tg_value tg_affine(tg_graph *g, tg_value x, double scale, double shift) {
  if (scale == 1 && shift == 0) return x;
  return unary(g, &op_affine, x, scale, shift);
}

tg_value tg_neg(tg_graph *g, tg_value x) { return tg_affine(g, x, -1, 0); }
tg_value tg_relu(tg_graph *g, tg_value x) { return tg_leaky_relu(g, x, 0); }

tg_value tg_leaky_relu(tg_graph *g, tg_value x, double slope) {
  return unary(g, &op_leaky_relu, x, slope, 0);
}

tg_value tg_leaky_relu_dx(tg_graph *g, tg_value y, tg_value dy, double slope) {
  return binary(g, &op_leaky_relu_dx, y, dy, slope);
}

tg_value tg_tanh(tg_graph *g, tg_value x) { return unary(g, &op_tanh, x, 0, 0); }
tg_value tg_exp(tg_graph *g, tg_value x) { return unary(g, &op_exp, x, 0, 0); }
tg_value tg_log(tg_graph *g, tg_value x) { return unary(g, &op_log, x, 0, 0); }
tg_value tg_sqrt(tg_graph *g, tg_value x) { return unary(g, &op_sqrt, x, 0, 0); }
tg_value tg_abs(tg_graph *g, tg_value x) { return unary(g, &op_abs, x, 0, 0); }
tg_value tg_sign(tg_graph *g, tg_value x) { return unary(g, &op_sign, x, 0, 0); }
tg_value tg_positive(tg_graph *g, tg_value x) { return unary(g, &op_positive, x, 0, 0); }
