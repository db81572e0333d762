#include "batch_size.h"

#include <stdlib.h>

#include "error.h"
#include "text.h"

/* The largest number of units below `most`, which do not fit; 0: not even one does. */
static int64_t find_most(int64_t most, int64_t unit, batch_size_try *try, const void *step) {
  int64_t fits = 0;
  while (most - fits > 1) {
    int64_t middle = fits + (most - fits) / 2;
    if (try(step, middle * unit)) {
      most = middle;
    } else {
      fits = middle;
    }
  }
  return fits;
}

int batch_size_refuse(int64_t batch, int64_t unit, batch_size_try *try, const void *step) {
  char *why = text_copy(fail_message());
  long long fits = (long long)unit * find_most(batch / unit, unit, try, step);
  if (fits) fail(TG_TOO_LARGE, "%s; batch %lld would fit", why, fits);
  if (!fits) fail(TG_TOO_LARGE, "%s; not even batch %lld fits", why, (long long)unit);
  free(why);
  return TG_TOO_LARGE;
}

tg_plan_options batch_size_options(const tg_plan_options *o) {
  tg_plan_options sized = o ? *o : (tg_plan_options){0};
  sized.effort = TG_ESTIMATE;
  sized.kernels = NULL;
  sized.only_sized = true;
  return sized;
}
