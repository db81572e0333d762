/* Agreement of two classifiers (Jiang, Nagarajan, Baek and Kolter 2022). */
#include "probability.h"

xs_status xs_agreement(const xs_outputs *x, const float *second, double *out) {
  xs_outputs other = {.n = x->n, .classes = x->classes, .logit = second};
  xs_status status = probability_check("target", x);
  if (!status) status = probability_check("target, second classifier", &other);
  if (status) return status;
  int64_t same = 0;
  for (int64_t i = 0; i < x->n * x->classes; i += x->classes) {
    same += probability_top(x->logit + i, x->classes) == probability_top(second + i, x->classes);
  }
  *out = (double)same / (double)x->n;
  return XS_OK;
}
