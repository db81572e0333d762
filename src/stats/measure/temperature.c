/* Temperature scaling.  The cross-entropy of softmax(b z) is convex in b = 1/T: its slope is the
 * mean over images of E[z] under the softmax less E[z] under the target, its curvature that of
 * Var[z]. The target gives a label (n + 1) / (n + 2), not 1: n images that are all right would make
 * b infinite and every other image certain. */
#include "labelled.h"
#include "memory.h"
#include "xsite.h"

#include <math.h>
#include <stdlib.h>

#define LEAST_INVERSE 0.01 /* of 1/T: T is in [0.01, 100] */
#define MOST_INVERSE 100.0

typedef struct likelihood {
  double loss, slope, curvature; /* means over images */
} likelihood;

/* probability [classes] = softmax(b * row).  Returns log sum exp(b * row). */
static double scaled_softmax(const float *row, int classes, double b, double *probability) {
  double most = -INFINITY, sum = 0;
  for (int k = 0; k < classes; k++) most = fmax(most, b * (double)row[k]);
  for (int k = 0; k < classes; k++) sum += probability[k] = exp(b * (double)row[k] - most);
  for (int k = 0; k < classes; k++) probability[k] /= sum;
  return most + log(sum);
}

/* rest: the target of each class but the label's. */
static void add_image(const float *row, int classes, int label, double rest, double b,
                      double *probability, likelihood *sum) {
  double log_sum = scaled_softmax(row, classes, b, probability), mean = 0, variance = 0, target = 0;
  for (int k = 0; k < classes; k++) {
    const double z = (double)row[k] - (double)row[label];
    mean += probability[k] * z;
    target += rest * z;
  }
  for (int k = 0; k < classes; k++) {
    double z = (double)row[k] - (double)row[label] - mean;
    variance += probability[k] * z * z;
  }
  sum->loss += log_sum - b * (double)row[label];
  sum->slope += mean - target;
  sum->curvature += variance;
}

static likelihood evaluate(const labelled *t, const float *logit, double b) {
  double *probability = memory_new((size_t)t->classes * sizeof *probability);
  likelihood sum = {0};
  const double n = (double)t->n, rest = 1 / ((n + 2) * (t->classes - 1));
  for (int64_t i = 0; i < t->n; i++) {
    int64_t row = t->kept[i];
    add_image(logit + row * t->classes, t->classes, t->label[row], rest, b, probability, &sum);
  }
  free(probability);
  return (likelihood){sum.loss / n, sum.slope / n, sum.curvature / n};
}

/* Newton's step where it stays between low and high, which bracket the minimum, else their
 * geometric mean. */
static double next(double b, const likelihood *at, double low, double high) {
  double step = b - at->slope / at->curvature;
  return step >= low && step <= high ? step : sqrt(low * high);
}

static double minimise(const labelled *t, const float *logit) {
  double low = LEAST_INVERSE, high = MOST_INVERSE;
  if (evaluate(t, logit, low).slope >= 0) return low;
  if (evaluate(t, logit, high).slope <= 0) return high;
  double b = 1, before = 0;
  for (int i = 0; i < 100 && fabs(b - before) > 1e-13 * b; i++) {
    likelihood at = evaluate(t, logit, b);
    if (at.slope > 0)
      high = b;
    else
      low = b;
    before = b;
    b = at.slope == 0 ? b : next(b, &at, low, high);
  }
  return b;
}

xs_status xs_temperature_fit(const xs_labelled_outputs *x, xs_temperature *out) {
  *out = (xs_temperature){0};
  labelled t;
  xs_status status =
      labelled_make(&t, "temperature", x->label, x->of.group, x->of.n, x->of.classes);
  if (status == XS_OK) status = labelled_check_finite(&t, "temperature", x->of.logit);
  if (status == XS_OK) {
    double b = minimise(&t, x->of.logit);
    *out = (xs_temperature){1 / b, evaluate(&t, x->of.logit, 1).loss,
                            evaluate(&t, x->of.logit, b).loss,
                            b <= LEAST_INVERSE || b >= MOST_INVERSE};
  }
  labelled_release(&t);
  return status;
}

void xs_temperature_apply(const float *logit, int64_t n, int classes, double temperature,
                          float *scaled) {
  for (int64_t i = 0; i < n * classes; i++) scaled[i] = (float)((double)logit[i] / temperature);
}
