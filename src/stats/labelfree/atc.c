/* Average thresholded confidence (Garg et al. 2022). */
#include "memory.h"
#include "probability.h"
#include "sort.h"

#include <math.h>
#include <stdlib.h>

typedef struct threshold { /* images above count, and this share of those at it */
  double at, share;
} threshold;

/* Both stay apart where the largest softmax output itself rounds to 1. */
static double score_of(const float *row, int classes, xs_atc_score score, double *p) {
  if (score == XS_ATC_CONFIDENCE) {
    return probability_log(row, classes, probability_top(row, classes));
  }
  probability_softmax(row, classes, p);
  return -probability_entropy(p, classes);
}

/* Scores of the images with a known label (label NULL: of all) into value [n]; returns how many,
 * and how many of them are right in *right. */
static int64_t score_all(const xs_outputs *x, const int32_t *label, xs_atc_score score,
                         double *value, int64_t *right) {
  double *p = memory_new((size_t)x->classes * sizeof *p);
  int64_t n = 0;
  *right = 0;
  for (int64_t i = 0; i < x->n; i++) {
    const float *row = x->logit + i * x->classes;
    if (label && !probability_known(label[i], x->classes)) continue;
    *right += label && probability_top(row, x->classes) == label[i];
    value[n++] = score_of(row, x->classes, score, p);
  }
  free(p);
  return n;
}

/* value [n] is sorted.  The share of the source's images that count is right / n exactly. */
static threshold fit_threshold(double *value, int64_t n, int64_t right) {
  if (right == 0) return (threshold){INFINITY, 0};
  sort_doubles(value, n);
  threshold t = {.at = value[n - right]};
  int64_t above = 0, at = 0;
  for (int64_t i = 0; i < n; i++) {
    above += value[i] > t.at;
    at += value[i] >= t.at && value[i] <= t.at;
  }
  t.share = (double)(right - above) / (double)at;
  return t;
}

static double share_above(const double *value, int64_t n, threshold t) {
  double sum = 0;
  for (int64_t i = 0; i < n; i++) sum += value[i] > t.at ? 1 : value[i] < t.at ? 0 : t.share;
  return sum / (double)n;
}

xs_status xs_atc(const xs_labelled_outputs *source, const xs_outputs *target, xs_atc_score score,
                 double *out) {
  xs_status status = probability_check_labelled("source", source);
  if (!status) status = probability_check("target", target);
  if (status) return status;
  int64_t most = source->of.n > target->n ? source->of.n : target->n, right;
  double *value = memory_new((size_t)most * sizeof *value);
  int64_t n = score_all(&source->of, source->label, score, value, &right);
  threshold t = fit_threshold(value, n, right);
  n = score_all(target, NULL, score, value, &right);
  *out = share_above(value, n, t);
  free(value);
  return XS_OK;
}
