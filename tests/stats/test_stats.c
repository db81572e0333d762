/* Measures against published values, scikit-learn and an independent bootstrap
 * (tests/golden/stats_golden.py). */
#include "error.h" /* before cmocka.h, which has a macro of the name fail */
#include "memory.h"
#include "random.h"
#include "resampling.h"
#include "xsite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stats_file.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

static double expected(const char *name, const char *quantity) {
  return stats_expected("stats_expected", name, quantity);
}

/* ---- AUC ------------------------------------------------------------------------------------- */

/* Hanley and McNeil 1982 (Radiology 143:29), table I: 109 CT images rated 1 to 5; area 0.893,
 * standard error 0.032. */
static const int ct_normal[5] = {33, 6, 6, 11, 2}, ct_abnormal[5] = {3, 2, 2, 11, 33};

static int64_t ct_ratings(float *score, uint8_t *positive) {
  int64_t n = 0;
  for (int rating = 0; rating < 5; rating++) {
    for (int i = 0; i < ct_normal[rating] + ct_abnormal[rating]; i++) {
      score[n] = (float)(rating + 1);
      positive[n++] = i >= ct_normal[rating];
    }
  }
  return n;
}

static void hanley_mcneil_ratings(void **state) {
  (void)state;
  float score[109];
  uint8_t positive[109];
  assert_int_equal(ct_ratings(score, positive), 109);
  assert_near(xs_auc_binary(score, positive, 109), 0.893, 0.0005);

  float logit[109 * 2] = {0};
  int32_t label[109];
  for (int i = 0; i < 109; i++) {
    logit[2 * i + 1] = score[i];
    label[i] = positive[i];
  }
  xs_measure m;
  assert_int_equal(xs_measure_classifier(logit, label, NULL, 109, 2, 4000, 1, &m), XS_OK);
  assert_near((m.high - m.low) / 3.92, 0.032, 0.003);
  assert_int_equal(m.groups, 109);
  assert_int_equal(m.interval, XS_NEWCOMBE);
}

static void auc_of_few(void **state) {
  (void)state;
  const uint8_t positive[4] = {0, 0, 1, 1};
  assert_near(xs_auc_binary((float[]){1, 2, 3, 4}, positive, 4), 1, 0);
  assert_near(xs_auc_binary((float[]){4, 3, 2, 1}, positive, 4), 0, 0);
  assert_near(xs_auc_binary((float[]){1, 1, 1, 1}, positive, 4), 0.5, 0);
  assert_near(xs_auc_binary((float[]){0.1f, 0.4f, 0.35f, 0.8f}, positive, 4), 0.75, 0);
  assert_near(xs_auc_binary((float[]){-INFINITY, 0, 0, INFINITY}, positive, 4), 0.875, 0);
  assert_true(isnan(xs_auc_binary((float[]){0, NAN, 0, 1}, positive, 4)));
  assert_true(isnan(xs_auc_binary((float[]){1, 2}, positive, 2)));
  assert_true(isnan(xs_auc_binary(NULL, NULL, 0)));
}

/* Class 3 is absent and two labels are unknown: as if those were not there. */
static void auc_leaves_out_absent_and_unknown(void **state) {
  (void)state;
  const float logit[] = {5, 0, 1, -9, /**/ 0, 2, 1, -9, /**/ 0, 3, 4, -9,
                         0, 1, 2, -9, /**/ 7, 7, 7, 7,  /**/ 1, 2, 3, 4};
  const int32_t label[] = {0, 1, 2, 1, -1, 4};
  /* odds of class 0: 3.7 against less; of class 1: 0.7 and -1.1 against -5 and -1.0, 3 of 4 pairs;
   * of class 2: 0.95 against -4, -1.1 and 0.7 */
  assert_near(xs_auc(logit, label, 6, 4), 2.75 / 3, 1e-15);
  assert_near(xs_accuracy(logit, (int32_t[]){0, 1, 2, 0, 0, 3}, 6, 4), 5.0 / 6, 1e-15);
  assert_true(isnan(xs_auc(logit, (int32_t[]){-1, -1, -1, -1, -1, 9}, 6, 4)));
  assert_true(isnan(xs_accuracy(logit, (int32_t[]){-1}, 1, 4)));
}

/* What softmax does not see changes no bit: a constant added to all logits of an image, exactly. */
static void auc_is_of_probabilities(void **state) {
  (void)state;
  golden *g = load_golden("three", 3);
  const double auc = xs_auc(g->a, g->label, g->n, 3);
  assert_near(auc, expected("three", "auc"), 1e-12);
  for (int64_t i = 0; i < g->n; i++) {
    float *row = g->a + 3 * i, *moved = g->b + 3 * i;
    for (int k = 0; k < 3; k++) row[k] = roundf(row[k] * 64) / 64;
    for (int k = 0; k < 3; k++) moved[k] = row[k] + (float)(i % 7 * 100);
  }
  assert_near(xs_auc(g->b, g->label, g->n, 3), xs_auc(g->a, g->label, g->n, 3), 0);
  assert_near(xs_auc(g->b, g->label, g->n, 3), auc, 0.01);
  free(g);
}

