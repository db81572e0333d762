/* test_profile.c: what steps cost, against numbers counted by hand; the roofline; rows of equal
 * sites; the trace file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "timed_step.h"

typedef struct fixture {
  tg_store *store;
  tg_graph *graph;
  tg_plan *plan;
} fixture;

static tg_value input(fixture *f, const char *name, int64_t n, int64_t h, int64_t w, int64_t c) {
  return tg_input(f->graph, name, tg_shape4(n, h, w, c));
}

static fixture start(const tg_device *d) {
  return (fixture){.store = tg_store_new(d), .graph = tg_graph_new()};
}

static void plan(fixture *f, int n, const tg_value *outputs) {
  const tg_plan_options o = {.timed = true};
  if (tg_plan_new(f->graph, f->store, n, outputs, &o, &f->plan)) fail_msg("%s", tg_message());
}

static void end(fixture *f) {
  tg_plan_free(f->plan);
  tg_graph_free(f->graph);
  tg_store_free(f->store);
}

/* The profile of the only step that computes v on the CPU. */
static tg_step_profile profile_of(fixture *f, tg_value v) {
  tg_step_profile p;
  plan(f, 1, &v);
  assert_int_equal(tg_plan_steps(f->plan), 1);
  tg_plan_profile(f->plan, 0, &p);
  end(f);
  return p;
}

static void assert_number(double x, double wanted) {
  if (x != wanted) fail_msg("%.17g instead of %.17g", x, wanted);
}

static void assert_cost(const tg_step_profile *p, const char *operation, double flop,
                        double floats) {
  assert_string_equal(p->operation, operation);
  assert_number(p->flop, flop);
  assert_number(p->bytes, 4 * floats);
}

/* ---- costs -------------------------------------------------------------------------------- */

/* x 1x5x7x3 and w 2x2x3x4 of stride 2 make y 1x2x3x4: 24 outputs of 12 products each. */
static void test_convolutions(void **state) {
  (void)state;
  fixture f = start(tg_device_cpu());
  tg_step_profile p = profile_of(
      &f, tg_conv(f.graph, input(&f, "x", 1, 5, 7, 3), input(&f, "w", 2, 2, 3, 4), 2, 0));
  assert_cost(&p, "conv", 2 * 24 * 12, 105 + 48 + 24);
  assert_number(p.kernel_flop, p.flop);
  f = start(tg_device_cpu());
  p = profile_of(&f, tg_conv_dx(f.graph, input(&f, "dy", 1, 2, 3, 4), input(&f, "w", 2, 2, 3, 4),
                                tg_shape4(1, 5, 7, 3), 2, 0));
  assert_cost(&p, "conv_dx", 2 * 24 * 12, 105 + 48 + 24);
  f = start(tg_device_cpu());
  p = profile_of(&f, tg_conv_dw(f.graph, input(&f, "x", 1, 5, 7, 3), input(&f, "dy", 1, 2, 3, 4),
                                tg_shape4(2, 2, 3, 4), 2, 0));
  assert_cost(&p, "conv_dw", 2 * 24 * 12, 105 + 48 + 24);
}

/* Winograd's kernel takes 36 products for 144 of 3x3, 25 for 64 of 4x4 with stride 2; on an output
 * of 5x5, tiles reach beyond it: 4 tiles of 36 for 25 positions of 9. */
static void test_winograd(void **state) {
  (void)state;
  const struct {
    int64_t size, kernel;
    int stride;
    double flop, kernel_flop;
  } row[] = {{8, 3, 1, 64 * 9, 4 * 36}, {8, 4, 2, 16 * 16, 25 * 4}, {5, 3, 1, 25 * 9, 4 * 36}};
  for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
    fixture f = start(tg_device_cpu());
    tg_value x = input(&f, "x", 24, row[i].size, row[i].size, 32);
    tg_value w = input(&f, "w", row[i].kernel, row[i].kernel, 32, 64);
    tg_step_profile p = profile_of(&f, tg_conv(f.graph, x, w, row[i].stride, 1));
    assert_string_equal(p.kernel, "winograd");
    assert_number(p.flop, 2.0 * 24 * 32 * 64 * row[i].flop);
    assert_number(p.kernel_flop, 2.0 * 24 * 32 * 64 * row[i].kernel_flop);
  }
}

static void test_products(void **state) {
  (void)state;
  fixture f = start(tg_device_cpu());
  tg_step_profile p = profile_of(
      &f, tg_matmul(f.graph, input(&f, "a", 3, 1, 1, 4), input(&f, "b", 1, 1, 4, 5), false, false));
  assert_cost(&p, "matmul", 2 * 3 * 4 * 5, 12 + 20 + 15);
  f = start(tg_device_cpu());
  p = profile_of(
      &f, tg_matmul(f.graph, input(&f, "a", 4, 1, 1, 3), input(&f, "b", 1, 1, 5, 4), true, true));
  assert_cost(&p, "matmul", 2 * 3 * 4 * 5, 12 + 20 + 15);
}

