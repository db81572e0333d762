/* block_layout.c: where in the block each life goes: the largest first, each into the smallest gap
 * that holds it during its life (greedy by size: Pisarchyk and Lee 2020, "Efficient memory
 * management for deep neural net inference"). */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "plan.h"

static int by_size(const void *a, const void *b) {
  const plan_life *x = a, *y = b;
  if (x->count != y->count) return x->count < y->count ? 1 : -1;
  if (x->first != y->first) return x->first < y->first ? -1 : 1;
  return x->v < y->v ? -1 : x->v > y->v;
}

static bool meet(const plan_life *x, const plan_life *y) {
  return x->first <= y->last && y->first <= x->last;
}

static int64_t end_of(const plan_life *x) { return x->offset + x->count; }

/* Where x goes among the n placed ones, which are sorted by offset. */
static int64_t find_gap(const plan_life *const *placed, int n, const plan_life *x) {
  int64_t end = 0, least = INT64_MAX, at = -1;
  for (int i = 0; i < n && least > x->count; i++) { /* a gap of just its size is the best */
    if (!meet(placed[i], x)) continue;
    int64_t gap = placed[i]->offset - end;
    if (gap >= x->count && gap < least) {
      least = gap;
      at = end;
    }
    if (end_of(placed[i]) > end) end = end_of(placed[i]);
  }
  return at >= 0 ? at : end;
}

static void insert(const plan_life **placed, int n, const plan_life *x) {
  for (; n > 0 && placed[n - 1]->offset > x->offset; n--) placed[n] = placed[n - 1];
  placed[n] = x;
}

/* No two lives that meet share memory. */
__attribute__((unused)) static bool lie_apart(const plan_life *l, int n) {
  for (int i = 0; i < n; i++) {
    for (int k = 0; k < i; k++) {
      bool over = l[i].offset < end_of(&l[k]) && l[k].offset < end_of(&l[i]);
      if (over && meet(&l[i], &l[k])) return false;
    }
  }
  return true;
}

int64_t plan_place_lives(plan_life *l, int n) {
  const plan_life **placed = memory_new((size_t)(n + 1) * sizeof *placed);
  int64_t total = 0;
  qsort(l, (size_t)n, sizeof *l, by_size);
  for (int i = 0; i < n; i++) {
    l[i].offset = find_gap(placed, i, &l[i]);
    insert(placed, i, &l[i]);
    if (end_of(&l[i]) > total) total = end_of(&l[i]);
  }
  free(placed);
  assert(lie_apart(l, n));
  return total;
}

int64_t plan_most_alive(const plan_life *l, int n, int steps, int *at) {
  int64_t *change = memory_new((size_t)(steps + 2) * sizeof *change), alive = 0, most = 0;
  for (int i = 0; i < n; i++) {
    change[l[i].first] += l[i].count;
    change[l[i].last + 1] -= l[i].count;
  }
  for (int i = 0; i < steps; i++) {
    alive += change[i];
    if (alive <= most) continue;
    most = alive;
    *at = i;
  }
  free(change);
  return most;
}
