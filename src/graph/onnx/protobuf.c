#include "protobuf.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"

enum { VARINT = 0, LENGTH = 2, FIXED32 = 5 }; /* wire types */

void protobuf_free(protobuf *b) {
  free(b->data);
  *b = (protobuf){0};
}

static void put(protobuf *b, const void *data, size_t size) {
  if (b->capacity - b->size < size) {
    b->capacity = (b->size + size) * 2;
    b->data = memory_grow(b->data, b->capacity);
  }
  if (size > 0) memcpy(b->data + b->size, data, size);
  b->size += size;
}

/* Seven bits a byte, the lowest first; the top bit says that more follow. */
static void put_varint(protobuf *b, uint64_t x) {
  unsigned char byte[10];
  size_t n = 0;
  do {
    byte[n++] = (unsigned char)((x & 127) | (x > 127 ? 128 : 0));
    x >>= 7;
  } while (x > 0);
  put(b, byte, n);
}

static void put_tag(protobuf *b, int field, int type) {
  put_varint(b, (uint64_t)field << 3 | (uint64_t)type);
}

void protobuf_integer(protobuf *b, int field, int64_t x) {
  put_tag(b, field, VARINT);
  put_varint(b, (uint64_t)x);
}

void protobuf_float(protobuf *b, int field, float x) {
  put_tag(b, field, FIXED32);
  put(b, &x, sizeof x); /* little-endian, as all processors that xsite runs on */
}

void protobuf_bytes(protobuf *b, int field, const void *data, size_t size) {
  put_tag(b, field, LENGTH);
  put_varint(b, size);
  put(b, data, size);
}

void protobuf_text(protobuf *b, int field, const char *text) {
  protobuf_bytes(b, field, text, strlen(text));
}

void protobuf_message(protobuf *b, int field, protobuf *inner) {
  protobuf_bytes(b, field, inner->data, inner->size);
  protobuf_free(inner);
}

void protobuf_append(protobuf *b, protobuf *fields) {
  put(b, fields->data, fields->size);
  protobuf_free(fields);
}
