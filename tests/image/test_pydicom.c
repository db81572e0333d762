/* All test files of pydicom against what pydicom reads of them, or the true reason why they are
 * refused: tests/golden/pydicom_files.tsv.  Some are in tests/golden/pydicom_files; all are where
 * XSITE_PYDICOM, or else a python3 that has pydicom, says (a folder of packages). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "data_files.h"
#include "file.h"
#include "hash.h"
#include "image.h"
#include "text.h"

enum { FIELDS = 4 };

typedef struct table_row {
  char *file, *hash, *window, *image;
} table_row;

static char *find_packages(void) {
  static const char command[] =
      "python3 -c 'import importlib.util as u; print(u.find_spec(\"pydicom\").origin)' 2>/dev/null";
  static const char inside[] = "/pydicom/__init__.py\n";
  const char *said = getenv("XSITE_PYDICOM");
  char line[4096] = "";
  if (said) return text_copy(said);
  FILE *f = popen(command, "r");
  assert_non_null(f);
  bool found = fgets(line, sizeof line, f) != NULL;
  pclose(f);
  size_t n = strlen(line), tail = sizeof inside - 1;
  if (!found || n <= tail || strcmp(line + n - tail, inside)) return NULL;
  line[n - tail] = 0;
  return text_copy(line);
}

/* Is this the file that the table speaks of? */
static bool is_same_file(const char *path, const char *hash) {
  char *data, here[HASH_SHA256_TEXT];
  size_t size;
  if (!file_exists(path)) return false;
  assert_int_equal(file_read(path, &data, &size), 0);
  hash_sha256_text(data, size, here);
  free(data);
  return !strcmp(hash, here);
}

/* The copy, or the file in the packages; NULL: neither is there. */
static char *find_file(const table_row *r, const char *packages) {
  char *folder = text_format("%s/golden/pydicom_files", TEST_DATA);
  char *path = file_join(folder, strrchr(r->file, '/') + 1);
  free(folder);
  if (is_same_file(path, r->hash)) return path;
  free(path);
  path = packages ? file_join(packages, r->file) : NULL;
  if (path && is_same_file(path, r->hash)) return path;
  free(path);
  return NULL;
}

/* What the program makes of a file, as in the table. */
static char *describe(const char *path, bool window) {
  char hash[HASH_SHA256_TEXT];
  image x;
  if (image_read(path, window, &x)) {
    image_release(&x);
    return text_format("refused\t%s", fail_message());
  }
  size_t size = (size_t)x.height * (size_t)x.width * (size_t)x.channels * (size_t)x.bytes;
  hash_sha256_text(x.pixels, size, hash);
  char *text =
      text_format("%d\t%d\t%d\t%d\t%d\t%s", x.width, x.height, x.channels, x.bytes, x.bits, hash);
  image_release(&x);
  return text;
}

static bool agrees(const char *path, const table_row *r) {
  static const char refused[] = "refused\t";
  char *here = describe(path, *r->window == '1');
  size_t n = sizeof refused - 1;
  bool same =
      !strcmp(here, r->image) || (!strncmp(r->image, refused, n) && !strncmp(here, refused, n) &&
                                  strstr(here + n, path) && strstr(here + n, r->image + n));
  if (!same) print_error("%s, window %s: %s\n   expected: %s\n", path, r->window, here, r->image);
  free(here);
  return same;
}

static table_row split(char *line) {
  char *field[FIELDS] = {line};
  for (int i = 1; i < FIELDS; i++) {
    field[i] = strchr(field[i - 1], '\t');
    assert_non_null(field[i]);
    *field[i]++ = 0;
  }
  return (table_row){field[0], field[1], field[2], field[3]};
}

static void test_files(void **state) {
  (void)state;
  char *packages = find_packages(), *text, *rest = NULL;
  char *table = text_format("%s/golden/pydicom_files.tsv", TEST_DATA);
  size_t size;
  int rows = 0, wrong = 0;
  assert_int_equal(file_read(table, &text, &size), 0);
  strtok_r(text, "\n", &rest);
  for (char *line; (line = strtok_r(NULL, "\n", &rest));) {
    table_row r = split(line);
    char *path = find_file(&r, packages);
    if (!path) continue;
    rows++;
    wrong += !agrees(path, &r);
    free(path);
  }
  print_message("%d rows compared, packages: %s\n", rows, packages ? packages : "none");
  free(text);
  free(table);
  free(packages);
  assert_int_equal(wrong, 0);
  assert_true(rows >= 20);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_files)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
