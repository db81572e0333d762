/* test_graph.c: graphs and plans as a whole: random graphs planned fused, unfused and in double
 * give the same numbers; memory is shared, parameters are packed again after a change, failures say
 * why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"
#include "tg.h"

/* ---- helpers ------------------------------------------------------------------------------ */

static tg_plan *plan_of(tg_graph *g, tg_store *s, int n, const tg_value *outputs,
                        const tg_plan_options *o) {
  tg_plan *p;
  if (tg_plan_new(g, s, n, outputs, o, &p)) fail_msg("%s", tg_message());
  return p;
}

static double drawn(uint64_t seed, uint64_t stream, int64_t i) {
  return 2 * (double)random_uniform(seed, stream, 0, (uint64_t)i) - 1;
}

static void write_numbers(const tg_device *d, void *to, uint64_t stream, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    double x = drawn(1, stream, i);
    if (tg_device_element(d) == sizeof(float)) ((float *)to)[i] = (float)x;
    if (tg_device_element(d) == sizeof(double)) ((double *)to)[i] = (double)(float)x;
  }
}

static void write_params(tg_store *s, double scale) {
  for (int i = 0; i < tg_store_size(s); i++) {
    int64_t n = tg_count(tg_store_shape(s, i));
    float *x = calloc((size_t)n, sizeof *x);
    for (int64_t k = 0; k < n; k++)
      x[k] = (float)(scale * drawn(2, random_stream(tg_store_name(s, i)), k));
    tg_store_write(s, i, x);
    free(x);
  }
}

static double *read_output(const tg_device *d, const tg_graph *g, tg_plan *p, tg_value v) {
  const void *data = tg_plan_data(p, v);
  int64_t n = tg_count(tg_shape_of(g, v));
  double *x = calloc((size_t)n, sizeof *x);
  assert_non_null(data);
  for (int64_t i = 0; i < n; i++) {
    x[i] = tg_device_element(d) == sizeof(float) ? (double)((const float *)data)[i]
                                                 : ((const double *)data)[i];
  }
  return x;
}

/* ---- random graphs ------------------------------------------------------------------------ */

enum { MOST_VALUES = 48, OUTPUTS = 8 };

/* All values of a random graph have one shape, so that any can meet any. */
typedef struct random_graph {
  tg_graph *g;
  uint64_t seed, drawn;
  tg_value x, value[MOST_VALUES], param[2 * MOST_VALUES], output[OUTPUTS];
  int n, params, outputs;
} random_graph;

static const tg_shape SHAPE = {{2, 4, 6, 8}};

static int choose(random_graph *r, int n) {
  return (int)random_below(r->seed, random_stream("graph"), 0, r->drawn++, (uint64_t)n);
}

static tg_value any(random_graph *r) { return r->value[choose(r, r->n)]; }

static tg_value new_param(random_graph *r, tg_shape s) {
  char name[16];
  snprintf(name, sizeof name, "w%d", r->params);
  return r->param[r->params++] = tg_param(r->g, name, s);
}

static tg_value add_pointwise(random_graph *r) {
  tg_graph *g = r->g;
  tg_value a = any(r), b = any(r);
  switch (choose(r, 7)) {
  case 0:
    return tg_add(g, a, b);
  case 1:
    return tg_sub(g, a, b);
  case 2:
    return tg_mul(g, tg_tanh(g, a), b);
  case 3:
    return tg_affine(g, a, -0.5, 0.125);
  case 4:
    return tg_div(g, a, tg_affine(g, tg_mul(g, b, b), 1, 2));
  case 5:
    return tg_tanh(g, a);
  default:
    return tg_exp(g, tg_affine(g, tg_tanh(g, a), 0.5, 0));
  }
}

/* Convolution with some of bias, residual and activation behind it. */
static tg_value add_conv(random_graph *r) {
  tg_graph *g = r->g;
  tg_value y = tg_conv(g, any(r), new_param(r, tg_shape4(3, 3, 8, 8)), 1, 1);
  if (choose(r, 2)) y = tg_add(g, y, new_param(r, tg_shape4(1, 1, 1, 8)));
  if (choose(r, 3) == 0) y = tg_add(g, any(r), y);
  return choose(r, 2) ? tg_tanh(g, y) : y;
}

static tg_value add_down_up(random_graph *r) {
  tg_graph *g = r->g;
  tg_value w = new_param(r, tg_shape4(4, 4, 8, 8));
  tg_value half = tg_tanh(g, tg_conv(g, any(r), w, 2, 1));
  return tg_conv_dx(g, half, w, SHAPE, 2, 1);
}

