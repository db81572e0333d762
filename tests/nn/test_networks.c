/* test_networks.c: outputs, gradients and second derivatives of every network and Adam against
 * PyTorch in double (golden/README.md), on every device, fused and not; initial values, sizes and
 * file order of parameters. */
#include "golden_file.h"

/* ---- classifiers -------------------------------------------------------------------------- */

static void check_classifier(void **state, const char *architecture) {
  golden_case c;
  golden_open(&c, state, architecture);
  nn_net *net = nn_net_new("F/");
  nn_classifier k = {architecture, 32, 3, 10, 0, false};
  tg_value x = golden_input(&c, "in/x", tg_shape4(4, 32, 32, 3));
  tg_value label = golden_input(&c, "in/label", tg_shape4(4, 1, 1, 1));
  tg_value logit = nn_classifier_build(c.g, net, &k, x);
  tg_value loss = nn_cross_entropy(c.g, logit, label);
  golden_weights(&c, net, "weight/");
  golden_expect(&c, "out/logit", logit);
  golden_expect(&c, "out/loss", loss);
  golden_expect_gradients(&c, loss, net, "grad", "");
  golden_run(&c);
  nn_net_free(net);
  golden_close(&c);
}

static void lenet(void **state) { check_classifier(state, "lenet"); }
static void lenet5(void **state) { check_classifier(state, "lenet5"); }

/* ---- generator and discriminator ---------------------------------------------------------- */

static void check_generator(void **state, const char *file, nn_stargan s) {
  golden_case c;
  golden_open(&c, state, file);
  nn_net *net = nn_net_new("G/");
  tg_value x = golden_input(&c, "in/x", tg_shape4(2, s.size, s.size, 3));
  tg_value dy = golden_input(&c, "in/dy", tg_shape4(2, s.size, s.size, 3));
  tg_value domain = tg_input(c.g, "domain", tg_shape4(2, 1, 1, s.domains));
  golden_feed_numbers(&c, domain, golden_domains(&c, 2, s.domains, false));
  tg_value y = nn_generator_build(c.g, net, &s, x, domain), dx;
  tg_value loss = tg_sum_to(c.g, tg_mul(c.g, y, dy), tg_scalar());
  tg_gradient(c.g, y, dy, 1, &x, &dx);
  golden_weights(&c, net, "weight/");
  golden_expect(&c, "out/y", y);
  golden_expect(&c, "grad/x", dx);
  golden_expect_gradients(&c, loss, net, "grad", "");
  golden_run(&c);
  nn_net_free(net);
  golden_close(&c);
}

static void generator(void **state) {
  check_generator(
      state, "generator",
      (nn_stargan){.size = 16, .image_channels = 3, .domains = 2, .channels = 4, .blocks = 2});
}

static void generator_of_three_domains(void **state) {
  check_generator(
      state, "generator3",
      (nn_stargan){.size = 16, .image_channels = 3, .domains = 3, .channels = 2, .blocks = 1});
}

static void check_discriminator(void **state, const char *file, nn_stargan s) {
  golden_case c;
  golden_open(&c, state, file);
  nn_net *net = nn_net_new("D/");
  tg_value x = golden_input(&c, "in/x", tg_shape4(2, s.size, s.size, 3)), dx;
  tg_value label = golden_input(&c, "in/domain", tg_shape4(2, 1, 1, 1));
  nn_verdict v = nn_discriminator_build(c.g, net, &s, x);
  tg_value loss = tg_add(c.g, tg_mean(c.g, v.source), nn_cross_entropy(c.g, v.domain, label));
  tg_value penalty = nn_gradient_penalty(c.g, v.source, x, 1e-12);
  tg_gradient(c.g, loss, TG_NONE, 1, &x, &dx);
  golden_weights(&c, net, "weight/");
  golden_expect(&c, "out/source", v.source);
  golden_expect(&c, "out/domain", v.domain);
  golden_expect(&c, "out/loss", loss);
  golden_expect(&c, "out/penalty", penalty);
  golden_expect(&c, "grad/x", dx);
  golden_expect_gradients(&c, loss, net, "grad", "");
  golden_expect_gradients(&c, penalty, net, "grad_penalty", "");
  golden_run(&c);
  nn_net_free(net);
  golden_close(&c);
}

static void discriminator(void **state) {
  check_discriminator(state, "discriminator",
                      (nn_stargan){.size = 16, .image_channels = 3, .domains = 2, .channels = 4});
}

static void discriminator_of_three_domains(void **state) {
  check_discriminator(state, "discriminator3",
                      (nn_stargan){.size = 32, .image_channels = 3, .domains = 3, .channels = 2});
}

/* ---- Adam --------------------------------------------------------------------------------- */

