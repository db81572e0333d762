#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "data_files.h"
#include "memory.h"
#include "text.h"

static xs_site *open_example(const char *name, int64_t limit) {
  char *path = text_format("%s/examples/%s", REPOSITORY, name);
  xs_site_options o = {.limit = limit};
  xs_site *s;
  assert_int_equal(xs_site_open(path, &o, &s), XS_OK);
  free(path);
  return s;
}

static void test_optdigits(void **state) {
  (void)state;
  /* Images per class as the UCI repository lists them for the test set. */
  static const int expected[10] = {178, 182, 177, 183, 181, 182, 181, 179, 174, 180};
  xs_site *s = open_example("optdigits.yaml", 0);
  assert_int_equal(s->images.n, 1797);
  assert_int_equal(s->images.height, 8);
  int count[10] = {0};
  for (int64_t i = 0; i < s->images.n; i++) count[s->label[i]]++;
  assert_memory_equal(count, expected, sizeof count);
  /* The first row of the first image, a 0. */
  assert_memory_equal(s->images.pixels, ((uint8_t[]){0, 0, 5, 13, 9, 1, 0, 0}), 8);
  assert_int_equal(s->label[0], 0);
  xs_site_close(s);
}

static void test_mnist(void **state) {
  (void)state;
  static const int first[10] = {5, 0, 4, 1, 9, 2, 1, 3, 1, 4};
  xs_site *s = open_example("mnist-10k.yaml", 0);
  assert_string_equal(s->images.name, "mnist");
  assert_int_equal(s->images.n, 10000);
  assert_int_equal(s->images.width, 28);
  for (int i = 0; i < 10; i++) assert_int_equal(s->label[i], first[i]);
  xs_site_close(s);
}

static void test_limit(void **state) {
  (void)state;
  xs_site *all = open_example("mnist-10k.yaml", 0), *some = open_example("mnist-10k.yaml", 500);
  xs_site *few = open_example("mnist-10k.yaml", 100), *none;
  xs_site_options three = {.limit = 3};
  assert_int_not_equal(xs_site_open(REPOSITORY "/examples/mnist-10k.yaml", &three, &none), XS_OK);
  assert_null(none);
  assert_says("has no image among the 3 labelled ones; raise the limit");
  assert_int_equal(some->images.n, 500);
  int64_t at = 0, at_some = 0;
  for (int64_t i = 0; i < few->images.n; i++) {
    while (some->images.group[at_some] != few->images.group[i]) at_some++; /* a subset, in order */
    assert_true(at_some < some->images.n);
  }
  for (int64_t i = 0; i < some->images.n; i++) {
    while (all->images.group[at] != some->images.group[i]) at++;
    assert_true(at < all->images.n);
    assert_int_equal(all->label[at], some->label[i]);
    assert_memory_equal((char *)all->images.pixels + at * 784,
                        (char *)some->images.pixels + i * 784, 784);
  }
  xs_site_close(all);
  xs_site_close(some);
  xs_site_close(few);
}

static void test_split_shares(void **state) {
  (void)state;
  xs_site *s = open_example("mnist-10k.yaml", 0);
  int8_t *seen = memory_new((size_t)s->images.n);
  int64_t count[3];
  for (int which = XS_TRAIN; which <= XS_TEST; which++) {
    int64_t *rows;
    assert_int_equal(xs_split_rows(&s->images, 7, false, (xs_split)which, &rows, &count[which]),
                     XS_OK);
    for (int64_t i = 0; i < count[which]; i++) {
      assert_true(i == 0 || rows[i] > rows[i - 1]);
      seen[rows[i]]++;
    }
    free(rows);
  }
  for (int64_t i = 0; i < s->images.n; i++) assert_int_equal(seen[i], 1);
  /* Within 4 standard deviations of 8,000, 1,000, 1,000. */
  assert_in_range(count[XS_TRAIN], 7840, 8160);
  assert_in_range(count[XS_VALIDATION], 880, 1120);
  assert_in_range(count[XS_TEST], 880, 1120);
  free(seen);
  xs_site_close(s);
}

/* The test rows of 8 images of the groups 5 5 5 5 9 9 9 9, as bits. */
static int test_bits(uint64_t seed, bool by_image) {
  uint64_t group[8] = {5, 5, 5, 5, 9, 9, 9, 9};
  xs_images x = {.n = 8, .group = group};
  int64_t *rows, n;
  int bits = 0;
  assert_int_equal(xs_split_rows(&x, seed, by_image, XS_TEST, &rows, &n), XS_OK);
  for (int64_t i = 0; i < n; i++) bits |= 1 << rows[i];
  free(rows);
  return bits;
}

static void test_split_groups(void **state) {
  (void)state;
  int kinds = 0, torn = 0;
  for (uint64_t seed = 0; seed < 200; seed++) {
    int bits = test_bits(seed, false);
    assert_true(bits == 0 || bits == 0x0f || bits == 0xf0 || bits == 0xff);
    kinds |= bits == 0 ? 1 : bits == 0x0f ? 2 : bits == 0xf0 ? 4 : 0;
    bits = test_bits(seed, true);
    torn += bits != 0 && bits != 0x0f && bits != 0xf0 && bits != 0xff;
  }
  assert_int_equal(kinds, 7);
  assert_in_range(torn, 50, 190);
}

