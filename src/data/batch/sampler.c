#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "error.h"
#include "memory.h"
#include "random.h"
#include "text.h"

/* Images that are drawn from together: all, or one class's. */
typedef struct pool {
  int64_t *rows, n;
  uint64_t stream;
  int64_t epoch, *order; /* the permutation of this epoch, -1 none */
} pool;

struct sampler {
  uint64_t seed;
  sampler_mode mode;
  int64_t batch, n;
  bool balanced;
  pool *pools;
  int n_pools;
};

static void add_pool(sampler *s, const sampler_options *o, int class) {
  pool *p = &s->pools[s->n_pools];
  p->rows = memory_new(sizeof *p->rows * (size_t)(o->n + 1));
  p->epoch = -1;
  for (int64_t i = 0; i < o->n; i++) {
    if (class < 0 || o->label[o->rows[i]] == class) p->rows[p->n++] = o->rows[i];
  }
  p->order = memory_new(sizeof *p->order * (size_t)(p->n + 1));
  char *name = text_format(class < 0 ? "%s" : "%s class %d", o->stream, class);
  p->stream = random_stream(name);
  free(name);
  s->n += p->n;
  if (p->n) {
    s->n_pools++;
  } else {
    free(p->rows);
    free(p->order);
    memset(p, 0, sizeof *p);
  }
}

static int check_images(const sampler *s, const sampler_options *o) {
  if (o->batch < 1) return fail(XS_USAGE, "%s: a batch needs at least 1 image", o->stream);
  if (!s->n) {
    return fail(XS_FAILED, "%s: no %simages to draw from", o->stream,
                o->balanced ? "labelled " : "");
  }
  if (o->mode == SAMPLER_EPOCHS && !o->balanced && s->n < o->batch) {
    return fail(XS_FAILED,
                "%s: %lld images, fewer than a batch of %lld; take a batch of at most %lld",
                o->stream, (long long)s->n, (long long)o->batch, (long long)s->n);
  }
  return 0;
}

int sampler_new(const sampler_options *o, sampler **out) {
  sampler *s = memory_new(sizeof *s);
  *s = (sampler){.seed = o->seed, .mode = o->mode, .batch = o->batch, .balanced = o->balanced};
  s->pools = memory_new(sizeof *s->pools * (size_t)(o->classes + 1));
  if (o->balanced) {
    for (int k = 0; k < o->classes; k++) add_pool(s, o, k);
  } else {
    add_pool(s, o, -1);
  }
  int status = check_images(s, o);
  if (status) {
    sampler_free(s);
    s = NULL;
  }
  *out = s;
  return status;
}

void sampler_free(sampler *s) {
  if (!s) return;
  for (int k = 0; k < s->n_pools; k++) {
    free(s->pools[k].rows);
    free(s->pools[k].order);
  }
  free(s->pools);
  free(s);
}

int64_t sampler_epoch_steps(const sampler *s) { return s->n < s->batch ? 1 : s->n / s->batch; }

/* The j-th image of an endless row of permutations of the pool. */
static int64_t draw_in_order(const sampler *s, pool *p, int64_t j) {
  int64_t epoch = j / p->n;
  if (p->epoch != epoch) {
    random_permutation(s->seed, p->stream, (uint64_t)epoch, p->n, p->order);
    p->epoch = epoch;
  }
  return p->rows[p->order[j % p->n]];
}

void sampler_rows(sampler *s, int64_t step, int64_t *rows) {
  int64_t per_epoch = sampler_epoch_steps(s);
  /* The number of the step's first draw; unbalanced, an epoch starts at a multiple of n. */
  int64_t start =
      s->balanced ? step * s->batch : step / per_epoch * s->n + step % per_epoch * s->batch;
  for (int64_t i = 0; i < s->batch; i++) {
    int64_t draw = start + i;
    pool *p = &s->pools[draw % s->n_pools];
    if (s->mode == SAMPLER_RANDOM) {
      rows[i] =
          p->rows[random_below(s->seed, p->stream, (uint64_t)step, (uint64_t)i, (uint64_t)p->n)];
    } else {
      rows[i] = draw_in_order(s, p, draw / s->n_pools);
    }
  }
}
