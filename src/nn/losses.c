#include "nn.h"

tg_value nn_cross_entropy(tg_graph *g, tg_value logit, tg_value label) {
  tg_shape s = tg_shape_of(g, logit);
  tg_value chosen = tg_mul(g, tg_one_hot(g, label, (int)s.d[3]), tg_log_softmax(g, logit));
  tg_value total = tg_sum_to(g, chosen, tg_scalar());
  return tg_affine(g, total, -1 / (double)(s.d[0] * s.d[1] * s.d[2]), 0);
}

tg_value nn_mean_absolute(tg_graph *g, tg_value a, tg_value b) {
  return tg_mean(g, tg_abs(g, tg_sub(g, a, b)));
}

tg_value nn_gradient_penalty(tg_graph *g, tg_value source, tg_value x, double epsilon) {
  tg_value slope;
  tg_gradient(g, source, TG_NONE, 1, &x, &slope);
  tg_shape per_image = tg_shape4(tg_shape_of(g, x).d[0], 1, 1, 1);
  tg_value square = tg_sum_to(g, tg_mul(g, slope, slope), per_image);
  tg_value excess = tg_affine(g, tg_sqrt(g, tg_affine(g, square, 1, epsilon)), 1, -1);
  return tg_mean(g, tg_mul(g, excess, excess));
}
