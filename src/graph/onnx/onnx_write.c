/* onnx_write.c: each operator in the words of ONNX (operator set 17). */
#include <stdlib.h>

#include "onnx.h"
#include "pool.h"
#include "text.h"

static const node *node_of(const onnx_export *e, tg_value v) { return &e->g->node[v]; }

static void add(onnx_export *e, protobuf n) { onnx_add_node(&e->file, &n); }

/* A node without attributes. */
static void add_plain(onnx_export *e, const char *type, const char *out, const char *const *in) {
  add(e, onnx_node(type, out, in));
}

/* A list of integers as an operand of v's operator; the name is to be freed. */
static char *integers(onnx_export *e, tg_value v, const char *what, int n, const int64_t *x) {
  char *name = text_format("%s_%d.%s", node_of(e, v)->op->name, v, what);
  onnx_add_integers(&e->file, name, n, x);
  return name;
}

static char *number(onnx_export *e, tg_value v, const char *what, double x) {
  char *name = text_format("%s_%d.%s", node_of(e, v)->op->name, v, what);
  onnx_add_floats(&e->file, name, 1, &(int64_t){1}, &(float){(float)x});
  return name;
}

/* ---- pointwise ---------------------------------------------------------------------------- */

/* ONNX repeats dimensions of size 1 by itself. */
static tg_value unrepeated(const onnx_export *e, tg_value v) {
  while (node_of(e, v)->op == &op_broadcast) v = node_of(e, v)->in[0];
  return v;
}

static bool spans(tg_shape a, tg_shape b, tg_shape whole) {
  for (int i = 0; i < 4; i++) {
    if (a.d[i] != whole.d[i] && b.d[i] != whole.d[i]) return false;
  }
  return true;
}

static void write_unary(onnx_export *e, tg_value v, const char *type) {
  onnx_form f = onnx_form_of(node_of(e, v)->shape);
  const char *x = onnx_want(e, node_of(e, v)->in[0], f);
  add_plain(e, type, onnx_name(e, v, f, type), (const char *[]){x, NULL});
}

static void write_binary(onnx_export *e, tg_value v, const char *type) {
  const node *x = node_of(e, v);
  onnx_form f = onnx_form_of(x->shape);
  tg_value a = unrepeated(e, x->in[0]), b = unrepeated(e, x->in[1]);
  if (!spans(node_of(e, a)->shape, node_of(e, b)->shape, x->shape)) a = x->in[0];
  const char *left = onnx_want(e, a, f), *right = onnx_want(e, b, f);
  add_plain(e, type, onnx_name(e, v, f, type), (const char *[]){left, right, NULL});
}

static void write_affine(onnx_export *e, tg_value v, const char *type) {
  const node *x = node_of(e, v);
  double scale = x->attr.f[0], shift = x->attr.f[1];
  if (scale == -1 && shift == 0) {
    write_unary(e, v, "Neg");
    return;
  }
  onnx_form f = onnx_form_of(x->shape);
  const char *in = onnx_want(e, x->in[0], f), *out = onnx_name(e, v, f, type);
  char *factor = number(e, v, "scale", scale), *scaled = text_format("Mul_%d", v);
  const char *product = shift == 0 ? out : scaled;
  add_plain(e, "Mul", product, (const char *[]){in, factor, NULL});
  if (shift != 0) {
    char *summand = number(e, v, "shift", shift);
    add_plain(e, "Add", out, (const char *[]){scaled, summand, NULL});
    free(summand);
  }
  free(scaled);
  free(factor);
}

static void write_leaky_relu(onnx_export *e, tg_value v, const char *type) {
  const node *x = node_of(e, v);
  if (x->attr.f[0] == 0) {
    write_unary(e, v, "Relu");
    return;
  }
  onnx_form f = onnx_form_of(x->shape);
  const char *in = onnx_want(e, x->in[0], f);
  protobuf n = onnx_node(type, onnx_name(e, v, f, type), (const char *[]){in, NULL});
  onnx_attribute_float(&n, "alpha", x->attr.f[0]);
  add(e, n);
}