static void log_odds_of_few(void **state) {
  (void)state;
  double odds[3];
  xs_log_odds((float[]){1, 3}, 2, odds);
  assert_near(odds[0], -2, 0);
  assert_near(odds[1], 2, 0);
  xs_log_odds((float[]){0, 0, 0}, 3, odds);
  assert_near(odds[1], -log(2), 1e-16);
  /* P of class 2 rounds to 1, and that of class 0 to 0 in float */
  xs_log_odds((float[]){-200, 100, 300}, 3, odds);
  assert_near(odds[2], 200, 0);
  assert_near(odds[0], -500, 0);
  double turned[3];
  xs_log_odds((float[]){0.3f, -1.7f, 0.9f}, 3, odds);
  xs_log_odds((float[]){0.3f, 0.9f, -1.7f}, 3, turned);
  assert_near(odds[0], turned[0], 0);
  assert_near(odds[0], (double)0.3f - log(exp((double)-1.7f) + exp((double)0.9f)), 1e-15);
  xs_log_odds((float[]){INFINITY, 0, INFINITY}, 3, odds);
  assert_true(isnan(odds[0]) && odds[1] == -INFINITY);
  xs_log_odds((float[]){0, NAN, 1}, 3, odds);
  assert_true(isnan(odds[0]) && isnan(odds[2]));
}

static void accuracy_counts_nan_as_wrong(void **state) {
  (void)state;
  const float logit[] = {NAN, 0, 1, 0};
  assert_near(xs_accuracy(logit, (int32_t[]){0, 0}, 2, 2), 0.5, 0);
  assert_near(xs_accuracy(logit, (int32_t[]){1, 1}, 2, 2), 0, 0);
}

/* ---- against scikit-learn and an independent bootstrap ------------------------------------------
 */

/* Monte-Carlo error of a 2.5 % point at 20,000 replicates is about 0.02 sd on either side. */
static void check_percentile(const char *name, const char *low, const char *high, double *value) {
  double from, to;
  const double sd = (expected(name, high) - expected(name, low)) / 3.92;
  assert_int_equal(resample_interval(value, 20000, &from, &to), 20000);
  assert_near(from, expected(name, low), 0.12 * sd);
  assert_near(to, expected(name, high), 0.12 * sd);
}

static void check_percentiles(const char *name, const golden *g) {
  double *a = memory_new(20000 * sizeof *a), *b = memory_new(20000 * sizeof *b);
  xs_labelled_outputs x = outputs_of(g->a, g->label, g->group, g->n, g->classes);
  assert_int_equal(xs_auc_replicates(&x, 20000, 7, a), XS_OK);
  x.of.logit = g->b;
  assert_int_equal(xs_auc_replicates(&x, 20000, 7, b), XS_OK);
  for (int i = 0; i < 20000; i++) b[i] -= a[i];
  check_percentile(name, "low", "high", a);
  check_percentile(name, "difference_low", "difference_high", b);
  free(a);
  free(b);
}

static void check_golden(const char *name, int classes) {
  golden *g = load_golden(name, classes);
  assert_int_equal(g->n, expected(name, "n"));
  assert_near(xs_auc(g->a, g->label, g->n, classes), expected(name, "auc"), 1e-11);
  assert_near(xs_accuracy(g->a, g->label, g->n, classes), expected(name, "accuracy"), 1e-11);

  xs_measure m;
  assert_int_equal(xs_measure_classifier(g->a, g->label, g->group, g->n, classes, 20000, 7, &m), 0);
  assert_near(m.auc, expected(name, "auc"), 1e-11);
  assert_int_equal(m.n, g->n);
  assert_int_equal(m.groups, expected(name, "groups"));
  double half = expected(name, "paper_half");
  assert_near(m.paper_mean, expected(name, "paper_mean"), 3 * half);
  assert_near(m.paper_high - m.paper_mean, half, 0.1 * half);
  assert_near(m.paper_mean - m.paper_low, half, 0.1 * half);

  xs_difference d;
  assert_int_equal(
      xs_measure_difference(g->a, g->b, g->label, g->group, g->n, classes, 20000, 7, &d), 0);
  assert_near(d.value, expected(name, "auc_b") - expected(name, "auc"), 1e-11);
  check_percentiles(name, g);
  free(g);
}

