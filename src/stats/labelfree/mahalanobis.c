#include "mahalanobis.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "dot.h"
#include "memory.h"
#include "sort.h"

/* With Z the standardised vectors and r the ridge, (Z'Z/n + r)^-1 = (1 - Z' (ZZ' + n r)^-1 Z) / r:
 * a matrix of n x n is factored, not one of width x width. */
struct mahalanobis {
  int64_t n;
  int width;
  double *mean, *scale; /* [width] */
  double *z;            /* [n][width] */
  double *factor;       /* [n][n] lower triangle, Cholesky's of ZZ' + n r */
};

/* A value that never varies is not divided by 0: it counts as varying by a hundredth of what the
 * others do. */
static bool standardise(mahalanobis *m, const float *known) {
  double usual = 0;
  for (int k = 0; k < m->width; k++) {
    double sum = 0, square = 0;
    for (int64_t i = 0; i < m->n; i++) sum += (double)known[i * m->width + k];
    m->mean[k] = sum / (double)m->n;
    for (int64_t i = 0; i < m->n; i++) {
      const double d = (double)known[i * m->width + k] - m->mean[k];
      square += d * d;
    }
    m->scale[k] = sqrt(square / (double)m->n);
    usual += m->scale[k] / m->width;
  }
  for (int k = 0; k < m->width; k++) m->scale[k] = 1 / fmax(m->scale[k], usual / 100);
  return usual > 0 && isfinite(usual);
}

static void scale_vector(const mahalanobis *m, const float *x, double *z) {
  for (int k = 0; k < m->width; k++) z[k] = ((double)x[k] - m->mean[k]) * m->scale[k];
}

static void factorise(mahalanobis *m) {
  for (int64_t i = 0; i < m->n; i++) {
    double *row = m->factor + i * m->n;
    for (int64_t j = 0; j <= i; j++) {
      const double *other = m->factor + j * m->n;
      double a = dot(m->z + i * m->width, m->z + j * m->width, m->width);
      if (i == j) a += (double)m->n * MAHALANOBIS_RIDGE;
      a -= dot(row, other, j);
      row[j] = i == j ? sqrt(a) : a / other[j];
    }
  }
}

mahalanobis *mahalanobis_new(const float *known, int64_t n, int width) {
  const size_t rows = (size_t)n, values = (size_t)width;
  mahalanobis *m = memory_new(sizeof *m);
  *m = (mahalanobis){.n = n,
                     .width = width,
                     .mean = memory_new(values * sizeof *m->mean),
                     .scale = memory_new(values * sizeof *m->scale),
                     .z = memory_new(rows * values * sizeof *m->z),
                     .factor = memory_new(rows * rows * sizeof *m->factor)};
  if (!standardise(m, known)) {
    mahalanobis_free(m);
    return NULL;
  }
  for (int64_t i = 0; i < n; i++) scale_vector(m, known + i * width, m->z + i * width);
  factorise(m);
  return m;
}

void mahalanobis_free(mahalanobis *m) {
  if (!m) return;
  free(m->mean);
  free(m->scale);
  free(m->z);
  free(m->factor);
  free(m);
}

double mahalanobis_distance(const mahalanobis *m, const float *x) {
  double *z = memory_new((size_t)m->width * sizeof *z);
  double *solved = memory_new((size_t)m->n * sizeof *solved);
  scale_vector(m, x, z);
  for (int64_t i = 0; i < m->n; i++) {
    const double *row = m->factor + i * m->n;
    solved[i] = (dot(m->z + i * m->width, z, m->width) - dot(row, solved, i)) / row[i];
  }
  const double square = (dot(z, z, m->width) - dot(solved, solved, m->n)) / MAHALANOBIS_RIDGE;
  free(solved);
  free(z);
  return sqrt(fmax(0, square) / m->width);
}

/* Distances of one part's rows from the others'; false where these are all equal. */
static bool measure_part(const float *known, int64_t n, int width, int part, double *distance) {
  float *others = memory_new((size_t)(n * width + 1) * sizeof *others);
  int64_t count = 0;
  for (int64_t i = 0; i < n; i++) {
    if (i % MAHALANOBIS_PARTS == part) continue;
    for (int k = 0; k < width; k++) others[count * width + k] = known[i * width + k];
    count++;
  }
  mahalanobis *m = count < 2 ? NULL : mahalanobis_new(others, count, width);
  for (int64_t i = part; i < n && m; i += MAHALANOBIS_PARTS) {
    distance[i] = mahalanobis_distance(m, known + i * width);
  }
  const bool measured = m != NULL;
  mahalanobis_free(m);
  free(others);
  return measured;
}

double mahalanobis_quantile(const float *known, int64_t n, int width, double share) {
  double *distance = memory_new((size_t)n * sizeof *distance), found = NAN;
  bool measured = n > 0;
  for (int part = 0; part < MAHALANOBIS_PARTS && measured; part++) {
    measured = measure_part(known, n, width, part, distance);
  }
  if (measured) {
    sort_doubles(distance, n);
    found = distance[(int64_t)ceil(share * (double)n) - 1];
  }
  free(distance);
  return found;
}
