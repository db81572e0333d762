/* test_augment.c: random changes of images: known values, ranges, streams; a loader's two views. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "batch.h"
#include "data_files.h"
#include "random_convolution.h"

enum { SIZE = 9, CHANNELS = 3, VALUES = SIZE * SIZE * CHANNELS, N = 400 };

static const xs_normalisation half = {{0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}};

static augmenter make(augment change, const char *name) {
  return augmenter_new(&change, &half, SIZE, CHANNELS, 3, name);
}

/* A plane v = (y + 10 x) / 100 in channel 0, twice and three times that in the others, as network
 * values: linear, so that bilinear reading is exact. */
static void fill(float *x, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    for (int k = 0; k < VALUES; k++) {
      int channel = k % CHANNELS, at = k / CHANNELS;
      double v = (at / SIZE + 10 * (at % SIZE)) * (channel + 1) / 100.0;
      x[i * VALUES + k] = (float)(2 * v - 1);
    }
  }
}

static double pixel(const float *x, int y, int at, int channel) {
  return (double)x[(y * SIZE + at) * CHANNELS + channel];
}

static void test_nothing(void **state) {
  (void)state;
  static float x[4 * VALUES], y[4 * VALUES];
  augmenter a = make((augment){0}, "a");
  fill(x, 4);
  fill(y, 4);
  augmenter_apply(&a, 0, 0, 4, x);
  assert_memory_equal(x, y, sizeof x);
}

/* In the middle a moved plane is the same plane elsewhere: its slopes and its value there say by
 * what it was moved. */
static void test_geometry(void **state) {
  (void)state;
  static float x[N * VALUES];
  augmenter a = make((augment){.shift = 0.1, .rotation = 20, .scale = 0.25}, "g");
  fill(x, N);
  augmenter_apply(&a, 7, 0, N, x);
  double most_angle = 0, most_scale = 0, least_scale = 9, most_shift = 0;
  for (int i = 0; i < N; i++) {
    const float *image = x + i * VALUES;
    double down = (pixel(image, 5, 4, 0) - pixel(image, 3, 4, 0)) / 2 * 50;
    double across = (pixel(image, 4, 5, 0) - pixel(image, 4, 3, 0)) / 2 * 50;
    /* (down, across) is (1, 10) turned by the angle and divided by the scale */
    double angle = (atan2(across, down) - atan2(10, 1)) * 57.29577951308232;
    double scale = sqrt(101) / hypot(down, across);
    double left = (pixel(image, 4, 4, 0) + 1) * 50 - 44; /* y + 10 x of the shift, to 1st order */
    assert_true(fabs(angle) < 20.001 && scale < 1.25 * 1.0001 && scale > 0.8 * 0.9999);
    most_angle = fmax(most_angle, fabs(angle));
    most_scale = fmax(most_scale, scale);
    least_scale = fmin(least_scale, scale);
    most_shift = fmax(most_shift, fabs(left));
    assert_true(fabs(pixel(image, 4, 4, 1) + 1 - 2 * (pixel(image, 4, 4, 0) + 1)) < 1e-5);
  }
  assert_true(most_angle > 19 && most_scale > 1.22 && least_scale < 0.82);
  assert_true(most_shift > 0.7 * 9 && most_shift < 1.5 * 9);
}

static double within(double x) { return fmin(fmax(x, 0), SIZE - 1); }

/* The whole image is the plane moved by (sy, sx), and beyond its border the border's value.  Rows
 * 0, 4 and 8 of the middle column tell sy. */
static void test_shift(void **state) {
  (void)state;
  static float x[N * VALUES];
  augmenter a = make((augment){.shift = 0.3}, "s");
  fill(x, N);
  augmenter_apply(&a, 0, 0, N, x);
  for (int i = 0; i < N; i++) {
    const float *image = x + i * VALUES;
    double top = pixel(image, 0, 4, 0) * 50, middle = pixel(image, 4, 4, 0) * 50;
    double size = 8 - (pixel(image, 8, 4, 0) * 50 - top);
    double sy = middle - top < 4 - 1e-3 ? size : -size;
    double sx = (44 - sy - (middle + 50)) / 10;
    assert_true(fabs(sy) <= 0.3 * SIZE + 1e-3 && fabs(sx) <= 0.3 * SIZE + 1e-3);
    for (int y = 0; y < SIZE; y++) {
      for (int at = 0; at < SIZE; at++) {
        double want = within(y - sy) + 10 * within(at - sx);
        assert_true(fabs(pixel(image, y, at, 0) * 50 + 50 - want) < 1e-3);
      }
    }
  }
}

