/* Holm's correction against R's p.adjust, analysis of variance against SciPy and published values,
 * spreads and label equivalents against values worked out by hand. */
#include "beta.h"
#include "xsite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "file.h"
#include "stats_file.h"

/* ---- Holm ------------------------------------------------------------------------------------ */

static void holm_matches_r(void **state) {
  (void)state;
  double p[] = {0.04, 0.001, 0.3, 0.02, 0.02, NAN, 0.9, 0};
  assert_int_equal(xs_holm(p, 8, p), XS_OK);
  for (int i = 0; i < 8; i++) {
    char name[2] = {(char)('0' + i), 0};
    if (i == 5)
      assert_true(isnan(p[i]));
    else
      assert_near(p[i], stats_expected("stats_proc", "holm", name), 1e-11);
  }
}

static void holm_of_few(void **state) {
  (void)state;
  double p[] = {0.4, 0.9};
  assert_int_equal(xs_holm(p, 0, p), XS_OK);
  assert_int_equal(xs_holm(p, 1, p), XS_OK);
  assert_near(p[0], 0.4, 0);
  p[0] = NAN;
  assert_int_equal(xs_holm(p, 2, p), XS_OK);
  assert_near(p[1], 0.9, 0);
  p[1] = 1.5;
  assert_int_equal(xs_holm(p, 2, p), XS_USAGE);
  assert_non_null(strstr(fail_message(), "p value 1 is 1.5"));
}

/* ---- analysis of variance -------------------------------------------------------------------- */

static void beta_matches_scipy(void **state) {
  (void)state;
  char *text = NULL;
  assert_int_equal(file_read(TEST_DATA "/golden/stats_beta.tsv", &text, &(size_t){0}), 0);
  int rows = 0;
  for (char *p = strchr(text, '\n') + 1; *p; p = strchr(p, '\n') + 1, rows++) {
    double x = strtod(p, &p), a = strtod(p, &p), b = strtod(p, &p), wanted = strtod(p, &p);
    /* lgamma(10^6) is known to 1e-9 */
    assert_near(beta_incomplete(x, 1 - x, a, b) / wanted, 1, a + b > 1e4 ? 1e-8 : 1e-11);
  }
  assert_int_equal(rows, 43);
  assert_near(beta_incomplete(0, 1, 2, 3), 0, 0);
  assert_near(beta_incomplete(1, 0, 2, 3), 1, 0);
  free(text);
}

/* NIST Statistical Reference Datasets, SiRstv: resistivity by five instruments, certified. */
static void anova_matches_nist(void **state) {
  (void)state;
  const double value[] = {196.3052, 196.1240, 196.1890, 196.2569, 196.3403, 196.3042, 196.3825,
                          196.1669, 196.3257, 196.0422, 196.1303, 196.2005, 196.2889, 196.0343,
                          196.1811, 196.2795, 196.1748, 196.1494, 196.1485, 195.9885, 196.2119,
                          196.1051, 196.1850, 196.0052, 196.2090};
  xs_anova a;
  assert_int_equal(xs_anova_test(value, (int64_t[]){5, 5, 5, 5, 5}, 5, &a), XS_OK);
  assert_int_equal(a.between, 4);
  assert_int_equal(a.within, 20);
  assert_near(a.f, 1.18046237440255, 1e-11);
}

/* Dobson 1983, dried weights of plants: R's help on PlantGrowth gives F = 4.846, p = 0.01591. */
static void anova_of_plants(void **state) {
  (void)state;
  const double value[] = {4.17, 5.58, 5.18, 6.11, 4.50, 4.61, 5.17, 4.53, 5.33, 5.14,
                          4.81, 4.17, 4.41, 3.59, 5.87, 3.83, 6.03, 4.89, 4.32, 4.69,
                          6.31, 5.12, 5.54, 5.50, 5.37, 5.29, 4.92, 6.15, 5.80, 5.26};
  xs_anova a;
  assert_int_equal(xs_anova_test(value, (int64_t[]){10, 10, 10}, 3, &a), XS_OK);
  assert_near(a.f, 4.846, 0.0005);
  assert_near(a.p, 0.01591, 0.000005);
}

