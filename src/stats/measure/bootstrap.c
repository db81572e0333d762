/* Bootstrap intervals.  Replicate r's draw i is a pure function of (seed, stream, r, i), and every
 * replicate is summed on its own, so results do not depend on the number of threads.
 * A replicate without a class leaves that class out of its mean, as xs_auc does; one in which no
 * class has both a positive and a negative is left out. */
#include "auc_interval.h"
#include "grouped_share.h"
#include "labelled.h"
#include "memory.h"
#include "random.h"
#include "ranking.h"
#include "replicates.h"
#include "xsite.h"

#include <math.h>
#include <stdlib.h>

enum { PAPER_REPLICATES = 1000, PAPER_SIZE = 1000 };

static xs_status make_test_set(const int32_t *label, const uint64_t *group, int64_t n, int classes,
                               int replicates, labelled *t) {
  xs_status status = labelled_make(t, "AUC", label, group, n, classes);
  return status == XS_OK ? replicates_check(replicates) : status;
}

static void rank_test_set(const labelled *t, const float *logit, const uint32_t *unit,
                          ranking_set *s) {
  ranking_set_make(s, logit, t->label, t->classes, t->kept, t->n, unit);
}

/* ---- measures -------------------------------------------------------------------------------- */

static xs_status measure_auc(const labelled *t, const float *logit, int replicates, uint64_t seed,
                             xs_measure *m) {
  ranking_set ranks;
  rank_test_set(t, logit, t->unit, &ranks);
  const xs_difference d = auc_interval(t, &ranks, NULL, replicates, seed);
  ranking_set_release(&ranks);
  m->auc = d.value;
  m->low = d.low;
  m->high = d.high;
  m->interval = d.interval;
  return isnan(m->low) ? labelled_one_class(t, "AUC") : XS_OK;
}

static void statistic(const void *context, const uint32_t *weight, double *out) {
  *out = ranking_set_auc(context, weight);
}

/* mean -+ 1.96 sd / sqrt(replicates): the Monte-Carlo error of the bootstrap mean. */
static void paper_interval(const labelled *t, const float *logit, uint64_t seed, xs_measure *m) {
  ranking_set ranks;
  rank_test_set(t, logit, NULL, &ranks);
  double *value = memory_new(PAPER_REPLICATES * sizeof *value);
  resample s = {seed, random_stream("bootstrap of the paper"), t->n, PAPER_SIZE, PAPER_REPLICATES};
  replicates_run(&s, 1, statistic, &ranks, 1, value);
  ranking_set_release(&ranks);
  int defined = resample_defined(value, PAPER_REPLICATES);
  double sum = 0, square = 0;
  for (int i = 0; i < defined; i++) sum += value[i];
  double mean = sum / defined;
  for (int i = 0; i < defined; i++) square += (value[i] - mean) * (value[i] - mean);
  double half = 1.96 * sqrt(square / (defined - 1)) / sqrt(defined);
  free(value);
  m->paper_mean = mean;
  m->paper_low = mean - half;
  m->paper_high = mean + half;
}

static void measure_accuracy(const labelled *t, const float *logit, xs_measure *m) {
  double *right = memory_new((size_t)t->groups * sizeof *right);
  double *images = memory_new((size_t)t->groups * sizeof *images);
  for (int64_t i = 0; i < t->n; i++) {
    const int64_t row = t->kept[i];
    images[t->unit[i]]++;
    right[t->unit[i]] += xs_accuracy(logit + row * t->classes, &t->label[row], 1, t->classes);
  }
  const xs_interval x = grouped_wilson(right, images, t->groups);
  m->accuracy = x.value;
  m->accuracy_low = x.low;
  m->accuracy_high = x.high;
  free(right);
  free(images);
}

xs_status xs_measure_classifier(const float *logit, const int32_t *label, const uint64_t *group,
                                int64_t n, int classes, int replicates, uint64_t seed,
                                xs_measure *out) {
  *out = (xs_measure){0};
  labelled t;
  xs_status status = make_test_set(label, group, n, classes, replicates, &t);
  if (status == XS_OK) status = labelled_check_scores(&t, "AUC", logit);
  if (status == XS_OK) status = measure_auc(&t, logit, replicates, seed, out);
  if (status == XS_OK) {
    paper_interval(&t, logit, seed, out);
    measure_accuracy(&t, logit, out);
    out->n = t.n;
    out->groups = t.groups;
  }
  labelled_release(&t);
  return status;
}

/* Two-sided, never 0: the observed sample counts as one replicate at least as extreme. */
static double sign_p(const double *difference, int n) {
  int not_above = 0, not_below = 0;
  for (int i = 0; i < n; i++) {
    not_above += difference[i] <= 0;
    not_below += difference[i] >= 0;
  }
  int k = not_above < not_below ? not_above : not_below;
  return fmin(1, 2 * (k + 1.0) / (n + 1.0));
}

int xs_difference_of(double *replicate, int n, xs_difference *d) {
  const int defined = resample_interval(replicate, n, &d->low, &d->high);
  if (defined > 0) d->p = sign_p(replicate, defined);
  return defined;
}

static xs_status paired_interval(const labelled *t, const float *logit_a, const float *logit_b,
                                 int replicates, uint64_t seed, xs_difference *d) {
  ranking_set a, b;
  rank_test_set(t, logit_a, t->unit, &a);
  rank_test_set(t, logit_b, t->unit, &b);
  *d = auc_interval(t, &a, &b, replicates, seed);
  ranking_set_release(&a);
  ranking_set_release(&b);
  return isnan(d->low) ? labelled_one_class(t, "AUC") : XS_OK;
}

xs_status xs_measure_difference(const float *logit_a, const float *logit_b, const int32_t *label,
                                const uint64_t *group, int64_t n, int classes, int replicates,
                                uint64_t seed, xs_difference *out) {
  *out = (xs_difference){0};
  labelled t;
  xs_status status = make_test_set(label, group, n, classes, replicates, &t);
  if (status == XS_OK) status = labelled_check_scores(&t, "AUC", logit_a);
  if (status == XS_OK) status = labelled_check_scores(&t, "AUC", logit_b);
  if (status == XS_OK) {
    status = paired_interval(&t, logit_a, logit_b, replicates, seed, out);
  }
  labelled_release(&t);
  return status;
}

xs_status xs_auc_replicates(const xs_labelled_outputs *x, int replicates, uint64_t seed,
                            double *value) {
  labelled t;
  xs_status status = make_test_set(x->label, x->of.group, x->of.n, x->of.classes, replicates, &t);
  if (status == XS_OK) status = labelled_check_scores(&t, "AUC", x->of.logit);
  if (status == XS_OK) {
    ranking_set ranks;
    rank_test_set(&t, x->of.logit, t.unit, &ranks);
    auc_replicates(&t, &ranks, NULL, replicates, seed, value);
    ranking_set_release(&ranks);
  }
  labelled_release(&t);
  return status;
}
