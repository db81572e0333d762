/* test_adapter_plans.c: the losses of the adapter's steps and their gradients against PyTorch in
 * double (golden/README.md); the steps themselves: what they update, fuse and repeat. */
#include "adapter_plans.h"
#include "golden_file.h"

/* ---- losses ------------------------------------------------------------------------------- */

enum { BATCH = 4 };

typedef struct gan_case {
  golden_case c;
  adapter_nets nets;
  xs_adapter_options options;
  adapter_plan p; /* of inputs and losses in c.g; its plan is not made */
} gan_case;

static tg_value code_input(golden_case *c, const char *name, bool other) {
  tg_value v = tg_input(c->g, name, tg_shape4(BATCH, 1, 1, 2));
  golden_feed_numbers(c, v, golden_domains(c, BATCH, 2, other));
  return v;
}

static void open_gan(gan_case *t, void **state) {
  golden_open(&t->c, state, "gan_losses");
  tg_graph *g = t->c.g;
  t->options = xs_adapter_defaults();
  t->options.channels = 4;
  t->options.blocks = 1;
  t->options.batch = BATCH;
  t->options.target_dropout = 0;
  const nn_classifier lenet = {"lenet", 32, 3, 10, 0, false};
  t->nets = adapter_nets_new(&t->options, 1, &lenet, NULL);
  t->p = (adapter_plan){
      .x = golden_input(&t->c, "in/x", tg_shape4(BATCH, 32, 32, 3)),
      .from = code_input(&t->c, "from", false),
      .to = code_input(&t->c, "to", true),
      .from_label = golden_input(&t->c, "in/domain", tg_shape4(BATCH, 1, 1, 1)),
      .label = golden_input(&t->c, "in/label", tg_shape4(BATCH / 2, 1, 1, 1)),
      .gate = {tg_const(g, 1)},
  };
  t->p.to_label = tg_affine(g, t->p.from_label, -1, 1);
}

