/* newcombe.h: intervals of AUCs of few images, and of sums of such AUCs. */
#ifndef NEWCOMBE_H
#define NEWCOMBE_H

#include "placements.h"

typedef struct newcombe { /* an AUC, and of how many independent images it is worth */
  double auc, positives, negatives;
} newcombe;

/* Effective numbers by a design effect, from the ranking and its placements. */
newcombe newcombe_of(const ranking *r, const placements *v);
/* How far below the AUC its bound lies at z standard errors, and above. */
double newcombe_below(const newcombe *x, double z);
double newcombe_above(const newcombe *x, double z);

/* A sum of coefficient[i] x AUC i. */
typedef struct newcombe_sum {
  int n;
  newcombe *term;      /* [n] */
  double *coefficient; /* [n] */
  double *correlation; /* [n][n] of the AUCs, below the diagonal; NAN where not known */
  double trust;        /* in the correlations, in [0,1] */
  double variance;     /* of the sum, found from its groups, or 0 */
  double share;        /* that it has in the square of the distances, in [0,1]; without one 0 */
} newcombe_sum;

/* Distances of the sum's bounds from its value (MOVER). */
double newcombe_sum_below(const newcombe_sum *s, double z);
double newcombe_sum_above(const newcombe_sum *s, double z);
/* Two-sided: of the level at which 0 is the interval's end. */
double newcombe_sum_p(const newcombe_sum *s);

#endif
