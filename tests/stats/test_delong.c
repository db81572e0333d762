/* DeLong intervals and test against R's pROC (tests/golden/stats_proc.R), with groups against
 * Obuchowski's formulas written out (stats_tests.py). */
#include "random.h"
#include "xsite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stats_file.h"

static xs_labelled_outputs predictions_of(const golden *g, const float *logit,
                                          const uint64_t *group) {
  return outputs_of(logit, g->label, group, g->n, g->classes);
}

static double proc(const char *name, const char *quantity) {
  return stats_expected("stats_proc", name, quantity);
}

static void check_proc(const char *name, const golden *g, const float *logit, int64_t n) {
  xs_labelled_outputs x = predictions_of(g, logit, NULL);
  x.of.n = n;
  xs_delong d;
  assert_int_equal(xs_delong_auc(&x, &d), XS_OK);
  assert_near(d.auc, proc(name, "auc"), 1e-11);
  assert_near(d.error * d.error, proc(name, "variance"), 1e-13);
  assert_near(d.low, proc(name, "low"), 1e-11);
  assert_near(d.high, proc(name, "high"), 1e-11);
}

static void intervals_match_proc(void **state) {
  (void)state;
  golden *g = load_golden("two", 2);
  check_proc("a", g, g->a, g->n);
  check_proc("b", g, g->b, g->n);
  assert_near(proc("few", "high"), 1, 0);
  check_proc("few", g, g->b, 14);
  free(g);
}

static void test_matches_proc(void **state) {
  (void)state;
  golden *g = load_golden("two", 2);
  xs_labelled_outputs a = predictions_of(g, g->a, NULL), b = predictions_of(g, g->b, NULL);
  xs_delong_difference d, back;
  assert_int_equal(xs_delong_test(&a, g->b, &d), XS_OK);
  assert_near(d.value, proc("b", "auc") - proc("a", "auc"), 1e-11);
  assert_near(d.z, proc("test", "z"), 1e-9);
  assert_near(d.p / proc("test", "p"), 1, 1e-9);
  assert_near(d.low, proc("test", "low"), 1e-11);
  assert_near(d.high, proc("test", "high"), 1e-11);
  assert_int_equal(xs_delong_test(&b, g->a, &back), XS_OK);
  assert_near(back.low, -d.high, 1e-15);
  assert_near(back.p / d.p, 1, 1e-12);
  free(g);
}

static void check_groups(const char *name, const golden *g, const uint64_t *group) {
  xs_labelled_outputs a = predictions_of(g, g->a, group), b = predictions_of(g, g->b, group);
  xs_delong da, db;
  xs_delong_difference d;
  assert_int_equal(xs_delong_auc(&a, &da), XS_OK);
  assert_int_equal(xs_delong_auc(&b, &db), XS_OK);
  assert_int_equal(xs_delong_test(&a, g->b, &d), XS_OK);
  assert_near(da.error * da.error, stats_expected("stats_tests", name, "variance_a"), 1e-13);
  assert_near(db.error * db.error, stats_expected("stats_tests", name, "variance_b"), 1e-13);
  assert_near(d.error * d.error, stats_expected("stats_tests", name, "variance"), 1e-13);
}

static void groups_match_obuchowski(void **state) {
  (void)state;
  golden *g = load_golden("two", 2);
  check_groups("grouped", g, g->group); /* one class each */
  uint64_t mixed[256];
  for (int64_t i = 0; i < g->n; i++) mixed[i] = (uint64_t)(g->n - i + 4) / 5; /* five in a row */
  check_groups("mixed", g, mixed);
  free(g);
}

/* Ten copies of every image in one group carry no more information than one. */
static void copies_in_a_group_do_not_narrow(void **state) {
  (void)state;
  enum { N = 80, COPIES = 10 };
  float logit[N * COPIES * 2] = {0};
  int32_t label[N * COPIES];
  uint64_t group[N * COPIES];
  for (int i = 0; i < N * COPIES; i++) {
    label[i] = i % N % 2;
    logit[2 * i + 1] = random_uniform(3, 4, 0, (uint64_t)(i % N)) + 0.3f * (float)label[i];
    group[i] = (uint64_t)(i % N) * 977;
  }
  xs_labelled_outputs x = outputs_of(logit, label, group, N * COPIES, 2);
  xs_delong copies, one, alone;
  assert_int_equal(xs_delong_auc(&x, &copies), XS_OK);
  x.of.n = N;
  assert_int_equal(xs_delong_auc(&x, &one), XS_OK);
  x.of.group = NULL;
  assert_int_equal(xs_delong_auc(&x, &alone), XS_OK);
  assert_near(copies.error, one.error, 1e-14);
  assert_near(alone.error, one.error, 0);
}

