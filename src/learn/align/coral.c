/* coral.c: Deep CORAL (Sun and Saenko 2016): cross-entropy on the source, and the distance between
 * the covariances C of both sites' features, weight |C_S - C_T|^2 / (4 d^2) in the Frobenius norm.
 */
#include "align_method.h"

/* Brings the distance to the order of the cross-entropy; the option `weight` multiplies it. */
static const double own_weight = 1000;

/* Of x {n,1,1,d}: {1,1,d,d}, divided by n - 1. */
static tg_value covariance(tg_graph *g, tg_value x) {
  tg_shape s = tg_shape_of(g, x);
  tg_value sum = tg_sum_to(g, x, tg_shape4(1, 1, 1, s.d[3]));
  tg_value centred = tg_sub(g, x, tg_affine(g, sum, 1 / (double)s.d[0], 0));
  return tg_affine(g, tg_matmul(g, centred, centred, true, false), 1 / (double)(s.d[0] - 1), 0);
}

static tg_value distance(tg_graph *g, tg_value a, tg_value b) {
  double d = (double)tg_shape_of(g, a).d[3];
  tg_value difference = tg_sub(g, covariance(g, a), covariance(g, b));
  tg_value square = tg_sum_to(g, tg_mul(g, difference, difference), tg_scalar());
  return tg_affine(g, square, 1 / (4 * d * d), 0);
}

static void build(align_step *s) {
  tg_value source = align_features(s, s->source), target = align_features(s, s->changed);
  tg_value logit = nn_classifier_last(s->g, s->net, &s->description, source);
  tg_value class = nn_cross_entropy(s->g, logit, s->label);
  tg_value apart = distance(s->g, source, target);
  align_add_loss(s, class);
  align_add_loss(s, apart);
  align_minimise(s, s->net, align_plus(s->g, class, own_weight * s->o->weight, apart));
}

const align_method align_coral = {
    .source = true, .loss = {"classification", "covariance"}, .build = build};
