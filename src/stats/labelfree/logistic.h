/* logistic.h: logistic regression that tells two sets of vectors apart. */
#ifndef LOGISTIC_H
#define LOGISTIC_H

#include <stdint.h>

typedef struct logistic {
  int width;
  double *mean, *scale; /* [width] of both sets together; scale 0: the value is always the same */
  double *weight;       /* [width], of standardised values, and the intercept behind them */
} logistic;

/* Minimises the sum of the log losses of n0 vectors of set 0 and n1 of set 1, x [n][width], plus
 * half the squared length of the weights, the intercept's not (scikit-learn's default): strictly
 * convex. Newton's method with conjugate gradients (Lin, Weng and Keerthi 2008).  Release *out. */
void logistic_fit(const float *x0, int64_t n0, const float *x1, int64_t n1, int width,
                  logistic *out);
void logistic_release(logistic *l);
/* Logarithm of P(set 1 | x) / P(set 0 | x). */
double logistic_score(const logistic *l, const float *x);

#endif