static void anova_matches_scipy(void **state) {
  (void)state;
  golden *g = load_golden("ten", 10);
  double value[256];
  int64_t size[10] = {0}, n = 0;
  for (int k = 0; k < 10; k++) {
    for (int64_t i = 0; i < g->n; i++) {
      if (g->label[i] != k) continue;
      value[n++] = (double)g->a[i * 10];
      size[k]++;
    }
  }
  xs_anova a;
  assert_int_equal(xs_anova_test(value, size, 10, &a), XS_OK);
  assert_near(a.f, stats_expected("stats_tests", "anova", "f"), 1e-10);
  assert_near(a.p / stats_expected("stats_tests", "anova", "p"), 1, 1e-10);
  free(g);
}

static void anova_without_variance(void **state) {
  (void)state;
  const double value[] = {0.1, 0.1, 0.1, 0.7, 0.7}, equal[] = {0.1, 0.1, 0.1, 0.1, 0.1};
  xs_anova a;
  assert_int_equal(xs_anova_test(value, (int64_t[]){3, 2}, 2, &a), XS_OK);
  assert_true(isinf(a.f));
  assert_near(a.p, 0, 0);
  assert_int_equal(xs_anova_test(equal, (int64_t[]){3, 2}, 2, &a), XS_FAILED);
  assert_non_null(strstr(fail_message(), "all values are equal"));
}

static void anova_refuses(void **state) {
  (void)state;
  const double value[] = {1, 2, 3, NAN};
  xs_anova a;
  assert_int_equal(xs_anova_test(value, (int64_t[]){3}, 1, &a), XS_USAGE);
  assert_int_equal(xs_anova_test(value, (int64_t[]){3, 0}, 2, &a), XS_USAGE);
  assert_non_null(strstr(fail_message(), "sample 1 is empty"));
  assert_int_equal(xs_anova_test(value, (int64_t[]){2, 2}, 2, &a), XS_USAGE);
  assert_non_null(strstr(fail_message(), "value 1 of sample 1"));
  assert_int_equal(xs_anova_test(value, (int64_t[]){1, 1}, 2, &a), XS_USAGE);
  assert_non_null(strstr(fail_message(), "one value"));
}

/* ---- spread ---------------------------------------------------------------------------------- */

static void spreads(void **state) {
  (void)state;
  const double auc[] = {80, NAN, 90, 100};
  assert_near(xs_domain_spread(auc, 4), 200.0 / 3, 1e-12);
  assert_near(xs_domain_spread(auc, 2), 0, 0);
  assert_true(isnan(xs_domain_spread(auc + 1, 1)));
  xs_spread s = xs_spread_of(auc, 4);
  assert_int_equal(s.n, 3);
  assert_near(s.mean, 90, 1e-12);
  assert_near(s.deviation, 10, 1e-12);
  assert_near(s.low, 80, 0);
  assert_near(s.high, 100, 0);
  s = xs_spread_of(auc, 1);
  assert_near(s.mean, 80, 0);
  assert_true(isnan(s.deviation));
  s = xs_spread_of(NULL, 0);
  assert_true(s.n == 0 && isnan(s.mean) && isnan(s.low) && isnan(s.high));
}

/* ---- labelled-image equivalent --------------------------------------------------------------- */

static const double count[4] = {10, 100, 1000, 10000};

static double equivalent(const double *auc, double adapted) {
  xs_interval e;
  assert_int_equal(xs_label_equivalent(count, auc, 4, adapted, NULL, NULL, 0, &e), XS_OK);
  assert_true(isnan(e.low) && isnan(e.high));
  return e.value;
}

