/* Synthetic shifts: values that can be told by hand, scipy's of a blur, and what draws must keep.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <omp.h>
#include <stdlib.h>

#include "data_files.h"
#include "made_images.h"
#include "prepare.h"
#include "random.h"
#include "shift.h"

enum { SIDE = 32, N = 400 };

/* Smooth gray images, each of another level. */
static xs_images *ramps(int height, int width, int channels) {
  static uint8_t pixels[N * SIDE * SIDE * 3];
  static uint64_t group[N];
  static xs_images x;
  for (int64_t i = 0; i < N; i++) {
    group[i] = (uint64_t)i / 2 + 7;
    for (int k = 0; k < height * width * channels; k++) {
      int y = k / (width * channels), c = k / channels % width;
      pixels[i * height * width * channels + k] = (uint8_t)(40 + i % 20 + 2 * y + 3 * c);
    }
  }
  x = (xs_images){.name = "ramp",
                  .n = N,
                  .height = height,
                  .width = width,
                  .channels = channels,
                  .bytes = 1,
                  .max_value = 255,
                  .how = {.resize = XS_BILINEAR},
                  .pixels = pixels,
                  .group = group};
  return &x;
}

static int find(const char *name) {
  int i = 0;
  while (i < shift_count() && strcmp(shift_name(i), name)) i++;
  assert_true(i < shift_count());
  return i;
}

static double value_of(const xs_images *y, int64_t i) {
  return ((const uint16_t *)y->pixels)[i] / 65535.0;
}

static void assert_value(const xs_images *y, int64_t i, double expected) {
  assert_true(fabs(value_of(y, i) - expected) < 1e-5);
}

/* Share of all values by which two sets of images differ in the mean. */
static double distance(const xs_images *x, const xs_images *y) {
  int64_t values = y->n * y->height * y->width * y->channels;
  double sum = 0;
  for (int64_t i = 0; i < values; i++) {
    sum += fabs(value_of(y, i) - ((const uint8_t *)x->pixels)[i] / 255.0);
  }
  return sum / (double)values;
}

static void names_and_groups_are_kept(void **state) {
  (void)state;
  xs_images *x = ramps(4, 6, 3);
  const int64_t rows[] = {9, 2};
  char *file[N] = {[2] = "two.png", [9] = "nine.png"};
  x->file = file;
  xs_images *y = shift_images(x, rows, 2, find("brightness-2"), 1);
  assert_string_equal(y->name, "ramp, brightness-2");
  assert_string_equal(y->file[0], "nine.png");
  assert_true(y->n == 2 && y->height == 4 && y->width == 6 && y->channels == 3 && y->bytes == 2);
  assert_true(y->group[0] == x->group[9] && y->group[1] == x->group[2]);
  assert_value(y, 0, 49 / 255.0 + 0.3);
  assert_value(y, 4 * 6 * 3 + 3, 45 / 255.0 + 0.3);
  float fetched[4 * 4];
  const xs_normalisation norm = {{0}, {1, 1, 1}};
  xs_images_fetch(y, (int64_t[]){0}, 1, 4, 1, &norm, fetched);
  assert_true(fetched[0] > 0.4f && fetched[15] < 1);
  xs_images_close(y);
}

static void values_told_by_hand(void **state) {
  (void)state;
  xs_images *x = ramps(SIDE, SIDE, 1);
  struct {
    const char *name;
    int64_t at;
    double expected;
  } row[] = {
      {"brightness-1", 5, 55 / 255.0 + 0.15},
      {"contrast-2", 0, (117.5 - 0.4 * 77.5) / 255}, /* mean 40 + 2.5 * 31 */
      {"inversion-3", 5, 1 - 55 / 255.0},
      {"pixelation-3", 0, (40 + 2 * 2.0 + 3 * 2.0) / 255},                 /* a square of 5 x 5 */
      {"pixelation-3", SIDE * SIDE - 1, (40 + 2 * 29.5 + 3 * 29.5) / 255}, /* of 4 x 4 */
      {"scale-3", 0, 40 / 255.0},
      {"scale-3", 16 * SIDE + 16, (40 + 5 * 16.5) / 255}, /* 15.5 + 0.5 / 0.5 */
      {"blur-1", 16 * SIDE + 16, (40 + 5 * 16) / 255.0},  /* a ramp stays */
  };
  for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
    xs_images *y = shift_images(x, NULL, 1, find(row[i].name), 1);
    assert_value(y, row[i].at, row[i].expected);
    xs_images_close(y);
  }
}

