/* Operating points against NumPy and SciPy (tests/golden/stats_tests.py). */
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

typedef struct half { /* the images of even or odd groups of a golden test set, classifier b */
  int64_t n;
  int32_t label[256];
  uint64_t group[256];
  float logit[256 * 10];
} half;

static half *half_of(const golden *g, uint64_t odd) {
  half *h = memory_new(sizeof *h);
  const size_t row = (size_t)g->classes * sizeof *g->b;
  for (int64_t i = 0; i < g->n; i++) {
    if (g->group[i] % 2 != odd) continue;
    memcpy(h->logit + h->n * g->classes, g->b + i * g->classes, row);
    h->label[h->n] = g->label[i];
    h->group[h->n++] = g->group[i];
  }
  return h;
}

static xs_labelled_outputs predictions_of(const half *h, int classes) {
  return outputs_of(h->logit, h->label, h->group, h->n, classes);
}

static double expected(const char *name, const char *quantity, const char *end) {
  char *key = text_format("%s%s", quantity, end);
  double value = stats_expected("stats_tests", name, key);
  free(key);
  return value;
}

/* Rates are steps: a 2.5 % point may lie on a neighbouring one. */
static void check_rate(const char *name, const char *quantity, const xs_rate *r) {
  assert_near(r->n, expected(name, quantity, "_n"), 0);
  assert_near(r->wilson.value, expected(name, quantity, ""), 1e-11);
  assert_near(r->wilson.low, expected(name, quantity, "_wilson_low"), 1e-11);
  assert_near(r->wilson.high, expected(name, quantity, "_wilson_high"), 1e-11);
  assert_near(r->bootstrap.value, r->wilson.value, 0);
  assert_near(r->bootstrap.low, expected(name, quantity, "_low"), 0.02);
  assert_near(r->bootstrap.high, expected(name, quantity, "_high"), 0.02);
}

static void check_carry(const char *name, const char *file, int classes, int positive,
                        double sensitivity) {
  golden *g = load_golden(file, classes);
  half *even = half_of(g, 0), *odd = half_of(g, 1);
  xs_labelled_outputs chosen = predictions_of(even, classes),
                      carried = predictions_of(odd, classes);
  xs_operating_point p;
  assert_int_equal(xs_operating_point_carry(&chosen, &carried, positive, sensitivity, 20000, 3, &p),
                   XS_OK);
  assert_near(p.threshold, expected(name, "threshold", ""), 1e-10);
  assert_near(p.probability, expected(name, "probability", ""), 1e-11);
  check_rate(name, "chosen_sensitivity", &p.chosen_sensitivity);
  check_rate(name, "chosen_specificity", &p.chosen_specificity);
  check_rate(name, "carried_sensitivity", &p.carried_sensitivity);
  check_rate(name, "carried_specificity", &p.carried_specificity);
  free(g);
  free(even);
  free(odd);
}

static void two_classes_match(void **state) {
  (void)state;
  check_carry("operating_two", "two", 2, 1, 0.9);
}

static void one_class_against_the_rest_matches(void **state) {
  (void)state;
  check_carry("operating_ten", "ten", 10, 3, 0.8);
}

/* ---- few images ------------------------------------------------------------------------------ */

static const float few[] = {0, 1, 0, 2, 0, 2, 0, 3, 0, 4};
static const int32_t few_label[] = {0, 1, 0, 1, 1};

static xs_operating_point carry_few(double sensitivity, int positive) {
  xs_labelled_outputs x = outputs_of(few, few_label, NULL, 5, 2);
  xs_operating_point p;
  assert_int_equal(xs_operating_point_carry(&x, &x, positive, sensitivity, 200, 1, &p), XS_OK);
  return p;
}

static void thresholds_of_few(void **state) {
  (void)state;
  xs_operating_point p = carry_few(1, 1); /* 2 is a positive's score, and a negative's */
  assert_near(p.threshold, 2, 1e-15);
  assert_near(p.carried_sensitivity.wilson.value, 1, 0);
  assert_near(p.carried_specificity.wilson.value, 0.5, 0);
  p = carry_few(2.0 / 3, 1);
  assert_near(p.threshold, 3, 1e-15);
  assert_near(p.carried_specificity.wilson.value, 1, 0);
  assert_near(carry_few(0.67, 1).threshold, 2, 1e-15);
  assert_near(carry_few(1e-12, 1).threshold, 4, 1e-15);
  p = carry_few(1, 0); /* class 0 has the scores -1 and -2 */
  assert_near(p.threshold, -2, 1e-15);
  assert_near(p.carried_specificity.wilson.value, 2.0 / 3, 1e-15);
}

/* Adding a number to all of an image's logits changes no probability and no threshold. */
static void probabilities_alone_count(void **state) {
  (void)state;
  golden *g = load_golden("ten", 10);
  half *h = half_of(g, 0);
  xs_labelled_outputs x = predictions_of(h, 10);
  xs_operating_point before, after;
  assert_int_equal(xs_operating_point_carry(&x, &x, 3, 0.8, 100, 1, &before), XS_OK);
  for (int64_t i = 0; i < h->n; i++) {
    for (int k = 0; k < 10; k++) h->logit[i * 10 + k] += (float)(i % 7) * 8;
  }
  assert_int_equal(xs_operating_point_carry(&x, &x, 3, 0.8, 100, 1, &after), XS_OK);
  assert_near(before.threshold, after.threshold, 1e-12);
  assert_near(before.carried_specificity.bootstrap.low, after.carried_specificity.bootstrap.low, 0);
  free(g);
  free(h);
}