static tg_value add_norm(random_graph *r) {
  tg_shape c = tg_shape4(1, 1, 1, 8);
  tg_value gamma = new_param(r, c), beta = new_param(r, c);
  tg_value y = tg_instance_norm(r->g, any(r), gamma, beta, 0.1);
  if (choose(r, 2)) y = tg_add(r->g, y, any(r));
  return choose(r, 2) ? tg_tanh(r->g, y) : y;
}

static tg_value add_broadcast(random_graph *r) {
  tg_graph *g = r->g;
  static const tg_shape small[] = {{{1, 1, 1, 1}}, {{2, 1, 1, 1}}, {{1, 1, 1, 8}},
                                   {{2, 1, 1, 8}}, {{1, 4, 6, 8}}, {{2, 4, 1, 1}}};
  tg_value part = tg_sum_to(g, any(r), small[choose(r, 6)]);
  part = tg_tanh(g, tg_affine(g, part, 0.1, 0));
  return choose(r, 2) ? tg_add(g, any(r), part) : tg_mul(g, part, any(r));
}

/* Slices of every axis, padded or concatenated back. */
static tg_value add_slice(random_graph *r) {
  tg_graph *g = r->g;
  tg_value a = any(r), b = any(r);
  int axis = choose(r, 4);
  int64_t total = SHAPE.d[axis], first = choose(r, (int)total), count = 1;
  count += choose(r, (int)(total - first));
  tg_value part = tg_slice(g, a, axis, first, count);
  if (choose(r, 2)) part = tg_affine(g, part, 2, 0);
  if (choose(r, 2) || count == total) return tg_pad(g, part, axis, first, total);
  return tg_concat(g, part, tg_slice(g, b, axis, 0, total - count), axis);
}

static tg_value add_reshape(random_graph *r) {
  tg_graph *g = r->g;
  tg_value y = tg_reshape(g, any(r), tg_shape4(8, 2, 1, 24));
  if (choose(r, 2)) y = tg_affine(g, y, 1, -0.25);
  return tg_reshape(g, choose(r, 3) ? y : tg_detach(g, y), SHAPE);
}

static void grow_graph(random_graph *r, int values) {
  tg_value (*const rule[])(random_graph *) = {add_pointwise, add_pointwise, add_pointwise,
                                              add_conv,      add_down_up,   add_norm,
                                              add_broadcast, add_slice,     add_reshape};
  r->value[r->n++] = r->x = tg_input(r->g, "x", SHAPE);
  r->value[r->n++] = tg_uniform(r->g, "noise", SHAPE);
  while (r->n < values) {
    tg_value v = rule[choose(r, (int)(sizeof rule / sizeof *rule))](r);
    r->value[r->n++] = v;
  }
}

/* Lists dx and the gradient of its square by the last parameters it depends on. */
static void choose_derivatives(random_graph *r, tg_value loss) {
  tg_graph *g = r->g;
  tg_value dx, dw[2 * MOST_VALUES];
  tg_gradient(g, loss, TG_NONE, 1, &r->x, &dx);
  if (dx == TG_NONE) return;
  r->output[r->outputs++] = dx;
  tg_value square = tg_sum_to(g, tg_mul(g, dx, dx), tg_scalar());
  tg_gradient(g, square, TG_NONE, r->params, r->param, dw);
  for (int i = r->params - 1; i >= 0 && r->outputs < OUTPUTS; i--) {
    if (dw[i] != TG_NONE) r->output[r->outputs++] = dw[i];
  }
}

static void make_random_graph(random_graph *r, uint64_t seed) {
  *r = (random_graph){.g = tg_graph_new(), .seed = seed};
  grow_graph(r, 4 + choose(r, MOST_VALUES - 4));
  for (int i = 0; i < 3; i++) r->output[r->outputs++] = any(r);
  tg_value last = tg_tanh(r->g, r->value[r->n - 1]), noise = tg_uniform(r->g, "loss", SHAPE);
  tg_value loss = tg_sum_to(r->g, tg_mul(r->g, last, noise), tg_scalar());
  r->output[r->outputs++] = loss;
  choose_derivatives(r, loss);
  if (tg_graph_failure(r->g)) fail_msg("seed %d: %s", (int)seed, tg_graph_failure(r->g));
}

typedef struct numbers {
  double *x[OUTPUTS];
} numbers;

static void free_numbers(numbers *a) {
  for (int i = 0; i < OUTPUTS; i++) free(a->x[i]);
}

