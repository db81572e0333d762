#include "image.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "file.h"
#include "xsite.h"

enum { MOST_PIXELS = 1 << 28 };

int image_allocate(const char *path, image *out) {
  if (out->height < 1 || out->width < 1 || out->height > MOST_PIXELS / out->width) {
    return fail(XS_FAILED, "%s: cannot be decoded: %d x %d pixels, at most %d are read", path,
                out->width, out->height, MOST_PIXELS);
  }
  size_t values = (size_t)out->height * (size_t)out->width * (size_t)out->channels;
  out->pixels = memory_new(values * (size_t)out->bytes);
  return 0;
}

static int refuse_format(const char *path, const char *data, size_t size) {
  if (size >= 132 && !memcmp(data + 128, "DICM", 4)) {
    return fail(XS_FAILED, "%s: a DICOM file, only PNG and JPEG are read; convert it to PNG", path);
  }
  return fail(XS_FAILED, "%s: not a PNG or JPEG file (%zu bytes)", path, size);
}

static bool is_gray(const image *x) {
  size_t n = (size_t)x->height * (size_t)x->width, b = (size_t)x->bytes;
  const char *p = x->pixels;
  for (size_t i = 0; i < n; i++, p += 3 * b) {
    if (memcmp(p, p + b, b) || memcmp(p, p + 2 * b, b)) return false;
  }
  return true;
}

/* Some scanners and exports write gray films as RGB or RGBA. */
static void drop_equal_channels(image *x) {
  if (x->channels != 3 || !is_gray(x)) return;
  size_t n = (size_t)x->height * (size_t)x->width, b = (size_t)x->bytes;
  char *p = x->pixels;
  for (size_t i = 0; i < n; i++) memmove(p + i * b, p + 3 * i * b, b);
  x->channels = 1;
}

int image_read(const char *path, image *out) {
  memset(out, 0, sizeof *out);
  char *data;
  size_t size;
  int status = file_read(path, &data, &size);
  if (status) return status;
  if (size >= 8 && !memcmp(data, "\x89PNG\r\n\x1a\n", 8)) {
    status = image_decode_png(path, data, size, out);
  } else if (size >= 3 && !memcmp(data, "\xff\xd8\xff", 3)) {
    status = image_decode_jpeg(path, data, size, out);
  } else {
    status = refuse_format(path, data, size);
  }
  free(data);
  if (!status) drop_equal_channels(out);
  return status;
}

void image_release(image *x) {
  free(x->pixels);
  memset(x, 0, sizeof *x);
}

xs_status xs_image_open(const char *path, xs_images **out) {
  image x;
  *out = NULL;
  int status = image_read(path, &x);
  if (!status) {
    xs_images *s = memory_new(sizeof *s);
    *s = (xs_images){.n = 1,
                     .height = x.height,
                     .width = x.width,
                     .channels = x.channels,
                     .bytes = x.bytes,
                     .max_value = x.bytes == 1 ? 255 : 65535,
                     .resize = XS_BILINEAR,
                     .pixels = x.pixels};
    x.pixels = NULL;
    s->name = text_copy(path);
    s->group = memory_new(sizeof *s->group);
    s->file = memory_new(sizeof *s->file);
    s->file[0] = text_copy(path);
    *out = s;
  }
  image_release(&x);
  return (xs_status)status;
}
