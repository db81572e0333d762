/* Deep embedded validation (You, Wang, Long and Jordan 2019).  Of their algorithm 1 the domain
 * classifier is a logistic regression, so that the ratio has one value for given features. */
#include "drawn_rows.h"
#include "error.h"
#include "logistic.h"
#include "memory.h"
#include "probability.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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

/* Features of at most `most` images. */
static float *draw_features(const xs_outputs *x, int64_t most, uint64_t seed, int64_t *n) {
  int64_t *rows;
  *n = draw_rows(x->n, most, seed, "rows of a density ratio", &rows);
  const size_t width = (size_t)x->width;
  float *feature = memory_new((size_t)*n * width * sizeof *feature);
  for (int64_t i = 0; i < *n; i++) {
    memcpy(feature + (size_t)i * width, x->feature + (size_t)rows[i] * width,
           width * sizeof *feature);
  }
  free(rows);
  return feature;
}

/* Returns the odds of the source among the images that it was fitted to. */
static double fit(const xs_outputs *training, const xs_outputs *target, int64_t most, uint64_t seed,
                  logistic *l) {
  int64_t n0, n1;
  float *source_side = draw_features(training, most, seed, &n0);
  float *target_side = draw_features(target, most, seed, &n1);
  logistic_fit(source_side, n0, target_side, n1, target->width, l);
  free(source_side);
  free(target_side);
  return (double)n0 / (double)n1;
}

xs_status xs_importance_weighted_risk(const xs_labelled_outputs *source, const xs_outputs *training,
                                      const xs_outputs *target, int64_t rows, uint64_t seed,
                                      double *out) {
  xs_status status = check(source, training, target);
  if (status) return status;
  logistic l;
  const double odds = fit(training, target, rows, seed, &l);
  double *weight = memory_new(2 * (size_t)source->of.n * sizeof *weight);
  double *error = weight + source->of.n;
  int64_t n = weigh(source, &l, odds, weight, error);
  *out = controlled_risk(weight, error, n);
  free(weight);
  logistic_release(&l);
  return isfinite(*out) ? XS_OK
                        : fail(XS_FAILED, "the source's and the target's features are too far "
                                          "apart for importance weights; choose another criterion");
}