static void test_flip(void **state) {
  (void)state;
  static float x[N * VALUES], still[VALUES];
  augmenter a = make((augment){.flip = true}, "f");
  fill(x, N);
  fill(still, 1);
  augmenter_apply(&a, 0, 0, N, x);
  int flipped = 0;
  for (int i = 0; i < N; i++) {
    const float *image = x + i * VALUES;
    bool mirrored = pixel(image, 0, 0, 0) > pixel(image, 0, 1, 0);
    flipped += mirrored;
    for (int y = 0; y < SIZE; y++) {
      for (int at = 0; at < SIZE; at++)
        assert_true(pixel(image, y, at, 2) == pixel(still, y, mirrored ? SIZE - 1 - at : at, 2));
    }
  }
  assert_in_range(flipped, 160, 240); /* of 400: 4 standard deviations */
}

/* v -> slope (v - 1/2) + 1/2 + shift, of the values before normalisation; all channels alike. */
static void test_intensity(void **state) {
  (void)state;
  static float x[N * VALUES], still[VALUES];
  augmenter a = make((augment){.contrast = 0.5, .brightness = 0.25, .invert = 0.5}, "i");
  fill(x, N);
  fill(still, 1);
  augmenter_apply(&a, 1, 0, N, x);
  int negative = 0;
  double most = 0, least = 9;
  for (int i = 0; i < N; i++) {
    const float *image = x + i * VALUES;
    double slope = (pixel(image, 8, 8, 2) - pixel(image, 0, 0, 2)) /
                   (pixel(still, 8, 8, 2) - pixel(still, 0, 0, 2));
    double shift = pixel(image, 0, 0, 0) + slope; /* black is -1 */
    negative += slope < 0;
    most = fmax(most, fabs(slope));
    least = fmin(least, fabs(slope));
    assert_true(fabs(shift) <= 0.5 + 1e-5); /* network values: twice the range */
    for (int k = 0; k < VALUES; k++)
      assert_true(fabs((double)image[k] - (slope * (double)still[k] + shift)) < 1e-5);
  }
  assert_in_range(negative, 160, 240);
  assert_true(most < 1.5001 && most > 1.45 && least > 1 / 1.5001 && least < 0.7);
}

/* Inverting alone is exact, of any normalisation. */
static void test_negative(void **state) {
  (void)state;
  float x[64 * 4];
  const xs_normalisation norm = {{0.25}, {0.5}};
  augmenter a = augmenter_new(&(augment){.invert = 0.5}, &norm, 2, 1, 3, "n");
  for (int i = 0; i < 256; i++) x[i] = 1; /* v = 0.75 */
  augmenter_apply(&a, 0, 0, 64, x);
  int negative = 0;
  for (int i = 0; i < 256; i++) {
    assert_true(fabs((double)x[i] - 1) < 1e-6 || fabs((double)x[i]) < 1e-6); /* v = 0.25 */
    negative += x[i] < 0.5F;
  }
  assert_in_range(negative, 4 * 16, 4 * 48);
}

static void test_colour(void **state) {
  (void)state;
  static float x[VALUES], still[VALUES];
  augmenter a = make((augment){.contrast = 0.5, .colour = true}, "c");
  fill(x, 1);
  fill(still, 1);
  augmenter_apply(&a, 1, 0, 1, x);
  double slope[3];
  for (int k = 0; k < 3; k++) {
    slope[k] = (pixel(x, 8, 8, k) - pixel(x, 0, 0, k)) / (pixel(still, 8, 8, k) + 1);
  }
  assert_true(fabs(slope[0] - slope[1]) > 1e-3 && fabs(slope[1] - slope[2]) > 1e-3);
}

