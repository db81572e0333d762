#include "memory.h"
#include "ranking.h"
#include "xsite.h"

#include <math.h>
#include <stdlib.h>

double xs_auc_binary(const float *score, const uint8_t *positive, int64_t n) {
  ranking_item *item = memory_new((size_t)n * sizeof *item);
  bool ordered = true;
  for (int64_t i = 0; i < n; i++) {
    item[i] = (ranking_item){(double)score[i], (uint32_t)i, positive[i] != 0};
    ordered = ordered && !isnan(score[i]);
  }
  double auc = NAN;
  if (ordered) {
    ranking r;
    ranking_make(&r, item, n);
    auc = ranking_auc(&r, NULL);
    ranking_release(&r);
  }
  free(item);
  return auc;
}

static int compare_descending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x < y) - (x > y);
}

/* Logit `at` of those sorted descending, less the log sum exp of the others.  The largest of these
 * is taken out first, so that adding a constant to all changes no bit where it is exact, and they
 * are summed in order, so that images whose logits are permuted stay tied. */
static double log_odds(const double *sorted, int classes, int at) {
  const double most = sorted[at == 0];
  double sum = 0;
  if (isinf(most)) return sorted[at] - most;
  for (int j = 0; j < classes; j++) sum += j == at ? 0 : exp(sorted[j] - most);
  return sorted[at] - most - log(sum);
}

void xs_log_odds(const float *row, int classes, double *odds) {
  double *sorted = memory_new((size_t)classes * sizeof *sorted);
  bool known = true;
  for (int k = 0; k < classes; k++) {
    sorted[k] = (double)row[k];
    known = known && !isnan(row[k]);
  }
  if (known) qsort(sorted, (size_t)classes, sizeof *sorted, compare_descending);
  for (int k = 0; k < classes; k++) {
    int at = 0;
    while (known && sorted[at] > (double)row[k]) at++;
    odds[k] = known ? log_odds(sorted, classes, at) : NAN;
  }
  free(sorted);
}

static bool rows_ordered(const float *logit, const int64_t *kept, int64_t n_kept, int classes) {
  double *odds = memory_new((size_t)classes * sizeof *odds);
  bool ordered = true;
  for (int64_t i = 0; i < n_kept && ordered; i++) {
    xs_log_odds(logit + kept[i] * classes, classes, odds);
    for (int k = 0; k < classes; k++) ordered = ordered && !isnan(odds[k]);
  }
  free(odds);
  return ordered;
}

double xs_auc(const float *logit, const int32_t *label, int64_t n, int classes) {
  int64_t n_kept;
  int64_t *kept = ranking_kept(label, n, classes, &n_kept);
  double auc = NAN;
  if (rows_ordered(logit, kept, n_kept, classes)) {
    ranking_set set;
    ranking_set_make(&set, logit, label, classes, kept, n_kept, NULL);
    auc = ranking_set_auc(&set, NULL);
    ranking_set_release(&set);
  }
  free(kept);
  return auc;
}

/* The label's logit is the largest, the first of equals: false where any logit is not a number. */
static bool label_wins(const float *row, int32_t label, int classes) {
  for (int k = 0; k < classes; k++) {
    if (k < label && !(row[label] > row[k])) return false;
    if (k >= label && !(row[label] >= row[k])) return false;
  }
  return true;
}

double xs_accuracy(const float *logit, const int32_t *label, int64_t n, int classes) {
  int64_t right = 0, known = 0;
  for (int64_t i = 0; i < n; i++) {
    if (label[i] < 0 || label[i] >= classes) continue;
    known++;
    right += label_wins(logit + i * classes, label[i], classes);
  }
  return known ? (double)right / (double)known : NAN;
}
