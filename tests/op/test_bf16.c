/* test_bf16.c: tensors that are stored as bfloat16: every kernel that takes them gives what it
 * gives of the same numbers as floats; and a plan stores what it may so, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bf16.h"
#include "conv.h"
#include "norm.h"
#include "random.h"
#include "shape.h"

enum { ALIGNMENT = 64 };

static void *allocate(size_t bytes) {
  void *p = aligned_alloc(ALIGNMENT, (bytes + ALIGNMENT) / ALIGNMENT * ALIGNMENT);
  assert_non_null(p);
  memset(p, 0xff, bytes); /* NaN: what is not written shows */
  return p;
}

/* ---- kernels -------------------------------------------------------------------------------- */

/* Numbers that bfloat16 has, as both types. */
typedef struct operand {
  float *wide;
  uint16_t *narrow;
} operand;

static operand make_operand(int64_t n, uint64_t stream) {
  operand o = {allocate((size_t)n * sizeof(float)), allocate((size_t)n * sizeof(uint16_t))};
  for (int64_t i = 0; i < n; i++) o.wide[i] = 0.5f + random_uniform(7, stream, 0, (uint64_t)i);
  bf16_round_piece(n, o.wide, o.narrow);
  bf16_widen_piece(n, o.narrow, o.wide);
  return o;
}

static void run_kernel(const op_kernel *k, const op_site *s, const operand *x, void *out) {
  void *state = NULL, *packed = NULL;
  size_t scratch = 0;
  if (k->prepare && k->prepare(s, &state, &scratch)) fail_msg("%s", tg_message());
  op_buffers b = {.out = {out}, .scratch = allocate(scratch)};
  for (int i = 0; i < s->n; i++) b.in[i] = s->in_bf16[i] ? (void *)x[i].narrow : x[i].wide;
  if (k->pack) {
    packed = allocate(k->packed_bytes(s, state));
    if (k->pack(s, state, b.in[1], packed)) fail_msg("%s", tg_message());
    b.in[1] = packed;
  }
  if (k->run(s, state, &b)) fail_msg("%s", tg_message());
  free(packed);
  free(b.scratch);
  if (k->release) k->release(state);
}

/* Within half a unit of bfloat16 and what other groups of sums may differ by. */
static void assert_near(const op_kernel *k, const op_site *s, const float *got, const float *want) {
  double scale = 0;
  for (int64_t i = 0; i < tg_count(s->out); i++) scale = fmax(scale, fabs((double)want[i]));
  for (int64_t i = 0; i < tg_count(s->out); i++) {
    double most = (s->out_bf16 ? ldexp(fabs((double)want[i]), -8) : 0) + 2e-5 * scale;
    if (fabs((double)got[i] - (double)want[i]) <= most) continue; /* NaN goes on */
    fail_msg("kernel %s of %s: element %d is %g, want %g", k->name, s->op->name, (int)i,
             (double)got[i], (double)want[i]);
  }
}

static void check_operands(const op_kernel *k, const op_site *s, const operand *x,
                           const float *want) {
  int64_t n = tg_count(s->out);
  float *got = allocate((size_t)n * sizeof *got);
  uint16_t *narrow = allocate((size_t)n * sizeof *narrow);
  run_kernel(k, s, x, s->out_bf16 ? (void *)narrow : got);
  if (s->out_bf16) bf16_widen_piece(n, narrow, got);
  assert_near(k, s, got, want);
  free(got);
  free(narrow);
}

