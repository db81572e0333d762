/* Pointwise operators, chains of them, sums, repeats and moves: the float kernels against the
 * definitions in double, chains against their steps one by one, bit for bit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bf16.h"
#include "chain.h"
#include "random.h"

static float noise(uint64_t stream, int64_t i) {
  return 4 * random_uniform(7, stream, 0, (uint64_t)i) - 2;
}

static float *new_noise(uint64_t stream, int64_t n) {
  float *x = malloc((size_t)n * sizeof *x);
  for (int64_t i = 0; i < n; i++) x[i] = noise(stream, i);
  return x;
}

static double *widen(const float *x, int64_t n) {
  double *y = malloc((size_t)n * sizeof *y);
  for (int64_t i = 0; i < n; i++) y[i] = (double)x[i];
  return y;
}

/* Runs the first kernel that applies. */
static void run_kernel(const op_site *s, op_buffers *b) {
  const op_kernel *const *k = s->op->cpu;
  while ((*k)->applies && !(*k)->applies(s)) k++;
  void *state = NULL;
  size_t scratch = 0;
  if ((*k)->prepare) assert_int_equal((*k)->prepare(s, &state, &scratch), 0);
  b->scratch = scratch ? aligned_alloc(64, (scratch + 63) / 64 * 64) : NULL;
  assert_int_equal((*k)->run(s, state, b), 0);
  free(b->scratch);
}

/* The float result of a site, newly allocated. */
static float *compute(const op_site *s, const float *const *in) {
  float *y = malloc((size_t)tg_count(s->out) * sizeof *y);
  op_buffers b = {.out = {y}};
  for (int i = 0; i < s->n; i++) b.in[i] = in[i];
  run_kernel(s, &b);
  return y;
}

static double *define(const op_site *s, const float *const *in) {
  double *y = malloc((size_t)tg_count(s->out) * sizeof *y), *wide[2];
  op_buffers b = {.out = {y}};
  for (int i = 0; i < s->n; i++) b.in[i] = wide[i] = widen(in[i], tg_count(s->in[i]));
  s->op->reference(s, &b);
  for (int i = 0; i < s->n; i++) free(wide[i]);
  return y;
}

/* Fills in the output shape by the operator's rule. */
static op_site make_site(const op *o, tg_shape x, tg_shape y, op_attr attr) {
  op_site s = {.op = o, .n = o->inputs, .in = {x, y}, .attr = attr};
  char why[256] = "";
  if (!o->shape(&s, &s.out, why, sizeof why)) print_error("%s: %s\n", o->name, why);
  return s;
}

/* Largest difference relative to max(1, |definition|). */
static double compare(const op_site *s, const float *const *in) {
  float *y = compute(s, in);
  double *d = define(s, in), worst = 0;
  for (int64_t i = 0; i < tg_count(s->out); i++) {
    double e = fabs((double)y[i] - d[i]) / fmax(1, fabs(d[i]));
    if (!(e <= worst)) worst = e;
  }
  free(y);
  free(d);
  return worst;
}

/* ---- pointwise operators ------------------------------------------------------------------ */

static const op *const pointwise[] = {
    &op_add,  &op_sub, &op_mul, &op_div,  &op_max, &op_affine, &op_leaky_relu, &op_leaky_relu_dx,
    &op_tanh, &op_exp, &op_log, &op_sqrt, &op_abs, &op_sign,   &op_positive};
enum { POINTWISE = sizeof pointwise / sizeof *pointwise };

static bool needs_positive(const op *o) { return o == &op_log || o == &op_sqrt; }

static void pointwise_matches_definition(void **state) {
  (void)state;
  const tg_shape shapes[] = {{{1, 1, 1, 1}}, {{1, 1, 1, 7}}, {{3, 5, 7, 11}}, {{2, 33, 31, 17}}};
  for (int o = 0; o < POINTWISE; o++) {
    for (int k = 0; k < 4; k++) {
      int64_t n = tg_count(shapes[k]);
      float *x = new_noise(1, n), *y = new_noise(2, n);
      for (int64_t i = 0; needs_positive(pointwise[o]) && i < n; i++) x[i] = fabsf(x[i]) + 0.01f;
      for (int64_t i = 0; i < n; i += 13) x[i] = 0.5f; /* and ties: */
      for (int64_t i = 0; i < n; i += 26) y[i] = 0.5f;
      op_site s = make_site(pointwise[o], shapes[k], shapes[k], (op_attr){.f = {0.3, -0.7}});
      double worst = compare(&s, (const float *const[]){x, y});
      if (worst > 5e-7) fail_msg("%s differs by %g", pointwise[o]->name, worst);
      free(x);
      free(y);
    }
  }
}

