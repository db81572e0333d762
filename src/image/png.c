#include <png.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "error.h"
#include "file.h"
#include "image.h"
#include "memory.h"
#include "png_chunk.h"
#include "png_plain.h"
#include "xsite.h"

enum { MOST_INFLATED = 8000000 }; /* bytes of a compressed comment or colour profile */

/* What libpng's callbacks share.  It reports errors by longjmp to the setjmp of decode or encode.
 */
typedef struct stream {
  png_structp png;
  png_infop info;
  const char *from; /* being decoded */
  size_t size, at;
  buffer to; /* being encoded */
  png_bytep *rows;
  char message[160];
} stream;

static void keep_message(png_structp png, const char *message) {
  stream *s = png_get_error_ptr(png);
  snprintf(s->message, sizeof s->message, "%s", message);
  longjmp(png_jmpbuf(png), 1);
}

static void ignore_warning(png_structp png, const char *message) {
  (void)png;
  (void)message;
}

static void read_bytes(png_structp png, png_bytep out, size_t n) {
  stream *s = png_get_io_ptr(png);
  if (n > s->size - s->at) png_error(png, "the file ends too early");
  memcpy(out, s->from + s->at, n);
  s->at += n;
}

static void write_bytes(png_structp png, png_bytep in, size_t n) {
  stream *s = png_get_io_ptr(png);
  buffer_put(&s->to, in, n);
}

static void flush_bytes(png_structp png) { (void)png; }

/* libpng allocates and clears what a chunk says that it holds before it reads it: a few bytes would
 * take gigabytes. */
static void check_chunks(stream *s) {
  png_walk w = png_walk_begin(s->from, s->size);
  png_chunk c = {0};
  while (strcmp(c.kind, "IEND") && png_next(&w, &c)) continue;
  if (strcmp(c.kind, "IEND")) png_error(s->png, "the file ends too early");
}