/* Mean 0, the deviation asked for, the tails of a normal number: 4.55 % beyond two deviations. */
static void test_noise(void **state) {
  (void)state;
  static float x[N * VALUES];
  augmenter a = make((augment){.noise = 0.1}, "z");
  augmenter_apply(&a, 5, 0, N, x); /* of zeros; deviation 0.2 in network values */
  double sum = 0, square = 0, together = 0;
  int beyond = 0;
  for (int i = 0; i < N * VALUES; i++) {
    double z = (double)x[i] / 0.2;
    sum += z;
    square += z * z;
    beyond += fabs(z) > 2;
    if (i) together += z * (double)x[i - 1] / 0.2;
  }
  double n = N * VALUES;
  assert_true(fabs(sum / n) < 4 / sqrt(n));
  assert_true(fabs(square / n - 1) < 0.02);
  assert_true(fabs(together / n) < 4 / sqrt(n));
  assert_true(beyond / n > 0.035 && beyond / n < 0.05);
}

static const augment every = {.shift = 0.1,
                              .rotation = 10,
                              .scale = 0.1,
                              .flip = true,
                              .contrast = 0.5,
                              .brightness = 0.1,
                              .invert = 0.5,
                              .colour = true,
                              .noise = 0.05,
                              .convolve = true};

/* An image's change depends on seed, name, step and its own number alone. */
static void test_pure(void **state) {
  (void)state;
  static float all[8 * VALUES], some[8 * VALUES];
  augmenter a = make(every, "p"), other = make(every, "q");
  fill(all, 8);
  augmenter_apply(&a, 2, 0, 8, all);
  fill(some, 8);
  augmenter_apply(&a, 2, 5, 3, some);
  assert_memory_equal(some, all + 5 * VALUES, 3 * VALUES * sizeof(float));
  fill(some, 8);
  augmenter_apply(&a, 3, 0, 8, some);
  assert_memory_not_equal(some, all, VALUES * sizeof(float));
  fill(some, 8);
  augmenter_apply(&other, 2, 0, 8, some);
  assert_memory_not_equal(some, all, VALUES * sizeof(float));
}

/* ---- random convolutions ----------------------------------------------------------------------
 */

/* Every side as often, half kept by a share of U(0,1), weights of mean 0 and variance
 * 1 / (3 side^2). */
static void test_convolution_draws(void **state) {
  (void)state;
  enum { DRAWS = 2000 };
  int sides[8] = {0}, mixed = 0, weights = 0;
  double kept = 0, sum = 0, square = 0;
  for (uint64_t step = 0; step < DRAWS; step++) {
    const random_convolution r = random_convolution_draw(3, 5, 6, step);
    const int taps = r.side * r.side;
    assert_true(r.kept >= 0 && r.kept < 1);
    sides[r.side]++;
    mixed += r.kept > 0;
    kept += (double)r.kept;
    for (int i = 0; i < 9 * taps; i++, weights++) {
      const double z = (double)r.weight[i / taps / 3][i / taps % 3][i % taps] * sqrt(3 * taps);
      sum += z;
      square += z * z;
    }
  }
  for (int side = 1; side <= 7; side += 2) assert_in_range(sides[side], 420, 580);
  assert_in_range(mixed, 910, 1090);
  assert_true(fabs(kept / mixed - 0.5) < 0.04);
  assert_true(fabs(sum / weights) < 4 / sqrt(weights));
  assert_true(fabs(square / weights - 1) < 0.01);
}

/* The definition in double precision, of pixel (y, at) and channel `to`. */
static double convolved(const random_convolution *r, const float *u, int y, int at, int to) {
  double sum = 0;
  for (int from = 0; from < CHANNELS; from++) {
    for (int t = 0; t < r->side * r->side; t++) {
      const int row = y + t / r->side - r->side / 2, column = at + t % r->side - r->side / 2;
      if (row < 0 || column < 0 || row >= SIZE || column >= SIZE) continue;
      sum += (double)r->weight[to][from][t] * pixel(u, row, column, from);
    }
  }
  sum = (double)r->kept * pixel(u, y, at, to) + (1 - (double)r->kept) * sum;
  return fmin(fmax(sum, -2), 2);
}

