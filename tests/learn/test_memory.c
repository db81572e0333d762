/* test_memory.c: how much memory plans take, and that plans of one store share it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapter_plans.h"
#include "classifier_plan.h"
#include "inference.h"
#include "random.h"

/* ---- the block is little larger than what is alive at once ---------------------------------- */

static void assert_tight(const tg_plan *p, const char *what) {
  double most = (double)tg_plan_live_bytes(p), block = (double)tg_plan_bytes(p);
  assert_true(most > 0 && block >= most);
  if (block > 1.2 * most) {
    fail_msg("%s: %.1f MB of intermediate values, %.1f MB alive", what, block / 1e6, most / 1e6);
  }
}

enum { PLANS = 3 };

typedef struct session {
  adapter_nets nets;
  tg_store *store;
  adapter_plan plan[PLANS];
} session;

static void open_session(session *s, int channels, int batch, int size, int blocks, size_t memory) {
  xs_adapter_options o = xs_adapter_defaults();
  o.channels = channels;
  o.batch = batch;
  o.blocks = blocks;
  const nn_classifier c = {"lenet", size, 3, 10, 0, false};
  *s = (session){.nets = adapter_nets_new(&o, 1, &c, NULL), .store = tg_store_new(tg_device_cpu())};
  const tg_plan_options p = {.seed = 5, .memory = memory};
  assert_int_equal(adapter_plan_critic(&s->nets, &o, s->store, &p, &s->plan[0]), 0);
  assert_int_equal(adapter_plan_generator(&s->nets, &o, s->store, &p, &s->plan[1]), 0);
  assert_int_equal(adapter_plan_task(&s->nets, s->nets.ft[0], &o, s->store, &p, &s->plan[2]), 0);
}

static void close_session(session *s) {
  for (int i = 0; i < PLANS; i++) tg_plan_free(s->plan[i].plan);
  tg_store_free(s->store);
  adapter_nets_free(&s->nets);
}

static void test_adapter_steps_are_tight(void **state) {
  (void)state;
  static const int shape[][4] = {{64, 32, 32, 4}, {16, 64, 32, 4}, {32, 8, 128, 9}};
  static const char *const name[PLANS] = {"critic", "generator", "target"};
  for (size_t i = 0; i < sizeof shape / sizeof *shape; i++) {
    session s;
    open_session(&s, shape[i][0], shape[i][1], shape[i][2], shape[i][3], 0);
    for (int k = 0; k < PLANS; k++) assert_tight(s.plan[k].plan, name[k]);
    close_session(&s);
  }
}

static void check_classifier(const char *architecture, int batch, int size) {
  tg_store *s = tg_store_new(tg_device_cpu());
  nn_net *net = nn_net_new("");
  fit_plan fit;
  inference_plan answer;
  const nn_classifier c = {architecture, size, 3, 10, 0.5, true};
  assert_int_equal(fit_plan_new(net, &c, batch, 0, s, NULL, &fit), 0);
  assert_tight(fit.plan, architecture);
  nn_net *same = nn_net_new("");
  assert_int_equal(inference_plan_classifier(same, &c, batch, s, NULL, &answer), 0);
  assert_tight(answer.plan, architecture);
  tg_plan_free(fit.plan);
  tg_plan_free(answer.plan);
  tg_store_free(s);
  nn_net_free(net);
  nn_net_free(same);
}

static void test_classifiers_are_tight(void **state) {
  (void)state;
  check_classifier("lenet", 128, 32);
  check_classifier("lenet5", 128, 32);
  check_classifier("densenet121", 16, 224);
}

static void test_translation_is_tight(void **state) {
  (void)state;
  tg_store *s = tg_store_new(tg_device_cpu());
  nn_net *net = nn_net_new("");
  inference_plan p;
  const nn_stargan g = {32, 3, 2, 64, 4, 0};
  assert_int_equal(inference_plan_generator(net, &g, 64, s, NULL, &p), 0);
  assert_tight(p.plan, "generator");
  tg_plan_free(p.plan);
  tg_store_free(s);
  nn_net_free(net);
}

/* ---- one block for the plans of a store ------------------------------------------------------ */

enum { MOST = 1 << 12 };

/* y = tanh(sum of x^2) x, with intermediate values of `count` elements. */
typedef struct small {
  tg_plan *plan;
  tg_value x, y;
  int64_t count;
} small;

static small plan_small(tg_store *s, int64_t count) {
  small p = {.count = count};
  tg_graph *g = tg_graph_new();
  p.x = tg_input(g, "x", tg_shape4(1, 1, 1, count));
  tg_value sum = tg_sum_to(g, tg_mul(g, p.x, p.x), tg_scalar());
  p.y = tg_mul(g, tg_tanh(g, sum), p.x);
  assert_int_equal(tg_plan_new(g, s, 1, &p.y, NULL, &p.plan), 0);
  float *x = tg_plan_data(p.plan, p.x);
  for (int64_t i = 0; i < count; i++) x[i] = (float)i / (float)count;
  tg_graph_free(g);
  return p;
}

