/* Translated training images kept as a site: labels are bytes. */
#include "domain.h"
#include "error.h" /* before cmocka.h, which has a macro of the name fail */
#include "file.h"
#include "idx.h"
#include "node_job.h"
#include "text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "data_files.h"

#include <stdlib.h>
#include <string.h>

enum { CLASSES = 257 };

static xs_status keep_named(const char *dir, int32_t label, int classes, char *const *name) {
  uint16_t pixel[4] = {0, 257, 65535, 257 * 128};
  int64_t row = 0;
  xs_images images = {.n = 1, .height = 2, .width = 2, .channels = 1, .bytes = 2, .pixels = pixel};
  const train_set set = {.images = &images, .label = &label, .rows = &row, .n = 1};
  return translated_site_write(dir, "adapted-a-b", &set, classes, name);
}

static xs_status keep(const char *dir, int32_t label, int classes) {
  char *name[CLASSES];
  for (int k = 0; k < classes; k++) name[k] = text_format("class %d", k);
  const xs_status status = keep_named(dir, label, classes, name);
  for (int k = 0; k < classes; k++) free(name[k]);
  return status;
}

static void more_classes_than_bytes(void **state) {
  (void)state;
  char *dir = temporary_dir();
  char *labels = file_join(dir, "translated-labels-idx1-ubyte");
  assert_int_equal(keep(dir, 256, 257), XS_FAILED);
  assert_non_null(strstr(fail_message(), "257 classes"));
  assert_false(file_exists(labels));
  assert_int_equal(keep(dir, 255, 256), XS_OK);
  idx x;
  assert_int_equal(idx_read(labels, &x), 0);
  assert_int_equal(x.count, 1);
  assert_int_equal(*(const uint8_t *)x.data, 255);
  idx_release(&x);
  remove_dir(dir);
  free(labels);
}

/* What YAML refuses, or takes for the end of a line, comes back as it was. */
static void odd_names_are_read_again(void **state) {
  (void)state;
  char *const name[] = {(char[]){"a \"b\\\x7f\t\nz"},
                        (char[]){"\xc2\x85\u2028\ufeff\u00e9\U0001f3e5"}};
  char *dir = temporary_dir(), *path = file_join(dir, "site.yaml");
  domain d;
  assert_int_equal(keep_named(dir, 1, 2, name), XS_OK);
  assert_int_equal(domain_open(path, NULL, &d), 0);
  assert_int_equal(d.classes.n, 2);
  for (int k = 0; k < 2; k++) assert_string_equal(d.classes.text[k], name[k]);
  domain_close(&d);
  free(path);
  remove_dir(dir);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(more_classes_than_bytes),
                                     cmocka_unit_test(odd_names_are_read_again)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