static void close_gan(gan_case *t) {
  adapter_nets_free(&t->nets);
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

static const char *const generator_term[] = {
    "adversarial", "domain_fake", "cycle", "semantic_cycle", "semantic_target", "semantic_pseudo"};

static void generator_loss(void **state) {
  gan_case t;
  open_gan(&t, state);
  golden_case *c = &t.c;
  tg_value total = adapter_generator_loss(c->g, &t.nets, &t.options, &t.p);
  golden_weights(c, t.nets.g, "weight/generator/");
  golden_weights(c, t.nets.d, "weight/critic/");
  golden_weights(c, t.nets.fs, "weight/source_net/");
  golden_weights(c, t.nets.ft[0], "weight/target_net/");
  for (int i = 0; i < t.p.losses; i++) {
    char name[64];
    snprintf(name, sizeof name, "out/%s", generator_term[i]);
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
  tg_value loss = adapter_task_loss(c->g, &t.nets, t.nets.ft[0], &t.p);
  golden_weights(c, t.nets.g, "weight/generator/");
  golden_weights(c, t.nets.ft[0], "weight/target_net/");
  golden_expect(c, "out/back_pixels", back);
  c->want[c->wants - 1].step = 8;
  golden_expect(c, "out/target_loss", loss);
  golden_expect_gradients(c, loss, t.nets.ft[0], "grad", "target_net/");
  golden_run(c);
  close_gan(&t);
}

/* ---- several targets share a translator --------------------------------------------------- */

enum { SHARED_BATCH = 8, SHARED_TARGETS = 2, SHARED_DOMAINS = 1 + SHARED_TARGETS };

static tg_value shared_code(golden_case *c, const char *name, const char *domains) {
  int64_t count;
  double *index = golden_read(c, domains, &count),
         *code = calloc(SHARED_BATCH * SHARED_DOMAINS, sizeof *code);
  tg_value v = tg_input(c->g, name, tg_shape4(SHARED_BATCH, 1, 1, SHARED_DOMAINS));
  assert_int_equal(count, SHARED_BATCH);
  for (int i = 0; i < SHARED_BATCH; i++) code[SHARED_DOMAINS * i + (int)index[i]] = 1;
  golden_feed_numbers(c, v, code);
  free(index);
  return v;
}

static void open_shared(gan_case *t, void **state) {
  golden_open(&t->c, state, "gan_shared");
  golden_case *c = &t->c;
  t->options = xs_adapter_defaults();
  t->options.channels = 4;
  t->options.blocks = 1;
  t->options.batch = SHARED_BATCH;
  t->options.target_dropout = 0;
  const nn_classifier lenet = {"lenet", 32, 3, 10, 0, false};
  t->nets = adapter_nets_new(&t->options, SHARED_TARGETS, &lenet, NULL);
  t->p = (adapter_plan){
      .x = golden_input(c, "in/x", tg_shape4(SHARED_BATCH, 32, 32, 3)),
      .from = shared_code(c, "from", "in/domain"),
      .to = shared_code(c, "to", "in/wanted"),
      .from_label = golden_input(c, "in/domain", tg_shape4(SHARED_BATCH, 1, 1, 1)),
      .to_label = golden_input(c, "in/wanted", tg_shape4(SHARED_BATCH, 1, 1, 1)),
      .label = golden_input(c, "in/label", tg_shape4(SHARED_BATCH / 2, 1, 1, 1)),
      .gate = {tg_const(c->g, 1), tg_const(c->g, 1)},
  };
}

static void shared_critic_loss(void **state) {
  gan_case t;
  open_shared(&t, state);
  golden_case *c = &t.c;
  tg_value alpha = golden_input(c, "in/alpha", tg_shape4(SHARED_BATCH, 1, 1, 1));
  tg_value total = adapter_critic_loss(c->g, &t.nets, &t.options, alpha, &t.p);
  golden_weights(c, t.nets.g, "weight/generator/");
  golden_weights(c, t.nets.d, "weight/critic/");
  golden_expect(c, "out/domain_real", t.p.loss[CRITIC_DOMAIN]);
  golden_expect(c, "out/critic_loss", total);
  golden_expect_gradients(c, total, t.nets.d, "grad", "critic/");
  golden_run(c);
  close_gan(&t);
}

/* Source images go to both targets, each of which has a task network of its own. */
static void shared_generator_loss(void **state) {
  gan_case t;
  open_shared(&t, state);
  golden_case *c = &t.c;
  tg_value total = adapter_generator_loss(c->g, &t.nets, &t.options, &t.p);
  golden_weights(c, t.nets.g, "weight/generator/");
  golden_weights(c, t.nets.d, "weight/critic/");
  golden_weights(c, t.nets.fs, "weight/source_net/");
  golden_weights(c, t.nets.ft[0], "weight/target_net/");
  golden_weights(c, t.nets.ft[1], "weight/target_net1/");
  for (int i = 0; i < t.p.losses; i++) {
    char name[64];
    snprintf(name, sizeof name, "out/%s", generator_term[i]);
    golden_expect(c, name, t.p.loss[i]);
  }
  golden_expect(c, "out/generator_loss", total);
  golden_expect_gradients(c, total, t.nets.g, "grad", "generator/");
  golden_run(c);
  close_gan(&t);
}

/* The second target's network learns from the translations to its target. */
static void shared_target_loss(void **state) {
  gan_case t;
  open_shared(&t, state);
  golden_case *c = &t.c;
  tg_value fake = nn_generator_build(c->g, t.nets.g, &t.nets.stargan, t.p.x, t.p.to);
  t.p.x = tg_slice(c->g, fake, 0, 2, 2);
  t.p.label = tg_slice(c->g, t.p.label, 0, 2, 2);
  tg_value loss = adapter_task_loss(c->g, &t.nets, t.nets.ft[1], &t.p);
  golden_weights(c, t.nets.g, "weight/generator/");
  golden_weights(c, t.nets.ft[1], "weight/target_net1/");
  golden_expect(c, "out/target_loss1", loss);
  golden_expect_gradients(c, loss, t.nets.ft[1], "grad", "target_net1/");
  golden_run(c);
  close_gan(&t);
}

/* ---- steps -------------------------------------------------------------------------------- */

static const double RATE = 0x1p-7;

static void load_weights(gan_case *t) {
  golden_weights(&t->c, t->nets.g, "weight/generator/");
  golden_weights(&t->c, t->nets.d, "weight/critic/");
  golden_weights(&t->c, t->nets.fs, "weight/source_net/");
  golden_weights(&t->c, t->nets.ft[0], "weight/target_net/");
}

/* Fills the inputs that a step of golden file gan_losses has. */
static void fill_step(const gan_case *t, const adapter_plan *p) {
  const golden_case *c = &t->c;
  int64_t n, images = p->from == TG_NONE ? BATCH / 2 : BATCH; /* F_T sees the source half */
  double *x = golden_image(c, "in/x", tg_shape4(BATCH, 32, 32, 3));
  double *from = golden_domains(c, BATCH, 2, false), *to = golden_domains(c, BATCH, 2, true);
  double *from_label = golden_read(c, "in/domain", &n), to_label[BATCH];
  double *label = golden_read(c, "in/label", &n), one = 1;
  for (int i = 0; i < BATCH; i++) to_label[i] = 1 - from_label[i];
  golden_put(c, p->plan, p->x, x, images * 32 * 32 * 3);
  golden_put(c, p->plan, p->from, from, 2 * BATCH);
  golden_put(c, p->plan, p->to, to, 2 * BATCH);
  golden_put(c, p->plan, p->from_label, from_label, BATCH);
  golden_put(c, p->plan, p->to_label, to_label, BATCH);
  golden_put(c, p->plan, p->label, label, BATCH / 2);
  golden_put(c, p->plan, p->gate[0], &one, 1);
  golden_put(c, p->plan, p->rate, &RATE, 1);
  golden_put(c, p->plan, p->step, &one, 1);
  free(x);
  free(from);
  free(to);
  free(from_label);
  free(label);
}

static double read_value(const gan_case *t, const adapter_plan *p, tg_value v) {
  return golden_element(&t->c, tg_plan_data(p->plan, v), 0);
}

static double golden_scalar(const golden_case *c, const char *name) {
  int64_t count;
  double *x = golden_read(c, name, &count), first = x[0];
  assert_int_equal(count, 1);
  free(x);
  return first;
}

static void check_loss(const gan_case *t, const adapter_plan *p, int i, double want) {
  char name[32];
  snprintf(name, sizeof name, "loss %d", i);
  golden_near(&t->c, name, 0, read_value(t, p, p->loss[i]), want, fmax(1, fabs(want)));
}

static double *read_param(const tg_store *s, const char *name, const char *suffix) {
  char key[128];
  snprintf(key, sizeof key, "%s%s", name, suffix);
  int i = tg_store_find(s, key);
  if (i < 0) fail_msg("no parameter %s in the store", key);
  double *x = calloc((size_t)tg_count(tg_store_shape(s, i)), sizeof *x);
  tg_store_read_f64(s, i, x);
  return x;
}

/* The first update moves a parameter by the rate against the sign of its gradient, where that is
 * not nearly 0. */
static void check_moved(const tg_store *s, const nn_param *p, const double *before,
                        const double *gradient) {
  int64_t n = tg_count(p->shape);
  double *after = read_param(s, p->name, ""), largest = golden_largest(gradient, n);
  for (int64_t i = 0; i < n; i++) {
    if (fabs(gradient[i]) < 1e-3 * largest || fabs(gradient[i]) < 1e-4) continue;
    golden_equal(after[i], before[i] - copysign(RATE, gradient[i]), 1e-5);
  }
  free(after);
}

/* After the first update the first moment is (1 - beta1) times the golden gradient. */
static void check_update(const gan_case *t, const nn_net *net, const char *middle, double beta1,
                         double *const *before) {
  for (int i = 0; i < net->n; i++) {
    const nn_param *p = &net->param[i];
    golden_want w = {.order = GOLDEN_WEIGHT, .step = 1};
    golden_gradient_name(&t->c, net, i, "grad", middle, w.name);
    double *moment = read_param(t->c.store, p->name, ".m");
    for (int64_t k = 0; k < tg_count(p->shape); k++) moment[k] /= 1 - beta1;
    golden_compare(&t->c, &w, p->shape, moment);
    check_moved(t->c.store, p, before[i], moment);
    free(moment);
  }
}

/* Runs the step once and checks the update of net. */
static void run_step(gan_case *t, adapter_plan *p, const nn_net *net, const char *middle,
                     double beta1) {
  double **before = calloc((size_t)net->n, sizeof *before);
  for (int i = 0; i < net->n; i++) before[i] = read_param(t->c.store, net->param[i].name, "");
  assert_int_equal(tg_plan_run(p->plan, 1), 0);
  check_update(t, net, middle, beta1, before);
  for (int i = 0; i < net->n; i++) free(before[i]);
  free(before);
}

/* The golden alpha is what tg_uniform draws with seed 7 at step 1. */
static void plan_critic(gan_case *t, adapter_plan *p) {
  tg_plan_options o = {.seed = 7, .unfused = t->c.unfused};
  if (adapter_plan_critic(&t->nets, &t->options, t->c.store, &o, p)) fail_msg("%s", tg_message());
}

static void plan_generator(gan_case *t, adapter_plan *p) {
  tg_plan_options o = {.seed = 7, .unfused = t->c.unfused};
  if (adapter_plan_generator(&t->nets, &t->options, t->c.store, &o, p))
    fail_msg("%s", tg_message());
}

static void critic_step(void **state) {
  gan_case t;
  adapter_plan p;
  open_gan(&t, state);
  plan_critic(&t, &p);
  load_weights(&t);
  fill_step(&t, &p);
  run_step(&t, &p, t.nets.d, "critic/", 0.5);
  double real = golden_scalar(&t.c, "out/critic_real"),
         fake = golden_scalar(&t.c, "out/critic_fake");
  check_loss(&t, &p, CRITIC_WASSERSTEIN, fake - real);
  check_loss(&t, &p, CRITIC_PENALTY, golden_scalar(&t.c, "out/penalty"));
  check_loss(&t, &p, CRITIC_DOMAIN, golden_scalar(&t.c, "out/domain_real"));
  tg_plan_free(p.plan);
  close_gan(&t);
}

static void generator_step(void **state) {
  gan_case t;
  adapter_plan p;
  open_gan(&t, state);
  plan_generator(&t, &p);
  load_weights(&t);
  fill_step(&t, &p);
  run_step(&t, &p, t.nets.g, "generator/", 0.5);
  for (int i = 0; i < p.losses; i++) {
    char name[64];
    snprintf(name, sizeof name, "out/%s", generator_term[i]);
    check_loss(&t, &p, i, golden_scalar(&t.c, name));
  }
  golden_equal(read_value(&t, &p, p.next_gate[0]), 1, 0);
  tg_plan_free(p.plan);
  close_gan(&t);
}

/* The step of a task network takes the source half of a generator step: F_T's the translations.
 * F_S's is the same but for the images: with F_T's weights and images it does what F_T's does. */
static void task_step(void **state, bool source) {
  gan_case t;
  adapter_plan translate, p;
  open_gan(&t, state);
  tg_plan_options o = {.unfused = t.c.unfused};
  nn_net *net = source ? t.nets.fs : t.nets.ft[0];
  plan_generator(&t, &translate);
  assert_int_equal(adapter_plan_task(&t.nets, net, &t.options, t.c.store, &o, &p), 0);
  load_weights(&t);
  golden_weights(&t.c, net, "weight/target_net/");
  fill_step(&t, &translate);
  assert_int_equal(tg_plan_run(translate.plan, 1), 0);
  fill_step(&t, &p);
  size_t half = (size_t)BATCH / 2 * 32 * 32 * 3 * tg_device_element(t.c.device);
  memcpy(tg_plan_data(p.plan, p.x), tg_plan_data(translate.plan, translate.fake), half);
  run_step(&t, &p, net, "target_net/", 0.5);
  check_loss(&t, &p, 0, golden_scalar(&t.c, "out/target_loss"));
  tg_plan_free(translate.plan);
  tg_plan_free(p.plan);
  close_gan(&t);
}

static void target_step(void **state) { task_step(state, false); }
static void source_step(void **state) { task_step(state, true); }

/* ---- modes -------------------------------------------------------------------------------- */

/* The generator's moments after one step under the options, the gate given; with its losses and the
 * next gate. */
typedef struct outcome {
  double *moment; /* of all parameters of G */
  int64_t n;
  double loss[6], gate;
} outcome;

/* The first moments of all parameters of net, one after the other. */
static double *read_moments(const gan_case *t, const nn_net *net, int64_t *count) {
  double *all = calloc((size_t)nn_net_count(net), sizeof *all);
  *count = 0;
  for (int i = 0; i < net->n; i++) {
    const nn_param *p = &net->param[i];
    double *m = read_param(t->c.store, p->name, ".m");
    memcpy(all + *count, m, (size_t)tg_count(p->shape) * sizeof *m);
    *count += tg_count(p->shape);
    free(m);
  }
  return all;
}

static outcome run_generator(gan_case *t, double gate) {
  adapter_plan p;
  outcome r = {.n = 0};
  plan_generator(t, &p);
  load_weights(t);
  fill_step(t, &p);
  golden_put(&t->c, p.plan, p.gate[0], &gate, 1);
  assert_int_equal(tg_plan_run(p.plan, 1), 0);
  r.moment = read_moments(t, t->nets.g, &r.n);
  for (int i = 0; i < p.losses; i++) r.loss[i] = read_value(t, &p, p.loss[i]);
  r.gate = read_value(t, &p, p.next_gate[0]);
  tg_plan_free(p.plan);
  return r;
}

static outcome run_mode(void **state, const char *semantic, double pseudo, double threshold,
                        double gate) {
  gan_case t;
  open_gan(&t, state);
  t.options.semantic = (char *)(uintptr_t)semantic;
  t.options.semantic_pseudo = pseudo;
  t.options.pseudo_threshold = threshold;
  outcome r = run_generator(&t, gate);
  close_gan(&t);
  return r;
}

static bool same_moments(const outcome *a, const outcome *b, double tolerance) {
  double most = golden_largest(a->moment, a->n);
  for (int64_t i = 0; i < a->n; i++) {
    if (fabs(a->moment[i] - b->moment[i]) > tolerance * most) return false;
  }
  return true;
}

/* A closed gate takes the third semantic term out of the gradient; a loss of F_T at the threshold
 * opens it for good. */
static void gate_of_pseudo_labels(void **state) {
  outcome open = run_mode(state, "paper", 1, 0, 1), closed = run_mode(state, "paper", 1, 0, 0);
  outcome without = run_mode(state, "paper", 0, 0, 1);
  double loss = open.loss[GENERATOR_SEMANTIC_TARGET];
  outcome opening = run_mode(state, "paper", 1, loss * 1.001, 0);
  outcome staying = run_mode(state, "paper", 1, loss * 0.999, 0);
  assert_true(same_moments(&closed, &without, 1e-6));
  assert_false(same_moments(&closed, &open, 1e-3));
  assert_true(same_moments(&opening, &open, 1e-6));
  assert_true(same_moments(&staying, &closed, 1e-6));
  golden_equal(open.gate, 1, 0);
  golden_equal(closed.gate, 0, 0);
  golden_equal(opening.gate, 1, 0);
  golden_equal(staying.gate, 0, 0);
  free(open.moment);
  free(closed.moment);
  free(without.moment);
  free(opening.moment);
  free(staying.moment);
}

/* "off" has no semantic losses; in "cycada-paper" F_S labels, so F_T plays no part. */
static void other_semantic_modes(void **state) {
  outcome paper = run_mode(state, "paper", 1, 1, 1), off = run_mode(state, "off", 1, 1, 1);
  outcome cycada = run_mode(state, "cycada-paper", 1, 1, 1);
  for (int i = 0; i < 3; i++) {
    golden_equal(off.loss[i], paper.loss[i], 1e-5);
    golden_equal(cycada.loss[i], paper.loss[i], 1e-5);
    golden_equal(off.loss[GENERATOR_SEMANTIC_CYCLE + i], 0, 0);
  }
  golden_equal(cycada.loss[GENERATOR_SEMANTIC_CYCLE], 0, 0);
  assert_true(cycada.loss[GENERATOR_SEMANTIC_TARGET] > 0);
  assert_true(cycada.loss[GENERATOR_SEMANTIC_PSEUDO] > 0);
  assert_false(same_moments(&off, &paper, 1e-3));
  assert_false(same_moments(&cycada, &off, 1e-3));
  free(paper.moment);
  free(off.moment);
  free(cycada.moment);
}

/* ---- fusion, repetition ------------------------------------------------------------------- */

static int count_text(const char *text, const char *wanted) {
  int n = 0;
  for (const char *at = strstr(text, wanted); at; at = strstr(at + 1, wanted)) n++;
  return n;
}

/* Two passes of the critic's four layers; the generator's seven convolutions before a norm. */
static void critic_fusions(void **state) {
  gan_case t;
  adapter_plan p;
  open_gan(&t, state);
  plan_critic(&t, &p);
  char *text = tg_plan_dump(p.plan);
  bool fused = !t.c.unfused && tg_device_element(t.c.device) == sizeof(float);
  assert_int_equal(count_text(text, "+bias +leaky0.01"), fused ? 8 : 0);
  assert_int_equal(count_text(text, "+leaky0\n"), fused ? 6 : 0);
  assert_int_equal(count_text(text, "+residual"), fused ? 1 : 0);
  assert_int_equal(count_text(text, "+tanh"), fused ? 1 : 0);
  assert_int_equal(count_text(text, " adam "), t.nets.d->n);
  if (fused) assert_non_null(strstr(text, "chain        4x32x32x3 in 3 out 1: sub mul add\n"));
  free(text);
  tg_plan_free(p.plan);
  close_gan(&t);
}

/* All of the store after three critic steps. */
static float *run_critic(void **state, uint64_t first, int64_t *count) {
  gan_case t;
  adapter_plan p;
  open_gan(&t, state);
  plan_critic(&t, &p);
  load_weights(&t);
  fill_step(&t, &p);
  for (uint64_t i = 0; i < 3; i++) assert_int_equal(tg_plan_run(p.plan, first + i), 0);
  *count = 0;
  for (int i = 0; i < tg_store_size(t.c.store); i++)
    *count += tg_count(tg_store_shape(t.c.store, i));
  float *all = calloc((size_t)*count, sizeof *all), *to = all;
  for (int i = 0; i < tg_store_size(t.c.store); i++) {
    tg_store_read(t.c.store, i, to);
    to += tg_count(tg_store_shape(t.c.store, i));
  }
  tg_plan_free(p.plan);
  close_gan(&t);
  return all;
}

/* The same seed and steps give the same bytes; other steps draw other mixtures. */
static void same_bytes_again(void **state) {
  int64_t n, again;
  float *a = run_critic(state, 1, &n), *b = run_critic(state, 1, &again);
  float *other = run_critic(state, 4, &again);
  assert_int_equal(n, again);
  assert_memory_equal(a, b, (size_t)n * sizeof *a);
  assert_int_not_equal(memcmp(a, other, (size_t)n * sizeof *a), 0);
  free(a);
  free(b);
  free(other);
}

/* Dropout of F_T: drawn anew at every step, the same at the same step. */
static void dropout_in_the_target_step(void **state) {
  gan_case t;
  adapter_plan p;
  double loss[3];
  open_gan(&t, state);
  t.nets.dropout = 0.5;
  tg_plan_options o = {.seed = 3, .unfused = t.c.unfused};
  assert_int_equal(adapter_plan_task(&t.nets, t.nets.ft[0], &t.options, t.c.store, &o, &p), 0);
  for (int i = 0; i < 3; i++) {
    golden_weights(&t.c, t.nets.ft[0], "weight/target_net/");
    fill_step(&t, &p);
    assert_int_equal(tg_plan_run(p.plan, i == 1 ? 2 : 1), 0);
    loss[i] = read_value(&t, &p, p.loss[0]);
  }
  assert_true(loss[0] != loss[1]);
  assert_true(loss[0] == loss[2]);
  tg_plan_free(p.plan);
  close_gan(&t);
}

/* ---- kernels at real width ---------------------------------------------------------------- */

/* D's moments after a critic step of 32 channels; choices are used and extended. */
static double *run_wide(void **state, tg_kernels *choices, int64_t *count) {
  gan_case t;
  adapter_plan p;
  open_gan(&t, state);
  t.nets.stargan.channels = 32;
  tg_plan_options o = {.seed = 7, .kernels = choices};
  if (adapter_plan_critic(&t.nets, &t.options, t.c.store, &o, &p)) fail_msg("%s", tg_message());
  assert_int_equal(nn_net_initialise(t.nets.g, t.c.store, 1), 0);
  assert_int_equal(nn_net_initialise(t.nets.d, t.c.store, 1), 0);
  fill_step(&t, &p);
  assert_int_equal(tg_plan_run(p.plan, 1), 0);
  double *all = read_moments(&t, t.nets.d, count);
  tg_plan_free(p.plan);
  close_gan(&t);
  return all;
}

/* The rule's choice of kernels (Winograd, columns) gives what direct convolution gives. */
static void fast_kernels_agree_with_direct_ones(void **state) {
  tg_kernels *rule = tg_kernels_new(), *direct = tg_kernels_new();
  int64_t n, m;
  int fast = 0;
  double *a = run_wide(state, rule, &n);
  for (int i = 0; i < tg_kernels_size(rule); i++) {
    const char *signature = tg_kernels_signature(rule, i);
    fast += strncmp(signature, "conv", 4) == 0 && strcmp(tg_kernels_choice(rule, i), "direct") != 0;
    if (strncmp(signature, "conv", 4) == 0) tg_kernels_set(direct, signature, "direct");
  }
  double *b = run_wide(state, direct, &m), largest = golden_largest(a, n);
  assert_int_equal(n, m);
  assert_true(fast > 5);
  for (int64_t i = 0; i < n; i++) golden_equal(b[i], a[i], 1e-3 * largest);
  free(a);
  free(b);
  tg_kernels_free(rule);
  tg_kernels_free(direct);
}

/* -------------------------------------------------------------------------------------------- */

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(critic_loss),        cmocka_unit_test(generator_loss),
      cmocka_unit_test(shared_critic_loss), cmocka_unit_test(shared_generator_loss),
      cmocka_unit_test(shared_target_loss), cmocka_unit_test(target_loss),
      cmocka_unit_test(critic_step),        cmocka_unit_test(generator_step),
      cmocka_unit_test(target_step),        cmocka_unit_test(source_step),
      cmocka_unit_test(critic_fusions),     cmocka_unit_test(dropout_in_the_target_step),
  };
  int failed = golden_run_tests(tests, sizeof tests / sizeof *tests);
  golden_way cpu = {"cpu", false};
  const struct CMUnitTest others[] = {
      cmocka_unit_test_prestate(gate_of_pseudo_labels, &cpu),
      cmocka_unit_test_prestate(other_semantic_modes, &cpu),
      cmocka_unit_test_prestate(same_bytes_again, &cpu),
      cmocka_unit_test_prestate(fast_kernels_agree_with_direct_ones, &cpu),
  };
  return failed + cmocka_run_group_tests_name("cpu", others, NULL, NULL);
}
