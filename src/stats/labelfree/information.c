/* Entropies of a classifier's softmax outputs. */
#include "memory.h"
#include "probability.h"

#include <math.h>
#include <stdlib.h>

typedef struct entropies {
  double of_mean, mean;
} entropies;

static entropies measure(const xs_outputs *x) {
  double *p = memory_new(2 * (size_t)x->classes * sizeof *p), *mean = p + x->classes;
  entropies e = {0};
  for (int64_t i = 0; i < x->n; i++) {
    probability_softmax(x->logit + i * x->classes, x->classes, p);
    e.mean += probability_entropy(p, x->classes) / (double)x->n;
    for (int k = 0; k < x->classes; k++) mean[k] += p[k] / (double)x->n;
  }
  e.of_mean = probability_entropy(mean, x->classes);
  free(p);
  return e;
}

xs_status xs_mutual_information(const xs_outputs *x, double *out) {
  xs_status status = probability_check("target", x);
  if (status) return status;
  entropies e = measure(x);
  *out = e.of_mean - e.mean;
  return XS_OK;
}

xs_status xs_information_terms(const xs_outputs *x, double *term) {
  xs_status status = probability_check("target", x);
  if (status) return status;
  double *p = memory_new(2 * (size_t)x->classes * sizeof *p), *mean = p + x->classes;
  for (int64_t i = 0; i < x->n; i++) {
    probability_softmax(x->logit + i * x->classes, x->classes, p);
    for (int k = 0; k < x->classes; k++) mean[k] += p[k] / (double)x->n;
  }
  for (int64_t i = 0; i < x->n; i++) {
    probability_softmax(x->logit + i * x->classes, x->classes, p);
    term[i] = 0;
    for (int k = 0; k < x->classes; k++) {
      if (p[k] > 0) term[i] += p[k] * log(p[k] / mean[k]);
    }
  }
  free(p);
  return XS_OK;
}

double xs_paired_error(const double *a, const double *b, int64_t n) {
  double mean = 0, squares = 0;
  for (int64_t i = 0; i < n; i++) mean += (a[i] - b[i]) / (double)n;
  for (int64_t i = 0; i < n; i++) squares += (a[i] - b[i] - mean) * (a[i] - b[i] - mean);
  return n > 1 ? sqrt(squares / (double)(n - 1) / (double)n) : INFINITY;
}

xs_status xs_mean_entropy(const xs_outputs *x, double *out) {
  xs_status status = probability_check("target", x);
  if (status) return status;
  *out = measure(x).mean;
  return XS_OK;
}
