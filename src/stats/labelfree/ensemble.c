/* The ensemble of several classifiers' softmax outputs. */
#include "memory.h"
#include "probability.h"

#include <stdlib.h>

xs_status xs_ensemble_add(const xs_outputs *x, float *sum) {
  xs_status status = probability_check("target", x);
  if (status) return status;
  double *p = memory_new((size_t)x->classes * sizeof *p);
  for (int64_t i = 0; i < x->n * x->classes; i += x->classes) {
    probability_softmax(x->logit + i, x->classes, p);
    for (int k = 0; k < x->classes; k++) sum[i + k] += (float)p[k];
  }
  free(p);
  return XS_OK;
}
