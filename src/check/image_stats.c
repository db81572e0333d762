#include "image_stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "exposure.h"
#include "hash.h"
#include "image.h"
#include "memory.h"
#include "perceptual.h"
#include "resample.h"
#include "text.h"

enum { LEVELS = 65536 };

typedef struct tones { /* of one channel or the mean of three */
  const picture *p;
  int low, high; /* 1st and 99th percentile */
} tones;

static int tone_at(const picture *p, int y, int x) {
  const int64_t at = ((int64_t)y * p->stride + x) * p->channels;
  int sum = 0;
  for (int k = 0; k < p->channels; k++) {
    sum += image_value(p->pixels, p->bytes, at + k);
  }
  return p->channels == 1 ? sum : sum / p->channels;
}

/* ---- the whole image ------------------------------------------------------------------------- */

static void measure_digest(const picture *p, image_stats *s) {
  const size_t pixel = (size_t)p->channels * (size_t)p->bytes;
  const size_t size = pixel * (size_t)p->height * (size_t)p->width;
  char hex[HASH_SHA256_TEXT];
  hash_sha256_text(p->pixels, size, hex);
  char *all = text_format("%d %d %d %d %s", p->height, p->width, p->channels, p->bytes, hex);
  hash_sha256_text(all, strlen(all), hex);
  free(all);
  hex[32] = 0;
  s->digest[1] = strtoull(hex + 16, NULL, 16);
  hex[16] = 0;
  s->digest[0] = strtoull(hex, NULL, 16);
}

static void measure_tones(tones *t, double white, image_stats *s) {
  const picture *p = t->p;
  const int64_t n = (int64_t)p->height * p->width;
  int64_t *count = memory_new(sizeof *count * LEVELS);
  for (int y = 0; y < p->height; y++) {
    for (int x = 0; x < p->width; x++) count[tone_at(p, y, x)]++;
  }
  double sum = 0, square = 0, saturated = 0;
  for (int v = 0; v < LEVELS; v++) {
    if (!count[v]) continue;
    const double share = (double)count[v] / (double)n, x = v / white;
    sum += share * x;
    square += share * x * x;
    if (x >= 0.995) saturated += share;
  }
  t->low = exposure_level(count, LEVELS, n, 0.01);
  t->high = exposure_level(count, LEVELS, n, 0.99);
  free(count);
  s->value[MEAN] = (float)sum;
  s->value[DEVIATION] = (float)sqrt(fmax(0, square - sum * sum));
  s->value[CONTRAST] = (float)((t->high - t->low) / white);
  s->value[SATURATED] = (float)saturated;
}

/* ---- the edge -------------------------------------------------------------------------------- */

static double relative(const tones *t, int v) {
  return t->high > t->low ? (double)(v - t->low) / (t->high - t->low) : 0;
}

/* One row (across) or column: all values within 2 % of the contrast. */
static bool is_constant(const tones *t, bool across, int at) {
  const int n = across ? t->p->width : t->p->height;
  int least = LEVELS, most = -1;
  for (int i = 0; i < n; i++) {
    const int v = across ? tone_at(t->p, at, i) : tone_at(t->p, i, at);
    if (v < least) least = v;
    if (v > most) most = v;
  }
  return most - least <= (t->high - t->low) / 50;
}

/* Constant rows or columns from one end. */
static int border_width(const tones *t, bool across, bool from_end) {
  const int n = across ? t->p->height : t->p->width;
  int width = 0;
  while (width < n / 2 && is_constant(t, across, from_end ? n - 1 - width : width)) width++;
  return width;
}

static void measure_border(const tones *t, image_stats *s) {
  for (int k = 0; k < 4; k++) s->border[k] = border_width(t, k < 2, k % 2);
  const int rows = s->border[0] + s->border[1], columns = s->border[2] + s->border[3];
  const double inner = (1 - (double)rows / t->p->height) * (1 - (double)columns / t->p->width);
  s->value[BORDER] = (float)(1 - inner);
}

int image_stats_compare_groups(const void *a, const void *b) {
  const image_stats *p = *(const image_stats *const *)a, *q = *(const image_stats *const *)b;
  if (p->group != q->group) return p->group < q->group ? -1 : 1;
  return (p > q) - (p < q);
}