/* Values are cut to what 16 bits hold.  What the set owns of its split stays its own. */
static void bright_values_stay_white(void **state) {
  (void)state;
  uint8_t side = XS_TEST;
  uint16_t pixel[2] = {1000, 0};
  xs_images x = {.name = "p",
                 .n = 1,
                 .height = 1,
                 .width = 2,
                 .channels = 1,
                 .bytes = 2,
                 .max_value = 1000,
                 .pixels = pixel,
                 .group = &(uint64_t){3},
                 .split = {.kind = XS_SPLIT_COLUMN, .side = &side},
                 .doubt = (char[]){"dark"}};
  xs_images *y = shift_images(&x, NULL, 1, find("brightness-3"), 1);
  assert_int_equal(((uint16_t *)y->pixels)[0], 65535);
  assert_value(y, 1, 0.45);
  xs_images_close(y);
  for (int i = 0; i < shift_count(); i++) xs_images_close(shift_images(&x, NULL, 1, i, 1));
}

/* A pixel in the dark, white in one channel; scipy.ndimage.gaussian_filter(x, 2, mode="nearest",
 * radius=6) of that channel. */
static void blur_is_normal(void **state) {
  (void)state;
  static uint8_t pixels[SIDE * SIDE * 3];
  memset(pixels, 0, sizeof pixels);
  pixels[(10 * SIDE + 2) * 3 + 1] = 255;
  xs_images x = *ramps(SIDE, SIDE, 3);
  x.pixels = pixels;
  xs_images *y = shift_images(&x, NULL, 1, find("blur-2"), 1);
  const double expected[][3] = {{10, 2, 0.0398703562}, {11, 0, 0.0213410638}};
  for (int i = 0; i < 2; i++) {
    int64_t at = ((int64_t)expected[i][0] * SIDE + (int64_t)expected[i][1]) * 3;
    assert_value(y, at + 1, expected[i][2]);
    assert_value(y, at, 0);
  }
  xs_images_close(y);
}

/* 400 images: 4 standard deviations of a share of 1/4 are 0.087, of a mean of noise tiny. */
static void drawn_shifts_are_as_named(void **state) {
  (void)state;
  xs_images *x = ramps(8, 8, 1);
  xs_images *y = shift_images(x, NULL, N, find("inversion-1"), 5);
  int inverted = 0;
  for (int64_t i = 0; i < N; i++) inverted += value_of(y, i * 64) > 0.5;
  assert_true(abs(inverted - N / 4) < 0.087 * N);
  xs_images_close(y);

  y = shift_images(x, NULL, N, find("noise-1"), 5);
  double sum = 0, square = 0;
  for (int64_t i = 0; i < N * 64; i++) {
    double d = value_of(y, i) - ((uint8_t *)x->pixels)[i] / 255.0;
    sum += d;
    square += d * d;
  }
  assert_true(fabs(sum / (N * 64)) < 0.004);
  assert_true(fabs(sqrt(square / (N * 64)) - 0.1) < 0.004);
  xs_images_close(y);

  /* where nothing is beyond the border, a ramp moves by 2 px down and 3 px right of its slopes */
  x = ramps(SIDE, SIDE, 1);
  y = shift_images(x, NULL, N, find("translation-2"), 5);
  double most = 0, left = 0;
  for (int64_t i = 0; i < N; i++) {
    int64_t middle = (i * SIDE + 16) * SIDE + 16;
    double moved = value_of(y, middle) * 255 - ((uint8_t *)x->pixels)[middle];
    most = fmax(most, fabs(moved));
    left += moved < 0;
  }
  assert_true(most <= 4 * sqrt(13) + 0.01 && most > 3.9 * sqrt(13));
  assert_true(fabs(left / N - 0.5) < 0.1);
  xs_images_close(y);
}

