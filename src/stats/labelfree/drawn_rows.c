#include "drawn_rows.h"

#include <stdlib.h>

#include "memory.h"
#include "random.h"

static int compare_rows(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

int64_t draw_rows(int64_t n, int64_t kept, uint64_t seed, const char *purpose, int64_t **rows) {
  if (kept <= 0 || kept > n) kept = n;
  *rows = memory_new((size_t)(n + 1) * sizeof **rows);
  random_permutation(seed, random_stream(purpose), 0, n, *rows);
  qsort(*rows, (size_t)kept, sizeof **rows, compare_rows);
  return kept;
}
