#include "adapter_plans.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch_size.h"
#include "error.h"
#include "memory.h"

adapter_nets adapter_nets_new(const xs_adapter_options *o, int targets,
                              const nn_classifier *classifier, const xs_normalisation *norm) {
  adapter_nets n = {.stargan = {.size = classifier->size,
                                .image_channels = classifier->channels,
                                .domains = 1 + targets,
                                .channels = o->channels,
                                .blocks = o->blocks,
                                .critic_layers = o->critic_layers},
                    .classifier = *classifier,
                    .dropout = o->target_dropout,
                    .norm = norm,
                    .g = nn_net_new("G/"),
                    .d = nn_net_new("D/"),
                    .fs = nn_net_new("FS/"),
                    .ft = {nn_net_new("FT/")},
                    .targets = targets};
  for (int t = 1; t < targets; t++) {
    char prefix[16];
    snprintf(prefix, sizeof prefix, "FT%d/", t);
    n.ft[t] = nn_net_new(prefix);
  }
  return n;
}

void adapter_nets_free(adapter_nets *n) {
  nn_net_free(n->g);
  nn_net_free(n->d);
  nn_net_free(n->fs);
  for (int t = 0; t < n->targets; t++) nn_net_free(n->ft[t]);
}

int adapter_nets_initialise(const adapter_nets *n, tg_store *s, uint64_t seed) {
  const nn_net *const net[] = {n->g, n->d, n->fs};
  int status = 0;
  for (int i = 0; i < 3 && !status; i++) status = nn_net_initialise(net[i], s, seed);
  for (int t = 0; t < n->targets && !status; t++) status = nn_net_initialise(n->ft[t], s, seed);
  return status;
}

static tg_shape image_shape(const adapter_nets *n, int64_t count) {
  return tg_shape4(count, n->stargan.size, n->stargan.size, n->stargan.image_channels);
}

static void add_inputs(tg_graph *g, const adapter_nets *n, int64_t batch, adapter_plan *p) {
  p->x = tg_input(g, "x", image_shape(n, batch));
  p->from = tg_input(g, "from", tg_shape4(batch, 1, 1, n->stargan.domains));
  p->to = tg_input(g, "to", tg_shape4(batch, 1, 1, n->stargan.domains));
  p->rate = tg_input(g, "rate", tg_scalar());
  p->step = tg_input(g, "step", tg_scalar());
}

/* Those of the values that the plan has, after n others; how many there are then. */
static int add_outputs(tg_value *outputs, int n, const tg_value *value, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (value[i] != TG_NONE) outputs[n++] = value[i];
  }
  return n;
}

/* Plans the updates of net and the values that the caller reads. */
static int compile(tg_graph *g, const nn_net *net, tg_value total, tg_adam_options adam,
                   adapter_plan *p, tg_store *s, const tg_plan_options *o) {
  int n = net->n;
  tg_value *outputs = memory_new((size_t)(n + 12 + 2 * ADAPTER_TARGETS) * sizeof *outputs);
  nn_adam(g, net, total, p->rate, p->step, adam, outputs);
  const tg_value more[] = {p->x, p->from, p->to, p->from_label, p->to_label, p->label};
  n = add_outputs(outputs, n, more, sizeof more / sizeof *more);
  n = add_outputs(outputs, n, p->gate, ADAPTER_TARGETS);
  n = add_outputs(outputs, n, &p->fake, 1);
  n = add_outputs(outputs, n, p->next_gate, ADAPTER_TARGETS);
  size_t bytes = (size_t)(n + p->losses) * sizeof *outputs;
  outputs = memory_grow(outputs, bytes);
  for (int i = 0; i < p->losses; i++) outputs[n++] = p->loss[i];
  int status = tg_plan_new(g, s, n, outputs, o, &p->plan);
  free(outputs);
  return status;
}

static tg_adam_options adam_options(const xs_adapter_options *o) {
  return (tg_adam_options){o->beta1, o->beta2, 1e-8, 0};
}

static tg_value batch_part(tg_graph *g, tg_value x, int64_t first, int64_t count) {
  return tg_slice(g, x, 0, first, count);
}

/* The mean of the targets' losses. */
static tg_value mean_of(tg_graph *g, const tg_value *loss, int n) {
  tg_value sum = loss[0];
  for (int i = 1; i < n; i++) sum = tg_add(g, sum, loss[i]);
  return n == 1 ? sum : tg_affine(g, sum, 1.0 / n, 0);
}

static tg_value weighted(tg_graph *g, tg_value total, double weight, tg_value loss) {
  return tg_add(g, total, tg_affine(g, loss, weight, 0));
}

/* ---- critic: minimises -L_adv + lambda_cls L_cls(real) ----------------------------------------
 */

