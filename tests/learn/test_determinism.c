/* test_determinism.c: training steps give the same bytes when they are repeated, and when they are
 * broken off and resumed, with every kernel that there is in turn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "adapter_plans.h"
#include "op.h"
#include "random.h"

enum { SMALL = 16, LARGE = 32, BATCH = 12, PLANS = 3, STEPS = 3 };

/* A kernel, and where it can run. */
typedef struct trial {
  const char *kernel;
  int size; /* of the images */
  bool bf16;
} trial;

typedef struct session {
  adapter_nets nets;
  tg_store *store;
  adapter_plan plan[PLANS];
} session;

static void fill(adapter_plan *p, tg_value v, int64_t count, uint64_t stream) {
  float *x = v ? tg_plan_data(p->plan, v) : NULL;
  for (int64_t i = 0; x && i < count; i++) x[i] = 2 * random_uniform(3, stream, 0, (uint64_t)i) - 1;
}

static void fill_inputs(adapter_plan *p, int64_t size) {
  fill(p, p->x, (p->from ? BATCH : BATCH / 2) * size * size * 3, 1);
  float *from = p->from ? tg_plan_data(p->plan, p->from) : NULL;
  float *to = p->to ? tg_plan_data(p->plan, p->to) : NULL;
  for (int i = 0; i < 2 * BATCH; i++) {
    if (from) from[i] = (float)((i + i / BATCH) % 2 == 0);
    if (to) to[i] = (float)((i + i / BATCH) % 2 == 1);
  }
  *(float *)tg_plan_data(p->plan, p->rate) = 1e-3F;
}

static void open_session(session *s, tg_kernels *kernels, const trial *t) {
  xs_adapter_options o = xs_adapter_defaults();
  o.channels = 16;
  o.blocks = 1;
  o.batch = BATCH;
  const tg_plan_options p = {.kernels = kernels, .seed = 5, .bf16 = t->bf16};
  const nn_classifier c = {"lenet", t->size, 3, 10, 0, false};
  *s = (session){.nets = adapter_nets_new(&o, 1, &c, NULL), .store = tg_store_new(tg_device_cpu())};
  assert_int_equal(adapter_plan_critic(&s->nets, &o, s->store, &p, &s->plan[0]), 0);
  assert_int_equal(adapter_plan_generator(&s->nets, &o, s->store, &p, &s->plan[1]), 0);
  assert_int_equal(adapter_plan_task(&s->nets, s->nets.ft[0], &o, s->store, &p, &s->plan[2]), 0);
  assert_int_equal(adapter_nets_initialise(&s->nets, s->store, 1), 0);
  for (int i = 0; i < PLANS; i++) fill_inputs(&s->plan[i], t->size);
}

static void close_session(session *s) {
  for (int i = 0; i < PLANS; i++) tg_plan_free(s->plan[i].plan);
  tg_store_free(s->store);
  adapter_nets_free(&s->nets);
}

static void run_steps(session *s, int first, int end) {
  for (int step = first; step < end; step++) {
    for (int i = 0; i < PLANS; i++) {
      *(float *)tg_plan_data(s->plan[i].plan, s->plan[i].step) = (float)(step + 1);
      assert_int_equal(tg_plan_run(s->plan[i].plan, (uint64_t)step), 0);
    }
  }
}

/* As a checkpoint does. */
static void copy_parameters(const session *from, session *to) {
  for (int i = 0; i < tg_store_size(from->store); i++) {
    float *x = malloc((size_t)tg_count(tg_store_shape(from->store, i)) * sizeof *x);
    assert_non_null(x);
    tg_store_read(from->store, i, x);
    tg_store_write(to->store, tg_store_find(to->store, tg_store_name(from->store, i)), x);
    free(x);
  }
}

static void assert_same_parameters(const session *a, const session *b, const char *what) {
  for (int i = 0; i < tg_store_size(a->store); i++) {
    size_t bytes = (size_t)tg_count(tg_store_shape(a->store, i)) * sizeof(float);
    float *x = malloc(bytes), *y = malloc(bytes);
    assert_true(x && y);
    tg_store_read(a->store, i, x);
    tg_store_read(b->store, tg_store_find(b->store, tg_store_name(a->store, i)), y);
    if (memcmp(x, y, bytes) != 0) fail_msg("%s: %s differs", what, tg_store_name(a->store, i));
    free(x);
    free(y);
  }
}

