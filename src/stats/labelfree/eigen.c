/* Why LAPACK does not do this: a study's bytes are the same on any machine with the same kernels,
 * and a system's BLAS chooses its own by the processor.  Of 1,000 random confusion matrices
 * OpenBLAS 0.3.31 gave other last bits with its SSE than with its AVX2 kernels: of the eigenvalues
 * for 41 % of those of two classes and for all of seven and more, of the solutions of linear
 * systems (bbse.c) for 38 % at seven classes and 97 % at fourteen, of Cholesky's with four unknowns
 * (check/perceptual.c) for 77 %. */
#include "eigen.h"

#include <float.h>
#include <math.h>

enum { MOST_SWEEPS = 60 }; /* convergence is quadratic: ten are rarely needed */

/* Rows and columns p and q, so that a[p][q] becomes 0. */
static void rotate(double *a, int n, int p, int q) {
  double apq = a[p * n + q];
  if (apq == 0) return;
  double tau = (a[q * n + q] - a[p * n + p]) / (2 * apq);
  double t = copysign(1, tau) / (fabs(tau) + sqrt(1 + tau * tau)), c = 1 / sqrt(1 + t * t);
  double s = t * c;
  for (int k = 0; k < n; k++) {
    double x = a[k * n + p], y = a[k * n + q];
    a[k * n + p] = c * x - s * y;
    a[k * n + q] = s * x + c * y;
  }
  for (int k = 0; k < n; k++) {
    double x = a[p * n + k], y = a[q * n + k];
    a[p * n + k] = c * x - s * y;
    a[q * n + k] = s * x + c * y;
  }
}

static double off_diagonal(const double *a, int n) {
  double sum = 0;
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < n; j++) sum += i == j ? 0 : a[i * n + j] * a[i * n + j];
  }
  return sum;
}

void eigen_values(double *a, int n, double *value) {
  double size = off_diagonal(a, n);
  for (int i = 0; i < n; i++) size += a[i * n + i] * a[i * n + i];
  for (int sweep = 0; sweep < MOST_SWEEPS; sweep++) {
    if (off_diagonal(a, n) <= DBL_EPSILON * DBL_EPSILON * size) break;
    for (int p = 0; p < n; p++) {
      for (int q = p + 1; q < n; q++) rotate(a, n, p, q);
    }
  }
  for (int i = 0; i < n; i++) value[i] = a[i * n + i];
}