/* ---- classification ----------------------------------------------------------------------- */

/* Over the channels of x, which becomes v. */
static void write_over_channels(onnx_export *e, tg_value v, tg_value x, const char *type) {
  onnx_form f = onnx_form_of(node_of(e, v)->shape);
  const char *in = onnx_want(e, x, f);
  protobuf n = onnx_node(type, onnx_name(e, v, f, type), (const char *[]){in, NULL});
  onnx_attribute(&n, "axis", 1);
  add(e, n);
}

static void write_log_softmax(onnx_export *e, tg_value v, const char *type) {
  write_over_channels(e, v, node_of(e, v)->in[0], type);
}

static void write_exp(onnx_export *e, tg_value v, const char *type) {
  const node *x = node_of(e, node_of(e, v)->in[0]);
  if (x->op == &op_log_softmax) {
    write_over_channels(e, v, x->in[0], "Softmax");
  } else {
    write_unary(e, v, type);
  }
}

/* ---- convolutions and matrix products ----------------------------------------------------- */

static void window(protobuf *n, int64_t h, int64_t w, int64_t stride, int64_t pad) {
  onnx_attribute_list(n, "kernel_shape", 2, (int64_t[]){h, w});
  onnx_attribute_list(n, "strides", 2, (int64_t[]){stride, stride});
  onnx_attribute_list(n, "pads", 4, (int64_t[]){pad, pad, pad, pad});
}

/* What a transposed convolution's output has beyond the last whole stride. */
static void output_padding(protobuf *n, const onnx_export *e, const node *x) {
  const int64_t *in = node_of(e, x->in[0])->shape.d, *kernel = node_of(e, x->in[1])->shape.d;
  int64_t rest[2];
  for (int i = 0; i < 2; i++) {
    rest[i] = x->shape.d[i + 1] - ((in[i + 1] - 1) * x->attr.i[0] - 2 * x->attr.i[1] + kernel[i]);
  }
  if (rest[0] || rest[1]) onnx_attribute_list(n, "output_padding", 2, rest);
}

static const char *vector(onnx_export *e, tg_value bias) {
  return bias == TG_NONE ? NULL : onnx_want(e, bias, ONNX_FLAT);
}

/* The convolution x with a bias (or TG_NONE) becomes v. */
static void write_conv(onnx_export *e, tg_value v, tg_value x, tg_value bias) {
  const node *conv = node_of(e, x);
  const char *type = conv->op == &op_conv ? "Conv" : "ConvTranspose";
  const char *in = onnx_want(e, conv->in[0], ONNX_IMAGE);
  const char *weights = onnx_want(e, conv->in[1], ONNX_WEIGHTS);
  const int64_t *kernel = node_of(e, conv->in[1])->shape.d;
  protobuf n = onnx_node(type, onnx_name(e, v, ONNX_IMAGE, type),
                         (const char *[]){in, weights, vector(e, bias), NULL});
  window(&n, kernel[0], kernel[1], conv->attr.i[0], conv->attr.i[1]);
  if (conv->op == &op_conv_dx) output_padding(&n, e, conv);
  add(e, n);
}

/* The left matrix of a product with weights {h,w,c,co}.  An image that is flattened for it is
 * flattened channels first, in the order of ONNX_MATRIX; NULL: that order cannot be had. */