static float at_point(const op *o, float x, float y, double f0, double f1) {
  tg_shape one = tg_scalar();
  op_site s = make_site(o, one, one, (op_attr){.f = {f0, f1}});
  float *r = compute(&s, (const float *const[]){&x, &y}), value = r[0];
  double *d = define(&s, (const float *const[]){&x, &y}), wide = d[0];
  assert_true((isnan(value) && isnan(wide)) ||
              (value > 0) - (value < 0) == (wide > 0) - (wide < 0));
  free(r);
  free(d);
  return value;
}

static void pointwise_at_special_points(void **state) {
  (void)state;
  assert_true(isnan(at_point(&op_tanh, NAN, 0, 0, 0)));
  assert_true(isnan(at_point(&op_max, NAN, 1, 0, 0)));
  assert_true(isnan(at_point(&op_max, 1, NAN, 0, 0)));
  assert_true(isnan(at_point(&op_leaky_relu, NAN, 0, 0.01, 0)));
  assert_true(isnan(at_point(&op_sqrt, -1, 0, 0, 0)));
  assert_true(at_point(&op_tanh, INFINITY, 0, 0, 0) == 1);
  assert_true(at_point(&op_tanh, -INFINITY, 0, 0, 0) == -1);
  assert_true(at_point(&op_tanh, 100, 0, 0, 0) == 1);
  assert_true(fabsf(at_point(&op_tanh, 1e-20f, 0, 0, 0) / 1e-20f - 1) < 4e-7f);
  assert_true(at_point(&op_sign, 0, 0, 0, 0) == 0);
  assert_true(at_point(&op_sign, -3, 0, 0, 0) == -1);
  assert_true(at_point(&op_positive, 0, 0, 0, 0) == 0);
  assert_true(at_point(&op_positive, 1e-30f, 0, 0, 0) == 1);
  assert_true(at_point(&op_leaky_relu, -2, 0, 0.5, 0) == -1);
  assert_true(at_point(&op_leaky_relu_dx, 0, 8, 0.5, 0) == 4);
  assert_true(at_point(&op_affine, 3, 0, 2, 1) == 7);
  assert_true(isinf(at_point(&op_log, 0, 0, 0, 0)));
}

static void tanh_is_accurate(void **state) {
  (void)state;
  tg_shape shape = tg_shape4(1, 1, 1, 200001);
  float *x = malloc((size_t)tg_count(shape) * sizeof *x);
  for (int i = 0; i <= 200000; i++) x[i] = (float)(i - 100000) * 1e-4f;
  op_site s = make_site(&op_tanh, shape, shape, (op_attr){0});
  assert_true(compare(&s, (const float *const[]){x}) < 4e-7);
  float *y = compute(&s, (const float *const[]){x});
  for (int i = 0; i <= 200000; i++) assert_true(fabsf(y[i]) <= 1 && y[i] == -y[200000 - i]);
  free(y);
  free(x);
}

/* ---- chains ------------------------------------------------------------------------------- */

static tg_shape shape_by_mask(tg_shape s, unsigned mask) {
  for (int k = 0; k < 4; k++) {
    if (mask >> k & 1) s.d[k] = 1;
  }
  return s;
}

static float *repeat(const float *x, tg_shape from, tg_shape to) {
  float *y = malloc((size_t)tg_count(to) * sizeof *y);
  for (int64_t i = 0; i < tg_count(to); i++) {
    int64_t at[4], rest = i;
    for (int k = 3; k >= 0; rest /= to.d[k--]) at[k] = rest % to.d[k] % from.d[k];
    y[i] = x[op_at(&from, at[0], at[1], at[2], at[3])];
  }
  return y;
}

