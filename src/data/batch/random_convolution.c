#include "random_convolution.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "random.h"

enum { SIDE, MIXED, KEPT, NORMALS = 8, EDGE = CONVOLUTION_MOST / 2 };

random_convolution random_convolution_draw(int channels, uint64_t seed, uint64_t stream,
                                           uint64_t step) {
  const float u[] = {[SIDE] = random_uniform(seed, stream, step, SIDE),
                     [MIXED] = random_uniform(seed, stream, step, MIXED),
                     [KEPT] = random_uniform(seed, stream, step, KEPT)};
  random_convolution r = {.channels = channels, .side = 1 + 2 * (int)(4 * u[SIDE])};
  const int taps = r.side * r.side, most = CONVOLUTION_MOST * CONVOLUTION_MOST;
  const double deviation = 1 / sqrt(channels * taps);
  if (u[MIXED] < 0.5f) r.kept = u[KEPT];
  double normal[4] = {0};
  for (int i = 0; i < channels * channels * most; i++) {
    if (i % 4 == 0) random_normals(seed, stream, step, NORMALS + (uint64_t)i / 4, normal);
    const int to = i / most / channels, from = i / most % channels, tap = i % most;
    if (tap < taps) r.weight[to][from][tap] = (float)(deviation * normal[i % 4]);
  }
  return r;
}

/* One image's planes with a border of zeros as wide as half the largest kernel, and a row. */
typedef struct planes {
  int size, wide;
  float *padded; /* [channels][wide][wide] */
  float *made;   /* [channels][size][size] */
} planes;

static float *padded_row(const planes *p, int channel, int row) {
  return p->padded + (channel * p->wide + row + EDGE) * p->wide + EDGE;
}

static float *made_row(const planes *p, int channel, int row) {
  return p->made + (channel * p->size + row) * p->size;
}

/* u = 2 v - 1 of intensity v = deviation x + mean. */
static void take_apart(const planes *p, const xs_normalisation *norm, int channels,
                       const float *x) {
  for (int k = 0; k < channels; k++) {
    const float slope = (float)(2 * norm->deviation[k]), shift = (float)(2 * norm->mean[k] - 1);
    for (int i = 0; i < p->size; i++) {
      float *row = padded_row(p, k, i);
      for (int j = 0; j < p->size; j++)
        row[j] = slope * x[(i * p->size + j) * channels + k] + shift;
    }
  }
}

static void put_together(const planes *p, const xs_normalisation *norm, int channels, float *x) {
  for (int k = 0; k < channels; k++) {
    const float slope = (float)(2 * norm->deviation[k]), shift = (float)(2 * norm->mean[k] - 1);
    for (int i = 0; i < p->size; i++) {
      const float *row = made_row(p, k, i);
      for (int j = 0; j < p->size; j++) {
        x[(i * p->size + j) * channels + k] = (fminf(fmaxf(row[j], -2), 2) - shift) / slope;
      }
    }
  }
}

static void add_scaled(float *restrict to, const float *restrict from, float weight, int n) {
  for (int j = 0; j < n; j++) to[j] += weight * from[j];
}

static void convolve_row(const random_convolution *r, const planes *p, int to, int row) {
  const int edge = r->side / 2;
  float *made = made_row(p, to, row);
  memset(made, 0, (size_t)p->size * sizeof *made);
  add_scaled(made, padded_row(p, to, row), r->kept, p->size);
  for (int from = 0; from < r->channels; from++) {
    for (int t = 0; t < r->side * r->side; t++) {
      const float *read = padded_row(p, from, row + t / r->side - edge) + t % r->side - edge;
      add_scaled(made, read, (1 - r->kept) * r->weight[to][from][t], p->size);
    }
  }
}

void random_convolution_apply(const random_convolution *r, const xs_normalisation *norm, int size,
                              int64_t n, float *x) {
  planes p = {.size = size, .wide = size + 2 * EDGE};
  const size_t values = (size_t)size * (size_t)size * (size_t)r->channels;
  p.padded = memory_new((size_t)p.wide * (size_t)p.wide * (size_t)r->channels * sizeof *p.padded);
  p.made = memory_new(values * sizeof *p.made);
  for (int64_t i = 0; i < n; i++, x += values) {
    take_apart(&p, norm, r->channels, x);
    for (int to = 0; to < r->channels; to++) {
      for (int row = 0; row < size; row++) convolve_row(r, &p, to, row);
    }
    put_together(&p, norm, r->channels, x);
  }
  free(p.padded);
  free(p.made);
}