tg_value adapter_critic_loss(tg_graph *g, adapter_nets *n, const xs_adapter_options *o,
                             tg_value alpha, adapter_plan *p) {
  int64_t batch = o->batch;
  tg_value fake = tg_detach(g, nn_generator_build(g, n->g, &n->stargan, p->x, p->to));
  nn_verdict both = nn_discriminator_build(g, n->d, &n->stargan, tg_concat(g, p->x, fake, 0));
  tg_value real_mean = tg_mean(g, batch_part(g, both.source, 0, batch));
  tg_value fake_mean = tg_mean(g, batch_part(g, both.source, batch, batch));
  tg_value mixed = tg_add(g, fake, tg_mul(g, alpha, tg_sub(g, p->x, fake))); /* a x + (1-a) fake */
  nn_verdict between = nn_discriminator_build(g, n->d, &n->stargan, mixed);
  p->losses = 3;
  p->loss[CRITIC_WASSERSTEIN] = tg_sub(g, fake_mean, real_mean);
  p->loss[CRITIC_PENALTY] = nn_gradient_penalty(g, between.source, mixed, o->penalty_epsilon);
  p->loss[CRITIC_DOMAIN] = nn_cross_entropy(g, batch_part(g, both.domain, 0, batch), p->from_label);
  tg_value total =
      weighted(g, p->loss[CRITIC_WASSERSTEIN], o->gradient_penalty, p->loss[CRITIC_PENALTY]);
  return weighted(g, total, o->classification, p->loss[CRITIC_DOMAIN]);
}

int adapter_plan_critic(adapter_nets *n, const xs_adapter_options *o, tg_store *s,
                        const tg_plan_options *options, adapter_plan *p) {
  tg_graph *g = tg_graph_new();
  *p = (adapter_plan){0};
  add_inputs(g, n, o->batch, p);
  p->from_label = tg_input(g, "from_label", tg_shape4(o->batch, 1, 1, 1));
  tg_value alpha = tg_uniform(g, "penalty mix", tg_shape4(o->batch, 1, 1, 1));
  tg_value total = adapter_critic_loss(g, n, o, alpha, p);
  int status = compile(g, n->d, total, adam_options(o), p, s, options);
  tg_graph_free(g);
  return status ? fail_context(status, "the critic step: ") : 0;
}

/* ---- generator --------------------------------------------------------------------------------
 */

/* Images of the generator's range as the classifier wants them. */
static tg_value classifier_input(tg_graph *g, const adapter_nets *n, tg_value x) {
  if (!n->norm) return x;
  tg_value scale = TG_NONE, shift = TG_NONE;
  for (int k = 0; k < n->stargan.image_channels; k++) {
    const double mean = n->norm->mean[k], deviation = n->norm->deviation[k];
    tg_value a = tg_const(g, 0.5 / deviation), b = tg_const(g, (0.5 - mean) / deviation);
    scale = k ? tg_concat(g, scale, a, 3) : a;
    shift = k ? tg_concat(g, shift, b, 3) : b;
  }
  return tg_add(g, tg_mul(g, x, scale), shift);
}

static tg_value classify(tg_graph *g, const adapter_nets *n, nn_net *net, tg_value x) {
  return nn_classifier_build(g, net, &n->classifier, classifier_input(g, n, x));
}

/* A task network as it is in training: it drops features, and norms are by the batch. */
static nn_classifier learning(const adapter_nets *n) {
  nn_classifier c = n->classifier;
  c.dropout = n->dropout;
  c.training = true;
  return c;
}

/* F_T where the generator learns from it (Decision 14). */
static tg_value classify_target(tg_graph *g, const adapter_nets *n, const xs_adapter_options *o,
                                int t, tg_value x) {
  const nn_classifier c = strcmp(o->target_mode, "training") ? n->classifier : learning(n);
  return nn_classifier_build(g, n->ft[t], &c, classifier_input(g, n, x));
}

/* From translated images to losses: *target, source images that went to target t, becomes F_T's
 * loss of them; *pseudo, the target's images that went to the source, F_S's, whose pseudo-labels
 * are F_T's and count once F_T's loss has been at most the threshold. */
static void add_target(tg_graph *g, adapter_nets *n, const xs_adapter_options *o, adapter_plan *p,
                       int t, tg_value *target, tg_value *pseudo) {
  const int64_t half = o->batch / 2, each = half / n->targets, first = t * each;
  const tg_value fake_source = *target, fake_target = *pseudo;
  tg_value label = n->targets == 1 ? p->label : batch_part(g, p->label, first, each);
  *target = nn_cross_entropy(g, classify_target(g, n, o, t, fake_source), label);
  tg_value real = batch_part(g, p->x, half + first, each);
  tg_value answer = tg_argmax(g, classify_target(g, n, o, t, real));
  *pseudo = nn_cross_entropy(g, classify(g, n, n->fs, fake_target), answer);
  tg_value above = tg_positive(g, tg_affine(g, *target, 1, -o->pseudo_threshold));
  p->next_gate[t] = tg_max(g, p->gate[t], tg_affine(g, above, -1, 1));
}

