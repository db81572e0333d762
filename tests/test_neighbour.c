/* test_neighbour.c: distances to the k-th nearest feature vector against values by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "neighbour.h"

static void test_unit(void **state) {
  (void)state;
  float x[6] = {3, 4, 0, 0, 0, -2};
  neighbour_unit(x, 3, 2);
  const float want[6] = {0.6f, 0.8f, 0, 0, 0, -1};
  for (int i = 0; i < 6; i++) assert_true(fabsf(x[i] - want[i]) < 1e-7f);
}

/* Points of the circle at 0, 90, 180 and 270 degrees: chords of sqrt 2 and 2. */
static void test_distance(void **state) {
  (void)state;
  const float known[8] = {1, 0, 0, 1, -1, 0, 0, -1}, x[2] = {1, 0};
  const double want[4] = {0, sqrt(2), sqrt(2), 2};
  for (int k = 1; k <= 4; k++) {
    assert_true(fabs(neighbour_distance(known, 4, 2, x, k, -1) - want[k - 1]) < 1e-7);
  }
  assert_true(fabs(neighbour_distance(known, 4, 2, x, 1, 0) - sqrt(2)) < 1e-7);
}

/* Of 100 equal vectors and one beside them, 99 % have a neighbour at 0; all of them only at sqrt 2.
 */
static void test_quantile(void **state) {
  (void)state;
  enum { N = 100 };
  float known[2 * N] = {0};
  for (int i = 0; i < N; i++) known[2 * i + (i == 7)] = 1;
  assert_true(neighbour_quantile(known, N, 2, 1, 0.99) == 0);
  assert_true(fabs(neighbour_quantile(known, N, 2, 1, 1) - sqrt(2)) < 1e-7);
  assert_true(fabs(neighbour_quantile(known, N, 2, N - 1, 0.5) - sqrt(2)) < 1e-7);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_unit), cmocka_unit_test(test_distance),
                                     cmocka_unit_test(test_quantile)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
