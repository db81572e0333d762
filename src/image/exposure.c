#include "exposure.h"

#include <math.h>
#include <stdlib.h>

#include "memory.h"
#include "sort.h"
#include "text.h"

const char *const exposure_name[EXPOSURE_RIGHT] = {"flat", "inverted", "saturated", "dark",
                                                   "bright"};

/* ---- a site ---- */

/* Changes v. */
static exposure_usual usual_of(double *v, int64_t n) {
  exposure_usual u = {.median = sort_median(v, n)};
  for (int64_t i = 0; i < n; i++) v[i] = fabs(v[i] - u.median);
  u.spread = 1.4826 * sort_median(v, n);
  return u;
}

/* Correlation of the small pictures. */
static double likeness(const exposure *x, const exposure_norm *m) {
  double a = 0, b = 0, aa = 0, bb = 0, ab = 0;
  for (int k = 0; k < EXPOSURE_PIXELS; k++) {
    const double u = x->grey[k], v = m->axis[k];
    a += u;
    b += v;
    aa += u * u;
    bb += v * v;
    ab += u * v;
  }
  const double va = aa - a * a / EXPOSURE_PIXELS, vb = bb - b * b / EXPOSURE_PIXELS;
  return va > 0 && vb > 0 ? (ab - a * b / EXPOSURE_PIXELS) / sqrt(va * vb) : 0;
}

/* The small picture with mean 0 and length 1; zeros of a flat one. */
static void standardise(const exposure *x, double *z) {
  double mean = 0, square = 0;
  for (int k = 0; k < EXPOSURE_PIXELS; k++) mean += x->grey[k] / (double)EXPOSURE_PIXELS;
  for (int k = 0; k < EXPOSURE_PIXELS; k++) {
    z[k] = x->grey[k] - mean;
    square += z[k] * z[k];
  }
  for (int k = 0; k < EXPOSURE_PIXELS; k++) z[k] = square > 0 ? z[k] / sqrt(square) : 0;
}

/* y = sum of (z . v) z, which a negative leaves as it is. */
static void add_projections(const double *z, int64_t n, const double *v, double *y) {
  for (int k = 0; k < EXPOSURE_PIXELS; k++) y[k] = 0;
  for (int64_t i = 0; i < n; i++) {
    double along = 0;
    for (int k = 0; k < EXPOSURE_PIXELS; k++) along += z[i * EXPOSURE_PIXELS + k] * v[k];
    for (int k = 0; k < EXPOSURE_PIXELS; k++) y[k] += along * z[i * EXPOSURE_PIXELS + k];
  }
}

/* The first principal axis of the second moments, by power iteration from a picture on.  With a
 * mean instead, negatives in number would cancel the others. */
static void find_axis(const double *z, int64_t n, double *v) {
  enum { STEPS = 50 };
  double y[EXPOSURE_PIXELS], length = 0;
  for (int64_t i = 0; i < n && length <= 0; i++) { /* the first that is not flat */
    length = 0;
    for (int k = 0; k < EXPOSURE_PIXELS; k++) {
      v[k] = z[i * EXPOSURE_PIXELS + k];
      length += v[k] * v[k];
    }
  }
  for (int step = 0; step < STEPS && length > 0; step++) {
    add_projections(z, n, v, y);
    length = 0;
    for (int k = 0; k < EXPOSURE_PIXELS; k++) length += y[k] * y[k];
    for (int k = 0; k < EXPOSURE_PIXELS && length > 0; k++) v[k] = y[k] / sqrt(length);
  }
}

/* Of at most MOST images, evenly chosen. */
static void measure_axis(const exposure *x, int64_t n, exposure_norm *out) {
  enum { MOST = 2000 };
  const int64_t used = n < MOST ? n : MOST;
  double *z = memory_new(sizeof *z * EXPOSURE_PIXELS * (size_t)used);
  for (int64_t i = 0; i < used; i++) standardise(&x[i * n / used], z + i * EXPOSURE_PIXELS);
  find_axis(z, used, out->axis);
  free(z);
}

/* Most images are taken to be right. */
static void turn_axis(const exposure *x, int64_t n, exposure_norm *out) {
  int64_t positive = 0, negative = 0;
  for (int64_t i = 0; i < n; i++) {
    const double v = likeness(&x[i], out);
    positive += v > 0;
    negative += v < 0;
  }
  for (int k = 0; k < EXPOSURE_PIXELS && negative > positive; k++) out->axis[k] = -out->axis[k];
}

