/* adam.c: one step of Adam (Kingma and Ba 2015, with the bias corrections and the place of epsilon
 * and weight decay that PyTorch's torch.optim.Adam has), at step t = 1, 2, ...:
 *
 *   g = gradient + weight_decay p;  m = m + (1 - beta1)(g - m);  v = beta2 v + (1 - beta2) g^2
 *   p = p - rate/(1 - beta1^t) m / (sqrt(v)/sqrt(1 - beta2^t) + epsilon)
 *
 * Changes p, m and v, which are out[0 .. 2] (and in[ADAM_PARAM], in[ADAM_M], in[ADAM_V]).
 * attr.name is the parameter's. */
#include "adam.h"

#include <math.h>
#include <stdlib.h>

#include "text.h"

static bool check_options(const op_site *s, char *why, size_t size) {
  const double *f = s->attr.f;
  for (int i = ADAM_BETA1; i <= ADAM_BETA2; i++) {
    if (!(f[i] >= 0 && f[i] < 1)) {
      return op_refuse(why, size, "beta%d is %g, but must be in [0,1)", i + 1, f[i]);
    }
  }
  if (f[ADAM_EPSILON] >= 0 && f[ADAM_WEIGHT_DECAY] >= 0) return true;
  return op_refuse(why, size, "epsilon %g and weight decay %g must not be negative",
                   f[ADAM_EPSILON], f[ADAM_WEIGHT_DECAY]);
}

static bool shape_adam(const op_site *s, tg_shape *out, char *why, size_t size) {
  *out = s->in[ADAM_PARAM];
  if (!s->attr.name) return op_refuse(why, size, "operand 1 must be a parameter");
  for (int i = ADAM_GRADIENT; i <= ADAM_V; i++) {
    if (!tg_same_shape(s->in[i], *out)) {
      return op_refuse(why, size, "operand %d must have the shape of parameter %s", i + 1,
                       s->attr.name);
    }
  }
  if (tg_count(s->in[ADAM_RATE]) != 1 || tg_count(s->in[ADAM_STEP]) != 1) {
    return op_refuse(why, size, "rate and step must be scalars");
  }
  return check_options(s, why, size);
}

static void define_adam(const op_site *s, const op_buffers *b) {
  const double *f = s->attr.f, *gradient = b->in[ADAM_GRADIENT];
  const double *rate = b->in[ADAM_RATE], *step = b->in[ADAM_STEP];
  double *p = b->out[0], *m = b->out[1], *v = b->out[2];
  double correct_m = 1 - pow(f[ADAM_BETA1], *step), correct_v = 1 - pow(f[ADAM_BETA2], *step);
  for (int64_t i = 0; i < tg_count(s->out); i++) {
    double g = gradient[i] + f[ADAM_WEIGHT_DECAY] * p[i];
    m[i] += (1 - f[ADAM_BETA1]) * (g - m[i]);
    v[i] = f[ADAM_BETA2] * v[i] + (1 - f[ADAM_BETA2]) * g * g;
    p[i] -= *rate / correct_m * m[i] / (sqrt(v[i]) / sqrt(correct_v) + f[ADAM_EPSILON]);
  }
}

/* The moments are written too. */
static void cost_adam(const op_site *s, op_cost *c) {
  c->elements += 2.0 * (double)tg_count(s->out);
}

const op op_adam = {.name = "adam",
                    .inputs = 6,
                    .flags = OP_UPDATE,
                    .shape = shape_adam,
                    .reference = define_adam,
                    .cpu = adam_kernels,
                    .cost = cost_adam};

/* The parameter's moment; the parameter itself if it is none, which the shape rule then refuses. */
static tg_value moment(tg_graph *g, tg_value param, const char *suffix) {
  const char *name = op_param_name(g, param);
  if (!name) return param;
  char *full = text_format("%s.%s", name, suffix);
  tg_value v = tg_param(g, full, tg_shape_of(g, param));
  free(full);
  return v;
}

tg_value tg_adam(tg_graph *g, tg_value param, tg_value gradient, tg_value rate, tg_value step,
                 tg_adam_options o) {
  op_attr attr = {.f = {[ADAM_BETA1] = o.beta1,
                        [ADAM_BETA2] = o.beta2,
                        [ADAM_EPSILON] = o.epsilon,
                        [ADAM_WEIGHT_DECAY] = o.weight_decay},
                  .name = op_param_name(g, param)};
  tg_value m = moment(g, param, "m"), v = moment(g, param, "v");
  return op_node(g, &op_adam, 6, (tg_value[]){param, gradient, m, v, rate, step}, &attr);
}
