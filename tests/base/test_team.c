/* Teams: a plan's numbers do not depend on what OpenMP is told by others, and a plan runs on the
 * team that it was made for or not at all.  (What environment variables say:
 * tests/cli/test_threads.sh.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail /* error.h has a function of this name */

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "random_store.h"
#include "small_training.h"
#include "team.h"
#include "tg.h"

/* ---- shares -----------------------------------------------------------------------------------
 */

static void every_item_has_one_part(void **state) {
  (void)state;
  for (int64_t n = 0; n < 40; n++) {
    for (int parts = 1; parts < 12; parts++) {
      int64_t next = 0;
      for (int part = 0; part < parts; part++) {
        const team_share s = team_share_of(n, parts, part);
        assert_int_equal(s.first, next);
        assert_in_range(s.end - s.first, n / parts, (n + parts - 1) / parts);
        next = s.end;
      }
      assert_int_equal(next, n);
    }
  }
}

/* ---- a network of many kernels, and its gradients ---------------------------------------------
 */

enum { WEIGHTS = 6, BATCH = 8, SIZE = 16, MOST = 1 << 18, TEAM = 3 };

static tg_value weight(tg_graph *g, const char *name, int k, int ci, int co) {
  return tg_param(g, name, tg_shape4(k, k, ci, co));
}

/* out: the result and the gradients by the weights. */
static void build(tg_graph *g, tg_value out[WEIGHTS + 1]) {
  const tg_value w[WEIGHTS] = {weight(g, "a", 5, 3, 20),  weight(g, "b", 5, 20, 50),
                               weight(g, "c", 3, 50, 64), weight(g, "d", 4, 64, 64),
                               weight(g, "e", 1, 64, 32), weight(g, "f", 7, 32, 3)};
  const tg_shape channels = tg_shape4(1, 1, 1, 64);
  tg_value y = tg_conv(g, tg_param(g, "x", tg_shape4(BATCH, SIZE, SIZE, 3)), w[0], 1, 0);
  y = tg_conv(g, tg_leaky_relu(g, y, 0.1), w[1], 1, 0);
  y = tg_conv(g, y, w[2], 1, 1);
  y = tg_instance_norm(g, y, tg_param(g, "gamma", channels), tg_param(g, "beta", channels), 1e-5);
  y = tg_conv(g, tg_tanh(g, y), w[3], 2, 1);
  y = tg_conv(g, tg_relu(g, y), w[4], 1, 0);
  out[0] = tg_conv(g, y, w[5], 1, 3);
  tg_gradient(g, tg_mul(g, out[0], out[0]), TG_NONE, WEIGHTS, w, out + 1);
}

typedef struct network {
  tg_graph *g;
  tg_store *s;
  tg_plan *plan;
  tg_value out[WEIGHTS + 1];
} network;

static int network_new(network *n) {
  *n = (network){.g = tg_graph_new(), .s = tg_store_new(tg_device_cpu())};
  build(n->g, n->out);
  const int status = tg_plan_new(n->g, n->s, WEIGHTS + 1, n->out, NULL, &n->plan);
  if (!status) random_store_fill(n->s);
  return status;
}

static void network_free(network *n) {
  tg_plan_free(n->plan);
  tg_store_free(n->s);
  tg_graph_free(n->g);
}

/* All outputs, one after the other; returns how many numbers, 0 where the plan failed. */
static int64_t run(network *n, float *numbers) {
  int64_t count = 0;
  if (tg_plan_run(n->plan, 0)) return 0;
  for (int i = 0; i <= WEIGHTS; i++) {
    const int64_t each = tg_count(tg_shape_of(n->g, n->out[i]));
    memcpy(numbers + count, tg_plan_data(n->plan, n->out[i]), (size_t)each * sizeof *numbers);
    count += each;
  }
  return count;
}

static int64_t compute(float *numbers) {
  network n;
  const int64_t count = network_new(&n) ? 0 : run(&n, numbers);
  network_free(&n);
  return count;
}

/* Newly allocated: the numbers of so many threads that nothing disturbs. */
static float *right_numbers(int threads, int64_t *count) {
  float *numbers = malloc(MOST * sizeof *numbers);
  tg_set_threads(threads);
  *count = compute(numbers);
  assert_in_range(*count, 1, MOST);
  return numbers;
}

static void assert_computes(const float *right, int64_t count) {
  float *found = malloc(MOST * sizeof *found);
  assert_int_equal(compute(found), count);
  assert_memory_equal(found, right, (size_t)count * sizeof *found);
  free(found);
}

/* ---- what others told OpenMP ------------------------------------------------------------------
 */

static void dynamic_teams_change_nothing(void **state) {
  (void)state;
  int64_t count;
  float *right = right_numbers(TEAM, &count);
  omp_set_dynamic(1); /* as OMP_DYNAMIC=true: a busy machine gets fewer */
  assert_int_equal(tg_threads(), TEAM);
  assert_computes(right, count);
  assert_true(omp_get_dynamic()); /* the caller's settings are as they were */
  assert_int_equal(omp_get_max_threads(), TEAM);
  omp_set_dynamic(0);
  free(right);
}

