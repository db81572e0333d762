/* How many images a frozen classifier still labels as before they were translated. */
#include "error.h"
#include "memory.h"
#include "probability.h"
#include "resampling.h"

#include <math.h>
#include <stdlib.h>

typedef struct trials { /* images and whether their label is kept */
  int64_t n, kept;
  int64_t *row; /* [n] */
  double *hit;  /* [n] 1 kept, 0 lost */
} trials;

/* Design effect (Kish 1965) of groups on the share: its variance between groups over that of as
 * many independent images; at least 1. */
static double design_effect(const trials *t, const uint32_t *unit, int64_t groups) {
  double share = (double)t->kept / (double)t->n, n = (double)t->n, g = (double)groups, sum = 0;
  double *excess = memory_new((size_t)groups * sizeof *excess);
  for (int64_t i = 0; i < t->n; i++) excess[unit[i]] += t->hit[i] - share;
  for (int64_t u = 0; u < groups; u++) sum += excess[u] * excess[u];
  free(excess);
  double clustered = sum / (n * n) * g / (g - 1), independent = share * (1 - share) / (n - 1);
  return fmax(1, clustered / independent);
}

static double effective_number(const trials *t, const uint64_t *group) {
  uint32_t *unit = memory_new((size_t)t->n * sizeof *unit);
  int64_t groups = resample_groups(group, t->row, t->n, unit);
  double effective = (double)groups;
  if (groups > 1 && t->kept > 0 && t->kept < t->n) {
    effective = (double)t->n / design_effect(t, unit, groups);
  }
  free(unit);
  return effective;
}

/* Of the images of one class, or of all where class is -1. */
static xs_interval share_kept(const xs_labelled_outputs *x, int class, trials *t) {
  int classes = x->of.classes;
  t->n = t->kept = 0;
  for (int64_t i = 0; i < x->of.n; i++) {
    bool wanted = class < 0 ? probability_known(x->label[i], classes) : x->label[i] == class;
    if (!wanted) continue;
    bool kept = probability_top(x->of.logit + i * classes, classes) == x->label[i];
    t->row[t->n] = i;
    t->hit[t->n++] = kept;
    t->kept += kept;
  }
  if (t->n == 0) return (xs_interval){NAN, NAN, NAN};
  return xs_wilson((double)t->kept / (double)t->n, effective_number(t, x->of.group));
}

xs_status xs_label_keeping(const xs_labelled_outputs *translated, xs_interval *overall,
                           xs_interval *per_class) {
  xs_status status = probability_check_labelled("translated", translated);
  if (status) return status;
  size_t n = (size_t)translated->of.n;
  trials t = {.row = memory_new(n * sizeof *t.row), .hit = memory_new(n * sizeof *t.hit)};
  *overall = share_kept(translated, -1, &t);
  for (int k = 0; k < translated->of.classes; k++) per_class[k] = share_kept(translated, k, &t);
  free(t.row);
  free(t.hit);
  return XS_OK;
}

typedef struct loss_of {
  double loss;
  int64_t index;
} loss_of;

static int compare_losses(const void *a, const void *b) {
  const loss_of *x = a, *y = b;
  if (x->loss > y->loss || x->loss < y->loss) return x->loss > y->loss ? -1 : 1;
  return (x->index > y->index) - (x->index < y->index);
}

xs_status xs_worst_images(const xs_labelled_outputs *translated, int64_t k, int64_t *index,
                          double *loss, int64_t *found) {
  const xs_outputs *x = &translated->of;
  xs_status status = probability_check_labelled("translated", translated);
  if (status) return status;
  loss_of *all = memory_new((size_t)x->n * sizeof *all);
  int64_t n = 0;
  for (int64_t i = 0; i < x->n; i++) {
    int32_t label = translated->label[i];
    if (!probability_known(label, x->classes)) continue;
    all[n++] = (loss_of){-probability_log(x->logit + i * x->classes, x->classes, label), i};
  }
  qsort(all, (size_t)n, sizeof *all, compare_losses);
  *found = k < n ? k : n;
  for (int64_t i = 0; i < *found; i++) {
    index[i] = all[i].index;
    if (loss) loss[i] = all[i].loss;
  }
  free(all);
  return XS_OK;
}
