#include <stdlib.h>

#include "memory.h"
#include "nn.h"

static bool is_learned(const nn_param *p) { return !p->statistic && !p->frozen; }

void nn_adam(tg_graph *g, const nn_net *net, tg_value loss, tg_value rate, tg_value step,
             tg_adam_options o, tg_value *updates) {
  size_t n = (size_t)net->n;
  tg_value *param = memory_new(n * sizeof *param), *gradient = memory_new(n * sizeof *gradient);
  int weights = 0;
  for (int i = 0; i < net->n; i++) {
    if (is_learned(&net->param[i])) param[weights++] = net->param[i].value;
  }
  tg_gradient(g, loss, TG_NONE, weights, param, gradient);
  for (int i = net->n - 1; i >= 0; i--) {
    const nn_param *p = &net->param[i];
    if (is_learned(p)) {
      weights--;
      updates[i] = tg_adam(g, p->value, gradient[weights], rate, step, o);
    } else {
      updates[i] = p->next ? p->next : p->value;
    }
  }
  free(gradient);
  free(param);
}
