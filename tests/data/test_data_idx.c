#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <zlib.h>

#include "data_files.h"
#include "file.h"
#include "idx.h"
#include "text.h"

static const char domain[] = "name: a\nformat: idx\nimages: i\nlabels: l\nclasses: [x, y]\n";

/* 2 images of 1 x 2 bytes, and their labels. */
static const uint8_t images[] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 10, 20, 30, 255};
static const uint8_t labels[] = {0, 0, 8, 1, 0, 0, 0, 2, 1, 0};

static char *start(void) {
  char *dir = temporary_dir();
  put(dir, "i", images, sizeof images);
  put(dir, "l", labels, sizeof labels);
  return dir;
}

static void put_gzip(const char *dir, const char *name, const void *data, unsigned size) {
  char *path = file_join(dir, name);
  gzFile f = gzopen(path, "wb");
  assert_int_equal(gzwrite(f, data, size), size);
  assert_int_equal(gzclose(f), Z_OK);
  free(path);
}

static void test_plain(void **state) {
  (void)state;
  char *dir = start();
  xs_site *s;
  assert_int_equal(open_site(dir, domain, NULL, &s), XS_OK);
  assert_int_equal(s->images.n, 2);
  assert_int_equal(s->images.height, 1);
  assert_int_equal(s->images.width, 2);
  assert_int_equal(s->images.channels, 1);
  assert_memory_equal(s->images.pixels, images + 16, 4);
  assert_int_equal(s->label[0], 1);
  assert_int_equal(s->label[1], 0);
  assert_string_equal(s->class_name[1], "y");
  assert_float_equal(s->images.max_value, 255, 0);
  xs_site_close(s);
  remove_dir(dir);
}

static void test_gzip(void **state) {
  (void)state;
  char *dir = start();
  put_gzip(dir, "i", images, sizeof images);
  xs_site *s;
  assert_int_equal(open_site(dir, domain, NULL, &s), XS_OK);
  assert_memory_equal(s->images.pixels, images + 16, 4);
  xs_site_close(s);
  remove_dir(dir);
}

/* Every shorter file is refused and none crashes, plain or gzipped. */
static void test_truncated(void **state) {
  (void)state;
  char *dir = start(), *path = file_join(dir, "i"), *data;
  for (size_t n = 0; n < sizeof images; n++) {
    put(dir, "i", images, n);
    REFUSED(dir, domain, "/i: truncated");
  }
  size_t size;
  put_gzip(dir, "i", images, sizeof images);
  assert_int_equal(file_read(path, &data, &size), 0);
  for (size_t n = 0; n < size; n++) {
    put(dir, "i", data, n);
    REFUSED(dir, domain, "/i: ");
  }
  free(data);
  free(path);
  remove_dir(dir);
}

static void test_damaged_gzip(void **state) {
  (void)state;
  char *dir = start(), *path = file_join(dir, "i"), *data;
  size_t size;
  put_gzip(dir, "i", images, sizeof images);
  assert_int_equal(file_read(path, &data, &size), 0);
  data[size - 6] ^= 1; /* in the checksum */
  put(dir, "i", data, size);
  REFUSED(dir, domain, "/i: ", "damaged", "get the file again");
  free(data);
  free(path);
  remove_dir(dir);
}

static void refuse_changed(size_t at, uint8_t value, const char *part) {
  char *dir = start();
  uint8_t changed[sizeof images];
  memcpy(changed, images, sizeof images);
  changed[at] = value;
  put(dir, "i", changed, sizeof changed);
  REFUSED(dir, domain, "/i: ", part);
  remove_dir(dir);
}

static void test_header(void **state) {
  (void)state;
  refuse_changed(0, 'P', "not an IDX file");
  refuse_changed(2, 0x0D, "starts with 00 00 0d 03");
  refuse_changed(3, 9, "1 to 4 dimensions");
  refuse_changed(3, 0, "1 to 4 dimensions");
  refuse_changed(3, 1, "more data than the header announces");
  refuse_changed(7, 0, "dimension 1 of 3 is 0");
  refuse_changed(7, 1, "more data than the header announces");
  refuse_changed(7, 3, "truncated");
  refuse_changed(4, 0xff, "truncated or damaged");
  refuse_changed(8, 0xff, "truncated or damaged");
}

static void test_overflow(void **state) {
  (void)state;
  char *dir = start();
  uint8_t huge[20] = {0, 0, 11, 4};
  memset(huge + 4, 0xff, 16);
  put(dir, "i", huge, sizeof huge);
  REFUSED(dir, domain, "truncated or damaged");
  put_gzip(dir, "i", huge, sizeof huge);
  REFUSED(dir, domain, "truncated or damaged");
  remove_dir(dir);
}