/* Plans, runs twice (a run must not spoil the next) and reads the outputs. */
static numbers run_graph(const random_graph *r, const char *device, bool unfused) {
  numbers a = {{NULL}};
  const tg_device *d = tg_device_named(device);
  tg_store *s = tg_store_new(d);
  tg_plan *p = plan_of(r->g, s, r->outputs, r->output,
                       &(tg_plan_options){.seed = r->seed, .unfused = unfused});
  write_params(s, 0.25);
  void *x = tg_plan_data(p, r->x);
  if (x) write_numbers(d, x, random_stream("x"), tg_count(SHAPE));
  for (int run = 0; run < 2; run++) {
    assert_int_equal(tg_plan_run(p, 0), 0);
    for (int i = 0; i < r->outputs; i++) {
      double *y = read_output(d, r->g, p, r->output[i]);
      size_t bytes = (size_t)tg_count(tg_shape_of(r->g, r->output[i])) * sizeof *y;
      if (run && memcmp(y, a.x[i], bytes))
        fail_msg("seed %d, %s, unfused %d: output %d (value %d) changes in a second run",
                 (int)r->seed, device, unfused, i, (int)r->output[i]);
      free(a.x[i]);
      a.x[i] = y;
    }
  }
  tg_plan_free(p);
  tg_store_free(s);
  return a;
}

static double largest_of(const random_graph *r, const numbers *a, int i) {
  double largest = 0;
  for (int64_t k = 0; k < tg_count(tg_shape_of(r->g, r->output[i])); k++)
    largest = fmax(largest, fabs(a->x[i][k]));
  return largest;
}

/* Some derivatives are 0 but for rounding (of a bias before a norm): they are compared on the scale
 * of all derivatives, the outputs from the fourth on. */
static void compare(const random_graph *r, const numbers *want, const numbers *got,
                    const char *how) {
  double derivatives = 0;
  for (int i = 4; i < r->outputs; i++) derivatives = fmax(derivatives, largest_of(r, want, i));
  for (int i = 0; i < r->outputs; i++) {
    int64_t n = tg_count(tg_shape_of(r->g, r->output[i]));
    double scale = i < 4 ? largest_of(r, want, i) : derivatives, far = 0;
    for (int64_t k = 0; k < n; k++) far = fmax(far, fabs(want->x[i][k] - got->x[i][k]));
    if (far <= 1e-2 * scale + 1e-4) continue; /* false for NaN */
    fail_msg("seed %d, output %d (value %d), %s: differs by %g of %g", (int)r->seed, i,
             (int)r->output[i], how, far, scale);
  }
}

static void random_graphs_agree(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < 150; seed++) {
    random_graph r;
    tg_set_threads(seed % 8 ? 1 : 2); /* mostly one: two are slow on a busy machine */
    make_random_graph(&r, seed);
    numbers want = run_graph(&r, "reference", false);
    numbers unfused = run_graph(&r, "cpu", true), fused = run_graph(&r, "cpu", false);
    compare(&r, &want, &unfused, "unfused");
    compare(&r, &want, &fused, "fused");
    free_numbers(&want);
    free_numbers(&unfused);
    free_numbers(&fused);
    tg_graph_free(r.g);
  }
  tg_set_threads(0);
}

/* ---- what may be asked of a plan ---------------------------------------------------------- */

/* Inputs, parameters, constants, reshapes and slices are outputs as any other value. */
static void any_value_is_an_output(void **state) {
  (void)state;
  for (int fused = 0; fused < 2; fused++) {
    tg_graph *g = tg_graph_new();
    tg_store *s = tg_store_new(tg_device_cpu());
    tg_value x = tg_input(g, "x", tg_shape4(4, 1, 1, 8)), y = tg_affine(g, x, 2, 0);
    tg_value hidden = tg_affine(g, y, 1, 1), w = tg_param(g, "w", tg_shape4(1, 1, 1, 8));
    tg_value out[] = {x,
                      w,
                      tg_const(g, 3),
                      tg_reshape(g, y, tg_shape4(1, 1, 4, 8)),
                      tg_slice(g, y, 0, 2, 2),
                      tg_add(g, tg_mul(g, hidden, hidden), w)};
    tg_plan *p = plan_of(g, s, 6, out, &(tg_plan_options){.unfused = !fused});
    write_params(s, 0);
    float *in = tg_plan_data(p, x);
    for (int i = 0; i < 32; i++) in[i] = (float)i;
    assert_int_equal(tg_plan_run(p, 0), 0);
    assert_null(tg_plan_data(p, hidden));
    assert_null(tg_plan_data(p, TG_NONE));
    assert_null(tg_plan_data(p, 1000));
    assert_true(((float *)tg_plan_data(p, out[0]))[31] == 31);
    assert_true(((float *)tg_plan_data(p, out[1]))[7] == 0);
    assert_true(((float *)tg_plan_data(p, out[2]))[0] == 3);
    assert_true(((float *)tg_plan_data(p, out[3]))[31] == 62);
    assert_true(((float *)tg_plan_data(p, out[4]))[0] == 32);
    assert_true(((float *)tg_plan_data(p, out[5]))[31] == 63 * 63);
    tg_plan_free(p);
    tg_store_free(s);
    tg_graph_free(g);
  }
}

