#include "augment.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "random.h"
#include "random_convolution.h"
#include "text.h"

enum { DRAWS = 32 }; /* numbers of an image's own; channel k's are from CHANNEL + 4 k on */
enum { SHIFT_Y, SHIFT_X, ROTATION, SCALE, FLIP, CHANNEL = 8 };

typedef struct image_draws {
  const augmenter *a;
  uint64_t step, image;
} image_draws;

/* The image's k-th number, U(-most, most). */
static double symmetric(const image_draws *d, int k, double most) {
  double u = random_uniform(d->a->seed, d->a->stream, d->step, d->image * DRAWS + (uint64_t)k);
  return most * (2 * u - 1);
}

static double factor(const image_draws *d, int k, double most) {
  return exp(symmetric(d, k, log1p(most)));
}

/* ---- geometry --------------------------------------------------------------------------------
 */

/* Where pixel (y, x) of the new image comes from, both counted from the middle. */
typedef struct affine {
  double yy, yx, xy, xx, y, x;
} affine;

/* The inverse of: flip, turn and scale about the middle, then shift. */
static affine draw_affine(const image_draws *d) {
  const augment *c = &d->a->change;
  const double degree = 0.017453292519943295;
  double angle = symmetric(d, ROTATION, c->rotation) * degree, scale = factor(d, SCALE, c->scale);
  double mirror = c->flip && symmetric(d, FLIP, 1) >= 0 ? -1 : 1;
  double cosine = cos(angle) / scale, sine = sin(angle) / scale;
  double down = symmetric(d, SHIFT_Y, c->shift) * d->a->size;
  double across = symmetric(d, SHIFT_X, c->shift) * d->a->size;
  affine m = {.yy = cosine, .yx = sine, .xy = -sine * mirror, .xx = cosine * mirror};
  m.y = -(m.yy * down + m.yx * across);
  m.x = -(m.xy * down + m.xx * across);
  return m;
}

/* The two pixels between which a position lies, and the share of the second. */
typedef struct between {
  int first, second;
  float share;
} between;

static between clamp(double at, int size) {
  at = fmin(fmax(at, 0), size - 1);
  int first = (int)at;
  return (between){first, first + 1 < size ? first + 1 : first, (float)(at - first)};
}

static void move(const affine *m, int size, int channels, const float *from, float *to) {
  double middle = (size - 1) / 2.0;
  for (int i = 0; i < size * size; i++) {
    double y = i / size - middle, x = i % size - middle;
    between v = clamp(m->yy * y + m->yx * x + m->y + middle, size);
    between u = clamp(m->xy * y + m->xx * x + m->x + middle, size);
    const float *top = from + v.first * size * channels, *low = from + v.second * size * channels;
    for (int k = 0; k < channels; k++) {
      int left = u.first * channels + k, right = u.second * channels + k;
      float above = top[left] + u.share * (top[right] - top[left]);
      float below = low[left] + u.share * (low[right] - low[left]);
      *to++ = above + v.share * (below - above);
    }
  }
}

static bool moves(const augment *c) {
  return c->shift > 0 || c->rotation > 0 || c->scale > 0 || c->flip;
}

/* ---- intensity -------------------------------------------------------------------------------
 */

typedef struct line { /* y = slope x + shift, of network values */
  float slope, shift;
} line;

static line draw_line(const image_draws *d, int channel) {
  const augment *c = &d->a->change;
  int first = CHANNEL + (c->colour ? 4 * channel : 0);
  double slope = factor(d, first, c->contrast);
  double shift = (1 - slope) / 2 + symmetric(d, first + 1, c->brightness);
  if (c->invert > 0 && symmetric(d, first + 2, 1) >= 1 - 2 * c->invert) {
    slope = -slope;
    shift = 1 - shift;
  }
  double mean = d->a->norm.mean[channel], deviation = d->a->norm.deviation[channel];
  return (line){(float)slope, (float)(((slope - 1) * mean + shift) / deviation)};
}

