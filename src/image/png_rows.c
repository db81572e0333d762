/* PNG specification, section 9.  A byte depends on the one to its left, the one above and the one
 * between them, so that in one row one waits for another.  Eight rows are therefore worked on at a
 * time, each a step behind the one above it: a vector holds a byte of each. */
#include "png_rows.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"

enum { ROWS = 8, SUB = 1, UP, AVERAGE, PAETH };

typedef int16_t lanes __attribute__((vector_size(2 * ROWS)));
typedef uint64_t halves __attribute__((vector_size(2 * ROWS)));
typedef uint8_t bytes __attribute__((vector_size(ROWS)));

/* Step t has the byte t - r of row r. */
typedef struct band {
  size_t steps;
  bytes *x;                      /* [steps] filtered, then not */
  uint8_t *above;                /* [steps] the row over the first */
  lanes sub, up, average, paeth; /* which rows have this filter */
} band;

static band band_new(size_t pixels) {
  band b = {.steps = pixels + ROWS - 1};
  b.x = memory_new(b.steps * sizeof *b.x);
  b.above = memory_new(b.steps);
  return b;
}

static void band_release(band *b) {
  free(b->x);
  free(b->above);
}

/* Each row's value to the row below; little-endian, as all processors that this program runs on. */
static lanes move_down(lanes v, uint8_t above) {
  const halves w = (halves)v, first = {above};
  return (lanes)((w << 16) | __builtin_shufflevector(first, w >> 48, 0, 2));
}

static lanes either(lanes which, lanes yes, lanes no) { return (which & yes) | (~which & no); }

static lanes distance(lanes a, lanes b) { return either(a > b, a - b, b - a); }

static lanes predict_paeth(lanes left, lanes up, lanes corner) {
  const lanes p = left + up - corner;
  const lanes a = distance(p, left), b = distance(p, up), c = distance(p, corner);
  return either((a <= b) & (a <= c), left, either(b <= c, up, corner));
}

static void undo_band(band *b) {
  lanes left = {0}, corner = {0};
  for (size_t t = 0; t < b->steps; t++) {
    const lanes up = move_down(left, b->above[t]);
    const lanes x = __builtin_convertvector(b->x[t], lanes);
    const lanes predicted = (left & b->sub) | (up & b->up) | (((left + up) >> 1) & b->average) |
                            (predict_paeth(left, up, corner) & b->paeth);
    left = (x + predicted) & 255;
    corner = up;
    b->x[t] = __builtin_convertvector(left, bytes);
  }
}

/* One of the bytes of each pixel, of at most ROWS rows; what is before a row's first is 0. */
static void fill_band(const uint8_t *raw, size_t rows, size_t line, size_t pixel, band *b) {
  uint8_t *x = (uint8_t *)b->x;
  memset(x, 0, b->steps * sizeof *b->x);
  for (size_t r = 0; r < rows; r++) {
    const uint8_t *from = raw + r * (line + 1);
    for (size_t i = 0; i * pixel < line; i++) x[(i + r) * ROWS + r] = from[i * pixel];
  }
}

static void store_band(const band *b, size_t rows, size_t line, size_t pixel, uint8_t *to) {
  const uint8_t *x = (const uint8_t *)b->x;
  for (size_t r = 0; r < rows; r++) {
    for (size_t i = 0; i * pixel < line; i++) to[r * line + i * pixel] = x[(i + r) * ROWS + r];
  }
}

static bool set_filters(const uint8_t *raw, size_t rows, size_t line, band *b) {
  lanes filter = {0};
  for (size_t r = 0; r < rows; r++) {
    filter[r] = raw[r * (line + 1)];
    if (filter[r] > PAETH) return false;
  }
  b->sub = filter == SUB;
  b->up = filter == UP;
  b->average = filter == AVERAGE;
  b->paeth = filter == PAETH;
  return true;
}

bool png_rows_undo(const uint8_t *raw, size_t height, size_t line, size_t pixel, uint8_t *to) {
  band b = band_new(line / pixel);
  bool right = true;
  for (size_t y = 0; y < height && right; y += ROWS) {
    const size_t rows = height - y < ROWS ? height - y : ROWS;
    right = set_filters(raw, rows, line, &b);
    for (size_t k = 0; k < pixel && right; k++) {
      const uint8_t *above = y ? to - line + k : NULL;
      for (size_t i = 0; above && i * pixel < line; i++) b.above[i] = above[i * pixel];
      fill_band(raw + 1 + k, rows, line, pixel, &b);
      undo_band(&b);
      store_band(&b, rows, line, pixel, to + k);
    }
    raw += rows * (line + 1);
    to += rows * line;
  }
  band_release(&b);
  return right;
}
