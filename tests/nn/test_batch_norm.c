/* test_batch_norm.c: networks with batch norms against PyTorch in double (golden/README.md): a
 * training step with every gradient and running statistic, and evaluation; their size and initial
 * values. */
#include "golden_file.h"

#include "align_method.h"

/* A bias before a norm gets a gradient that is rounding only: the file has none. */
static void forget(golden_case *c, const char *name) {
  for (int i = 0; i < c->wants; i++) {
    if (strcmp(c->want[i].name, name) != 0) continue;
    c->want[i] = c->want[--c->wants];
    return;
  }
  fail_msg("%s is not expected", name);
}

static void expect_statistics(golden_case *c, const nn_net *net) {
  for (int i = 0; i < net->n; i++) {
    char name[96];
    if (!net->param[i].statistic) continue;
    snprintf(name, sizeof name, "out/%s", net->param[i].name + strlen(net->prefix));
    golden_expect(c, name, net->param[i].next);
  }
}

/* A golden file's network and images. */
typedef struct sample {
  const char *file, *architecture;
  int images, height, width;
} sample;

static const sample small_densenet = {"densenet", NULL, 5, 30, 37};
static const sample resnet = {"resnet", "resnet18", 3, 36, 33};

static tg_value build(golden_case *c, nn_net *net, const sample *s, bool training, tg_value x) {
  static const nn_densenet small = {6, 4, 2, 2, {2, 3}, {12, 10}};
  const nn_classifier k = {.architecture = s->architecture, .classes = 3, .training = training};
  if (s->architecture) return nn_classifier_build(c->g, net, &k, x);
  return nn_linear(c->g, net, "classifier.8", nn_densenet_features(c->g, net, &small, &k, x), 3);
}

static void check_training(void **state, const sample *s) {
  golden_case c;
  golden_open(&c, state, s->file);
  nn_net *net = nn_net_new("F/");
  tg_value x = golden_input(&c, "in/x", tg_shape4(s->images, s->height, s->width, 3));
  tg_value label = golden_input(&c, "in/label", tg_shape4(s->images, 1, 1, 1));
  tg_value logit = build(&c, net, s, true, x);
  tg_value loss = nn_cross_entropy(c.g, logit, label);
  golden_weights(&c, net, "weight/");
  golden_expect(&c, "out/logit", logit);
  golden_expect(&c, "out/loss", loss);
  expect_statistics(&c, net);
  golden_expect_gradients(&c, loss, net, "grad", "");
  if (!s->architecture) {
    forget(&c, "probe/classifier.0.bias");
    forget(&c, "probe/classifier.4.bias");
  }
  golden_run(&c);
  nn_net_free(net);
  golden_close(&c);
}

static void check_evaluation(void **state, const sample *s) {
  golden_case c;
  golden_open(&c, state, s->file);
  nn_net *net = nn_net_new("F/");
  tg_value x = golden_input(&c, "in/x", tg_shape4(s->images, s->height, s->width, 3)), dx;
  tg_value label = golden_input(&c, "in/label", tg_shape4(s->images, 1, 1, 1));
  tg_value logit = build(&c, net, s, false, x);
  tg_gradient(c.g, nn_cross_entropy(c.g, logit, label), TG_NONE, 1, &x, &dx);
  golden_weights(&c, net, "weight/");
  golden_expect(&c, "out/evaluated", logit);
  golden_expect(&c, "grad_evaluated/x", dx);
  c.want[c.wants - 1].step = 4;
  golden_run(&c);
  nn_net_free(net);
  golden_close(&c);
}

static void densenet_training(void **state) { check_training(state, &small_densenet); }
static void densenet_evaluation(void **state) { check_evaluation(state, &small_densenet); }

static void resnet_training(void **state) { check_training(state, &resnet); }
static void resnet_evaluation(void **state) { check_evaluation(state, &resnet); }

/* After step k the statistics are k - 1 parts what they were and one the batch's: those of
 * PyTorch's momentum 0.1 at step 10. */
