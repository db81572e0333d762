#include "expand.h"

#include <string.h>

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

expansion expand_shape(const tg_shape *from, const tg_shape *to) {
  expansion e = {.period = 1};
  int k = 3;
  for (; k >= 0 && from->d[k] == to->d[k]; k--) e.period *= to->d[k];
  e.region = e.period;
  for (; k >= 0 && from->d[k] == 1; k--) e.region *= to->d[k];
  e.outer = k + 1;
  int64_t stride = e.period;
  for (; k >= 0; k--) {
    e.size[k] = to->d[k];
    e.stride[k] = from->d[k] == 1 ? 0 : stride;
    stride *= from->d[k];
  }
  return e;
}

static int64_t find_offset(const expansion *e, int64_t region) {
  int64_t offset = 0;
  for (int k = e->outer - 1; k >= 0; k--) {
    offset += region % e->size[k] * e->stride[k];
    region /= e->size[k];
  }
  return offset;
}

/* y[i] = x[(phase + i) % period]: one period, then twice as much with every copy. */
static void fill(const float *x, int64_t period, int64_t phase, int64_t n, float *y) {
  if (period == 1) {
    for (int64_t i = 0; i < n; i++) y[i] = x[0];
    return;
  }
  int64_t head = least(period - phase, n), done = least(period, n);
  memcpy(y, x + phase, (size_t)head * sizeof *y);
  memcpy(y + head, x, (size_t)(done - head) * sizeof *y);
  for (; done < n; done *= 2) memcpy(y + done, y, (size_t)least(done, n - done) * sizeof *y);
}

void expand_copy(const expansion *e, const float *x, int64_t first, int64_t n, float *y) {
  for (int64_t part; n > 0; first += part, n -= part, y += part) {
    int64_t region = first / e->region, at = first - region * e->region;
    part = least(n, e->region - at);
    fill(x + find_offset(e, region), e->period, at % e->period, part, y);
  }
}

static const float *lend_rows(const expansion *e, const float *x, int64_t first, int64_t n,
                              float *room) {
  const float *from = x + first / e->width * e->row;
  int64_t at = first % e->width;
  if (at + n <= e->width) return from + at;
  for (int64_t done = 0, part; done < n; done += part, at = 0, from += e->row) {
    part = least(n - done, e->width - at);
    memcpy(room + done, from + at, (size_t)part * sizeof *room);
  }
  return room;
}

const float *expand_lend(const expansion *e, const float *x, int64_t first, int64_t n, float *room,
                         expand_memo *m) {
  if (e->row) return lend_rows(e, x, first, n, room);
  int64_t region = first / e->region, at = first - region * e->region;
  expand_memo now = {find_offset(e, region), at % e->period, n};
  bool whole = at + n <= e->region;
  if (whole && now.phase + n <= e->period) return x + now.offset + now.phase;
  if (whole && m->offset == now.offset && m->phase == now.phase && m->n >= n) return room;
  expand_copy(e, x, first, n, room);
  *m = whole ? now : (expand_memo){0};
  return room;
}
