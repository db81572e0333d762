#include <stdlib.h>

#include "image_cache.h"
#include "memory.h"
#include "resample.h"
#include "xsite.h"

/* Stored values to network values: y = scale min(unit v, 65535) + shift, scale and shift of each
 * channel.  8 bits go by 16 (unit 257), so that they give the same bits in a site that has 16. */
typedef struct scaling {
  float unit, scale[3], shift[3];
} scaling;

enum { WHITE = 65535 };

static scaling make_scaling(const xs_images *images, const xs_normalisation *norm) {
  scaling s = {.unit = (float)(WHITE / images->max_value)};
  for (int k = 0; k < 3; k++) {
    s.scale[k] = (float)(1 / (WHITE * norm->deviation[k]));
    s.shift[k] = (float)(-norm->mean[k] / norm->deviation[k]);
  }
  return s;
}

static float unit_value(float v, const scaling *s) {
  v *= s->unit;
  return v < WHITE ? v : WHITE;
}

/* in [pixels][from] values to out [pixels][to] network values; from and to are 1 or 3. */
static void adapt_channels(const float *in, int64_t pixels, int from, int to, const scaling *s,
                           float *out) {
  if (from == 3 && to == 1) {
    for (int64_t i = 0; i < pixels; i++) {
      const float *v = in + 3 * i;
      const float gray = (unit_value(v[0], s) + unit_value(v[1], s) + unit_value(v[2], s)) / 3;
      out[i] = gray * s->scale[0] + s->shift[0];
    }
    return;
  }
  int step = from == to ? 1 : 0; /* 1 to 3 repeats */
  for (int64_t i = 0; i < pixels; i++, in += from, out += to) {
    for (int k = 0; k < to; k++) out[k] = unit_value(in[k * step], s) * s->scale[k] + s->shift[k];
  }
}

void xs_images_fetch(const xs_images *images, const int64_t *rows, int64_t n, int size,
                     int channels, const xs_normalisation *norm, float *x) {
  int from = images->channels;
  size_t stored = (size_t)images->height * (size_t)images->width * (size_t)(from * images->bytes);
  int64_t pixels = (int64_t)size * size;
  scaling s = make_scaling(images, norm);
  taps down, across;
  taps_init(&down, images->height, size, images->how.resize);
  taps_init(&across, images->width, size, images->how.resize);
  picture p = {images->pixels, images->height, images->width, from, images->bytes, images->width};
  float *work = memory_new(sizeof *work * resample_work(&p, &across));
  float *resized = memory_new(sizeof *resized * (size_t)(pixels * from));
  for (int64_t i = 0; i < n; i++) {
    p.pixels = (const char *)images->pixels + stored * (size_t)(rows ? rows[i] : i);
    resample_by(&p, &down, &across, work, resized);
    adapt_channels(resized, pixels, from, channels, &s, x + i * pixels * channels);
  }
  images_forget(images);
  free(work);
  free(resized);
  taps_release(&down);
  taps_release(&across);
}
