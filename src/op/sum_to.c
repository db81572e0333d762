/* sum_to.c: sums over the dimensions that are 1 in attr.shape; the adjoint of broadcast. */
#include <string.h>

#include "shape.h"

static bool shape_sum_to(const op_site *s, tg_shape *out, char *why, size_t size) {
  *out = s->attr.shape;
  for (int k = 0; k < 4; k++) {
    if (out->d[k] == s->in[0].d[k] || out->d[k] == 1) continue;
    return op_refuse(why, size, "dimension %c is %lld and can be summed to 1, not %lld", "nhwc"[k],
                     (long long)s -> in[0].d[k], (long long)out->d[k]);
  }
  return true;
}

static void gradient_sum_to(const op_gradient *d) {
  d->dx[0] = tg_broadcast(d->g, d->dy, tg_shape_of(d->g, d->in[0]));
}

static void define_sum_to(const op_site *s, const op_buffers *b) {
  const double *x = b->in[0];
  double *y = b->out[0];
  const int64_t *in = s->in[0].d, *out = s->out.d;
  memset(y, 0, (size_t)tg_count(s->out) * sizeof *y);
  for (int64_t n = 0; n < in[0]; n++) {
    for (int64_t h = 0; h < in[1]; h++) {
      for (int64_t w = 0; w < in[2]; w++) {
        for (int64_t c = 0; c < in[3]; c++) {
          y[op_at(&s->out, n % out[0], h % out[1], w % out[2], c % out[3])] += *x++;
        }
      }
    }
  }
}

const op op_sum_to = {.name = "sum_to",
                      .inputs = 1,
                      .shape = shape_sum_to,
                      .gradient = gradient_sum_to,
                      .reference = define_sum_to,
                      .cpu = sum_to_cpu};

tg_value tg_sum_to(tg_graph *g, tg_value x, tg_shape s) {
  if (tg_same_shape(tg_shape_of(g, x), s)) return x;
  return op_node(g, &op_sum_to, 1, &x, &(op_attr){.shape = s});
}

tg_value tg_mean(tg_graph *g, tg_value x) {
  tg_value sum = tg_sum_to(g, x, tg_scalar());
  if (sum == TG_NONE) return TG_NONE;
  return tg_affine(g, sum, 1.0 / (double)tg_count(tg_shape_of(g, x)), 0);
}
