/* neighbour.h: how far a feature vector is from those that are known: the distance to the k-th
 * nearest, all of them scaled to length 1 (Sun, Ming, Zhu and Li, ICML 2022). */
#ifndef NEIGHBOUR_H
#define NEIGHBOUR_H

#include <stdint.h>

/* Scales the rows of x [n][width] to length 1; a row of zeros stays. */
void neighbour_unit(float *x, int64_t n, int width);
/* From x [width] to the k-th nearest (1: nearest) of known [n][width], but for row leave_out (-1:
 * none), which leaves at least k; both of length 1: 0 to 2. */
double neighbour_distance(const float *known, int64_t n, int width, const float *x, int k,
                          int64_t leave_out);
/* The distance that the given share of the known rows have at most, each from the others. */
double neighbour_quantile(const float *known, int64_t n, int width, int k, double share);

#endif
