#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "catalogue.h"
#include "data_files.h"
#include "file.h"
#include "idx.h"
#include "text.h"

enum { TRAIN = 59001, TEST = 9001, IMAGE = 32 * 32 * 3 };

/* Sums of the official images: tests/golden/mnistm_checksum.py, with numpy and Pillow. */
static void test_official(void **state) {
  (void)state;
  if (!getenv("XSITE_DATA")) skip();
  char *dir = temporary_dir(), *path = file_join(dir, "mnistm-images-idx4-ubyte");
  idx x;
  assert_int_equal(mnistm_import(NULL, dir, 1, NULL), XS_OK);
  assert_int_equal(idx_read(path, &x), 0);
  assert_int_equal(x.dim[0], 70000);
  assert_int_equal(x.dim[3], 3);
  const uint8_t *pixels = x.data;
  assert_true(fnv1a(pixels, (size_t)TRAIN * IMAGE) == 0x22859d93ef0767a7);
  assert_true(fnv1a(pixels + (size_t)60000 * IMAGE, (size_t)TEST * IMAGE) == 0x570b8986ea1632e4);
  idx_release(&x);
  assert_int_equal(mnistm_import(NULL, dir, 1, NULL), XS_OK); /* the same again */
  assert_int_not_equal(mnistm_import(NULL, dir, 2, NULL), XS_OK);
  assert_says("exists and holds something else");
  free(path);
  remove_dir(dir);
}

/* Sums by the same script: five digits of tests/golden/make_mnistm.py. */
static void test_tiny(void **state) {
  (void)state;
  char *dir = temporary_dir(), *path = file_join(dir, "mnistm-images-idx4-ubyte");
  idx x;
  assert_int_equal(mnistm_import(TEST_DATA "/golden/mnistm", dir, 1, NULL), XS_OK);
  assert_int_equal(idx_read(path, &x), 0);
  assert_int_equal(x.count, 5 * IMAGE);
  const uint8_t *pixels = x.data;
  assert_true(fnv1a(pixels, (size_t)3 * IMAGE) == 0x640d7efa6fd58f60);
  assert_true(fnv1a(pixels + (size_t)3 * IMAGE, (size_t)2 * IMAGE) == 0x36d8e9290906f5af);
  idx_release(&x);
  char *labels = file_join(dir, "mnistm-labels-idx1-ubyte");
  assert_int_equal(idx_read(labels, &x), 0);
  assert_memory_equal(x.data, ((uint8_t[]){0, 1, 2, 3, 4}), 5);
  idx_release(&x);
  free(labels);
  free(path);
  remove_dir(dir);
}

static const char *const needed[] = {
    "digits/bsds500-train/a.jpg",
    "digits/bsds500-train/b.jpg",
    "digits/mnistm/bsds500-train-names.txt",
    "digits/mnist/train-images-idx3-ubyte.gz",
    "digits/mnist/train-labels-idx1-ubyte.gz",
    "digits/mnist/t10k-images-idx3-ubyte.gz",
    "digits/mnist/t10k-labels-idx1-ubyte.gz",
    "digits/mnistm/mnistm-test-recipe-idx2-short.gz",
};
enum { NEEDED = sizeof needed / sizeof *needed, WITHOUT_RECIPE = NEEDED - 1 };

static void copy_golden(const char *dir, int first, int end) {
  for (int i = first; i < end; i++) {
    char *from = text_format("%s/golden/mnistm/%s", TEST_DATA, needed[i]);
    copy_file(from, dir, needed[i]);
    free(from);
  }
}

static uint64_t import_drawn(const char *dir, const char *out, uint64_t seed, const xs_watch *w) {
  char *to = file_join(dir, out), *path = file_join(to, "mnistm-images-idx4-ubyte");
  idx x;
  assert_int_equal(mnistm_import(dir, to, seed, w), XS_OK);
  assert_int_equal(idx_read(path, &x), 0);
  assert_int_equal(x.count, 5 * IMAGE);
  uint64_t sum = fnv1a(x.data, (size_t)x.count);
  idx_release(&x);
  free(path);
  free(to);
  return sum;
}

static void check_note(void *context, const char *line) {
  *(bool *)context = strcmp(line, "MNIST-M: 0 images as in the official recipe, 5 with patches "
                                  "drawn from seed 1") == 0;
}

static void test_without_recipe(void **state) {
  (void)state;
  char *dir = temporary_dir();
  bool told = false;
  const xs_watch w = {.note = check_note, .context = &told};
  copy_golden(dir, 0, WITHOUT_RECIPE);
  uint64_t first = import_drawn(dir, "first", 1, &w);
  assert_true(told);
  assert_true(import_drawn(dir, "again", 1, NULL) == first);
  assert_true(import_drawn(dir, "other", 2, NULL) != first);
  copy_golden(dir, WITHOUT_RECIPE, NEEDED); /* one of the two recipes alone */
  assert_int_not_equal(mnistm_import(dir, dir, 1, NULL), XS_OK);
  assert_says("mnistm-train-recipe-idx2-short.gz");
  remove_dir(dir);
}

static void test_missing(void **state) {
  (void)state;
  char *dir = temporary_dir();
  assert_int_not_equal(mnistm_import(dir, dir, 1, NULL), XS_OK);
  assert_says("bsds500-train-names.txt");
  put_text(dir, "digits/mnistm/bsds500-train-names.txt", "a.jpg\n");
  assert_int_not_equal(mnistm_import(dir, dir, 1, NULL), XS_OK);
  assert_says("digits/bsds500-train/a.jpg");
  char *small = text_format("%s/golden/images/rgb.jpg", TEST_DATA);
  copy_file(small, dir, "digits/bsds500-train/a.jpg");
  assert_int_not_equal(mnistm_import(dir, dir, 1, NULL), XS_OK);
  assert_says("a.jpg: 23 x 17 with 3 channels, expected");
  free(small);
  remove_dir(dir);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_official),
      cmocka_unit_test(test_tiny),
      cmocka_unit_test(test_without_recipe),
      cmocka_unit_test(test_missing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
