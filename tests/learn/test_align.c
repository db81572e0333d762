/* test_align.c: the losses of every method of alignment and the updates of a step against PyTorch
 * in double (golden/README.md). */
#include "align_method.h"

#include "golden_file.h"

enum { BATCH = 6 };

static const double RATE = 0x1p-7, MOMENTUM = 0.75;

typedef struct step_case {
  golden_case c;
  const char *name;
  const align_method *method;
  xs_align_options options;
  align_step s;
  tg_plan *plan;
} step_case;

static double golden_scalar(const golden_case *c, const char *name) {
  int64_t count;
  double *x = golden_read(c, name, &count), first = x[0];
  assert_int_equal(count, 1);
  free(x);
  return first;
}

static tg_value number(golden_case *c, const char *name, double x) {
  tg_value v = tg_input(c->g, name, tg_scalar());
  double *copy = calloc(1, sizeof *copy);
  *copy = x;
  golden_feed_numbers(c, v, copy);
  return v;
}

static void open_step(step_case *t, void **state, const char *name, const align_method *method) {
  *t = (step_case){.name = name, .method = method};
  golden_case *c = &t->c;
  golden_open(c, state, "align");
  tg_shape images = tg_shape4(BATCH, 32, 32, 3);
  t->options = (xs_align_options){.weight = 0.5, .balance = 0.25, .momentum = MOMENTUM};
  t->options.threshold = golden_scalar(c, "in/threshold");
  t->s = (align_step){.g = c->g,
                      .o = &t->options,
                      .description = {"lenet", 32, 3, 10, 0, false},
                      .net = nn_net_new("N/"),
                      .other = nn_net_new("O/"),
                      .source = golden_input(c, "in/source", images),
                      .label = golden_input(c, "in/label", tg_shape4(BATCH, 1, 1, 1)),
                      .target = golden_input(c, "in/target", images),
                      .changed = golden_input(c, "in/changed", images),
                      .progress = number(c, "progress", 0.125),
                      .rate = number(c, "rate", RATE),
                      .step = number(c, "step", 1)};
  method->build(&t->s);
  golden_weights(c, t->s.net, "weight/");
  golden_weights(c, t->s.other, method->copies ? "weight/teacher/" : "weight/domain/");
}

static void close_step(step_case *t) {
  tg_plan_free(t->plan);
  free(t->s.update);
  nn_net_free(t->s.net);
  nn_net_free(t->s.other);
  golden_close(&t->c);
}

static void run_step(step_case *t) {
  golden_case *c = &t->c;
  tg_value output[100];
  const tg_plan_options o = {.unfused = c->unfused};
  int n = 0;
  for (int i = 0; i < t->s.updates; i++) output[n++] = t->s.update[i];
  for (int i = 0; i < t->s.losses; i++) output[n++] = t->s.loss[i];
  if (tg_plan_new(c->g, c->store, n, output, &o, &t->plan)) fail_msg("%s", tg_message());
  for (int i = 0; i < c->feeds; i++) {
    golden_put(c, t->plan, c->feed[i].v, c->feed[i].x, tg_count(tg_shape_of(c->g, c->feed[i].v)));
  }
  assert_int_equal(tg_plan_run(t->plan, 0), 0);
}

static double *read_param(const tg_store *s, const char *name, const char *suffix) {
  char key[128];
  snprintf(key, sizeof key, "%s%s", name, suffix);
  int i = tg_store_find(s, key);
  if (i < 0) return NULL;
  double *x = calloc((size_t)tg_count(tg_store_shape(s, i)), sizeof *x);
  tg_store_read_f64(s, i, x);
  return x;
}

static void check_losses(const step_case *t) {
  for (int i = 0; i < t->s.losses; i++) {
    char name[64];
    snprintf(name, sizeof name, "out/%s.%d", t->name, i);
    assert_non_null(t->method->loss[i]);
    double want = golden_scalar(&t->c, name);
    golden_near(&t->c, name, 0, golden_element(&t->c, tg_plan_data(t->plan, t->s.loss[i]), 0), want,
                fmax(1, fabs(want)));
  }
}

