/* Does the target's class prior differ from the source's?  A bootstrap of both sites' groups; with
 * d the observed differences and d* a replicate's, d* - d stands for the error of d. */
#include "bbse.h"
#include "error.h"
#include "memory.h"
#include "random.h"
#include "resampling.h"

#include <math.h>
#include <stdlib.h>

static double chi_square(const double *difference, const double *from, const double *prior,
                         int classes) {
  double sum = 0;
  for (int k = 0; k < classes; k++) {
    double d = difference[k] - (from ? from[k] : 0);
    sum += d * d / prior[k];
  }
  return sum;
}

static double total_variation(const double *difference, const double *from, int classes) {
  double sum = 0;
  for (int k = 0; k < classes; k++) sum += fabs(difference[k] - (from ? from[k] : 0)) / 2;
  return sum;
}

/* difference [classes] of one weighting of the groups, prior [classes] the source's; false where
 * the priors are not defined.  work [classes][classes + 2] */
static bool weighted_difference(const bbse_images *s, const uint32_t *source_weight,
                                const bbse_images *t, const uint32_t *target_weight, bbse_counts *c,
                                double *work, double *prior, double *difference) {
  bbse_count(s, source_weight, t, target_weight, c);
  if (!bbse_solve(c, work, prior, difference)) return false;
  for (int k = 0; k < c->classes; k++) difference[k] -= prior[k];
  return true;
}

/* value [replicates][classes]: differences, NANs where a replicate's are not defined. */
static void replicate(const bbse_images *s, const bbse_images *t, int classes, int replicates,
                      uint64_t seed, double *value) {
  resample source = {seed, random_stream("bootstrap of source groups"), s->groups, s->groups,
                     replicates};
  resample target = {seed, random_stream("bootstrap of target groups"), t->groups, t->groups,
                     replicates};
#pragma omp parallel
  {
    uint32_t *ws = memory_new((size_t)s->groups * sizeof *ws);
    uint32_t *wt = memory_new((size_t)t->groups * sizeof *wt);
    double *work = memory_new((size_t)classes * ((size_t)classes + 2) * sizeof *work);
    bbse_counts c = bbse_counts_new(classes);
#pragma omp for schedule(static)
    for (int r = 0; r < replicates; r++) {
      double *d = value + (int64_t)r * classes;
      resample_weights(&source, r, ws);
      resample_weights(&target, r, wt);
      bool defined = weighted_difference(s, ws, t, wt, &c, work, work + classes * (classes + 1), d);
      for (int k = 0; k < classes && !defined; k++) d[k] = NAN;
    }
    bbse_counts_free(&c);
    free(ws);
    free(wt);
    free(work);
  }
}

/* The distance's interval: by the triangle inequality the true distance is within that of the error
 * d* - d, whose 95 % quantile is taken.  column [replicates] */
static void distances(const double *value, int replicates, int classes, const double *observed,
                      const double *prior, double *column, xs_prior_mismatch *m) {
  int above = 0, defined = 0;
  for (int r = 0; r < replicates; r++) {
    const double *d = value + (int64_t)r * classes;
    if (isnan(d[0])) continue;
    above += chi_square(d, observed, prior, classes) >= m->chi_square;
    column[defined++] = total_variation(d, observed, classes);
  }
  double low, high;
  resample_interval(column, defined, &low, &high);
  double margin = resample_quantile(column, defined, 0.95);
  m->p = (above + 1.0) / (defined + 1.0);
  m->mismatch = m->p < 0.05;
  m->distance.low = fmax(0, m->distance.value - margin);
  m->distance.high = fmin(1, m->distance.value + margin);
}

static xs_status intervals(const double *value, int replicates, int classes, double *column,
                           xs_interval *difference) {
  for (int k = 0; k < classes; k++) {
    for (int r = 0; r < replicates; r++) column[r] = value[(int64_t)r * classes + k];
    if (resample_interval(column, replicates, &difference[k].low, &difference[k].high)) continue;
    return fail(XS_FAILED, "no interval of class priors: there are too few groups of images at "
                           "the source to resample");
  }
  return XS_OK;
}

static void observe(const double *observed, const double *prior, int classes,
                    xs_interval *difference, xs_prior_mismatch *m) {
  *m = (xs_prior_mismatch){.chi_square = chi_square(observed, NULL, prior, classes)};
  m->distance.value = total_variation(observed, NULL, classes);
  for (int k = 0; k < classes; k++) {
    difference[k].value = observed[k];
    if (fabs(observed[k]) > fabs(observed[m->largest])) m->largest = k;
  }
}

static xs_status compare(const bbse_images *s, const bbse_images *t, int classes, int replicates,
                         uint64_t seed, xs_interval *difference, xs_prior_mismatch *m) {
  bbse_counts c = bbse_counts_new(classes);
  size_t square = (size_t)classes * ((size_t)classes + 1);
  double *work = memory_new((square + 2 * (size_t)classes) * sizeof *work);
  double *prior = work + square, *observed = prior + classes;
  double *value = memory_new((size_t)replicates * ((size_t)classes + 1) * sizeof *value);
  double *column = value + (int64_t)replicates * classes;
  bbse_count(s, NULL, t, NULL, &c);
  xs_status status = bbse_check(&c);
  if (!status) {
    weighted_difference(s, NULL, t, NULL, &c, work, prior, observed);
    observe(observed, prior, classes, difference, m);
    replicate(s, t, classes, replicates, seed, value);
    status = intervals(value, replicates, classes, column, difference);
  }
  if (!status) distances(value, replicates, classes, observed, prior, column, m);
  bbse_counts_free(&c);
  free(work);
  free(value);
  return status;
}

xs_status xs_prior_compare(const xs_labelled_outputs *source, const xs_outputs *target,
                           int replicates, uint64_t seed, xs_interval *difference,
                           xs_prior_mismatch *out) {
  if (replicates < 2) {
    return fail(XS_USAGE, "no interval: %d bootstrap replicates, at least 2 are needed",
                replicates);
  }
  bbse_images s, t;
  xs_status status = bbse_open(source, target, &s, &t);
  if (!status) status = compare(&s, &t, target->classes, replicates, seed, difference, out);
  bbse_close(&s, &t);
  return status;
}
