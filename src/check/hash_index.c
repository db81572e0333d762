#include "hash_index.h"

#include <stdbool.h>
#include <stdlib.h>

#include "memory.h"

enum { PART_BITS = 16, VALUES = 1 << PART_BITS };

static unsigned part_of(uint64_t hash, int k) {
  return (unsigned)(hash >> (PART_BITS * k)) & (VALUES - 1);
}

static int count_bits(uint64_t x) { return __builtin_popcountll(x); }

static void sort_part(hash_index *x, int k) {
  int64_t *start = memory_new(sizeof *start * (VALUES + 1));
  int64_t *order = memory_new(sizeof *order * (size_t)(x->n + 1));
  for (int64_t i = 0; i < x->n; i++) start[part_of(x->hash[i], k) + 1]++;
  for (int v = 0; v < VALUES; v++) start[v + 1] += start[v];
  for (int64_t i = 0; i < x->n; i++) order[start[part_of(x->hash[i], k)]++] = i;
  for (int v = VALUES; v > 0; v--) start[v] = start[v - 1];
  start[0] = 0;
  x->start[k] = start;
  x->order[k] = order;
}

void hash_index_make(hash_index *x, const uint64_t *hash, int64_t n) {
  *x = (hash_index){.hash = hash, .n = n};
  for (int k = 0; k < HASH_INDEX_PARTS; k++) sort_part(x, k);
}

void hash_index_release(hash_index *x) {
  for (int k = 0; k < HASH_INDEX_PARTS; k++) {
    free(x->start[k]);
    free(x->order[k]);
  }
}

typedef struct search {
  const hash_index *x;
  int64_t i;
  int most, part;
  hash_index_visit *visit;
  void *context;
} search;

/* Is this the first part by which the pair is found? */
static bool is_first(const search *s, uint64_t differing) {
  for (int k = 0; k < s->part; k++) {
    if (count_bits(part_of(differing, k)) <= s->most / HASH_INDEX_PARTS) return false;
  }
  return true;
}

static void visit_bucket(const search *s, unsigned value) {
  const hash_index *x = s->x;
  for (int64_t at = x->start[s->part][value + 1]; at-- > x->start[s->part][value];) {
    const int64_t j = x->order[s->part][at];
    if (j <= s->i) return; /* ascending within a bucket */
    const uint64_t differing = x->hash[s->i] ^ x->hash[j];
    const int bits = count_bits(differing);
    if (bits <= s->most && is_first(s, differing)) s->visit(s->context, s->i, j, bits);
  }
}

/* All values that differ from `value` in up to `left` bits from `bit` on. */
static void visit_ball(const search *s, unsigned value, int bit, int left) {
  visit_bucket(s, value);
  if (!left) return;
  for (; bit < PART_BITS; bit++) visit_ball(s, value ^ 1u << bit, bit + 1, left - 1);
}

void hash_index_near(const hash_index *x, int64_t i, int most, hash_index_visit *visit,
                     void *context) {
  search s = {x, i, most, 0, visit, context};
  for (; s.part < HASH_INDEX_PARTS; s.part++) {
    visit_ball(&s, part_of(x->hash[i], s.part), 0, most / HASH_INDEX_PARTS);
  }
}
