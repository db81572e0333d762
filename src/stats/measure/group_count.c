#include "group_count.h"

#include "sort.h"

int64_t group_count(uint64_t *key, int64_t n) {
  int64_t groups = n > 0;
  sort_keys(key, n);
  for (int64_t i = 1; i < n; i++) groups += key[i] != key[i - 1];
  return groups;
}
