/* test_networks.c: outputs, gradients and second derivatives of every network, the losses of the
 * adapter's steps and Adam against PyTorch in double (golden/README.md), on every device, fused and
 * not. */
#include "adapter_plans.h"
#include "golden_file.h"

/* How a test runs: the state of each. */
typedef struct way {
  const char *device;
  bool unfused;
} way;

static void open_case(golden_case *c, void **state, const char *name) {
  const way *w = *state;
  golden_open(c, name, tg_device_named(w->device));
  c->unfused = w->unfused;
}

/* One-hot codes of the file's domain indices, each turned into another by flip (0: itself). */
static tg_value domain_input(golden_case *c, const char *name, int64_t n, int domains, bool flip) {
  int64_t count;
  double *index = golden_read(c, "in/domain", &count);
  double *code = calloc((size_t)(n * domains), sizeof *code);
  assert_int_equal(count, n);
  for (int64_t i = 0; i < n; i++) {
    int64_t k = (int64_t)index[i];
    code[i * domains + (flip ? 1 - k : k)] = 1;
  }
  free(index);
  tg_value v = tg_input(c->g, name, tg_shape4(n, 1, 1, domains));
  golden_feed_numbers(c, v, code);
  return v;
}

/* ---- classifiers -------------------------------------------------------------------------- */