/* A chain of random steps on random operands; the first input has the full shape. */
static chain random_chain(tg_shape shape, uint64_t seed) {
  static const op *const tame[] = {&op_add,        &op_sub,           &op_mul,  &op_max, &op_affine,
                                   &op_leaky_relu, &op_leaky_relu_dx, &op_tanh, &op_abs, &op_sign};
  uint32_t draw = 0;
#define DRAW(n) (int)random_below(seed, 3, 0, draw++, (uint64_t)(n))
  chain c = {.shape = shape};
  c.inputs = 1 + DRAW(OP_MAX_INPUTS);
  c.steps = 1 + DRAW(CHAIN_MAX_STEPS);
  for (int i = 0; i < c.inputs; i++) c.input[i] = shape_by_mask(shape, i ? (unsigned)DRAW(16) : 0);
  for (int i = 0; i < c.steps; i++) {
    chain_step *s = &c.step[i];
    *s = (chain_step){.op = tame[DRAW(10)], .attr = {.f = {0.4, 0.1}}};
    for (int k = 0; k < s->op->inputs; k++) s->in[k] = DRAW(c.inputs + i);
  }
  for (int i = c.steps; i-- > 0 && c.outputs < OP_MAX_OUTPUTS;) {
    if (i == c.steps - 1 || DRAW(4) == 0) c.output[c.outputs++] = c.inputs + i;
  }
#undef DRAW
  return c;
}

/* Every register of the chain, one operator at a time; reg[i] newly allocated. */
static void run_steps(const chain *c, const float *const *in, float **reg) {
  for (int i = 0; i < c->inputs; i++) reg[i] = repeat(in[i], c->input[i], c->shape);
  for (int i = 0; i < c->steps; i++) {
    const chain_step *s = &c->step[i];
    op_site site = make_site(s->op, c->shape, c->shape, s->attr);
    reg[c->inputs + i] = compute(&site, (const float *const[]){reg[s->in[0]], reg[s->in[1]]});
  }
}

static void check_chain(tg_shape shape, uint64_t seed, bool in_place) {
  chain c = random_chain(shape, seed);
  size_t bytes = (size_t)tg_count(shape) * sizeof(float);
  float *in[OP_MAX_INPUTS], *out[OP_MAX_OUTPUTS], *reg[OP_MAX_INPUTS + CHAIN_MAX_STEPS];
  for (int i = 0; i < c.inputs; i++) in[i] = new_noise(seed + (uint64_t)i, tg_count(c.input[i]));
  run_steps(&c, (const float *const *)in, reg);
  int shared =
      in_place ? (int)(seed / 4) % c.outputs : -1; /* the output in the first input's memory */
  for (int k = 0; k < c.outputs; k++) out[k] = k == shared ? in[0] : malloc(bytes);
  chain_run(&c, (const void *const *)in, (void *const *)out);
  for (int k = 0; k < c.outputs; k++) assert_true(memcmp(out[k], reg[c.output[k]], bytes) == 0);
  for (int k = 0; k < c.outputs; k++) {
    if (k != shared) free(out[k]);
  }
  for (int i = 0; i < c.inputs; i++) free(in[i]);
  for (int i = 0; i < c.inputs + c.steps; i++) free(reg[i]);
}

/* Rounds x to bfloat16: in place, and to a copy of its own. */
static uint16_t *round_both(float *x, int64_t n) {
  uint16_t *y = malloc((size_t)n * sizeof *y);
  bf16_round_piece(n, x, y);
  bf16_widen_piece(n, y, x);
  return y;
}

/* Operands and results that are stored as bfloat16: the same numbers, rounded. */
static void check_bf16_chain(tg_shape shape, uint64_t seed) {
  chain c = random_chain(shape, seed);
  int64_t n = tg_count(shape);
  float *in[OP_MAX_INPUTS], *reg[OP_MAX_INPUTS + CHAIN_MAX_STEPS];
  void *stored[OP_MAX_INPUTS], *out[OP_MAX_OUTPUTS];
  for (int i = 0; i < c.inputs; i++) {
    stored[i] = in[i] = new_noise(seed + (uint64_t)i, tg_count(c.input[i]));
    c.in_bf16[i] = tg_same_shape(c.input[i], shape) && (seed >> i) % 2 == 0;
    if (c.in_bf16[i]) stored[i] = round_both(in[i], n);
  }
  run_steps(&c, (const float *const *)in, reg);
  for (int k = 0; k < c.outputs; k++) {
    c.out_bf16[k] = (seed >> k) % 3 != 0;
    out[k] = malloc((size_t)n * sizeof(float));
  }
  chain_run(&c, (const void *const *)stored, out);
  for (int k = 0; k < c.outputs; k++) {
    float *want = reg[c.output[k]];
    uint16_t *rounded = c.out_bf16[k] ? round_both(want, n) : NULL;
    if (rounded)
      assert_memory_equal(out[k], rounded, (size_t)n * sizeof *rounded);
    else
      assert_memory_equal(out[k], want, (size_t)n * sizeof *want);
    free(rounded);
    free(out[k]);
  }
  for (int i = 0; i < c.inputs; i++) {
    if (stored[i] != in[i]) free(stored[i]);
    free(in[i]);
  }
  for (int i = 0; i < c.inputs + c.steps; i++) free(reg[i]);
}

