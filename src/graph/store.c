#define _DEFAULT_SOURCE /* madvise */
#include "store.h"

#include <math.h>
#include <sanitizer/asan_interface.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "device.h"
#include "error.h"
#include "graph.h"
#include "memory.h"
#include "memory_left.h"
#include "text.h"

/* Memory in pages of 2 MB where there are some: fewer faults, and kernels that walk many planes
 * side by side find all of their pages in the processor's table. */
static void *allocate(size_t rounded) {
  enum { HUGE_PAGE = 1 << 21 };
  if (rounded < 2 * HUGE_PAGE) return aligned_alloc(64, rounded);
  void *p = aligned_alloc(HUGE_PAGE, (rounded + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE);
  if (p) madvise(p, rounded, MADV_HUGEPAGE);
  return p;
}

static int refuse(size_t bytes, double there) {
  char *wanted = text_bytes((double)bytes), *free_bytes = text_bytes(there > 0 ? there : 0);
  const int status = fail(TG_TOO_LARGE,
                          "%s more memory are needed and cannot be had (%s are free): lower batch, "
                          "size, channels or blocks",
                          wanted, free_bytes);
  free(free_bytes);
  free(wanted);
  return status;
}

int store_check(size_t bytes) {
  enum { SMALL = 1 << 20 }; /* not worth asking the system */
  double there = bytes <= SMALL ? INFINITY : memory_left();
  return (double)bytes < there ? 0 : refuse(bytes, there);
}

/* Never none, so that every piece has a place. */
static size_t round_up(size_t bytes) { return memory_lines(bytes ? bytes : 1); }

void *store_allocate(size_t bytes) {
  size_t rounded = round_up(bytes);
  if (store_check(rounded)) return NULL;
  void *p = allocate(rounded);
  if (p) return memset(p, 0, rounded);
  refuse(bytes, memory_left());
  return NULL;
}

/* ---- what lives as long as the store ----------------------------------------------------------
 */

/* Pages that nothing has touched take no memory.  A chunk for one piece alone goes behind the
 * newest, which may have room left. */
static store_chunk *add_chunk(tg_store *s, size_t bytes, bool alone) {
  void *data = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) return NULL;
  madvise(data, bytes, MADV_HUGEPAGE);
  store_chunk *c = memory_new(sizeof *c);
  store_chunk **before = alone && s->chunk ? &s->chunk->next : &s->chunk;
  *c = (store_chunk){.data = data, .bytes = bytes, .next = *before};
  *before = c;
  return c;
}

/* Zeroed memory of the store's: parameters and packed copies side by side, so that small ones share
 * large pages; a gap shows a sanitizer what goes over the end.  Large ones are touched at once, so
 * that the next check counts them. */
static void *lend(tg_store *s, size_t bytes) {
  enum { CHUNK = 1 << 25, LARGE = CHUNK / 4, GAP = 64 };
  size_t rounded = round_up(bytes), taken = rounded + GAP;
  if (store_check(rounded)) return NULL;
  bool alone = taken > LARGE;
  store_chunk *c = s->chunk;
  if (alone || !c || c->bytes - c->used < taken) c = add_chunk(s, alone ? taken : CHUNK, alone);
  if (!c) {
    refuse(bytes, memory_left());
    return NULL;
  }
  char *p = c->data + c->used;
  c->used += taken;
  ASAN_POISON_MEMORY_REGION(p + rounded, GAP);
  return alone ? memset(p, 0, rounded) : p;
}

static void free_chunks(tg_store *s) {
  while (s->chunk) {
    store_chunk *next = s->chunk->next;
    ASAN_UNPOISON_MEMORY_REGION(s->chunk->data, s->chunk->bytes);
    munmap(s->chunk->data, s->chunk->bytes);
    free(s->chunk);
    s->chunk = next;
  }
}

int store_reserve(tg_store *s, size_t bytes) {
  if (s->block && bytes <= s->block_bytes) return 0;
  free(s->block); /* first: there may be no room for both */
  s->block = store_allocate(bytes);
  s->block_bytes = s->block ? bytes : 0;
  return s->block ? 0 : fail_context(TG_TOO_LARGE, "intermediate values: ");
}

tg_store *tg_store_new(const tg_device *d) {
  tg_store *s = memory_new(sizeof *s);
  s->device = d;
  return s;
}

static void free_packs(store_pack *p) {
  while (p) {
    store_pack *next = p->next;
    free(p);
    p = next;
  }
}