/* One operand after the other as bfloat16, then all of them. */
static int check_kernel(const op_kernel *k, const op_site *floats) {
  operand x[OP_MAX_INPUTS];
  for (int i = 0; i < floats->n; i++) x[i] = make_operand(tg_count(floats->in[i]), (uint64_t)i);
  float *want = allocate((size_t)tg_count(floats->out) * sizeof *want);
  run_kernel(k, floats, x, want);
  op_site all = *floats;
  int taken = 0;
  for (int i = -1; i < floats->n; i++) {
    if (!k->takes_bf16(floats, i)) continue;
    op_site one = *floats;
    *(i < 0 ? &one.out_bf16 : &one.in_bf16[i]) = true;
    *(i < 0 ? &all.out_bf16 : &all.in_bf16[i]) = true;
    check_operands(k, &one, x, want);
    taken++;
  }
  check_operands(k, &all, x, want);
  for (int i = 0; i < floats->n; i++) {
    free(x[i].wide);
    free(x[i].narrow);
  }
  free(want);
  return taken;
}

static int check_site(op_site s) {
  char why[200];
  int taken = 0;
  if (!s.op->shape(&s, &s.out, why, sizeof why)) fail_msg("%s: %s", s.op->name, why);
  s.bf16 = true;
  for (const op_kernel *const *k = s.op->cpu; *k; k++) {
    bool applies = (*k)->applies ? (*k)->applies(&s) : !op_fused(&s);
    if (applies && (*k)->takes_bf16) taken += check_kernel(*k, &s);
  }
  return taken;
}

static op_site conv_site(const op *o, tg_shape a, tg_shape b, int stride, int pad,
                         tg_shape wanted) {
  return (op_site){.op = o, .n = 2, .in = {a, b}, .attr = {.i = {stride, pad}, .shape = wanted}};
}

/* A convolution of each kernel, its adjoints, and with bias and activation; how many took it. */
static int check_conv(tg_shape x, tg_shape w, tg_shape y, int stride, int pad) {
  op_site fused = conv_site(&op_conv, x, w, stride, pad, x);
  fused.fusion = (op_fusion){.bias = true, .activation = OP_LEAKY_RELU, .slope = 0.1};
  fused.in[fused.n++] = tg_shape4(1, 1, 1, y.d[3]);
  assert_true(check_site(conv_site(&op_conv, x, w, stride, pad, x)) > 0);
  assert_true(check_site(fused) > 0);
  return (check_site(conv_site(&op_conv_dx, y, w, stride, pad, x)) > 0) +
         (check_site(conv_site(&op_conv_dw, x, y, stride, pad, w)) > 0);
}

static void test_convolutions(void **state) {
  (void)state;
  if (!tg_has_bf16()) skip();
  assert_int_equal(
      check_conv(tg_shape4(6, 9, 7, 40), tg_shape4(3, 3, 40, 33), tg_shape4(6, 9, 7, 33), 1, 1), 2);
  assert_int_equal(
      check_conv(tg_shape4(3, 16, 14, 32), tg_shape4(4, 4, 32, 64), tg_shape4(3, 8, 7, 64), 2, 1),
      2);
  assert_int_equal(
      check_conv(tg_shape4(2, 12, 12, 16), tg_shape4(7, 7, 16, 3), tg_shape4(2, 12, 12, 3), 1, 3),
      2);
  assert_int_equal(
      check_conv(tg_shape4(2, 12, 12, 5), tg_shape4(7, 7, 5, 16), tg_shape4(2, 12, 12, 16), 1, 3),
      2);
  assert_int_equal(
      check_conv(tg_shape4(1, 32, 32, 64), tg_shape4(3, 3, 64, 64), tg_shape4(1, 32, 32, 64), 1, 1),
      2);
  /* Where a kernel of oneDNN's is wrong in conv_dx or conv_dw, none takes bfloat16 there. */
  assert_int_equal(
      check_conv(tg_shape4(3, 6, 5, 28), tg_shape4(1, 1, 28, 65), tg_shape4(3, 6, 5, 65), 1, 0), 1);
  assert_int_equal(
      check_conv(tg_shape4(2, 8, 8, 20), tg_shape4(1, 1, 20, 48), tg_shape4(2, 8, 8, 48), 1, 0), 2);
  assert_int_equal(
      check_conv(tg_shape4(4, 12, 12, 6), tg_shape4(1, 1, 6, 10), tg_shape4(4, 6, 6, 10), 2, 0), 1);
  assert_int_equal(
      check_conv(tg_shape4(5, 10, 1, 52), tg_shape4(3, 3, 52, 35), tg_shape4(5, 5, 1, 35), 2, 1),
      1);
}