static char *left_matrix(onnx_export *e, tg_value v, tg_value a, tg_shape w) {
  const node *x = node_of(e, a), *image = node_of(e, x->in[0]);
  if (w.d[0] * w.d[1] == 1) {
    return onnx_form_of(x->shape) == ONNX_FLAT ? text_copy(onnx_want(e, a, ONNX_FLAT)) : NULL;
  }
  if (x->op != &op_reshape) return NULL;
  for (int i = 0; i < 3; i++) {
    if (image->shape.d[i + 1] != w.d[i]) return NULL;
  }
  char *name = text_format("Flatten_%d", v);
  const char *in = onnx_want(e, x->in[0], ONNX_IMAGE);
  protobuf n = onnx_node("Flatten", name, (const char *[]){in, NULL});
  onnx_attribute(&n, "axis", 1);
  add(e, n);
  return name;
}

/* The matrix product x with a bias (or TG_NONE) becomes v. */
static void write_product(onnx_export *e, tg_value v, tg_value x, tg_value bias) {
  const node *product = node_of(e, x);
  tg_value w = product->in[1];
  if (node_of(e, w)->op == &op_reshape) w = node_of(e, w)->in[0];
  tg_shape shape = node_of(e, w)->shape;
  bool plain = !product->attr.i[0] && !product->attr.i[1] && shape.d[3] == product->shape.d[3];
  char *left = plain ? left_matrix(e, v, product->in[0], shape) : NULL;
  if (!left) {
    onnx_refuse(e, x, "only rows times the weights {h,w,c,co} of a linear layer can be written");
    return;
  }
  const char *weights = onnx_want(e, w, ONNX_MATRIX);
  protobuf n = onnx_node("Gemm", onnx_name(e, v, ONNX_FLAT, "Gemm"),
                         (const char *[]){left, weights, vector(e, bias), NULL});
  onnx_attribute(&n, "transB", 1);
  add(e, n);
  free(left);
}

static void write_linear(onnx_export *e, tg_value v, tg_value x, tg_value bias) {
  if (node_of(e, x)->op == &op_matmul) {
    write_product(e, v, x, bias);
  } else {
    write_conv(e, v, x, bias);
  }
}

static void write_linear_alone(onnx_export *e, tg_value v, const char *type) {
  (void)type;
  write_linear(e, v, v, TG_NONE);
}

/* A bias is an operand of the convolution or product that it is added to. */
static void write_add(onnx_export *e, tg_value v, const char *type) {
  const node *x = node_of(e, v);
  const op *o = node_of(e, x->in[0])->op;
  tg_value bias = unrepeated(e, x->in[1]);
  const node *b = node_of(e, bias);
  bool linear = o == &op_conv || o == &op_conv_dx || o == &op_matmul;
  if (linear && !e->value[bias].varies && tg_count(b->shape) == x->shape.d[3]) {
    write_linear(e, v, x->in[0], bias);
  } else {
    write_binary(e, v, type);
  }
}

/* ---- pooling and normalisation ------------------------------------------------------------ */

static protobuf pool(onnx_export *e, tg_value v, const char *type) {
  const node *x = node_of(e, v);
  const int64_t *a = x->attr.i;
  const char *in = onnx_want(e, x->in[0], ONNX_IMAGE);
  protobuf n = onnx_node(type, onnx_name(e, v, ONNX_IMAGE, type), (const char *[]){in, NULL});
  window(&n, a[POOL_WINDOW], a[POOL_WINDOW], a[POOL_STRIDE], a[POOL_PAD]);
  return n;
}

static void write_max_pool(onnx_export *e, tg_value v, const char *type) {
  const node *x = node_of(e, v), *index = node_of(e, x->in[1]);
  if (index->op != &op_pool_index || index->in[0] != x->in[0]) {
    onnx_refuse(e, v, "the positions are not those of the image's own maxima");
  }
  add(e, pool(e, v, type));
}

static void write_mean_pool(onnx_export *e, tg_value v, const char *type) {
  protobuf n = pool(e, v, type);
  onnx_attribute(&n, "count_include_pad", 1);
  add(e, n);
}

