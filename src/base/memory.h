/* memory.h: memory that is there, or the program ends with a word. */
#ifndef MEMORY_H
#define MEMORY_H

#include <stddef.h>

/* Memory is out: ends the program with a message, with status 1 and without a core. */
void memory_out(const char *what) __attribute__((noreturn));
/* calloc and realloc that end so. */
void *memory_new(size_t bytes); /* zeroed */
void *memory_grow(void *p, size_t bytes);

/* Rounded up to whole lines of the processor's cache. */
static inline size_t memory_lines(size_t bytes) {
  enum { LINE = 64 };
  return (bytes + LINE - 1) / LINE * LINE;
}

#endif
