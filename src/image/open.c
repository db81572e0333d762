/* One image as a site of one, read like the images that a classifier was trained with. */
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "file.h"
#include "image.h"
#include "values.h"
#include "xsite.h"

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

/* In the full range: of 8-bit files the largest value decides whether max_value is meant. */
static double full_white(const image *x, double trained) {
  if (x->bytes == 2) return trained > 255 ? trained : 65535;
  return trained > 0 && trained <= 255 && image_largest(x) <= trained ? trained : 255;
}

static int check_range(const char *path, const image *x, double white) {
  int largest = image_largest(x);
  if (x->bytes == 1) return 0;
  if (largest > white) {
    return fail(XS_FAILED,
                "%s: has the value %d, above max_value %g of the images that the model was trained "
                "with; rescale the image",
                path, largest, white);
  }
  if (largest < (white + 1) / 8 && white >= 4095) {
    return fail(XS_FAILED,
                "%s: the largest value is %d of %g, the image would be near black; rescale it "
                "so that white is %g, or use a model trained with images like it (range, "
                "max_value)",
                path, largest, white, white);
  }
  return 0;
}

static int choose_range(const char *path, const xs_preprocessing *p, image *x, double *white) {
  *white = values_white(&p->values, x);
  if (p->values.range == XS_RANGE_PERCENTILES) values_stretch(&p->values, x);
  if (p->values.range == XS_RANGE_FULL) *white = full_white(x, p->max_value);
  return p->values.range == XS_RANGE_PERCENTILES ? 0 : check_range(path, x, *white);
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
  int status = image_read(path, p->values.window, &x);
  if (!status) status = choose_range(path, p, &x, &max_value);
  if (!status) {
    if (p->center_crop) cut_square(&x);
    *out = site_of_one(path, &x, p->resize, max_value);
    (*out)->center_crop = p->center_crop;
    (*out)->values = p->values;
  }
  image_release(&x);
  return (xs_status)status;
}