/* Operands of the norm family; extra: a residual after them. */
static op_site norm_site(const op *o, tg_shape image, bool residual, bool gate) {
  tg_shape pair = tg_shape4(image.d[0], 1, 2, image.d[3]), vector = tg_shape4(1, 1, 1, image.d[3]);
  op_site s = {.op = o, .n = o->inputs, .in = {image}, .attr.f = {1e-5}};
  s.fusion = (op_fusion){.residual = residual, .gate = gate, .slope = 0.1};
  if (o == &op_norm) memcpy(s.in + 1, (tg_shape[]){pair, vector, vector}, 3 * sizeof pair);
  if (o == &op_norm_sums) memcpy(s.in + 1, (tg_shape[]){pair, image}, 2 * sizeof pair);
  if (o == &op_norm_dx) memcpy(s.in + 1, (tg_shape[]){pair, vector, image, pair}, 4 * sizeof pair);
  if (residual) s.in[s.n++] = image;
  if (gate && o == &op_norm_sums) s.in[s.n++] = vector;
  if (gate) s.in[s.n++] = vector;
  return s;
}

static void test_norms(void **state) {
  (void)state;
  static const tg_shape image[] = {
      {{2, 5, 7, 3}}, {{3, 9, 9, 16}}, {{1, 16, 12, 40}}, {{2, 4, 4, 700}}};
  for (size_t i = 0; i < sizeof image / sizeof *image; i++) {
    assert_int_equal(check_site(norm_site(&op_norm_stats, image[i], false, false)), 1);
    assert_int_equal(check_site(norm_site(&op_norm, image[i], false, false)), 2);
    assert_int_equal(check_site(norm_site(&op_norm, image[i], true, false)), 3);
    assert_int_equal(check_site(norm_site(&op_norm_sums, image[i], false, false)), 2);
    assert_int_equal(check_site(norm_site(&op_norm_sums, image[i], false, true)), 2);
    assert_int_equal(check_site(norm_site(&op_norm_dx, image[i], false, true)), 3);
    assert_int_equal(check_site(norm_site(&op_norm_dx, image[i], true, false)), 4);
  }
}

static void test_sums(void **state) {
  (void)state;
  op_site s = {.op = &op_sum_to, .n = 1, .in = {tg_shape4(5, 9, 11, 7)}};
  s.attr.shape = tg_shape4(1, 1, 1, 7);
  assert_int_equal(check_site(s), 1);
  s.in[0] = tg_shape4(3, 40, 40, 600), s.attr.shape = tg_shape4(3, 1, 1, 600);
  assert_int_equal(check_site(s), 1);
}

/* ---- plans ---------------------------------------------------------------------------------- */

enum { LAYERS = 8 };

typedef struct model {
  tg_graph *graph;
  tg_value x, loss, gradient[LAYERS];
} model;

/* Convolutions and norms in turn, every other one with a residual, and the mean square of what
 * comes out. */
static model make_model(void) {
  model m = {.graph = tg_graph_new()};
  tg_graph *g = m.graph;
  tg_value y = m.x = tg_input(g, "x", tg_shape4(8, 32, 32, 32));
  tg_value gamma = tg_param(g, "gamma", tg_shape4(1, 1, 1, 32)), w[LAYERS];
  tg_value beta = tg_param(g, "beta", tg_shape4(1, 1, 1, 32));
  for (int i = 0; i < LAYERS; i++) {
    char name[] = {(char)('a' + i), 0};
    w[i] = tg_param(g, name, tg_shape4(3, 3, 32, 32));
    tg_value normed = tg_instance_norm(g, tg_conv(g, y, w[i], 1, 1), gamma, beta, 1e-5);
    y = i % 2 ? tg_add(g, normed, y) : tg_relu(g, normed);
  }
  m.loss = tg_mean(g, tg_mul(g, y, y));
  tg_gradient(g, m.loss, TG_NONE, LAYERS, w, m.gradient);
  return m;
}