/* The loss whose gradient by the parameter is the file's: their inner product. */
static void check_adam(void **state, const char *name, tg_adam_options o) {
  golden_case c;
  golden_open(&c, state, "adam");
  tg_shape shape = tg_shape4(1, 1, 1, 24);
  int64_t count;
  double *start = golden_read(&c, "in/start", &count);
  float first[24];
  for (int i = 0; i < 24; i++) first[i] = (float)start[i];
  free(start);
  assert_int_equal(tg_store_add(c.store, "p", shape), 0);
  tg_store_write(c.store, tg_store_find(c.store, "p"), first);
  for (int t = 1; t <= 3; t++) {
    char text[32];
    tg_graph_free(c.g);
    c.g = tg_graph_new();
    for (int i = 0; i < c.feeds; i++) free(c.feed[i].x);
    c.feeds = c.wants = 0;
    tg_value p = tg_param(c.g, "p", shape), gradient;
    snprintf(text, sizeof text, "in/gradient.%d", t);
    tg_value slope = golden_input(&c, text, shape);
    tg_value loss = tg_sum_to(c.g, tg_mul(c.g, p, slope), tg_scalar());
    tg_gradient(c.g, loss, TG_NONE, 1, &p, &gradient);
    snprintf(text, sizeof text, "out/%s.%d", name, t);
    golden_expect(&c, text, tg_adam(c.g, p, gradient, tg_const(c.g, 1e-2), tg_const(c.g, t), o));
    golden_run(&c);
  }
  golden_close(&c);
}

static void adam_plain(void **state) {
  check_adam(state, "plain", (tg_adam_options){0.5, 0.999, 1e-8, 0});
}

static void adam_with_weight_decay(void **state) {
  check_adam(state, "decay", (tg_adam_options){0.9, 0.999, 1e-8, 5e-4});
}

/* ---- parameters: initial values, number, order in files ------------------------------------ */

/* A generator and a discriminator of a size, built for their parameters. */
static void build_stargan(nn_net *g_net, nn_net *d_net, const nn_stargan *s) {
  tg_graph *g = tg_graph_new();
  tg_value x = tg_input(g, "x", tg_shape4(1, s->size, s->size, s->image_channels));
  tg_value domain = tg_input(g, "domain", tg_shape4(1, 1, 1, s->domains));
  nn_generator_build(g, g_net, s, x, domain);
  nn_discriminator_build(g, d_net, s, x);
  if (tg_graph_failure(g)) fail_msg("%s", tg_graph_failure(g));
  tg_graph_free(g);
}

/* The numbers of method 4.1 and, computed by PyTorch, of the discriminators. */
static void number_of_parameters(void **state) {
  (void)state;
  static const struct {
    nn_stargan s;
    int64_t generator, discriminator;
  } row[] = {
      {{.size = 32, .image_channels = 3, .domains = 2, .channels = 64, .blocks = 4},
       6059776,
       2765248},
      {{.size = 224, .image_channels = 3, .domains = 2, .channels = 64, .blocks = 9},
       11963136,
       44757952},
  };
  for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
    nn_net *g = nn_net_new("G/"), *d = nn_net_new("D/");
    build_stargan(g, d, &row[i].s);
    assert_int_equal(nn_net_count(g), row[i].generator);
    assert_int_equal(nn_net_count(d), row[i].discriminator);
    nn_net_free(g);
    nn_net_free(d);
  }
}

static const nn_param *find_param(const nn_net *net, const char *name) {
  for (int i = 0; i < net->n; i++) {
    if (strcmp(net->param[i].name, name) == 0) return &net->param[i];
  }
  fail_msg("no parameter %s", name);
  return NULL;
}

/* U(-bound, bound): the bound is nearly reached and never passed, mean 0, deviation bound/sqrt 3.
 */
static void check_uniform(const tg_store *s, const nn_net *net, const char *name, double fan_in) {
  const nn_param *p = find_param(net, name);
  int64_t n = tg_count(p->shape);
  double bound = 1 / sqrt(fan_in), sum = 0, squares = 0;
  double *x = calloc((size_t)n, sizeof *x);
  tg_store_read_f64(s, tg_store_find(s, name), x);
  for (int64_t i = 0; i < n; i++) {
    sum += x[i];
    squares += x[i] * x[i];
  }
  double largest = golden_largest(x, n), spread = 6 / sqrt((double)n); /* six standard errors */
  assert_true(largest <= bound * 1.000001 && largest >= bound * (1 - 2 * spread));
  golden_equal(sum / (double)n, 0, spread * bound);
  golden_equal(sqrt(squares / (double)n), bound / sqrt(3), spread * bound);
  free(x);
}

