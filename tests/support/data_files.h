/* data_files.h: files that tests write, and checks of refusals. */
#ifndef DATA_FILES_H
#define DATA_FILES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#undef fail /* cmocka's, in the way of error.h */
#include "error.h"
#include "file.h"
#include "temporary_dir.h"
#include "text.h"
#include "xsite.h"

static inline void put(const char *dir, const char *name, const void *data, size_t size) {
  char *path = file_join(dir, name), *parent = file_dir(path);
  assert_int_equal(file_make_dirs(parent), 0);
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(data, 1, size, f), size);
  assert_int_equal(fclose(f), 0);
  free(path);
  free(parent);
}

static inline void put_text(const char *dir, const char *name, const char *text) {
  put(dir, name, text, strlen(text));
}

static inline void copy_file(const char *from, const char *dir, const char *name) {
  char *data;
  size_t size;
  assert_int_equal(file_read(from, &data, &size), 0);
  put(dir, name, data, size);
  free(data);
}

/* Of tests/golden/images; allocated. */
static inline char *golden_image(const char *name) {
  return text_format("%s/golden/images/%s", TEST_DATA, name);
}

static inline xs_status open_site(const char *dir, const char *yaml, const xs_site_options *o,
                                  xs_site **s) {
  put_text(dir, "site.yaml", yaml);
  char *path = file_join(dir, "site.yaml");
  xs_status status = xs_site_open(path, o, s);
  free(path);
  return status;
}

static inline void assert_says(const char *part) {
  bool found = strstr(fail_message(), part) != NULL;
  if (!found) print_error("\"%s\" does not say \"%s\"\n", fail_message(), part);
  assert_true(found);
}

/* The site is refused with a message that holds all of the parts, which end with NULL. */
static inline void assert_refused(const char *dir, const char *yaml, const char *const *parts) {
  xs_site *s;
  assert_int_not_equal(open_site(dir, yaml, NULL, &s), XS_OK);
  assert_null(s);
  for (; *parts; parts++) assert_says(*parts);
}

#define REFUSED(dir, yaml, ...) assert_refused(dir, yaml, (const char *const[]){__VA_ARGS__, NULL})

typedef int (*file_reader)(const char *path); /* not 0: refused with a message */

/* Every beginning of a file, from `first` bytes on in steps, all but `last` bytes at most, is
 * refused with its path. */
static inline void assert_beginnings_refused(const char *from, size_t first, size_t step,
                                             size_t last, file_reader read) {
  char *dir = temporary_dir(), *path = file_join(dir, "cut"), *data;
  size_t size;
  assert_int_equal(file_read(from, &data, &size), 0);
  for (size_t n = first; n < size - last; n += step) {
    put(dir, "cut", data, n);
    assert_int_not_equal(read(path), 0);
    assert_says("/cut: ");
  }
  free(data);
  free(path);
  remove_dir(dir);
}

/* A changed bit of a byte, from `first` on in steps, may go unseen; else there is a message. */
static inline void assert_damage_survived(const char *from, size_t first, size_t step,
                                          file_reader read) {
  char *dir = temporary_dir(), *path = file_join(dir, "bad"), *data;
  size_t size;
  assert_int_equal(file_read(from, &data, &size), 0);
  for (size_t n = first; n < size; n += step) {
    data[n] ^= (char)(1 << n % 8);
    put(dir, "bad", data, size);
    if (read(path)) assert_says("/bad: ");
    data[n] ^= (char)(1 << n % 8);
  }
  free(data);
  free(path);
  remove_dir(dir);
}

static inline uint64_t fnv1a(const void *data, size_t n) {
  uint64_t h = 14695981039346656037u;
  for (size_t i = 0; i < n; i++) h = (h ^ ((const uint8_t *)data)[i]) * 1099511628211u;
  return h;
}

#endif