/* With any normalisation the same image: u is -1 at black and 1 at white. */
static void test_convolution(void **state) {
  (void)state;
  static float u[VALUES], x[VALUES];
  const xs_normalisation norm = {{0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}};
  int cut = 0;
  for (uint64_t step = 0; step < 40; step++) {
    const random_convolution r = random_convolution_draw(CHANNELS, 5, 6, step);
    fill(u, 1);
    for (int i = 0; i < VALUES; i++) {
      u[i] = 4 * fmodf(u[i] * 7.3F, 1); /* beyond what is cut, too */
      x[i] = (float)((((double)u[i] + 1) / 2 - norm.mean[i % 3]) / norm.deviation[i % 3]);
    }
    random_convolution_apply(&r, &norm, SIZE, 1, x);
    for (int i = 0; i < VALUES; i++) {
      const double want = convolved(&r, u, i / 3 / SIZE, i / 3 % SIZE, i % 3);
      const double have = 2 * ((double)x[i] * norm.deviation[i % 3] + norm.mean[i % 3]) - 1;
      assert_true(fabs(have - want) < 1e-5);
      cut += fabs(want) == 2;
    }
  }
  assert_true(cut > 0);
}

/* Half of the batches, and with every_other no even step. */
static void test_convolved_batches(void **state) {
  (void)state;
  static float x[VALUES], still[VALUES];
  int changed[2][2] = {{0}};
  fill(still, 1);
  for (int sparse = 0; sparse < 2; sparse++) {
    const augmenter a = make((augment){.convolve = true, .every_other = sparse != 0}, "v");
    for (uint64_t step = 0; step < 400; step++) {
      fill(x, 1);
      augmenter_apply(&a, step, 0, 1, x);
      changed[sparse][step % 2] += memcmp(x, still, sizeof x) != 0;
    }
  }
  assert_in_range(changed[0][0], 70, 130); /* of 200 */
  assert_in_range(changed[0][1], 70, 130);
  assert_in_range(changed[1][1], 70, 130);
  assert_int_equal(changed[1][0], 0);
}

/* Each view holds the same images; the first as they are, the second changed, each for itself. */
static void test_views(void **state) {
  (void)state;
  enum { IMAGES = 5, BATCH = 4 };
  uint8_t pixels[IMAGES * VALUES];
  int64_t rows[IMAGES];
  for (int i = 0; i < IMAGES * VALUES; i++) pixels[i] = (uint8_t)(i * 7 % 251);
  for (int i = 0; i < IMAGES; i++) rows[i] = i;
  const xs_images images = {.n = IMAGES,
                            .height = SIZE,
                            .width = SIZE,
                            .channels = CHANNELS,
                            .bytes = 1,
                            .max_value = 255,
                            .pixels = pixels};
  loader_options o = {.sampler = {.seed = 5,
                                  .stream = "v",
                                  .mode = SAMPLER_RANDOM,
                                  .batch = BATCH,
                                  .rows = rows,
                                  .n = IMAGES},
                      .images = &images,
                      .size = SIZE,
                      .channels = CHANNELS,
                      .norm = half,
                      .views = 2,
                      .view = {{0}, every}};
  loader *a, *b;
  assert_int_equal(loader_new(&o, 0, &a), 0);
  assert_int_equal(loader_new(&o, 3, &b), 0);
  augmenter change = augmenter_new(&every, &half, SIZE, CHANNELS, 5, "v");
  for (int64_t step = 0; step < 6; step++) {
    static float want[2 * BATCH * VALUES];
    const batch *x = loader_next(a);
    xs_images_fetch(&images, x->rows, BATCH, SIZE, CHANNELS, &half, want);
    memcpy(want + BATCH * VALUES, want, BATCH * VALUES * sizeof *want);
    augmenter_apply(&change, (uint64_t)step, BATCH, BATCH, want + BATCH * VALUES);
    assert_memory_equal(x->x, want, sizeof want);
    if (step >= 3) assert_memory_equal(loader_next(b)->x, want, sizeof want);
  }
  loader_free(a);
  loader_free(b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_nothing),
      cmocka_unit_test(test_geometry),
      cmocka_unit_test(test_shift),
      cmocka_unit_test(test_flip),
      cmocka_unit_test(test_intensity),
      cmocka_unit_test(test_negative),
      cmocka_unit_test(test_colour),
      cmocka_unit_test(test_noise),
      cmocka_unit_test(test_pure),
      cmocka_unit_test(test_views),
      cmocka_unit_test(test_convolution_draws),
      cmocka_unit_test(test_convolution),
      cmocka_unit_test(test_convolved_batches),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
