#include "number_ids.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "text.h"
#include "text_set.h"

typedef struct numbers {
  text_set plain;     /* numbers without what does not change them */
  const char **first; /* [plain.n] how one is written where it first comes */
  int64_t *set;       /* [plain.n] -1: in one way only */
  int64_t sets;
} numbers;

static void add(numbers *x, const char *plain, const char *id) {
  const int64_t before = x->plain.n, i = text_set_add(&x->plain, plain);
  if (i == before) {
    x->first[i] = id;
    x->set[i] = -1;
  } else if (x->set[i] < 0 && strcmp(x->first[i], id) != 0) {
    x->set[i] = x->sets++;
  }
}

int64_t number_ids_find(const char *const *id, int64_t n, int64_t *set) {
  const size_t room = (size_t)n + 1;
  numbers x = {.first = memory_new(sizeof *x.first * room),
               .set = memory_new(sizeof *x.set * room)};
  int64_t *number = memory_new(sizeof *number * room); /* of plain; -1: no number */
  for (int64_t i = 0; i < n; i++) {
    char *plain = id[i] ? text_plain_number(id[i]) : NULL;
    if (plain) add(&x, plain, id[i]);
    number[i] = plain ? text_set_find(&x.plain, plain) : -1;
    free(plain);
  }
  for (int64_t i = 0; i < n; i++) set[i] = number[i] < 0 ? -1 : x.set[number[i]];
  text_set_release(&x.plain);
  free(number);
  free(x.set);
  free(x.first);
  return x.sets;
}
