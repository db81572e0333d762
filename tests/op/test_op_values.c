/* test_op_values.c: normalisation, pooling, classification and Adam against values that
 * PyTorch 2.13 computes in double, on both devices; NaN, ties and overflow; threads; refusals. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "memory.h"
#include "tg.h"

typedef struct session { /* a graph being computed */
  tg_graph *g;
  tg_store *store;
  tg_plan *plan;
  size_t element;
} session;

static session session_open(const tg_device *d) {
  return (session){tg_graph_new(), tg_store_new(d), NULL, tg_device_element(d)};
}

static void session_close(session *s) {
  tg_plan_free(s->plan);
  tg_store_free(s->store);
  tg_graph_free(s->g);
}

static void plan(session *s, int n, const tg_value *out) {
  if (tg_plan_new(s->g, s->store, n, out, &(tg_plan_options){.seed = 1}, &s->plan) != 0) {
    fail_msg("%s", tg_message());
  }
}

static void set(session *s, tg_value v, int n, const double *x) {
  void *data = tg_plan_data(s->plan, v);
  for (int i = 0; i < n; i++) {
    if (s->element == sizeof(double)) {
      ((double *)data)[i] = x[i];
    } else {
      ((float *)data)[i] = (float)x[i];
    }
  }
}

static double get(session *s, tg_value v, int i) {
  const void *data = tg_plan_data(s->plan, v);
  return s->element == sizeof(double) ? ((const double *)data)[i]
                                      : (double)((const float *)data)[i];
}

static void expect(session *s, tg_value v, int n, const double *x) {
  double tolerance = s->element == sizeof(double) ? 1e-12 : 2e-6;
  for (int i = 0; i < n; i++) {
    double got = get(s, v, i);
    if (fabs(got - x[i]) <= tolerance * fmax(1, fabs(x[i])) || (isnan(got) && isnan(x[i])))
      continue;
    fail_msg("element %d is %.15g, expected %.15g", i, got, x[i]);
  }
}

static void on_both(void (*test)(session *s)) {
  const tg_device *device[] = {tg_device_reference(), tg_device_cpu()};
  for (int i = 0; i < 2; i++) {
    session s = session_open(device[i]);
    test(&s);
    session_close(&s);
  }
}

/* ---- normalisation ----------------------------------------------------------------------------
 */

static void check_instance_norm(session *s) {
  /* [2][2][2]: channel 0 is {1,2,4,8}, channel 1 {-1,0.5,0.25,-0.75} */
  static const double x[] = {1, -1, 2, 0.5, 4, 0.25, 8, -0.75}, gamma[] = {1.5, -0.5},
                      beta[] = {0.25, 1}, dy[] = {1, 0.5, 0, 1, 2, -1, -1, 3};
  static const double y[] = {-1.2885259094296162, 1.5876256184028357,  -0.7290619423643012,
                             0.4123743815971644,  0.38986599176632875, 0.6082495877314429,
                             2.627721860027589,   1.3917504122685571};
  static const double dx[] = {-0.06806026837290359, 0.8799955163251795, -0.5010543256543781,
                              -0.684120310190901,   0.8708134280439326, 1.0782755745912478,
                              -0.30169883401665076, -1.2741507807255263};
  /* gradient of the sum of dx^2 */
  static const double ddx[] = {0.19413705756836594,  2.3283353663183575,  0.007744163422347336,
                               -2.635270286683118,   0.20107997750041717, -4.161170400646037,
                               -0.40296119849113043, 4.468105321010797};
  tg_shape image = tg_shape4(1, 2, 2, 2), channel = tg_shape4(1, 1, 1, 2);
  tg_value vx = tg_input(s->g, "x", image), vg = tg_input(s->g, "gamma", channel);
  tg_value vb = tg_input(s->g, "beta", channel), vdy = tg_input(s->g, "dy", image), out[3];
  out[0] = tg_instance_norm(s->g, vx, vg, vb, 1e-3);
  tg_gradient(s->g, out[0], vdy, 1, &vx, &out[1]);
  tg_gradient(s->g, tg_mul(s->g, out[1], out[1]), TG_NONE, 1, &vx, &out[2]);
  plan(s, 3, out);
  set(s, vx, 8, x);
  set(s, vg, 2, gamma);
  set(s, vb, 2, beta);
  set(s, vdy, 8, dy);
  assert_int_equal(tg_plan_run(s->plan, 0), 0);
  expect(s, out[0], 8, y);
  expect(s, out[1], 8, dx);
  expect(s, out[2], 8, ddx);
}

