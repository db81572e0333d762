#include "sort.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int compare_doubles(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static int compare_integers(const void *a, const void *b) {
  const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

int sort_compare_keys(const void *a, const void *b) {
  const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

int sort_compare_texts(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void sort(void *x, int64_t n, size_t size, int (*compare)(const void *, const void *)) {
  if (n > 0) qsort(x, (size_t)n, size, compare);
}

void sort_doubles(double *x, int64_t n) { sort(x, n, sizeof *x, compare_doubles); }

double sort_median(double *x, int64_t n) {
  sort_doubles(x, n);
  return n > 0 ? (x[(n - 1) / 2] + x[n / 2]) / 2 : NAN;
}

void sort_integers(int64_t *x, int64_t n) { sort(x, n, sizeof *x, compare_integers); }

void sort_keys(uint64_t *x, int64_t n) { sort(x, n, sizeof *x, sort_compare_keys); }

void sort_texts(const char **x, int64_t n) { sort(x, n, sizeof *x, sort_compare_texts); }
