/* shape.c: operators that move elements: reshape, detach, broadcast (attr.shape), slice, pad,
 * concat.
 *
 * slice and pad: attr.i = axis, first element or zeros before; attr.shape the output.
 * concat: attr.i[0] = axis. */
#include <string.h>

#include "shape.h"

static bool check_axis(int64_t axis, char *why, size_t size) {
  if (axis >= 0 && axis < 4) return true;
  return op_refuse(why, size, "axis %lld is not 0, 1, 2 or 3", (long long)axis);
}

/* ---- the same elements under another shape ------------------------------------------------- */

static void define_copy(const op_site *s, const op_buffers *b) {
  memmove(b->out[0], b->in[0], (size_t)tg_count(s->out) * sizeof(double));
}

static int run_copy(const op_site *s, void *state, const op_buffers *b) {
  (void)state;
  memmove(b->out[0], b->in[0], (size_t)tg_count(s->out) * sizeof(float));
  return 0;
}

static const op_kernel copy = {.name = "copy", .run = run_copy};
static const op_kernel *const copies[] = {&copy, NULL};

static bool shape_reshape(const op_site *s, tg_shape *out, char *why, size_t size) {
  *out = s->attr.shape;
  long long from = tg_count(s->in[0]), to = tg_count(*out);
  return from == to || op_refuse(why, size, "%lld elements cannot be %lldx%lldx%lldx%lld", from,
                                 (long long)out->d[0], (long long)out->d[1], (long long)out->d[2],
                                 (long long)out->d[3]);
}

static void gradient_reshape(const op_gradient *d) {
  d->dx[0] = tg_reshape(d->g, d->dy, tg_shape_of(d->g, d->in[0]));
}

const op op_reshape = {.name = "reshape",
                       .inputs = 1,
                       .flags = OP_ALIAS,
                       .shape = shape_reshape,
                       .gradient = gradient_reshape,
                       .reference = define_copy,
                       .cpu = copies};

const op op_detach = {.name = "detach",
                      .inputs = 1,
                      .flags = OP_ALIAS,
                      .shape = op_shape_same,
                      .reference = define_copy,
                      .cpu = copies};

/* ---- broadcast ---------------------------------------------------------------------------- */

static bool shape_broadcast(const op_site *s, tg_shape *out, char *why, size_t size) {
  *out = s->attr.shape;
  for (int k = 0; k < 4; k++) {
    if (s->in[0].d[k] == out->d[k] || s->in[0].d[k] == 1) continue;
    return op_refuse(why, size, "dimension %c is %lld and cannot be repeated to %lld", "nhwc"[k],
                     (long long)s -> in[0].d[k], (long long)out->d[k]);
  }
  return true;
}

static void gradient_broadcast(const op_gradient *d) {
  d->dx[0] = tg_sum_to(d->g, d->dy, tg_shape_of(d->g, d->in[0]));
}

static void define_broadcast(const op_site *s, const op_buffers *b) {
  const double *x = b->in[0];
  double *y = b->out[0];
  const int64_t *in = s->in[0].d, *out = s->out.d;
  for (int64_t n = 0; n < out[0]; n++) {
    for (int64_t h = 0; h < out[1]; h++) {
      for (int64_t w = 0; w < out[2]; w++) {
        for (int64_t c = 0; c < out[3]; c++) {
          *y++ = x[op_at(&s->in[0], n % in[0], h % in[1], w % in[2], c % in[3])];
        }
      }
    }
  }
}

const op op_broadcast = {.name = "broadcast",
                         .inputs = 1,
                         .shape = shape_broadcast,
                         .gradient = gradient_broadcast,
                         .reference = define_broadcast,
                         .cpu = broadcast_cpu};

/* ---- slice -------------------------------------------------------------------------------- */

static bool shape_slice(const op_site *s, tg_shape *out, char *why, size_t size) {
  int64_t axis = s->attr.i[0], first = s->attr.i[1];
  if (!check_axis(axis, why, size)) return false;
  int64_t count = s->attr.shape.d[axis], have = s->in[0].d[axis];
  *out = s->in[0];
  out->d[axis] = count;
  if (first >= 0 && count >= 1 && count <= have && first <= have - count) return true;
  return op_refuse(why, size, "%lld elements from %lld are not within dimension %c of %lld",
                   (long long)count, (long long)first, "nhwc"[axis], (long long)have);
}

static void gradient_slice(const op_gradient *d) {
  int axis = (int)d->attr->i[0];
  int64_t total = tg_shape_of(d->g, d->in[0]).d[axis];
  d->dx[0] = tg_pad(d->g, d->dy, axis, d->attr->i[1], total);
}

static void define_slice(const op_site *s, const op_buffers *b) {
  slice_elements(s, b, sizeof(double));
}

static void cost_slice(const op_site *s, op_cost *c) {
  c->elements = 2.0 * (double)tg_count(s->out);
}