static bool is_opposite(double likeness, const exposure_norm *m) {
  return m->aligned && -likeness > fmax(0.2, m->least / 2);
}

static void measure_likeness(const exposure *x, int64_t n, double *work, exposure_norm *out) {
  int64_t alike = 0;
  for (int64_t i = 0; i < n; i++) {
    work[i] = fabs(likeness(&x[i], out));
    alike += work[i] > 0.2;
  }
  sort_doubles(work, n);
  out->least = work[n / 20];
  out->aligned = (double)alike > 0.9 * (double)n;
  out->opposite = 0;
  for (int64_t i = 0; i < n; i++) out->opposite += is_opposite(likeness(&x[i], out), out);
}

void exposure_measure(const exposure *x, int64_t n, exposure_norm *out) {
  double *work = memory_new(sizeof *work * (size_t)n);
  for (int64_t i = 0; i < n; i++) work[i] = x[i].contrast;
  out->contrast = usual_of(work, n);
  for (int64_t i = 0; i < n; i++) work[i] = x[i].white;
  out->white = usual_of(work, n);
  for (int64_t i = 0; i < n; i++) work[i] = x[i].mean;
  out->mean = usual_of(work, n);
  measure_axis(x, n, out);
  turn_axis(x, n, out);
  measure_likeness(x, n, work, out);
  free(work);
}

/* ---- an image ---- */

int exposure_level(const int64_t *count, int levels, int64_t n, double share) {
  int64_t below = count[0];
  int level = 0;
  while (level < levels - 1 && (double)below <= share * (double)n) below += count[++level];
  return level;
}

void exposure_shrink(const float *small, double low, double high, uint8_t *grey) {
  for (int i = 0; i < EXPOSURE_PIXELS; i++) {
    const int row = i / EXPOSURE_SIDE, column = i % EXPOSURE_SIDE;
    const float *p = small + 2 * (row * EXPOSURE_TWICE + column);
    const double mean = (double)(p[0] + p[1] + p[EXPOSURE_TWICE] + p[EXPOSURE_TWICE + 1]) / 4;
    const double v = high > low ? (mean - low) / (high - low) : 0;
    grey[i] = (uint8_t)lrint(255 * fmin(1, fmax(0, v)));
  }
}

/* Far outside in robust deviations, and by enough to be seen. */
static bool is_above(double value, const exposure_usual *u, double least) {
  return value > u->median + fmax(least, 6 * u->spread);
}

static bool is_below(double value, const exposure_usual *u, double least) {
  return value < u->median - fmax(least, 6 * u->spread);
}

/* Whatever the others are: 12-bit values read as 16-bit ones have a sixteenth of the range. */
static bool is_black(const exposure *x) { return x->contrast < 0.125 && x->mean < 0.125; }

exposure_fault exposure_judge(const exposure *x, const exposure_norm *m) {
  const double mean = m->mean.median;
  if (x->contrast < 0.02 || x->contrast < m->contrast.median / 5) return EXPOSURE_FLAT;
  if (is_black(x)) return EXPOSURE_DARK;
  if (is_opposite(likeness(x, m), m)) return EXPOSURE_INVERTED;
  if (is_above(x->white, &m->white, 0.15)) return EXPOSURE_SATURATED;
  if (is_below(x->mean, &m->mean, mean / 2)) return EXPOSURE_DARK;
  return is_above(x->mean, &m->mean, (1 - mean) / 2) ? EXPOSURE_BRIGHT : EXPOSURE_RIGHT;
}

char *exposure_explain(exposure_fault fault, const exposure *x, const exposure_norm *m) {
  const char *name = exposure_name[fault];
  if (fault == EXPOSURE_FLAT) {
    return text_format("%s: contrast %.3f, the site's median is %.2f", name, x->contrast,
                       m->contrast.median);
  }
  if (fault == EXPOSURE_INVERTED) {
    return text_format("%s: correlation with what most images of the site look like %.2f", name,
                       likeness(x, m));
  }
  if (fault == EXPOSURE_SATURATED) {
    return text_format("%s: %.0f %% of the pixels are white, the site's median is %.0f %%", name,
                       100 * x->white, 100 * m->white.median);
  }
  if (fault == EXPOSURE_DARK && is_black(x)) {
    return text_format("%s: mean %.2f, contrast %.2f: near black", name, x->mean, x->contrast);
  }
  return text_format("%s: mean %.2f, the site's median is %.2f", name, x->mean, m->mean.median);
}
