/* test_ops.c: walks the samples of op_samples.h.  Each is computed on the reference device in
 * double and on the CPU in float, fused and node by node, and so are its first and second
 * derivatives; on the reference device these are compared with central differences. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "graph.h"
#include "memory.h"
#include "op_samples.h"
#include "random.h"

enum { MAX_LEAVES = 2 * SAMPLE_MAX_INPUTS + 1, MAX_OUTPUTS = 2 * SAMPLE_MAX_INPUTS + 2 };

/* A sample and its derivatives as one graph.  With inputs x, y = sample(x), random w and u:
 * loss = sum y w, first = d loss/dx, loss2 = sum first u, second = d loss2/d(x, w). */
typedef struct trial {
  const op_sample *sample;
  tg_graph *g;
  int leaves; /* x, then w, then u of every input with a derivative */
  tg_value leaf[MAX_LEAVES];
  tg_value y, loss, loss2, first[SAMPLE_MAX_INPUTS], second[SAMPLE_MAX_INPUTS + 1];
} trial;

static tg_value add_leaf(trial *t, tg_shape shape) {
  char name[16];
  snprintf(name, sizeof name, "leaf%d", t->leaves);
  return t->leaf[t->leaves++] = tg_input(t->g, name, shape);
}

static tg_value weighted_sum(trial *t, tg_value v) {
  tg_value product = tg_mul(t->g, v, add_leaf(t, tg_shape_of(t->g, v)));
  return tg_sum_to(t->g, product, tg_scalar());
}

static void differentiate(trial *t) {
  int n = t->sample->n;
  t->loss = weighted_sum(t, t->y);
  tg_gradient(t->g, t->loss, TG_NONE, n, t->leaf, t->first);
  for (int i = 0; i < n; i++) {
    if (t->first[i] == TG_NONE) continue;
    tg_value sum = weighted_sum(t, t->first[i]);
    t->loss2 = t->loss2 ? tg_add(t->g, t->loss2, sum) : sum;
  }
  if (t->loss2) tg_gradient(t->g, t->loss2, TG_NONE, n + 1, t->leaf, t->second);
}

static void trial_open(trial *t, const op_sample *sample) {
  *t = (trial){.sample = sample, .g = tg_graph_new()};
  for (int i = 0; i < sample->n; i++) add_leaf(t, sample->in[i]);
  t->y = sample->build(t->g, t->leaf);
  if (t->y && !(t->g->node[t->y].op->flags & OP_UPDATE)) differentiate(t);
  if (tg_graph_failure(t->g)) fail_msg("%s", tg_graph_failure(t->g));
}

/* ---- running ----------------------------------------------------------------------------------
 */

/* Element k of leaf i, a number that float holds. */
static double value_of(sample_range range, int i, int64_t k) {
  double u = (double)random_uniform(1, random_stream("sample"), (uint64_t)i, (uint64_t)k);
  switch (range) {
  case SAMPLE_NONZERO:
    return (float)(u < 0.5 ? -0.2 - 2 * u : 2 * u - 0.8);
  case SAMPLE_POSITIVE:
    return 0.5 + u;
  case SAMPLE_INDEX:
    return floor(3 * u);
  default:
    return 2 * u - 1;
  }
}

typedef struct run {
  tg_store *store;
  tg_plan *plan;
  size_t element;
} run;

static double element(const run *r, tg_value v, int64_t k) {
  const void *data = tg_plan_data(r->plan, v);
  assert_non_null(data);
  return r->element == sizeof(double) ? ((const double *)data)[k]
                                      : (double)((const float *)data)[k];
}

/* Does nothing for a leaf that the plan does not need. */
static void set_element(run *r, tg_value v, int64_t k, double x) {
  void *data = tg_plan_data(r->plan, v);
  if (data && r->element == sizeof(double)) ((double *)data)[k] = x;
  if (data && r->element == sizeof(float)) ((float *)data)[k] = (float)x;
}

static void fill_params(tg_store *s) {
  for (int i = 0; i < tg_store_size(s); i++) {
    int64_t n = tg_count(tg_store_shape(s, i));
    float *x = memory_new((size_t)n * sizeof *x);
    for (int64_t k = 0; k < n; k++) x[k] = (float)value_of(SAMPLE_POSITIVE, 100 + i, k);
    tg_store_write(s, i, x);
    free(x);
  }
}

static void fill_leaves(const trial *t, run *r) {
  for (int i = 0; i < t->leaves; i++) {
    sample_range range = i < t->sample->n ? t->sample->range : SAMPLE_ANY;
    int64_t n = tg_count(tg_shape_of(t->g, t->leaf[i]));
    for (int64_t k = 0; k < n; k++) set_element(r, t->leaf[i], k, value_of(range, i, k));
  }
}

