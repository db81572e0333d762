/* shift_kind.h: what is done to one image by the kinds of shift. */
#ifndef SHIFT_KIND_H
#define SHIFT_KIND_H

#include <stdint.h>

typedef struct shift_draw { /* an image's size, and where its random numbers come from */
  int height, width, channels;
  uint64_t seed, stream, row;
} shift_draw;

int shift_side(const shift_draw *d); /* the shorter, in pixels */
int shift_values(const shift_draw *d);

/* From `from` to `to`, [height][width][channels] of values in [0,1]; results may lie outside. */
typedef void shift_kind(const shift_draw *d, double amount, const float *from, float *to);

/* Intensities */
shift_kind shift_brightness; /* amount is added */
shift_kind shift_contrast;   /* the difference from the image's mean times amount */
shift_kind shift_inversion;  /* v -> 1 - v for this share of the images */
shift_kind shift_noise;      /* normal, of deviation amount */
/* Positions; beyond the border is what is at the border. */
shift_kind shift_blur;        /* normal, of deviation amount * side */
shift_kind shift_pixelation;  /* means over squares, 1 / amount of them along the side */
shift_kind shift_translation; /* by amount * side in a direction drawn for each image */
shift_kind shift_scale;       /* about the middle, to amount of the size */

#endif