static void equivalents(void **state) {
  (void)state;
  const double rising[] = {60, 80, 90, 95};
  assert_near(equivalent(rising, 59.9), 0, 0);
  assert_near(equivalent(rising, 60), 10, 0);
  assert_near(equivalent(rising, 70), sqrt(1000), 1e-9);
  assert_near(equivalent(rising, 82.5), 100 * pow(10, 0.25), 1e-9);
  assert_near(equivalent(rising, 95), 10000, 0);
  assert_true(isinf(equivalent(rising, 95.1)));
  /* 75 after 80 counts as 80: between the third count and the fourth 80 to 90 */
  const double dip[] = {60, 80, 75, 90};
  assert_near(equivalent(dip, 80), 100, 0);
  assert_near(equivalent(dip, 78), 10 * pow(10, 0.9), 1e-9);
  assert_near(equivalent(dip, 85), 1000 * sqrt(10), 1e-8);
  const double flat[] = {70, 70, 70, 70};
  assert_near(equivalent(flat, 70), 10, 0);
}

/* 100 replicates, in each the curve reaches a whole power of ten or nothing. */
static void equivalent_interval(void **state) {
  (void)state;
  const double rising[] = {60, 80, 90, 95};
  double curve[101][4], adapted[101];
  for (int r = 0; r < 101; r++) {
    memcpy(curve[r], rising, sizeof rising);
    adapted[r] = r < 2 ? 50 : r < 4 ? 60 : r < 90 ? 80 : r < 97 ? 95 : 99;
  }
  curve[100][2] = NAN;
  xs_interval e;
  assert_int_equal(xs_label_equivalent(count, rising, 4, 80, *curve, adapted, 101, &e), XS_OK);
  assert_near(e.value, 100, 0);
  assert_near(e.low, 10, 0); /* the third of 100 */
  assert_true(isinf(e.high));
  adapted[97] = 95;
  assert_int_equal(xs_label_equivalent(count, rising, 4, 80, *curve, adapted, 101, &e), XS_OK);
  assert_near(e.high, 10000, 0); /* the 98th */
  adapted[2] = 0;
  assert_int_equal(xs_label_equivalent(count, rising, 4, 80, *curve, adapted, 101, &e), XS_OK);
  assert_near(e.low, 0, 0);
}

static void equivalent_refuses(void **state) {
  (void)state;
  const double auc[] = {60, NAN}, back[] = {10, 10}, zero[] = {0, 10};
  xs_interval e;
  assert_int_equal(xs_label_equivalent(count, auc, 0, 50, NULL, NULL, 0, &e), XS_USAGE);
  assert_int_equal(xs_label_equivalent(back, auc, 2, 50, NULL, NULL, 0, &e), XS_USAGE);
  assert_non_null(strstr(fail_message(), "point 1"));
  assert_int_equal(xs_label_equivalent(zero, auc, 2, 50, NULL, NULL, 0, &e), XS_USAGE);
  assert_int_equal(xs_label_equivalent(count, auc, 2, 50, NULL, NULL, 0, &e), XS_FAILED);
  assert_int_equal(xs_label_equivalent(count, auc, 1, NAN, NULL, NULL, 0, &e), XS_FAILED);
  assert_int_equal(xs_label_equivalent(count, auc, 1, 60, auc + 1, auc, 1, &e), XS_FAILED);
  assert_non_null(strstr(fail_message(), "1 replicate"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(holm_matches_r),
      cmocka_unit_test(holm_of_few),
      cmocka_unit_test(beta_matches_scipy),
      cmocka_unit_test(anova_matches_nist),
      cmocka_unit_test(anova_of_plants),
      cmocka_unit_test(anova_matches_scipy),
      cmocka_unit_test(anova_without_variance),
      cmocka_unit_test(anova_refuses),
      cmocka_unit_test(spreads),
      cmocka_unit_test(equivalents),
      cmocka_unit_test(equivalent_interval),
      cmocka_unit_test(equivalent_refuses),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