static void read_y(const small *p, float *y) {
  memcpy(y, tg_plan_data(p->plan, p->y), (size_t)p->count * sizeof *y);
}

/* Inputs and outputs stay as they were while other plans run, and when the block moves. */
static void test_plans_share_a_block(void **state) {
  (void)state;
  static float first[MOST], again[MOST];
  tg_store *s = tg_store_new(tg_device_cpu());
  small a = plan_small(s, 64);
  assert_int_equal(tg_plan_run(a.plan, 0), 0);
  const float *lent = tg_plan_data(a.plan, a.y);
  read_y(&a, first);
  small b = plan_small(s, MOST);
  assert_true(tg_plan_bytes(b.plan) > tg_plan_bytes(a.plan));
  assert_int_equal(tg_plan_run(b.plan, 0), 0);
  assert_ptr_equal(tg_plan_data(a.plan, a.y), lent);
  assert_memory_equal(lent, first, 64 * sizeof *first);
  assert_int_equal(tg_plan_run(a.plan, 1), 0);
  assert_memory_equal(lent, first, 64 * sizeof *first);
  read_y(&b, first);
  tg_plan_free(a.plan);
  assert_int_equal(tg_plan_run(b.plan, 1), 0);
  read_y(&b, again);
  assert_memory_equal(first, again, sizeof first);
  tg_plan_free(b.plan);
  tg_store_free(s);
}

/* ---- a limit ----------------------------------------------------------------------------------
 */

static void fill(adapter_plan *p, tg_value v, int64_t count) {
  float *x = v ? tg_plan_data(p->plan, v) : NULL;
  for (int64_t i = 0; x && i < count; i++) x[i] = 2 * random_uniform(3, 1, 0, (uint64_t)i) - 1;
}

enum { CHANNELS = 16, BATCH = 16, SIZE = 16, BLOCKS = 2, STEPS = 2 };

/* The sum of all parameters' bits after a few steps. */
static uint64_t train(size_t memory, size_t block[PLANS]) {
  session s;
  open_session(&s, CHANNELS, BATCH, SIZE, BLOCKS, memory);
  assert_int_equal(adapter_nets_initialise(&s.nets, s.store, 1), 0);
  for (int i = 0; i < PLANS * STEPS; i++) {
    adapter_plan *p = &s.plan[i % PLANS];
    fill(p, p->x, (p->from ? BATCH : BATCH / 2) * SIZE * SIZE * 3);
    *(float *)tg_plan_data(p->plan, p->rate) = 1e-3F;
    *(float *)tg_plan_data(p->plan, p->step) = (float)(i / PLANS + 1);
    block[i % PLANS] = tg_plan_bytes(p->plan);
    assert_int_equal(tg_plan_run(p->plan, (uint64_t)i), 0);
  }
  uint64_t sum = 0;
  for (int i = 0; i < tg_store_size(s.store); i++) {
    int64_t n = tg_count(tg_store_shape(s.store, i));
    uint32_t *bits = malloc((size_t)n * sizeof *bits);
    assert_non_null(bits);
    tg_store_read(s.store, i, (float *)bits);
    for (int64_t k = 0; k < n; k++) sum = sum * 31 + bits[k];
    free(bits);
  }
  close_session(&s);
  return sum;
}

/* The generator step fits in three quarters of what it takes, with the same parameters after it. */
static void test_a_limit_changes_no_byte(void **state) {
  (void)state;
  size_t block[PLANS], limited[PLANS];
  uint64_t sum = train(0, block);
  size_t limit = block[1] / 4 * 3;
  assert_true(train(limit, limited) == sum);
  for (int i = 0; i < PLANS; i++) assert_true(limited[i] <= limit);
}

/* The loss at the third training step of a small DenseNet, and its plan's block. */
static float fit_densenet(size_t memory, size_t *block) {
  enum { FEW = 4, SIDE = 32 };
  const nn_classifier c = {"densenet121", SIDE, 3, 10, 0.5, true};
  tg_store *s = tg_store_new(tg_device_cpu());
  nn_net *net = nn_net_new("");
  fit_plan p;
  const tg_plan_options o = {.seed = 5, .memory = memory};
  assert_int_equal(fit_plan_new(net, &c, FEW, 0, s, &o, &p), 0);
  assert_int_equal(nn_net_initialise(net, s, 1), 0);
  float *x = tg_plan_data(p.plan, p.x);
  for (int i = 0; i < FEW * SIDE * SIDE * 3; i++) x[i] = random_uniform(3, 1, 0, (uint64_t)i);
  *(float *)tg_plan_data(p.plan, p.rate) = 1e-3F;
  for (uint64_t i = 1; i <= 3; i++) {
    *(float *)tg_plan_data(p.plan, p.step) = (float)i;
    assert_int_equal(tg_plan_run(p.plan, i), 0);
  }
  float loss = *(float *)tg_plan_data(p.plan, p.loss);
  *block = tg_plan_bytes(p.plan);
  tg_plan_free(p.plan);
  tg_store_free(s);
  nn_net_free(net);
  return loss;
}

