#include "image.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "file.h"
#include "memory.h"
#include "xsite.h"

int image_allocate(const char *path, image *out) {
  if (out->height < 1 || out->width < 1 || out->height > IMAGE_MOST_PIXELS / out->width) {
    return fail(XS_FAILED, "%s: cannot be decoded: %d x %d pixels, at most %d are read", path,
                out->width, out->height, IMAGE_MOST_PIXELS);
  }
  size_t values = (size_t)out->height * (size_t)out->width * (size_t)out->channels;
  out->pixels = memory_new(values * (size_t)out->bytes);
  return 0;
}

static bool begins_png(const char *data, size_t size) {
  return size >= 8 && !memcmp(data, "\x89PNG\r\n\x1a\n", 8);
}

static bool begins_jpeg(const char *data, size_t size) {
  return size >= 3 && !memcmp(data, "\xff\xd8\xff", 3);
}

/* With a preamble of 128 bytes, or at once with group 2 or 8 in little-endian order. */
bool image_begins_dicom(const char *data, size_t size) {
  if (begins_png(data, size) || begins_jpeg(data, size)) return false;
  if (size >= 132 && !memcmp(data + 128, "DICM", 4)) return true;
  return size >= 8 && (data[0] == 2 || data[0] == 8) && !data[1] && !data[3];
}

int image_is_dicom(const char *path, bool *is) {
  char start[132];
  *is = false;
  FILE *f = fopen(path, "rb");
  if (!f) return fail(XS_FAILED, "%s: cannot open: %s", path, strerror(errno));
  size_t n = fread(start, 1, sizeof start, f);
  const bool failed = ferror(f);
  fclose(f);
  *is = image_begins_dicom(start, n);
  return failed ? fail(XS_FAILED, "%s: cannot read", path) : 0;
}

/* Of 32 bits or 64, in either order of bytes. */
static bool begins_tiff(const char *data, size_t size) {
  static const char start[4][4] = {"II*", "MM\0*", "II+", "MM\0+"};
  for (int i = 0; i < 4 && size >= 4; i++) {
    if (!memcmp(data, start[i], 4)) return true;
  }
  return false;
}

static int refuse_format(const char *path, size_t size) {
  if (!size) return fail(XS_FAILED, "%s: an empty file; get it again", path);
  return fail(XS_FAILED,
              "%s: not a PNG, JPEG, TIFF, BMP or DICOM file (%zu bytes), whatever its name says",
              path, size);
}

static bool is_gray(const image *x) {
  const size_t n = (size_t)x->height * (size_t)x->width;
  const uint8_t *p8 = x->pixels;
  const uint16_t *p16 = x->pixels;
  bool gray = true;
  for (size_t i = 0; i < n && gray; i++) {
    gray = x->bytes == 1 ? p8[3 * i] == p8[3 * i + 1] && p8[3 * i] == p8[3 * i + 2]
                         : p16[3 * i] == p16[3 * i + 1] && p16[3 * i] == p16[3 * i + 2];
  }
  return gray;
}

/* Some scanners and exports write gray films as RGB or RGBA. */
static void drop_equal_channels(image *x) {
  if (x->channels != 3 || !is_gray(x)) return;
  const size_t n = (size_t)x->height * (size_t)x->width;
  uint8_t *p8 = x->pixels;
  uint16_t *p16 = x->pixels;
  for (size_t i = 0; x->bytes == 1 && i < n; i++) p8[i] = p8[3 * i];
  for (size_t i = 0; x->bytes == 2 && i < n; i++) p16[i] = p16[3 * i];
  x->channels = 1;
}

int image_decode(const char *path, const void *data, size_t size, image *out) {
  if (begins_png(data, size)) return image_decode_png(path, data, size, out);
  if (begins_jpeg(data, size)) return image_decode_jpeg(path, data, size, out);
  if (begins_tiff(data, size)) return image_decode_tiff(path, data, size, out);
  if (size >= 2 && !memcmp(data, "BM", 2)) return image_decode_bmp(path, data, size, out);
  return refuse_format(path, size);
}

int image_read(const char *path, bool window, image *out) {
  memset(out, 0, sizeof *out);
  char *data;
  size_t size;
  int status = file_check_regular(path);
  if (!status) status = file_read(path, &data, &size);
  if (status) return status;
  status = xs_is_isolated() || image_begins_dicom(data, size)
               ? image_decode_apart(path, data, size, window, out)
               : image_decode(path, data, size, out);
  free(data);
  if (!status) drop_equal_channels(out);
  return status;
}

void image_release(image *x) {
  free(x->pixels);
  memset(x, 0, sizeof *x);
}

int image_largest(const image *x) {
  int64_t n = (int64_t)x->height * x->width * x->channels;
  int largest = 0;
  for (int64_t i = 0; i < n; i++) {
    const int v = image_value(x->pixels, x->bytes, i);
    if (v > largest) largest = v;
  }
  return largest;
}
