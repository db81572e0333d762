/* test_tiff.c: TIFF and BMP files that are refused, cut short, damaged or larger than they can be;
 * what is read of good ones is compared in test_films.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "data_files.h"
#include "file.h"
#include "memory.h"
#include "refused_image.h"

static void test_refused(void **state) {
  (void)state;
  static const char *const bad[][2] = {
      {"bad-signed.tif", "its values have a sign"},
      {"bad-float.tif", "its values are no whole numbers"},
      {"bad-32.tif", "32 bits a sample, 1 to 16 are read"},
      {"bad-pages.tif", "it has several pages"},
      {"bad-multiplied.tif", "multiplied by their transparency"},
      {"bad-cmyk.tif", "its colours (PhotometricInterpretation 5) are neither"},
      {"bad-runs.bmp", "a run leaves the picture"},
      {"bad-kind.bmp", "its compression, 4, with 24 bits a pixel is not read"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    char *path = golden_image(bad[i][0]);
    refuse_image(path, false, bad[i][1]);
    free(path);
  }
}

static int read_plain(const char *path) {
  image x;
  const int status = image_read(path, false, &x);
  image_release(&x);
  return status;
}

/* Tags may stand behind the pixels; what is lost behind both is not missed. */
static void test_cut(void **state) {
  (void)state;
  static const struct {
    const char *name;
    size_t last; /* bytes that may be missing */
  } file[] = {{"rgb-lzw.tif", 2},     {"rgb-deflate.tif", 4}, {"gray16-raw.tif", 2},
              {"jpeg-colour.tif", 4}, {"group4.tif", 4},      {"rgb-packbits.tif", 2},
              {"rgb.bmp", 1},         {"palette4.bmp", 1},    {"runs8.bmp", 1},
              {"runs4.bmp", 1},       {"rgb565.bmp", 1},      {"gray.bmp", 1}};
  for (size_t i = 0; i < sizeof file / sizeof *file; i++) {
    char *path = golden_image(file[i].name);
    assert_beginnings_refused(path, 0, 11, file[i].last, read_plain);
    free(path);
  }
}

static void test_damaged(void **state) {
  (void)state;
  static const char *const names[] = {
      "rgb-lzw.tif", "tiles16.tif",  "rgb16-planes.tiff", "palette.tif", "jpeg-colour.tif",
      "group3.tif",  "palette4.bmp", "runs8.bmp",         "runs4.bmp",   "rgb565.bmp"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char *path = golden_image(names[i]);
    assert_damage_survived(path, 0, 3, read_plain);
    free(path);
  }
}

/* A few bytes that promise gigabytes. */
static void test_large(void **state) {
  (void)state;
  char *dir = temporary_dir(), *path = file_join(dir, "x"), *from = golden_image("gray4.tif"),
       *data;
  size_t size;
  assert_int_equal(file_read(from, &data, &size), 0);
  for (int i = 0; i < 2; i++) { /* width, then height */
    memcpy(data + 10 + 12 * i + 8, i ? "\xff\xff" : "\x00\x7d", 2);
    put(dir, "x", data, size);
    refuse_image(path, false, i ? "at most" : "32000 x 17 pixels in a file of");
  }
  free(data);
  free(from);
  from = golden_image("runs8.bmp");
  assert_int_equal(file_read(from, &data, &size), 0);
  memcpy(data + 18, "\x00\x20\x00\x00\x00\x20\x00\x00", 8);
  put(dir, "x", data, size);
  refuse_image(path, false, "8192 x 8192 pixels in a file of");
  free(data);
  free(from);
  free(path);
  remove_dir(dir);
}

/* So many steps that their sum is no number of 32 bits any more, and a pixel behind them. */
static void test_steps(void **state) {
  (void)state;
  enum { STEPS = 8421506 }; /* 255 each: 2^31 + 382 */
  char *dir = temporary_dir(), *path = file_join(dir, "x"), *from = golden_image("runs8.bmp"),
       *data;
  size_t size, first;
  assert_int_equal(file_read(from, &data, &size), 0);
  first = (size_t)((unsigned char)data[11] << 8 | (unsigned char)data[10]);
  char *made = memory_new(first + 4 * STEPS + 4);
  memcpy(made, data, first);
  for (size_t i = 0; i < STEPS; i++) memcpy(made + first + 4 * i, "\0\2\xff\0", 4);
  memcpy(made + first + 4 * STEPS, "\1\0\0\1", 4);
  put(dir, "x", made, first + 4 * STEPS + 4);
  refuse_image(path, false, "a run leaves the picture");
  free(made);
  free(data);
  free(from);
  free(path);
  remove_dir(dir);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_refused), cmocka_unit_test(test_cut),
                                     cmocka_unit_test(test_damaged), cmocka_unit_test(test_large),
                                     cmocka_unit_test(test_steps)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
