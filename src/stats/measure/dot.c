#include "dot.h"

#include "clones.h"

enum { LANES = 8 };

static double total(const double *sum) {
  return ((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7]));
}

CLONES double dot(const double *a, const double *b, int64_t n) {
  double sum[LANES] = {0};
  const int64_t whole = n - n % LANES;
  for (int64_t i = 0; i < whole; i += LANES) {
    for (int k = 0; k < LANES; k++) sum[k] += a[i + k] * b[i + k];
  }
  for (int64_t i = whole; i < n; i++) sum[i - whole] += a[i] * b[i];
  return total(sum);
}

CLONES double dot_float(const double *a, const float *b, int64_t n) {
  double sum[LANES] = {0};
  const int64_t whole = n - n % LANES;
  for (int64_t i = 0; i < whole; i += LANES) {
    for (int k = 0; k < LANES; k++) sum[k] += a[i + k] * (double)b[i + k];
  }
  for (int64_t i = whole; i < n; i++) sum[i - whole] += a[i] * (double)b[i];
  return total(sum);
}
