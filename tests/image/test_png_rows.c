/* Filters undone eight rows at a time, against the PNG specification's definition, byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "memory.h"
#include "png_rows.h"

typedef struct sample {
  size_t height, line, pixel;
  int filter; /* of all rows, or -1: of all kinds */
} sample;

static int paeth(int a, int b, int c) {
  const int p = a + b - c, pa = abs(p - a), pb = abs(p - b), pc = abs(p - c);
  if (pa <= pb && pa <= pc) return a;
  return pb <= pc ? b : c;
}

static int predict(int filter, int a, int b, int c) {
  const int all[] = {0, a, b, (a + b) / 2, paeth(a, b, c)};
  return all[filter];
}

static void undo_plainly(const sample *s, const uint8_t *raw, uint8_t *y) {
  for (size_t row = 0; row < s->height; row++) {
    const uint8_t *x = raw + row * (s->line + 1);
    uint8_t *to = y + row * s->line;
    const uint8_t *above = row ? to - s->line : NULL;
    for (size_t i = 0; i < s->line; i++) {
      const int a = i >= s->pixel ? to[i - s->pixel] : 0, b = row ? above[i] : 0;
      const int c = row && i >= s->pixel ? above[i - s->pixel] : 0;
      to[i] = (uint8_t)(x[1 + i] + predict(x[0], a, b, c));
    }
  }
}

/* amplitude: of the filtered bytes around 0; small ones are like those of pictures. */
static void check(const sample *s, int amplitude) {
  const size_t size = s->height * (s->line + 1);
  uint8_t *raw = memory_new(size), *y = memory_new(size), *wanted = memory_new(size);
  for (size_t i = 0; i < size; i++) raw[i] = (uint8_t)(rand() % amplitude - amplitude / 2);
  for (size_t row = 0; row < s->height; row++) {
    raw[row * (s->line + 1)] = (uint8_t)(s->filter < 0 ? rand() % 5 : s->filter);
  }
  undo_plainly(s, raw, wanted);
  assert_true(png_rows_undo(raw, s->height, s->line, s->pixel, y));
  assert_memory_equal(y, wanted, s->height * s->line);
  raw[(s->height - 1) * (s->line + 1)] = 5;
  assert_false(png_rows_undo(raw, s->height, s->line, s->pixel, y));
  free(raw);
  free(y);
  free(wanted);
}

static void test_filters(void **state) {
  (void)state;
  static const size_t heights[] = {1, 2, 7, 8, 9, 16, 31}, widths[] = {1, 2, 3, 8, 40};
  static const size_t pixels[] = {1, 2, 3, 4, 6, 8};
  for (size_t i = 0; i < 7 * 5 * 6; i++) {
    const size_t pixel = pixels[i / 35], width = widths[i / 7 % 5];
    for (int filter = -1; filter < 5; filter++) {
      const sample s = {heights[i % 7], width * pixel, pixel, filter};
      check(&s, 256);
      check(&s, 6);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_filters)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
