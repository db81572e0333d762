/* png_chunk.h: the chunks that a PNG file is made of (PNG specification, section 5). */
#ifndef PNG_CHUNK_H
#define PNG_CHUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct png_chunk {
  uint32_t size, checksum;
  const uint8_t *data; /* in the file; the four bytes of the kind are before it */
  char kind[5];
} png_chunk;

typedef struct png_walk { /* over a file's chunks */
  const uint8_t *at, *end;
} png_walk;

/* The signature is passed over unseen; a file that is shorter has no chunk. */
png_walk png_walk_begin(const void *data, size_t size);

/* False at the end, or where the next chunk is not whole. */
bool png_next(png_walk *w, png_chunk *c);

uint32_t png_read_32(const uint8_t *p);

#endif
