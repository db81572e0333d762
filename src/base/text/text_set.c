#include "text_set.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "text.h"

static uint64_t hash(const char *text) { /* FNV-1a; the shift brings high bits down */
  uint64_t h = UINT64_C(14695981039346656037);
  for (; *text; text++) h = (h ^ (unsigned char)*text) * UINT64_C(1099511628211);
  return h ^ h >> 29;
}

/* The place of a text, or the empty one where it belongs. */
static int64_t *find_place(const text_set *s, const char *text) {
  uint64_t mask = (uint64_t)s->places - 1, at = hash(text) & mask;
  while (s->place[at] && strcmp(s->text[s->place[at] - 1], text)) at = (at + 1) & mask;
  return &s->place[at];
}

static void grow(text_set *s) {
  s->places = s->places ? 2 * s->places : 64;
  free(s->place);
  s->place = memory_new(sizeof *s->place * (size_t)s->places);
  s->text = memory_grow(s->text, sizeof *s->text * (size_t)s->places);
  for (int64_t i = 0; i < s->n; i++) *find_place(s, s->text[i]) = i + 1;
}

int64_t text_set_add(text_set *s, const char *text) {
  if (3 * (s->n + 1) > 2 * s->places) grow(s);
  int64_t *place = find_place(s, text);
  if (!*place) {
    s->text[s->n++] = text_copy(text);
    *place = s->n;
  }
  return *place - 1;
}

int64_t text_set_find(const text_set *s, const char *text) {
  return s->places ? *find_place(s, text) - 1 : -1;
}

void text_set_release(text_set *s) {
  for (int64_t i = 0; i < s->n; i++) free(s->text[i]);
  free(s->text);
  free(s->place);
  *s = (text_set){0};
}

int64_t text_set_repeated(char *const *text, int64_t n) {
  text_set seen = {0};
  int64_t i = 0;
  while (i < n && text_set_add(&seen, text[i]) == i) i++;
  text_set_release(&seen);
  return i < n ? i : -1;
}