/* Equal nodes are one node. */
static void equal_nodes_are_shared(void **state) {
  (void)state;
  tg_graph *g = tg_graph_new();
  tg_value x = tg_input(g, "x", SHAPE);
  assert_int_equal(tg_tanh(g, x), tg_tanh(g, x));
  assert_int_equal(tg_affine(g, x, 2, 1), tg_affine(g, x, 2, 1));
  assert_int_not_equal(tg_affine(g, x, 2, 1), tg_affine(g, x, 2, 0));
  assert_int_equal(tg_param(g, "w", SHAPE), tg_param(g, "w", SHAPE));
  assert_int_not_equal(tg_uniform(g, "a", SHAPE), tg_uniform(g, "b", SHAPE));
  tg_graph_free(g);
}

/* Values whose lives do not meet share memory: a row of layers needs a few, not all. */
static void memory_is_shared(void **state) {
  (void)state;
  enum { LAYERS = 20 };
  tg_graph *g = tg_graph_new();
  tg_store *s = tg_store_new(tg_device_cpu());
  tg_shape shape = tg_shape4(4, 16, 16, 16);
  tg_value y = tg_input(g, "x", shape);
  size_t all = LAYERS * (size_t)tg_count(shape) * sizeof(float);
  for (int i = 0; i < LAYERS; i++) {
    char name[16];
    snprintf(name, sizeof name, "w%d", i);
    y = tg_tanh(g, tg_conv(g, y, tg_param(g, name, tg_shape4(3, 3, 16, 16)), 1, 1));
  }
  tg_plan *p = plan_of(g, s, 1, &y, NULL);
  if (tg_plan_bytes(p) > all / 4) fail_msg("%zu of %zu bytes", tg_plan_bytes(p), all);
  tg_plan_free(p);
  tg_store_free(s);
  tg_graph_free(g);
}

/* A gradient's memory is free again when its update has run, which is before the next layer's. */
static void updates_run_early(void **state) {
  (void)state;
  enum { LAYERS = 12, WIDTH = 64 };
  const tg_shape square = tg_shape4(1, 1, WIDTH, WIDTH);
  tg_graph *g = tg_graph_new();
  tg_value w[LAYERS], dw[LAYERS], y = tg_input(g, "x", tg_shape4(2, 1, 1, WIDTH));
  for (int i = 0; i < LAYERS; i++) {
    char name[16];
    snprintf(name, sizeof name, "w%d", i);
    w[i] = tg_param(g, name, square);
    y = tg_tanh(g, tg_matmul(g, y, w[i], false, false));
  }
  tg_gradient(g, tg_mean(g, y), TG_NONE, LAYERS, w, dw);
  for (int i = 0; i < LAYERS; i++) {
    w[i] = tg_adam(g, w[i], dw[i], tg_const(g, 0.1), tg_const(g, 1),
                   (tg_adam_options){0.9, 0.999, 1e-8, 0});
  }
  tg_store *s = tg_store_new(tg_device_cpu());
  tg_plan *p = plan_of(g, s, LAYERS, w, NULL);
  const size_t gradient = (size_t)tg_count(square) * sizeof(float);
  if (tg_plan_live_bytes(p) >= 3 * gradient) {
    fail_msg("%zu bytes are alive at once, a gradient is %zu", tg_plan_live_bytes(p), gradient);
  }
  tg_plan_free(p);
  tg_store_free(s);
  tg_graph_free(g);
}

/* ---- one store, two plans ----------------------------------------------------------------- */

typedef struct layer {
  tg_plan *plan;
  tg_value x, y;
} layer;

