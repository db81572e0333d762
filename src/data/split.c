#include <stdlib.h>

#include "file.h"
#include "random.h"
#include "xsite.h"

/* The side of one group, or of one image where each is drawn for itself. */
static xs_split draw_side(uint64_t seed, uint64_t group, uint64_t image) {
  double u = random_uniform(seed, random_stream("split"), group, image);
  return u < 0.8 ? XS_TRAIN : u < 0.9 ? XS_VALIDATION : XS_TEST;
}

xs_status xs_split_rows(const xs_images *x, uint64_t seed, bool by_image, xs_split which,
                        int64_t **rows, int64_t *n) {
  *rows = memory_new(sizeof **rows * (size_t)(x->n + 1));
  *n = 0;
  for (int64_t i = 0; i < x->n; i++) {
    xs_split side = draw_side(seed, x->group[i], by_image ? (uint64_t)i + 1 : 0);
    if (which == XS_ALL || which == side) (*rows)[(*n)++] = i;
  }
  return XS_OK;
}