static void test_short_values(void **state) {
  (void)state;
  char *dir = start();
  uint8_t two[] = {0, 0, 11, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 0x07, 0xd0, 0x00, 0x01};
  char *ranged = text_format("%smax_value: 2000\n", domain);
  char *low = text_format("%smax_value: 1999\n", domain);
  put(dir, "i", two, sizeof two);
  xs_site *s;
  assert_int_equal(open_site(dir, ranged, NULL, &s), XS_OK);
  assert_int_equal(s->images.bytes, 2);
  assert_int_equal(((uint16_t *)s->images.pixels)[0], 2000);
  assert_int_equal(((uint16_t *)s->images.pixels)[1], 1);
  xs_site_close(s);
  REFUSED(dir, low, "/i: image 0 has the value 2000, above max_value 1999");
  REFUSED(dir, domain, "near black", "max_value: 2000");
  two[18] = 0xff;
  put(dir, "i", two, sizeof two);
  REFUSED(dir, ranged, "/i: value 1 is negative (-255)");
  free(ranged);
  free(low);
  remove_dir(dir);
}

static void test_labels(void **state) {
  (void)state;
  char *dir = start();
  uint8_t bad[sizeof labels];
  memcpy(bad, labels, sizeof labels);
  bad[8] = 2;
  put(dir, "l", bad, sizeof bad);
  REFUSED(dir, domain, "/l: label 0 is 2", "2 classes (0 to 1)");
  bad[7] = 1;
  put(dir, "l", bad, sizeof bad - 1);
  REFUSED(dir, domain, "/l: 1 labels", "2 images");
  put(dir, "l", images, sizeof images);
  REFUSED(dir, domain, "/l: ", "3 dimensions");
  bad[7] = 2;
  bad[8] = 0;
  put(dir, "l", bad, sizeof bad);
  REFUSED(dir, domain, "class \"y\" has no image");
  put(dir, "i", labels, sizeof labels);
  REFUSED(dir, domain, "/i: not a file of images");
  remove_dir(dir);
}

static void test_domain_file(void **state) {
  (void)state;
  char *dir = start();
  REFUSED(dir, "name: a\nformat: idx\nimages: i\nlabels: l\n", "site.yaml", "classes is missing");
  REFUSED(dir, "name: a\nformat: idx\nimages: i\nlabels: l\nclasses: [x, x]\n",
          "\"x\" is listed twice");
  REFUSED(dir, "name: a\nformat: idx\nimages: [i, i]\nlabels: l\nclasses: [x, y]\n",
          "2 files of images", "1 of labels");
  REFUSED(dir, "name: a/b\nformat: idx\nimages: i\n", "\"a/b\" is not a site name");
  REFUSED(dir, "name: a\nformat: idx\nimages: nowhere\n", "/nowhere: cannot be opened");
  REFUSED(dir, "name: a\nformat: idx\nimages: .\n", "is a folder");
  REFUSED(dir, "name: a\nformat: idx\nimages: i\nfirst_index: x\n", "first_index: \"x\"");
  REFUSED(dir, "name: a\nformat: idx\nimages: i\nmax_value: 300\n", "max_value is 300", "8 bits");
  REFUSED(dir, "name: a\nformat: idx\nimages: i\nmax_value: 254\n",
          "value 255, above max_value 254");
  REFUSED(dir, "name: a\nformat: idx\n", "images");
  REFUSED(dir, "name: a\nformat: idx\nimage: i\n", "image");
  remove_dir(dir);
}

static void test_data_root(void **state) {
  (void)state;
  char *dir = start();
  const char *yaml = "name: a\nformat: idx\nroot: data\nimages: i\n";
  char *kept = getenv("XSITE_DATA") ? text_copy(getenv("XSITE_DATA")) : NULL;
  unsetenv("XSITE_DATA");
  REFUSED(dir, yaml, "--data-dir DIR", "XSITE_DATA");
  xs_site_options o = {.data_dir = dir};
  xs_site *s;
  assert_int_equal(open_site(dir, yaml, &o, &s), XS_OK);
  assert_int_equal(s->label[1], -1);
  assert_int_equal(s->classes, 0);
  xs_site_close(s);
  if (kept) setenv("XSITE_DATA", kept, 1);
  free(kept);
  remove_dir(dir);
}

static void test_write(void **state) {
  (void)state;
  char *dir = start(), *path = file_join(dir, "i");
  idx x;
  assert_int_equal(idx_read(path, &x), 0);
  assert_int_equal(idx_write(path, &x), 0); /* the same */
  ((uint8_t *)x.data)[3] = 7;
  assert_int_not_equal(idx_write(path, &x), 0);
  assert_says("exists and holds something else");
  free(path);
  path = file_join(dir, "new");
  assert_int_equal(idx_write(path, &x), 0);
  idx_release(&x);
  assert_int_equal(idx_read(path, &x), 0);
  assert_int_equal(((uint8_t *)x.data)[3], 7);
  assert_int_equal(x.dim[2], 2);
  idx_release(&x);
  free(path);
  remove_dir(dir);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_plain),        cmocka_unit_test(test_gzip),
      cmocka_unit_test(test_truncated),    cmocka_unit_test(test_damaged_gzip),
      cmocka_unit_test(test_header),       cmocka_unit_test(test_overflow),
      cmocka_unit_test(test_short_values), cmocka_unit_test(test_labels),
      cmocka_unit_test(test_domain_file),  cmocka_unit_test(test_data_root),
      cmocka_unit_test(test_write),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
