#include "drawn_rows.h"

#include "memory.h"
#include "random.h"
#include "sort.h"

int64_t draw_rows(int64_t n, int64_t kept, uint64_t seed, const char *purpose, int64_t **rows) {
  if (kept <= 0 || kept > n) kept = n;
  *rows = memory_new((size_t)(n + 1) * sizeof **rows);
  random_permutation(seed, random_stream(purpose), 0, n, *rows);
  sort_integers(*rows, kept);
  return kept;
}