static layer plan_layer(tg_store *s, bool update) {
  layer l;
  tg_graph *g = tg_graph_new();
  tg_value w = tg_param(g, "w", tg_shape4(3, 3, 16, 16)), dw, out[2];
  l.x = tg_input(g, "x", tg_shape4(2, 8, 8, 16));
  l.y = out[0] = tg_tanh(g, tg_conv(g, l.x, w, 1, 1));
  if (update) {
    tg_gradient(g, tg_mean(g, tg_mul(g, l.y, l.y)), TG_NONE, 1, &w, &dw);
    out[1] = tg_adam(g, w, dw, tg_const(g, 0.05), tg_const(g, 1),
                     (tg_adam_options){0.9, 0.999, 1e-8, 0});
  }
  l.plan = plan_of(g, s, update ? 2 : 1, out, NULL);
  tg_graph_free(g);
  write_numbers(tg_device_cpu(), tg_plan_data(l.plan, l.x), 9, 2 * 8 * 8 * 16);
  return l;
}

/* What a new store with the same numbers gives. */
static void check_against_new_store(const tg_store *s, const layer *l) {
  tg_store *other = tg_store_new(tg_device_cpu());
  layer fresh = plan_layer(other, false);
  float w[3 * 3 * 16 * 16];
  tg_store_read(s, tg_store_find(s, "w"), w);
  tg_store_write(other, tg_store_find(other, "w"), w);
  assert_int_equal(tg_plan_run(fresh.plan, 0), 0);
  assert_memory_equal(tg_plan_data(l->plan, l->y), tg_plan_data(fresh.plan, fresh.y),
                      2 * 8 * 8 * 16 * sizeof(float));
  tg_plan_free(fresh.plan);
  tg_store_free(other);
}

/* An update by one plan, or a write, makes the other plan's packed weights stale. */
static void weights_are_packed_again(void **state) {
  (void)state;
  enum { N = 2 * 8 * 8 * 16 };
  tg_store *s = tg_store_new(tg_device_cpu());
  layer update = plan_layer(s, true), use = plan_layer(s, false);
  float before[N];
  write_params(s, 0.25);
  assert_int_equal(tg_plan_run(use.plan, 0), 0);
  memcpy(before, tg_plan_data(use.plan, use.y), sizeof before);
  check_against_new_store(s, &use);
  assert_int_equal(tg_plan_run(update.plan, 0), 0);
  assert_memory_equal(tg_plan_data(update.plan, update.y), before, sizeof before);
  assert_int_equal(tg_plan_run(use.plan, 1), 0);
  assert_int_not_equal(memcmp(tg_plan_data(use.plan, use.y), before, sizeof before), 0);
  check_against_new_store(s, &use);
  write_params(s, 0.5);
  assert_int_equal(tg_plan_run(use.plan, 2), 0);
  check_against_new_store(s, &use);
  tg_plan_free(update.plan);
  tg_plan_free(use.plan);
  tg_store_free(s);
}

/* ---- remembered kernels ------------------------------------------------------------------- */

/* y = x exp(w): exp(w) is computed anew after a change of w, from outside or by an update (with
 * momentum 1, w = x). */
static void fixed_values_follow_their_parameters(void **state) {
  (void)state;
  tg_graph *g = tg_graph_new();
  tg_value x = tg_input(g, "x", tg_shape4(1, 1, 1, 2)), w = tg_param(g, "w", tg_shape4(1, 1, 2, 1));
  tg_value y = tg_matmul(g, x, tg_exp(g, w), false, false);
  tg_value next = tg_average(g, w, tg_reshape(g, x, tg_shape_of(g, w)), 1);
  tg_store *s = tg_store_new(tg_device_cpu());
  tg_plan *look = plan_of(g, s, 1, &y, NULL);
  tg_plan *step = plan_of(g, s, 2, (tg_value[]){y, next}, NULL);
  tg_plan *both[] = {look, step, look, look, step, look};
  const double want[] = {4 * exp(0.5), 4 * exp(0.5), 4 * exp(2), 4, 4, 4 * exp(2)};
  tg_store_write(s, 0, (float[]){0.5, 0.5});
  for (int i = 0; i < 6; i++) {
    float *in = tg_plan_data(both[i], x), *out = tg_plan_data(both[i], y);
    in[0] = in[1] = 2;
    if (i == 3) tg_store_write(s, 0, (float[]){0, 0});
    assert_int_equal(tg_plan_run(both[i], (uint64_t)i), 0);
    if (!(fabs((double)out[0] - want[i]) < 1e-5)) fail_msg("run %d: %g", i, (double)out[0]);
  }
  tg_plan_free(look);
  tg_plan_free(step);
  tg_store_free(s);
  tg_graph_free(g);
}

