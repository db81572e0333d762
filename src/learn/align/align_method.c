/* align_method.c: what the methods' steps share. */
#include "align_method.h"

#include <stdlib.h>

#include "memory.h"

static nn_classifier learning(const align_step *s) {
  nn_classifier c = s->description;
  c.dropout = s->o->dropout;
  c.training = true;
  return c;
}

tg_value align_features(align_step *s, tg_value x) {
  const nn_classifier c = learning(s);
  return nn_classifier_features(s->g, s->net, &c, x);
}

tg_value align_logits(align_step *s, tg_value x) {
  return nn_classifier_last(s->g, s->net, &s->description, align_features(s, x));
}

tg_value align_answer(align_step *s, nn_net *net, tg_value x) {
  tg_value logit = nn_classifier_build(s->g, net, &s->description, x);
  return tg_detach(s->g, tg_exp(s->g, tg_log_softmax(s->g, logit)));
}

/* The largest probability is above the threshold where any of them is. */
tg_value align_confident(tg_graph *g, tg_value probability, double threshold) {
  tg_shape one = tg_shape_of(g, probability);
  one.d[3] = 1;
  tg_value above = tg_positive(g, tg_affine(g, probability, 1, -threshold));
  return tg_positive(g, tg_sum_to(g, above, one));
}

tg_value align_cross_entropy(tg_graph *g, tg_value logit, tg_value target, tg_value weight) {
  tg_value share = tg_mul(g, target, tg_log_softmax(g, logit));
  if (weight != TG_NONE) share = tg_mul(g, share, weight);
  double n = (double)tg_shape_of(g, logit).d[0];
  return tg_affine(g, tg_sum_to(g, share, tg_scalar()), -1 / n, 0);
}

tg_value align_pseudo_label(tg_graph *g, tg_value probability) {
  return tg_one_hot(g, tg_argmax(g, probability), (int)tg_shape_of(g, probability).d[3]);
}

tg_value align_diversity(tg_graph *g, tg_value probability) {
  tg_shape s = tg_shape_of(g, probability), row = tg_shape4(1, 1, 1, s.d[3]);
  tg_value mean = tg_affine(g, tg_sum_to(g, probability, row), 1 / (double)s.d[0], 0);
  tg_value share = tg_mul(g, mean, tg_log(g, tg_affine(g, mean, 1, 1e-6)));
  return tg_sum_to(g, share, tg_scalar());
}

tg_value align_plus(tg_graph *g, tg_value total, double weight, tg_value loss) {
  return tg_add(g, total, tg_affine(g, loss, weight, 0));
}

void align_add_loss(align_step *s, tg_value loss) { s->loss[s->losses++] = loss; }

static tg_value *more_updates(align_step *s, int n) {
  s->update = memory_grow(s->update, (size_t)(s->updates + n) * sizeof *s->update);
  s->updates += n;
  return s->update + s->updates - n;
}

void align_minimise(align_step *s, nn_net *net, tg_value loss) {
  const tg_adam_options adam = {0.9, 0.999, 1e-8, s->o->weight_decay};
  nn_adam(s->g, net, loss, s->rate, s->step, adam, more_updates(s, net->n));
}

void align_move_statistics(align_step *s, const nn_net *net) {
  for (int i = 0; i < net->n; i++) {
    if (net->param[i].next != TG_NONE) *more_updates(s, 1) = net->param[i].next;
  }
}

void align_follow(align_step *s, nn_net *teacher, const nn_net *net, double momentum) {
  tg_value *update = more_updates(s, net->n);
  for (int i = 0; i < net->n; i++) {
    update[i] = tg_average(s->g, teacher->param[i].value, net->param[i].value, 1 - momentum);
  }
}