static bool uses(const session *s, const char *kernel) {
  bool found = false;
  for (int i = 0; i < PLANS && !found; i++) {
    char *text = tg_plan_dump(s->plan[i].plan), word[40] = " ";
    strncat(word, kernel, sizeof word - 3);
    strcat(word, " ");
    found = strstr(text, word) != NULL;
    free(text);
  }
  return found;
}

/* Wherever the kernel can run, it does. */
static tg_kernels *force(const trial *t) {
  tg_kernels *k = tg_kernels_new();
  session s;
  open_session(&s, k, t);
  close_session(&s);
  for (int i = 0; i < tg_kernels_size(k); i++) {
    assert_int_equal(tg_kernels_set(k, tg_kernels_signature(k, i), t->kernel), 0);
  }
  return k;
}

static void check_kernel(const trial *t) {
  tg_kernels *k = force(t);
  session once, again, resumed;
  open_session(&once, k, t);
  open_session(&again, k, t);
  open_session(&resumed, k, t);
  if (!uses(&once, t->kernel)) fail_msg("no step of the plans runs on '%s'", t->kernel);
  run_steps(&once, 0, STEPS);
  run_steps(&again, 0, STEPS - 1);
  copy_parameters(&again, &resumed);
  run_steps(&again, STEPS - 1, STEPS);
  run_steps(&resumed, STEPS - 1, STEPS);
  assert_same_parameters(&once, &again, t->kernel);
  assert_same_parameters(&once, &resumed, t->kernel);
  close_session(&once);
  close_session(&again);
  close_session(&resumed);
  tg_kernels_free(k);
}

/* The first convolution of a larger LeNet is wide enough for "colour". */
static const trial any_processor[] = {{"winograd", SMALL, false},
                                      {"columns", SMALL, false},
                                      {"direct", SMALL, false},
                                      {"halves", SMALL, false},
                                      {"plain", SMALL, false}},
                   wide[] = {{"winograd-small", SMALL, false},
                             {"narrow", SMALL, false},
                             {"colour", LARGE, false}},
                   rounding[] = {{"winograd-bf16", SMALL, true},
                                 {"direct-bf16", SMALL, true},
                                 {"narrow-bf16", SMALL, true}};

#define COUNT(list) (sizeof(list) / sizeof *(list))

static void check_kernels(const trial *t, size_t n) {
  for (size_t i = 0; i < n; i++) check_kernel(&t[i]);
}

static void test_every_kernel(void **state) {
  (void)state;
  check_kernels(any_processor, COUNT(any_processor));
}

static void test_every_wide_kernel(void **state) {
  (void)state;
  if (!op_cpu_has_avx512()) skip();
  check_kernels(wide, COUNT(wide));
}

static void test_every_rounding_kernel(void **state) {
  (void)state;
  if (!tg_has_bf16()) skip();
  check_kernels(rounding, COUNT(rounding));
}

static bool is_in(const trial *t, size_t n, const char *kernel) {
  for (size_t i = 0; i < n; i++) {
    if (strcmp(t[i].kernel, kernel) == 0) return true;
  }
  return false;
}

/* No kernel of the operators that have a choice is left out above, but those of 1x1 convolutions,
 * which test_conv.c repeats. */
static void test_none_is_left_out(void **state) {
  (void)state;
  static const op *const list[] = {&op_conv,       &op_conv_dx,     &op_conv_dw,
                                   &op_pool_index, &op_pool_gather, &op_pool_scatter};
  for (size_t i = 0; i < COUNT(list); i++) {
    for (int k = 0; list[i]->cpu[k]; k++) {
      const char *kernel = list[i]->cpu[k]->name;
      if (is_in(any_processor, COUNT(any_processor), kernel) || is_in(wide, COUNT(wide), kernel) ||
          is_in(rounding, COUNT(rounding), kernel) || strcmp(kernel, "scaled") == 0 ||
          strcmp(kernel, "product") == 0)
        continue;
      fail_msg("%s: '%s' is not forced", list[i]->name, kernel);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_kernel), cmocka_unit_test(test_every_wide_kernel),
      cmocka_unit_test(test_every_rounding_kernel), cmocka_unit_test(test_none_is_left_out)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
