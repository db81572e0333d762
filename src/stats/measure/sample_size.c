/* sample_size.c: how many labelled images an interval of a given width needs. */
#include "normal.h"
#include "xsite.h"

#include <math.h>

/* Hanley and McNeil 1982 (Radiology 143:29), equations 1 and 2. */
static double auc_variance(double auc, double positives, double negatives) {
  const double two_positives = auc / (2 - auc), two_negatives = 2 * auc * auc / (1 + auc);
  return (auc * (1 - auc) + (positives - 1) * (two_positives - auc * auc) +
          (negatives - 1) * (two_negatives - auc * auc)) /
         (positives * negatives);
}

double xs_auc_half_width(double auc, double share, double images) {
  const double positives = share * images, negatives = images - positives;
  if (!(positives >= 1) || !(negatives >= 1)) return INFINITY;
  return NORMAL_97_5 * sqrt(auc_variance(auc, positives, negatives));
}

int64_t xs_images_for_auc(double auc, double share, double half_width) {
  const bool possible = auc > 0 && auc < 1 && share > 0 && share < 1 && half_width > 0;
  if (!possible) return 0;
  double few = 0, enough = 2;
  while (xs_auc_half_width(auc, share, enough) > half_width) {
    few = enough;
    enough *= 2;
  }
  while (enough - few > 1) {
    const double middle = floor((few + enough) / 2);
    if (xs_auc_half_width(auc, share, middle) > half_width) {
      few = middle;
    } else {
      enough = middle;
    }
  }
  return (int64_t)enough;
}
