#include <turbojpeg.h>

#include "error.h"
#include "image.h"
#include "xsite.h"

static int refuse(tjhandle decoder, const char *path) {
  return fail(XS_FAILED, "%s: cannot be decoded as JPEG: %s", path, tjGetErrorStr2(decoder));
}

/* libjpeg's defaults: slow integer DCT, smooth chroma upsampling.  A warning means lost data, such
 * as a file cut short, and counts as an error. */
static int decode(tjhandle decoder, const char *path, const unsigned char *data, size_t size,
                  image *out) {
  int subsampling, space;
  if (tjDecompressHeader3(decoder, data, size, &out->width, &out->height, &subsampling, &space)) {
    return refuse(decoder, path);
  }
  if (space == TJCS_CMYK || space == TJCS_YCCK) {
    return fail(XS_FAILED, "%s: a CMYK JPEG, gray or RGB is expected; convert it", path);
  }
  out->channels = space == TJCS_GRAY ? 1 : 3;
  out->bytes = 1;
  if (image_allocate(path, out)) return XS_FAILED;
  int format = out->channels == 1 ? TJPF_GRAY : TJPF_RGB;
  if (tjDecompress2(decoder, data, size, out->pixels, out->width, 0, out->height, format, 0)) {
    return refuse(decoder, path);
  }
  return 0;
}

int image_decode_jpeg(const char *path, const void *data, size_t size, image *out) {
  tjhandle decoder = tjInitDecompress();
  if (!decoder) return fail(XS_FAILED, "%s: libjpeg-turbo cannot start", path);
  int status = decode(decoder, path, data, size, out);
  tjDestroy(decoder);
  return status;
}