static bool rows_slice(const op_site *s, int i) { return s->attr.i[0] == 3 && i == 0; }

const op op_slice = {.name = "slice",
                     .inputs = 1,
                     .shape = shape_slice,
                     .gradient = gradient_slice,
                     .reference = define_slice,
                     .rows = rows_slice,
                     .cpu = slice_cpu,
                     .cost = cost_slice};

/* ---- pad ---------------------------------------------------------------------------------- */

static bool shape_pad(const op_site *s, tg_shape *out, char *why, size_t size) {
  int64_t axis = s->attr.i[0], before = s->attr.i[1];
  if (!check_axis(axis, why, size)) return false;
  int64_t total = s->attr.shape.d[axis], have = s->in[0].d[axis];
  *out = s->in[0];
  out->d[axis] = total;
  if (before >= 0 && total >= have && before <= total - have) return true;
  return op_refuse(why, size, "%lld elements of dimension %c do not fit after %lld zeros in %lld",
                   (long long)have, "nhwc"[axis], (long long)before, (long long)total);
}

static void gradient_pad(const op_gradient *d) {
  int axis = (int)d->attr->i[0];
  int64_t count = tg_shape_of(d->g, d->in[0]).d[axis];
  d->dx[0] = tg_slice(d->g, d->dy, axis, d->attr->i[1], count);
}

static void define_pad(const op_site *s, const op_buffers *b) {
  pad_elements(s, b, sizeof(double));
}

const op op_pad = {.name = "pad",
                   .inputs = 1,
                   .shape = shape_pad,
                   .gradient = gradient_pad,
                   .reference = define_pad,
                   .cpu = pad_cpu};

/* ---- concat ------------------------------------------------------------------------------- */

static bool shape_concat(const op_site *s, tg_shape *out, char *why, size_t size) {
  int64_t axis = s->attr.i[0];
  if (!check_axis(axis, why, size)) return false;
  *out = s->in[0];
  for (int k = 0; k < 4; k++) {
    if (k == axis || s->in[1].d[k] == out->d[k]) continue;
    return op_refuse(why, size, "dimension %c is %lld and %lld: only %c may differ", "nhwc"[k],
                     (long long)out -> d[k], (long long)s -> in[1].d[k], "nhwc"[axis]);
  }
  out->d[axis] += s->in[1].d[axis];
  return true;
}

static void gradient_concat(const op_gradient *d) {
  int axis = (int)d->attr->i[0];
  int64_t first = 0;
  for (int i = 0; i < 2; i++) {
    int64_t count = tg_shape_of(d->g, d->in[i]).d[axis];
    if (d->wanted[i]) d->dx[i] = tg_slice(d->g, d->dy, axis, first, count);
    first += count;
  }
}

static void define_concat(const op_site *s, const op_buffers *b) {
  concat_elements(s, b, sizeof(double));
}

static bool rows_concat(const op_site *s, int i) { return s->attr.i[0] == 3 && i <= 1; }

const op op_concat = {.name = "concat",
                      .inputs = 2,
                      .shape = shape_concat,
                      .gradient = gradient_concat,
                      .reference = define_concat,
                      .rows = rows_concat,
                      .cpu = concat_cpu};

/* ---- builders ----------------------------------------------------------------------------- */

static tg_value to_shape(tg_graph *g, const op *o, tg_value x, tg_shape s) {
  if (tg_same_shape(tg_shape_of(g, x), s)) return x;
  return op_node(g, o, 1, &x, &(op_attr){.shape = s});
}

tg_value tg_reshape(tg_graph *g, tg_value x, tg_shape s) { return to_shape(g, &op_reshape, x, s); }

tg_value tg_broadcast(tg_graph *g, tg_value x, tg_shape s) {
  return to_shape(g, &op_broadcast, x, s);
}

tg_value tg_detach(tg_graph *g, tg_value x) { return op_node(g, &op_detach, 1, &x, NULL); }

/* The shape of x with another count along axis. */
static tg_value resize(tg_graph *g, const op *o, tg_value x, int axis, int64_t first,
                       int64_t count) {
  tg_shape s = tg_shape_of(g, x);
  if (axis >= 0 && axis < 4) {
    if (first == 0 && s.d[axis] == count) return x;
    s.d[axis] = count;
  }
  return op_node(g, o, 1, &x, &(op_attr){.i = {axis, first}, .shape = s});
}

tg_value tg_slice(tg_graph *g, tg_value x, int axis, int64_t first, int64_t count) {
  return resize(g, &op_slice, x, axis, first, count);
}

tg_value tg_pad(tg_graph *g, tg_value x, int axis, int64_t before, int64_t total) {
  return resize(g, &op_pad, x, axis, before, total);
}

tg_value tg_concat(tg_graph *g, tg_value a, tg_value b, int axis) {
  return op_node(g, &op_concat, 2, (tg_value[]){a, b}, &(op_attr){.i = {axis}});
}
