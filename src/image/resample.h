/* resample.h: an image resized, as float values, none beyond the least and largest of its own.
 * Nearest is PyTorch's: out i takes in floor(i in / out); exact nearest takes
 * in floor((i + 1/2) in / out).  Bilinear is Pillow's: a triangle as
 * wide as the larger of the two pixels, so that shrinking averages instead of skipping. */
#ifndef RESAMPLE_H
#define RESAMPLE_H

#include "xsite.h"

/* "nearest", "nearest-exact", "bilinear", and these as choices of an option. */
#define RESIZE_CHOICES "nearest|nearest-exact|bilinear"
const char *resize_name(xs_resize how);
bool resize_of(const char *name, xs_resize *how); /* false where there is none of this name */

typedef struct picture { /* a lent image, or a part of one */
  const void *pixels;    /* [height][stride][channels] */
  int height, width, channels, bytes;
  int64_t stride; /* pixels from row to row */
} picture;

/* y [height][width][channels], in stored values. */
void resample(const picture *p, int height, int width, xs_resize how, float *y);

/* y [height][width]: bilinear, the mean of the channels; a small picture to look at or compare. */
void resample_gray(const picture *p, int height, int width, float *y);

/* ---- the same for many pictures of one size, without allocating ---- */

typedef struct taps { /* how one side of n pixels becomes one of out */
  int out, width;     /* width: most taps of one output pixel */
  int *first, *count; /* [out] */
  float *weight;      /* [out][width] */
} taps;

void taps_init(taps *t, int n, int out, xs_resize how);
void taps_release(taps *t);

/* Values of work that resample_by needs. */
size_t resample_work(const picture *p, const taps *columns);
/* y [rows->out][columns->out][channels] */
void resample_by(const picture *p, const taps *rows, const taps *columns, float *work, float *y);

#endif
