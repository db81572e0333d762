/* mahalanobis.h: how far a vector is from those that are known, by the Mahalanobis distance of
 * their own mean and covariance (Lee, Lee, Lee and Shin, NeurIPS 2018), with a ridge, since there
 * are fewer vectors than values: every value is standardised, and MAHALANOBIS_RIDGE added to each
 * variance. */
#ifndef MAHALANOBIS_H
#define MAHALANOBIS_H

#include <stdint.h>

#define MAHALANOBIS_RIDGE 3.0

typedef struct mahalanobis mahalanobis;

/* known [n][width], n at least 2, not kept; NULL where they are all equal.  To be freed. */
mahalanobis *mahalanobis_new(const float *known, int64_t n, int width);
void mahalanobis_free(mahalanobis *m);
double mahalanobis_distance(const mahalanobis *m, const float *x); /* x [width] */

/* The distance that the given share of the known vectors have at most, each from those of the other
 * parts, of which MAHALANOBIS_PARTS are made: row i belongs to part i mod MAHALANOBIS_PARTS.  NAN
 * where the vectors of some parts are all equal. */
enum { MAHALANOBIS_PARTS = 5 };
double mahalanobis_quantile(const float *known, int64_t n, int width, double share);

#endif
