#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "clock.h"
#include "error.h"
#include "memory.h"

enum { SLOTS = 4 }; /* one is lent, the others are prepared ahead */

struct loader {
  loader_options o;
  sampler *sampler;
  augmenter view[2];
  batch slot[SLOTS];
  /* Guarded by lock.  Batches are numbered from 0 in the order of their steps; batch i is in slot
   * i % SLOTS; released <= taken <= ready <= released + SLOTS, and at most one is lent. */
  int64_t ready, taken, released;
  bool stop;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  pthread_t thread;
  bool running;
  int64_t first_step;
  double waited;
};

/* The images once, then each view's copy changed. */
static void prepare(loader *l, int64_t step, batch *b) {
  const loader_options *o = &l->o;
  int64_t n = o->sampler.batch, values = n * o->size * o->size * o->channels;
  b->step = step;
  sampler_rows(l->sampler, step, b->rows);
  xs_images_fetch(o->images, b->rows, n, o->size, o->channels, &o->norm, b->x);
  for (int64_t i = 0; b->label && i < n; i++) b->label[i] = (float)o->label[b->rows[i]];
  for (int v = o->views - 1; v >= 0; v--) {
    float *x = b->x + v * values;
    if (v > 0) memcpy(x, b->x, (size_t)values * sizeof *x);
    augmenter_apply(&l->view[v], (uint64_t)step, (uint64_t)(v * n), n, x);
  }
}

static void *run(void *context) {
  loader *l = context;
  pthread_mutex_lock(&l->lock);
  for (;;) {
    while (!l->stop && l->ready == l->released + SLOTS) pthread_cond_wait(&l->changed, &l->lock);
    if (l->stop) break;
    int64_t i = l->ready;
    pthread_mutex_unlock(&l->lock);
    prepare(l, l->first_step + i, &l->slot[i % SLOTS]);
    pthread_mutex_lock(&l->lock);
    l->ready = i + 1;
    pthread_cond_broadcast(&l->changed);
  }
  pthread_mutex_unlock(&l->lock);
  return NULL;
}

static void allocate_slots(loader *l) {
  size_t n = (size_t)l->o.sampler.batch;
  size_t values = (size_t)l->o.size * (size_t)l->o.size * (size_t)l->o.channels;
  for (int i = 0; i < SLOTS; i++) {
    batch *b = &l->slot[i];
    b->rows = memory_new(sizeof *b->rows * n);
    b->x = memory_new(sizeof *b->x * n * values * (size_t)l->o.views);
    if (l->o.label) b->label = memory_new(sizeof *b->label * n);
  }
}

int loader_new(const loader_options *o, int64_t first_step, loader **out) {
  *out = NULL;
  sampler *s;
  int status = sampler_new(&o->sampler, &s);
  if (status) return status;
  loader *l = memory_new(sizeof *l);
  l->o = *o;
  if (l->o.views < 1) l->o.views = 1;
  l->sampler = s;
  l->first_step = first_step;
  for (int v = 0; v < l->o.views; v++) {
    l->view[v] = augmenter_new(&o->view[v], &o->norm, o->size, o->channels, o->sampler.seed,
                               o->sampler.stream);
  }
  allocate_slots(l);
  pthread_mutex_init(&l->lock, NULL);
  pthread_cond_init(&l->changed, NULL);
  int error = pthread_create(&l->thread, NULL, run, l);
  l->running = !error;
  if (error) {
    loader_free(l);
    return fail(XS_FAILED, "%s: cannot start a thread: %s", o->sampler.stream, strerror(error));
  }
  *out = l;
  return 0;
}

void loader_free(loader *l) {
  if (!l) return;
  pthread_mutex_lock(&l->lock);
  l->stop = true;
  pthread_cond_broadcast(&l->changed);
  pthread_mutex_unlock(&l->lock);
  if (l->running) pthread_join(l->thread, NULL);
  pthread_mutex_destroy(&l->lock);
  pthread_cond_destroy(&l->changed);
  for (int i = 0; i < SLOTS; i++) {
    free(l->slot[i].rows);
    free(l->slot[i].x);
    free(l->slot[i].label);
  }
  sampler_free(l->sampler);
  free(l);
}

int64_t loader_epoch_steps(const loader *l) { return sampler_epoch_steps(l->sampler); }

const batch *loader_next(loader *l) {
  double start = clock_seconds();
  pthread_mutex_lock(&l->lock);
  l->released = l->taken;
  pthread_cond_broadcast(&l->changed);
  while (l->ready == l->taken) pthread_cond_wait(&l->changed, &l->lock);
  const batch *b = &l->slot[l->taken % SLOTS];
  l->taken++;
  pthread_mutex_unlock(&l->lock);
  l->waited += clock_seconds() - start;
  return b;
}

double loader_waited(const loader *l) { return l->waited; }
