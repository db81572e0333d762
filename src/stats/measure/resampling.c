#include "resampling.h"

#include "memory.h"
#include "random.h"
#include "sort.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void resample_weights(const resample *s, int replicate, uint32_t *weight) {
  memset(weight, 0, (size_t)s->units * sizeof *weight);
  for (int64_t i = 0; i < s->draws; i++) {
    weight[random_below(s->seed, s->stream, (uint64_t)replicate, (uint64_t)i,
                        (uint64_t)s->units)]++;
  }
}

static uint64_t key_of(const uint64_t *group, const int64_t *kept, int64_t i) {
  return group ? group[kept ? kept[i] : i] : (uint64_t)i;
}

int64_t resample_groups(const uint64_t *group, const int64_t *kept, int64_t n_kept,
                        uint32_t *unit) {
  uint64_t *key = memory_new((size_t)n_kept * sizeof *key);
  for (int64_t i = 0; i < n_kept; i++) key[i] = key_of(group, kept, i);
  sort_keys(key, n_kept);
  int64_t groups = 0;
  for (int64_t i = 0; i < n_kept; i++) {
    if (i == 0 || key[i] != key[groups - 1]) key[groups++] = key[i];
  }
  for (int64_t i = 0; i < n_kept; i++) {
    uint64_t k = key_of(group, kept, i);
    const uint64_t *found = bsearch(&k, key, (size_t)groups, sizeof *key, sort_compare_keys);
    unit[i] = (uint32_t)(found - key);
  }
  free(key);
  return groups;
}

int resample_defined(double *value, int n) {
  int m = 0;
  for (int i = 0; i < n; i++) {
    if (!isnan(value[i])) value[m++] = value[i];
  }
  return m;
}

double resample_quantile(const double *sorted, int n, double p) {
  double at = p * (n - 1);
  int i = (int)at;
  double part = at - i;
  return i + 1 < n ? sorted[i] + part * (sorted[i + 1] - sorted[i]) : sorted[n - 1];
}

int resample_interval(double *value, int n, double *low, double *high) {
  int defined = resample_defined(value, n);
  if (defined == 0) return 0;
  sort_doubles(value, defined);
  *low = resample_quantile(value, defined, 0.025);
  *high = resample_quantile(value, defined, 0.975);
  return defined;
}
