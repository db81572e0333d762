#include "fit_plan.h"

#include <stdlib.h>

#include "error.h"
#include "file.h"

int fit_plan_new(nn_net *net, const nn_classifier *c, int64_t batch, double weight_decay,
                 tg_store *s, const tg_plan_options *options, fit_plan *out) {
  tg_graph *g = tg_graph_new();
  *out = (fit_plan){0};
  out->x = tg_input(g, "x", tg_shape4(batch, c->size, c->size, c->channels));
  out->label = tg_input(g, "label", tg_shape4(batch, 1, 1, 1));
  out->rate = tg_input(g, "rate", tg_scalar());
  out->step = tg_input(g, "step", tg_scalar());
  nn_classifier training = *c;
  training.training = true;
  out->loss = nn_cross_entropy(g, nn_classifier_build(g, net, &training, out->x), out->label);
  int n = net->n;
  tg_value *outputs = memory_new((size_t)(n + 1) * sizeof *outputs);
  nn_adam(g, net, out->loss, out->rate, out->step,
          (tg_adam_options){0.9, 0.999, 1e-8, weight_decay}, outputs);
  outputs[n] = out->loss;
  int status = tg_plan_new(g, s, n + 1, outputs, options, &out->plan);
  free(outputs);
  tg_graph_free(g);
  return status ? fail_context(1, "the training step: ") : 0;
}
