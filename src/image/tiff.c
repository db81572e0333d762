/* TIFF files of one page, by libtiff, from memory. */
#include "tiff.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "numeral.h"
#include "text.h"
#include "xsite.h"

int tiff_refuse(const tiff *t, const char *why) {
  return fail(XS_FAILED, "%s: cannot be decoded as TIFF: %s", t->path, why);
}

/* ---- the file as libtiff sees it ------------------------------------------------------------- */

static tmsize_t read_bytes(thandle_t handle, void *out, tmsize_t n) {
  tiff *t = handle;
  const uint64_t left = t->at < t->size ? t->size - t->at : 0;
  if ((uint64_t)n > left) n = (tmsize_t)left;
  memcpy(out, t->data + t->at, (size_t)n);
  t->at += (uint64_t)n;
  return n;
}

static tmsize_t write_bytes(thandle_t handle, void *in, tmsize_t n) {
  (void)handle, (void)in, (void)n;
  return 0;
}

static toff_t seek(thandle_t handle, toff_t offset, int from) {
  tiff *t = handle;
  t->at = offset + (from == SEEK_CUR ? t->at : from == SEEK_END ? t->size : 0);
  if (t->at > t->size) t->at = t->size;
  return t->at;
}

static int close_file(thandle_t handle) {
  (void)handle;
  return 0;
}

static toff_t size_of(thandle_t handle) { return ((tiff *)handle)->size; }

static int note_error(TIFF *file, void *context, const char *where, const char *format,
                      va_list more) {
  tiff *t = context;
  (void)file, (void)where;
  if (!*t->message) numeral_vprint(t->message, sizeof t->message, format, more);
  return 1;
}

/* Unknown tags are no harm; a warning while pixels are read means lost data. */
static int note_warning(TIFF *file, void *context, const char *where, const char *format,
                        va_list more) {
  const tiff *t = context;
  return t->strict ? note_error(file, context, where, format, more) : 1;
}

/* libtiff asks for what the tags say before it reads; this much every picture's strip may need. */
static TIFF *open_file(tiff *t) {
  TIFFOpenOptions *o = TIFFOpenOptionsAlloc();
  if (!o) return NULL;
  TIFFOpenOptionsSetMaxSingleMemAlloc(o, (tmsize_t)IMAGE_MOST_PIXELS * 8);
  TIFFOpenOptionsSetErrorHandlerExtR(o, note_error, t);
  TIFFOpenOptionsSetWarningHandlerExtR(o, note_warning, t);
  TIFF *file = TIFFClientOpenExt(t->path, "rm", t, read_bytes, write_bytes, seek, close_file,
                                 size_of, NULL, NULL, o);
  TIFFOpenOptionsFree(o);
  return file;
}

/* ---- what the tags say ----------------------------------------------------------------------- */

static int number(const tiff *t, uint32_t tag) {
  uint16_t v = 0;
  return TIFFGetFieldDefaulted(t->file, tag, &v) ? v : 0;
}

static int check_format(const tiff *t) {
  const int format = number(t, TIFFTAG_SAMPLEFORMAT);
  char *why = NULL;
  if (format == SAMPLEFORMAT_INT) {
    why = text_copy("its values have a sign; write them as unsigned ones");
  } else if (format != SAMPLEFORMAT_UINT && format != SAMPLEFORMAT_VOID) {
    why = text_copy("its values are no whole numbers; write them as unsigned ones of 16 bits");
  } else if (t->bits < 1 || t->bits > 16) {
    why = text_format("%d bits a sample, 1 to 16 are read", t->bits);
  } else if (!TIFFIsCODECConfigured(t->compression)) {
    why = text_format("its compression, %d, is not known to libtiff", (int)t->compression);
  } else if (t->compression == COMPRESSION_OJPEG) {
    why = text_copy("old-style JPEG compression (6), which is not read; write it anew");
  }
  const int status = why ? tiff_refuse(t, why) : 0;
  free(why);
  return status;
}

