/* Calibration and temperature against NumPy, scikit-learn and SciPy (tests/golden/stats_tests.py).
 */
#include "random.h"
#include "xsite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "memory.h"
#include "stats_file.h"
#include "text.h"

#include <omp.h>

static double expected(const char *name, const char *quantity) {
  return stats_expected("stats_tests", name, quantity);
}

static double expected_of_bin(const char *name, const char *quantity, int bin) {
  char *key = text_format("%s%d", quantity, bin);
  double value = expected(name, key);
  free(key);
  return value;
}

/* Within a share of the standard deviation.  The Monte-Carlo error of a 2.5 % point at 20,000
 * replicates is about 0.02 of it on either side. */
static void check_interval(const char *name, const char *quantity, const xs_interval *i,
                           double share) {
  char *low = text_format("%s_low", quantity), *high = text_format("%s_high", quantity);
  double within = share * (expected(name, high) - expected(name, low)) / 3.92;
  assert_near(i->low, expected(name, low), within);
  assert_near(i->high, expected(name, high), within);
  free(low);
  free(high);
}

static void check_bin(const char *name, int b, const xs_reliability *bin) {
  assert_int_equal(bin->n, expected_of_bin(name, "n", b));
  if (bin->n == 0) {
    assert_true(isnan(bin->predicted) && isnan(bin->observed.value) && isnan(bin->observed.low));
    return;
  }
  assert_near(bin->predicted, expected_of_bin(name, "predicted", b), 1e-11);
  assert_near(bin->observed.value, expected_of_bin(name, "observed", b), 1e-11);
}

static void check_calibration(const char *name, int classes) {
  golden *g = load_golden(name, classes);
  xs_labelled_outputs x = outputs_of(g->a, g->label, g->group, g->n, classes);
  xs_calibration c;
  assert_int_equal(xs_calibration_measure(&x, 20000, 7, &c), XS_OK);
  assert_int_equal(c.n, g->n);
  assert_int_equal(c.groups, stats_expected("stats_expected", name, "groups"));
  assert_near(c.ece.value, expected(name, "ece"), 1e-11);
  assert_near(c.brier.value, expected(name, "brier"), 1e-11);
  check_interval(name, "ece", &c.ece, 0.12);
  check_interval(name, "brier", &c.brier, 0.12);
  for (int b = 0; b < XS_BINS; b++) check_bin(name, b, &c.bin[b]);
  /* a share of few images is a step function: the point may lie on a neighbouring step */
  check_interval(name, "observed", &c.bin[(int)expected(name, "fullest")].observed, 0.25);
  free(g);
}

static void two_classes_match(void **state) {
  (void)state;
  check_calibration("two", 2);
}

static void ten_classes_match(void **state) {
  (void)state;
  check_calibration("ten", 10);
}

/* P = 1/2 is in the eighth bin, P = 0 in the first, P = 1 in the last. */
static void bins_of_few(void **state) {
  (void)state;
  const float logit[] = {0, 0, 900, 0, 0, 900, 0, 900, 3, 4};
  const int32_t label[] = {1, 0, 0, 1, -1};
  xs_labelled_outputs x = outputs_of(logit, label, NULL, 5, 2);
  xs_calibration c;
  assert_int_equal(xs_calibration_measure(&x, 50, 1, &c), XS_OK);
  assert_int_equal(c.n, 4);
  assert_int_equal(c.bin[7].n, 1);
  assert_int_equal(c.bin[0].n, 1);
  assert_int_equal(c.bin[14].n, 2);
  assert_near(c.bin[14].observed.value, 0.5, 0);
  assert_near(c.ece.value, (0.5 + 0 + 1) / 4, 1e-15);
  assert_near(c.brier.value, (0.25 + 0 + 1 + 0) / 4, 1e-15);
}

static void one_image(void **state) {
  (void)state;
  const float logit[] = {0, 1, 0};
  const int32_t label = 1;
  xs_labelled_outputs x = outputs_of(logit, &label, NULL, 1, 3);
  xs_calibration c;
  assert_int_equal(xs_calibration_measure(&x, 2, 1, &c), XS_OK);
  double p = exp(1) / (2 + exp(1)), q = 1 / (2 + exp(1));
  assert_near(c.ece.value, 1 - p, 1e-15);
  assert_near(c.ece.low, c.ece.value, 0);
  assert_near(c.brier.high, (1 - p) * (1 - p) + 2 * q * q, 1e-15);
}

static void same_for_any_threads(void **state) {
  (void)state;
  golden *g = load_golden("ten", 10);
  xs_labelled_outputs x = outputs_of(g->a, g->label, g->group, g->n, 10);
  xs_calibration c[2];
  const int threads = omp_get_max_threads();
  for (int i = 0; i < 2; i++) {
    omp_set_num_threads(i == 0 ? 1 : 3);
    assert_int_equal(xs_calibration_measure(&x, 300, 7, &c[i]), XS_OK);
  }
  omp_set_num_threads(threads);
  assert_memory_equal(&c[0], &c[1], sizeof c[0]);
  free(g);
}

/* ---- temperature ----------------------------------------------------------------------------- */

