/* epilogue_cpu.c: bias and activation over a piece of a kernel's output, while it is in cache. */
#include "epilogue.h"

#include "pointwise.h"

CLONES static void add_bias(float *y, const float *bias, int64_t rows, int64_t c) {
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t k = 0; k < c; k++) y[i * c + k] += bias[k];
  }
}

CLONES static void leak(float *y, int64_t count, float slope) {
  for (int64_t i = 0; i < count; i++) y[i] = y[i] <= 0 ? slope * y[i] : y[i];
}

CLONES static void squash(float *y, int64_t count) {
  for (int64_t i = 0; i < count; i++) y[i] = pointwise_tanh(y[i]);
}

void epilogue_apply(const op_site *s, const op_buffers *b, float *y, int64_t rows) {
  int64_t c = s->out.d[3];
  if (s->fusion.bias) add_bias(y, b->in[s->op->inputs], rows, c);
  if (s->fusion.activation == OP_LEAKY_RELU) leak(y, rows * c, (float)s->fusion.slope);
  if (s->fusion.activation == OP_TANH) squash(y, rows * c);
}

void epilogue_apply_images(const op_site *s, const op_buffers *b) {
  int64_t pixels = s->out.d[1] * s->out.d[2], image = pixels * s->out.d[3];
#pragma omp parallel for schedule(static)
  for (int64_t n = 0; n < s->out.d[0]; n++) {
    epilogue_apply(s, b, (float *)b->out[0] + n * image, pixels);
  }
}

bool epilogue_suffices(const op_site *s) { return !s->fusion.residual && !s->fusion.scaled; }
