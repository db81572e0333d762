#include "prepare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "memory.h"
#include "values.h"

/* ---- values ---------------------------------------------------------------------------------- */

/* 8-bit files among 16-bit ones have white 255 whatever max_value says of the others. */
static double find_white(const xs_preprocessing *how, const image *x) {
  if (how->max_value > 0 && (x->bytes == 2 || how->max_value <= 255)) return how->max_value;
  return values_white(&how->values, x);
}

int prepare_read(const char *path, const xs_preprocessing *how, const char *owner, image *x,
                 double *white) {
  const int status = image_read(path, how->values.window, x);
  if (status) return status;
  *white = find_white(how, x);
  if (how->values.range == XS_RANGE_PERCENTILES) values_stretch(&how->values, x);
  const int largest = image_largest(x);
  if (largest <= *white) return 0;
  return fail(
      XS_FAILED, "%s: has the value %d, above max_value %g of %s", path, largest, *white,
      owner ? owner
            : "the images that the model was trained with: rescale the image, or name the domain "
              "file of a site with such images (predict --as)");
}

bool prepare_is_dark(const xs_preprocessing *how, int bytes, double white, int largest) {
  const bool said = how->max_value > 0 || how->values.range == XS_RANGE_PERCENTILES;
  return bytes == 2 && !said && largest < (white + 1) / 8;
}

prepare_tone prepare_tone_of(const xs_preprocessing *how, const image *x, double white) {
  if (prepare_is_dark(how, x->bytes, white, image_largest(x))) return PREPARE_NEAR_BLACK;
  return x->inverted && prepare_is_dark(how, x->bytes, white, x->reach) ? PREPARE_NEAR_WHITE
                                                                        : PREPARE_SEEN;
}

/* ---- pixels ---------------------------------------------------------------------------------- */

int prepare_bytes(int bytes, double white) { return bytes == 1 && lrint(white) == 255 ? 1 : 2; }

double prepare_white(int bytes) { return bytes == 1 ? 255 : 65535; }

picture prepare_whole(const image *x) {
  return (picture){x->pixels, x->height, x->width, x->channels, x->bytes, x->width};
}

picture prepare_square(picture p) {
  const int side = p.height < p.width ? p.height : p.width;
  const int64_t first = (int64_t)((p.height - side) / 2) * p.stride + (p.width - side) / 2;
  p.pixels = (const char *)p.pixels + first * p.channels * p.bytes;
  p.height = p.width = side;
  return p;
}

/* Stored values x, of which white means 1. */
static void round_values(const float *x, int64_t n, double white, int bytes, void *out) {
  const double most = prepare_white(bytes), factor = most / white;
  uint8_t *p8 = out;
  uint16_t *p16 = out;
  for (int64_t i = 0; i < n; i++) {
    const double v = fmin(floor((double)x[i] * factor + 0.5), most);
    if (bytes == 1) {
      p8[i] = (uint8_t)v;
    } else {
      p16[i] = (uint16_t)v;
    }
  }
}

void prepare_pixels(const picture *p, const xs_preprocessing *how, double white, void *out) {
  const picture from = how->center_crop ? prepare_square(*p) : *p;
  const int64_t n = (int64_t)how->size * how->size * p->channels;
  float *y = memory_new(sizeof *y * (size_t)n);
  resample(&from, how->size, how->size, how->resize, y);
  round_values(y, n, white, prepare_bytes(p->bytes, white), out);
  free(y);
}

void prepare_widen(const void *in, int64_t pixels, int from, int from_bytes, int to, int to_bytes,
                   void *out) {
  const int factor = from_bytes == to_bytes ? 1 : 257;
  for (int64_t i = 0; i < pixels * to; i++) {
    const int64_t at = from == to ? i : i / to;
    const int v = image_value(in, from_bytes, at);
    if (to_bytes == 1) {
      ((uint8_t *)out)[i] = (uint8_t)v;
    } else {
      ((uint16_t *)out)[i] = (uint16_t)(v * factor);
    }
  }
}
