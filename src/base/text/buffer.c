#include "buffer.h"

#include "memory.h"
#include "numeral.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for `more` bytes and a 0. */
static void make_room(buffer *b, size_t more) {
  if (b->room - b->size > more) return;
  b->room = 2 * (b->size + more + 1);
  b->text = memory_grow(b->text, b->room);
}

void buffer_put(buffer *b, const void *data, size_t size) {
  make_room(b, size);
  if (size) memcpy(b->text + b->size, data, size);
  b->text[b->size += size] = 0;
}

void buffer_text(buffer *b, const char *text) { buffer_put(b, text, strlen(text)); }

void buffer_between(buffer *b, const char *between) {
  if (b->size) buffer_text(b, between);
}

void buffer_add_list(buffer *b, const char *format, va_list args) {
  va_list again;
  va_copy(again, args);
  const int size = numeral_vprint(NULL, 0, format, args);
  make_room(b, size > 0 ? (size_t)size : 0);
  b->text[b->size] = 0;
  if (size > 0)
    b->size += (size_t)numeral_vprint(b->text + b->size, b->room - b->size, format, again);
  va_end(again);
}

void buffer_add(buffer *b, const char *format, ...) {
  va_list args;
  va_start(args, format);
  buffer_add_list(b, format, args);
  va_end(args);
}

char *buffer_take(buffer *b) {
  buffer_put(b, NULL, 0);
  char *text = b->text;
  *b = (buffer){0};
  return text;
}

void buffer_free(buffer *b) {
  free(b->text);
  *b = (buffer){0};
}