static void bf16_chain_equals_its_steps(void **state) {
  (void)state;
  const tg_shape shapes[] = {{{1, 1, 1, 1}}, {{2, 3, 5, 7}}, {{3, 9, 8, 64}}, {{5, 32, 32, 10}}};
  for (uint64_t seed = 0; seed < 120; seed++) check_bf16_chain(shapes[seed % 4], seed);
}

static void chain_equals_its_steps(void **state) {
  (void)state;
  const tg_shape shapes[] = {{{1, 1, 1, 1}},  {{2, 3, 5, 7}},    {{4, 16, 16, 3}},
                             {{3, 9, 8, 64}}, {{2, 1, 1, 3000}}, {{5, 32, 32, 10}}};
  for (uint64_t seed = 0; seed < 240; seed++) check_chain(shapes[seed % 6], seed, seed % 4 >= 2);
}

/* ---- broadcast and sum_to ----------------------------------------------------------------- */

static const tg_shape sums[] = {{{3, 5, 7, 9}},    {{2, 40, 41, 3}}, {{1, 130, 130, 1}},
                                {{4, 6, 6, 1030}}, {{300, 1, 1, 5}}, {{2, 1, 9000, 2}}};

static void broadcast_and_sum_match_definition(void **state) {
  (void)state;
  for (unsigned i = 0; i < 6 * 16; i++) {
    tg_shape full = sums[i / 16], part = shape_by_mask(full, i % 16);
    float *x = new_noise(i, tg_count(full));
    op_site sum = make_site(&op_sum_to, full, full, (op_attr){.shape = part});
    double worst = compare(&sum, (const float *const[]){x});
    if (worst > 1e-7) fail_msg("sum %u differs by %g", i, worst);
    op_site broadcast = make_site(&op_broadcast, part, part, (op_attr){.shape = full});
    assert_true(compare(&broadcast, (const float *const[]){x}) == 0);
    float *expected = repeat(x, part, full);
    double *defined = define(&broadcast, (const float *const[]){x});
    for (int64_t k = 0; k < tg_count(full); k++) assert_true((double)expected[k] == defined[k]);
    free(expected);
    free(defined);
    free(x);
  }
}

/* <broadcast(x), y> = <x, sum_to(y)>: in double to rounding. */
static void sum_is_adjoint_of_broadcast(void **state) {
  (void)state;
  for (unsigned mask = 0; mask < 16; mask++) {
    tg_shape full = sums[0], part = shape_by_mask(full, mask);
    float *x = new_noise(1, tg_count(part)), *y = new_noise(2, tg_count(full));
    op_site up = make_site(&op_broadcast, part, part, (op_attr){.shape = full});
    op_site down = make_site(&op_sum_to, full, full, (op_attr){.shape = part});
    double *wide = define(&up, (const float *const[]){x});
    double *sum = define(&down, (const float *const[]){y}), left = 0, right = 0;
    for (int64_t i = 0; i < tg_count(full); i++) left += wide[i] * (double)y[i];
    for (int64_t i = 0; i < tg_count(part); i++) right += sum[i] * (double)x[i];
    assert_true(fabs(left - right) < 1e-9);
    free(wide);
    free(sum);
    free(x);
    free(y);
  }
}

static void sum_does_not_depend_on_threads(void **state) {
  (void)state;
  for (unsigned i = 0; i < 6 * 16; i++) {
    tg_shape full = sums[i / 16], part = shape_by_mask(full, i % 16);
    float *x = new_noise(i, tg_count(full));
    op_site s = make_site(&op_sum_to, full, full, (op_attr){.shape = part});
    tg_set_threads(1);
    float *one = compute(&s, (const float *const[]){x});
    tg_set_threads(3);
    float *three = compute(&s, (const float *const[]){x});
    tg_set_threads(0);
    assert_true(memcmp(one, three, (size_t)tg_count(part) * sizeof(float)) == 0);
    free(one);
    free(three);
    free(x);
  }
}