/* Values that live inside others, and dropout's random numbers. */
static void test_a_limit_changes_no_loss(void **state) {
  (void)state;
  size_t block, limited;
  float loss = fit_densenet(0, &block), same = fit_densenet(block / 10 * 9, &limited);
  assert_true(limited <= block / 10 * 9);
  assert_memory_equal(&loss, &same, sizeof loss);
}

static void test_a_limit_that_is_too_low(void **state) {
  (void)state;
  const nn_classifier c = {"lenet", 32, 3, 10, 0.5, true};
  tg_store *s = tg_store_new(tg_device_cpu());
  const tg_plan_options o = {.memory = 1000};
  nn_net *net = nn_net_new("");
  fit_plan p;
  assert_int_not_equal(fit_plan_new(net, &c, 4, 0, s, &o, &p), 0);
  if (!strstr(tg_message(), "the training step: intermediate values need ") ||
      !strstr(tg_message(), "the limit is 1.00K")) {
    fail_msg("%s", tg_message());
  }
  nn_net_free(net);
  tg_store_free(s);
}

/* ---- the batch that would fit ---------------------------------------------------------------- */

enum { WANTED = 24, FITTING = 8 };

/* The batch that the refusal of a step names; 0: it says that not even `least` fits. */
static int64_t told_batch(int least) {
  long long batch = 0;
  const char *told = strstr(tg_message(), "; batch ");
  char none[40];
  snprintf(none, sizeof none, "; not even batch %d fits", least);
  if (told && sscanf(told, "; batch %lld would fit", &batch) == 1) return batch;
  if (!strstr(tg_message(), none)) fail_msg("no batch: %s", tg_message());
  return 0;
}

static int plan_lenet(int64_t batch, size_t memory, size_t *block) {
  const nn_classifier c = {"lenet", 32, 3, 10, 0.5, true};
  const tg_plan_options o = {.memory = memory};
  tg_store *s = tg_store_new(tg_device_cpu());
  nn_net *net = nn_net_new("");
  fit_plan p;
  int status = fit_plan_new(net, &c, batch, 0, s, &o, &p);
  if (!status) *block = tg_plan_bytes(p.plan);
  tg_plan_free(p.plan);
  nn_net_free(net);
  tg_store_free(s);
  return status;
}

static int plan_adapter(int64_t batch, size_t memory, size_t *block) {
  xs_adapter_options o = xs_adapter_defaults();
  o.channels = 4;
  o.batch = batch;
  o.blocks = 1;
  o.target_dropout = 0;
  const nn_classifier c = {"lenet", 16, 3, 10, 0, false};
  adapter_nets n = adapter_nets_new(&o, 1, &c, NULL);
  const tg_plan_options p = {.memory = memory};
  tg_store *s = tg_store_new(tg_device_cpu());
  adapter_plan plan[ADAPTER_PLANS];
  int status = adapter_plans_new(&n, &o, s, &p, plan);
  for (int i = 0; i < ADAPTER_PLANS && !status; i++) {
    const size_t bytes = plan[i].plan ? tg_plan_bytes(plan[i].plan) : 0;
    if (bytes > *block) *block = bytes;
  }
  adapter_plans_free(plan);
  tg_store_free(s);
  adapter_nets_free(&n);
  return status;
}

/* The batch that is told fits, and the next one does not. */
static void check_told_batch(int (*plan)(int64_t batch, size_t memory, size_t *block), int unit) {
  size_t memory = 0, block = 0;
  assert_int_equal(plan(FITTING, 0, &memory), 0);
  assert_int_equal(plan(WANTED, memory, &block), 1);
  const int64_t told = told_batch(unit);
  assert_in_range(told, FITTING, WANTED - unit);
  assert_int_equal(told % unit, 0);
  assert_int_equal(plan(told, memory, &block), 0);
  assert_true(block <= memory);
  assert_int_equal(plan(told + unit, memory, &block), 1);
  assert_int_equal(plan(WANTED, 1000, &block), 1);
  assert_int_equal(told_batch(unit), 0);
}

static void test_a_refusal_tells_which_batch_fits(void **state) {
  (void)state;
  check_told_batch(plan_lenet, 1);
  check_told_batch(plan_adapter, 2);
}

/* No machine holds the values of so many images. */
static void test_the_machine_has_too_little(void **state) {
  (void)state;
  size_t block;
  assert_int_equal(plan_lenet((int64_t)1 << 27, 0, &block), 1);
  assert_non_null(strstr(tg_message(), "cannot be had"));
  assert_true(told_batch(1) > WANTED);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_adapter_steps_are_tight),
                                     cmocka_unit_test(test_classifiers_are_tight),
                                     cmocka_unit_test(test_translation_is_tight),
                                     cmocka_unit_test(test_plans_share_a_block),
                                     cmocka_unit_test(test_a_limit_changes_no_byte),
                                     cmocka_unit_test(test_a_limit_changes_no_loss),
                                     cmocka_unit_test(test_a_limit_that_is_too_low),
                                     cmocka_unit_test(test_a_refusal_tells_which_batch_fits),
                                     cmocka_unit_test(test_the_machine_has_too_little)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
