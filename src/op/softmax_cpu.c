/* softmax_cpu.c: float kernels of classification; rows are short, so plain loops do. */
#include "softmax.h"

#include <math.h>

static void softmax_row(const float *x, float *y, int64_t c) {
  float top = x[0];
  double sum = 0;
  for (int64_t k = 1; k < c; k++) top = x[k] > top ? x[k] : top;
  for (int64_t k = 0; k < c; k++) sum += (double)expf(x[k] - top);
  float log_sum = (float)log(sum);
  for (int64_t k = 0; k < c; k++) y[k] = x[k] - top - log_sum;
}

static int run_log_softmax(const op_site *s, void *state, const op_buffers *b) {
  (void)state;
  int64_t c = s->in[0].d[3], rows = op_rows(&s->in[0]);
#pragma omp parallel for schedule(static) if (rows * c > 4096)
  for (int64_t i = 0; i < rows; i++) {
    softmax_row((const float *)b->in[0] + i * c, (float *)b->out[0] + i * c, c);
  }
  return 0;
}

const op_kernel *const log_softmax_kernels[] = {
    &(op_kernel){.name = "plain", .run = run_log_softmax}, NULL};

static int64_t first_maximum(const float *x, int64_t c) {
  int64_t first = 0;
  for (int64_t k = 1; k < c; k++) {
    if (x[k] > x[first] || (isnan(x[k]) && !isnan(x[first]))) first = k;
  }
  return first;
}

static int run_argmax(const op_site *s, void *state, const op_buffers *b) {
  (void)state;
  const float *x = b->in[0];
  float *out = b->out[0];
  int64_t c = s->in[0].d[3];
  for (int64_t i = 0; i < op_rows(&s->in[0]); i++) out[i] = (float)first_maximum(x + i * c, c);
  return 0;
}

const op_kernel *const argmax_kernels[] = {&(op_kernel){.name = "plain", .run = run_argmax}, NULL};

static int run_one_hot(const op_site *s, void *state, const op_buffers *b) {
  (void)state;
  const float *index = b->in[0];
  float *out = b->out[0];
  int64_t classes = s->out.d[3];
  for (int64_t i = 0; i < op_rows(&s->out); i++) {
    for (int64_t k = 0; k < classes; k++) out[i * classes + k] = index[i] == (float)k;
  }
  return 0;
}

const op_kernel *const one_hot_kernels[] = {&(op_kernel){.name = "plain", .run = run_one_hot},
                                            NULL};
