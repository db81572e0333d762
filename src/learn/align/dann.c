/* dann.c: domain-adversarial training (Ganin et al. 2016).  A head learns to tell the sites from
 * the features; the features learn to classify the source and to mislead the head.  The gradient
 * reversal is two losses of one graph: the head minimises its cross-entropy, the features minimise
 * that of the classes minus weight lambda times the head's, lambda = 2/(1 + exp(-10 p)) - 1 with p
 * from 0 to 1 over the run. */
#include "align_method.h"

enum { HIDDEN = 100 };

static tg_value schedule(tg_graph *g, tg_value progress) {
  tg_value e = tg_affine(g, tg_exp(g, tg_affine(g, progress, -10, 0)), 1, 1);
  return tg_affine(g, tg_div(g, tg_const(g, 1), e), 2, -1);
}

/* Logits of source and target; x {n,1,1,features}.  Layer 1 of the sequence is the ReLU. */
static tg_value tell(align_step *s, tg_value x) {
  tg_value hidden = tg_relu(s->g, nn_linear(s->g, s->other, "0", x, HIDDEN));
  return nn_linear(s->g, s->other, "2", hidden, 2);
}

/* The head's: images of site 0 and of site 1. */
static tg_value tell_apart(align_step *s, tg_value source, tg_value target) {
  tg_shape each = tg_shape4(tg_shape_of(s->g, source).d[0], 1, 1, 1);
  tg_value zero = tg_broadcast(s->g, tg_const(s->g, 0), each);
  tg_value one = tg_broadcast(s->g, tg_const(s->g, 1), each);
  return nn_cross_entropy(s->g, tell(s, tg_concat(s->g, source, target, 0)),
                          tg_concat(s->g, zero, one, 0));
}

static void build(align_step *s) {
  tg_value source = align_features(s, s->source), target = align_features(s, s->changed);
  tg_value logit = nn_classifier_last(s->g, s->net, &s->description, source);
  tg_value class = nn_cross_entropy(s->g, logit, s->label);
  tg_value domain = tell_apart(s, source, target);
  tg_value reversed = tg_mul(s->g, schedule(s->g, s->progress), domain);
  align_add_loss(s, class);
  align_add_loss(s, domain);
  align_minimise(s, s->other, domain);
  align_minimise(s, s->net, align_plus(s->g, class, -s->o->weight, reversed));
}

const align_method align_dann = {
    .source = true, .other = "domain/", .loss = {"classification", "domain"}, .build = build};
