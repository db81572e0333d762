#include "protobuf.h"

#include <string.h>

enum { VARINT = 0, LENGTH = 2, FIXED32 = 5 }; /* wire types */

/* Seven bits a byte, the lowest first; the top bit says that more follow. */
static void put_varint(protobuf *b, uint64_t x) {
  unsigned char byte[10];
  size_t n = 0;
  do {
    byte[n++] = (unsigned char)((x & 127) | (x > 127 ? 128 : 0));
    x >>= 7;
  } while (x > 0);
  buffer_put(b, byte, n);
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
  buffer_put(b, &x, sizeof x); /* little-endian, as all processors that xsite runs on */
}

void protobuf_bytes(protobuf *b, int field, const void *data, size_t size) {
  put_tag(b, field, LENGTH);
  put_varint(b, size);
  buffer_put(b, data, size);
}

void protobuf_text(protobuf *b, int field, const char *text) {
  protobuf_bytes(b, field, text, strlen(text));
}

void protobuf_message(protobuf *b, int field, protobuf *inner) {
  protobuf_bytes(b, field, inner->text, inner->size);
  buffer_free(inner);
}

void protobuf_append(protobuf *b, protobuf *fields) {
  buffer_put(b, fields->text, fields->size);
  buffer_free(fields);
}