static void a_forbidden_team_is_one_thread(void **state) {
  (void)state;
  int64_t count;
  float *right = right_numbers(1, &count);
  const int levels = omp_get_max_active_levels();
  tg_set_threads(TEAM);
  omp_set_max_active_levels(0);
  assert_int_equal(tg_threads(), 1);
  assert_computes(right, count);
  omp_set_max_active_levels(levels);
  assert_int_equal(tg_threads(), TEAM);
  free(right);
}

/* Each thread of the caller's plans and runs a network of its own. */
static void compute_inside(int threads, int levels, const float *right, int64_t count) {
  const int before = omp_get_max_active_levels();
  int failures = 0, wrong_size = 0;
  omp_set_max_active_levels(levels);
#pragma omp parallel num_threads(threads) reduction(+ : failures, wrong_size)
  {
    float *found = malloc(MOST * sizeof *found);
    wrong_size += tg_threads() != 1;
    failures += compute(found) != count || memcmp(found, right, (size_t)count * sizeof *found) != 0;
    free(found);
  }
  omp_set_max_active_levels(before);
  assert_int_equal(wrong_size, 0);
  assert_int_equal(failures, 0);
}

static void a_callers_region_gets_one_thread_each(void **state) {
  (void)state;
  int64_t count;
  float *right = right_numbers(1, &count);
  tg_set_threads(TEAM);
  compute_inside(2, 1, right, count);
  compute_inside(2, 2, right, count); /* where regions inside regions could have more */
  free(right);
}

/* ---- another team than planned ----------------------------------------------------------------
 */

static void another_team_is_refused(void **state) {
  (void)state;
  network n;
  float *numbers = malloc(MOST * sizeof *numbers);
  char said[400] = "";
  const int levels = omp_get_max_active_levels();
  tg_set_threads(TEAM);
  assert_int_equal(network_new(&n), 0);
  assert_true(run(&n, numbers) > 0);
  omp_set_max_active_levels(0);
  assert_int_equal(run(&n, numbers), 0);
  assert_non_null(strstr(tg_message(), "made for 3 threads, of which 1 would run; "));
  omp_set_max_active_levels(levels);
#pragma omp parallel num_threads(2)
#pragma omp single
  if (run(&n, numbers) == 0) strncpy(said, tg_message(), sizeof said - 1);
  assert_non_null(strstr(said, "1 would run inside this parallel region"));
  tg_set_threads(1); /* asks for fewer: the plan still gets what it was made for */
  assert_true(run(&n, numbers) > 0);
  assert_int_equal(omp_get_max_threads(), 1);
  network_free(&n);
  free(numbers);
}

/* A plan of one thread may run anywhere. */
static void one_thread_runs_anywhere(void **state) {
  (void)state;
  network n;
  int64_t count, inside = 0;
  float *right = right_numbers(1, &count), *found = malloc(MOST * sizeof *found);
  assert_int_equal(network_new(&n), 0);
  tg_set_threads(TEAM);
#pragma omp parallel num_threads(2)
#pragma omp single
  inside = run(&n, found);
  assert_int_equal(inside, count);
  assert_memory_equal(found, right, (size_t)count * sizeof *found);
  network_free(&n);
  free(found);
  free(right);
}

/* ---- whole trainings and their classifiers ------------------------------------------------------
 */

/* The logits of all images by a classifier that is trained here; false where it failed. */
static bool train_and_answer(float logit[2 * SMALL_IMAGES]) {
  small_training *r = small_training_new();
  xs_classifier *c = NULL;
  bool done = small_training_run(r, 100) == XS_OK && xs_classifier_load(r->model, &c) == XS_OK &&
              xs_classifier_logits(c, &r->images, NULL, SMALL_IMAGES, logit) == XS_OK;
  xs_classifier_free(c);
  return small_training_end(r) == 0 && done;
}

static void trainings_agree_inside_a_region(void **state) {
  (void)state;
  float right[2 * SMALL_IMAGES], found[2][2 * SMALL_IMAGES];
  int done = 0;
  tg_set_threads(1);
  assert_true(train_and_answer(right));
#pragma omp parallel for num_threads(2) reduction(+ : done)
  for (int i = 0; i < 2; i++) done += train_and_answer(found[i]);
  assert_int_equal(done, 2);
  for (int i = 0; i < 2; i++) assert_memory_equal(found[i], right, sizeof right);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_item_has_one_part),
      cmocka_unit_test(dynamic_teams_change_nothing),
      cmocka_unit_test(a_forbidden_team_is_one_thread),
      cmocka_unit_test(a_callers_region_gets_one_thread_each),
      cmocka_unit_test(another_team_is_refused),
      cmocka_unit_test(one_thread_runs_anywhere),
      cmocka_unit_test(trainings_agree_inside_a_region),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
