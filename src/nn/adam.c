#include <stdlib.h>

#include "file.h"
#include "nn.h"

void nn_adam(tg_graph *g, const nn_net *net, tg_value loss, tg_value rate, tg_value step,
             tg_adam_options o, tg_value *updates) {
  size_t n = (size_t)net->n;
  tg_value *param = memory_new(n * sizeof *param), *gradient = memory_new(n * sizeof *gradient);
  for (int i = 0; i < net->n; i++) param[i] = net->param[i].value;
  tg_gradient(g, loss, TG_NONE, net->n, param, gradient);
  for (int i = 0; i < net->n; i++) updates[i] = tg_adam(g, param[i], gradient[i], rate, step, o);
  free(gradient);
  free(param);
}
