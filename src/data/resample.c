#include "resample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"

static void set_nearest(taps *t, int n) {
  for (int i = 0; i < t->out; i++) {
    t->first[i] = (int)((int64_t)i * n / t->out);
    t->count[i] = 1;
    t->weight[i] = 1;
  }
}

/* Pillow, Resample.c, precompute_coeffs() with the triangle filter. */
static void set_triangle(taps *t, int n, double scale, double radius) {
  for (int i = 0; i < t->out; i++) {
    double center = (i + 0.5) * scale, sum = 0;
    int first = (int)fmax(center - radius + 0.5, 0);
    int end = (int)fmin(center + radius + 0.5, n);
    float *weight = t->weight + (size_t)i * (size_t)t->width;
    t->first[i] = first;
    t->count[i] = end - first;
    for (int k = first; k < end; k++) sum += fmax(0, 1 - fabs((k + 0.5 - center) / radius));
    for (int k = first; k < end; k++) {
      weight[k - first] = (float)(fmax(0, 1 - fabs((k + 0.5 - center) / radius)) / sum);
    }
  }
}

void taps_init(taps *t, int n, int out, xs_resize how) {
  double scale = (double)n / out, radius = fmax(scale, 1);
  bool nearest = how == XS_NEAREST || n == out;
  t->out = out;
  t->width = nearest ? 1 : 2 * (int)ceil(radius) + 1;
  t->first = memory_new(sizeof *t->first * (size_t)out);
  t->count = memory_new(sizeof *t->count * (size_t)out);
  t->weight = memory_new(sizeof *t->weight * (size_t)out * (size_t)t->width);
  if (nearest) {
    set_nearest(t, n);
  } else {
    set_triangle(t, n, scale, radius);
  }
}

void taps_release(taps *t) {
  free(t->first);
  free(t->count);
  free(t->weight);
}

/* One row [width][channels] of stored values to [out][channels]. */
static void resample_row(const picture *p, const void *x, const taps *t, float *y) {
  const uint8_t *x8 = x;
  const uint16_t *x16 = x;
  int c = p->channels;
  for (int i = 0; i < t->out; i++) {
    const float *weight = t->weight + (size_t)i * (size_t)t->width;
    for (int k = 0; k < c; k++) {
      float sum = 0;
      int at = t->first[i] * c + k;
      for (int j = 0; j < t->count[i]; j++, at += c) {
        sum += weight[j] * (float)(p->bytes == 1 ? x8[at] : x16[at]);
      }
      y[i * c + k] = sum;
    }
  }
}

void resample(const picture *p, const taps *rows, const taps *columns, float *work, float *y) {
  size_t line = (size_t)columns->out * (size_t)p->channels;
  for (int i = 0; i < p->height; i++) {
    size_t at = (size_t)i * (size_t)p->stride * (size_t)(p->channels * p->bytes);
    resample_row(p, (const char *)p->pixels + at, columns, work + (size_t)i * line);
  }
  memset(y, 0, sizeof *y * line * (size_t)rows->out);
  for (int i = 0; i < rows->out; i++) {
    float *out = y + (size_t)i * line;
    for (int j = 0; j < rows->count[i]; j++) {
      float weight = rows->weight[(size_t)i * (size_t)rows->width + (size_t)j];
      const float *in = work + (size_t)(rows->first[i] + j) * line;
      for (size_t k = 0; k < line; k++) out[k] += weight * in[k];
    }
  }
}
