/* random_store.h: parameters whose values do not matter. */
#ifndef RANDOM_STORE_H
#define RANDOM_STORE_H

#include "random.h"
#include "tg.h"

#include <stdlib.h>

/* Between -1/2 and 1/2, by the name of each parameter. */
static inline void random_store_fill(tg_store *s) {
  for (int i = 0; i < tg_store_size(s); i++) {
    const int64_t n = tg_count(tg_store_shape(s, i));
    const uint64_t stream = random_stream(tg_store_name(s, i));
    float *x = malloc((size_t)n * sizeof *x);
    for (int64_t k = 0; k < n; k++) x[k] = random_uniform(1, stream, 0, (uint64_t)k) - 0.5f;
    tg_store_write(s, i, x);
    free(x);
  }
}

#endif
