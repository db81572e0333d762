#include "made_images.h"

#include <math.h>

#include "memory.h"

xs_images *made_images_new(char *name, const xs_preprocessing *how, int height, int width,
                           int channels, int64_t n) {
  const size_t each = (size_t)height * (size_t)width * (size_t)channels;
  xs_images *x = memory_new(sizeof *x);
  *x = (xs_images){.name = name,
                   .n = n,
                   .height = height,
                   .width = width,
                   .channels = channels,
                   .bytes = 2,
                   .max_value = UINT16_MAX,
                   .how = *how,
                   .pixels = memory_new(((size_t)n * each + 1) * sizeof(uint16_t)),
                   .group = memory_new(((size_t)n + 1) * sizeof(uint64_t))};
  return x;
}

void made_images_store(const float *value, int64_t n, uint16_t *pixel) {
  for (int64_t i = 0; i < n; i++) {
    pixel[i] = (uint16_t)lrintf(fmaxf(0, fminf(1, value[i])) * UINT16_MAX);
  }
}

void made_images_shorten(const uint16_t *pixel, int64_t n, uint8_t *byte) {
  enum { EACH = UINT16_MAX / UINT8_MAX }; /* 257, odd: no value lies in the middle of two */
  for (int64_t i = 0; i < n; i++) byte[i] = (uint8_t)((pixel[i] + EACH / 2) / EACH);
}