static void adabn(void **state) {
  golden_case c;
  golden_open(&c, state, resnet.file);
  const tg_shape images = tg_shape4(resnet.images, resnet.height, resnet.width, 3);
  align_step s = {.g = c.g,
                  .description = {.architecture = resnet.architecture, .classes = 3},
                  .net = nn_net_new("F/"),
                  .target = golden_input(&c, "in/x", images),
                  .step = tg_const(c.g, 10)};
  align_adabn.build(&s);
  golden_weights(&c, s.net, "weight/");
  expect_statistics(&c, s.net);
  int statistics = 0;
  for (int i = 0; i < s.net->n; i++) statistics += s.net->param[i].statistic;
  assert_int_equal(s.updates, statistics);
  golden_run(&c);
  free(s.update);
  nn_net_free(s.net);
  golden_close(&c);
}

/* Normal with mean 0 and the given deviation: the fourth moment, too. */
static void check_normal(const tg_store *s, const char *name, double deviation) {
  int64_t n = tg_count(tg_store_shape(s, tg_store_find(s, name)));
  double *x = calloc((size_t)n, sizeof *x), moment[5] = {0}, spread = 6 / sqrt((double)n);
  tg_store_read_f64(s, tg_store_find(s, name), x);
  for (int64_t i = 0; i < n; i++) {
    for (int k = 1; k <= 4; k++) moment[k] += pow(x[i] / deviation, k) / (double)n;
  }
  golden_equal(moment[1], 0, spread);
  golden_equal(moment[2], 1, spread * sqrt(2));
  golden_equal(moment[4], 3, spread * sqrt(96));
  free(x);
}

static void check_all_equal(const tg_store *s, const char *name, float value) {
  static float x[1024];
  tg_store_read(s, tg_store_find(s, name), x);
  for (int i = 0; i < 1024; i++) assert_true(x[i] == value);
}

/* torchvision's numbers: 7,978,856 with 1,000 classes, and He's initial values. */
static void densenet121(void **state) {
  (void)state;
  nn_classifier k = {"densenet121-linear", 64, 3, 1000, 0, true};
  nn_net *net = nn_net_new("");
  tg_store *s = tg_store_new(tg_device_cpu());
  tg_graph *g = tg_graph_new();
  tg_value y = nn_classifier_build(g, net, &k, tg_input(g, "x", tg_shape4(2, 64, 64, 3)));
  assert_true(tg_same_shape(tg_shape_of(g, y), tg_shape4(2, 1, 1, 1000)));
  assert_int_equal(nn_net_count(net), 7978856);
  assert_int_equal(net->n, 606);
  assert_int_equal(nn_net_initialise(net, s, 1), 0);
  check_normal(s, "features.conv0.weight", sqrt(2.0 / (3 * 49)));
  check_normal(s, "features.denseblock4.denselayer16.conv1.weight", sqrt(2.0 / 992));
  check_all_equal(s, "features.norm5.weight", 1);
  check_all_equal(s, "features.norm5.running_mean", 0);
  check_all_equal(s, "features.norm5.running_var", 1);
  tg_graph_free(g);
  tg_store_free(s);
  nn_net_free(net);
}

/* torchvision's number: 11,689,512 with 1,000 classes. */
static void resnet18(void **state) {
  (void)state;
  const nn_classifier k = {"resnet18", 64, 3, 1000, 0, true};
  nn_net *net = nn_net_new("");
  tg_graph *g = tg_graph_new();
  tg_value y = nn_classifier_build(g, net, &k, tg_input(g, "x", tg_shape4(2, 64, 64, 3)));
  assert_true(tg_same_shape(tg_shape_of(g, y), tg_shape4(2, 1, 1, 1000)));
  assert_int_equal(nn_net_count(net), 11689512);
  assert_int_equal(net->n, 102);
  tg_graph_free(g);
  nn_net_free(net);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(densenet_training),
      cmocka_unit_test(densenet_evaluation),
      cmocka_unit_test(resnet_training),
      cmocka_unit_test(resnet_evaluation),
      cmocka_unit_test(adabn),
  };
  int failed = golden_run_tests(tests, sizeof tests / sizeof *tests);
  const struct CMUnitTest once[] = {cmocka_unit_test(densenet121), cmocka_unit_test(resnet18)};
  return failed + cmocka_run_group_tests(once, NULL, NULL);
}
