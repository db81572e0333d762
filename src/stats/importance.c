/* Deep embedded validation (You, Wang, Long and Jordan 2019).  Of their algorithm 1 the domain
 * classifier is a logistic regression, so that the ratio has one value for given features. */
#include "error.h"
#include "file.h"
#include "logistic.h"
#include "probability.h"

#include <math.h>
#include <stdlib.h>

/* The control variate: E[weight] is 1, so the part of the weighted error that varies with the
 * weight is taken out (their eq. 9).  weight, error [n]. */
static double controlled_risk(const double *weight, const double *error, int64_t n) {
  double mean = 0, risk = 0, covariance = 0, variance = 0;
  for (int64_t i = 0; i < n; i++) {
    mean += weight[i] / (double)n;
    risk += weight[i] * error[i] / (double)n;
  }
  for (int64_t i = 0; i < n; i++) {
    covariance += (weight[i] * error[i] - risk) * (weight[i] - mean);
    variance += (weight[i] - mean) * (weight[i] - mean);
  }
  double eta = variance > 0 ? -covariance / variance : 0;
  return risk + eta * mean - eta;
}

/* Weights and errors of the source images with a label; returns how many. */
static int64_t weigh(const xs_labelled_outputs *source, const logistic *l, double ratio,
                     double *weight, double *error) {
  const xs_outputs *x = &source->of;
  int64_t n = 0;
  for (int64_t i = 0; i < x->n; i++) {
    if (!probability_known(source->label[i], x->classes)) continue;
    weight[n] = ratio * exp(logistic_score(l, x->feature + i * x->width));
    error[n++] = probability_top(x->logit + i * x->classes, x->classes) != source->label[i];
  }
  return n;
}

static xs_status check(const xs_labelled_outputs *source, const xs_outputs *training,
                       const xs_outputs *target) {
  xs_status status = probability_check_labelled("source", source);
  if (!status) status = probability_check_features("source", &source->of);
  if (!status) status = probability_check_features("source training", training);
  if (!status) status = probability_check_features("target", target);
  if (status) return status;
  if (training->width == target->width && source->of.width == target->width) return XS_OK;
  return fail(XS_USAGE, "features of %d, %d and %d values do not compare", source->of.width,
              training->width, target->width);
}

xs_status xs_importance_weighted_risk(const xs_labelled_outputs *source, const xs_outputs *training,
                                      const xs_outputs *target, double *out) {
  xs_status status = check(source, training, target);
  if (status) return status;
  logistic l;
  logistic_fit(training->feature, training->n, target->feature, target->n, target->width, &l);
  double *weight = memory_new(2 * (size_t)source->of.n * sizeof *weight);
  double *error = weight + source->of.n;
  int64_t n = weigh(source, &l, (double)training->n / (double)target->n, weight, error);
  *out = controlled_risk(weight, error, n);
  free(weight);
  logistic_release(&l);
  return isfinite(*out) ? XS_OK
                        : fail(XS_FAILED, "the source's and the target's features are too far "
                                          "apart for importance weights; choose another criterion");
}