static run run_open(const trial *t, const tg_device *d, tg_plan_options o, int n,
                    const tg_value *out) {
  run r = {.store = tg_store_new(d), .element = tg_device_element(d)};
  o.seed = 7;
  if (tg_plan_new(t->g, r.store, n, out, &o, &r.plan) != 0) {
    fail_msg("%s %s: %s", t->sample->covers->name, t->sample->what, tg_message());
  }
  fill_params(r.store);
  fill_leaves(t, &r);
  assert_int_equal(tg_plan_run(r.plan, 3), 0);
  return r;
}

static run run_exact(const trial *t, int n, const tg_value *out) {
  return run_open(t, tg_device_reference(), (tg_plan_options){.unfused = true}, n, out);
}

static void run_close(run *r) {
  tg_plan_free(r->plan);
  tg_store_free(r->store);
}

/* ---- float against double ---------------------------------------------------------------------
 */

static int list_outputs(const trial *t, tg_value *out) {
  int n = 0;
  out[n++] = t->y;
  for (int i = 0; i < t->sample->n; i++) {
    if (t->first[i]) out[n++] = t->first[i];
  }
  for (int i = 0; i <= t->sample->n; i++) {
    if (t->second[i]) out[n++] = t->second[i];
  }
  return n;
}

static void check_close(const trial *t, const char *what, int64_t k, double got, double expected,
                        double tolerance) {
  if (fabs(got - expected) <= tolerance) return;
  fail_msg("%s, %s: %s, element %lld is %.9g, expected %.9g +- %.1g", t->sample->covers->name,
           t->sample->what, what, (long long)k, got, expected, tolerance);
}

static void compare_values(const trial *t, const char *what, const run *got, const run *expected,
                           tg_value v, double relative) {
  double scale = 1e-2;
  int64_t n = tg_count(tg_shape_of(t->g, v));
  for (int64_t k = 0; k < n; k++) scale = fmax(scale, fabs(element(expected, v, k)));
  for (int64_t k = 0; k < n; k++) {
    check_close(t, what, k, element(got, v, k), element(expected, v, k), scale * relative);
  }
}

static void compare_params(const trial *t, const run *got, const run *expected) {
  assert_int_equal(tg_store_size(got->store), tg_store_size(expected->store));
  for (int i = 0; i < tg_store_size(got->store); i++) {
    int64_t n = tg_count(tg_store_shape(got->store, i));
    double *a = memory_new((size_t)n * sizeof *a), *b = memory_new((size_t)n * sizeof *b);
    tg_store_read_f64(got->store, i, a);
    tg_store_read_f64(expected->store, i, b);
    for (int64_t k = 0; k < n; k++)
      check_close(t, tg_store_name(got->store, i), k, a[k], b[k], 1e-6);
    free(a);
    free(b);
  }
}

static void compare_devices(const trial *t, const char *what, const tg_device *d, tg_plan_options o,
                            double relative) {
  tg_value out[MAX_OUTPUTS];
  int n = list_outputs(t, out);
  run expected = run_exact(t, n, out), got = run_open(t, d, o, n, out);
  for (int i = 0; i < n && t->loss; i++) {
    compare_values(t, what, &got, &expected, out[i], relative);
  }
  compare_params(t, &got, &expected);
  run_close(&expected);
  run_close(&got);
}

static void cpu_agrees_with_reference(void **state) {
  (void)state;
  for (int i = 0; i < SAMPLES; i++) {
    trial t;
    trial_open(&t, &op_samples[i]);
    tg_plan_options fused = {.unfused = false}, unfused = {.unfused = true};
    compare_devices(&t, "cpu", tg_device_cpu(), unfused, 3e-5);
    compare_devices(&t, "cpu, fused", tg_device_cpu(), fused, 3e-5);
    compare_devices(&t, "reference, fused", tg_device_reference(), fused, 1e-12);
    tg_graph_free(t.g);
  }
}

/* One remembered choice; a kernel that does not apply is passed over by the plan. */
static void compare_choice(const trial *t, const char *signature, const char *kernel) {
  tg_kernels *k = tg_kernels_new();
  assert_int_equal(tg_kernels_set(k, signature, kernel), 0);
  compare_devices(t, kernel, tg_device_cpu(), (tg_plan_options){.kernels = k}, 3e-5);
  tg_kernels_free(k);
}

static const op *find_op(const trial *t, const char *signature) {
  size_t length = strcspn(signature, " ");
  for (int v = 1; v < t->g->count; v++) {
    const op *o = t->g->node[v].op;
    if (strlen(o->name) == length && strncmp(o->name, signature, length) == 0) return o;
  }
  fail_msg("no operator of signature %s", signature);
  return NULL;
}

