/* protobuf.h: writes the wire format of Protocol Buffers: a message is its fields one after the
 * other, each a tag and a value.  Nothing is read. */
#ifndef PROTOBUF_H
#define PROTOBUF_H

#include <stddef.h>
#include <stdint.h>

#include "buffer.h"

typedef buffer protobuf; /* a message */

void protobuf_integer(protobuf *b, int field, int64_t x); /* int32, int64, enum */
void protobuf_float(protobuf *b, int field, float x);
void protobuf_bytes(protobuf *b, int field, const void *data, size_t size);
void protobuf_text(protobuf *b, int field, const char *text);
/* A message as a field; the inner message is released. */
void protobuf_message(protobuf *b, int field, protobuf *inner);
void protobuf_append(protobuf *b, protobuf *fields); /* which are released */

#endif
