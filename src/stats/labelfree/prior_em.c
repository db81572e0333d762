/* Class priors by expectation maximisation (Saerens, Latinne and Decaestecker 2002). */
#include "error.h"
#include "memory.h"
#include "probability.h"

#include <math.h>
#include <stdlib.h>

enum { MOST_ITERATIONS = 10000 };
static const double tolerance = 1e-10; /* of the largest change of a share */

xs_status xs_source_prior(const xs_labelled_outputs *source, double *prior) {
  xs_status status = probability_check_labelled("source", source);
  if (status) return status;
  int64_t known = 0;
  for (int k = 0; k < source->of.classes; k++) prior[k] = 0;
  for (int64_t i = 0; i < source->of.n; i++) {
    if (!probability_known(source->label[i], source->of.classes)) continue;
    prior[source->label[i]]++;
    known++;
  }
  for (int k = 0; k < source->of.classes; k++) prior[k] /= (double)known;
  return XS_OK;
}

/* Softmax outputs over the source's prior: likelihoods up to a factor per image, [n][classes]. */
static double *likelihoods(const xs_outputs *x, const double *source_prior) {
  double *ratio = memory_new((size_t)(x->n * x->classes) * sizeof *ratio);
  for (int64_t i = 0; i < x->n; i++) {
    probability_softmax(x->logit + i * x->classes, x->classes, ratio + i * x->classes);
    for (int k = 0; k < x->classes; k++) ratio[i * x->classes + k] /= source_prior[k];
  }
  return ratio;
}

/* next [classes] = mean posterior under `prior`; returns the largest change. */
static double iterate(const double *ratio, int64_t n, int classes, const double *prior,
                      double *next) {
  for (int k = 0; k < classes; k++) next[k] = 0;
  for (int64_t i = 0; i < n; i++) {
    const double *row = ratio + i * classes;
    double sum = 0;
    for (int k = 0; k < classes; k++) sum += row[k] * prior[k];
    for (int k = 0; k < classes; k++) next[k] += row[k] * prior[k] / sum / (double)n;
  }
  double change = 0;
  for (int k = 0; k < classes; k++) change = fmax(change, fabs(next[k] - prior[k]));
  return change;
}

static xs_status check_prior(const double *prior, int classes) {
  for (int k = 0; k < classes; k++) {
    if (prior[k] > 0 && prior[k] < 1) continue;
    return fail(XS_FAILED,
                "no class priors: the source's share of class %d is %g; every class needs images",
                k, prior[k]);
  }
  return XS_OK;
}

xs_status xs_prior_em(const xs_outputs *target, const double *source_prior, double *prior) {
  xs_status status = probability_check("target", target);
  if (!status) status = check_prior(source_prior, target->classes);
  if (status) return status;
  int classes = target->classes;
  double *ratio = likelihoods(target, source_prior);
  double *next = memory_new((size_t)classes * sizeof *next), change = 1;
  for (int k = 0; k < classes; k++) prior[k] = source_prior[k];
  for (int i = 0; i < MOST_ITERATIONS && change > tolerance; i++) {
    change = iterate(ratio, target->n, classes, prior, next);
    for (int k = 0; k < classes; k++) prior[k] = next[k];
  }
  free(ratio);
  free(next);
  return XS_OK;
}