static void recolour(const image_draws *d, float *x) {
  int channels = d->a->channels, pixels = d->a->size * d->a->size;
  for (int k = 0; k < channels; k++) {
    line l = draw_line(d, k);
    for (int i = 0; i < pixels; i++) {
      x[i * channels + k] = l.slope * x[i * channels + k] + l.shift;
    }
  }
}

static bool recolours(const augment *c) {
  return c->contrast > 0 || c->brightness > 0 || c->invert > 0;
}

/* ---- noise -----------------------------------------------------------------------------------
 */

/* The sum of a word's four bytes, with mean 0 and deviation 1: normal but for what lies beyond 3.5
 * deviations. */
static float bell(uint32_t word) {
  uint32_t sum = (word & 255) + (word >> 8 & 255) + (word >> 16 & 255) + (word >> 24);
  return ((float)sum - 510) * (1 / 147.80054f); /* sqrt(4 (256^2 - 1) / 12) */
}

static void add_noise(const image_draws *d, float *x) {
  const augmenter *a = d->a;
  int count = a->size * a->size * a->channels;
  uint64_t blocks = ((uint64_t)count + 3) / 4;
  for (int i = 0; i < count; i += 4) {
    uint32_t word[4];
    random_words(a->seed, a->noise_stream, d->step, d->image * blocks + (uint64_t)i / 4, word);
    for (int k = 0; k < 4 && i + k < count; k++) {
      double deviation = a->norm.deviation[(i + k) % a->channels];
      x[i + k] += (float)(a->change.noise / deviation) * bell(word[k]);
    }
  }
}

/* ------------------------------------------------------------------------------------------------
 */

augmenter augmenter_new(const augment *change, const xs_normalisation *norm, int size, int channels,
                        uint64_t seed, const char *name) {
  char *text = text_format("%s augment", name), *noise = text_format("%s noise", name);
  char *convolution = text_format("%s convolution", name);
  augmenter a = {.change = *change,
                 .norm = *norm,
                 .size = size,
                 .channels = channels,
                 .seed = seed,
                 .stream = random_stream(text),
                 .noise_stream = random_stream(noise),
                 .convolution_stream = random_stream(convolution)};
  free(convolution);
  free(text);
  free(noise);
  return a;
}

static void move_all(const augmenter *a, uint64_t step, uint64_t first, int64_t n, float *x) {
  size_t count = (size_t)a->size * (size_t)a->size * (size_t)a->channels;
  float *still = memory_new(count * sizeof *still);
  for (int64_t i = 0; i < n; i++, x += count) {
    affine m = draw_affine(&(image_draws){a, step, first + (uint64_t)i});
    memcpy(still, x, count * sizeof *still);
    move(&m, a->size, a->channels, still, x);
  }
  free(still);
}

/* Of every second batch that may be convolved. */
static bool convolves(const augmenter *a, uint64_t step) {
  enum { WHETHER = 4 }; /* behind the convolution's own numbers */
  return a->change.convolve && random_uniform(a->seed, a->convolution_stream, step, WHETHER) < 0.5f;
}

static void convolve_all(const augmenter *a, uint64_t step, int64_t n, float *x) {
  const random_convolution r =
      random_convolution_draw(a->channels, a->seed, a->convolution_stream, step);
  random_convolution_apply(&r, &a->norm, a->size, n, x);
}

static void recolour_all(const augmenter *a, uint64_t step, uint64_t first, int64_t n, float *x) {
  size_t count = (size_t)a->size * (size_t)a->size * (size_t)a->channels;
  for (int64_t i = 0; i < n; i++, x += count) {
    image_draws d = {a, step, first + (uint64_t)i};
    if (recolours(&a->change)) recolour(&d, x);
    if (a->change.noise > 0) add_noise(&d, x);
  }
}

void augmenter_apply(const augmenter *a, uint64_t step, uint64_t first, int64_t n, float *x) {
  if (moves(&a->change)) move_all(a, step, first, n, x);
  if (a->change.every_other && step % 2 == 0) return;
  if (convolves(a, step)) convolve_all(a, step, n, x);
  recolour_all(a, step, first, n, x);
}
