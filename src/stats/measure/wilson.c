#include "normal.h"
#include "xsite.h"

#include <math.h>

xs_interval xs_wilson(double share, double n) {
  const double z = NORMAL_97_5;
  double centre = (share + z * z / (2 * n)) / (1 + z * z / n);
  double half = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n));
  /* without rounding where all trials agree */
  double low = share > 0 ? fmax(0, centre - half) : 0;
  double high = share < 1 ? fmin(1, centre + half) : 1;
  return (xs_interval){share, low, high};
}
