/* Method 5 of Newcombe 2006 (Statistics in Medicine 25:559): the values whose own standard error,
 * by the formula of Hanley and McNeil 1982 with the mean of the two numbers of images, is at least
 * 1/z of their distance from the AUC found.  It holds where a variance estimated from few images,
 * or from classes that are nearly separated, does not. */
#include "newcombe.h"

#include "design_effect.h"
#include "memory.h"

#include <math.h>
#include <stdlib.h>

static double variance_at(double auc, double positives, double negatives) {
  const double more = fmax(0, (positives + negatives) / 2 - 1);
  const double terms = 1 + more * ((1 - auc) / (2 - auc) + auc / (1 + auc));
  return auc * (1 - auc) * terms / (positives * negatives);
}

enum { HALF_TRUST = 50 }; /* groups of the rarer side with which both variances count half */

/* As many images as count if those of a group are alike in part; at worst a group's are one. */
static newcombe independent_images(const ranking *r, const placements *v) {
  const double m = (double)v->positives, n = (double)v->negatives;
  if (v->groups == v->positives + v->negatives) return (newcombe){v->auc, m, n};
  const double effect = design_effect(r, v);
  if (isnan(effect)) {
    return (newcombe){v->auc, (double)v->with_positive, (double)v->with_negative};
  }
  return (newcombe){v->auc, fmax(1, m / effect), fmax(1, n / effect)};
}

/* Of many groups the variance that they show is better than the formula's. */
newcombe newcombe_of(const ranking *r, const placements *v) {
  newcombe x = independent_images(r, v);
  const double formula = variance_at(x.auc, x.positives, x.negatives);
  const int64_t fewest = v->with_positive < v->with_negative ? v->with_positive : v->with_negative;
  const double variance = fewest > 1 ? placements_variance(v) : 0;
  if (!(formula > 0 && variance > 0)) return x;
  const double trust = (double)fewest / (double)(fewest + HALF_TRUST);
  const double ratio = trust * variance / formula + (1 - trust);
  return (newcombe){x.auc, fmax(1, x.positives / ratio), fmax(1, x.negatives / ratio)};
}

/* From the AUC towards `end`, 0 or 1. */
static double distance(const newcombe *x, double z, double end) {
  double inside = x->auc, outside = end;
  for (int i = 0; i < 60; i++) {
    const double t = (inside + outside) / 2;
    const double far = t - x->auc;
    *(far * far <= z * z * variance_at(t, x->positives, x->negatives) ? &inside : &outside) = t;
  }
  return fabs(inside - x->auc);
}

double newcombe_below(const newcombe *x, double z) { return distance(x, z, 0); }
double newcombe_above(const newcombe *x, double z) { return distance(x, z, 1); }

/* ---- sums --------------------------------------------------------------------------------------
 */

static double sum_of(const newcombe_sum *s) {
  double sum = 0;
  for (int i = 0; i < s->n; i++) sum += s->coefficient[i] * s->term[i].auc;
  return sum;
}

/* Method of variance estimates recovery (Zou and Donner 2008, Statistics in Medicine 27:1693; of a
 * difference Newcombe's square-and-add): the distances of the terms' own bounds that move the sum
 * the same way stand for their standard errors.  A correlation that is not known is the one of 0
 * and 1 that makes the interval wider. */
static double recover(const newcombe_sum *s, double z, double side) {
  double *moved = memory_new((size_t)s->n * sizeof *moved), square = 0;
  for (int i = 0; i < s->n; i++) {
    const double c = s->coefficient[i];
    moved[i] = c * (side * c > 0 ? newcombe_above : newcombe_below)(&s->term[i], z);
    square += moved[i] * moved[i];
  }
  for (int i = 0; i < s->n; i++) {
    for (int j = 0; j < i; j++) {
      const double both = moved[i] * moved[j], known = s->correlation[i * s->n + j];
      const double worst = fmax(0, both);
      square += 2 * (isnan(known) ? worst : s->trust * known * both + (1 - s->trust) * worst);
    }
  }
  free(moved);
  return sqrt((1 - s->share) * fmax(0, square) + s->share * z * z * s->variance);
}

double newcombe_sum_below(const newcombe_sum *s, double z) { return recover(s, z, -1); }
double newcombe_sum_above(const newcombe_sum *s, double z) { return recover(s, z, 1); }

double newcombe_sum_p(const newcombe_sum *s) {
  const double value = sum_of(s);
  double inside = 0, outside = 37; /* beyond it p is no normal number */
  if (!(fabs(value) > 0)) return 1;
  for (int i = 0; i < 60; i++) {
    const double z = (inside + outside) / 2;
    *((value > 0 ? newcombe_sum_below : newcombe_sum_above)(s, z) < fabs(value) ? &inside
                                                                                : &outside) = z;
  }
  return erfc(inside / sqrt(2));
}
