#include <stdlib.h>

#include "file.h"
#include "resample.h"
#include "xsite.h"

/* Stored values to network values: y = scale v + shift, one pair a channel. */
typedef struct scaling {
  double scale[3], shift[3];
} scaling;

static scaling make_scaling(const xs_images *images, const xs_normalisation *norm) {
  scaling s;
  for (int k = 0; k < 3; k++) {
    s.scale[k] = 1 / (images->max_value * norm->deviation[k]);
    s.shift[k] = -norm->mean[k] / norm->deviation[k];
  }
  return s;
}

/* in [pixels][from] values to out [pixels][to] network values; from and to are 1 or 3. */
static void adapt_channels(const float *in, int64_t pixels, int from, int to, const scaling *s,
                           float *out) {
  for (int64_t i = 0; i < pixels; i++, in += from, out += to) {
    double gray = from == 3 && to == 1 ? ((double)in[0] + in[1] + in[2]) / 3 : in[0];
    for (int k = 0; k < to; k++) {
      double v = from == 3 && to == 3 ? in[k] : gray;
      out[k] = (float)(v * s->scale[k] + s->shift[k]);
    }
  }
}

void xs_images_fetch(const xs_images *images, const int64_t *rows, int64_t n, int size,
                     int channels, const xs_normalisation *norm, float *x) {
  int from = images->channels;
  size_t stored = (size_t)images->height * (size_t)images->width * (size_t)(from * images->bytes);
  int64_t pixels = (int64_t)size * size;
  scaling s = make_scaling(images, norm);
  taps down, across;
  taps_init(&down, images->height, size, images->resize);
  taps_init(&across, images->width, size, images->resize);
  float *work = memory_new(sizeof *work * (size_t)images->height * (size_t)(size * from));
  float *resized = memory_new(sizeof *resized * (size_t)(pixels * from));
  for (int64_t i = 0; i < n; i++) {
    picture p = {(const char *)images->pixels + stored * (size_t)(rows ? rows[i] : i),
                 images->height,
                 images->width,
                 from,
                 images->bytes,
                 images->width};
    resample(&p, &down, &across, work, resized);
    adapt_channels(resized, pixels, from, channels, &s, x + i * pixels * channels);
  }
  free(work);
  free(resized);
  taps_release(&down);
  taps_release(&across);
}
