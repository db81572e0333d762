/* adabn.c: adaptive batch norms (AdaBN: Li et al. 2017).  Every batch norm's running mean and
 * variance become those of the target's images as they are; nothing is learned, and no label is
 * needed.  A batch runs through the network with its own statistics, and after step k the running
 * ones are the means over k batches, as PyTorch's with momentum None.  An image of a rarer class
 * moves them less: where classes are of other shares than at the source, that is taken for a
 * difference in look. */
#include "align_method.h"

static void build(align_step *s) {
  tg_graph *g = s->g;
  nn_classifier c = s->description;
  c.training = true;
  s->net->share = tg_div(g, tg_const(g, 1), s->step);
  tg_value logit = nn_classifier_build(g, s->net, &c, s->target);
  align_add_loss(s, align_cross_entropy(g, logit, tg_exp(g, tg_log_softmax(g, logit)), TG_NONE));
  align_move_statistics(s, s->net);
}

const align_method align_adabn = {.loss = {"entropy"}, .build = build};