/* A site of files b, a with first_index shares its digits with a site of a, b. */
static void test_shared_groups(void **state) {
  (void)state;
  char *dir = temporary_dir();
  const uint8_t two[] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 1, 2};
  const uint8_t one[] = {0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 3};
  put(dir, "two", two, sizeof two);
  put(dir, "one", one, sizeof one);
  xs_site *a, *b, *c;
  assert_int_equal(open_site(dir, "name: a\nformat: idx\nimages: [two, one]\n", NULL, &a), XS_OK);
  assert_int_equal(open_site(dir,
                             "name: b\nformat: idx\nimages: [one, two]\ngroup_prefix: a\n"
                             "first_index: [2, 0]\n",
                             NULL, &b),
                   XS_OK);
  assert_int_equal(open_site(dir, "name: c\nformat: idx\nimages: [two, one]\n", NULL, &c), XS_OK);
  assert_memory_equal(a->images.pixels, ((uint8_t[]){1, 2, 3}), 3);
  assert_memory_equal(b->images.pixels, ((uint8_t[]){3, 1, 2}), 3);
  assert_true(a->images.group[2] == b->images.group[0]);
  assert_true(a->images.group[0] == b->images.group[1]);
  assert_true(a->images.group[1] == b->images.group[2]);
  assert_true(a->images.group[0] != c->images.group[0]);
  xs_site_close(a);
  xs_site_close(b);
  xs_site_close(c);
  remove_dir(dir);
}

/* 5 x 7, value (37 y + 11 x^2) mod 256 */
static void fill(uint8_t pixels[35]) {
  for (int y = 0; y < 5; y++) {
    for (int x = 0; x < 7; x++) pixels[7 * y + x] = (uint8_t)(y * 37 + x * x * 11);
  }
}

static const xs_normalisation plain = {{0, 0, 0}, {1, 1, 1}};

static void check_resized(xs_resize how, int size, const float *expected, int n) {
  uint8_t pixels[35];
  float y[64];
  fill(pixels);
  xs_images x = {.n = 1,
                 .height = 5,
                 .width = 7,
                 .channels = 1,
                 .bytes = 1,
                 .max_value = 255,
                 .how = {.resize = how},
                 .pixels = pixels};
  xs_images_fetch(&x, NULL, 1, size, 1, &plain, y);
  for (int i = 0; i < n; i++) assert_float_equal(255 * y[i], expected[i], 1e-3);
}

/* tests/golden/make_images.py: Pillow, mode F, BILINEAR. */
static void test_bilinear(void **state) {
  (void)state;
  static const float smaller[] = {30.0000f,  110.1513f, 111.7143f, 88.1429f, 154.9085f,
                                  157.6667f, 146.2857f, 166.2017f, 120.8980f};
  static const float larger[] = {0.0000f,   8.9375f,   33.6875f, 74.9375f,  132.6875f, 126.9375f,
                                 41.6875f,  140.0000f, 16.1875f, 25.1250f,  49.8750f,  91.1250f,
                                 148.8750f, 143.1250f, 57.8750f, 156.1875f, 39.3125f,  48.2500f};
  check_resized(XS_BILINEAR, 3, smaller, 9);
  check_resized(XS_BILINEAR, 8, larger, 18);
}

/* torchvision: rows 0 1 3 of 5, columns 0 2 4 of 7. */
static void test_nearest(void **state) {
  (void)state;
  static const float expected[] = {0, 44, 176, 37, 81, 213, 111, 155, 31};
  check_resized(XS_NEAREST, 3, expected, 9);
}

/* Pillow's NEAREST: the middles of three pixels lie in rows 0 2 4 of 5, in columns 1 3 5 of 7. */
static void test_nearest_exact(void **state) {
  (void)state;
  uint8_t pixels[35];
  fill(pixels);
  static const int row[] = {0, 2, 4}, column[] = {1, 3, 5};
  float expected[9];
  for (int i = 0; i < 9; i++) expected[i] = pixels[7 * row[i / 3] + column[i % 3]];
  check_resized(XS_NEAREST_EXACT, 3, expected, 9);
}

static void test_channels(void **state) {
  (void)state;
  uint16_t gray[] = {0, 1000, 2000, 500};
  xs_images x = {.n = 2,
                 .height = 1,
                 .width = 2,
                 .channels = 1,
                 .bytes = 2,
                 .max_value = 2000,
                 .pixels = gray};
  xs_normalisation half = {{0.5, 0.5, 0.25}, {0.5, 0.5, 0.25}};
  float y[24];
  int64_t second = 1;
  xs_images_fetch(&x, &second, 1, 2, 3, &half, y);
  for (int i = 0; i < 2; i++) { /* two equal rows of 2000, 500 */
    static const float expected[] = {1, 1, 3, -0.5f, -0.5f, 0};
    for (int k = 0; k < 6; k++) assert_float_equal(y[6 * i + k], expected[k], 1e-6);
  }
  uint8_t color[] = {30, 60, 90};
  x = (xs_images){.n = 1,
                  .height = 1,
                  .width = 1,
                  .channels = 3,
                  .bytes = 1,
                  .max_value = 240,
                  .pixels = color};
  xs_images_fetch(&x, NULL, 1, 1, 1, &plain, y);
  assert_float_equal(y[0], 0.25f, 1e-6);
  xs_images_fetch(&x, NULL, 1, 1, 3, &plain, y);
  assert_float_equal(y[1], 0.25f, 1e-6);
  assert_float_equal(y[2], 0.375f, 1e-6);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_optdigits),     cmocka_unit_test(test_mnist),
      cmocka_unit_test(test_limit),         cmocka_unit_test(test_split_shares),
      cmocka_unit_test(test_split_groups),  cmocka_unit_test(test_shared_groups),
      cmocka_unit_test(test_bilinear),      cmocka_unit_test(test_nearest),
      cmocka_unit_test(test_nearest_exact), cmocka_unit_test(test_channels),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
