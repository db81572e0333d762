#include "clustered_share.h"

#include <math.h>
#include <stdlib.h>

#include "memory.h"
#include "resampling.h"

share share_of(const uint8_t *hit, const uint64_t *group, int64_t n) {
  share s = {NAN, NAN, n, 0};
  if (n == 0) return s;
  uint32_t *unit = memory_new(sizeof *unit * (size_t)n);
  s.groups = resample_groups(group, NULL, n, unit);
  int64_t hits = 0;
  for (int64_t i = 0; i < n; i++) hits += hit[i];
  s.value = (double)hits / (double)n;
  double *sum = memory_new(sizeof *sum * (size_t)s.groups), square = 0;
  for (int64_t i = 0; i < n; i++) sum[unit[i]] += hit[i] - s.value;
  for (int64_t g = 0; g < s.groups; g++) square += sum[g] * sum[g];
  const double groups = (double)s.groups;
  if (s.groups > 1) s.error = sqrt(square * groups / (groups - 1)) / (double)n;
  free(sum);
  free(unit);
  return s;
}
