#include "classifier_plan.h"

#include <stdlib.h>

#include "batch_size.h"
#include "error.h"
#include "memory.h"

tg_value *fit_graph(tg_graph *g, nn_net *net, const nn_classifier *c, int64_t batch,
                    double weight_decay, fit_plan *out) {
  *out = (fit_plan){0};
  out->x = tg_input(g, "x", tg_shape4(batch, c->size, c->size, c->channels));
  out->label = tg_input(g, "label", tg_shape4(batch, 1, 1, 1));
  out->rate = tg_input(g, "rate", tg_scalar());
  out->step = tg_input(g, "step", tg_scalar());
  nn_classifier training = *c;
  training.training = true;
  out->loss = nn_cross_entropy(g, nn_classifier_build(g, net, &training, out->x), out->label);
  tg_value *outputs = memory_new((size_t)(net->n + 1) * sizeof *outputs);
  nn_adam(g, net, out->loss, out->rate, out->step,
          (tg_adam_options){0.9, 0.999, 1e-8, weight_decay}, outputs);
  outputs[net->n] = out->loss;
  return outputs;
}

static int plan_step(nn_net *net, const nn_classifier *c, int64_t batch, double weight_decay,
                     tg_store *s, const tg_plan_options *options, fit_plan *out) {
  tg_graph *g = tg_graph_new();
  tg_value *outputs = fit_graph(g, net, c, batch, weight_decay, out);
  int status = tg_plan_new(g, s, net->n + 1, outputs, options, &out->plan);
  free(outputs);
  tg_graph_free(g);
  return status;
}

typedef struct fit_step {
  nn_net *net;
  const nn_classifier *c;
  double weight_decay;
  tg_store *store;
  tg_plan_options options;
} fit_step;

static int try_batch(const void *step, int64_t batch) {
  const fit_step *t = step;
  fit_plan p;
  int status = plan_step(t->net, t->c, batch, t->weight_decay, t->store, &t->options, &p);
  tg_plan_free(p.plan);
  return status;
}

int fit_plan_new(nn_net *net, const nn_classifier *c, int64_t batch, double weight_decay,
                 tg_store *s, const tg_plan_options *options, fit_plan *out) {
  const fit_step smaller = {net, c, weight_decay, s, batch_size_options(options)};
  int status = plan_step(net, c, batch, weight_decay, s, options, out);
  if (status == TG_TOO_LARGE) status = batch_size_refuse(batch, 1, try_batch, &smaller);
  return status ? fail_context(1, "the training step: ") : 0;
}
