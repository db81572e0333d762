/* placements.h: how the images of each group stand among those of the other class, of which the
 * variance of an AUC is made (DeLong et al. 1988; groups: Obuchowski 1997). */
#ifndef PLACEMENTS_H
#define PLACEMENTS_H

#include "ranking.h"

typedef struct placements { /* of one ranking: a class against the rest */
  double auc;
  int64_t positives, negatives; /* images */
  int64_t groups, with_positive, with_negative;
  /* [groups] sums over a group's positives of the share of negatives that they beat, and over its
   * negatives of the share of positives that beat them, less the AUC for each */
  double *positive, *negative;
  double square_positive, square_negative; /* sums over images of the squares of these terms */
} placements;

/* Of a ranking with a positive and a negative, whose units are below `groups`. */
void placements_make(const ranking *r, int64_t groups, placements *v);
void placements_release(placements *v);
/* Variance of the AUC, S10 / m + S01 / n + 2 S11 / (m n) of Obuchowski 1997; at least two groups
 * with a positive and two with a negative. */
double placements_variance(const placements *v);
/* What a group adds to the AUC's error. */
double placements_influence(const placements *v, int64_t group);
/* Of two AUCs on the same images; NAN where one has no variance. */
double placements_correlation(const placements *a, const placements *b);

#endif
