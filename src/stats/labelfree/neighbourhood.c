/* Soft neighbourhood density (Saito et al. 2021).  An image's softmax over its similarities leaves
 * the image itself out: the published code gives it e^(-1/0.05) instead, e^-40 of the closest. */
#include "dot.h"
#include "drawn_rows.h"
#include "error.h"
#include "memory.h"
#include "probability.h"

#include <math.h>
#include <stdlib.h>

static const double temperature = 0.05;

typedef struct directions { /* rows of length 1 */
  int64_t n;
  int width;
  double *row; /* [n][width] */
} directions;

/* A row of zeros has no direction and stays: its similarity to all is 0. */
static void normalise(double *row, int width) {
  double square = 0;
  for (int k = 0; k < width; k++) square += row[k] * row[k];
  double length = sqrt(square);
  for (int k = 0; k < width && length > 0; k++) row[k] /= length;
}

static directions make_directions(const xs_outputs *x, bool by_feature, int64_t most,
                                  uint64_t seed) {
  int64_t *rows;
  directions d = {.width = by_feature ? x->width : x->classes};
  d.n = draw_rows(x->n, most, seed, "rows of a neighbourhood", &rows);
  d.row = memory_new((size_t)(d.n * d.width) * sizeof *d.row);
  for (int64_t i = 0; i < d.n; i++) {
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
  if (x->n < 2 || rows == 1)
    return fail(XS_USAGE, "target: one image has no neighbours, at least 2 are needed");
  directions d = make_directions(x, by_feature, rows, seed);
  *out = mean_entropy(&d);
  free(d.row);
  return XS_OK;
}
