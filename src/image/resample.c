#include "resample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"
#include "memory.h"

static const char *const names[] = {
    [XS_NEAREST] = "nearest", [XS_BILINEAR] = "bilinear", [XS_NEAREST_EXACT] = "nearest-exact"};

const char *resize_name(xs_resize how) { return names[how]; }

bool resize_of(const char *name, xs_resize *how) {
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (strcmp(name, names[i]) == 0) {
      *how = (xs_resize)i;
      return true;
    }
  }
  return false;
}

static void set_nearest(taps *t, int n, bool exact) {
  for (int i = 0; i < t->out; i++) {
    t->first[i] = (int)((2 * (int64_t)i + (exact ? 1 : 0)) * n / (2 * (int64_t)t->out));
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
  bool nearest = how != XS_BILINEAR || n == out;
  t->out = out;
  t->width = nearest ? 1 : 2 * (int)ceil(radius) + 1;
  t->first = memory_new(sizeof *t->first * (size_t)out);
  t->count = memory_new(sizeof *t->count * (size_t)out);
  t->weight = memory_new(sizeof *t->weight * (size_t)out * (size_t)t->width);
  if (nearest) {
    set_nearest(t, n, how == XS_NEAREST_EXACT);
  } else {
    set_triangle(t, n, scale, radius);
  }
}

void taps_release(taps *t) {
  free(t->first);
  free(t->count);
  free(t->weight);
}

/* Values of ROWS rows, side by side: their sums are independent of each other. */
enum { ROWS = 8 };
typedef float together __attribute__((vector_size(4 * ROWS), aligned(4)));

/* Stored values as they are. */
static void copy_row(const picture *p, const void *x, float *y) {
  const uint8_t *x8 = x;
  const uint16_t *x16 = x;
  int n = p->width * p->channels;
  for (int i = 0; p->bytes == 1 && i < n; i++) y[i] = x8[i];
  for (int i = 0; p->bytes == 2 && i < n; i++) y[i] = x16[i];
}

static const char *row_of(const picture *p, int row) {
  return (const char *)p->pixels + row * p->stride * p->channels * p->bytes;
}

/* Stored values, x [width][channels]; the last row again where there are fewer. */
static void gather_rows(const picture *p, int first, together *x) {
  const void *from[ROWS];
  const int n = p->width * p->channels, bytes = p->bytes, last = p->height - 1;
  for (int r = 0; r < ROWS; r++) from[r] = row_of(p, first + r < last ? first + r : last);
  for (int i = 0; bytes == 1 && i < n; i++) {
    for (int r = 0; r < ROWS; r++) x[i][r] = ((const uint8_t *)from[r])[i];
  }
  for (int i = 0; bytes == 2 && i < n; i++) {
    for (int r = 0; r < ROWS; r++) x[i][r] = ((const uint16_t *)from[r])[i];
  }
}

/* x [width][channels] to the first n rows, y [n][out][channels]. */
static void resample_rows(const together *x, int channels, const taps *t, int n, float *y) {
  const size_t line = (size_t)t->out * (size_t)channels;
  for (size_t i = 0; i < line; i++) {
    const int at = (int)i / channels, k = (int)i % channels;
    const float *weight = t->weight + (size_t)at * (size_t)t->width;
    const together *in = x + t->first[at] * channels + k;
    together sum = {0};
    for (int j = 0; j < t->count[at]; j++) sum += weight[j] * in[j * channels];
    for (int r = 0; r < n; r++) y[(size_t)r * line + i] = sum[r];
  }
}

/* Output row i [line] from rows [height][line]. */
static void mix_rows(const float *rows, size_t line, const taps *t, int i, float *y) {
  const float *weight = t->weight + (size_t)i * (size_t)t->width;
  const float *in = rows + (size_t)t->first[i] * line;
  for (size_t k = 0; k < line; k++) y[k] = weight[0] * in[k];
  for (int j = 1; j < t->count[i]; j++) {
    for (size_t k = 0; k < line; k++) y[k] += weight[j] * in[(size_t)j * line + k];
  }
}

/* Rounded weights may add up to a little more or less than 1. */
static void clamp(const picture *p, float *y, size_t n) {
  float low = 65535, high = 0;
  for (int i = 0; i < p->height; i++) {
    const void *row = row_of(p, i);
    for (int k = 0; k < p->width * p->channels; k++) {
      const float v = (float)image_value(row, p->bytes, k);
      low = v < low ? v : low;
      high = v > high ? v : high;
    }
  }
  for (size_t i = 0; i < n; i++) y[i] = y[i] < low ? low : y[i] > high ? high : y[i];
}

size_t resample_work(const picture *p, const taps *columns) {
  const size_t line = (size_t)columns->out * (size_t)p->channels;
  return (size_t)p->height * line + ROWS * (size_t)p->width * (size_t)p->channels;
}

void resample_by(const picture *p, const taps *rows, const taps *columns, float *work, float *y) {
  const size_t line = (size_t)columns->out * (size_t)p->channels;
  together *x = (together *)(work + (size_t)p->height * line);
  if (columns->out == p->width) {
    for (int i = 0; i < p->height; i++) copy_row(p, row_of(p, i), work + (size_t)i * line);
  }
  for (int i = 0; i < p->height && columns->out != p->width; i += ROWS) {
    const int n = p->height - i < ROWS ? p->height - i : ROWS;
    gather_rows(p, i, x);
    resample_rows(x, p->channels, columns, n, work + (size_t)i * line);
  }
  for (int i = 0; i < rows->out; i++) mix_rows(work, line, rows, i, y + (size_t)i * line);
  if (rows->width > 1 || columns->width > 1) clamp(p, y, (size_t)rows->out * line);
}

void resample(const picture *p, int height, int width, xs_resize how, float *y) {
  taps rows, columns;
  taps_init(&rows, p->height, height, how);
  taps_init(&columns, p->width, width, how);
  float *work = memory_new(sizeof *work * resample_work(p, &columns));
  resample_by(p, &rows, &columns, work, y);
  taps_release(&rows);
  taps_release(&columns);
  free(work);
}

void resample_gray(const picture *p, int height, int width, float *y) {
  const int n = height * width;
  float *all = memory_new(sizeof *all * (size_t)(n * p->channels));
  resample(p, height, width, XS_BILINEAR, all);
  for (int i = 0; i < n; i++) {
    y[i] = 0;
    for (int k = 0; k < p->channels; k++) y[i] += all[i * p->channels + k] / (float)p->channels;
  }
  free(all);
}
