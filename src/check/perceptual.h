/* perceptual.h: which images show the same film, though scaled, compressed, cropped or brightened.
 */
#ifndef PERCEPTUAL_H
#define PERCEPTUAL_H

#include "image_stats.h"

/* 64 bits: which of the coefficients (1..8, 1..8) of the cosine transform of x [SMALL][SMALL] are
 * above their median (Zauner 2010, Implementation and benchmarking of perceptual image hash
 * functions). */
uint64_t perceptual_hash(const float *x);
enum { PERCEPTUAL_NONE = INT8_MIN }; /* a pixel of a detail that no other is compared with */
/* x [side][side], side <= FINE, less its mean over window x window pixels, with mean 0 and
 * deviation 32, rounded and cut. */
void perceptual_detail(const float *x, int side, int window, int8_t *detail);

typedef struct perceptual_view { /* where b is from a: of the side's length, about the middle */
  double move[2], scale[2];      /* x' = x + move[0] + scale[0] x */
} perceptual_view;

/* The correlation in [-1,1] of two details after b was moved and scaled onto a, from *v on (Lucas
 * and Kanade 1981, IJCAI); *v becomes the best view.  Hopeless pairs are given up early, with what
 * they have reached. */
double perceptual_match(const int8_t *a, const int8_t *b, int side, perceptual_view *v);

#endif
