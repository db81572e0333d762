#include "beta.h"

#include <float.h>
#include <math.h>

/* Numerator of the fraction's term i >= 1 (DLMF 8.17.22, d_i). */
static double term(int i, double x, double a, double b) {
  int m = i / 2;
  double middle = a + i;
  return i % 2 == 0 ? m * (b - m) * x / ((middle - 1) * middle)
                    : -(a + m) * (a + b + m) * x / ((middle - 1) * middle);
}

static double away_from_zero(double v) { return fabs(v) < DBL_MIN ? DBL_MIN : v; }

/* 1 / (1 + d_1 / (1 + d_2 / ...)) by the modified method of Lentz (Thompson and Barnett 1986,
 * J. Comput. Phys. 64:490); takes about sqrt(max(a, b)) terms. */
static double fraction(double x, double a, double b) {
  double value = 1, c = 1, d = 0, factor = 0;
  for (int i = 1; i < 1000000 && fabs(factor - 1) > DBL_EPSILON; i++) {
    double numerator = term(i, x, a, b);
    d = 1 / away_from_zero(1 + numerator * d);
    c = away_from_zero(1 + numerator / c);
    factor = c * d;
    value *= factor;
  }
  return 1 / value;
}

double beta_incomplete(double x, double y, double a, double b) {
  if (x <= 0 || y <= 0) return x <= 0 ? 0 : 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - beta_incomplete(y, x, b, a);
  double front = a * log(x) + b * log(y) + lgamma(a + b) - lgamma(a) - lgamma(b);
  return exp(front) / a * fraction(x, a, b);
}