/* L_sem of eq. 7: F_S on the cycle, and each target's terms. */
static tg_value add_semantic_paper(tg_graph *g, adapter_nets *n, const xs_adapter_options *o,
                                   adapter_plan *p, tg_value back, tg_value total) {
  tg_value target[ADAPTER_TARGETS], pseudo[ADAPTER_TARGETS], gated[ADAPTER_TARGETS] = {0};
  const int64_t half = o->batch / 2, each = half / n->targets;
  for (int t = 0; t < n->targets; t++) {
    target[t] = batch_part(g, p->fake, t * each, each);
    pseudo[t] = batch_part(g, p->fake, half + t * each, each);
  }
  tg_value cycled = classify(g, n, n->fs, batch_part(g, back, 0, half));
  p->loss[GENERATOR_SEMANTIC_CYCLE] = nn_cross_entropy(g, cycled, p->label);
  for (int t = 0; t < n->targets; t++) add_target(g, n, o, p, t, &target[t], &pseudo[t]);
  p->loss[GENERATOR_SEMANTIC_TARGET] = mean_of(g, target, n->targets);
  p->loss[GENERATOR_SEMANTIC_PSEUDO] = mean_of(g, pseudo, n->targets);
  total = weighted(g, total, o->semantic_cycle, p->loss[GENERATOR_SEMANTIC_CYCLE]);
  total = weighted(g, total, o->semantic_target, p->loss[GENERATOR_SEMANTIC_TARGET]);
  for (int t = 0; t < n->targets; t++) gated[t] = tg_mul(g, p->next_gate[t], pseudo[t]);
  return weighted(g, total, o->semantic_pseudo, mean_of(g, gated, n->targets));
}

/* CyCADA's paper: the frozen F_S labels both ways. */
static tg_value add_semantic_cycada(tg_graph *g, adapter_nets *n, const xs_adapter_options *o,
                                    adapter_plan *p, tg_value total) {
  int64_t half = o->batch / 2;
  tg_value pseudo = tg_argmax(g, classify(g, n, n->fs, p->x));
  for (int side = 0; side < 2; side++) {
    tg_value seen = classify(g, n, n->fs, batch_part(g, p->fake, side * half, half));
    p->loss[GENERATOR_SEMANTIC_TARGET + side] =
        nn_cross_entropy(g, seen, batch_part(g, pseudo, side * half, half));
  }
  total = weighted(g, total, o->semantic_target, p->loss[GENERATOR_SEMANTIC_TARGET]);
  return weighted(g, total, o->semantic_pseudo, p->loss[GENERATOR_SEMANTIC_PSEUDO]);
}

static tg_value add_semantic(tg_graph *g, adapter_nets *n, const xs_adapter_options *o,
                             adapter_plan *p, tg_value back, tg_value total) {
  for (int i = GENERATOR_SEMANTIC_CYCLE; i <= GENERATOR_SEMANTIC_PSEUDO; i++)
    p->loss[i] = tg_const(g, 0);
  if (strcmp(o->semantic, "paper") == 0) return add_semantic_paper(g, n, o, p, back, total);
  if (strcmp(o->semantic, "cycada-paper") == 0) return add_semantic_cycada(g, n, o, p, total);
  return total;
}

tg_value adapter_generator_loss(tg_graph *g, adapter_nets *n, const xs_adapter_options *o,
                                adapter_plan *p) {
  for (int t = 0; t < n->targets; t++) p->next_gate[t] = p->gate[t];
  p->fake = nn_generator_build(g, n->g, &n->stargan, p->x, p->to);
  nn_verdict verdict = nn_discriminator_build(g, n->d, &n->stargan, p->fake);
  tg_value back = nn_generator_build(g, n->g, &n->stargan, p->fake, p->from);
  p->losses = 6;
  p->loss[GENERATOR_ADVERSARIAL] = tg_neg(g, tg_mean(g, verdict.source));
  p->loss[GENERATOR_DOMAIN] = nn_cross_entropy(g, verdict.domain, p->to_label);
  p->loss[GENERATOR_CYCLE] = nn_mean_absolute(g, p->x, back);
  tg_value total =
      weighted(g, p->loss[GENERATOR_ADVERSARIAL], o->classification, p->loss[GENERATOR_DOMAIN]);
  total = weighted(g, total, o->cycle, p->loss[GENERATOR_CYCLE]);
  return add_semantic(g, n, o, p, back, total);
}

