/* Intervals of few images against SciPy (tests/golden/interval_golden.py). */
#include "newcombe.h"
#include "xsite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stats_file.h"

static double expected(const char *name, const char *quantity) {
  return stats_expected("stats_intervals", name, quantity);
}

static void formula_matches(void **state) {
  (void)state;
  const newcombe x = {0.9, 10, 10};
  assert_near(x.auc - newcombe_below(&x, 1.959963984540054), expected("formula", "low"), 1e-12);
  assert_near(x.auc + newcombe_above(&x, 1.959963984540054), expected("formula", "high"), 1e-12);
}

static void check_case(const char *name, const golden *g, const uint64_t *group) {
  xs_measure m;
  xs_difference d;
  assert_int_equal(xs_measure_classifier(g->a, g->label, group, g->n, g->classes, 100, 1, &m),
                   XS_OK);
  assert_int_equal(m.interval, XS_NEWCOMBE);
  assert_near(m.low, expected(name, "low"), 1e-10);
  assert_near(m.high, expected(name, "high"), 1e-10);
  assert_int_equal(xs_measure_difference(g->a, g->b, g->label, group, g->n, g->classes, 100, 1, &d),
                   XS_OK);
  assert_int_equal(d.interval, XS_NEWCOMBE);
  assert_near(d.value, expected(name, "difference"), 1e-12);
  assert_near(d.low, expected(name, "difference_low"), 1e-10);
  assert_near(d.high, expected(name, "difference_high"), 1e-10);
  assert_near(d.p / expected(name, "p"), 1, 1e-6);
}

static void check_file(const char *name, const char *alone, const char *mixed, int classes) {
  golden *g = load_golden(name, classes);
  uint64_t five[256];
  for (int64_t i = 0; i < g->n; i++) five[i] = (uint64_t)i / 5;
  check_case(name, g, g->group);
  check_case(alone, g, NULL);
  check_case(mixed, g, five);
  free(g);
}

static void two_classes_match(void **state) {
  (void)state;
  check_file("two", "two-alone", "two-mixed", 2);
}

static void ten_classes_match(void **state) {
  (void)state;
  check_file("ten", "ten-alone", "ten-mixed", 10);
}

/* Nothing is known of three images, however right they are. */
static void three_images(void **state) {
  (void)state;
  const float right[] = {0, -1, 0, 1, 0, 2}, better[] = {0, -2, 0, 1, 0, 3};
  const int32_t label[] = {0, 1, 1};
  xs_measure m;
  xs_difference d;
  assert_int_equal(xs_measure_classifier(right, label, NULL, 3, 2, 100, 1, &m), XS_OK);
  assert_near(m.auc, 1, 0);
  assert_near(m.high, 1, 0);
  assert_true(m.low > 0.05 && m.low < 0.4);
  const float other[] = {0, -1, 0, 2, 0, 1};
  assert_int_equal(xs_measure_difference(right, other, label, NULL, 3, 2, 100, 1, &d), XS_OK);
  assert_near(d.value, 0, 0);
  assert_true(d.low < -0.5 && d.high > 0.5);
  assert_near(d.p, 1, 0);
  /* images in the same order are not told apart by any test set */
  assert_int_equal(xs_measure_difference(right, better, label, NULL, 3, 2, 100, 1, &d), XS_OK);
  assert_near(d.high - d.low, 0, 0);
  /* one patient's images are one image */
  const uint64_t group[] = {1, 2, 2};
  xs_measure grouped;
  assert_int_equal(xs_measure_classifier(right, label, group, 3, 2, 100, 1, &grouped), XS_OK);
  assert_true(grouped.low < m.low);
}

/* p is below 0.05 where the interval leaves 0 out, and there alone. */
static void p_agrees_with_interval(void **state) {
  (void)state;
  golden *g = load_golden("two", 2);
  for (int64_t n = 12; n < g->n; n += 7) {
    xs_difference d;
    if (xs_measure_difference(g->a, g->b, g->label, g->group, n, 2, 100, 1, &d)) continue;
    assert_true((d.p < 0.05) == (d.low > 0 || d.high < 0));
  }
  free(g);
}

