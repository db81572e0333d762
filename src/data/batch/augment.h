/* augment.h: images changed at random when they are drawn.  A change is a pure function of (seed,
 * stream, step, image), the same for any number of threads and any point of resumption. */
#ifndef AUGMENT_H
#define AUGMENT_H

#include "xsite.h"

/* What is changed, and by how much at most; a field that is 0 changes nothing.  U(a,b) is uniform.
 */
typedef struct augment {
  double shift;      /* U(-shift, shift) of the side, down and across */
  double rotation;   /* U(-rotation, rotation) degrees */
  double scale;      /* size times exp(U(-s, s)), s = log(1 + scale) */
  bool flip;         /* left and right are exchanged with probability 1/2 */
  double contrast;   /* v -> 1/2 + exp(U(-c, c)) (v - 1/2), c = log(1 + contrast) */
  double brightness; /* v -> v + U(-brightness, brightness) */
  double invert;     /* v -> 1 - v with this probability (French, Mackiewicz and Fisher 2018) */
  bool colour;       /* contrast, brightness and inversion of each channel for itself */
  double noise;      /* deviation of normal noise */
  bool convolve;     /* half of the batches, each with weights of its own: random_convolution.h */
  bool every_other;  /* tones, noise and convolution at odd steps only */
} augment;

/* Intensities v are those before normalisation, black 0 and white 1; results are not cut to that
 * range. */
typedef struct augmenter {
  augment change;
  xs_normalisation norm;
  int size, channels; /* channels 1 to 3 */
  uint64_t seed, stream, noise_stream, convolution_stream;
} augmenter;

/* name: of the random streams. */
augmenter augmenter_new(const augment *change, const xs_normalisation *norm, int size, int channels,
                        uint64_t seed, const char *name);
/* Changes images x [n][size][size][channels], which are the first, first + 1, ... of their step.
 * The moved image is read bilinearly; beyond the border lies the border's value. */
void augmenter_apply(const augmenter *a, uint64_t step, uint64_t first, int64_t n, float *x);

#endif