static void write_norm(onnx_export *e, tg_value v, const char *type) {
  const node *x = node_of(e, v), *stats = node_of(e, x->in[1]);
  if (stats->op != &op_norm_stats || stats->in[0] != x->in[0]) {
    onnx_refuse(e, v, "the statistics are not those of the image itself");
  }
  const char *image = onnx_want(e, x->in[0], ONNX_IMAGE);
  const char *gamma = onnx_want(e, x->in[2], ONNX_FLAT);
  const char *beta = onnx_want(e, x->in[3], ONNX_FLAT);
  protobuf n = onnx_node(type, onnx_name(e, v, ONNX_IMAGE, type),
                         (const char *[]){image, gamma, beta, NULL});
  onnx_attribute_float(&n, "epsilon", stats->attr.f[0]);
  add(e, n);
}

/* ---- shape -------------------------------------------------------------------------------- */

static const int64_t onnx_axis[] = {0, 2, 3, 1}; /* of n, h, w, c */

/* FLAT where neither shape has an image. */
static onnx_form common_form(tg_shape a, tg_shape b) {
  return onnx_form_of(a) == ONNX_FLAT ? onnx_form_of(b) : ONNX_IMAGE;
}

static void transpose(onnx_export *e, const char *in, const char *out, const int64_t *order) {
  protobuf n = onnx_node("Transpose", out, (const char *[]){in, NULL});
  onnx_attribute_list(&n, "perm", 4, order);
  add(e, n);
}

/* The elements of an image count rows first here: it is turned before, or after. */
static void write_reshape(onnx_export *e, tg_value v, const char *type) {
  const node *x = node_of(e, v);
  const int64_t *d = x->shape.d;
  bool from_image = onnx_form_of(node_of(e, x->in[0])->shape) == ONNX_IMAGE;
  bool to_image = onnx_form_of(x->shape) == ONNX_IMAGE;
  const char *in = onnx_want(e, x->in[0], from_image ? ONNX_IMAGE : ONNX_FLAT);
  const char *out = onnx_name(e, v, to_image ? ONNX_IMAGE : ONNX_FLAT, type);
  char *before = text_format("Transpose_%d", v), *after = text_format("Reshape_%d.rows", v);
  char *shape = to_image ? integers(e, v, "shape", 4, (int64_t[]){0, d[1], d[2], d[3]})
                         : integers(e, v, "shape", 2, (int64_t[]){0, d[3]});
  if (from_image) transpose(e, in, before, (int64_t[]){0, 2, 3, 1});
  add_plain(e, type, to_image ? after : out,
            (const char *[]){from_image ? before : in, shape, NULL});
  if (to_image) transpose(e, after, out, (int64_t[]){0, 3, 1, 2});
  free(shape);
  free(after);
  free(before);
}

static void write_broadcast(onnx_export *e, tg_value v, const char *type) {
  const node *x = node_of(e, v);
  const int64_t *d = x->shape.d;
  onnx_form f = onnx_form_of(x->shape);
  const char *in = onnx_want(e, x->in[0], f);
  char *shape = integers(e, v, "shape", f == ONNX_FLAT ? 2 : 4, (int64_t[]){1, d[3], d[1], d[2]});
  add_plain(e, type, onnx_name(e, v, f, type), (const char *[]){in, shape, NULL});
  free(shape);
}

static void write_sum(onnx_export *e, tg_value v, const char *type) {
  const node *x = node_of(e, v);
  const int64_t *from = node_of(e, x->in[0])->shape.d;
  int64_t axis[4];
  int n = 0;
  for (int i = 0; i < 4; i++) {
    if (from[i] != x->shape.d[i]) axis[n++] = onnx_axis[i];
  }
  const char *in = onnx_want(e, x->in[0], ONNX_IMAGE);
  char *axes = integers(e, v, "axes", n, axis);
  add_plain(e, type, onnx_name(e, v, ONNX_IMAGE, type), (const char *[]){in, axes, NULL});
  free(axes);
}

