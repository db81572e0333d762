#include "target_encoding.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "random.h"
#include "sort.h"
#include "text.h"

/* ---- numbers --------------------------------------------------------------------------------- */

/* Ends of the levels, ascending: a value belongs to the first end that is not below it. */
static int32_t choose_ends(const double *sorted, int64_t known, double *end) {
  int32_t distinct = known > 0;
  for (int64_t i = 1; i < known; i++) distinct += sorted[i] > sorted[i - 1];
  int32_t n = 0;
  if (distinct <= LEVELS_BINS) {
    for (int64_t i = 0; i < known; i++) {
      if (!i || sorted[i] > sorted[i - 1]) end[n++] = sorted[i];
    }
    return n;
  }
  for (int k = 1; k <= LEVELS_BINS; k++) {
    const double v = sorted[known * k / LEVELS_BINS - 1];
    if (!n || v > end[n - 1]) end[n++] = v;
  }
  return n;
}

static int32_t level_of(double v, const double *end, int32_t n) {
  int32_t k = 0;
  while (k < n - 1 && end[k] < v) k++;
  return k;
}

static char *name_range(const double *sorted, int64_t known, const double *end, int32_t k) {
  double low = end[k];
  for (int64_t i = 0; i < known; i++) {
    if (k && sorted[i] <= end[k - 1]) continue;
    low = sorted[i];
    break;
  }
  return low < end[k] ? text_format("%.4g to %.4g", low, end[k]) : text_format("%.4g", low);
}

target_encoding target_encoding_of_numbers(const double *value, int64_t n) {
  target_encoding x = {.n = n, .level = memory_new(sizeof *x.level * (size_t)(n + 1))};
  double *sorted = memory_new(sizeof *sorted * (size_t)(n + 1)), end[LEVELS_BINS];
  int64_t known = 0;
  for (int64_t i = 0; i < n; i++) {
    if (!isnan(value[i])) sorted[known++] = value[i];
  }
  sort_doubles(sorted, known);
  const int32_t ends = choose_ends(sorted, known, end);
  for (int64_t i = 0; i < n; i++) {
    x.level[i] = isnan(value[i]) ? ends : level_of(value[i], end, ends);
  }
  x.count = ends + (known < n);
  x.name = memory_new(sizeof *x.name * (size_t)(x.count + 1));
  for (int32_t k = 0; k < ends; k++) x.name[k] = name_range(sorted, known, end, k);
  if (known < n) x.name[ends] = text_copy("not known");
  free(sorted);
  return x;
}

/* ---- texts ----------------------------------------------------------------------------------- */

target_encoding target_encoding_of_texts(const char *const *text, int64_t n) {
  target_encoding x = {.n = n, .level = memory_new(sizeof *x.level * (size_t)(n + 1))};
  const char **sorted = memory_new(sizeof *sorted * (size_t)(n + 1));
  int64_t known = 0, distinct = 0;
  for (int64_t i = 0; i < n; i++) {
    if (text[i]) sorted[known++] = text[i];
  }
  sort_texts(sorted, known);
  for (int64_t i = 0; i < known; i++) {
    if (!i || strcmp(sorted[i], sorted[distinct - 1]) != 0) sorted[distinct++] = sorted[i];
  }
  for (int64_t i = 0; i < n; i++) {
    const char **at =
        text[i] ? bsearch(&text[i], sorted, (size_t)distinct, sizeof *sorted, sort_compare_texts)
                : NULL;
    x.level[i] = at ? (int32_t)(at - sorted) : (int32_t)distinct;
  }
  x.count = (int32_t)distinct + (known < n);
  x.name = memory_new(sizeof *x.name * (size_t)(x.count + 1));
  for (int64_t k = 0; k < distinct; k++) x.name[k] = text_copy(sorted[k]);
  if (known < n) x.name[distinct] = text_copy("not known");
  free(sorted);
  return x;
}

void target_encoding_release(target_encoding *x) {
  for (int32_t k = 0; k < x->count; k++) free(x->name[k]);
  free(x->name);
  free(x->level);
}

/* ---- labels ---------------------------------------------------------------------------------- */

typedef struct counts { /* of images; the fold LEVELS_FOLDS is all of them */
  int classes;
  int64_t *of_level; /* [folds + 1][levels][classes] */
  int64_t *of_fold;  /* [folds + 1][classes] */
} counts;

static void count_image(counts *t, int32_t count, int fold, int32_t level, int32_t label) {
  t->of_level[((int64_t)fold * count + level) * t->classes + label]++;
  t->of_fold[fold * t->classes + label]++;
}

static void encode_image(const counts *t, int32_t count, int fold, int32_t level, float *logit) {
  const double shrinkage = 10;
  const int64_t *all = t->of_level + ((int64_t)LEVELS_FOLDS * count + level) * t->classes;
  const int64_t *own = t->of_level + ((int64_t)fold * count + level) * t->classes;
  int64_t n = 0, at_level = 0;
  for (int k = 0; k < t->classes; k++) {
    n += t->of_fold[LEVELS_FOLDS * t->classes + k] - t->of_fold[fold * t->classes + k];
    at_level += all[k] - own[k];
  }
  for (int k = 0; k < t->classes; k++) {
    const int64_t others =
        t->of_fold[LEVELS_FOLDS * t->classes + k] - t->of_fold[fold * t->classes + k];
    const double share = ((double)others + 0.5) / ((double)n + 0.5 * t->classes);
    const double here =
        ((double)(all[k] - own[k]) + shrinkage * share) / ((double)at_level + shrinkage);
    logit[k] = (float)log(here / share);
  }
}

void target_encoding_apply(const target_encoding *x, const int32_t *label, const uint64_t *group,
                           int classes, uint64_t seed, float *logit) {
  const size_t folds = LEVELS_FOLDS + 1, width = (size_t)classes;
  counts t = {classes, memory_new(sizeof(int64_t) * folds * (size_t)x->count * width),
              memory_new(sizeof(int64_t) * folds * width)};
  int *fold = memory_new(sizeof *fold * (size_t)(x->n + 1));
  for (int64_t i = 0; i < x->n; i++) {
    fold[i] = (int)random_below(seed, random_stream("check folds"), 0, group[i], LEVELS_FOLDS);
    count_image(&t, x->count, fold[i], x->level[i], label[i]);
    count_image(&t, x->count, LEVELS_FOLDS, x->level[i], label[i]);
  }
  for (int64_t i = 0; i < x->n; i++) {
    encode_image(&t, x->count, fold[i], x->level[i], logit + i * classes);
  }
  free(fold);
  free(t.of_level);
  free(t.of_fold);
}