/* The threshold's own uncertainty: with 20 images to choose it on and 5,000 at the other site,
 * Wilson's interval of the specificity there is far too narrow. */
static void choice_widens_the_interval(void **state) {
  (void)state;
  enum { N = 5000 };
  float *logit = memory_new(sizeof *logit * 2 * N);
  int32_t *label = memory_new(sizeof *label * N);
  for (int i = 0; i < N; i++) {
    label[i] = i % 2;
    logit[2 * i + 1] = random_uniform(1, 2, 0, (uint64_t)i) + 0.4f * (float)label[i];
  }
  xs_labelled_outputs all = outputs_of(logit, label, NULL, N, 2),
                      first = outputs_of(logit, label, NULL, 20, 2);
  xs_operating_point p;
  assert_int_equal(xs_operating_point_carry(&first, &all, 1, 0.9, 500, 1, &p), XS_OK);
  const xs_rate *r = &p.carried_specificity;
  assert_true(r->bootstrap.high - r->bootstrap.low > 4 * (r->wilson.high - r->wilson.low));
  free(logit);
  free(label);
}

static void site_without_a_class(void **state) {
  (void)state;
  xs_labelled_outputs x = outputs_of(few, few_label, NULL, 5, 2);
  xs_labelled_outputs negative = outputs_of(few, (int32_t[]){0, 0, 0}, NULL, 3, 2);
  xs_operating_point p;
  assert_int_equal(xs_operating_point_carry(&x, &negative, 1, 1, 100, 1, &p), XS_OK);
  assert_int_equal(p.carried_sensitivity.n, 0);
  assert_true(isnan(p.carried_sensitivity.wilson.value));
  assert_true(isnan(p.carried_sensitivity.bootstrap.low));
  assert_near(p.carried_specificity.wilson.value, 1.0 / 3, 1e-15);
  assert_int_equal(xs_operating_point_carry(&negative, &x, 1, 1, 100, 1, &p), XS_FAILED);
  assert_non_null(strstr(fail_message(), "none of the 3 images"));
  xs_labelled_outputs one = outputs_of(few + 2, few_label + 1, NULL, 1, 2);
  assert_int_equal(xs_operating_point_carry(&one, &x, 1, 0.5, 100, 1, &p), XS_OK);
  assert_near(p.threshold, 2, 1e-15);
  assert_true(isnan(p.chosen_specificity.bootstrap.value));
}

static void same_for_any_threads(void **state) {
  (void)state;
  golden *g = load_golden("two", 2);
  xs_labelled_outputs x = outputs_of(g->a, g->label, g->group, g->n, 2);
  xs_operating_point p[2];
  const int threads = omp_get_max_threads();
  for (int i = 0; i < 2; i++) {
    omp_set_num_threads(i == 0 ? 1 : 3);
    assert_int_equal(xs_operating_point_carry(&x, &x, 1, 0.9, 300, 7, &p[i]), XS_OK);
  }
  omp_set_num_threads(threads);
  assert_memory_equal(&p[0], &p[1], sizeof p[0]);
  free(g);
}

static void expect(xs_labelled_outputs a, xs_labelled_outputs b, int positive, double sensitivity,
                   int replicates, xs_status status, const char *message) {
  xs_operating_point p;
  assert_int_equal(xs_operating_point_carry(&a, &b, positive, sensitivity, replicates, 1, &p),
                   status);
  assert_non_null(strstr(fail_message(), message));
}

static void refusals_say_why(void **state) {
  (void)state;
  const float broken[] = {0, 1, 0, NAN};
  xs_labelled_outputs x = outputs_of(few, few_label, NULL, 5, 2),
                      three = outputs_of(few, few_label, NULL, 3, 3);
  xs_labelled_outputs nan = outputs_of(broken, few_label, NULL, 2, 2);
  xs_labelled_outputs unknown = outputs_of(few, (int32_t[]){-1, 2}, NULL, 2, 2);
  expect(x, three, 1, 0.9, 100, XS_USAGE, "2 classes at one site and 3");
  expect(x, x, 2, 0.9, 100, XS_USAGE, "class 2 of 2");
  expect(x, x, 1, 0, 100, XS_USAGE, "sensitivity of 0");
  expect(x, x, 1, NAN, 100, XS_USAGE, "sensitivity of nan");
  expect(x, x, 1, 0.9, 1, XS_USAGE, "1 bootstrap replicates");
  expect(x, nan, 1, 0.9, 100, XS_FAILED, "image 1");
  expect(unknown, x, 1, 0.9, 100, XS_FAILED, "known label");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(two_classes_match),
      cmocka_unit_test(one_class_against_the_rest_matches),
      cmocka_unit_test(thresholds_of_few),
      cmocka_unit_test(probabilities_alone_count),
      cmocka_unit_test(choice_widens_the_interval),
      cmocka_unit_test(site_without_a_class),
      cmocka_unit_test(same_for_any_threads),
      cmocka_unit_test(refusals_say_why),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