int adapter_plan_generator(adapter_nets *n, const xs_adapter_options *o, tg_store *s,
                           const tg_plan_options *options, adapter_plan *p) {
  tg_graph *g = tg_graph_new();
  *p = (adapter_plan){0};
  add_inputs(g, n, o->batch, p);
  p->to_label = tg_input(g, "to_label", tg_shape4(o->batch, 1, 1, 1));
  p->label = tg_input(g, "label", tg_shape4(o->batch / 2, 1, 1, 1));
  for (int t = 0; t < n->targets; t++) {
    char name[16];
    snprintf(name, sizeof name, "gate%d", t);
    p->gate[t] = tg_input(g, name, tg_scalar());
  }
  tg_value total = adapter_generator_loss(g, n, o, p);
  int status = compile(g, n->g, total, adam_options(o), p, s, options);
  tg_graph_free(g);
  return status ? fail_context(status, "the generator step: ") : 0;
}

/* ---- the task networks ------------------------------------------------------------------------
 */

tg_value adapter_task_loss(tg_graph *g, adapter_nets *n, nn_net *net, adapter_plan *p) {
  const nn_classifier c = learning(n);
  p->losses = 1;
  tg_value x = classifier_input(g, n, p->x);
  p->loss[0] = nn_cross_entropy(g, nn_classifier_build(g, net, &c, x), p->label);
  return p->loss[0];
}

int adapter_plan_task(adapter_nets *n, nn_net *net, const xs_adapter_options *o, tg_store *s,
                      const tg_plan_options *options, adapter_plan *p) {
  tg_graph *g = tg_graph_new();
  const int64_t images = o->batch / 2 / (net == n->fs ? 1 : n->targets);
  *p = (adapter_plan){0};
  p->x = tg_input(g, "x", image_shape(n, images));
  p->label = tg_input(g, "label", tg_shape4(images, 1, 1, 1));
  p->rate = tg_input(g, "rate", tg_scalar());
  p->step = tg_input(g, "step", tg_scalar());
  tg_value loss = adapter_task_loss(g, n, net, p);
  const tg_adam_options adam = {o->target_beta1, o->beta2, 1e-8, 0};
  int status = compile(g, net, loss, adam, p, s, options);
  tg_graph_free(g);
  return status ? fail_context(status, "the step of %s: ", net == n->fs ? "F_S" : "F_T") : 0;
}

bool adapter_source_learns(const xs_adapter_options *o) {
  return o->source_every > 0 && strcmp(o->semantic, "paper") == 0;
}

/* ---- all of them ------------------------------------------------------------------------------
 */

void adapter_plans_free(adapter_plan plan[ADAPTER_PLANS]) {
  for (int i = 0; i < ADAPTER_PLANS; i++) tg_plan_free(plan[i].plan);
}

static int plan_steps(adapter_nets *n, const xs_adapter_options *o, tg_store *s,
                      const tg_plan_options *options, adapter_plan plan[ADAPTER_PLANS]) {
  for (int i = 0; i < ADAPTER_PLANS; i++) plan[i] = (adapter_plan){0};
  int status = adapter_plan_critic(n, o, s, options, &plan[PLAN_CRITIC]);
  if (!status) status = adapter_plan_generator(n, o, s, options, &plan[PLAN_GENERATOR]);
  for (int t = 0; t < n->targets && !status; t++) {
    status = adapter_plan_task(n, n->ft[t], o, s, options, &plan[PLAN_TARGET + t]);
  }
  if (!status && adapter_source_learns(o)) {
    status = adapter_plan_task(n, n->fs, o, s, options, &plan[PLAN_SOURCE]);
  }
  if (!status) return 0;
  adapter_plans_free(plan);
  for (int i = 0; i < ADAPTER_PLANS; i++) plan[i] = (adapter_plan){0};
  return status;
}

typedef struct adapter_steps {
  adapter_nets *nets;
  const xs_adapter_options *o;
  tg_store *store;
  tg_plan_options options;
} adapter_steps;

static int try_batch(const void *steps, int64_t batch) {
  const adapter_steps *t = steps;
  xs_adapter_options o = *t->o;
  adapter_plan plan[ADAPTER_PLANS];
  o.batch = batch;
  int status = plan_steps(t->nets, &o, t->store, &t->options, plan);
  if (!status) adapter_plans_free(plan);
  return status;
}

int adapter_plans_new(adapter_nets *n, const xs_adapter_options *o, tg_store *s,
                      const tg_plan_options *options, adapter_plan plan[ADAPTER_PLANS]) {
  const adapter_steps smaller = {n, o, s, batch_size_options(options)};
  int status = plan_steps(n, o, s, options, plan);
  if (status == TG_TOO_LARGE) batch_size_refuse(o->batch, 2 * n->targets, try_batch, &smaller);
  return status ? 1 : 0;
}