static void check_all_equal(const tg_store *s, const nn_net *net, const char *name, double value) {
  const nn_param *p = find_param(net, name);
  double *x = calloc((size_t)tg_count(p->shape), sizeof *x);
  tg_store_read_f64(s, tg_store_find(s, name), x);
  for (int64_t i = 0; i < tg_count(p->shape); i++) golden_equal(x[i], value, 0);
  free(x);
}

/* PyTorch's defaults (golden/README.md, last section). */
static void initial_values(void **state) {
  const golden_way *w = *state;
  nn_stargan size = {.size = 32, .image_channels = 3, .domains = 2, .channels = 16, .blocks = 1};
  nn_net *g = nn_net_new("G/"), *d = nn_net_new("D/");
  tg_store *s = tg_store_new(tg_device_named(w->device));
  build_stargan(g, d, &size);
  assert_int_equal(nn_net_initialise(g, s, 1), 0);
  assert_int_equal(nn_net_initialise(d, s, 1), 0);
  assert_int_equal(tg_store_size(s), g->n + d->n);
  check_uniform(s, g, "G/down.0.conv.weight", 5 * 49);
  check_uniform(s, g, "G/blocks.0.conv1.weight", 64 * 9);
  check_uniform(s, g, "G/up.0.conv.weight", 32 * 16); /* transposed: of its output */
  check_uniform(s, g, "G/up.1.conv.weight", 16 * 16);
  check_all_equal(s, g, "G/up.1.norm.weight", 1);
  check_all_equal(s, g, "G/up.1.norm.bias", 0);
  check_uniform(s, d, "D/trunk.3.weight", 64 * 16);
  check_uniform(s, d, "D/trunk.3.bias", 64 * 16);
  check_uniform(s, d, "D/domain.weight", 128 * 4);
  tg_store_free(s);
  nn_net_free(g);
  nn_net_free(d);
}

/* A function of seed and name: equal for equal seeds, other for other seeds and other names. */
static void initial_values_by_seed_and_name(void **state) {
  const golden_way *w = *state;
  nn_stargan size = {.size = 16, .image_channels = 3, .domains = 2, .channels = 8, .blocks = 2};
  static float x[3][2][3 * 3 * 32 * 32];
  for (int i = 0; i < 3; i++) {
    nn_net *g = nn_net_new("G/"), *d = nn_net_new("D/");
    tg_store *s = tg_store_new(tg_device_named(w->device));
    build_stargan(g, d, &size);
    assert_int_equal(nn_net_initialise(g, s, i == 2 ? 6 : 5), 0);
    tg_store_read(s, tg_store_find(s, "G/blocks.0.conv1.weight"), x[i][0]);
    tg_store_read(s, tg_store_find(s, "G/blocks.1.conv1.weight"), x[i][1]);
    tg_store_free(s);
    nn_net_free(g);
    nn_net_free(d);
  }
  assert_memory_equal(x[0][0], x[1][0], sizeof x[0][0]);
  assert_int_not_equal(memcmp(x[0][0], x[2][0], sizeof x[0][0]), 0);
  assert_int_not_equal(memcmp(x[0][0], x[0][1], sizeof x[0][0]), 0);
}

/* Element (o, i, h, w) of a file is element (h, w, i, o) of the store, for any parameter. */
static void order_in_files(void **state) {
  (void)state;
  nn_param p = {.shape = {{2, 3, 4, 5}}, .rank = 4, .dim = {5, 4, 2, 3}};
  float stored[120], file[120], again[120];
  for (int i = 0; i < 120; i++) stored[i] = (float)i;
  nn_param_to_file(&p, stored, file);
  for (int o = 0; o < 5; o++) {
    for (int i = 0; i < 4; i++) {
      for (int k = 0; k < 6; k++) /* h * 3 + w */
        assert_true(file[(o * 4 + i) * 6 + k] == stored[(k * 4 + i) * 5 + o]);
    }
  }
  nn_param_from_file(&p, file, again);
  assert_memory_equal(stored, again, sizeof stored);
}

/* ---- sizes that are impossible ------------------------------------------------------------ */

