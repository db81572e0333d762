#include "png_chunk.h"

#include <string.h>

enum { SIGNATURE = 8, AROUND = 12 };

uint32_t png_read_32(const uint8_t *p) {
  return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

png_walk png_walk_begin(const void *data, size_t size) {
  const uint8_t *from = data;
  return (png_walk){from + (size < SIGNATURE ? size : SIGNATURE), from + size};
}

bool png_next(png_walk *w, png_chunk *c) {
  const size_t left = (size_t)(w->end - w->at);
  if (left < AROUND) return false;
  c->size = png_read_32(w->at);
  if (c->size > left - AROUND) return false;
  memcpy(c->kind, w->at + 4, 4);
  c->kind[4] = 0;
  c->data = w->at + 8;
  c->checksum = png_read_32(c->data + c->size);
  w->at += AROUND + c->size;
  return true;
}