void image_stats_hide_border(const image_stats *s, int side, int margin, int8_t *detail) {
  const float most = 0.75f; /* of the area */
  int hidden[4];
  if (s->value[BORDER] > most) return;
  for (int k = 0; k < 4; k++) {
    const int n = k < 2 ? s->height : s->width;
    hidden[k] = s->border[k] ? (s->border[k] * side + n - 1) / n + margin : 0;
  }
  for (int i = 0; i < side * side; i++) {
    const int y = i / side, x = i % side;
    const bool inside =
        y >= hidden[0] && y < side - hidden[1] && x >= hidden[2] && x < side - hidden[3];
    if (!inside) detail[i] = PERCEPTUAL_NONE;
  }
}

static void measure_frame(const tones *t, image_stats *s) {
  const picture *p = t->p;
  const int down = (p->height + 19) / 20, across = (p->width + 19) / 20;
  double n = 0, sum = 0, bright = 0;
  for (int y = 0; y < p->height; y++) {
    const bool outer = y < down || y >= p->height - down;
    for (int x = 0; x < p->width; x++) {
      if (!outer && x == across) x = p->width - across;
      const int v = tone_at(p, y, x);
      n++;
      sum += fmin(1, fmax(0, relative(t, v)));
      bright += v > t->high;
    }
  }
  s->value[FRAME_MEAN] = (float)(sum / n);
  s->value[FRAME_BRIGHT] = (float)(bright / n);
}

/* Letters are bright strokes with an edge steeper than anatomy has. */
static double stroke_share(const tones *t, bool bottom, bool right) {
  const picture *p = t->p;
  const int height = p->height / 5, width = p->width / 5;
  const int top = bottom ? p->height - height : 1, left = right ? p->width - width : 1;
  int64_t strokes = 0;
  for (int y = top; y < top + height - 1; y++) {
    for (int x = left; x < left + width - 1; x++) {
      const double v = relative(t, tone_at(p, y, x));
      if (v < 0.9) continue;
      const double fall =
          fmax(v - relative(t, tone_at(p, y, x - 1)), v - relative(t, tone_at(p, y - 1, x)));
      strokes += fall > 0.4;
    }
  }
  return height > 1 && width > 1 ? (double)strokes / (height - 1) / (width - 1) : 0;
}

static void measure_corners(const tones *t, image_stats *s) {
  for (int k = 0; k < 4; k++) {
    s->value[CORNER_TOP_LEFT + k] = (float)stroke_share(t, k / 2, k % 2);
  }
}

/* ---- all of it ------------------------------------------------------------------------------- */

static uint64_t hash_mirrored(const float *small) {
  float other[SMALL_PIXELS];
  for (int i = 0; i < SMALL_PIXELS; i++)
    other[i] = small[i / SMALL * SMALL + SMALL - 1 - i % SMALL];
  return perceptual_hash(other);
}

void image_stats_mirror(int side, int8_t *detail) {
  for (int y = 0; y < side; y++) {
    int8_t *row = detail + y * side;
    for (int x = 0; x < side / 2; x++) {
      const int8_t left = row[x];
      row[x] = row[side - 1 - x];
      row[side - 1 - x] = left;
    }
  }
}

void image_stats_measure(const picture *p, double white, image_stats *s) {
  tones t = {p, 0, 0};
  float small[SMALL_PIXELS];
  s->height = p->height;
  s->width = p->width;
  measure_digest(p, s);
  measure_tones(&t, white, s);
  measure_border(&t, s);
  measure_frame(&t, s);
  measure_corners(&t, s);
  resample_gray(p, SMALL, SMALL, small);
  s->hash = perceptual_hash(small);
  s->mirrored_hash = hash_mirrored(small);
  perceptual_detail(small, SMALL, 7, s->small);
  exposure_shrink(small, t.low, t.high, s->grey);
}

bool image_stats_is_detailed(const image_stats *s) {
  enum { LEAST_SIDE = 64 };
  return !s->error && s->height >= LEAST_SIDE && s->width >= LEAST_SIDE &&
         s->value[CONTRAST] > 0.02f;
}