static void sum_of_many_is_exact(void **state) {
  (void)state;
  tg_shape full = tg_shape4(100, 100, 100, 1);
  float *x = malloc((size_t)tg_count(full) * sizeof *x);
  for (int64_t i = 0; i < tg_count(full); i++) x[i] = 0.1f;
  op_site s = make_site(&op_sum_to, full, full, (op_attr){.shape = tg_scalar()});
  float *y = compute(&s, (const float *const[]){x});
  assert_true(y[0] == (float)(1000000 * (double)0.1f));
  free(x);
  free(y);
}

/* ---- slice, pad, concat ------------------------------------------------------------------- */

/* Element i of the row-major tensor moved along axis by `by` into shape `to`; -1: outside. */
static int64_t moved(tg_shape from, tg_shape to, int64_t i, int axis, int64_t by) {
  int64_t at[4], rest = i;
  for (int k = 3; k >= 0; rest /= from.d[k--]) at[k] = rest % from.d[k];
  at[axis] += by;
  if (at[axis] < 0 || at[axis] >= to.d[axis]) return -1;
  return op_at(&to, at[0], at[1], at[2], at[3]);
}

static void check_moves(tg_shape shape, int axis) {
  int64_t total = shape.d[axis], first = total / 3, count = (total + 1) / 2;
  tg_shape part = shape;
  part.d[axis] = count;
  float *x = new_noise(1, tg_count(shape)), *y = new_noise(2, tg_count(part));
  op_site slice = make_site(&op_slice, shape, shape, (op_attr){.i = {axis, first}, .shape = part});
  op_site pad = make_site(&op_pad, part, part, (op_attr){.i = {axis, first}, .shape = shape});
  op_site concat = make_site(&op_concat, part, shape, (op_attr){.i = {axis}});
  float *cut = compute(&slice, (const float *const[]){x});
  float *padded = compute(&pad, (const float *const[]){y});
  float *both = compute(&concat, (const float *const[]){y, x});
  double filled = 0;
  for (int64_t i = 0; i < tg_count(part); i++) {
    assert_true(cut[i] == x[moved(part, shape, i, axis, first)]);
    assert_true(padded[moved(part, shape, i, axis, first)] == y[i]);
    assert_true(both[moved(part, concat.out, i, axis, 0)] == y[i]);
    filled += fabs((double)y[i]);
  }
  for (int64_t i = 0; i < tg_count(shape); i++) {
    assert_true(both[moved(shape, concat.out, i, axis, count)] == x[i]);
    filled -= fabs((double)padded[i]);
  }
  assert_true(fabs(filled) < 1e-9 * (double)tg_count(shape)); /* all else is zero */
  assert_true(compare(&slice, (const float *const[]){x}) == 0);
  assert_true(compare(&pad, (const float *const[]){y}) == 0);
  assert_true(compare(&concat, (const float *const[]){y, x}) == 0);
  free(x);
  free(y);
  free(cut);
  free(padded);
  free(both);
}

static void moves_match_loops(void **state) {
  (void)state;
  for (int axis = 0; axis < 4; axis++) {
    check_moves(tg_shape4(2, 3, 5, 7), axis);
    check_moves(tg_shape4(9, 40, 41, 6), axis);
    check_moves(tg_shape4(3, 1, 1, 70000), axis);
    check_moves(tg_shape4(1, 1, 1, 1), axis);
  }
}

/* ---- uniform ------------------------------------------------------------------------------ */

static void uniform_is_the_stream(void **state) {
  (void)state;
  enum { N = 20002 };
  op_site s = {.op = &op_uniform, .attr = {.name = "mix", .shape = {{1, 1, 2, N / 2}}}};
  char why[256];
  assert_true(s.op->shape(&s, &s.out, why, sizeof why));
  static float y[N], z[N];
  static double wide[N];
  op_buffers b = {.out = {y}, .seed = 5, .step = 9};
  run_kernel(&s, &b);
  s.op->reference(&s, &(op_buffers){.out = {wide}, .seed = 5, .step = 9});
  run_kernel(&s, &(op_buffers){.out = {z}, .seed = 5, .step = 10});
  double mean = 0, product = 0;
  for (int i = 0; i < N; i++) {
    assert_true(y[i] == random_uniform(5, random_stream("mix"), 9, (uint64_t)i));
    assert_true((double)y[i] == wide[i] && y[i] >= 0 && y[i] < 1);
    mean += wide[i] / N;
    product += (wide[i] - 0.5) * ((double)z[i] - 0.5) / N;
  }
  assert_true(fabs(mean - 0.5) < 0.01 && fabs(product) < 0.003);
}

