/* One image as a site of one, prepared like the images that a classifier was trained with. */
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "memory.h"
#include "prepare.h"
#include "text.h"

/* At the image's own size. */
static void cut_square(image *x) {
  const picture p = prepare_square(prepare_whole(x));
  const int64_t pixel = x->channels * x->bytes, line = pixel * p.width;
  for (int64_t i = 0; i < p.height; i++) {
    const char *from = (const char *)p.pixels + i * p.stride * pixel;
    memmove((char *)x->pixels + i * line, from, (size_t)line);
  }
  x->height = x->width = p.width;
}

/* A site is refused where all its images are like that; of one it cannot be known. */
static char *find_doubt(const xs_preprocessing *how, const image *x, double white) {
  switch (prepare_tone_of(how, x, white)) {
  case PREPARE_NEAR_BLACK:
    return text_format("near black: its largest value is %d of %g", image_largest(x), white);
  case PREPARE_NEAR_WHITE:
    return text_format("near white: its largest value is %d of %g before MONOCHROME1 is inverted",
                       x->reach, white);
  case PREPARE_SEEN:
    break;
  }
  return NULL;
}

/* To the size that is wanted; *white becomes that of the kept values. */
static void shrink(const xs_preprocessing *how, image *x, double *white) {
  const picture p = prepare_whole(x);
  const int bytes = prepare_bytes(x->bytes, *white);
  void *pixels = memory_new((size_t)how->size * (size_t)how->size * (size_t)(x->channels * bytes));
  prepare_pixels(&p, how, *white, pixels);
  free(x->pixels);
  x->pixels = pixels;
  x->height = x->width = how->size;
  x->bytes = bytes;
  *white = prepare_white(bytes);
}

/* doubt is taken over. */
static xs_images *site_of_one(const char *path, image *x, const xs_preprocessing *how, double white,
                              char *doubt) {
  xs_images *s = memory_new(sizeof *s);
  *s = (xs_images){.n = 1,
                   .doubt = doubt,
                   .height = x->height,
                   .width = x->width,
                   .channels = x->channels,
                   .bytes = x->bytes,
                   .max_value = white,
                   .how = *how,
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
  double white;
  if (!p) p = &plain;
  *out = NULL;
  if (p->size < 0 || p->size > PREPARE_SIZE_MOST) {
    return (xs_status)fail(XS_USAGE, "%s: size %d is not from 0 to %d", path, p->size,
                           PREPARE_SIZE_MOST);
  }
  int status = prepare_read(path, p, NULL, &x, &white);
  if (!status) {
    char *doubt = find_doubt(p, &x, white);
    if (p->size > 0) {
      shrink(p, &x, &white);
    } else if (p->center_crop) {
      cut_square(&x);
    }
    *out = site_of_one(path, &x, p, white, doubt);
  }
  image_release(&x);
  return status ? XS_FAILED : XS_OK;
}
