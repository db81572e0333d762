/* fuzz.h: what the fuzz targets share.  A target is one file fuzz_NAME.c that defines
 * LLVMFuzzerTestOneInput and calls one reader; its seeds are in corpus/NAME. */
#ifndef FUZZ_H
#define FUZZ_H

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The path of a file that holds the input, for a parser that takes a path; valid until the next
 * call. */
static inline const char *fuzz_file(const uint8_t *data, size_t size) {
  static FILE *file;
  static char path[40];
  if (!file) file = tmpfile();
  if (!file || ftruncate(fileno(file), 0) || pwrite(fileno(file), data, size, 0) != (ssize_t)size) {
    abort();
  }
  snprintf(path, sizeof path, "/proc/self/fd/%d", fileno(file));
  return path;
}

/* The path of a file of this name that holds the input, beside what tests/fuzz/run has put into the
 * folder TMPDIR; valid until the next call. */
static inline const char *fuzz_named(const char *name, const void *data, size_t size) {
  static char path[4096];
  const char *dir = getenv("TMPDIR");
  snprintf(path, sizeof path, "%s/%s", dir ? dir : ".", name);
  FILE *file = fopen(path, "wb");
  if (!file || fwrite(data, 1, size, file) != size || fclose(file)) abort();
  return path;
}

/* Ends as the sanitizers do where what must hold does not. */
#define FUZZ_REQUIRE(condition)                                                                    \
  do {                                                                                             \
    if (condition) break;                                                                          \
    fprintf(stderr, "%s:%d: does not hold: %s; last message: %s\n", __FILE__, __LINE__,            \
            #condition, fail_message());                                                           \
    abort();                                                                                       \
  } while (0)

/* Tells the fuzzer apart what came out, by the words of its text: libraries that are not compiled
 * for fuzzing show no other progress. */
static inline void fuzz_outcome(const char *text) {
  __attribute__((section("__libfuzzer_extra_counters"))) static uint8_t seen[4096];
  uint32_t h = 2166136261u;
  for (; *text; text++) {
    if (!isdigit((unsigned char)*text)) h = (h ^ (uint8_t)*text) * 16777619u;
  }
  seen[h % sizeof seen] = 1;
}

#endif