static void instance_norm_is_pytorch(void **state) {
  (void)state;
  on_both(check_instance_norm);
}

/* Deviation 1 around 4096: the mean of squares minus the square of the mean has no digit left. */
static void variance_survives_a_large_mean(void **state) {
  (void)state;
  session s = session_open(tg_device_cpu());
  enum { SIDE = 100, COUNT = SIDE * SIDE };
  tg_value x = tg_input(s.g, "x", tg_shape4(1, SIDE, SIDE, 1)), one = tg_const(s.g, 1);
  tg_value y = tg_instance_norm(s.g, x, one, tg_const(s.g, 0), 0);
  double *value = memory_new(COUNT * sizeof *value);
  for (int i = 0; i < COUNT; i++) value[i] = 4096 + (i % 2 ? 1 : -1);
  plan(&s, 1, &y);
  set(&s, x, COUNT, value);
  assert_int_equal(tg_plan_run(s.plan, 0), 0);
  for (int i = 0; i < COUNT; i++) value[i] -= 4096;
  expect(&s, y, COUNT, value);
  free(value);
  session_close(&s);
}

/* Norm, pooling, softmax and all their derivatives with a number of threads; the caller frees. */
static float *compute_with_threads(int threads, int *count) {
  tg_set_threads(threads);
  session s = session_open(tg_device_cpu());
  tg_shape shape = tg_shape4(3, 18, 14, 48), channel = tg_shape4(1, 1, 1, 48);
  tg_value x = tg_uniform(s.g, "x", shape), p[2], dx[3];
  p[0] = tg_uniform(s.g, "gamma", channel);
  p[1] = tg_uniform(s.g, "beta", channel);
  tg_value y = tg_relu(s.g, tg_instance_norm(s.g, x, p[0], p[1], 1e-5));
  y = tg_log_softmax(s.g, tg_max_pool(s.g, y, 2, 2, 0));
  tg_gradient(s.g, y, tg_uniform(s.g, "dy", tg_shape_of(s.g, y)), 3, (tg_value[]){x, p[0], p[1]},
              dx);
  plan(&s, 3, dx);
  assert_int_equal(tg_plan_run(s.plan, 5), 0);
  *count = (int)tg_count(shape) + 2 * 48;
  float *result = memory_new((size_t)*count * sizeof *result), *to = result;
  for (int i = 0; i < 3; i++) {
    size_t n = (size_t)tg_count(tg_shape_of(s.g, dx[i]));
    memcpy(to, tg_plan_data(s.plan, dx[i]), n * sizeof *to);
    to += n;
  }
  session_close(&s);
  return result;
}

static void threads_change_no_bit(void **state) {
  (void)state;
  int count, before = tg_threads();
  float *one = compute_with_threads(1, &count), *five = compute_with_threads(5, &count);
  tg_set_threads(before);
  assert_memory_equal(one, five, (size_t)count * sizeof *one);
  free(one);
  free(five);
}

/* ---- pooling ----------------------------------------------------------------------------------
 */