/* After the first update Adam's first moment is a tenth of the gradient. */
static void check_gradients(const step_case *t, const nn_net *net, const char *part) {
  for (int i = 0; i < net->n; i++) {
    const nn_param *p = &net->param[i];
    golden_want w = {.order = GOLDEN_WEIGHT, .step = 1};
    char middle[64];
    snprintf(middle, sizeof middle, "%s/%s", t->name, part);
    golden_gradient_name(&t->c, net, i, "grad", middle, w.name);
    double *moment = read_param(t->c.store, p->name, ".m");
    assert_true(!moment == p->frozen);
    if (!moment) continue;
    for (int64_t k = 0; k < tg_count(p->shape); k++) moment[k] *= 10;
    golden_compare(&t->c, &w, p->shape, moment);
    free(moment);
  }
}

static void coral(void **state) {
  step_case t;
  open_step(&t, state, "coral", &align_coral);
  run_step(&t);
  check_losses(&t);
  check_gradients(&t, t.s.net, "");
  close_step(&t);
}

/* The head goes down its loss, the features up. */
static void dann(void **state) {
  step_case t;
  open_step(&t, state, "dann", &align_dann);
  run_step(&t);
  check_losses(&t);
  check_gradients(&t, t.s.net, "");
  check_gradients(&t, t.s.other, "domain/");
  close_step(&t);
}

/* The last layer has no moments, and keeps its bytes. */
static void shot(void **state) {
  step_case t;
  open_step(&t, state, "shot", &align_shot);
  double *before = read_param(t.c.store, "N/classifier.1.weight", "");
  run_step(&t);
  double *after = read_param(t.c.store, "N/classifier.1.weight", "");
  assert_memory_equal(before, after, 5000 * sizeof *before);
  check_losses(&t);
  check_gradients(&t, t.s.net, "");
  free(before);
  free(after);
  close_step(&t);
}

/* The teacher goes a quarter of the way to what the student was. */
static void selftrain(void **state) {
  step_case t;
  open_step(&t, state, "selftrain", &align_selftrain);
  double *student = read_param(t.c.store, "N/classifier.1.bias", "");
  double *teacher = read_param(t.c.store, "O/classifier.1.bias", "");
  run_step(&t);
  double *after = read_param(t.c.store, "O/classifier.1.bias", "");
  for (int i = 0; i < 10; i++) {
    golden_equal(after[i], MOMENTUM * teacher[i] + (1 - MOMENTUM) * student[i], 1e-6);
  }
  check_losses(&t);
  check_gradients(&t, t.s.net, "");
  free(student);
  free(teacher);
  free(after);
  close_step(&t);
}

/* The parts of every architecture: features before the last layer, which alone is frozen. */
static void last_layers(void **state) {
  (void)state;
  static const struct {
    const char *architecture, *last;
    int64_t features;
  } row[] = {{"lenet", "classifier.1.", 500},
             {"lenet5", "classifier.2.", 84},
             {"densenet121", "classifier.8.", 100},
             {"densenet121-linear", "classifier.", 1024},
             {"resnet18", "fc.", 512}};
  for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
    const nn_classifier c = {row[i].architecture, 32, 3, 7, 0, false};
    tg_graph *g = tg_graph_new();
    nn_net *net = nn_net_new("N/");
    tg_value x = tg_input(g, "x", tg_shape4(2, 32, 32, 3));
    tg_value features = nn_classifier_features(g, net, &c, x);
    tg_value logit = nn_classifier_last(g, net, &c, features);
    assert_true(tg_same_shape(tg_shape_of(g, features), tg_shape4(2, 1, 1, row[i].features)));
    assert_true(tg_same_shape(tg_shape_of(g, logit), tg_shape4(2, 1, 1, 7)));
    nn_classifier_freeze_last(net, &c);
    int frozen = 0;
    for (int k = 0; k < net->n; k++) {
      frozen += net->param[k].frozen;
      if (net->param[k].frozen)
        assert_memory_equal(net->param[k].name + 2, row[i].last, strlen(row[i].last));
    }
    assert_int_equal(frozen, 2);
    nn_net_free(net);
    tg_graph_free(g);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(coral),
      cmocka_unit_test(dann),
      cmocka_unit_test(shot),
      cmocka_unit_test(selftrain),
  };
  int failed = golden_run_tests(tests, sizeof tests / sizeof *tests);
  const struct CMUnitTest others[] = {cmocka_unit_test(last_layers)};
  return failed + cmocka_run_group_tests(others, NULL, NULL);
}
