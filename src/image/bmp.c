/* BMP files: 1, 4, 8 bits with a palette, run-length encoded or not; 16, 24 and 32 bits.
 * Microsoft's description of BITMAPINFOHEADER and its successors; OS/2's core header of 12 bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "image.h"
#include "text.h"
#include "xsite.h"

enum { FILE_HEADER = 14, CORE = 12, INFO = 40 };
enum { RGB = 0, RLE8 = 1, RLE4 = 2, BITFIELDS = 3, ALPHA_BITFIELDS = 6 };

typedef struct bmp {
  const char *path;
  const uint8_t *data;
  size_t size, pixels; /* bytes; where the pixels begin */
  int width, height, bits, compression;
  bool down; /* the first row is the top one */
  uint32_t mask[3];
  int colours; /* of the palette */
  const uint8_t *colour;
  int entry; /* bytes of a colour */
} bmp;

static int refuse(const bmp *b, const char *why) {
  return fail(XS_FAILED, "%s: cannot be decoded as BMP: %s", b->path, why);
}

static uint32_t number(const uint8_t *p, int bytes) {
  uint32_t v = 0;
  for (int i = bytes - 1; i >= 0; i--) v = v << 8 | p[i];
  return v;
}

/* ---- the headers ----------------------------------------------------------------------------- */

static int read_masks(bmp *b) {
  static const uint32_t five[3] = {0x7c00, 0x3e0, 0x1f}, eight[3] = {0xff0000, 0xff00, 0xff};
  memcpy(b->mask, b->bits == 16 ? five : eight, sizeof b->mask);
  if (b->compression != BITFIELDS && b->compression != ALPHA_BITFIELDS) return 0;
  if (b->bits != 16 && b->bits != 32) return refuse(b, "masks without 16 or 32 bits a pixel");
  if (b->size < FILE_HEADER + INFO + 12) return refuse(b, "it ends within its header");
  for (int k = 0; k < 3; k++) {
    b->mask[k] = number(b->data + FILE_HEADER + INFO + 4 * k, 4);
    if (!b->mask[k]) return refuse(b, "a mask of its colours is empty");
  }
  return 0;
}

/* It stands behind the header, and behind the masks where they are no part of it. */
static int read_palette(bmp *b, size_t header, uint32_t said) {
  size_t at = FILE_HEADER + header;
  if (b->bits > 8) return 0;
  b->entry = header == CORE ? 3 : 4;
  b->colours = said > 0 && said < 1u << b->bits ? (int)said : 1 << b->bits;
  if (at > b->size || (size_t)b->colours * (size_t)b->entry > b->size - at) {
    return refuse(b, "it ends within its palette");
  }
  b->colour = b->data + at;
  return 0;
}

static int check_kind(const bmp *b) {
  const bool known = b->bits == 1 || b->bits == 4 || b->bits == 8 || b->bits == 16 ||
                     b->bits == 24 || b->bits == 32;
  const bool runs =
      (b->compression == RLE8 && b->bits == 8) || (b->compression == RLE4 && b->bits == 4);
  const bool masks = b->compression == BITFIELDS || b->compression == ALPHA_BITFIELDS;
  char *why = NULL;
  if (!known) {
    why = text_format("%d bits a pixel; 1, 4, 8, 16, 24 and 32 are read", b->bits);
  } else if (b->compression != RGB && !runs && !masks) {
    why = text_format("its compression, %d, with %d bits a pixel is not read", b->compression,
                      b->bits);
  } else if (runs && b->down) {
    why = text_copy("run-length encoded from the top down, which is not allowed");
  }
  const int status = why ? refuse(b, why) : 0;
  free(why);
  return status;
}

static int read_info(bmp *b, size_t header, uint32_t *colours) {
  const uint8_t *p = b->data + FILE_HEADER;
  const int32_t width = (int32_t)number(p + 4, 4), height = (int32_t)number(p + 8, 4);
  if (header < INFO) return refuse(b, "its header is of an unknown kind");
  b->down = height < 0;
  if (width < 1 || height == 0 || height == INT32_MIN) return refuse(b, "no width or height");
  b->width = width;
  b->height = b->down ? -height : height;
  b->bits = (int)number(p + 14, 2);
  b->compression = (int)(number(p + 16, 4) & 0xffff);
  *colours = number(p + 32, 4);
  return 0;
}

static void read_core(bmp *b) {
  const uint8_t *p = b->data + FILE_HEADER;
  b->width = (int)number(p + 4, 2);
  b->height = (int)number(p + 6, 2);
  b->bits = (int)number(p + 10, 2);
}

static int read_headers(bmp *b) {
  if (b->size < FILE_HEADER + CORE) return refuse(b, "it ends within its header");
  const size_t header = number(b->data + FILE_HEADER, 4);
  uint32_t colours = 0;
  if (header < CORE || header > b->size - FILE_HEADER)
    return refuse(b, "it ends within its header");
  b->pixels = number(b->data + 10, 4);
  if (header == CORE) {
    read_core(b);
  } else if (read_info(b, header, &colours)) {
    return XS_FAILED;
  }
  if (check_kind(b) || read_masks(b)) return XS_FAILED;
  if (b->pixels < FILE_HEADER + header || b->pixels > b->size) {
    return refuse(b, "its pixels begin outside the file");
  }
  return read_palette(b, header, colours);
}

/* ---- pixels ---------------------------------------------------------------------------------- */

static uint8_t *place(const bmp *b, const image *out, int x, int row) {
  const int y = b->down ? row : b->height - 1 - row;
  return (uint8_t *)out->pixels + 3 * ((int64_t)y * b->width + x);
}

