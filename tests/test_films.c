/* Decoded images against what Pillow and pydicom read: tests/golden/images.tsv of the small files
 * of tests/golden/images, and tests/golden/films.tsv of real films, which are not kept here: their
 * folder is XSITE_FILMS, where it is set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "data_files.h"
#include "hash.h"
#include "image.h"

typedef struct row { /* of a table */
  char file[200], hash[HASH_SHA256_TEXT];
  int window, width, height, channels, bytes, bits;
} row;

static bool agrees(const char *dir, const row *r) {
  char *path = file_join(dir, r->file), hash[HASH_SHA256_TEXT];
  image x;
  if (image_read(path, r->window, &x)) {
    print_error("%s\n", fail_message());
    image_release(&x);
    free(path);
    return false;
  }
  size_t size = (size_t)x.height * (size_t)x.width * (size_t)x.channels * (size_t)x.bytes;
  hash_sha256_text(x.pixels, size, hash);
  bool same = x.width == r->width && x.height == r->height && x.channels == r->channels &&
              x.bytes == r->bytes && x.bits == r->bits && !strcmp(hash, r->hash);
  if (!same) {
    print_error("%s, window %d: %d x %d, %d channels, %d bytes, %d bits, %s\n", path, r->window,
                x.width, x.height, x.channels, x.bytes, x.bits, hash);
  }
  image_release(&x);
  free(path);
  return same;
}

/* Every row of a table; the number of rows. */
static int check_table(const char *table, const char *dir) {
  char *path = text_format("%s/golden/%s", TEST_DATA, table), *text, *rest = NULL;
  size_t size;
  int rows = 0, wrong = 0;
  assert_int_equal(file_read(path, &text, &size), 0);
  strtok_r(text, "\n", &rest);
  for (char *line; (line = strtok_r(NULL, "\n", &rest)); rows++) {
    row r;
    assert_int_equal(sscanf(line, "%199[^\t]\t%d\t%d\t%d\t%d\t%d\t%d\t%64s", r.file, &r.window,
                            &r.width, &r.height, &r.channels, &r.bytes, &r.bits, r.hash),
                     8);
    wrong += !agrees(dir, &r);
  }
  free(text);
  free(path);
  assert_int_equal(wrong, 0);
  return rows;
}

static void test_small(void **state) {
  (void)state;
  char *dir = text_format("%s/golden/images", TEST_DATA);
  assert_true(check_table("images.tsv", dir) > 80);
  free(dir);
}

static void test_real(void **state) {
  (void)state;
  const char *dir = getenv("XSITE_FILMS");
  if (!dir) skip();
  assert_int_equal(check_table("films.tsv", dir), 62);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_small),
      cmocka_unit_test(test_real),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
