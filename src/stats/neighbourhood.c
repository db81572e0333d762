/* Soft neighbourhood density (Saito et al. 2021).  An image's softmax over its similarities leaves
 * the image itself out: the published code gives it e^(-1/0.05) instead, e^-40 of the closest. */
#include "dot.h"
#include "error.h"
#include "file.h"
#include "probability.h"
#include "random.h"

#include <math.h>
#include <stdlib.h>

static const double temperature = 0.05;

typedef struct directions { /* rows of length 1 */
  int64_t n;
  int width;
  double *row; /* [n][width] */
} directions;

static int compare_rows(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

/* The first `kept` of a permutation, ascending. */
static int64_t *draw_rows(int64_t n, int64_t kept, uint64_t seed) {
  int64_t *rows = memory_new((size_t)n * sizeof *rows);
  random_permutation(seed, random_stream("rows of a neighbourhood"), 0, n, rows);
  qsort(rows, (size_t)kept, sizeof *rows, compare_rows);
  return rows;
}

/* A row of zeros has no direction and stays: its similarity to all is 0. */
static void normalise(double *row, int width) {
  double square = 0;
  for (int k = 0; k < width; k++) square += row[k] * row[k];
  double length = sqrt(square);
  for (int k = 0; k < width && length > 0; k++) row[k] /= length;
}

static directions make_directions(const xs_outputs *x, bool by_feature, int64_t n, uint64_t seed) {
  directions d = {.n = n, .width = by_feature ? x->width : x->classes};
  d.row = memory_new((size_t)(n * d.width) * sizeof *d.row);
  int64_t *rows = draw_rows(x->n, n, seed);
  for (int64_t i = 0; i < n; i++) {
    double *row = d.row + i * d.width;
    if (!by_feature) probability_softmax(x->logit + rows[i] * x->classes, x->classes, row);
    for (int k = 0; by_feature && k < d.width; k++) row[k] = x->feature[rows[i] * d.width + k];
    normalise(row, d.width);
  }
  free(rows);
  return d;
}

/* Entropy of softmax(z), z = similarity / temperature: log sum e^z - mean of z under it.  z is at
 * most 1 / temperature, which is taken out of the exponent. */
static double row_entropy(const directions *d, int64_t i) {
  double sum = 0, weighted = 0;
  for (int64_t j = 0; j < d->n; j++) {
    if (j == i) continue;
    double z = (dot(d->row + i * d->width, d->row + j * d->width, d->width) - 1) / temperature;
    double e = exp(z);
    sum += e;
    weighted += e * z;
  }
  return log(sum) - weighted / sum;
}

static double mean_entropy(const directions *d) {
  double *entropy = memory_new((size_t)d->n * sizeof *entropy), sum = 0;
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < d->n; i++) entropy[i] = row_entropy(d, i);
  for (int64_t i = 0; i < d->n; i++) sum += entropy[i];
  free(entropy);
  return sum / (double)d->n;
}

xs_status xs_neighbourhood_density(const xs_outputs *x, bool by_feature, int64_t rows,
                                   uint64_t seed, double *out) {
  xs_status status =
      by_feature ? probability_check_features("target", x) : probability_check("target", x);
  if (status) return status;
  int64_t n = rows > 0 && rows < x->n ? rows : x->n;
  if (n < 2) return fail(XS_USAGE, "target: one image has no neighbours, at least 2 are needed");
  directions d = make_directions(x, by_feature, n, seed);
  *out = mean_entropy(&d);
  free(d.row);
  return XS_OK;
}
