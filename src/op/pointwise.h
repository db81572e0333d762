/* pointwise.h: the pointwise operators as rows of pointwise.def. */
#ifndef POINTWISE_H
#define POINTWISE_H

#include "op.h"

/* y[i] from x[0][i], x[1][i]; f is attr.f.  y may be one of the x. */
typedef void pointwise_loop(int n, const float *const x[2], float *y, const double f[4]);

/* The loop of a pointwise operator; NULL for any other. */
pointwise_loop *pointwise_find(const op *o);

extern const op_kernel *const pointwise_cpu[];

/* tanh to 4e-7 without a call or branch: x p(x^2) / q(x^2), the rational fit of degree 13/6 that
 * Eigen uses; beyond 7.9 it is 1 in float. */
__attribute__((always_inline)) static inline float pointwise_tanh(float x) {
  const float limit = 7.90531110763549805f;
  float s = x * x;
  float p = -2.76076847742355e-16f;
  p = p * s + 2.00018790482477e-13f;
  p = p * s + -8.60467152213735e-11f;
  p = p * s + 5.12229709037114e-08f;
  p = p * s + 1.48572235717979e-05f;
  p = p * s + 6.37261928875436e-04f;
  p = p * s + 4.89352455891786e-03f;
  float q = 1.19825839466702e-06f;
  q = q * s + 1.18534705686654e-04f;
  q = q * s + 2.26843463243900e-03f;
  q = q * s + 4.89352518554385e-03f;
  float y = x * p / q;
  return x > limit ? 1 : x < -limit ? -1 : y;
}

#endif