static void check_classifier(void **state, const char *architecture) {
  golden_case c;
  open_case(&c, state, architecture);
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
  open_case(&c, state, file);
  nn_net *net = nn_net_new("G/");
  tg_value x = golden_input(&c, "in/x", tg_shape4(2, s.size, s.size, 3));
  tg_value dy = golden_input(&c, "in/dy", tg_shape4(2, s.size, s.size, 3));
  tg_value domain = domain_input(&c, "domain", 2, s.domains, false);
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
  open_case(&c, state, file);
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

/* ---- the adapter's steps ------------------------------------------------------------------ */

typedef struct gan_case {
  golden_case c;
  adapter_nets nets;
  xs_adapter_options options;
  adapter_plan p; /* of inputs and losses; no plan is made */
} gan_case;

enum { BATCH = 4 };

static void open_gan(gan_case *t, void **state) {
  open_case(&t->c, state, "gan_losses");
  tg_graph *g = t->c.g;
  t->nets = (adapter_nets){
      .stargan = {.size = 32, .image_channels = 3, .domains = 2, .channels = 4, .blocks = 1},
      .classifier = {"lenet", 32, 3, 10, 0},
      .g = nn_net_new("G/"),
      .d = nn_net_new("D/"),
      .fs = nn_net_new("FS/"),
      .ft = nn_net_new("FT/"),
  };
  t->options = (xs_adapter_options){
      .batch = BATCH,
      .gradient_penalty = 10,
      .penalty_epsilon = 1e-12,
      .classification = 1,
      .cycle = 10,
      .semantic = "paper",
      .semantic_cycle = 1,
      .semantic_target = 1,
      .semantic_pseudo = 1,
      .pseudo_threshold = 1,
  };
  t->p = (adapter_plan){
      .x = golden_input(&t->c, "in/x", tg_shape4(BATCH, 32, 32, 3)),
      .from = domain_input(&t->c, "from", BATCH, 2, false),
      .to = domain_input(&t->c, "to", BATCH, 2, true),
      .from_label = golden_input(&t->c, "in/domain", tg_shape4(BATCH, 1, 1, 1)),
      .label = golden_input(&t->c, "in/label", tg_shape4(BATCH / 2, 1, 1, 1)),
      .gate = tg_const(g, 1),
  };
  t->p.to_label = tg_affine(g, t->p.from_label, -1, 1);
}

static void close_gan(gan_case *t) {
  nn_net_free(t->nets.g);
  nn_net_free(t->nets.d);
  nn_net_free(t->nets.fs);
  nn_net_free(t->nets.ft);
  golden_close(&t->c);
}

static void critic_loss(void **state) {
  gan_case t;
  open_gan(&t, state);
  golden_case *c = &t.c;
  tg_value alpha = golden_input(c, "in/alpha", tg_shape4(BATCH, 1, 1, 1));
  tg_value total = adapter_critic_loss(c->g, &t.nets, &t.options, alpha, &t.p);
  golden_weights(c, t.nets.g, "weight/generator/");
  golden_weights(c, t.nets.d, "weight/critic/");
  golden_expect(c, "out/penalty", t.p.loss[CRITIC_PENALTY]);
  golden_expect(c, "out/domain_real", t.p.loss[CRITIC_DOMAIN]);
  golden_expect(c, "out/critic_loss", total);
  golden_expect_gradients(c, total, t.nets.d, "grad", "critic/");
  golden_run(c);
  close_gan(&t);
}

static void generator_loss(void **state) {
  static const char *const term[] = {"adversarial",    "domain_fake",     "cycle",
                                     "semantic_cycle", "semantic_target", "semantic_pseudo"};
  gan_case t;
  open_gan(&t, state);
  golden_case *c = &t.c;
  tg_value total = adapter_generator_loss(c->g, &t.nets, &t.options, &t.p);
  golden_weights(c, t.nets.g, "weight/generator/");
  golden_weights(c, t.nets.d, "weight/critic/");
  golden_weights(c, t.nets.fs, "weight/source_net/");
  golden_weights(c, t.nets.ft, "weight/target_net/");
  for (int i = 0; i < t.p.losses; i++) {
    char name[64];
    snprintf(name, sizeof name, "out/%s", term[i]);
    golden_expect(c, name, t.p.loss[i]);
  }
  golden_expect(c, "out/generator_loss", total);
  golden_expect(c, "out/fake_pixels", t.p.fake);
  c->want[c->wants - 1].step = 8;
  golden_expect_gradients(c, total, t.nets.g, "grad", "generator/");
  golden_run(c);
  close_gan(&t);
}

/* Only the translations' pixels and the update of F_T on them. */
static void target_loss(void **state) {
  gan_case t;
  open_gan(&t, state);
  golden_case *c = &t.c;
  tg_value fake = nn_generator_build(c->g, t.nets.g, &t.nets.stargan, t.p.x, t.p.to);
  tg_value back = nn_generator_build(c->g, t.nets.g, &t.nets.stargan, fake, t.p.from);
  t.p.x = tg_slice(c->g, fake, 0, 0, BATCH / 2);
  tg_value loss = adapter_target_loss(c->g, &t.nets, &t.p);
  golden_weights(c, t.nets.g, "weight/generator/");
  golden_weights(c, t.nets.ft, "weight/target_net/");
  golden_expect(c, "out/back_pixels", back);
  c->want[c->wants - 1].step = 8;
  golden_expect(c, "out/target_loss", loss);
  golden_expect_gradients(c, loss, t.nets.ft, "grad", "target_net/");
  golden_run(c);
  close_gan(&t);
}

/* ---- Adam --------------------------------------------------------------------------------- */

/* The loss whose gradient by the parameter is the file's: their inner product. */
static void check_adam(void **state, const char *name, tg_adam_options o) {
  golden_case c;
  open_case(&c, state, "adam");
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
  way ways[] = {{"reference", false}, {"cpu", true}, {"cpu", false}};
  int failed = 0;
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    way *w = &ways[i];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(lenet, w),
        cmocka_unit_test_prestate(lenet5, w),
        cmocka_unit_test_prestate(generator, w),
        cmocka_unit_test_prestate(generator_of_three_domains, w),
        cmocka_unit_test_prestate(discriminator, w),
        cmocka_unit_test_prestate(discriminator_of_three_domains, w),
        cmocka_unit_test_prestate(critic_loss, w),
        cmocka_unit_test_prestate(generator_loss, w),
        cmocka_unit_test_prestate(target_loss, w),
        cmocka_unit_test_prestate(adam_plain, w),
        cmocka_unit_test_prestate(adam_with_weight_decay, w),
    };
    char group[64];
    snprintf(group, sizeof group, "%s%s", w->device, w->unfused ? ", unfused" : "");
    failed += cmocka_run_group_tests_name(group, tests, NULL, NULL);
  }
  return failed;
}