static void measured_kernels_are_remembered(void **state) {
  (void)state;
  tg_kernels *k = tg_kernels_new();
  tg_graph *g = tg_graph_new();
  tg_store *s = tg_store_new(tg_device_cpu());
  tg_value x = tg_input(g, "x", tg_shape4(2, 16, 16, 16));
  tg_value y = tg_conv(g, x, tg_param(g, "w", tg_shape4(7, 7, 16, 3)), 1, 3);
  tg_plan_free(plan_of(g, s, 1, &y, &(tg_plan_options){.effort = TG_MEASURE, .kernels = k}));
  int n = tg_kernels_size(k);
  assert_true(n > 0);
  for (int i = 0; i < n; i++) {
    tg_plan *p = plan_of(g, s, 1, &y, &(tg_plan_options){.kernels = k});
    char *text = tg_plan_dump(p);
    assert_non_null(strstr(text, tg_kernels_choice(k, i)));
    assert_non_null(strstr(text, tg_kernels_signature(k, i)));
    free(text);
    tg_plan_free(p);
    tg_kernels_set(k, tg_kernels_signature(k, i), "no such kernel");
    tg_plan_free(plan_of(g, s, 1, &y, &(tg_plan_options){.kernels = k}));
    assert_string_not_equal(tg_kernels_choice(k, i), "no such kernel");
  }
  assert_int_equal(tg_kernels_size(k), n);
  tg_store_free(s);
  tg_graph_free(g);
  tg_kernels_free(k);
}

/* ---- failures ----------------------------------------------------------------------------- */

typedef tg_value builder(tg_graph *g, tg_value a, tg_value b);

static tg_value bad_add(tg_graph *g, tg_value a, tg_value b) { return tg_add(g, a, b); }
static tg_value bad_conv(tg_graph *g, tg_value a, tg_value b) { return tg_conv(g, a, b, 1, 1); }
static tg_value bad_matmul(tg_graph *g, tg_value a, tg_value b) {
  return tg_matmul(g, a, b, false, false);
}
static tg_value bad_reshape(tg_graph *g, tg_value a, tg_value b) {
  (void)b;
  return tg_reshape(g, a, tg_shape4(5, 1, 1, 1));
}
static tg_value bad_slice(tg_graph *g, tg_value a, tg_value b) {
  (void)b;
  return tg_slice(g, a, 1, 3, 2);
}
static tg_value bad_concat(tg_graph *g, tg_value a, tg_value b) { return tg_concat(g, a, b, 0); }
static tg_value bad_norm(tg_graph *g, tg_value a, tg_value b) {
  return tg_instance_norm(g, a, b, b, 1e-5);
}
static tg_value bad_pool(tg_graph *g, tg_value a, tg_value b) {
  (void)b;
  return tg_max_pool(g, a, 9, 9, 0);
}
static tg_value bad_operand(tg_graph *g, tg_value a, tg_value b) {
  (void)b;
  return tg_mul(g, a, TG_NONE);
}
static tg_value bad_param(tg_graph *g, tg_value a, tg_value b) {
  (void)a;
  (void)b;
  tg_param(g, "w", tg_shape4(1, 1, 1, 3));
  return tg_param(g, "w", tg_shape4(1, 1, 1, 4));
}
static tg_value bad_gradient(tg_graph *g, tg_value a, tg_value b) {
  tg_value dx;
  tg_gradient(g, a, b, 1, &a, &dx);
  return dx;
}
static tg_value bad_wanted(tg_graph *g, tg_value a, tg_value b) {
  tg_value none = TG_NONE, dx;
  (void)b;
  tg_gradient(g, a, TG_NONE, 1, &none, &dx);
  return dx;
}
static tg_value bad_adam(tg_graph *g, tg_value a, tg_value b) {
  return tg_adam(g, a, b, tg_const(g, 1), tg_const(g, 1), (tg_adam_options){0.9, 0.9, 1e-8, 0});
}
static tg_value bad_broadcast(tg_graph *g, tg_value a, tg_value b) {
  (void)b;
  return tg_broadcast(g, a, tg_shape4(2, 4, 4, 6));
}
static tg_value bad_empty(tg_graph *g, tg_value a, tg_value b) {
  (void)a;
  (void)b;
  return tg_input(g, "empty", tg_shape4(2, 0, 1, 1));
}
static tg_value bad_huge(tg_graph *g, tg_value a, tg_value b) {
  (void)a;
  (void)b;
  return tg_input(g, "huge", tg_shape4(INT64_MAX / 2, 3, 1, 1));
}

/* a {2,4,4,3} and b {2,4,4,5} meet where they cannot: the first failure names operator and shapes.
 */