static void impossible_stargans(void **state) {
  (void)state;
  static const struct {
    nn_stargan s;
    const char *reason; /* NULL: possible */
  } row[] = {
      {{32, 3, 2, 64, 4, 0}, NULL},
      {{32, 3, 2, 64, 4, 5}, NULL},
      {{32, 3, 2, 64, 4, 6},
       "critic_layers 6 is impossible at image size 32: layer 6 would need 2 pixels and gets 1; at "
       "most 4 layers fit well"},
      {{224, 3, 4, 64, 9, 6}, NULL},
      {{32, 3, 2, 0, 4, 0}, "channels 0 is impossible"},
      {{32, 3, 2, 64, -1, 0}, "blocks -1 is impossible"},
      {{30, 3, 2, 64, 4, 0}, "image size 30 is impossible"},
      {{4, 3, 2, 64, 4, 0}, "image size 4 is impossible"},
      {{0, 3, 2, 64, 4, 0}, "image size 0 is impossible"},
      {{32, 3, 1, 64, 4, 0}, "1 domain is impossible"},
  };
  for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
    bool impossible = nn_stargan_check(&row[i].s) != 0;
    assert_int_equal(impossible, row[i].reason != NULL);
    if (impossible && !strstr(tg_message(), row[i].reason)) fail_msg("%s", tg_message());
  }
}

/* Decision 5. */
static void depth_of_the_discriminator(void **state) {
  (void)state;
  static const int row[][2] = {{8, 2}, {16, 3}, {28, 3}, {32, 4}, {64, 5}, {128, 6}, {224, 6}};
  for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
    nn_stargan s = {.size = row[i][0]};
    assert_int_equal(nn_stargan_critic_layers(&s), row[i][1]);
  }
  assert_int_equal(nn_stargan_critic_layers(&(nn_stargan){.size = 32, .critic_layers = 3}), 3);
}

static void impossible_classifiers(void **state) {
  (void)state;
  static const struct {
    nn_classifier c;
    const char *reason;
  } row[] = {
      {{"lenet", 32, 3, 10, 0.5, false}, NULL},
      {{"lenet5", 16, 1, 2, 0, false}, NULL},
      {{"resnet", 32, 3, 10, 0, false}, "lenet, lenet5"},
      {{"lenet", 15, 3, 10, 0, false}, "16x16"},
      {{"lenet", 4096, 3, 10, 0, false}, "1024x1024"},
      {{"lenet", 32, 0, 10, 0, false}, "1 to 64"},
      {{"lenet", 32, 3, 1, 0, false}, "two classes"},
      {{"densenet121", 29, 3, 2, 0.5, false}, NULL},
      {{"densenet121-linear", 224, 1, 18, 0, false}, NULL},
      {{"densenet121", 28, 3, 2, 0.5, false}, "29x29"},
      {{"resnet18", 17, 3, 2, 0, false}, NULL},
      {{"resnet18", 16, 3, 2, 0, false}, "17x17"},
  };
  for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
    const char *why = nn_classifier_impossible(&row[i].c);
    assert_int_equal(why != NULL, row[i].reason != NULL);
    if (why && !strstr(why, row[i].reason)) fail_msg("%s", why);
  }
}

/* Each size that is said to be possible can be built. */
static void smallest_classifiers(void **state) {
  (void)state;
  static const nn_classifier row[] = {{"lenet", 16, 1, 2, 0.5, true},
                                      {"lenet5", 16, 1, 2, 0.5, true},
                                      {"densenet121", 29, 1, 2, 0.5, true},
                                      {"densenet121-linear", 29, 1, 2, 0, false},
                                      {"resnet18", 17, 1, 2, 0, true}};
  for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
    const nn_classifier *c = &row[i];
    tg_graph *g = tg_graph_new();
    nn_net *net = nn_net_new("");
    tg_value x = tg_input(g, "x", tg_shape4(3, c->size, c->size, 1));
    tg_value y = nn_classifier_build(g, net, c, x);
    if (tg_graph_failure(g)) fail_msg("%s: %s", c->architecture, tg_graph_failure(g));
    assert_true(tg_same_shape(tg_shape_of(g, y), tg_shape4(3, 1, 1, 2)));
    assert_null(nn_classifier_impossible(c));
    nn_net_free(net);
    tg_graph_free(g);
  }
}

/* -------------------------------------------------------------------------------------------- */

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lenet),          cmocka_unit_test(lenet5),
      cmocka_unit_test(generator),      cmocka_unit_test(generator_of_three_domains),
      cmocka_unit_test(discriminator),  cmocka_unit_test(discriminator_of_three_domains),
      cmocka_unit_test(adam_plain),     cmocka_unit_test(adam_with_weight_decay),
      cmocka_unit_test(initial_values), cmocka_unit_test(initial_values_by_seed_and_name),
  };
  int failed = golden_run_tests(tests, sizeof tests / sizeof *tests);
  const struct CMUnitTest others[] = {
      cmocka_unit_test(number_of_parameters),   cmocka_unit_test(order_in_files),
      cmocka_unit_test(impossible_stargans),    cmocka_unit_test(depth_of_the_discriminator),
      cmocka_unit_test(impossible_classifiers), cmocka_unit_test(smallest_classifiers),
  };
  return failed + cmocka_run_group_tests_name("sizes", others, NULL, NULL);
}