static void ranks_alone_count(void **state) {
  (void)state;
  golden *g = load_golden("two", 2);
  xs_labelled_outputs x = predictions_of(g, g->a, g->group);
  xs_delong before, after;
  assert_int_equal(xs_delong_auc(&x, &before), XS_OK);
  for (int64_t i = 0; i < g->n; i++) {
    g->a[2 * i + 1] = expf(g->a[2 * i + 1] - g->a[2 * i]);
    g->a[2 * i] = 0;
  }
  assert_int_equal(xs_delong_auc(&x, &after), XS_OK);
  assert_memory_equal(&before, &after, sizeof before);
  free(g);
}

static void without_variance(void **state) {
  (void)state;
  const float apart[] = {0, 1, 0, 2, 0, 3, 0, 4, 0, 9}, tied[10] = {0};
  const float back[] = {0, 4, 0, 3, 0, 2, 0, 1, 0, 9};
  const int32_t label[] = {0, 0, 1, 1, -1};
  xs_labelled_outputs x = outputs_of(apart, label, NULL, 5, 2);
  xs_delong d;
  xs_delong_difference t;
  assert_int_equal(xs_delong_auc(&x, &d), XS_OK);
  assert_near(d.auc, 1, 0);
  assert_true(isnan(d.low) && isnan(d.high));
  assert_int_equal(xs_delong_test(&x, apart, &t), XS_OK);
  assert_near(t.z, 0, 0);
  assert_near(t.p, 1, 0);
  assert_int_equal(xs_delong_test(&x, back, &t), XS_OK);
  assert_near(t.value, -1, 0);
  assert_true(isnan(t.z) && isnan(t.p));
  x.of.logit = tied;
  assert_int_equal(xs_delong_auc(&x, &d), XS_OK);
  assert_near(d.auc, 0.5, 0);
  assert_near(d.error, 0, 0);
}

static void expect(xs_labelled_outputs x, xs_status status, const char *message) {
  xs_delong d;
  xs_delong_difference t;
  assert_int_equal(xs_delong_auc(&x, &d), status);
  assert_non_null(strstr(fail_message(), message));
  assert_int_equal(xs_delong_test(&x, x.of.logit, &t), status);
  assert_non_null(strstr(fail_message(), message));
}

static void refusals_say_why(void **state) {
  (void)state;
  const float logit[] = {0, 1, 1, 0, 2, 0, 0, NAN}, clean[8] = {0, 1, 1, 0, 2};
  const int32_t label[] = {0, 1, 1, 0}, same[] = {1, 1, 1}, none[] = {-1, 2, 7};
  const uint64_t group[] = {5, 6, 6, 7};
  expect(outputs_of(logit, label, NULL, 4, 2), XS_FAILED, "image 3");
  expect(outputs_of(logit, label, NULL, 3, 2), XS_FAILED, "2 groups of images have a positive");
  expect(outputs_of(clean, label, group, 4, 2), XS_FAILED, "1 groups of images");
  expect(outputs_of(logit, same, NULL, 3, 2), XS_FAILED, "all of one class");
  expect(outputs_of(logit, label, NULL, 1, 2), XS_FAILED, "all of one class");
  expect(outputs_of(logit, none, NULL, 3, 2), XS_FAILED, "known label");
  expect(outputs_of(logit, label, NULL, 2, 3), XS_USAGE, "3 classes");
  golden *g = load_golden("two", 2);
  xs_labelled_outputs x = predictions_of(g, g->a, NULL);
  xs_delong_difference t;
  g->b[2 * 17] = NAN;
  assert_int_equal(xs_delong_test(&x, g->b, &t), XS_FAILED);
  assert_non_null(strstr(fail_message(), "image 17"));
  free(g);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(intervals_match_proc),    cmocka_unit_test(test_matches_proc),
      cmocka_unit_test(groups_match_obuchowski), cmocka_unit_test(copies_in_a_group_do_not_narrow),
      cmocka_unit_test(ranks_alone_count),       cmocka_unit_test(without_variance),
      cmocka_unit_test(refusals_say_why),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
