/* Bootstrap intervals.  Replicate r's draw i is a pure function of (seed, stream, r, i), and every
 * replicate is summed on its own, so results do not depend on the number of threads.
 * A replicate without a class leaves that class out of its mean, as xs_auc does; one in which no
 * class has both a positive and a negative is left out. */
#include "error.h"
#include "file.h"
#include "random.h"
#include "ranking.h"
#include "resampling.h"
#include "xsite.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

enum { PAPER_REPLICATES = 1000, PAPER_SIZE = 1000 };

/* ---- resamples ------------------------------------------------------------------------------- */

/* value[r]: AUC of replicate r of a, or of b minus a where b is not NULL. */
static void bootstrap_values(const resample *s, const ranking_set *a, const ranking_set *b,
                             double *value) {
#pragma omp parallel
  {
    uint32_t *weight = memory_new((size_t)s->units * sizeof *weight);
#pragma omp for schedule(static)
    for (int r = 0; r < s->replicates; r++) {
      resample_weights(s, r, weight);
      double auc = ranking_set_auc(a, weight);
      value[r] = b ? ranking_set_auc(b, weight) - auc : auc;
    }
    free(weight);
  }
}

/* ---- one classifier's test set ----------------------------------------------------------------
 */

typedef struct test_set {
  const int32_t *label;
  int classes;
  int64_t n, groups;
  int64_t *kept;  /* [n] rows with a known label */
  uint32_t *unit; /* [n] group number */
} test_set;

static xs_status check_logits(const float *logit, const test_set *t) {
  for (int64_t i = 0; i < t->n; i++) {
    for (int k = 0; k < t->classes; k++) {
      if (!isnan(ranking_score(logit + t->kept[i] * t->classes, t->classes, k))) continue;
      return fail(XS_FAILED,
                  "no AUC: the score of test image %" PRId64 " for class %d is not a number; the "
                  "classifier's training has diverged, train it again with a lower learning_rate",
                  t->kept[i], k);
    }
  }
  return XS_OK;
}

static xs_status make_test_set(const int32_t *label, const uint64_t *group, int64_t n, int classes,
                               int replicates, test_set *t) {
  *t = (test_set){.label = label, .classes = classes};
  if (classes < 2) return fail(XS_USAGE, "no AUC: %d classes, at least 2 are needed", classes);
  if (replicates < 2) {
    return fail(XS_USAGE, "no interval: %d bootstrap replicates, at least 2 are needed",
                replicates);
  }
  t->kept = ranking_kept(label, n, classes, &t->n);
  if (t->n == 0) {
    return fail(XS_FAILED, "no AUC: none of the %" PRId64 " test images has a known label", n);
  }
  if (t->n >= (int64_t)1 << 30) {
    return fail(XS_USAGE, "no AUC: %" PRId64 " test images, the most is 2^30 - 1", t->n);
  }
  t->unit = memory_new((size_t)t->n * sizeof *t->unit);
  t->groups = resample_groups(group, t->kept, t->n, t->unit);
  return XS_OK;
}

static void release_test_set(test_set *t) {
  free(t->kept);
  free(t->unit);
}

static void rank_test_set(const test_set *t, const float *logit, const uint32_t *unit,
                          ranking_set *s) {
  ranking_set_make(s, logit, t->label, t->classes, t->kept, t->n, unit);
}

static resample group_resample(const test_set *t, int replicates, uint64_t seed) {
  return (resample){seed, random_stream("bootstrap of groups"), t->groups, t->groups, replicates};
}

static xs_status one_class_only(const test_set *t) {
  return fail(XS_FAILED,
              "no AUC: the %" PRId64 " labelled test images are all of one class; add test images "
              "of another class",
              t->n);
}

/* ---- measures -------------------------------------------------------------------------------- */

static xs_status percentile_interval(const test_set *t, const float *logit, int replicates,
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
  return isnan(m->auc) || defined == 0 ? one_class_only(t) : XS_OK;
}

/* mean -+ 1.96 sd / sqrt(replicates): the Monte-Carlo error of the bootstrap mean. */
static void paper_interval(const test_set *t, const float *logit, uint64_t seed, xs_measure *m) {
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
  test_set t;
  xs_status status = make_test_set(label, group, n, classes, replicates, &t);
  if (status == XS_OK) status = check_logits(logit, &t);
  if (status == XS_OK) status = percentile_interval(&t, logit, replicates, seed, out);
  if (status == XS_OK) {
    paper_interval(&t, logit, seed, out);
    out->accuracy = xs_accuracy(logit, label, n, classes);
    out->n = t.n;
    out->groups = t.groups;
  }
  release_test_set(&t);
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

static xs_status paired_interval(const test_set *t, const float *logit_a, const float *logit_b,
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
  int defined = resample_interval(value, replicates, &d->low, &d->high);
  if (defined > 0) d->p = sign_p(value, defined);
  free(value);
  return isnan(d->value) || defined == 0 ? one_class_only(t) : XS_OK;
}

xs_status xs_measure_difference(const float *logit_a, const float *logit_b, const int32_t *label,
                                const uint64_t *group, int64_t n, int classes, int replicates,
                                uint64_t seed, xs_difference *out) {
  *out = (xs_difference){0};
  test_set t;
  xs_status status = make_test_set(label, group, n, classes, replicates, &t);
  if (status == XS_OK) status = check_logits(logit_a, &t);
  if (status == XS_OK) status = check_logits(logit_b, &t);
  if (status == XS_OK) {
    status = paired_interval(&t, logit_a, logit_b, replicates, seed, out);
  }
  release_test_set(&t);
  return status;
}
