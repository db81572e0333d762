#include "ranking.h"

#include "memory.h"
#include "xsite.h"

#include <math.h>
#include <stdlib.h>

static int compare_items(const void *a, const void *b) {
  double x = ((const ranking_item *)a)->score, y = ((const ranking_item *)b)->score;
  return (x > y) - (x < y);
}

void ranking_make(ranking *r, ranking_item *item, int64_t n) {
  r->n = n;
  r->entry = memory_new((size_t)n * sizeof *r->entry);
  if (n > 0) qsort(item, (size_t)n, sizeof *item, compare_items);
  for (int64_t i = 0; i < n; i++) {
    bool last = i == n - 1 || item[i].score < item[i + 1].score;
    r->entry[i] = item[i].unit << 2 | (uint32_t)item[i].positive << 1 | (uint32_t)last;
  }
}

void ranking_release(ranking *r) {
  free(r->entry);
  *r = (ranking){0};
}

/* Mann-Whitney U, doubled to stay an integer: a positive beats every negative below it (2 each) and
 * half of those tied with it (1 each). */
double ranking_auc(const ranking *r, const uint32_t *weight) {
  uint64_t u = 0, below = 0, negative = 0, positive = 0, all_positive = 0;
  for (int64_t i = 0; i < r->n; i++) {
    uint32_t e = r->entry[i];
    uint64_t w = weight ? weight[e >> 2] : 1, is_positive = e >> 1 & 1;
    positive += w * is_positive;
    negative += w * (1 - is_positive);
    if (e & 1) {
      u += positive * (2 * below + negative);
      below += negative;
      all_positive += positive;
      positive = negative = 0;
    }
  }
  if (below == 0 || all_positive == 0) return NAN;
  return (double)u / 2 / ((double)below * (double)all_positive);
}

/* The images' log odds, one class after the other: item [k][n_kept] of ranking k. */
static void score_images(ranking_item *item, const float *logit, const int32_t *label, int classes,
                         const int64_t *kept, int64_t n_kept, const uint32_t *unit) {
  const int first = classes == 2; /* of two classes the second alone is ranked */
  double *odds = memory_new((size_t)classes * sizeof *odds);
  for (int64_t i = 0; i < n_kept; i++) {
    xs_log_odds(logit + kept[i] * classes, classes, odds);
    for (int k = first; k < classes; k++) {
      item[(k - first) * n_kept + i] =
          (ranking_item){odds[k], unit ? unit[i] : (uint32_t)i, label[kept[i]] == k};
    }
  }
  free(odds);
}

void ranking_set_make(ranking_set *s, const float *logit, const int32_t *label, int classes,
                      const int64_t *kept, int64_t n_kept, const uint32_t *unit) {
  s->n = classes == 2 ? 1 : classes;
  s->item = memory_new((size_t)s->n * sizeof *s->item);
  ranking_item *item = memory_new((size_t)s->n * (size_t)n_kept * sizeof *item);
  score_images(item, logit, label, classes, kept, n_kept, unit);
  for (int k = 0; k < s->n; k++) ranking_make(&s->item[k], item + k * n_kept, n_kept);
  free(item);
}

void ranking_set_release(ranking_set *s) {
  for (int k = 0; k < s->n; k++) ranking_release(&s->item[k]);
  free(s->item);
  *s = (ranking_set){0};
}

double ranking_set_auc(const ranking_set *s, const uint32_t *weight) {
  double sum = 0;
  int present = 0;
  for (int k = 0; k < s->n; k++) {
    double auc = ranking_auc(&s->item[k], weight);
    if (isnan(auc)) continue;
    sum += auc;
    present++;
  }
  return present ? sum / present : NAN;
}

int64_t *ranking_kept(const int32_t *label, int64_t n, int classes, int64_t *n_kept) {
  int64_t *kept = memory_new((size_t)n * sizeof *kept);
  *n_kept = 0;
  for (int64_t i = 0; i < n; i++) {
    if (label[i] >= 0 && label[i] < classes) kept[(*n_kept)++] = i;
  }
  return kept;
}
