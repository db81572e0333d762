/* histogram.c: matching of histograms.  The measure of a channel is its quantile function, the
 * value at ranks (i + 1/2) / values; a pixel gets the reference's value at its own rank, and equal
 * pixels at the middle of their ranks.  The mean of several quantile functions is the standard
 * scale of Nyul, Udupa and Zhang (2000). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "match.h"
#include "memory.h"

static int compare(const void *a, const void *b) {
  float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

static float *sorted_copy(const float *x, int64_t n) {
  float *copy = memory_new((size_t)n * sizeof *copy);
  memcpy(copy, x, (size_t)n * sizeof *copy);
  qsort(copy, (size_t)n, sizeof *copy, compare);
  return copy;
}

/* The value at rank p in [0,1] of n ascending ones, linear between the middles of theirs. */
static float quantile(const float *ascending, int64_t n, double p) {
  double at = p * (double)n - 0.5;
  if (at <= 0) return ascending[0];
  if (at >= (double)(n - 1)) return ascending[n - 1];
  int64_t i = (int64_t)at;
  double share = at - (double)i;
  return (float)((1 - share) * ascending[i] + share * ascending[i + 1]);
}

/* How many of n ascending values are below v, or at most v. */
static int64_t count_below(const float *ascending, int64_t n, float v, bool or_equal) {
  int64_t low = 0, high = n;
  while (low < high) {
    int64_t middle = low + (high - low) / 2;
    bool counts = ascending[middle] < v || (or_equal && ascending[middle] <= v);
    if (counts)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static int64_t values(const xs_match_options *o, int size) {
  (void)size;
  return o->levels;
}

static bool possible(int size, int64_t n) {
  (void)size;
  return n >= 1;
}

static double most(int size) {
  (void)size;
  return 1;
}

static void measure(int size, const float *x, int64_t n, float *y) {
  float *ascending = sorted_copy(x, (int64_t)size * size);
  for (int64_t i = 0; i < n; i++) {
    y[i] = quantile(ascending, (int64_t)size * size, ((double)i + 0.5) / (double)n);
  }
  free(ascending);
}

static void give(int size, const float *y, int64_t n, float *x) {
  int64_t pixels = (int64_t)size * size;
  float *ascending = sorted_copy(x, pixels);
  for (int64_t i = 0; i < pixels; i++) {
    int64_t below = count_below(ascending, pixels, x[i], false),
            until = count_below(ascending, pixels, x[i], true);
    x[i] = quantile(y, n, (double)(below + until) / (double)(2 * pixels));
  }
  free(ascending);
}

const match_method match_histogram = {.kind = &translator_histogram,
                                      .values = values,
                                      .possible = possible,
                                      .most = most,
                                      .measure = measure,
                                      .give = give};
