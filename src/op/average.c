/* average.c: one step of an exponential moving average of the values that a parameter keeps track
 * of: p = p + f[0] (x - p).  Changes p, which is out[0] (and in[0]).  attr.name is the parameter's.
 */
#include "op.h"

static bool shape_average(const op_site *s, tg_shape *out, char *why, size_t size) {
  *out = s->in[0];
  if (!s->attr.name) return op_refuse(why, size, "operand 1 must be a parameter");
  if (!tg_same_shape(s->in[1], *out)) {
    return op_refuse(why, size, "operand 2 must have the shape of parameter %s", s->attr.name);
  }
  if (s->attr.f[0] >= 0 && s->attr.f[0] <= 1) return true;
  return op_refuse(why, size, "momentum %g is not in [0,1]", s->attr.f[0]);
}

static void define_average(const op_site *s, const op_buffers *b) {
  const double *x = b->in[1];
  double *p = b->out[0];
  for (int64_t i = 0; i < tg_count(s->out); i++) p[i] += s->attr.f[0] * (x[i] - p[i]);
}

static int run_average(const op_site *s, void *state, const op_buffers *b) {
  (void)state;
  const float *x = b->in[1], momentum = (float)s->attr.f[0];
  float *p = b->out[0];
  for (int64_t i = 0; i < tg_count(s->out); i++) p[i] += momentum * (x[i] - p[i]);
  return 0;
}

static const op_kernel plain = {.name = "plain", .run = run_average};
static const op_kernel *const average_cpu[] = {&plain, NULL};

const op op_average = {.name = "average",
                       .inputs = 2,
                       .flags = OP_UPDATE,
                       .shape = shape_average,
                       .reference = define_average,
                       .cpu = average_cpu};

tg_value tg_average(tg_graph *g, tg_value param, tg_value x, double momentum) {
  op_attr attr = {.f = {momentum}, .name = op_param_name(g, param)};
  return op_node(g, &op_average, 2, (tg_value[]){param, x}, &attr);
}
