/* softmax.c: classification over the channels of each row.
 *
 *   log_softmax(x)    x - log sum exp x, safe from overflow
 *   argmax(x)         index of the first maximum, as a number       {n,h,w,1}
 *   one_hot(index)    1 at the index, else 0                        {n,h,w,classes}; i[0] = classes
 *
 * A NaN makes its whole row of log_softmax NaN and counts as a maximum in argmax. */
#include "softmax.h"

#include <math.h>

/* dx = dy - exp(y) sum_c dy */
static void gradient_log_softmax(const op_gradient *d) {
  tg_graph *g = d->g;
  tg_shape row = tg_shape_of(g, d->out);
  row.d[3] = 1;
  tg_value share = tg_mul(g, tg_exp(g, d->out), tg_sum_to(g, d->dy, row));
  d->dx[0] = tg_sub(g, d->dy, share);
}

static void define_log_softmax(const op_site *s, const op_buffers *b) {
  int64_t c = s->in[0].d[3];
  for (int64_t i = 0; i < op_rows(&s->in[0]); i++) {
    const double *x = (const double *)b->in[0] + i * c;
    double *y = (double *)b->out[0] + i * c;
    double top = x[0], sum = 0;
    for (int64_t k = 1; k < c; k++) top = x[k] > top ? x[k] : top;
    for (int64_t k = 0; k < c; k++) sum += exp(x[k] - top);
    double log_sum = log(sum);
    for (int64_t k = 0; k < c; k++) y[k] = x[k] - top - log_sum;
  }
}

const op op_log_softmax = {.name = "log_softmax",
                           .inputs = 1,
                           .flags = OP_IN_PLACE,
                           .shape = op_shape_same,
                           .gradient = gradient_log_softmax,
                           .reference = define_log_softmax,
                           .cpu = log_softmax_kernels};

static bool shape_argmax(const op_site *s, tg_shape *out, char *why, size_t size) {
  (void)why, (void)size;
  *out = s->in[0];
  out->d[3] = 1;
  return true;
}

static void define_argmax(const op_site *s, const op_buffers *b) {
  int64_t c = s->in[0].d[3];
  for (int64_t i = 0; i < op_rows(&s->in[0]); i++) {
    const double *x = (const double *)b->in[0] + i * c;
    int64_t first = 0;
    for (int64_t k = 1; k < c; k++) {
      if (x[k] > x[first] || (isnan(x[k]) && !isnan(x[first]))) first = k;
    }
    ((double *)b->out[0])[i] = (double)first;
  }
}

const op op_argmax = {.name = "argmax",
                      .inputs = 1,
                      .shape = shape_argmax,
                      .reference = define_argmax,
                      .cpu = argmax_kernels};

static bool shape_one_hot(const op_site *s, tg_shape *out, char *why, size_t size) {
  *out = s->in[0];
  out->d[3] = s->attr.i[0];
  if (s->in[0].d[3] != 1) return op_refuse(why, size, "indices must be {n,h,w,1}");
  if (s->attr.i[0] >= 1) return true;
  return op_refuse(why, size, "%lld classes, but at least 1 is needed", (long long)s->attr.i[0]);
}

static void define_one_hot(const op_site *s, const op_buffers *b) {
  const double *index = b->in[0];
  double *out = b->out[0];
  for (int64_t i = 0; i < tg_count(s->out); i++) {
    int64_t classes = s->out.d[3];
    out[i] = index[i / classes] == (double)(i % classes);
  }
}

const op op_one_hot = {.name = "one_hot",
                       .inputs = 1,
                       .shape = shape_one_hot,
                       .reference = define_one_hot,
                       .cpu = one_hot_kernels};

tg_value tg_log_softmax(tg_graph *g, tg_value x) {
  return op_node(g, &op_log_softmax, 1, &x, NULL);
}

tg_value tg_argmax(tg_graph *g, tg_value x) { return op_node(g, &op_argmax, 1, &x, NULL); }

tg_value tg_one_hot(tg_graph *g, tg_value index, int classes) {
  return op_node(g, &op_one_hot, 1, &index, &(op_attr){.i = {classes}});
}