/* ---- refusals ----------------------------------------------------------------------------- */

static void expect_refusal(tg_graph *g, tg_value v, const char *const part[3]) {
  assert_int_equal(v, TG_NONE);
  assert_non_null(tg_graph_failure(g));
  for (int i = 0; i < 3; i++) {
    if (!strstr(tg_graph_failure(g), part[i])) {
      fail_msg("'%s' does not say '%s'", tg_graph_failure(g), part[i]);
    }
  }
  assert_int_equal(tg_add(g, v, v), TG_NONE); /* the first failure sticks */
  assert_non_null(strstr(tg_graph_failure(g), part[0]));
  tg_graph_free(g);
}

static void impossible_shapes_are_refused(void **state) {
  (void)state;
  const tg_shape shape = {{2, 3, 4, 5}};
#define REFUSED(expression, ...)                                                                   \
  do {                                                                                             \
    tg_graph *g = tg_graph_new();                                                                  \
    tg_value x = tg_input(g, "x", shape), y = tg_input(g, "y", tg_shape4(2, 3, 1, 6));             \
    (void)x, (void)y;                                                                              \
    expect_refusal(g, expression, (const char *const[]){__VA_ARGS__});                             \
  } while (0)
  REFUSED(tg_add(g, x, y), "add", "2x3x4x5", "dimension c is 5 and 6");
  REFUSED(tg_broadcast(g, y, shape), "broadcast", "2x3x1x6", "dimension c is 6");
  REFUSED(tg_sum_to(g, x, tg_shape4(1, 3, 2, 5)), "sum_to", "2x3x4x5", "dimension w is 4");
  REFUSED(tg_reshape(g, x, tg_shape4(2, 3, 4, 6)), "reshape", "120", "2x3x4x6");
  REFUSED(tg_slice(g, x, 3, 3, 3), "slice", "3 elements from 3", "dimension c of 5");
  REFUSED(tg_slice(g, x, 4, 0, 1), "slice", "2x3x4x5", "axis 4");
  REFUSED(tg_slice(g, x, 1, INT64_MAX, 2), "slice", "2x3x4x5", "dimension h of 3");
  REFUSED(tg_slice(g, x, 1, -1, 2), "slice", "-1", "dimension h of 3");
  REFUSED(tg_pad(g, x, 2, 3, 6), "pad", "dimension w", "after 3 zeros in 6");
  REFUSED(tg_concat(g, x, y, 2), "concat", "dimension c is 5 and 6", "only w may differ");
  REFUSED(tg_input(g, "z", tg_shape4(1, 0, 1, 1)), "input", "dimension h of 'z'", "at least 1");
  REFUSED(tg_add(g, x, TG_NONE), "add", "operand", "missing");
  REFUSED(tg_mean(g, TG_NONE), "sum_to", "operand", "missing");
#undef REFUSED
}

static void trivial_uses_add_no_nodes(void **state) {
  (void)state;
  tg_graph *g = tg_graph_new();
  const tg_shape shape = {{2, 3, 4, 5}};
  tg_value x = tg_input(g, "x", shape);
  assert_int_equal(tg_affine(g, x, 1, 0), x);
  assert_int_equal(tg_reshape(g, x, shape), x);
  assert_int_equal(tg_broadcast(g, x, shape), x);
  assert_int_equal(tg_sum_to(g, x, shape), x);
  assert_int_equal(tg_slice(g, x, 1, 0, 3), x);
  assert_int_equal(tg_pad(g, x, 1, 0, 3), x);
  assert_null(tg_graph_failure(g));
  tg_graph_free(g);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pointwise_matches_definition),
      cmocka_unit_test(pointwise_at_special_points),
      cmocka_unit_test(tanh_is_accurate),
      cmocka_unit_test(chain_equals_its_steps),
      cmocka_unit_test(bf16_chain_equals_its_steps),
      cmocka_unit_test(broadcast_and_sum_match_definition),
      cmocka_unit_test(sum_is_adjoint_of_broadcast),
      cmocka_unit_test(sum_does_not_depend_on_threads),
      cmocka_unit_test(sum_of_many_is_exact),
      cmocka_unit_test(moves_match_loops),
      cmocka_unit_test(uniform_is_the_stream),
      cmocka_unit_test(impossible_shapes_are_refused),
      cmocka_unit_test(trivial_uses_add_no_nodes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
