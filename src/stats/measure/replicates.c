#include "replicates.h"

#include "error.h"
#include "memory.h"

#include <stdlib.h>

static int64_t all_units(const resample *sets, int n_sets) {
  int64_t units = 0;
  for (int k = 0; k < n_sets; k++) units += sets[k].units;
  return units;
}

static void draw(const resample *sets, int n_sets, int replicate, uint32_t *weight) {
  for (int k = 0; k < n_sets; k++) {
    resample_weights(&sets[k], replicate, weight);
    weight += sets[k].units;
  }
}

void replicates_run(const resample *sets, int n_sets, replicate_statistic *statistic,
                    const void *context, int width, double *value) {
  const int replicates = sets->replicates;
#pragma omp parallel
  {
    uint32_t *weight = memory_new((size_t)all_units(sets, n_sets) * sizeof *weight);
    double *out = memory_new((size_t)width * sizeof *out);
#pragma omp for schedule(static)
    for (int r = 0; r < replicates; r++) {
      draw(sets, n_sets, r, weight);
      statistic(context, weight, out);
      for (int j = 0; j < width; j++) value[(int64_t)j * replicates + r] = out[j];
    }
    free(weight);
    free(out);
  }
}

xs_status replicates_check(int replicates) {
  if (replicates >= 2) return XS_OK;
  return fail(XS_USAGE, "no interval: %d bootstrap replicates, at least 2 are needed", replicates);
}
