/* cpu.c: the processor in float.  Kernels come from the operators; where none applies, the double
 * definition is run on converted copies: slow, but always legal. */
#include <string.h>

#include "device.h"
#include "error.h"

static int64_t count_elements(const op_site *s) {
  int64_t total = tg_count(s->out);
  for (int i = 0; i < s->n; i++) total += tg_count(s->in[i]);
  return total;
}

static int prepare_converted(const op_site *s, void **state, size_t *scratch) {
  *state = NULL;
  *scratch = (size_t)count_elements(s) * sizeof(double);
  return 0;
}

static int run_converted(const op_site *s, void *state, const op_buffers *b) {
  (void)state;
  op_buffers wide = *b;
  double *room = b->scratch;
  for (int i = 0; i < s->n; i++) {
    const float *x = b->in[i];
    int64_t count = tg_count(s->in[i]);
    for (int64_t j = 0; j < count; j++) room[j] = (double)x[j];
    wide.in[i] = room;
    room += count;
  }
  wide.out[0] = room;
  s->op->reference(s, &wide);
  float *y = b->out[0];
  int64_t count = tg_count(s->out);
  for (int64_t j = 0; j < count; j++) y[j] = (float)room[j];
  return 0;
}

static const op_kernel converted = {
    .name = "definition", .prepare = prepare_converted, .run = run_converted};

static int list_kernels(const op_site *s, const op_kernel *list[DEVICE_MAX_KERNELS]) {
  int n = 0;
  for (const op_kernel *const *k = s->op->cpu; k && *k && n < DEVICE_MAX_KERNELS - 1; k++) {
    if ((*k)->applies ? (*k)->applies(s) : !op_fused(s)) list[n++] = *k;
  }
  if (n == 0 && !op_fused(s) && !(s->op->flags & OP_UPDATE)) list[n++] = &converted;
  return n;
}

static const tg_device cpu = {
    .name = "cpu", .element = sizeof(float), .fuses = true, .kernels = list_kernels};

const tg_device *tg_device_cpu(void) { return &cpu; }

const tg_device *tg_device_named(const char *name) {
  if (strcmp(name, "cpu") == 0) return tg_device_cpu();
  if (strcmp(name, "reference") == 0) return tg_device_reference();
  fail(2, "device '%s' is not known; there are: cpu, reference", name);
  return NULL;
}

size_t tg_device_element(const tg_device *d) { return d->element; }