/* Gray or RGB of 8 or 16 bits, without alpha, from whatever the file holds. */
static void set_transforms(stream *s) {
  int color = png_get_color_type(s->png, s->info), depth = png_get_bit_depth(s->png, s->info);
  if (color == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(s->png);
  if (color == PNG_COLOR_TYPE_GRAY && depth < 8) png_set_expand_gray_1_2_4_to_8(s->png);
  /* Becoming RGB, a palette's or a colour's transparency (tRNS) becomes an alpha channel. */
  bool transparent = png_get_valid(s->png, s->info, PNG_INFO_tRNS) != 0;
  if (transparent || color & PNG_COLOR_MASK_ALPHA) png_set_strip_alpha(s->png);
  if (depth == 16) png_set_swap(s->png); /* values are stored big-endian */
  png_set_interlace_handling(s->png);
  png_read_update_info(s->png, s->info);
}

/* The bits that carry content, by sBIT where the file has it. */
static int stored_bits(const stream *s) {
  int depth = png_get_bit_depth(s->png, s->info), bits = 0;
  png_color_8p said;
  if (depth < 16 || !png_get_sBIT(s->png, s->info, &said)) return depth < 16 ? 8 : 16;
  bool colour = png_get_color_type(s->png, s->info) & PNG_COLOR_MASK_COLOR;
  const int each[] = {said->gray, said->red, said->green, said->blue};
  for (int i = colour ? 1 : 0; i < (colour ? 4 : 1); i++) bits = each[i] > bits ? each[i] : bits;
  return bits >= 1 && bits <= 16 ? bits : 16;
}

/* Deflate makes data at most 1,032 times smaller: what a shorter file promises, it cannot hold. */
static int check_size(const stream *s, const char *path, const image *x) {
  double pixels = (double)x->width * x->height;
  double bits = pixels * png_get_bit_depth(s->png, s->info) * png_get_channels(s->png, s->info);
  if (bits / 8 <= 1032 * (double)s->size) return 0;
  return fail(XS_FAILED,
              "%s: cannot be decoded as PNG: %d x %d pixels in a file of %zu bytes: it is damaged",
              path, x->width, x->height, s->size);
}

static int orientation_of(const stream *s) {
  png_bytep exif;
  png_uint_32 size;
  if (!png_get_eXIf_1(s->png, s->info, &size, &exif)) return 1;
  return exif_orientation(exif, size);
}

static void point_rows(stream *s, const image *x) {
  size_t line = (size_t)x->width * (size_t)x->channels * (size_t)x->bytes;
  s->rows = memory_new(sizeof *s->rows * (size_t)x->height);
  for (int i = 0; i < x->height; i++) s->rows[i] = (png_bytep)x->pixels + (size_t)i * line;
}

static int decode(stream *s, const char *path, image *out) {
  if (setjmp(png_jmpbuf(s->png))) {
    return fail(XS_FAILED, "%s: cannot be decoded as PNG: %s", path, s->message);
  }
  png_set_read_fn(s->png, s, read_bytes);
  png_set_chunk_malloc_max(s->png, MOST_INFLATED);
  if (!png_sig_cmp((png_const_bytep)s->from, 0, s->size < 8 ? s->size : 8)) check_chunks(s);
  png_read_info(s->png, s->info);
  out->bits = stored_bits(s);
  out->width = (int)png_get_image_width(s->png, s->info);
  out->height = (int)png_get_image_height(s->png, s->info);
  if (check_size(s, path, out)) return XS_FAILED;
  set_transforms(s);
  out->channels = png_get_channels(s->png, s->info);
  out->bytes = png_get_bit_depth(s->png, s->info) == 16 ? 2 : 1;
  if (out->channels != 1 && out->channels != 3) {
    return fail(XS_FAILED, "%s: cannot be decoded as PNG: %d channels, 1 or 3 are read", path,
                out->channels);
  }
  if (image_allocate(path, out)) return XS_FAILED;
  point_rows(s, out);
  png_read_image(s->png, s->rows);
  png_read_end(s->png, s->info);
  image_orient(out, orientation_of(s));
  return 0;
}

int image_decode_png(const char *path, const void *data, size_t size, image *out) {
  stream s = {.from = data, .size = size};
  if (png_decode_plain(data, size, out)) return 0;
  s.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &s, keep_message, ignore_warning);
  if (s.png) s.info = png_create_info_struct(s.png);
  int status = s.info ? decode(&s, path, out) : fail(XS_FAILED, "%s: libpng cannot start", path);
  png_destroy_read_struct(&s.png, &s.info, NULL);
  free(s.rows);
  return status;
}

static int encode(stream *s, const char *path, const image *x) {
  if (setjmp(png_jmpbuf(s->png))) {
    return fail(XS_FAILED, "%s: cannot be written as PNG: %s", path, s->message);
  }
  png_set_write_fn(s->png, s, write_bytes, flush_bytes);
  png_set_IHDR(s->png, s->info, (png_uint_32)x->width, (png_uint_32)x->height, 8,
               x->channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  point_rows(s, x);
  png_write_info(s->png, s->info);
  png_write_image(s->png, s->rows);
  png_write_end(s->png, NULL);
  return 0;
}

int image_write_png(const char *path, const uint8_t *pixels, int height, int width, int channels) {
  size_t size = (size_t)height * (size_t)width * (size_t)channels;
  image x = {.height = height,
             .width = width,
             .channels = channels,
             .bytes = 1,
             .bits = 8,
             .pixels = memory_new(size)};
  memcpy(x.pixels, pixels, size);
  stream s = {0};
  s.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &s, keep_message, ignore_warning);
  if (s.png) s.info = png_create_info_struct(s.png);
  int status = s.info ? encode(&s, path, &x) : fail(XS_FAILED, "%s: libpng cannot start", path);
  png_destroy_write_struct(&s.png, &s.info);
  if (!status) status = file_write_atomic(path, s.to.text, s.to.size);
  free(s.rows);
  buffer_free(&s.to);
  image_release(&x);
  return status;
}
