/* Average confidence (Hendrycks and Gimpel 2017) and its difference between two sites (Guillory et
 * al. 2021). */
#include "probability.h"

#include <math.h>

/* Of the images with a known label; label NULL: of all. */
static double mean_confidence(const xs_outputs *x, const int32_t *label) {
  double sum = 0;
  int64_t n = 0;
  for (int64_t i = 0; i < x->n; i++) {
    if (label && !probability_known(label[i], x->classes)) continue;
    const float *row = x->logit + i * x->classes;
    sum += exp(probability_log(row, x->classes, probability_top(row, x->classes)));
    n++;
  }
  return sum / (double)n;
}

xs_status xs_average_confidence(const xs_outputs *x, double *out) {
  xs_status status = probability_check("target", x);
  if (status) return status;
  *out = mean_confidence(x, NULL);
  return XS_OK;
}

xs_status xs_confidence_difference(const xs_labelled_outputs *source, const xs_outputs *target,
                                   double *out) {
  xs_status status = probability_check_labelled("source", source);
  if (!status) status = probability_check("target", target);
  if (status) return status;
  const xs_outputs *x = &source->of;
  double accuracy = xs_accuracy(x->logit, source->label, x->n, x->classes);
  double lost = mean_confidence(x, source->label) - mean_confidence(target, NULL);
  *out = fmax(0, fmin(1, accuracy - lost));
  return XS_OK;
}