static void compare_choices(const trial *t) {
  tg_kernels *known = tg_kernels_new();
  tg_plan_options measure = {.effort = TG_MEASURE, .kernels = known};
  compare_devices(t, "cpu, measured", tg_device_cpu(), measure, 3e-5);
  for (int k = 0; k < tg_kernels_size(known); k++) {
    const char *signature = tg_kernels_signature(known, k);
    const op *o = find_op(t, signature);
    for (int i = 0; o->cpu[i]; i++) compare_choice(t, signature, o->cpu[i]->name);
  }
  tg_kernels_free(known);
}

static void every_kernel_agrees(void **state) {
  (void)state;
  for (int i = 0; i < SAMPLES; i++) {
    trial t;
    trial_open(&t, &op_samples[i]);
    compare_choices(&t);
    tg_graph_free(t.g);
  }
}

/* ---- derivatives against differences ----------------------------------------------------------
 */

static double derivative(const run *exact, tg_value v, int64_t k) {
  return v == TG_NONE ? 0 : element(exact, v, k);
}

/* Moves element k of leaf i both ways. */
static void check_element(const trial *t, const run *exact, run *losses, int i, int64_t k) {
  const double h = 1e-5;
  double x = element(losses, t->leaf[i], k), loss[2], loss2[2] = {0, 0};
  for (int side = 0; side < 2; side++) {
    set_element(losses, t->leaf[i], k, side ? x + h : x - h);
    assert_int_equal(tg_plan_run(losses->plan, 3), 0);
    loss[side] = element(losses, t->loss, 0);
    if (t->loss2) loss2[side] = element(losses, t->loss2, 0);
  }
  set_element(losses, t->leaf[i], k, x);
  if (i < t->sample->n) {
    double numeric = (loss[1] - loss[0]) / (2 * h);
    check_close(t, "first derivative", k, derivative(exact, t->first[i], k), numeric,
                1e-6 * fmax(1, fabs(numeric)));
  }
  double numeric = (loss2[1] - loss2[0]) / (2 * h);
  check_close(t, "second derivative", k, derivative(exact, t->second[i], k), numeric,
              1e-5 * fmax(1, fabs(numeric)));
}

static int64_t leaf_elements(const trial *t) {
  int64_t n = 0;
  for (int i = 0; i <= t->sample->n; i++) n += tg_count(tg_shape_of(t->g, t->leaf[i]));
  return n;
}

static void check_derivatives(const trial *t) {
  tg_value out[MAX_OUTPUTS], loss[] = {t->loss, t->loss2};
  int n = list_outputs(t, out);
  run exact = run_exact(t, n, out);
  run losses = run_exact(t, t->loss2 ? 2 : 1, loss);
  for (int i = 0; i <= t->sample->n; i++) {
    int64_t count = tg_count(tg_shape_of(t->g, t->leaf[i]));
    for (int64_t k = 0; k < count; k++) check_element(t, &exact, &losses, i, k);
  }
  run_close(&exact);
  run_close(&losses);
}

static void derivatives_agree_with_differences(void **state) {
  (void)state;
  for (int i = 0; i < SAMPLES; i++) {
    trial t;
    if (op_samples[i].no_derivative) continue;
    trial_open(&t, &op_samples[i]);
    if (leaf_elements(&t) <= 600) check_derivatives(&t);
    tg_graph_free(t.g);
  }
}

/* Operators "without a gradient" must say so: nothing flows, rather than something wrong. */
static void nothing_flows_where_exempt(void **state) {
  (void)state;
  for (int i = 0; i < SAMPLES; i++) {
    trial t;
    if (!op_samples[i].no_derivative) continue;
    trial_open(&t, &op_samples[i]);
    for (int k = 0; k < op_samples[i].n; k++) assert_int_equal(t.first[k], TG_NONE);
    tg_graph_free(t.g);
  }
}

/* ---- completeness -----------------------------------------------------------------------------
 */

/* A sample of the operator in whose graph it really is, small enough for differences. */
static bool covered(const op *o) {
  for (int i = 0; i < SAMPLES; i++) {
    if (op_samples[i].covers != o) continue;
    trial t;
    bool used = false;
    trial_open(&t, &op_samples[i]);
    bool checked = op_samples[i].no_derivative || leaf_elements(&t) <= 600;
    for (tg_value v = 1; v <= t.y; v++) used |= t.g->node[v].op == o;
    tg_graph_free(t.g);
    if (used && checked) return true;
  }
  return false;
}

static void every_operator_has_a_sample(void **state) {
  (void)state;
  static const op *const all[] = {
#define OP(stem) &op_##stem,
#include "ops.def"
#undef OP
  };
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
    if (!covered(all[i])) fail_msg("operator %s has no sample in op_samples.h", all[i]->name);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_operator_has_a_sample),
      cmocka_unit_test(nothing_flows_where_exempt),
      cmocka_unit_test(cpu_agrees_with_reference),
      cmocka_unit_test(every_kernel_agrees),
      cmocka_unit_test(derivatives_agree_with_differences),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
