/* selftrain.c: self-training with a mean teacher (Tarvainen and Valpola 2017; for adaptation
 * French, Mackiewicz and Fisher 2018).  The teacher is a moving average of the student.  Where it
 * is certain of a target image, the student learns to give the changed image its label; and the
 * student learns the labels of changed source images, and to use all classes.  The teacher is the
 * result. */
#include "align_method.h"

/* exp(-5 (1 - p/r)^2) up to p = r, then 1 (Laine and Aila 2017): the student first learns what the
 * changes leave of a source image. */
static tg_value ramp(tg_graph *g, tg_value progress) {
  const double share = 0.3;
  tg_value left = tg_relu(g, tg_affine(g, progress, -1 / share, 1));
  return tg_exp(g, tg_affine(g, tg_mul(g, left, left), -5, 0));
}

static void build(align_step *s) {
  tg_graph *g = s->g;
  tg_value answer = align_answer(s, s->other, s->target);
  tg_value source = align_logits(s, s->source), changed = align_logits(s, s->changed);
  tg_value class = nn_cross_entropy(g, source, s->label);
  tg_value certain = align_confident(g, answer, s->o->threshold);
  tg_value pseudo = align_cross_entropy(g, changed, align_pseudo_label(g, answer), certain);
  tg_value diversity = align_diversity(g, tg_exp(g, tg_log_softmax(g, changed)));
  tg_value target = align_plus(g, pseudo, s->o->balance, diversity);
  align_add_loss(s, class);
  align_add_loss(s, pseudo);
  align_add_loss(s, diversity);
  align_add_loss(s, tg_mean(g, certain));
  align_follow(s, s->other, s->net, s->o->momentum);
  align_minimise(s, s->net,
                 align_plus(g, class, s->o->weight, tg_mul(g, ramp(g, s->progress), target)));
}

const align_method align_selftrain = {.source = true,
                                      .other = "teacher/",
                                      .copies = true,
                                      .loss = {"classification", "pseudo", "diversity", "certain"},
                                      .build = build};