static int check_colours(tiff *t) {
  const bool jpeg = t->compression == COMPRESSION_JPEG;
  int least = 1;
  if (t->photometric == PHOTOMETRIC_YCBCR && jpeg) {
    TIFFSetField(t->file, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    t->photometric = PHOTOMETRIC_RGB;
  }
  if (t->photometric == PHOTOMETRIC_RGB) least = 3;
  if (t->photometric > PHOTOMETRIC_PALETTE) {
    char *why = text_format("its colours (PhotometricInterpretation %d) are neither gray, RGB nor "
                            "a palette",
                            (int)t->photometric);
    const int status = tiff_refuse(t, why);
    free(why);
    return status;
  }
  return t->samples < least ? tiff_refuse(t, "RGB with fewer than three samples a pixel") : 0;
}

static void read_alpha(tiff *t) {
  uint16_t n = 0, *kind = NULL;
  if (!TIFFGetField(t->file, TIFFTAG_EXTRASAMPLES, &n, &kind) || !n) return;
  t->premultiplied = kind[0] == EXTRASAMPLE_ASSOCALPHA;
}

/* How many times as large its pixels can be as the file: what a shorter one promises, it lacks. */
static double largest_expansion(int compression) {
  switch (compression) {
  case COMPRESSION_NONE:
    return 1;
  case COMPRESSION_PACKBITS:
    return 64;
  case COMPRESSION_DEFLATE:
  case COMPRESSION_ADOBE_DEFLATE:
    return 1032;
  case COMPRESSION_LZW:
    return 2560;
  default:
    return 1 << 15;
  }
}

static int check_size(const tiff *t, const image *x) {
  const double bits = (double)x->width * x->height * t->bits * t->samples;
  if (bits / 8 <= largest_expansion(t->compression) * (double)t->size) return 0;
  char *why = text_format("%d x %d pixels in a file of %llu bytes: it is damaged", x->width,
                          x->height, (unsigned long long)t->size);
  const int status = tiff_refuse(t, why);
  free(why);
  return status;
}

static int describe(tiff *t, image *out) {
  uint32_t width = 0, height = 0;
  TIFFGetField(t->file, TIFFTAG_IMAGEWIDTH, &width);
  TIFFGetField(t->file, TIFFTAG_IMAGELENGTH, &height);
  if (width < 1 || height < 1) return tiff_refuse(t, "it has no width or height");
  if (width > IMAGE_MOST_PIXELS || height > IMAGE_MOST_PIXELS / width) {
    return fail(XS_FAILED, "%s: cannot be decoded: %lu x %lu pixels, at most %d are read", t->path,
                (unsigned long)width, (unsigned long)height, IMAGE_MOST_PIXELS);
  }
  t->bits = number(t, TIFFTAG_BITSPERSAMPLE);
  t->samples = number(t, TIFFTAG_SAMPLESPERPIXEL);
  t->compression = (uint16_t)number(t, TIFFTAG_COMPRESSION);
  t->planes = number(t, TIFFTAG_PLANARCONFIG) == PLANARCONFIG_SEPARATE && t->samples > 1;
  if (!TIFFGetField(t->file, TIFFTAG_PHOTOMETRIC, &t->photometric)) {
    return tiff_refuse(t, "it does not say what black and white are (PhotometricInterpretation)");
  }
  if (check_format(t) || check_colours(t)) return XS_FAILED;
  read_alpha(t);
  *out = (image){.height = (int)height, .width = (int)width, .channels = 1};
  if (t->photometric >= PHOTOMETRIC_RGB) out->channels = 3;
  out->bytes = t->photometric == PHOTOMETRIC_PALETTE || t->bits <= 8 ? 1 : 2;
  out->bits = out->bytes == 1 ? 8 : t->bits;
  return check_size(t, out);
}

static int check_pages(tiff *t) {
  if (TIFFLastDirectory(t->file)) return 0;
  return tiff_refuse(t, "it has several pages, one is expected: write each to a file of its own");
}

/* ---- all ------------------------------------------------------------------------------------- */

static int decode(tiff *t, image *out) {
  int status = check_pages(t);
  if (!status) status = describe(t, out);
  if (!status) status = image_allocate(t->path, out);
  t->strict = true;
  *t->message = 0;
  if (!status) status = tiff_read_pixels(t, out);
  if (!status) image_orient(out, number(t, TIFFTAG_ORIENTATION));
  return status;
}

int image_decode_tiff(const char *path, const void *data, size_t size, image *out) {
  tiff t = {.path = path, .data = data, .size = size};
  t.file = open_file(&t);
  if (!t.file) return tiff_refuse(&t, *t.message ? t.message : "libtiff cannot open it");
  const int status = decode(&t, out);
  TIFFClose(t.file);
  return status;
}
