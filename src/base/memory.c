#include "file.h"
#include "memory_left.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

char *text_copy(const char *s) {
  size_t bytes = strlen(s) + 1;
  return memcpy(memory_new(bytes), s, bytes);
}

FILE *text_open(char **text, size_t *size) {
  *text = NULL;
  return check(open_memstream(text, size), sizeof(FILE));
}

void text_close(FILE *f) {
  const bool whole = !ferror(f);
  if (fclose(f) != 0 || !whole) memory_out("a text does not fit");
}

char *text_trim(const char *start, const char *end) {
  while (start < end && isspace((unsigned char)*start)) start++;
  while (end > start && isspace((unsigned char)end[-1])) end--;
  char *text = memory_new((size_t)(end - start) + 1);
  memcpy(text, start, (size_t)(end - start));
  return text;
}
