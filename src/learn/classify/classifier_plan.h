/* classifier_plan.h: one training step of a classifier as a plan. */
#ifndef CLASSIFIER_PLAN_H
#define CLASSIFIER_PLAN_H

#include "nn.h"

typedef struct fit_plan {
  tg_plan *plan;
  tg_value x, label;   /* {batch,size,size,channels}, {batch,1,1,1} */
  tg_value rate, step; /* Adam's; step is 1 at the first update */
  tg_value loss;       /* mean cross-entropy */
} fit_plan;

/* The step's graph; net gets its parameters listed, c's dropout is applied.  Its outputs [net->n +
 * 1], the updates and the loss, are the caller's to free. */
tg_value *fit_graph(tg_graph *g, nn_net *net, const nn_classifier *c, int64_t batch,
                    double weight_decay, fit_plan *out);
/* The same, planned. */
int fit_plan_new(nn_net *net, const nn_classifier *c, int64_t batch, double weight_decay,
                 tg_store *s, const tg_plan_options *options, fit_plan *out);

#endif
