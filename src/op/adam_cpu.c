/* adam_cpu.c: Adam in float, one pass over parameter, gradient and moments. */
#include "adam.h"

#include <math.h>

/* The scalars of one step, computed in double. */
typedef struct adam_step {
  float weight_decay, keep1, keep2; /* keep1 = 1 - beta1, keep2 = 1 - beta2 */
  float beta2, size, root, epsilon; /* size = rate/(1 - beta1^t), root = sqrt(1 - beta2^t) */
} adam_step;

static adam_step step_of(const op_site *s, const op_buffers *b) {
  const double *f = s->attr.f;
  double rate = *(const float *)b->in[ADAM_RATE], t = *(const float *)b->in[ADAM_STEP];
  return (adam_step){.weight_decay = (float)f[ADAM_WEIGHT_DECAY],
                     .keep1 = (float)(1 - f[ADAM_BETA1]),
                     .keep2 = (float)(1 - f[ADAM_BETA2]),
                     .beta2 = (float)f[ADAM_BETA2],
                     .size = (float)(rate / (1 - pow(f[ADAM_BETA1], t))),
                     .root = (float)sqrt(1 - pow(f[ADAM_BETA2], t)),
                     .epsilon = (float)f[ADAM_EPSILON]};
}

CLONES static void update(const adam_step *a, int64_t n, float *restrict p,
                          const float *restrict gradient, float *restrict m, float *restrict v) {
  const adam_step o = *a;
  for (int64_t i = 0; i < n; i++) {
    float g = gradient[i] + o.weight_decay * p[i];
    m[i] += o.keep1 * (g - m[i]);
    v[i] = o.beta2 * v[i] + o.keep2 * g * g;
    p[i] -= o.size * (m[i] / (sqrtf(v[i]) / o.root + o.epsilon));
  }
}

static int run_adam(const op_site *s, void *state, const op_buffers *b) {
  (void)state;
  enum { PIECE = 16384 };
  adam_step a = step_of(s, b);
  int64_t count = tg_count(s->out);
#pragma omp parallel for schedule(static) if (count > PIECE)
  for (int64_t i = 0; i < count; i += PIECE) {
    update(&a, count - i < PIECE ? count - i : PIECE, (float *)b->out[0] + i,
           (const float *)b->in[ADAM_GRADIENT] + i, (float *)b->out[1] + i, (float *)b->out[2] + i);
  }
  return 0;
}

const op_kernel *const adam_kernels[] = {&(op_kernel){.name = "plain", .run = run_adam}, NULL};
