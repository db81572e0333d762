/* Nuclear norm of softmax outputs P (Cui et al. 2020): the sum of P's singular values, the square
 * roots of the eigenvalues of P'P. */
#include "eigen.h"
#include "memory.h"
#include "probability.h"

#include <math.h>
#include <stdlib.h>

/* product [classes][classes] = P'P */
static void multiply(const xs_outputs *x, double *p, double *product) {
  for (int64_t i = 0; i < x->n; i++) {
    probability_softmax(x->logit + i * x->classes, x->classes, p);
    for (int a = 0; a < x->classes; a++) {
      for (int b = 0; b < x->classes; b++) product[a * x->classes + b] += p[a] * p[b];
    }
  }
}

xs_status xs_nuclear_norm(const xs_outputs *x, double *out) {
  xs_status status = probability_check("target", x);
  if (status) return status;
  size_t classes = (size_t)x->classes;
  double *value = memory_new(classes * (classes + 1) * sizeof *value), norm = 0;
  double *product = value + classes;
  multiply(x, value, product);
  eigen_values(product, x->classes, value);
  for (size_t k = 0; k < classes; k++) norm += sqrt(fmax(value[k], 0));
  free(value);
  *out = norm / sqrt((double)x->n * fmin((double)x->n, x->classes));
  return XS_OK;
}
