#include "example_strips.h"

#include <math.h>
#include <stdlib.h>

#include "file.h"
#include "image.h"
#include "memory.h"
#include "translator.h"

float *example_strips_values(const xs_images *images, const int64_t *rows, int64_t n,
                             const train_geometry *g) {
  const xs_normalisation plain = {{0, 0, 0}, {1, 1, 1}};
  float *x = memory_new((size_t)(n * g->size * g->size * g->channels + 1) * sizeof *x);
  xs_images_fetch(images, rows, n, g->size, g->channels, &plain, x);
  return x;
}

int example_strips_write_values(const char *dir, const char *name, const float *x, int64_t n,
                                const train_geometry *g) {
  int size = g->size, c = g->channels;
  int64_t each = (int64_t)size * size * c;
  uint8_t *pixel = memory_new((size_t)(n * each));
  for (int64_t i = 0; i < n; i++) {
    for (int64_t k = 0; k < each; k++) {
      int64_t y = k / (size * c), in_line = k % (size * c);
      float v = fminf(fmaxf(x[i * each + k], 0), 1);
      pixel[y * n * size * c + i * size * c + in_line] = (uint8_t)lrintf(v * 255);
    }
  }
  char *path = file_join(dir, name);
  int status = image_write_png(path, pixel, size, (int)n * size, c);
  free(path);
  free(pixel);
  return status;
}

int example_strips_write_row(const char *dir, const char *name, const xs_images *images,
                             const int64_t *rows, int64_t n, const train_geometry *g) {
  float *x = example_strips_values(images, rows, n, g);
  int status = example_strips_write_values(dir, name, x, n, g);
  free(x);
  return status;
}

/* Translated minus original about a middle gray: black and white are a change by the whole range.
 */
static int write_difference(const char *dir, train_images source, const xs_images *made, int64_t n,
                            const train_geometry *g) {
  float *before = example_strips_values(source.images, source.rows, n, g);
  float *after = example_strips_values(made, NULL, n, g);
  for (int64_t i = 0; i < n * g->size * g->size * g->channels; i++) {
    after[i] = 0.5f + (after[i] - before[i]) / 2;
  }
  int status = example_strips_write_values(dir, "difference.png", after, n, g);
  free(after);
  free(before);
  return status;
}

int example_strips_write(const char *dir, train_images source, train_images target, translator *t) {
  const train_geometry *g = translator_geometry(t);
  int64_t n = source.n < EXAMPLE_STRIPS_COLUMNS ? source.n : EXAMPLE_STRIPS_COLUMNS;
  if (target.n < n) n = target.n;
  if (n == 0) return 0;
  xs_images *made = NULL;
  if (translator_apply(t, source.images, source.rows, n, 1, &made)) return 1;
  int status = example_strips_write_row(dir, "original.png", source.images, source.rows, n, g);
  if (!status) status = example_strips_write_row(dir, "translated.png", made, NULL, n, g);
  if (!status) status = write_difference(dir, source, made, n, g);
  if (!status)
    status = example_strips_write_row(dir, "target.png", target.images, target.rows, n, g);
  xs_images_close(made);
  return status;
}