static void two_classes_match(void **state) {
  (void)state;
  check_golden("two", 2);
}

static void ten_classes_match(void **state) {
  (void)state;
  check_golden("ten", 10);
}

/* ---- what a bootstrap must keep
 * ------------------------------------------------------------------ */

/* Many images of two classes that overlap: percentiles. */
enum { MANY = 900 };
typedef struct many {
  float a[MANY * 2], b[MANY * 2];
  int32_t label[MANY];
} many;

static many *make_many(void) {
  many *m = memory_new(sizeof *m);
  for (int i = 0; i < MANY; i++) {
    m->label[i] = i % 3 == 0;
    m->a[2 * i + 1] = random_uniform(3, 4, 0, (uint64_t)i) + 0.3f * (float)m->label[i];
    m->b[2 * i + 1] = m->a[2 * i + 1] + 0.3f * random_uniform(3, 5, 0, (uint64_t)i);
  }
  return m;
}

static void same_for_any_threads(void **state) {
  (void)state;
  many *g = make_many();
  xs_measure m[3];
  xs_difference d[3];
  const int threads = omp_get_max_threads();
  for (int i = 0; i < 3; i++) {
    omp_set_num_threads(i == 0 ? 1 : 3);
    uint64_t seed = i == 2 ? 8 : 7;
    xs_measure_classifier(g->a, g->label, NULL, MANY, 2, 500, seed, &m[i]);
    xs_measure_difference(g->a, g->b, g->label, NULL, MANY, 2, 500, seed, &d[i]);
  }
  omp_set_num_threads(threads);
  assert_memory_equal(&m[0], &m[1], sizeof m[0]);
  assert_memory_equal(&d[0], &d[1], sizeof d[0]);
  assert_true(m[0].low != m[2].low && d[0].low != d[2].low);
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
    int image = i % N;
    label[i] = image % 2;
    logit[2 * i + 1] = random_uniform(3, 4, 0, (uint64_t)image) + 0.3f * (float)label[i];
    group[i] = (uint64_t)image * 977;
  }
  xs_measure one, grouped, ungrouped;
  xs_measure_classifier(logit, label, group, N, 2, 2000, 5, &one);
  xs_measure_classifier(logit, label, group, (int64_t)N * COPIES, 2, 2000, 5, &grouped);
  xs_measure_classifier(logit, label, NULL, (int64_t)N * COPIES, 2, 2000, 5, &ungrouped);
  assert_near(grouped.low, one.low, 1e-12);
  assert_near(grouped.high, one.high, 1e-12);
  assert_int_equal(grouped.groups, N);
  assert_true(ungrouped.high - ungrouped.low < 0.5 * (grouped.high - grouped.low));
}

static void pairing_and_p(void **state) {
  (void)state;
  golden *g = load_golden("two", 2);
  xs_difference d;
  xs_measure_difference(g->a, g->a, g->label, g->group, g->n, 2, 999, 1, &d);
  assert_near(d.value, 0, 0);
  assert_near(d.high - d.low, 0, 0);
  assert_near(d.p, 1, 0);

  float *right = memory_new(sizeof g->a);
  for (int64_t i = 0; i < g->n; i++) right[2 * i + g->label[i]] = 1;
  xs_measure_difference(g->a, right, g->label, g->group, g->n, 2, 999, 1, &d);
  assert_true(d.p > 0 && d.p < 0.01);
  assert_true(d.low > 0 && d.low < d.value && d.value < d.high);
  xs_difference back;
  xs_measure_difference(right, g->a, g->label, g->group, g->n, 2, 999, 1, &back);
  assert_near(back.low, -d.high, 1e-12);
  free(right);
  free(g);
}

/* Two positives of forty: about 13 % of replicates have none and are left out. */
static void rare_class_keeps_interval(void **state) {
  (void)state;
  float logit[80] = {0};
  int32_t label[40] = {1, 1};
  for (int i = 0; i < 40; i++) logit[2 * i + 1] = random_uniform(9, 9, 0, (uint64_t)i);
  xs_measure m;
  assert_int_equal(xs_measure_classifier(logit, label, NULL, 40, 2, 500, 2, &m), XS_OK);
  assert_true(0 <= m.low && m.low <= m.auc && m.auc <= m.high && m.high <= 1);
  assert_false(isnan(m.paper_low) || isnan(m.paper_high));
}

