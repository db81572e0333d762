/* libpng inflates a row at a time with zlib and undoes filters byte by byte, which takes more than
 * twice as long. */
#include "png_plain.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "png_chunk.h"
#include "png_rows.h"

enum { HEADER = 13, MOST_SIDE = 1000000 };

/* False at the end, or where the next chunk is not whole or has another checksum. */
static bool next(png_walk *w, png_chunk *c) {
  return png_next(w, c) && libdeflate_crc32(0, c->data - 4, c->size + 4) == c->checksum;
}

static bool is_kind(const png_chunk *c, const char *kind) { return !memcmp(c->kind, kind, 4); }

/* Chunks that do not change a pixel: the others' meaning is libpng's. */
static bool is_passed_over(const png_chunk *c, int bytes) {
  if (is_kind(c, "tRNS") || is_kind(c, "eXIf") || (is_kind(c, "sBIT") && bytes == 2)) return false;
  return c->kind[0] >= 'a' && c->kind[0] <= 'z';
}

/* *stored: channels in the file, 1 to 4. */
static bool read_header(const png_chunk *c, size_t size, image *out, int *stored) {
  static const int channels[] = {1, 0, 3, 0, 2, 0, 4};
  const uint8_t *p = c->data;
  if (!is_kind(c, "IHDR") || c->size != HEADER || p[9] > 6 || p[10] || p[11] || p[12]) return false;
  const uint32_t width = png_read_32(p), height = png_read_32(p + 4);
  *stored = channels[p[9]];
  if (!*stored || (p[8] != 8 && p[8] != 16)) return false;
  if (!width || !height || width > MOST_SIDE || height > MOST_SIDE) return false;
  *out = (image){.height = (int)height,
                 .width = (int)width,
                 .channels = *stored < 3 ? 1 : 3,
                 .bytes = p[8] / 8,
                 .bits = p[8]};
  if (height > (uint32_t)IMAGE_MOST_PIXELS / width) return false;
  return (double)width * height * *stored * out->bytes <= 1032 * (double)size;
}

/* The data of the IDAT chunks, one after the other, in packed, which has room for the file.  False
 * where other chunks are between them, decide pixels or are damaged, or the end is missing. */
static bool gather(png_walk *w, int bytes, uint8_t *packed, size_t *size) {
  enum { BEFORE, WITHIN, BEHIND } place = BEFORE;
  png_chunk c;
  *size = 0;
  while (next(w, &c)) {
    const bool data = is_kind(&c, "IDAT");
    if (is_kind(&c, "IEND")) return place != BEFORE && !c.size;
    if (data ? place == BEHIND : !is_passed_over(&c, bytes)) return false;
    if (data) memcpy(packed + *size, c.data, c.size);
    if (data) *size += c.size;
    place = data ? WITHIN : place == BEFORE ? BEFORE : BEHIND;
  }
  return false;
}

/* Exactly `size` bytes, with the right checksum. */
static bool inflate_all(const uint8_t *packed, size_t packed_size, uint8_t *raw, size_t size) {
  struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
  if (!d) memory_out("a PNG file cannot be unpacked");
  size_t used, made;
  const bool right = libdeflate_zlib_decompress_ex(d, packed, packed_size, raw, size, &used,
                                                   &made) == LIBDEFLATE_SUCCESS &&
                     used == packed_size && made == size;
  libdeflate_free_decompressor(d);
  return right;
}

/* Of the last of `stored` channels where that is alpha, in place. */
static void drop_alpha(image *x, int stored) {
  const size_t pixels = (size_t)x->height * (size_t)x->width;
  const size_t from = (size_t)stored, to = (size_t)x->channels;
  uint8_t *p8 = x->pixels;
  uint16_t *p16 = x->pixels;
  for (size_t i = 0; i < pixels && from != to; i++) {
    for (size_t k = 0; k < to; k++) {
      if (x->bytes == 1) {
        p8[i * to + k] = p8[i * from + k];
      } else {
        p16[i * to + k] = p16[i * from + k];
      }
    }
  }
}

/* PNG stores the high byte first. */
static void order_bytes(image *x) {
  const size_t values = (size_t)x->height * (size_t)x->width * (size_t)x->channels;
  const uint8_t *p = x->pixels;
  uint16_t *v = x->pixels;
  for (size_t i = 0; x->bytes == 2 && i < values; i++) {
    v[i] = (uint16_t)(p[2 * i] << 8 | p[2 * i + 1]);
  }
}

static bool decode(png_walk *w, const image *x, int stored, uint8_t *pixels) {
  const size_t pixel = (size_t)stored * (size_t)x->bytes, line = pixel * (size_t)x->width;
  const size_t height = (size_t)x->height, size = height * (line + 1);
  uint8_t *packed = memory_grow(NULL, (size_t)(w->end - w->at)), *raw = memory_grow(NULL, size);
  size_t packed_size;
  const bool right = gather(w, x->bytes, packed, &packed_size) &&
                     inflate_all(packed, packed_size, raw, size) &&
                     png_rows_undo(raw, height, line, pixel, pixels);
  free(packed);
  free(raw);
  return right;
}

bool png_decode_plain(const void *data, size_t size, image *out) {
  png_walk w = png_walk_begin(data, size);
  png_chunk c;
  image x = {0};
  int stored;
  *out = x;
  if (!next(&w, &c) || !read_header(&c, size, &x, &stored)) return false;
  x.pixels = memory_new((size_t)x.height * (size_t)x.width * (size_t)(stored * x.bytes));
  if (!decode(&w, &x, stored, x.pixels)) {
    free(x.pixels);
    return false;
  }
  drop_alpha(&x, stored);
  order_bytes(&x);
  *out = x;
  return true;
}