/* A tie goes to the first, a NaN is passed on, the last column is dropped. */
static void check_pool(session *s) {
  static const double x[] = {1, 3, 5, NAN, 9, 3, 2, NAN, 7, 9}, y[] = {3, NAN};
  static const double dx[] = {0, 10, 0, 20, 0, 0, 0, 0, 0, 0}, dy[] = {10, 20};
  tg_value vx = tg_input(s->g, "x", tg_shape4(1, 2, 5, 1));
  tg_value vdy = tg_input(s->g, "dy", tg_shape4(1, 1, 2, 1)), out[2];
  out[0] = tg_max_pool(s->g, vx, 2, 2, 0);
  tg_gradient(s->g, out[0], vdy, 1, &vx, &out[1]);
  plan(s, 2, out);
  set(s, vx, 10, x);
  set(s, vdy, 2, dy);
  assert_int_equal(tg_plan_run(s->plan, 0), 0);
  expect(s, out[0], 2, y);
  expect(s, out[1], 10, dx);
}

static void pool_takes_the_first_maximum(void **state) {
  (void)state;
  on_both(check_pool);
}

/* ---- classification ---------------------------------------------------------------------------
 */

static void check_classes(session *s) {
  static const double x[] = {1000, 1000, -1000, 0.5, NAN, 9};
  static const double y[] = {
      -0.6931471805599453, -0.6931471805599453, -2000.6931471805599453, NAN, NAN, NAN};
  static const double best[] = {0, 1}, hot[] = {1, 0, 0, 0, 1, 0};
  tg_value vx = tg_input(s->g, "x", tg_shape4(2, 1, 1, 3)), out[3];
  out[0] = tg_log_softmax(s->g, vx);
  out[1] = tg_argmax(s->g, vx);
  out[2] = tg_one_hot(s->g, out[1], 3);
  plan(s, 3, out);
  set(s, vx, 6, x);
  assert_int_equal(tg_plan_run(s->plan, 0), 0);
  expect(s, out[0], 6, y);
  expect(s, out[1], 2, best);
  expect(s, out[2], 6, hot);
}

static void classes_survive_extremes(void **state) {
  (void)state;
  on_both(check_classes);
}

/* ---- Adam -------------------------------------------------------------------------------------
 */

static void expect_param(session *s, const char *name, const double *x) {
  double got[3];
  int at = tg_store_find(s->store, name);
  assert_true(at >= 0);
  tg_store_read_f64(s->store, at, got);
  for (int i = 0; i < 3; i++) {
    if (fabs(got[i] - x[i]) > (s->element == sizeof(double) ? 1e-14 : 3e-7)) {
      fail_msg("%s[%d] is %.15g, expected %.15g", name, i, got[i], x[i]);
    }
  }
}

static void check_adam(session *s) {
  static const double gradient[3][3] = {{0.5, -1, 0}, {0.25, 3, -0.125}, {-1, 0.5, 2}};
  static const double p[3][3] = {{0.900000001960784, -1.900000000980392, 0.400000199999600},
                                 {0.815266159039217, -1.973927643712013, 0.492231422961523},
                                 {0.878771171985109, -2.027212666622686, 0.396404507674343}};
  static const double m[] = {-0.367423669199902, 0.857880361778989, 0.9728361576148066};
  static const double v[] = {0.0013103551218203709, 0.010146445241938758, 0.004034364794637325};
  tg_shape shape = tg_shape4(1, 1, 1, 3);
  tg_value g = tg_input(s->g, "g", shape), rate = tg_input(s->g, "rate", tg_scalar());
  tg_value t = tg_input(s->g, "t", tg_scalar());
  tg_adam_options o = {.beta1 = 0.5, .beta2 = 0.999, .epsilon = 1e-8, .weight_decay = 0.01};
  tg_value update = tg_adam(s->g, tg_param(s->g, "w", shape), g, rate, t, o);
  plan(s, 1, &update);
  tg_store_write(s->store, tg_store_find(s->store, "w"), (const float[]){1, -2, 0.5});
  for (int i = 0; i < 3; i++) {
    set(s, g, 3, gradient[i]);
    set(s, rate, 1, (const double[]){0.1});
    set(s, t, 1, (const double[]){i + 1});
    assert_int_equal(tg_plan_run(s->plan, (uint64_t)i), 0);
    expect_param(s, "w", p[i]);
  }
  expect_param(s, "w.m", m);
  expect_param(s, "w.v", v);
}

