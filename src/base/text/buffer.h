/* buffer.h: text, or bytes, that grow; {0} is an empty one. */
#ifndef BUFFER_H
#define BUFFER_H

#include <stdarg.h>
#include <stddef.h>

typedef struct buffer {
  char *text; /* [size], and a 0 behind; NULL while nothing was put */
  size_t size, room;
} buffer;

void buffer_add(buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buffer_add_list(buffer *b, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
void buffer_text(buffer *b, const char *text);
void buffer_put(buffer *b, const void *data, size_t size);
/* For a list: nothing before its first item, between after that. */
void buffer_between(buffer *b, const char *between);
/* The text, never NULL and the caller's to free; the buffer is empty again. */
char *buffer_take(buffer *b);
void buffer_free(buffer *b);

#endif