/* The loss and the gradients, one after the other. */
static float *run_model(const model *m, const tg_plan_options *o, int64_t *n, size_t *bytes) {
  tg_store *store = tg_store_new(tg_device_cpu());
  tg_value out[1 + LAYERS] = {m->loss};
  memcpy(out + 1, m->gradient, sizeof m->gradient);
  tg_plan *plan;
  if (tg_plan_new(m->graph, store, 1 + LAYERS, out, o, &plan)) fail_msg("%s", tg_message());
  for (int i = 0; i < tg_store_size(store); i++) {
    int64_t count = tg_count(tg_store_shape(store, i));
    float *w = allocate((size_t)count * sizeof *w);
    for (int64_t k = 0; k < count; k++)
      w[k] = random_uniform(3, (uint64_t)i, 0, (uint64_t)k) - 0.3f;
    tg_store_write(store, i, w);
    free(w);
  }
  float *x = tg_plan_data(plan, m->x), *result = NULL;
  for (int64_t k = 0; k < tg_count(tg_shape_of(m->graph, m->x)); k++)
    x[k] = 2 * random_uniform(4, 0, 0, (uint64_t)k) - 1;
  assert_int_equal(tg_plan_run(plan, 0), 0);
  *n = 0;
  *bytes = tg_plan_bytes(plan);
  for (int i = 0; i < 1 + LAYERS; i++) {
    int64_t count = tg_count(tg_shape_of(m->graph, out[i]));
    result = realloc(result, (size_t)(*n + count) * sizeof *result);
    assert_non_null(result);
    memcpy(result + *n, tg_plan_data(plan, out[i]), (size_t)count * sizeof *result);
    *n += count;
  }
  tg_plan_free(plan);
  tg_store_free(store);
  return result;
}

/* Half the memory between the layers, and results that differ by no more than rounding does. */
static void test_plan(void **state) {
  (void)state;
  if (!tg_has_bf16()) skip();
  model m = make_model();
  int64_t n;
  size_t bytes, narrow_bytes;
  float *want = run_model(&m, &(tg_plan_options){0}, &n, &bytes);
  float *got = run_model(&m, &(tg_plan_options){.bf16 = true}, &n, &narrow_bytes);
  double difference = 0, norm = 0;
  for (int64_t i = 0; i < n; i++) {
    difference += pow((double)got[i] - (double)want[i], 2);
    norm += pow((double)want[i], 2);
  }
  double error = sqrt(difference / norm);
  if (narrow_bytes > bytes * 3 / 4) fail_msg("%zu bytes, %zu in floats", narrow_bytes, bytes);
  if (!(error > 0 && error < 0.03)) fail_msg("the results differ by %g of their size", error);
  free(want);
  free(got);
  tg_graph_free(m.graph);
}

/* What is computed again is rounded as it was before. */
static void test_recomputed(void **state) {
  (void)state;
  if (!tg_has_bf16()) skip();
  model m = make_model();
  int64_t n;
  size_t bytes, fewer;
  float *want = run_model(&m, &(tg_plan_options){.bf16 = true}, &n, &bytes);
  size_t limit = bytes - bytes / 10;
  float *got = run_model(&m, &(tg_plan_options){.bf16 = true, .memory = limit}, &n, &fewer);
  assert_true(fewer <= limit);
  assert_memory_equal(got, want, (size_t)n * sizeof *got);
  free(want);
  free(got);
  tg_graph_free(m.graph);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_convolutions), cmocka_unit_test(test_norms),
      cmocka_unit_test(test_sums), cmocka_unit_test(test_plan), cmocka_unit_test(test_recomputed)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