static int put_colour(const bmp *b, image *out, int x, int row, int index) {
  if (index >= b->colours) return refuse(b, "a pixel has a colour that its palette lacks");
  const uint8_t *c = b->colour + index * b->entry;
  uint8_t *to = place(b, out, x, row);
  for (int k = 0; k < 3; k++) to[k] = c[2 - k];
  return 0;
}

/* The value under a mask as one of 8 bits. */
static uint8_t masked(uint32_t v, uint32_t mask) {
  int shift = 0;
  while (!(mask >> shift & 1)) shift++;
  return (uint8_t)((uint64_t)((v & mask) >> shift) * 255 / (mask >> shift));
}

static int put_pixel(const bmp *b, const uint8_t *line, int x, int row, image *out) {
  if (b->bits <= 8) {
    const int at = x * b->bits, shift = 8 - b->bits - at % 8;
    return put_colour(b, out, x, row, line[at / 8] >> shift & ((1 << b->bits) - 1));
  }
  const int bytes = b->bits / 8;
  const uint32_t v = number(line + x * bytes, bytes);
  uint8_t *to = place(b, out, x, row);
  for (int k = 0; k < 3; k++) to[k] = masked(v, b->mask[k]);
  return 0;
}

/* A row is a multiple of 4 bytes. */
static size_t line_of(const bmp *b) { return ((size_t)b->width * (size_t)b->bits + 31) / 32 * 4; }

static int read_rows(const bmp *b, image *out) {
  const size_t line = line_of(b);
  int status = 0;
  for (int row = 0; row < b->height && !status; row++) {
    const uint8_t *p = b->data + b->pixels + (size_t)row * line;
    for (int x = 0; x < b->width && !status; x++) status = put_pixel(b, p, x, row, out);
  }
  return status;
}

typedef struct runs { /* where the next pixel goes, and where the next code is */
  int x, row;
  size_t at;
} runs;

/* n pixels: of two colours in turn, or each with one of its own at p. */
static int put_run(const bmp *b, runs *r, int n, const uint8_t *p, bool repeat, image *out) {
  int status = 0;
  for (int i = 0; i < n && !status; i++) {
    const int at = repeat ? 0 : b->bits == 8 ? i : i / 2;
    const int index = b->bits == 8 ? p[at] : i % 2 ? p[at] & 15 : p[at] >> 4;
    if (r->x >= b->width || r->row >= b->height) return refuse(b, "a run leaves the picture");
    status = put_colour(b, out, r->x++, r->row, index);
  }
  return status;
}

/* Pixels as they are, filled up to 16 bits. */
static int put_plain(const bmp *b, runs *r, int n, image *out) {
  const size_t bytes = b->bits == 8 ? (size_t)n : (size_t)(n + 1) / 2;
  if (bytes > b->size - r->at) return refuse(b, "the file ends too early");
  const uint8_t *p = b->data + r->at;
  r->at += bytes + bytes % 2;
  if (r->at > b->size) r->at = b->size;
  return put_run(b, r, n, p, false, out);
}

/* A step stays at the picture's edge, where runs are refused: many of them do not overflow. */
static int step(int from, int by, int end) { return from < end - by ? from + by : end; }

/* Behind a zero: 0 the next row, 2 a step, 3 and more so many plain pixels. */
static int put_escape(const bmp *b, runs *r, int code, image *out) {
  if (code > 2) return put_plain(b, r, code, out);
  if (code == 0) {
    r->x = 0;
    r->row = step(r->row, 1, b->height);
    return 0;
  }
  if (b->size - r->at < 2) return refuse(b, "the file ends too early");
  r->x = step(r->x, b->data[r->at], b->width);
  r->row = step(r->row, b->data[r->at + 1], b->height);
  r->at += 2;
  return 0;
}

/* Pixels that are passed over have the first colour. */
static int read_runs(const bmp *b, image *out) {
  runs r = {.at = b->pixels};
  int status = 0;
  for (int row = 0; row < b->height && !status; row++) {
    for (int x = 0; x < b->width && !status; x++) status = put_colour(b, out, x, row, 0);
  }
  while (!status) {
    if (b->size - r.at < 2) return refuse(b, "the file ends too early");
    const int n = b->data[r.at], code = b->data[r.at + 1];
    r.at += 2;
    if (!n && code == 1) break;
    status = n ? put_run(b, &r, n, b->data + r.at - 1, true, out) : put_escape(b, &r, code, out);
  }
  return status;
}

/* Rows of pixels need as many bytes; a run of two bytes has 255 pixels at most. */
static int check_size(const bmp *b) {
  const bool plain = b->compression != RLE8 && b->compression != RLE4;
  const double left = (double)(b->size - b->pixels);
  const double rows = (double)b->height * (double)line_of(b);
  const double least = plain ? rows : (double)b->width * b->height / 128;
  if (least <= left) return 0;
  char *why = text_format("%d x %d pixels in a file of %zu bytes: it is damaged or cut short",
                          b->width, b->height, b->size);
  const int status = refuse(b, why);
  free(why);
  return status;
}

int image_decode_bmp(const char *path, const void *data, size_t size, image *out) {
  bmp b = {.path = path, .data = data, .size = size};
  if (read_headers(&b) || check_size(&b)) return XS_FAILED;
  *out = (image){.height = b.height, .width = b.width, .channels = 3, .bytes = 1, .bits = 8};
  if (image_allocate(path, out)) return XS_FAILED;
  return b.compression == RLE8 || b.compression == RLE4 ? read_runs(&b, out) : read_rows(&b, out);
}