/* One pass over two full operands, a repeated one and the result. */
static void test_chain(void **state) {
  (void)state;
  fixture f = start(tg_device_cpu());
  tg_value sum = tg_add(f.graph, input(&f, "a", 2, 3, 3, 8), input(&f, "b", 2, 3, 3, 8));
  tg_step_profile p =
      profile_of(&f, tg_relu(f.graph, tg_mul(f.graph, sum, input(&f, "s", 1, 1, 1, 8))));
  assert_cost(&p, "pointwise", 0, 144 + 144 + 8 + 144);
  assert_string_equal(p.kernel, "chain");
  assert_string_equal(p.site, "2x3x3x8 in 3 out 1: add mul leaky_relu");
}

/* Four arrays are read and three written, and two scalars; a slice reads what it writes. */
static void test_others(void **state) {
  (void)state;
  fixture f = start(tg_device_cpu());
  const tg_adam_options o = {0.9, 0.999, 1e-8, 0};
  tg_value w = tg_param(f.graph, "w", tg_shape4(1, 1, 5, 7));
  tg_step_profile p =
      profile_of(&f, tg_adam(f.graph, w, input(&f, "g", 1, 1, 5, 7), input(&f, "rate", 1, 1, 1, 1),
                             input(&f, "step", 1, 1, 1, 1), o));
  assert_cost(&p, "adam", 0, 7 * 35 + 2);
  f = start(tg_device_cpu());
  p = profile_of(&f, tg_slice(f.graph, input(&f, "x", 4, 3, 3, 8), 3, 2, 4));
  assert_cost(&p, "slice", 0, 2 * 144);
}

/* The definition in double moves twice the bytes. */
static void test_reference(void **state) {
  (void)state;
  fixture f = start(tg_device_reference());
  tg_step_profile p = profile_of(
      &f, tg_matmul(f.graph, input(&f, "a", 3, 1, 1, 4), input(&f, "b", 1, 1, 4, 5), false, false));
  assert_cost(&p, "matmul", 2 * 3 * 4 * 5, 2 * (12 + 20 + 15));
}

/* ---- the roofline ------------------------------------------------------------------------- */

/* 1 kFLOP/s; copies of up to 100, 200, ... bytes at 60, 50, ... 10 bytes/s. */
static tg_rates made_up_rates(void) {
  tg_rates r = {.flop = 1000, .flop_bf16 = 2500};
  for (int i = 0; i < TG_COPIES; i++) {
    r.copy[i].size = 100 * (i + 1);
    r.copy[i].rate = 10 * (TG_COPIES - i);
  }
  return r;
}

/* What depends on a parameter alone costs nothing in a run after which it has not changed. */
static void test_spared(void **state) {
  (void)state;
  fixture f = start(tg_device_cpu());
  tg_step_profile p;
  tg_value w = tg_param(f.graph, "w", tg_shape4(1, 1, 3, 5));
  tg_value y = tg_matmul(f.graph, input(&f, "x", 2, 1, 1, 3), tg_exp(f.graph, w), false, false);
  plan(&f, 1, &y);
  const double first[] = {4 * 30, 4 * 30, 0, 4 * 30};
  for (int i = 0; i < 4; i++) {
    if (i > 0) tg_plan_run(f.plan, 0);
    if (i == 2) tg_store_write(f.store, 0, (float[15]){0});
    tg_plan_profile(f.plan, 0, &p);
    assert_string_equal(p.operation, "pointwise");
    assert_number(p.bytes, first[i]);
    tg_plan_profile(f.plan, 1, &p);
    assert_cost(&p, "matmul", 2 * 2 * 3 * 5, 6 + 15 + 10);
  }
  end(&f);
}

static void test_limit(void **state) {
  (void)state;
  const tg_rates r = made_up_rates();
  const struct {
    double flop, bytes, seconds;
    bool memory;
  } row[] = {{5000, 30, 5, false},    {100, 30, 0.5, true}, {0, 30, 0.5, true},
             {0, 99, 1.65, true},     {0, 200, 4, true},    {3000, 200, 4, true},
             {4500, 200, 4.5, false}, {0, 5000, 500, true}};
  for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
    bool memory;
    const tg_step_profile s = {.kernel_flop = row[i].flop, .bytes = row[i].bytes};
    assert_number(tg_rates_limit(&r, &s, &memory), row[i].seconds);
    assert_int_equal(memory, row[i].memory);
  }
  bool memory;
  const tg_step_profile rounding = {.kernel_flop = 5000, .bytes = 30, .bf16 = true};
  assert_number(tg_rates_limit(&r, &rounding, &memory), 2);
}

