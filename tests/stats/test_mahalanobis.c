/* test_mahalanobis.c: distances against the formula with the covariance itself, which of two values
 * is inverted by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "mahalanobis.h"

enum { N = 40 };

/* Two values that go together, the first ten times as large. */
static void make_known(float *known) {
  for (int i = 0; i < N; i++) {
    const double a = sin(1.7 * i), b = cos(2.9 * i + 1);
    known[2 * i] = (float)(10 * a + 3);
    known[2 * i + 1] = (float)(0.8 * a + 0.3 * b - 1);
  }
}

typedef struct moments {
  double mean[2], deviation[2], correlation;
} moments;

static moments measure(const float *known, int n) {
  moments m = {0};
  double square[2] = {0}, both = 0;
  for (int i = 0; i < n; i++) {
    for (int k = 0; k < 2; k++) m.mean[k] += (double)known[2 * i + k] / n;
  }
  for (int i = 0; i < n; i++) {
    const double a = (double)known[2 * i] - m.mean[0], b = (double)known[2 * i + 1] - m.mean[1];
    square[0] += a * a / n;
    square[1] += b * b / n;
    both += a * b / n;
  }
  for (int k = 0; k < 2; k++) m.deviation[k] = sqrt(square[k]);
  m.correlation = both / (m.deviation[0] * m.deviation[1]);
  return m;
}

static double expected(const moments *m, const float *x) {
  const double a = ((double)x[0] - m->mean[0]) / m->deviation[0];
  const double b = ((double)x[1] - m->mean[1]) / m->deviation[1];
  const double d = 1 + MAHALANOBIS_RIDGE, r = m->correlation;
  return sqrt((d * a * a - 2 * r * a * b + d * b * b) / (d * d - r * r) / 2);
}

static void distance_is_the_formulas(void **state) {
  (void)state;
  float known[2 * N];
  make_known(known);
  const moments by_hand = measure(known, N);
  mahalanobis *m = mahalanobis_new(known, N, 2);
  assert_non_null(m);
  const float x[][2] = {{3, -1}, {13, -0.2f}, {13, -1.8f}, {300, 40}};
  for (int i = 0; i < 4; i++) {
    const double want = expected(&by_hand, x[i]);
    assert_true(fabs(mahalanobis_distance(m, x[i]) - want) < 1e-9 * (1 + want));
  }
  mahalanobis_free(m);
}

/* Each of the parts is measured by the others alone: one wild vector does not hide itself. */
static void quantile_leaves_parts_out(void **state) {
  (void)state;
  float known[2 * N];
  make_known(known);
  known[0] = 1000;
  const double most = mahalanobis_quantile(known, N, 2, 1);
  float others[2 * N];
  int n = 0;
  for (int i = 0; i < N; i++) {
    if (i % MAHALANOBIS_PARTS == 0) continue;
    others[2 * n] = known[2 * i];
    others[2 * n + 1] = known[2 * i + 1];
    n++;
  }
  const moments by_hand = measure(others, n);
  assert_true(fabs(most - expected(&by_hand, known)) < 1e-6 * most);
  assert_true(mahalanobis_quantile(known, N, 2, 0.9) < most / 20);
}

static void values_that_never_vary(void **state) {
  (void)state;
  float known[2 * N], same[2 * N] = {0};
  make_known(known);
  for (int i = 0; i < N; i++) known[2 * i + 1] = 5;
  mahalanobis *m = mahalanobis_new(known, N, 2);
  const float at[2] = {3, 5}, off[2] = {3, 6};
  assert_true(isfinite(mahalanobis_distance(m, off)));
  assert_true(mahalanobis_distance(m, off) > 2 + mahalanobis_distance(m, at));
  mahalanobis_free(m);
  assert_null(mahalanobis_new(same, N, 2));
  assert_true(isnan(mahalanobis_quantile(same, N, 2, 0.98)));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(distance_is_the_formulas),
                                     cmocka_unit_test(quantile_leaves_parts_out),
                                     cmocka_unit_test(values_that_never_vary)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
