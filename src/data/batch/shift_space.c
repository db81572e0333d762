/* Shifts of positions. */
#include <math.h>
#include <stdlib.h>

#include "memory.h"
#include "random.h"
#include "shift_kind.h"

static int within(int i, int n) { return i < 0 ? 0 : i < n ? i : n - 1; }

/* ---- blur ------------------------------------------------------------------------------------ */

/* Weights of 2 radius + 1 pixels, with sum 1. */
static float *normal_weights(double deviation, int *radius) {
  *radius = (int)ceil(3 * deviation);
  float *weight = memory_new((2 * (size_t)*radius + 1) * sizeof *weight);
  double sum = 0;
  for (int k = -*radius; k <= *radius; k++) sum += exp(-k * k / (2 * deviation * deviation));
  for (int k = -*radius; k <= *radius; k++) {
    weight[k + *radius] = (float)(exp(-k * k / (2 * deviation * deviation)) / sum);
  }
  return weight;
}

/* A line of n pixels that are `step` values apart. */
static void blur_line(const float *from, int n, int step, const float *weight, int radius,
                      float *to) {
  for (int i = 0; i < n; i++) {
    float sum = 0;
    for (int k = -radius; k <= radius; k++) {
      sum += weight[k + radius] * from[within(i + k, n) * step];
    }
    to[i * step] = sum;
  }
}

void shift_blur(const shift_draw *d, double amount, const float *from, float *to) {
  int radius, row = d->width * d->channels;
  float *weight = normal_weights(amount * shift_side(d), &radius);
  float *half = memory_new((size_t)shift_values(d) * sizeof *half);
  for (int i = 0; i < d->height * d->channels; i++) {
    int first = i / d->channels * row + i % d->channels;
    blur_line(from + first, d->width, d->channels, weight, radius, half + first);
  }
  for (int i = 0; i < row; i++) blur_line(half + i, d->height, row, weight, radius, to + i);
  free(weight);
  free(half);
}

/* ---- pixelation ------------------------------------------------------------------------------ */

typedef struct squares {
  int down, across;
} squares;

/* As many along the shorter side as asked for, but no more than pixels. */
static squares make_squares(const shift_draw *d, double amount) {
  int along = (int)lrint(1 / amount), side = shift_side(d);
  if (along > side) along = side;
  return (squares){along * d->height / side, along * d->width / side};
}

/* Of the square that value i belongs to, and of its channel. */
static int square_of(const shift_draw *d, squares s, int i) {
  int pixel = i / d->channels;
  int y = pixel / d->width * s.down / d->height, x = pixel % d->width * s.across / d->width;
  return (y * s.across + x) * d->channels + i % d->channels;
}

void shift_pixelation(const shift_draw *d, double amount, const float *from, float *to) {
  squares s = make_squares(d, amount);
  size_t values = (size_t)s.down * (size_t)s.across * (size_t)d->channels;
  double *sum = memory_new(2 * values * sizeof *sum), *count = sum + values;
  for (int i = 0; i < shift_values(d); i++) {
    int at = square_of(d, s, i);
    sum[at] += (double)from[i];
    count[at]++;
  }
  for (int i = 0; i < shift_values(d); i++) {
    int at = square_of(d, s, i);
    to[i] = (float)(sum[at] / count[at]);
  }
  free(sum);
}

/* ---- translation and scale -------------------------------------------------------------------
 */

/* to(p) = from(middle + (p - middle) / scale - (down, across)), bilinear. */
static void resample_moved(const shift_draw *d, double scale, double down, double across,
                           const float *from, float *to) {
  int row = d->width * d->channels;
  for (int i = 0; i < shift_values(d); i++) {
    double y = (i / row - (d->height - 1) / 2.0) / scale + (d->height - 1) / 2.0 - down;
    double x =
        (i % row / d->channels - (d->width - 1) / 2.0) / scale + (d->width - 1) / 2.0 - across;
    int top = (int)floor(y), left = (int)floor(x);
    double v[4], below = y - top, right = x - left;
    for (int k = 0; k < 4; k++) {
      int at = within(top + k / 2, d->height) * row + within(left + k % 2, d->width) * d->channels;
      v[k] = (double)from[at + i % d->channels];
    }
    to[i] = (float)((1 - below) * ((1 - right) * v[0] + right * v[1]) +
                    below * ((1 - right) * v[2] + right * v[3]));
  }
}

void shift_translation(const shift_draw *d, double amount, const float *from, float *to) {
  const double turn = 6.283185307179586;
  double angle = turn * (double)random_uniform(d->seed, d->stream, 0, d->row);
  double length = amount * shift_side(d);
  resample_moved(d, 1, length * sin(angle), length * cos(angle), from, to);
}

void shift_scale(const shift_draw *d, double amount, const float *from, float *to) {
  resample_moved(d, amount, 0, 0, from, to);
}
