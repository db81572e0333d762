/* onnx_constant.c: the numbers of an ONNX model: parameters, and what is computed from them alone,
 * as the operators' definitions have it, in double. */
#include <stdlib.h>

#include "memory.h"
#include "onnx.h"
#include "text.h"

/* Bytes of all numbers: a message of Protocol Buffers has less than 2^31, with nodes and names. */
static const int64_t LARGEST = 2000000000;

static double *read_parameter(onnx_export *e, tg_value v, double *out) {
  const node *x = &e->g->node[v];
  int i = tg_store_find(e->store, x->attr.name);
  if (i < 0) {
    onnx_refuse(e, v, "the store has no such parameter");
  } else if (!tg_same_shape(tg_store_shape(e->store, i), x->shape)) {
    onnx_refuse(e, v, "the store has it in another shape");
  } else {
    tg_store_read_f64(e->store, i, out);
  }
  return out;
}

/* The elements of v, to be freed. */
static double *compute(onnx_export *e, tg_value v) {
  const node *x = &e->g->node[v];
  double *out = memory_new((size_t)tg_count(x->shape) * sizeof *out), *in[OP_MAX_INPUTS];
  op_site s = {.op = x->op, .n = x->n, .out = x->shape, .attr = x->attr};
  op_buffers b = {.out = {out}};
  if (x->op == &op_param) return read_parameter(e, v, out);
  if (x->op == &op_constant) *out = x->attr.f[0];
  if (x->op == &op_uniform || (x->op->flags & OP_UPDATE)) onnx_refuse(e, v, "it is for training");
  for (int i = 0; i < x->n; i++) {
    s.in[i] = e->g->node[x->in[i]].shape;
    b.in[i] = in[i] = compute(e, x->in[i]);
  }
  if (!e->failed && x->n > 0) x->op->reference(&s, &b);
  for (int i = 0; i < x->n; i++) free(in[i]);
  return out;
}

/* {kh,kw,ci,co} to co,ci,kh,kw. */
static void outputs_first(tg_shape s, const double *from, float *to) {
  int64_t in = s.d[0] * s.d[1] * s.d[2], window = s.d[0] * s.d[1];
  for (int64_t i = 0; i < tg_count(s); i++) {
    int64_t o = i % s.d[3], c = i / s.d[3] % s.d[2], at = i / s.d[3] / s.d[2];
    to[o * in + c * window + at] = (float)from[i];
  }
}

/* The dimensions in ONNX; their number. */
static int dimensions(tg_shape s, onnx_form f, int64_t dim[4]) {
  const int64_t *d = s.d;
  const int64_t each[ONNX_FORMS][4] = {[ONNX_FLAT] = {d[3]},
                                       [ONNX_IMAGE] = {d[3], d[1], d[2]},
                                       [ONNX_WEIGHTS] = {d[3], d[2], d[0], d[1]},
                                       [ONNX_MATRIX] = {d[3], d[0] * d[1] * d[2]}};
  static const int rank[ONNX_FORMS] = {1, 3, 4, 2};
  for (int i = 0; i < 4; i++) dim[i] = each[f][i];
  return rank[f];
}

/* The parameter that v is made of first, for its name. */
static const char *first_parameter(const onnx_export *e, tg_value v) {
  const node *x = &e->g->node[v];
  if (x->op == &op_param) return x->attr.name;
  return x->n > 0 ? first_parameter(e, x->in[0]) : "Constant";
}

static char *name_constant(const onnx_export *e, tg_value v, onnx_form f) {
  static const char *const suffix[ONNX_FORMS] = {"flat", "image", "weights", "matrix"};
  bool first = true;
  for (int i = 0; i < ONNX_FORMS; i++) first = first && !e->value[v].name[i];
  const char *name = first_parameter(e, v);
  if (e->g->node[v].op != &op_param) return text_format("%s_%d.%s", name, v, suffix[f]);
  return first ? text_copy(name) : text_format("%s.%s", name, suffix[f]);
}

void onnx_write_constant(onnx_export *e, tg_value v, onnx_form f) {
  tg_shape s = e->g->node[v].shape;
  int64_t dim[4], count = tg_count(s);
  int rank = dimensions(s, f, dim);
  if (f <= ONNX_IMAGE && s.d[0] > 1) onnx_refuse(e, v, "it depends on no input and has n above 1");
  e->bytes += count * (int64_t)sizeof(float);
  if (e->bytes > LARGEST) onnx_refuse(e, v, "the file would be larger than 2 GB, its limit");
  if (e->failed) return;
  double *computed = compute(e, v);
  float *x = memory_new((size_t)count * sizeof *x);
  outputs_first(f == ONNX_IMAGE ? tg_shape4(s.d[1], s.d[2], 1, s.d[3]) : s, computed, x);
  e->value[v].name[f] = name_constant(e, v, f);
  onnx_add_floats(&e->file, e->value[v].name[f], rank, dim, x);
  free(x);
  free(computed);
}