static void write_slice(onnx_export *e, tg_value v, const char *type) {
  const node *x = node_of(e, v);
  int64_t axis = x->attr.i[0], first = x->attr.i[1], last = first + x->shape.d[axis];
  onnx_form f = common_form(node_of(e, x->in[0])->shape, x->shape);
  const char *in = onnx_want(e, x->in[0], f);
  char *starts = integers(e, v, "starts", 1, &first), *ends = integers(e, v, "ends", 1, &last);
  char *axes = integers(e, v, "axes", 1, &onnx_axis[axis]);
  add_plain(e, type, onnx_name(e, v, f, type), (const char *[]){in, starts, ends, axes, NULL});
  free(axes);
  free(ends);
  free(starts);
}

static void write_pad(onnx_export *e, tg_value v, const char *type) {
  const node *x = node_of(e, v);
  tg_shape from = node_of(e, x->in[0])->shape;
  int64_t axis = x->attr.i[0], before = x->attr.i[1], pads[8] = {0};
  onnx_form f = common_form(from, x->shape);
  int rank = f == ONNX_FLAT ? 2 : 4;
  pads[onnx_axis[axis]] = before;
  pads[onnx_axis[axis] + rank] = x->shape.d[axis] - from.d[axis] - before;
  const char *in = onnx_want(e, x->in[0], f);
  char *list = integers(e, v, "pads", 2 * rank, pads);
  add_plain(e, type, onnx_name(e, v, f, type), (const char *[]){in, list, NULL});
  free(list);
}

static void write_concat(onnx_export *e, tg_value v, const char *type) {
  const node *x = node_of(e, v);
  onnx_form f = onnx_form_of(x->shape);
  const char *first = onnx_want(e, x->in[0], f), *second = onnx_want(e, x->in[1], f);
  protobuf n = onnx_node(type, onnx_name(e, v, f, type), (const char *[]){first, second, NULL});
  onnx_attribute(&n, "axis", onnx_axis[x->attr.i[0]]);
  add(e, n);
}

/* ---- the table ---------------------------------------------------------------------------- */

static const struct {
  const op *op;
  const char *type; /* the operator of ONNX */
  void (*write)(onnx_export *e, tg_value v, const char *type);
} rows[] = {
    {&op_add, "Add", write_add},
    {&op_sub, "Sub", write_binary},
    {&op_mul, "Mul", write_binary},
    {&op_div, "Div", write_binary},
    {&op_max, "Max", write_binary},
    {&op_affine, "Affine", write_affine},
    {&op_leaky_relu, "LeakyRelu", write_leaky_relu},
    {&op_tanh, "Tanh", write_unary},
    {&op_exp, "Exp", write_exp},
    {&op_log, "Log", write_unary},
    {&op_sqrt, "Sqrt", write_unary},
    {&op_abs, "Abs", write_unary},
    {&op_sign, "Sign", write_unary},
    {&op_detach, "Identity", write_unary},
    {&op_reshape, "Reshape", write_reshape},
    {&op_broadcast, "Expand", write_broadcast},
    {&op_sum_to, "ReduceSum", write_sum},
    {&op_slice, "Slice", write_slice},
    {&op_pad, "Pad", write_pad},
    {&op_concat, "Concat", write_concat},
    {&op_matmul, "Gemm", write_linear_alone},
    {&op_conv, "Conv", write_linear_alone},
    {&op_conv_dx, "ConvTranspose", write_linear_alone},
    {&op_pool_gather, "MaxPool", write_max_pool},
    {&op_pool_mean, "AveragePool", write_mean_pool},
    {&op_norm, "InstanceNormalization", write_norm},
    {&op_log_softmax, "LogSoftmax", write_log_softmax},
};

void onnx_write(onnx_export *e, tg_value v) {
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (rows[i].op != node_of(e, v)->op) continue;
    rows[i].write(e, v, rows[i].type);
    return;
  }
  onnx_refuse(e, v, "this operator has no counterpart");
}