static void failures_say_what_and_where(void **state) {
  (void)state;
  static const struct {
    builder *build;
    const char *says[2];
  } row[] = {
      {bad_add, {"add", "2x4x4x3 2x4x4x5"}},
      {bad_conv, {"conv", "2x4x4x3 2x4x4x5"}},
      {bad_matmul, {"matmul", "2x4x4x3 2x4x4x5"}},
      {bad_reshape, {"reshape", "2x4x4x3"}},
      {bad_slice, {"slice", "2x4x4x3"}},
      {bad_concat, {"concat", "2x4x4x3 2x4x4x5"}},
      {bad_norm, {"norm", "2x4x4x3"}},
      {bad_pool, {"pool", "2x4x4x3"}},
      {bad_operand, {"mul", "missing"}},
      {bad_param, {"w", "1x1x1x4 and is already 1x1x1x3"}},
      {bad_gradient, {"gradient", "dy"}},
      {bad_wanted, {"gradient", "missing"}},
      {bad_adam, {"adam", "parameter"}},
      {bad_broadcast, {"broadcast", "2x4x4x3"}},
      {bad_empty, {"input", "empty"}},
      {bad_huge, {"input", "overflow"}},
  };
  for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
    tg_graph *g = tg_graph_new();
    tg_store *s = tg_store_new(tg_device_cpu());
    tg_plan *p;
    tg_value a = tg_input(g, "a", tg_shape4(2, 4, 4, 3)),
             b = tg_input(g, "b", tg_shape4(2, 4, 4, 5));
    assert_int_not_equal(tg_param(g, "known", SHAPE), TG_NONE);
    tg_value bad = row[i].build(g, a, b);
    const char *why = tg_graph_failure(g);
    if (!why) fail_msg("row %d was accepted", (int)i);
    for (int k = 0; k < 2; k++) {
      if (!strstr(why, row[i].says[k])) fail_msg("row %d says: %s", (int)i, why);
    }
    assert_int_equal(bad, TG_NONE);
    assert_int_equal(tg_add(g, a, a), TG_NONE); /* it sticks */
    assert_int_equal(tg_param(g, "known", SHAPE), TG_NONE);
    assert_int_not_equal(tg_plan_new(g, s, 1, &a, NULL, &p), 0);
    assert_null(p);
    assert_string_equal(tg_message(), why);
    tg_store_free(s);
    tg_graph_free(g);
  }
}

static void plans_that_cannot_be(void **state) {
  (void)state;
  tg_graph *g = tg_graph_new();
  tg_store *s = tg_store_new(tg_device_cpu());
  tg_plan *p;
  tg_value x = tg_input(g, "x", SHAPE), y = tg_add(g, x, tg_param(g, "w", SHAPE)), none = TG_NONE;
  assert_int_not_equal(tg_plan_new(g, s, 1, &none, NULL, &p), 0);
  assert_null(p);
  assert_int_equal(tg_store_add(s, "w", tg_shape4(1, 1, 1, 8)), 0);
  assert_int_not_equal(tg_plan_new(g, s, 1, &y, NULL, &p), 0);
  assert_null(p);
  assert_non_null(strstr(tg_message(), "w is wanted as 2x4x6x8"));
  assert_non_null(strstr(tg_message(), "1x1x1x8"));
  assert_null(tg_device_named("gpu"));
  assert_non_null(strstr(tg_message(), "gpu"));
  tg_store_free(s);
  tg_graph_free(g);
}

/* A plan that was made for its sizes has no memory to run in. */
static void a_plan_that_was_only_sized_cannot_run(void **state) {
  (void)state;
  tg_graph *g = tg_graph_new();
  tg_store *s = tg_store_new(tg_device_cpu());
  const tg_value y = tg_exp(g, tg_param(g, "w", SHAPE));
  tg_plan *p = plan_of(g, s, 1, &y, &(tg_plan_options){.only_sized = true});
  assert_int_not_equal(tg_plan_run(p, 0), 0);
  assert_non_null(strstr(tg_message(), "only sized"));
  tg_plan_free(p);
  tg_store_free(s);
  tg_graph_free(g);
}

