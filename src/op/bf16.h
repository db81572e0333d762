/* bf16_storage.h: bfloat16, the upper half of a float: 8 bits of exponent, 7 of fraction. */
#ifndef BF16_H
#define BF16_H

#include <stdint.h>

/* y[i] is x[i] rounded to the nearest, halves to even; NaN stays NaN.  By all threads. */
void bf16_round(int64_t n, const float *x, uint16_t *y);
/* The same by the calling thread. */
void bf16_round_piece(int64_t n, const float *x, uint16_t *y);

/* y[i] is x[i]. */
void bf16_widen_piece(int64_t n, const uint16_t *x, float *y);

#endif
