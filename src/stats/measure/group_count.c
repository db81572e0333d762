#include "group_count.h"

#include <stdlib.h>

static int by_key(const void *a, const void *b) {
  const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

int64_t group_count(uint64_t *key, int64_t n) {
  int64_t groups = n > 0;
  qsort(key, (size_t)n, sizeof *key, by_key);
  for (int64_t i = 1; i < n; i++) groups += key[i] != key[i - 1];
  return groups;
}
