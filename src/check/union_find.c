#include "union_find.h"

#include "memory.h"

int64_t *sets_new(int64_t n) {
  int64_t *set = memory_new(sizeof *set * (size_t)(n + 1));
  for (int64_t i = 0; i < n; i++) set[i] = i;
  return set;
}

int64_t sets_find(int64_t *set, int64_t i) {
  while (set[i] != i) i = set[i] = set[set[i]];
  return i;
}

void sets_join(int64_t *set, int64_t i, int64_t j) {
  i = sets_find(set, i);
  j = sets_find(set, j);
  if (i < j) set[j] = i;
  if (j < i) set[i] = j;
}
