/* bench_data.c: a site's images for timed steps, read ahead by training's loader, and how long they
 * were waited for. */
#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "memory.h"
#include "timed_step.h"

struct bench_feed {
  xs_site *site;
  loader *loader;
  int64_t each; /* values of an image */
  const batch *batch;
};

/* Only a step says how many channels its images have. */
static int channels_of(const xs_bench_task *o) {
  return o->image_channels ? (int)o->image_channels : 3;
}

static xs_status start_loader(const xs_bench_task *o, bench_feed *f) {
  const xs_images *images = &f->site->images;
  int64_t *rows = memory_new((size_t)images->n * sizeof *rows);
  for (int64_t i = 0; i < images->n; i++) rows[i] = i;
  const loader_options options = {
      .sampler = {.seed = 1, .stream = "bench", .batch = o->batch, .rows = rows, .n = images->n},
      .images = images,
      .size = (int)o->size,
      .channels = channels_of(o),
      .norm = {{0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}}};
  int status = loader_new(&options, 0, &f->loader);
  free(rows);
  return status ? XS_FAILED : XS_OK;
}

xs_status bench_feed_open(const xs_bench_task *o, bench_feed **out) {
  *out = NULL;
  if (!o->data) return XS_OK;
  const xs_site_options options = {.data_dir = o->data_dir, .size = (int)o->size};
  bench_feed *f = *out = memory_new(sizeof *f);
  f->each = o->size * o->size * channels_of(o);
  xs_status status = xs_site_open(o->data, &options, &f->site);
  return status ? status : start_loader(o, f);
}

void bench_feed_close(bench_feed *f) {
  if (!f) return;
  loader_free(f->loader);
  xs_site_close(f->site);
  free(f);
}

double bench_feed_next(bench_feed *f) {
  if (!f) return 0;
  const double before = loader_waited(f->loader);
  f->batch = loader_next(f->loader);
  return loader_waited(f->loader) - before;
}

void bench_feed_fill(const bench_feed *f, const bench_step *s, int plan) {
  if (!f || !s->images[plan]) return;
  memcpy(tg_plan_data(s->plan[plan], s->x[plan]), f->batch->x,
         (size_t)(s->images[plan] * f->each) * sizeof(float));
}