static void adam_is_pytorch(void **state) {
  (void)state;
  on_both(check_adam);
}

/* ---- refusals ---------------------------------------------------------------------------------
 */

static void expect_refusal(tg_graph *g, tg_value v, const char *part) {
  assert_int_equal(v, TG_NONE);
  assert_non_null(tg_graph_failure(g));
  if (!strstr(tg_graph_failure(g), part)) {
    fail_msg("\"%s\" does not say \"%s\"", tg_graph_failure(g), part);
  }
  tg_graph_free(g);
}

static tg_graph *graph_with(tg_value *x, tg_shape shape) {
  tg_graph *g = tg_graph_new();
  *x = tg_input(g, "x", shape);
  return g;
}

static void impossible_uses_are_refused(void **state) {
  (void)state;
  tg_shape image = tg_shape4(2, 4, 3, 5);
  tg_adam_options o = {.beta1 = 0.5, .beta2 = 0.999, .epsilon = 1e-8}, wrong = {.beta1 = 1};
  tg_value x;
  tg_graph *g = graph_with(&x, image);
  expect_refusal(g, tg_max_pool(g, x, 4, 4, 0), "a window of 4 does not fit an image of 4x3");
  g = graph_with(&x, image);
  expect_refusal(g, tg_max_pool(g, x, 0, 1, 0), "a window of 0");
  g = graph_with(&x, image);
  expect_refusal(g, tg_max_pool(g, x, 2, 0, 0), "stride 0 must be at least 1");
  g = graph_with(&x, image);
  expect_refusal(g, tg_mean_pool(g, x, 2, 1, 2), "pad 2 less than the window");
  g = graph_with(&x, image);
  expect_refusal(g, tg_instance_norm(g, x, x, x, 1e-5), "{1,1,1,c} with c the 5 channels");
  g = graph_with(&x, image);
  expect_refusal(g, tg_instance_norm(g, x, x, x, (double)NAN), "epsilon nan");
  g = graph_with(&x, image);
  expect_refusal(g, tg_one_hot(g, x, 3), "indices must be {n,h,w,1}");
  g = graph_with(&x, tg_shape4(2, 1, 1, 1));
  expect_refusal(g, tg_one_hot(g, x, 0), "0 classes");
  g = graph_with(&x, image);
  expect_refusal(g, tg_leaky_relu(g, x, -0.1), "leaky_relu 2x4x3x5: slope -0.1: a number of");
  g = graph_with(&x, image);
  expect_refusal(g, tg_leaky_relu(g, x, (double)NAN), "slope nan");
  g = graph_with(&x, image);
  expect_refusal(g, tg_leaky_relu_dx(g, x, x, -1), "slope -1");
  g = graph_with(&x, tg_scalar());
  expect_refusal(g, tg_adam(g, x, x, x, x, o), "operand 1 must be a parameter");
  g = graph_with(&x, image);
  expect_refusal(g, tg_adam(g, tg_param(g, "w", image), x, x, x, o),
                 "rate and step must be scalars");
  g = graph_with(&x, tg_scalar());
  expect_refusal(g, tg_adam(g, tg_param(g, "w", tg_scalar()), x, x, x, wrong), "beta1 is 1");
  g = graph_with(&x, tg_scalar());
  expect_refusal(g, tg_adam(g, tg_param(g, "w", image), x, x, x, o), "the shape of parameter w");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(instance_norm_is_pytorch),
      cmocka_unit_test(variance_survives_a_large_mean),
      cmocka_unit_test(threads_change_no_bit),
      cmocka_unit_test(pool_takes_the_first_maximum),
      cmocka_unit_test(classes_survive_extremes),
      cmocka_unit_test(adam_is_pytorch),
      cmocka_unit_test(impossible_uses_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
