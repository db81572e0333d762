/* random_convolution.h: whole batches convolved with random weights, which keeps shapes and changes
 * textures and tones (Xu, Liu, Yang, Raffel, Niethammer: Robust and Generalizable Visual
 * Representation Learning via Random Convolutions, ICLR 2021; the variant that mixes). */
#ifndef RANDOM_CONVOLUTION_H
#define RANDOM_CONVOLUTION_H

#include "xsite.h"

enum { CONVOLUTION_MOST = 7, CONVOLUTION_CHANNELS = 3 };

typedef struct random_convolution {
  int channels, side; /* side: 1, 3, 5 or 7, each equally often */
  float weight[CONVOLUTION_CHANNELS][CONVOLUTION_CHANNELS][CONVOLUTION_MOST * CONVOLUTION_MOST];
  float kept; /* share of the image itself: U(0,1) in half of the draws, else 0 */
} random_convolution;

/* That of a step: weights [to][from][row side + column] are normal with variance
 * 1 / (channels side^2); channels 1 to 3. */
random_convolution random_convolution_draw(int channels, uint64_t seed, uint64_t stream,
                                           uint64_t step);

/* Of images x [n][size][size][channels] of network values: kept u + (1 - kept) (weights * u), where
 * u is -1 at black, 1 at white and 0 beyond the border; cut to [-2, 2]. */
void random_convolution_apply(const random_convolution *r, const xs_normalisation *norm, int size,
                              int64_t n, float *x);

#endif
