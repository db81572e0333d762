/* Bootstrap intervals.  Replicate r's draw i is a pure function of (seed, stream, r, i), and every
 * replicate is summed on its own, so results do not depend on the number of threads.
 * A replicate without a class leaves that class out of its mean, as xs_auc does; one in which no
 * class has both a positive and a negative is left out. */
#include "file.h"
#include "labelled.h"
#include "random.h"
#include "ranking.h"
#include "replicates.h"
#include "xsite.h"

#include <math.h>
#include <stdlib.h>

enum { PAPER_REPLICATES = 1000, PAPER_SIZE = 1000 };

typedef struct ranked { /* one classifier, or two to be compared */
  const ranking_set *a, *b;
} ranked;

/* AUC of a, or of b minus a where b is not NULL. */
static void statistic(const void *context, const uint32_t *weight, double *out) {
  const ranked *x = context;
  double auc = ranking_set_auc(x->a, weight);
  *out = x->b ? ranking_set_auc(x->b, weight) - auc : auc;
}

static void bootstrap_values(const resample *s, const ranking_set *a, const ranking_set *b,
                             double *value) {
  replicates_run(s, 1, statistic, &(ranked){a, b}, 1, value);
}

static xs_status make_test_set(const int32_t *label, const uint64_t *group, int64_t n, int classes,
                               int replicates, labelled *t) {
  xs_status status = labelled_make(t, "AUC", label, group, n, classes);
  return status == XS_OK ? replicates_check(replicates) : status;
}

static void rank_test_set(const labelled *t, const float *logit, const uint32_t *unit,
                          ranking_set *s) {
  ranking_set_make(s, logit, t->label, t->classes, t->kept, t->n, unit);
}

static resample group_resample(const labelled *t, int replicates, uint64_t seed) {
  return (resample){seed, random_stream("bootstrap of groups"), t->groups, t->groups, replicates};
}

/* ---- measures -------------------------------------------------------------------------------- */

static xs_status percentile_interval(const labelled *t, const float *logit, int replicates,
                                     uint64_t seed, xs_measure *m) {
  ranking_set ranks;
  rank_test_set(t, logit, t->unit, &ranks);
  double *value = memory_new((size_t)replicates * sizeof *value);
  m->auc = ranking_set_auc(&ranks, NULL);
  resample s = group_resample(t, replicates, seed);
  bootstrap_values(&s, &ranks, NULL, value);
  ranking_set_release(&ranks);
  int defined = resample_interval(value, replicates, &m->low, &m->high);
  free(value);
  return isnan(m->auc) || defined == 0 ? labelled_one_class(t, "AUC") : XS_OK;
}

/* mean -+ 1.96 sd / sqrt(replicates): the Monte-Carlo error of the bootstrap mean. */
static void paper_interval(const labelled *t, const float *logit, uint64_t seed, xs_measure *m) {
  ranking_set ranks;
  rank_test_set(t, logit, NULL, &ranks);
  double *value = memory_new(PAPER_REPLICATES * sizeof *value);
  resample s = {seed, random_stream("bootstrap of the paper"), t->n, PAPER_SIZE, PAPER_REPLICATES};
  bootstrap_values(&s, &ranks, NULL, value);
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

xs_status xs_measure_classifier(const float *logit, const int32_t *label, const uint64_t *group,
                                int64_t n, int classes, int replicates, uint64_t seed,
                                xs_measure *out) {
  *out = (xs_measure){0};
  labelled t;
  xs_status status = make_test_set(label, group, n, classes, replicates, &t);
  if (status == XS_OK) status = labelled_check_scores(&t, "AUC", logit);
  if (status == XS_OK) status = percentile_interval(&t, logit, replicates, seed, out);
  if (status == XS_OK) {
    paper_interval(&t, logit, seed, out);
    out->accuracy = xs_accuracy(logit, label, n, classes);
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
  double *value = memory_new((size_t)replicates * sizeof *value);
  d->value = ranking_set_auc(&b, NULL) - ranking_set_auc(&a, NULL);
  resample s = group_resample(t, replicates, seed);
  bootstrap_values(&s, &a, &b, value);
  ranking_set_release(&a);
  ranking_set_release(&b);
  const int defined = xs_difference_of(value, replicates, d);
  free(value);
  return isnan(d->value) || defined == 0 ? labelled_one_class(t, "AUC") : XS_OK;
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
    resample s = group_resample(&t, replicates, seed);
    bootstrap_values(&s, &ranks, NULL, value);
    ranking_set_release(&ranks);
  }
  labelled_release(&t);
  return status;
}
