#include "citations.h"

#include <string.h>

#include "memory.h"

int citation(citations *c, const char *work) {
  for (int i = 0; i < c->n; i++) {
    if (strcmp(c->order[i], work) == 0) return i + 1;
  }
  c->order = memory_grow(c->order, (size_t)(c->n + 1) * sizeof *c->order);
  c->order[c->n++] = work;
  return c->n;
}
