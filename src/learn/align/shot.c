/* shot.c: adaptation without source images (SHOT: Liang, Hu and Feng 2020).  The last layer stays
 * as it is; the features learn to make it certain of each target image and even-handed over all
 * (information maximisation), and to give a changed image the label of the image itself where that
 * is certain.  The paper's pseudo-labels are those of the nearest class centre; these are the
 * network's own above `threshold`. */
#include "align_method.h"

static const double pseudo_weight = 0.3; /* the paper's beta */

static void build(align_step *s) {
  tg_graph *g = s->g;
  tg_value answer = align_answer(s, s->net, s->target);
  tg_value logit = align_logits(s, s->target), changed = align_logits(s, s->changed);
  tg_value probability = tg_exp(g, tg_log_softmax(g, logit));
  tg_value entropy = align_cross_entropy(g, logit, probability, TG_NONE);
  tg_value diversity = align_diversity(g, probability);
  tg_value pseudo = align_cross_entropy(g, changed, align_pseudo_label(g, answer),
                                        align_confident(g, answer, s->o->threshold));
  align_add_loss(s, entropy);
  align_add_loss(s, diversity);
  align_add_loss(s, pseudo);
  nn_classifier_freeze_last(s->net, &s->description);
  tg_value certain = align_plus(g, entropy, s->o->balance, diversity);
  align_minimise(s, s->net, align_plus(g, certain, pseudo_weight * s->o->weight, pseudo));
}

const align_method align_shot = {.loss = {"entropy", "diversity", "pseudo"}, .build = build};