static void test_rates(void **state) {
  (void)state;
  tg_rates r;
  assert_int_equal(tg_rates_measure(&r), 0);
  assert_true(r.flop > 0 && r.copy[TG_COPIES - 1].rate > 0);
  assert_int_equal(r.flop_bf16 > 0, tg_has_bf16());
  for (int i = 1; i < TG_COPIES; i++) {
    assert_true(r.copy[i].size > r.copy[i - 1].size && r.copy[i].rate <= r.copy[i - 1].rate);
  }
}

/* ---- a step of two plans ------------------------------------------------------------------ */

/* Two equal convolutions and a sum, twice. */
static bench_step make_step(fixture f[2]) {
  bench_step s = {.name = "made-up step", .key = "ms", .plans = 2};
  for (int i = 0; i < 2; i++) {
    f[i] = start(tg_device_cpu());
    tg_graph *g = f[i].graph;
    tg_value x = input(&f[i], "x", 1, 6, 6, 4);
    x = tg_conv(g, x, tg_param(g, "a", tg_shape4(3, 3, 4, 4)), 1, 1);
    x = tg_conv(g, x, tg_param(g, "b", tg_shape4(3, 3, 4, 4)), 1, 1);
    x = tg_sum_to(g, x, tg_scalar());
    plan(&f[i], 1, &x);
    assert_int_equal(tg_plan_run(f[i].plan, 0), 0);
    s.plan[i] = f[i].plan;
  }
  return s;
}

static void test_explain(void **state) {
  (void)state;
  fixture f[2];
  const bench_step s = make_step(f);
  const tg_rates r = made_up_rates();
  /* A convolution moves 432 floats at 10 bytes/s, a sum 145 at 20: 172.8 and 29 s. */
  const double seconds[] = {200, 300, 40, 100, 400, 50};
  assert_int_equal(bench_kernels(&s), 6);
  explanation e = explain_step(&s, &r, seconds);
  assert_int_equal(e.kernels, 6);
  assert_int_equal(e.rows, 2);
  assert_number(e.seconds, 1090);
  assert_true(fabs(e.limit - (4 * 172.8 + 2 * 29)) < 1e-6);
  assert_string_equal(e.row[0].profile.operation, "conv");
  assert_int_equal(e.row[0].count, 4);
  assert_number(e.row[0].seconds, 1000);
  assert_string_equal(e.row[1].profile.operation, "sum_to");
  assert_number(e.row[1].seconds, 90);
  assert_true(e.row[1].memory);
  json_t *j = explain_json(&e);
  assert_int_equal(json_array_size(json_object_get(j, "kernels")), 2);
  json_decref(j);
  explain_free(&e);
  for (int i = 0; i < 2; i++) end(&f[i]);
}

static json_t *read_events(const char *path) {
  json_error_t error;
  json_t *j = json_load_file(path, 0, &error);
  if (!j) fail_msg("%s:%d: %s", path, error.line, error.text);
  json_t *events = json_incref(json_object_get(j, "traceEvents"));
  json_decref(j);
  return events;
}

/* Every kernel is one event; they follow each other and overlap nowhere. */
static void test_trace(void **state) {
  (void)state;
  fixture f[2];
  const bench_step s = make_step(f), twice[] = {s, s};
  char path[] = "trace-XXXXXX";
  close(mkstemp(path));
  assert_int_equal(trace_write(path, 2, twice), 0);
  json_t *events = read_events(path), *event;
  double free_at = 0;
  size_t i;
  int complete = 0;
  json_array_foreach(events, i, event) {
    if (strcmp(json_string_value(json_object_get(event, "ph")), "X") != 0) continue;
    double at = json_number_value(json_object_get(event, "ts"));
    double took = json_number_value(json_object_get(event, "dur"));
    assert_true(took >= 0 && at >= free_at - 1e-3);
    free_at = at + took;
    assert_non_null(json_object_get(json_object_get(event, "args"), "flop"));
    complete++;
  }
  assert_int_equal(complete, 12);
  assert_int_equal(json_array_size(events), 12 + 3); /* and the process's and two tracks' names */
  json_decref(events);
  unlink(path);
  for (int k = 0; k < 2; k++) end(&f[k]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_convolutions), cmocka_unit_test(test_winograd),
      cmocka_unit_test(test_products),     cmocka_unit_test(test_chain),
      cmocka_unit_test(test_others),       cmocka_unit_test(test_reference),
      cmocka_unit_test(test_limit),        cmocka_unit_test(test_rates),
      cmocka_unit_test(test_explain),      cmocka_unit_test(test_trace),
      cmocka_unit_test(test_spared),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