static void refusals_say_why(void **state) {
  (void)state;
  xs_measure m;
  xs_difference d;
  const float logit[] = {0, 1, 1, 0, NAN, 1};
  const int32_t label[] = {0, 1, 0}, same[] = {1, 1, 1}, none[] = {-1, -1, 7};
  assert_int_equal(xs_measure_classifier(logit, label, NULL, 3, 2, 100, 1, &m), XS_FAILED);
  assert_non_null(strstr(fail_message(), "image 2"));
  assert_int_equal(xs_measure_difference(logit, logit, label, NULL, 3, 2, 100, 1, &d), XS_FAILED);
  assert_true(isnan(xs_auc(logit, label, 3, 2)));
  assert_int_equal(xs_measure_classifier(logit, same, NULL, 2, 2, 100, 1, &m), XS_FAILED);
  assert_non_null(strstr(fail_message(), "all of one class"));
  assert_int_equal(xs_measure_classifier(logit, none, NULL, 3, 2, 100, 1, &m), XS_FAILED);
  assert_non_null(strstr(fail_message(), "known label"));
  assert_int_equal(xs_measure_classifier(logit, label, NULL, 2, 1, 100, 1, &m), XS_USAGE);
  assert_int_equal(xs_measure_classifier(logit, label, NULL, 2, 2, 1, 1, &m), XS_USAGE);
}

/* ---- salvage --------------------------------------------------------------------------------- */

static void salvage_summaries(void **state) {
  (void)state;
  assert_near(xs_salvage(80, 85, 90), 0.5, 1e-15);
  assert_near(xs_salvage(80, 75, 90), -0.5, 1e-15);
  assert_true(isnan(xs_salvage(90, 95, 90)));
  const double external[] = {80, 50, 90, 60}, adapted[] = {85, 60, 99, 57};
  const double ceiling[] = {90, 90, 90, 90};
  /* gains 5 10 9 -3 of gaps 10 40 0 30; salvages 1/2 1/4 none -1/10 */
  assert_near(xs_average_salvage(external, adapted, ceiling, 4), 21.0 / 80, 1e-15);
  assert_near(xs_median_salvage(external, adapted, ceiling, 4), 0.25, 1e-15);
  assert_near(xs_median_salvage(external, adapted, ceiling, 2), 0.375, 1e-15);
  assert_near(xs_mean_relative_gain(external, adapted, 4), (0.0625 + 0.2 + 0.1 - 0.05) / 4, 1e-15);
  assert_true(isnan(xs_average_salvage(external, adapted, ceiling, 0)));
  assert_true(isnan(xs_median_salvage(external, adapted, ceiling, 0)));
  assert_true(isnan(xs_mean_relative_gain(external, adapted, 0)));
}

/* Replicates of two classifiers draw the same groups: their differences are those of the pair. */
static void replicates_make_the_intervals(void **state) {
  (void)state;
  enum { N = 500 };
  many *g = make_many();
  xs_labelled_outputs x = {{.n = MANY, .classes = 2, .logit = g->a}, g->label};
  double a[N], b[N], low, high;
  xs_measure m;
  xs_difference d;
  xs_measure_classifier(g->a, g->label, NULL, MANY, 2, N, 7, &m);
  xs_measure_difference(g->a, g->b, g->label, NULL, MANY, 2, N, 7, &d);
  assert_int_equal(m.interval, XS_PERCENTILE);
  assert_int_equal(d.interval, XS_PERCENTILE);
  assert_int_equal(xs_auc_replicates(&x, N, 7, a), XS_OK);
  x.of.logit = g->b;
  assert_int_equal(xs_auc_replicates(&x, N, 7, b), XS_OK);
  for (int i = 0; i < N; i++) b[i] -= a[i];
  assert_int_equal(resample_interval(a, N, &low, &high), N);
  assert_near(low, m.low, 0);
  assert_near(high, m.high, 0);
  assert_int_equal(resample_interval(b, N, &low, &high), N);
  assert_near(low, d.low, 1e-15);
  assert_near(high, d.high, 1e-15);
  assert_int_equal(xs_auc_replicates(&x, 1, 7, a), XS_USAGE);
  g->b[3] = NAN;
  assert_int_equal(xs_auc_replicates(&x, N, 7, a), XS_FAILED);
  free(g);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(hanley_mcneil_ratings),
      cmocka_unit_test(auc_of_few),
      cmocka_unit_test(auc_leaves_out_absent_and_unknown),
      cmocka_unit_test(auc_is_of_probabilities),
      cmocka_unit_test(log_odds_of_few),
      cmocka_unit_test(accuracy_counts_nan_as_wrong),
      cmocka_unit_test(two_classes_match),
      cmocka_unit_test(ten_classes_match),
      cmocka_unit_test(same_for_any_threads),
      cmocka_unit_test(replicates_make_the_intervals),
      cmocka_unit_test(copies_in_a_group_do_not_narrow),
      cmocka_unit_test(pairing_and_p),
      cmocka_unit_test(rare_class_keeps_interval),
      cmocka_unit_test(refusals_say_why),
      cmocka_unit_test(salvage_summaries),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