static void mean_of_pairs(void **state) {
  (void)state;
  const xs_interval x[2] = {{0.8, 0.6, 0.9}, {0.6, 0.5, 0.8}};
  const double same[8] = {1, 2, 3, 4, 2, 4, 6, 8}, apart[8] = {1, -1, 1, -1, 1, 1, -1, -1};
  xs_difference d;
  xs_mean_interval(x, 1, same, 4, &d);
  assert_near(d.low, 0.6, 1e-15);
  assert_near(d.high, 0.9, 1e-15);
  xs_mean_interval(x, 2, same, 4, &d);
  assert_near(d.value, 0.7, 1e-15);
  assert_near(d.low, 0.55, 1e-15);
  assert_near(d.high, 0.85, 1e-15);
  xs_mean_interval(x, 2, apart, 4, &d);
  assert_near(d.low, 0.7 - sqrt(0.04 + 0.01) / 2, 1e-15);
  assert_near(d.high, 0.7 + sqrt(0.01 + 0.04) / 2, 1e-15);
}

/* The golden set by its first classifier, and again by its second, image after image: each half has
 * the numbers that SciPy has for the whole; a third part has too few. */
static void subgroups_are_each_a_set(void **state) {
  (void)state;
  enum { MOST = 256, FEW = 12 };
  static float a[2 * MOST + FEW][2], b[2 * MOST + FEW][2];
  static int32_t label[2 * MOST + FEW], subgroup[2 * MOST + FEW];
  static uint64_t group[2 * MOST + FEW];
  golden *g = load_golden("two", 2);
  int64_t n = 2 * g->n;
  assert_true(g->n <= MOST);
  for (int64_t i = 0; i < n + FEW; i++) {
    const int64_t of = i < n ? i / 2 : i - n;
    for (int k = 0; k < 2; k++) {
      a[i][k] = (i % 2 ? g->b : g->a)[2 * of + k];
      b[i][k] = (i % 2 ? g->a : g->b)[2 * of + k];
    }
    label[i] = g->label[of];
    group[i] = 2 * g->group[of] + (uint64_t)(i % 2);
    subgroup[i] = i < n ? (int32_t)(i % 2) : i % 2 ? 2 : -1;
  }
  const xs_labelled_outputs x = {{n + FEW, 2, 0, a[0], NULL, group}, label};
  xs_subgroup out[4];
  assert_int_equal(xs_measure_subgroups(&x, b[0], subgroup, 4, 100, 1, out), XS_OK);
  for (int i = 0; i < 2; i++) {
    const xs_measure *first = i ? &out[i].b : &out[i].a;
    assert_true(out[i].measured);
    assert_int_equal(out[i].n, g->n);
    assert_int_equal(out[i].groups, first->groups);
    assert_near(first->low, expected("two", "low"), 1e-10);
    assert_near(first->high, expected("two", "high"), 1e-10);
  }
  assert_near(out[0].difference.low, expected("two", "difference_low"), 1e-10);
  assert_near(out[1].difference.low, -expected("two", "difference_high"), 1e-10);
  assert_int_equal(out[2].n, FEW / 2);
  assert_int_equal(out[3].n, 0);
  assert_false(out[2].measured || out[3].measured);
  /* one classifier, and images that are their own groups */
  const xs_labelled_outputs alone = {{n, 2, 0, a[0], NULL, NULL}, label};
  assert_int_equal(xs_measure_subgroups(&alone, NULL, subgroup, 1, 100, 1, out), XS_OK);
  assert_int_equal(out->groups, g->n);
  assert_near(out->a.low, expected("two-alone", "low"), 1e-10);
  assert_near(out->b.auc, 0, 0);
  free(g);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(formula_matches),          cmocka_unit_test(two_classes_match),
      cmocka_unit_test(ten_classes_match),        cmocka_unit_test(three_images),
      cmocka_unit_test(p_agrees_with_interval),   cmocka_unit_test(mean_of_pairs),
      cmocka_unit_test(subgroups_are_each_a_set),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
