/* clustered_share.h: a share of images that come in groups. */
#ifndef CLUSTERED_SHARE_H
#define CLUSTERED_SHARE_H

#include <stdint.h>

typedef struct share {
  double value, error; /* error: standard error, of groups drawn (ratio estimator, Cochran 1977,
                        * Sampling Techniques, 6.3); NAN with fewer than 2 groups */
  int64_t n, groups;
} share;

/* Of n images, hit or not; group [n]. */
share share_of(const uint8_t *hit, const uint64_t *group, int64_t n);

#endif