static void a_store_refuses_an_index_that_is_none(void **state) {
  (void)state;
  const int index[] = {-1, 2, INT_MIN, INT_MAX};
  tg_store *s = tg_store_new(tg_device_cpu());
  float x[2] = {1, 2};
  assert_int_equal(tg_store_put(s, "a", tg_shape4(1, 1, 1, 2), x), 0);
  assert_int_equal(tg_store_put(s, "b", tg_shape4(1, 1, 1, 2), x), 0);
  assert_int_equal(tg_store_find(s, "c"), -1);
  for (size_t i = 0; i < sizeof index / sizeof *index; i++) {
    char says[64];
    double wide[2];
    snprintf(says, sizeof says, "no parameter %d: there are 2", index[i]);
    assert_null(tg_store_name(s, index[i]));
    assert_non_null(strstr(tg_message(), says));
    assert_int_equal(tg_count(tg_store_shape(s, index[i])), 0);
    assert_int_not_equal(tg_store_write(s, index[i], x), 0);
    assert_int_not_equal(tg_store_read(s, index[i], x), 0);
    assert_int_not_equal(tg_store_read_f64(s, index[i], wide), 0);
    assert_non_null(strstr(tg_message(), says));
  }
  assert_string_equal(tg_store_name(s, 1), "b");
  assert_int_equal(tg_store_write(s, 1, x), 0);
  assert_int_equal(tg_store_read(s, 1, x), 0);
  tg_store_free(s);
}

/* Any builder on any shapes either makes a value or fails with a message; nothing else. */
static void random_builders(void **state) {
  (void)state;
  static builder *const rule[] = {bad_add,      bad_conv,   bad_matmul,   bad_reshape,
                                  bad_slice,    bad_concat, bad_norm,     bad_pool,
                                  bad_gradient, bad_adam,   bad_broadcast};
  int made = 0, failed = 0;
  for (uint64_t seed = 0; seed < 2000; seed++) {
    random_graph r = {.g = tg_graph_new(), .seed = seed};
    tg_value v[2];
    tg_shape s = SHAPE;
    for (int i = 0; i < 2; i++) {
      for (int k = 0; k < 4 && choose(&r, 2); k++) s.d[k] = 1 + choose(&r, 5) - choose(&r, 40) / 39;
      v[i] = choose(&r, 2) ? tg_param(r.g, i ? "q" : "p", s) : tg_input(r.g, i ? "y" : "x", s);
    }
    tg_value y = rule[choose(&r, (int)(sizeof rule / sizeof *rule))](r.g, v[0], v[1]);
    const char *why = tg_graph_failure(r.g);
    assert_true(why ? y == TG_NONE && strlen(why) > 8 : y != TG_NONE);
    if (!why) assert_true(tg_count(tg_shape_of(r.g, y)) > 0);
    made += !why;
    failed += why != NULL;
    tg_graph_free(r.g);
  }
  if (made < 100 || failed < 500) fail_msg("%d made, %d failed", made, failed);
}

/* Names are quoted, parameters filled, inputs oval. */
static void a_graph_is_drawn(void **state) {
  (void)state;
  tg_graph *g = tg_graph_new();
  const tg_value x = tg_input(g, "x \"1\"\n", tg_shape4(2, 1, 1, 3));
  const tg_value w = tg_param(g, "a\\w", tg_shape4(1, 1, 3, 4));
  tg_relu(g, tg_matmul(g, x, w, false, false));
  char *text = tg_graph_dot(g);
  assert_string_equal(text, "digraph {\n"
                            "  node [shape=box];\n"
                            "  n1 [label=\"input\\lx \\\"1\\\" \\l2x1x1x3\\l\", shape=oval];\n"
                            "  n2 [label=\"param\\la\\\\w\\l1x1x3x4\\l\", style=filled];\n"
                            "  n3 [label=\"matmul\\l2x1x1x4\\l\"];\n"
                            "  n1 -> n3;\n"
                            "  n2 -> n3;\n"
                            "  n4 [label=\"leaky_relu\\l2x1x1x4\\l\"];\n"
                            "  n3 -> n4;\n"
                            "}\n");
  free(text);
  tg_graph_free(g);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(random_graphs_agree),
      cmocka_unit_test(any_value_is_an_output),
      cmocka_unit_test(equal_nodes_are_shared),
      cmocka_unit_test(memory_is_shared),
      cmocka_unit_test(updates_run_early),
      cmocka_unit_test(weights_are_packed_again),
      cmocka_unit_test(fixed_values_follow_their_parameters),
      cmocka_unit_test(measured_kernels_are_remembered),
      cmocka_unit_test(failures_say_what_and_where),
      cmocka_unit_test(plans_that_cannot_be),
      cmocka_unit_test(a_plan_that_was_only_sized_cannot_run),
      cmocka_unit_test(a_store_refuses_an_index_that_is_none),
      cmocka_unit_test(random_builders),
      cmocka_unit_test(a_graph_is_drawn),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
