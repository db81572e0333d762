#include "grouped_share.h"

#include <math.h>

enum { FEW_GROUPS = 20 };

xs_interval grouped_wilson(const double *right, const double *images, int64_t groups) {
  double n = 0, hits = 0, present = 0, square = 0;
  for (int64_t g = 0; g < groups; g++) {
    n += images[g];
    hits += right[g];
    present += images[g] > 0;
  }
  const double share = hits / n, spread = share * (1 - share);
  if (!(n > present)) return xs_wilson(share, n);
  if (!(spread > 0) || present < 2) return xs_wilson(share, present);
  for (int64_t g = 0; g < groups; g++) {
    const double off = right[g] - share * images[g];
    square += off * off;
  }
  /* Variance of a ratio (Cochran 1977) as a multiple of that of independent images; of few groups
   * it is often too small by chance. */
  const double effect = present / (present - 1) * square / (n * spread);
  const double least = present < FEW_GROUPS ? 1 : 1 / n;
  xs_interval x = xs_wilson(share, n / fmax(effect, least));
  x.value = share;
  return x;
}
