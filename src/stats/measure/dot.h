/* dot.h: inner products, in eight sums side by side, so that they fill a vector: the same bits on
 * every processor. */
#ifndef DOT_H
#define DOT_H

#include <stdint.h>

/* Sum of a[i] b[i]; 0 where n is. */
double dot(const double *a, const double *b, int64_t n);

/* The same with single-precision b, each product in double. */
double dot_float(const double *a, const float *b, int64_t n);

#endif
