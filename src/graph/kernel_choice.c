/* kernel_choice.c: which kernel runs a step: the remembered one, else the first that applies
 * (estimate) or the fastest of those that apply (measure). */
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "error.h"
#include "plan.h"

#define NEVER 1e30

static int prepare(const op_kernel *k, const op_site *s, void **state, size_t *scratch) {
  *state = NULL;
  *scratch = 0;
  return k->prepare ? k->prepare(s, state, scratch) : 0;
}

static void fill(float *x, int64_t count) {
  for (int64_t i = 0; i < count; i++) x[i] = 0.01f * (float)(i % 101) - 0.5f;
}

static void free_buffers(const op_site *s, op_buffers *b) {
  for (int i = 0; i < s->n; i++) free((void *)(uintptr_t)b->in[i]);
  free(b->out[0]);
  free(b->scratch);
}

static void *pack_weights(const op_kernel *k, const op_site *s, void *state, op_buffers *b) {
  if (!k->pack) return NULL;
  void *packed = store_allocate(k->packed_bytes(s, state));
  if (packed && k->pack(s, state, b->in[1], packed) == 0) return packed;
  free(packed);
  return NULL;
}

static bool make_buffers(const op_site *s, size_t scratch, op_buffers *b) {
  *b = (op_buffers){.scratch = store_allocate(scratch)};
  b->out[0] = store_allocate((size_t)tg_count(s->out) * sizeof(float));
  bool made = b->scratch && b->out[0];
  for (int i = 0; i < s->n && made; i++) {
    float *x = store_allocate((size_t)tg_count(s->in[i]) * sizeof(float));
    b->in[i] = x;
    made = x != NULL;
    if (made) fill(x, tg_count(s->in[i]));
  }
  return made;
}

static double time_runs(const op_kernel *k, const op_site *s, void *state, const op_buffers *b) {
  double best = NEVER;
  for (int i = 0; i < 5; i++) {
    double start = clock_seconds();
    if (k->run(s, state, b)) return NEVER;
    double took = clock_seconds() - start;
    if (i > 0 && took < best) best = took;
  }
  return best;
}

/* Seconds of the fastest of a few runs on made-up numbers; NEVER where memory is short. */
static double time_kernel(const op_kernel *k, const op_site *s) {
  void *state;
  size_t scratch;
  op_buffers b;
  if (prepare(k, s, &state, &scratch)) return NEVER;
  double best = NEVER;
  if (make_buffers(s, scratch, &b)) {
    op_buffers timed = b;
    void *packed = pack_weights(k, s, state, &b);
    if (packed) timed.in[1] = packed;
    if (packed || !k->pack) best = time_runs(k, s, state, &timed);
    free(packed);
  }
  free_buffers(s, &b);
  if (k->release) k->release(state);
  return best;
}

static const op_kernel *find_named(const op_kernel *const *list, int n, const char *name) {
  for (int i = 0; name && i < n; i++) {
    if (strcmp(list[i]->name, name) == 0) return list[i];
  }
  return NULL;
}

static const op_kernel *find_fastest(const op_kernel *const *list, int n, const op_site *s) {
  const op_kernel *best = list[0];
  double least = NEVER;
  for (int i = 0; i < n; i++) {
    double t = time_kernel(list[i], s);
    if (t < least) {
      least = t;
      best = list[i];
    }
  }
  return best;
}

int plan_prepare(plan_step *s) {
  char signature[512];
  if (!prepare(s->kernel, &s->site, &s->state, &s->scratch)) return 0;
  graph_describe_site(&s->site, signature, sizeof signature);
  return fail_context(1, "%s, kernel %s: ", signature, s->kernel->name);
}

int plan_choose_kernel(const plan_draft *d, plan_step *s) {
  const op_kernel *list[DEVICE_MAX_KERNELS];
  char signature[512];
  int n = d->device->kernels(&s->site, list);
  graph_describe_site(&s->site, signature, sizeof signature);
  if (n == 0) return fail(1, "device %s has no kernel for %s", d->device->name, signature);
  tg_kernels *known = d->options->kernels;
  s->kernel = find_named(list, n, kernels_find(known, signature));
  if (!s->kernel) {
    bool measure = d->options->effort == TG_MEASURE && n > 1 && !(s->site.op->flags & OP_UPDATE);
    s->kernel = measure ? find_fastest(list, n, &s->site) : list[0];
    if (known && n > 1) tg_kernels_set(known, signature, s->kernel->name);
  }
  return 0;
}
