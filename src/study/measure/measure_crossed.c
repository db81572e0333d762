/* measure_crossed.c: a site's own classifier, measured on all its images by cross-fitting. */
#include <math.h>

#include "result_parts.h"

/* Sums over folds. */
typedef struct folds {
  double auc, below, above, right; /* above, below: squared distances to the interval's ends */
  int64_t n, groups;
  json_t *each; /* AUC of each fold */
} folds;

static void add(const xs_measure *m, folds *sum) {
  sum->auc += m->auc;
  sum->below += (m->auc - m->low) * (m->auc - m->low);
  sum->above += (m->high - m->auc) * (m->high - m->auc);
  sum->right += m->accuracy * (double)m->n;
  sum->n += m->n;
  sum->groups += m->groups;
  json_array_append_new(sum->each, per_cent_json(m->auc));
}

/* Logits of different folds are not comparable, so AUCs are averaged (LeDell, Petersen and van der
 * Laan 2015), and the distances to the ends of their intervals are added up as variances are
 * (MOVER: Zou and Donner 2008). */
static json_t *mean_json(const folds *sum, int n) {
  const double auc = sum->auc / n, images = (double)sum->n;
  json_t *j = json_pack("{s:o, s:o, s:o, s:o, s:I, s:I, s:s, s:s, s:i}", "auc", per_cent_json(auc),
                        "low", per_cent_json(fmax(0, auc - sqrt(sum->below) / n)), "high",
                        per_cent_json(fmin(1, auc + sqrt(sum->above) / n)), "accuracy",
                        per_cent_json(sum->right / images), "n", (json_int_t)sum->n, "groups",
                        (json_int_t)sum->groups, "images", "all", "interval", "mover", "folds", n);
  json_object_set(j, "fold_auc", sum->each);
  return j;
}

json_t *crossed_json(const xs_measure *fold, int n) {
  folds sum = {.each = json_array()};
  for (int i = 0; i < n; i++) add(&fold[i], &sum);
  json_t *j = mean_json(&sum, n);
  json_decref(sum.each);
  return j;
}