/* The strengths of a kind are in order, and each differs from the images as they were. */
static void stronger_is_farther(void **state) {
  (void)state;
  xs_images *x = ramps(SIDE, SIDE, 1);
  for (int64_t i = 0; i < (int64_t)N * SIDE * SIDE; i++) {
    uint8_t *pixel = (uint8_t *)x->pixels + i;
    *pixel = (uint8_t)(random_u32(1, 2, 0, (uint64_t)i) % 100 + (i / 5 % 3 == 0 ? 100 : 0));
  }
  assert_true(shift_count() >= 19); /* as many as a 95 % interval needs */
  double last = 0;
  for (int k = 0; k < shift_count(); k++) {
    xs_images *y = shift_images(x, NULL, 100, k, 1);
    double d = distance(x, y);
    bool first = shift_name(k)[strlen(shift_name(k)) - 1] == '1';
    assert_true(d > (first ? 0.01 : 0));
    bool by_position =
        !strncmp(shift_name(k), "translation", 11) || !strncmp(shift_name(k), "scale", 5);
    if (!first && !by_position) assert_true(d > last);
    last = d;
    xs_images_close(y);
  }
}

/* An image's shift depends on seed, name and row, not on the rows beside it or on threads. */
static void draws_are_pure(void **state) {
  (void)state;
  xs_images *x = ramps(8, 8, 1);
  const int threads = omp_get_max_threads();
  for (int k = 0; k < shift_count(); k++) {
    const int64_t rows[] = {5};
    omp_set_num_threads(1);
    xs_images *all = shift_images(x, NULL, N, k, 3);
    omp_set_num_threads(3);
    xs_images *again = shift_images(x, NULL, N, k, 3), *one = shift_images(x, rows, 1, k, 3);
    xs_images *other = shift_images(x, NULL, N, k, 4);
    assert_memory_equal(all->pixels, again->pixels, N * 64 * 2);
    assert_memory_equal((uint16_t *)all->pixels + 5 * 64, one->pixels, 64 * 2);
    const char *name = shift_name(k);
    bool drawn = !strcmp(name, "inversion-1") || !strcmp(name, "inversion-2") ||
                 !strncmp(name, "noise", 5) || !strncmp(name, "translation", 11);
    assert_int_equal(memcmp(all->pixels, other->pixels, N * 64 * 2) != 0, drawn);
    xs_images_close(all);
    xs_images_close(again);
    xs_images_close(one);
    xs_images_close(other);
  }
  omp_set_num_threads(threads);
}

/* Of all 65,536 values; and what had 8 bits before comes back. */
static void eight_bits_are_the_nearest(void **state) {
  (void)state;
  enum { VALUES = 65536 };
  static uint16_t pixel[VALUES], wide[256];
  static uint8_t byte[VALUES], again[256];
  for (int i = 0; i < VALUES; i++) pixel[i] = (uint16_t)i;
  made_images_shorten(pixel, VALUES, byte);
  for (int i = 0; i < VALUES; i++) assert_int_equal(byte[i], lround(i * 255.0 / 65535));
  for (int i = 0; i < 256; i++) byte[i] = (uint8_t)i;
  prepare_widen(byte, 256, 1, 1, 1, 2, wide);
  made_images_shorten(wide, 256, again);
  assert_memory_equal(again, byte, 256);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_and_groups_are_kept),
      cmocka_unit_test(values_told_by_hand),
      cmocka_unit_test(bright_values_stay_white),
      cmocka_unit_test(blur_is_normal),
      cmocka_unit_test(drawn_shifts_are_as_named),
      cmocka_unit_test(stronger_is_farther),
      cmocka_unit_test(draws_are_pure),
      cmocka_unit_test(eight_bits_are_the_nearest),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
