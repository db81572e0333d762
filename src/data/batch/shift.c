#include "shift.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"
#include "made_images.h"
#include "memory.h"
#include "random.h"
#include "shift_kind.h"
#include "text.h"

static const struct {
  const char *name;
  shift_kind *apply;
  double amount;
} table[] = {
    {"brightness-1", shift_brightness, 0.15},
    {"brightness-2", shift_brightness, 0.3},
    {"brightness-3", shift_brightness, 0.45},
    {"contrast-1", shift_contrast, 0.6},
    {"contrast-2", shift_contrast, 0.4},
    {"contrast-3", shift_contrast, 0.2},
    {"inversion-1", shift_inversion, 0.25},
    {"inversion-2", shift_inversion, 0.5},
    {"inversion-3", shift_inversion, 1},
    {"noise-1", shift_noise, 0.1},
    {"noise-2", shift_noise, 0.2},
    {"noise-3", shift_noise, 0.4},
    {"blur-1", shift_blur, 1.0 / 32},
    {"blur-2", shift_blur, 1.0 / 16},
    {"blur-3", shift_blur, 3.0 / 32},
    {"pixelation-1", shift_pixelation, 1.0 / 14},
    {"pixelation-2", shift_pixelation, 1.0 / 10},
    {"pixelation-3", shift_pixelation, 1.0 / 7},
    {"translation-1", shift_translation, 1.0 / 16},
    {"translation-2", shift_translation, 1.0 / 8},
    {"translation-3", shift_translation, 3.0 / 16},
    {"scale-1", shift_scale, 0.8},
    {"scale-2", shift_scale, 0.65},
    {"scale-3", shift_scale, 0.5},
};

int shift_count(void) { return sizeof table / sizeof *table; }

const char *shift_name(int which) { return table[which].name; }

int shift_side(const shift_draw *d) { return d->height < d->width ? d->height : d->width; }

int shift_values(const shift_draw *d) { return d->height * d->width * d->channels; }

static void read_values(const xs_images *x, int64_t row, int values, float *to) {
  for (int i = 0; i < values; i++) {
    to[i] = fminf(1, (float)(image_value(x->pixels, x->bytes, row * values + i) / x->max_value));
  }
}

static xs_images *new_images(const xs_images *x, const int64_t *rows, int64_t n, const char *name) {
  xs_images *y = made_images_new(text_format("%s, %s", x->name, name), &x->how, x->height, x->width,
                                 x->channels, n);
  if (x->file) y->file = memory_new(((size_t)n + 1) * sizeof *y->file);
  for (int64_t i = 0; i < n; i++) {
    int64_t row = rows ? rows[i] : i;
    y->group[i] = x->group[row];
    if (x->file) y->file[i] = text_copy(x->file[row]);
  }
  return y;
}

xs_images *shift_images(const xs_images *x, const int64_t *rows, int64_t n, int which,
                        uint64_t seed) {
  shift_draw each = {.height = x->height,
                     .width = x->width,
                     .channels = x->channels,
                     .seed = seed,
                     .stream = random_stream(table[which].name)};
  int values = shift_values(&each);
  xs_images *y = new_images(x, rows, n, table[which].name);
#pragma omp parallel
  {
    float *from = memory_new(2 * (size_t)values * sizeof *from), *to = from + values;
#pragma omp for schedule(static)
    for (int64_t i = 0; i < n; i++) {
      shift_draw d = each;
      d.row = (uint64_t)(rows ? rows[i] : i);
      read_values(x, (int64_t)d.row, values, from);
      table[which].apply(&d, table[which].amount, from, to);
      made_images_store(to, values, (uint16_t *)y->pixels + i * values);
    }
    free(from);
  }
  return y;
}
