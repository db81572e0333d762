#include "image.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "file.h"
#include "xsite.h"

#ifndef IMAGE_MOST_PIXELS
#define IMAGE_MOST_PIXELS (1 << 26)
#endif

int image_allocate(const char *path, image *out) {
  if (out->height < 1 || out->width < 1 || out->height > IMAGE_MOST_PIXELS / out->width) {
    return fail(XS_FAILED, "%s: cannot be decoded: %d x %d pixels, at most %d are read", path,
                out->width, out->height, IMAGE_MOST_PIXELS);
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

int image_largest(const image *x) {
  int64_t n = (int64_t)x->height * x->width * x->channels;
  const uint8_t *p8 = x->pixels;
  const uint16_t *p16 = x->pixels;
  int largest = 0;
  for (int64_t i = 0; i < n; i++) {
    int v = x->bytes == 1 ? p8[i] : p16[i];
    if (v > largest) largest = v;
  }
  return largest;
}

static void cut_square(image *x) {
  int side = x->height < x->width ? x->height : x->width;
  size_t pixel = (size_t)x->channels * (size_t)x->bytes, line = pixel * (size_t)side;
  size_t first =
      (size_t)((x->height - side) / 2) * (size_t)x->width + (size_t)((x->width - side) / 2);
  char *p = x->pixels;
  for (size_t i = 0; i < (size_t)side; i++) {
    memmove(p + i * line, p + (first + i * (size_t)x->width) * pixel, line);
  }
  x->height = x->width = side;
}

static int choose_range(const char *path, const image *x, double trained, double *max_value) {
  int largest = image_largest(x);
  *max_value = x->bytes == 1 ? 255 : 65535;
  if (x->bytes == 1) {
    if (trained > 0 && trained <= 255 && largest <= trained) *max_value = trained;
    return 0;
  }
  if (trained > 255) *max_value = trained;
  if (largest > *max_value) {
    return fail(XS_FAILED,
                "%s: has the value %d, above max_value %g of the images that the model was trained "
                "with; rescale the image",
                path, largest, *max_value);
  }
  if (*max_value >= 65535 && largest < 65536 / 8) {
    return fail(XS_FAILED,
                "%s: the largest value is %d of 65535, the image would be near black; rescale it "
                "so that white is 65535, or use a model trained with images like it (max_value)",
                path, largest);
  }
  return 0;
}

static xs_images *site_of_one(const char *path, image *x, xs_resize resize, double max_value) {
  xs_images *s = memory_new(sizeof *s);
  *s = (xs_images){.n = 1,
                   .height = x->height,
                   .width = x->width,
                   .channels = x->channels,
                   .bytes = x->bytes,
                   .max_value = max_value,
                   .resize = resize,
                   .pixels = x->pixels};
  x->pixels = NULL;
  s->name = text_copy(path);
  s->group = memory_new(sizeof *s->group);
  s->file = memory_new(sizeof *s->file);
  s->file[0] = text_copy(path);
  return s;
}

xs_status xs_image_open(const char *path, const xs_preprocessing *p, xs_images **out) {
  static const xs_preprocessing plain = {.resize = XS_BILINEAR};
  image x;
  double max_value;
  if (!p) p = &plain;
  *out = NULL;
  int status = image_read(path, &x);
  if (!status) status = choose_range(path, &x, p->max_value, &max_value);
  if (!status) {
    if (p->center_crop) cut_square(&x);
    *out = site_of_one(path, &x, p->resize, max_value);
    (*out)->center_crop = p->center_crop;
  }
  image_release(&x);
  return (xs_status)status;
}
