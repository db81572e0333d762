#include "file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *check(void *p, size_t bytes) {
  if (!p) {
    fprintf(stderr, "xsite: out of memory: %zu bytes wanted\n", bytes);
    abort();
  }
  return p;
}

void *memory_new(size_t bytes) { return check(calloc(1, bytes ? bytes : 1), bytes); }

void *memory_grow(void *p, size_t bytes) { return check(realloc(p, bytes ? bytes : 1), bytes); }

char *text_copy(const char *s) {
  size_t bytes = strlen(s) + 1;
  return memcpy(memory_new(bytes), s, bytes);
}
