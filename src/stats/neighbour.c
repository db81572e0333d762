#include "neighbour.h"

#include <math.h>
#include <stdlib.h>

#include "file.h"

void neighbour_unit(float *x, int64_t n, int width) {
  for (int64_t i = 0; i < n; i++, x += width) {
    double sum = 0;
    for (int k = 0; k < width; k++) sum += (double)x[k] * (double)x[k];
    const double scale = sum > 0 ? 1 / sqrt(sum) : 0;
    for (int k = 0; k < width; k++) x[k] = (float)((double)x[k] * scale);
  }
}

static double squared_distance(const float *a, const float *b, int width) {
  double sum = 0;
  for (int k = 0; k < width; k++) {
    double d = (double)a[k] - (double)b[k];
    sum += d * d;
  }
  return sum;
}

/* Keeps the k least values of an ascending list. */
static void insert(double *least, int k, double value) {
  if (!(value < least[k - 1])) return;
  int i = k - 1;
  for (; i > 0 && least[i - 1] > value; i--) least[i] = least[i - 1];
  least[i] = value;
}

double neighbour_distance(const float *known, int64_t n, int width, const float *x, int k,
                          int64_t leave_out) {
  double *least = memory_new((size_t)k * sizeof *least);
  for (int i = 0; i < k; i++) least[i] = INFINITY;
  for (int64_t i = 0; i < n; i++) {
    if (i != leave_out) insert(least, k, squared_distance(known + i * width, x, width));
  }
  const double distance = sqrt(least[k - 1]);
  free(least);
  return distance;
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

double neighbour_quantile(const float *known, int64_t n, int width, int k, double share) {
  double *distance = memory_new((size_t)n * sizeof *distance);
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < n; i++) {
    distance[i] = neighbour_distance(known, n, width, known + i * width, k, i);
  }
  qsort(distance, (size_t)n, sizeof *distance, ascending);
  const double value = distance[(int64_t)ceil(share * (double)n) - 1];
  free(distance);
  return value;
}
