#include "memory.h"

#include "memory_left.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Nothing here may ask for memory; _exit leaves no core, which would hold patients' images. */
void memory_out(const char *what) {
  char text[256];
  const int n =
      snprintf(text, sizeof text,
               "xsite: out of memory: %s; close other programs, or give a smaller batch, size or "
               "--memory; what was finished is kept, and runs go on with --resume\n",
               what);
  const size_t size = n < (int)sizeof text ? (size_t)n : sizeof text - 1;
  if (write(STDERR_FILENO, text, size) < 0) _exit(1);
  _exit(1);
}

static void *check(void *p, size_t bytes) {
  char what[64];
  if (p) return p;
  snprintf(what, sizeof what, "%zu bytes are not to be had", bytes);
  memory_out(what);
}

/* Linux promises more than there is, and kills who takes it. */
static bool is_there(size_t bytes) {
  enum { SMALL = 1 << 24 }; /* not worth asking the system */
  return bytes <= SMALL || (double)bytes < memory_left();
}

void *memory_new(size_t bytes) {
  return check(is_there(bytes) ? calloc(1, bytes ? bytes : 1) : NULL, bytes);
}

void *memory_grow(void *p, size_t bytes) {
  return check(is_there(bytes) ? realloc(p, bytes ? bytes : 1) : NULL, bytes);
}
