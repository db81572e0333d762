#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>

#include "error.h"
#include "image.h"
#include "memory.h"
#include "xsite.h"

static int refuse(const char *path, const char *why) {
  return fail(XS_FAILED, "%s: cannot be decoded as JPEG: %s", path, why);
}

/* A warning means lost data, such as a file cut short, and counts as an error. */
static int decompress(tjhandle decoder, const char *path, const unsigned char *data, size_t size,
                      int format, const image *x, void *pixels) {
  /* libjpeg's defaults: slow integer DCT, smooth chroma upsampling */
  int flags = TJFLAG_LIMITSCANS;
  if (!tjDecompress2(decoder, data, size, pixels, x->width, 0, x->height, format, flags)) return 0;
  return refuse(path, tjGetErrorStr2(decoder));
}

static uint8_t share(int a, int b) { /* a b / 255, rounded */
  int v = a * b + 128;
  return (uint8_t)((v + (v >> 8)) >> 8);
}

/* Files with four components hold inverted inks, as Adobe's programs write them. */
static int decode_inks(tjhandle decoder, const char *path, const unsigned char *data, size_t size,
                       const image *out) {
  size_t n = (size_t)out->height * (size_t)out->width;
  uint8_t *ink = memory_new(4 * n), *to = out->pixels;
  int status = decompress(decoder, path, data, size, TJPF_CMYK, out, ink);
  for (size_t i = 0; i < n && !status; i++) {
    const uint8_t *p = ink + 4 * i;
    for (int k = 0; k < 3; k++) *to++ = (uint8_t)(p[3] - share(255 - p[k], p[3]));
  }
  free(ink);
  return status;
}

/* The orientation that the first Exif block gives. */
static int orientation_of(const unsigned char *data, size_t size) {
  for (size_t at = 2; at + 4 <= size && data[at] == 0xff;) {
    int marker = data[at + 1];
    size_t length = (size_t)(data[at + 2] << 8 | data[at + 3]);
    if (marker == 0xda || length < 2 || length > size - at - 2) break;
    if (marker == 0xe1 && length > 8 && !memcmp(data + at + 4, "Exif\0", 6)) {
      return exif_orientation(data + at + 10, length - 8);
    }
    at += 2 + length;
  }
  return 1;
}

static int decode(tjhandle decoder, const char *path, const unsigned char *data, size_t size,
                  image *out) {
  int subsampling, space;
  if (tjDecompressHeader3(decoder, data, size, &out->width, &out->height, &subsampling, &space)) {
    return refuse(path, tjGetErrorStr2(decoder));
  }
  bool inks = space == TJCS_CMYK || space == TJCS_YCCK;
  out->channels = space == TJCS_GRAY ? 1 : 3;
  out->bytes = 1;
  out->bits = 8;
  if (image_allocate(path, out)) return XS_FAILED;
  int format = out->channels == 1 ? TJPF_GRAY : TJPF_RGB;
  int status = inks ? decode_inks(decoder, path, data, size, out)
                    : decompress(decoder, path, data, size, format, out, out->pixels);
  return status;
}

int image_decode_jpeg_unturned(const char *path, const void *data, size_t size, image *out) {
  tjhandle decoder = tjInitDecompress();
  if (!decoder) return fail(XS_FAILED, "%s: libjpeg-turbo cannot start", path);
  int status = decode(decoder, path, data, size, out);
  tjDestroy(decoder);
  return status;
}

int image_decode_jpeg(const char *path, const void *data, size_t size, image *out) {
  int status = image_decode_jpeg_unturned(path, data, size, out);
  if (!status) image_orient(out, orientation_of(data, size));
  return status;
}
