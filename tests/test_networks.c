/* test_networks.c: outputs, gradients and second derivatives of every network and Adam against
 * PyTorch in double (golden/README.md), on every device, fused and not; initial values, sizes and
 * file order of parameters. */
#include "golden_file.h"

/* ---- classifiers -------------------------------------------------------------------------- */

static void check_classifier(void **state, const char *architecture) {
  golden_case c;
  golden_open(&c, state, architecture);
  nn_net *net = nn_net_new("F/");
  nn_classifier k = {architecture, 32, 3, 10, 0};
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

/* -------------------------------------------------------------------------------------------- */

int main(void) {
  golden_way ways[] = {{"reference", false}, {"cpu", true}, {"cpu", false}};
  int failed = 0;
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    golden_way *w = &ways[i];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(lenet, w),
        cmocka_unit_test_prestate(lenet5, w),
        cmocka_unit_test_prestate(generator, w),
        cmocka_unit_test_prestate(generator_of_three_domains, w),
        cmocka_unit_test_prestate(discriminator, w),
        cmocka_unit_test_prestate(discriminator_of_three_domains, w),
        cmocka_unit_test_prestate(adam_plain, w),
        cmocka_unit_test_prestate(adam_with_weight_decay, w),
    };
    char group[64];
    snprintf(group, sizeof group, "%s%s", w->device, w->unfused ? ", unfused" : "");
    failed += cmocka_run_group_tests_name(group, tests, NULL, NULL);
  }
  return failed;
}
