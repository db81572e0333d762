/* pooled_set.c: the images of several sites as one set. */
#include <stdlib.h>

#include "learn.h"
#include "made_images.h"
#include "memory.h"
#include "text.h"

enum { AT_ONCE = 64 };

/* The images of a set behind those that are there. */
static void append(const train_set *from, const train_geometry *g, train_set *to, xs_images *x) {
  static const xs_normalisation plain = {{0, 0, 0}, {1, 1, 1}};
  int64_t each = (int64_t)g->size * g->size * g->channels;
  float *value = memory_new((size_t)(AT_ONCE * each) * sizeof *value);
  for (int64_t first = 0; first < from->n; first += AT_ONCE) {
    int64_t n = from->n - first < AT_ONCE ? from->n - first : AT_ONCE;
    xs_images_fetch(from->images, from->rows + first, n, g->size, g->channels, &plain, value);
    uint16_t *pixel = (uint16_t *)x->pixels + x->n * each;
    made_images_store(value, n * each, pixel);
    for (int64_t i = 0; i < n; i++, x->n++) {
      int64_t row = from->rows[first + i];
      x->group[x->n] = from->images->group[row];
      to->rows[x->n] = x->n;
      to->label[x->n] = from->label[row];
    }
  }
  free(value);
}

void train_set_pool(const train_set *part, int parts, const train_geometry *g, xs_images **images,
                    train_set *set) {
  int64_t n = 0;
  for (int i = 0; i < parts; i++) n += part[i].n;
  *images =
      made_images_new(text_copy("pooled"), &part[0].images->how, g->size, g->size, g->channels, n);
  (*images)->n = 0;
  *set = (train_set){.images = *images,
                     .label = memory_new((size_t)(n + 1) * sizeof(int32_t)),
                     .rows = memory_new((size_t)(n + 1) * sizeof(int64_t)),
                     .n = n};
  for (int i = 0; i < parts; i++) append(&part[i], g, set, *images);
}