void tg_store_free(tg_store *s) {
  if (!s) return;
  for (int64_t i = 0; i < s->names.n; i++) free_packs(s->slot[i].packs);
  text_set_release(&s->names);
  free(s->slot);
  free(s->block);
  free_chunks(s);
  free(s);
}

int tg_store_size(const tg_store *s) { return (int)s->names.n; }

int tg_store_find(const tg_store *s, const char *name) {
  return (int)text_set_find(&s->names, name);
}

/* NULL and a message where there is none, as of the -1 of a name that was not found. */
static store_slot *slot_at(const tg_store *s, int i) {
  if (i >= 0 && i < s->names.n) return &s->slot[i];
  fail(1, "the store has no parameter %d: there are %d, counted from 0", i, tg_store_size(s));
  return NULL;
}

const char *tg_store_name(const tg_store *s, int i) {
  return slot_at(s, i) ? s->names.text[i] : NULL;
}

tg_shape tg_store_shape(const tg_store *s, int i) {
  const store_slot *slot = slot_at(s, i);
  return slot ? slot->shape : tg_shape4(0, 0, 0, 0);
}

static int refuse_shape(const char *name, tg_shape wanted, tg_shape known) {
  char want[96], have[96];
  graph_describe_shape(wanted, want, sizeof want);
  graph_describe_shape(known, have, sizeof have);
  return fail(1, "parameter %s is wanted as %s, but the store has it as %s", name, want, have);
}

int tg_store_add(tg_store *s, const char *name, tg_shape shape) {
  int i = tg_store_find(s, name);
  if (i >= 0) {
    if (tg_same_shape(s->slot[i].shape, shape)) return 0;
    return refuse_shape(name, shape, s->slot[i].shape);
  }
  void *data = lend(s, (size_t)tg_count(shape) * s->device->element);
  if (!data) return fail_context(1, "parameter %s: ", name);
  i = (int)text_set_add(&s->names, name);
  s->slot = memory_grow(s->slot, (size_t)s->names.places * sizeof *s->slot);
  s->slot[i] = (store_slot){.shape = shape, .version = 1, .data = data};
  return 0;
}

int tg_store_write(tg_store *s, int i, const float *x) {
  store_slot *slot = slot_at(s, i);
  if (!slot) return 1;
  int64_t count = tg_count(slot->shape);
  slot->version++;
  if (s->device->element == sizeof(float)) {
    memcpy(slot->data, x, (size_t)count * sizeof *x);
    return 0;
  }
  double *to = slot->data;
  for (int64_t j = 0; j < count; j++) to[j] = (double)x[j];
  return 0;
}

int tg_store_read(const tg_store *s, int i, float *x) {
  const store_slot *slot = slot_at(s, i);
  if (!slot) return 1;
  int64_t count = tg_count(slot->shape);
  if (s->device->element == sizeof(float)) {
    memcpy(x, slot->data, (size_t)count * sizeof *x);
    return 0;
  }
  const double *from = slot->data;
  for (int64_t j = 0; j < count; j++) x[j] = (float)from[j];
  return 0;
}

int tg_store_read_f64(const tg_store *s, int i, double *x) {
  const store_slot *slot = slot_at(s, i);
  if (!slot) return 1;
  int64_t count = tg_count(slot->shape);
  const float *narrow = slot->data;
  const double *wide = slot->data;
  bool is_narrow = s->device->element == sizeof(float);
  for (int64_t j = 0; j < count; j++) x[j] = is_narrow ? (double)narrow[j] : wide[j];
  return 0;
}

int tg_store_put(tg_store *s, const char *name, tg_shape shape, const float *x) {
  if (tg_store_add(s, name, shape)) return 1;
  return tg_store_write(s, tg_store_find(s, name), x);
}

int tg_store_get(const tg_store *s, const char *name, tg_shape shape, float *x) {
  const int i = tg_store_find(s, name);
  if (i < 0) return fail(1, "parameter %s is not in the store", name);
  if (!tg_same_shape(s->slot[i].shape, shape)) return refuse_shape(name, shape, s->slot[i].shape);
  return tg_store_read(s, i, x);
}

store_pack *store_find_pack(tg_store *s, int i, const char *key, size_t bytes) {
  store_slot *slot = &s->slot[i];
  for (store_pack *p = slot->packs; p; p = p->next) {
    if (strcmp(p->key, key) == 0) return p;
  }
  void *data = lend(s, bytes);
  if (!data) return NULL;
  store_pack *p = memory_new(sizeof *p);
  snprintf(p->key, sizeof p->key, "%s", key);
  p->data = data;
  p->next = slot->packs;
  slot->packs = p;
  return p;
}
