/* rates.c: what this machine reaches: the two roofs of the roofline, measured. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "onednn.h"
#include "store.h"
#include "team.h"

enum { KB = 1024, SMALLEST = 256 * KB, RUN_BYTES = 8 * 1024 * KB };
static const double product_seconds = 0.15, copy_seconds = 0.05;

/* The best FLOP/s of products of n x n matrices; 0: no memory. */
static double product_rate(int64_t n, bool bf16) {
  const onednn_products_shape s = {.bf16 = bf16,
                                   .batch = 1,
                                   .m = n,
                                   .n = n,
                                   .k = n,
                                   .a_plane = n * n,
                                   .b_plane = n * n,
                                   .c_plane = n * n};
  onednn_products *p;
  float *x = store_allocate(3 * (size_t)(n * n) * sizeof *x);
  double best = 0, flop = 2 * pow((double)n, 3);
  if (x && onednn_products_new(&s, &p) == 0) {
    int failed = 0;
    for (double first = clock_seconds(), start = first; start - first < product_seconds && !failed;
         start = clock_seconds()) {
      failed = onednn_check(onednn_products_run(p, x, x + n * n, x + 2 * n * n));
      if (!failed) best = fmax(best, flop / (clock_seconds() - start));
    }
    onednn_products_free(p);
  }
  free(x);
  return best;
}

/* Every part is copied between its halves, there and back. */
static void copy_parts(char *x, size_t size, int runs) {
  const int parts = team_parts();
  const size_t half = size / 2 / (size_t)parts;
#pragma omp parallel for schedule(static) num_threads(parts)
  for (int part = 0; part < parts; part++) {
    char *a = x + 2 * half * (size_t)part, *b = a + half;
    for (int i = 0; i < runs; i++) memcpy(i % 2 ? b : a, i % 2 ? a : b, half);
  }
}

/* The best bytes/s, read and written, of copying within size bytes of x. */
static double copy_rate(char *x, size_t size) {
  double best = 0;
  int runs = 1 + (int)(RUN_BYTES / size);
  copy_parts(x, size, runs);
  for (double first = clock_seconds(), start = first; start - first < copy_seconds;
       start = clock_seconds()) {
    copy_parts(x, size, runs);
    best = fmax(best, (double)size * runs / (clock_seconds() - start));
  }
  return best;
}

static int measure(tg_rates *r) {
  *r = (tg_rates){.flop = fmax(product_rate(512, false), product_rate(1024, false))};
  if (tg_has_bf16()) r->flop_bf16 = fmax(product_rate(512, true), product_rate(1024, true));
  char *x = store_allocate((size_t)SMALLEST << 2 * (TG_COPIES - 1));
  for (int i = 0; x && i < TG_COPIES; i++) {
    size_t size = (size_t)SMALLEST << 2 * i;
    r->copy[i].size = (double)size;
    r->copy[i].rate = copy_rate(x, size);
  }
  free(x);
  /* What holds less is at least as fast: slower was only disturbed. */
  for (int i = TG_COPIES - 2; i >= 0; i--) {
    r->copy[i].rate = fmax(r->copy[i].rate, r->copy[i + 1].rate);
  }
  return !x || r->flop <= 0;
}

int tg_rates_measure(tg_rates *r) {
  team_settings before;
  if (team_enter(team_size(), &before)) return 1;
  const int status = measure(r);
  team_leave(&before);
  return status;
}

double tg_rates_limit(const tg_rates *r, const tg_step_profile *s, bool *memory) {
  int i = 0;
  while (i + 1 < TG_COPIES && r->copy[i + 1].size <= s->bytes) i++;
  double product = s->kernel_flop / (s->bf16 ? r->flop_bf16 : r->flop),
         moving = s->bytes / r->copy[i].rate;
  *memory = moving > product;
  return fmax(product, moving);
}