static void check_temperature(const char *name, int classes) {
  golden *g = load_golden(name, classes);
  xs_labelled_outputs x = outputs_of(g->a, g->label, g->group, g->n, classes);
  xs_temperature t;
  assert_int_equal(xs_temperature_fit(&x, &t), XS_OK);
  assert_near(t.value, expected(name, "temperature"), 1e-10);
  assert_near(t.loss_before, expected(name, "loss_before"), 1e-11);
  assert_near(t.loss_after, expected(name, "loss_after"), 1e-11);
  /* fitted again after it was applied: 1, whatever the scale */
  for (float scale = 0.125f; scale <= 16; scale *= 128) {
    for (int64_t i = 0; i < g->n * classes; i++) g->b[i] = g->a[i] * scale;
    x.of.logit = g->b;
    assert_int_equal(xs_temperature_fit(&x, &t), XS_OK);
    assert_near(t.value / scale, expected(name, "temperature"), 1e-10);
    xs_temperature_apply(g->b, g->n, classes, t.value, g->b);
    assert_int_equal(xs_temperature_fit(&x, &t), XS_OK);
    assert_near(t.value, 1, 1e-7);
  }
  free(g);
}

static void temperatures_match(void **state) {
  (void)state;
  check_temperature("two", 2);
  check_temperature("ten", 10);
}

/* Labels drawn from softmax(logit / 3). */
static void temperature_is_found_again(void **state) {
  (void)state;
  enum { N = 20000 };
  float *logit = memory_new(sizeof *logit * 2 * N);
  int32_t *label = memory_new(sizeof *label * N);
  for (int i = 0; i < N; i++) {
    logit[2 * i + 1] = 12 * random_uniform(1, 2, 0, (uint64_t)i) - 6;
    double p = 1 / (1 + exp(-(double)logit[2 * i + 1] / 3));
    label[i] = (double)random_uniform(1, 3, 0, (uint64_t)i) < p;
  }
  xs_labelled_outputs x = outputs_of(logit, label, NULL, N, 2);
  xs_temperature t;
  xs_calibration before, after;
  assert_int_equal(xs_temperature_fit(&x, &t), XS_OK);
  assert_near(t.value, 3, 0.15);
  assert_int_equal(xs_calibration_measure(&x, 2, 1, &before), XS_OK);
  xs_temperature_apply(logit, N, 2, t.value, logit);
  assert_int_equal(xs_calibration_measure(&x, 2, 1, &after), XS_OK);
  assert_true(after.ece.value < 0.02 && before.ece.value > 0.1);
  free(logit);
  free(label);
}

static void temperature_of_few_images(void **state) {
  (void)state;
  const float logit[] = {0, 1, 1, 0};
  xs_temperature t;
  xs_labelled_outputs x = outputs_of(logit, (int32_t[]){1, 0}, NULL, 2, 2);
  assert_int_equal(xs_temperature_fit(&x, &t), XS_OK);
  assert_near(t.value, 1 / log(3), 1e-12); /* two that are right: 3 of 4, not all */
  x.label = (int32_t[]){0, 1};
  assert_int_equal(xs_temperature_fit(&x, &t), XS_OK);
  assert_near(t.value, 100, 1e-12);
  x.of.logit = (float[]){4, 4, 4, 4};
  assert_int_equal(xs_temperature_fit(&x, &t), XS_OK);
  assert_near(t.value, 100, 1e-12);
  assert_near(t.loss_after, log(2), 1e-15);
  x.of.n = 1;
  assert_int_equal(xs_temperature_fit(&x, &t), XS_OK);
}

static void expect(xs_labelled_outputs x, xs_status status, const char *message) {
  xs_calibration c;
  xs_temperature t;
  assert_int_equal(xs_calibration_measure(&x, 100, 1, &c), status);
  assert_non_null(strstr(fail_message(), message));
  assert_int_equal(xs_temperature_fit(&x, &t), status);
  assert_non_null(strstr(fail_message(), message));
}

static void refusals_say_why(void **state) {
  (void)state;
  const float logit[] = {0, 1, 1, 0, 2, NAN, INFINITY, 0};
  const int32_t label[] = {0, 1, 1, 0};
  xs_calibration c;
  expect(outputs_of(logit, label, NULL, 3, 2), XS_FAILED, "image 2 for class 1");
  expect(outputs_of(logit + 6, label, NULL, 1, 2), XS_FAILED, "image 0 for class 0");
  expect(outputs_of(logit, (int32_t[]){-1, 2}, NULL, 2, 2), XS_FAILED, "known label");
  expect(outputs_of(logit, label, NULL, 2, 1), XS_USAGE, "1 classes");
  xs_labelled_outputs x = outputs_of(logit, label, NULL, 2, 2);
  assert_int_equal(xs_calibration_measure(&x, 1, 1, &c), XS_USAGE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(two_classes_match),
      cmocka_unit_test(ten_classes_match),
      cmocka_unit_test(bins_of_few),
      cmocka_unit_test(one_image),
      cmocka_unit_test(same_for_any_threads),
      cmocka_unit_test(temperatures_match),
      cmocka_unit_test(temperature_is_found_again),
      cmocka_unit_test(temperature_of_few_images),
      cmocka_unit_test(refusals_say_why),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
