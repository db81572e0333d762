#include "xsite.h"

#include <math.h>

xs_spread xs_spread_of(const double *value, int n) {
  xs_spread s = {0, NAN, NAN, NAN, NAN};
  double sum = 0, square = 0;
  for (int i = 0; i < n; i++) {
    if (isnan(value[i])) continue;
    s.n++;
    sum += value[i];
    s.low = fmin(s.low, value[i]);
    s.high = fmax(s.high, value[i]);
  }
  if (s.n > 0) s.mean = sum / s.n;
  for (int i = 0; i < n; i++) {
    if (!isnan(value[i])) square += (value[i] - s.mean) * (value[i] - s.mean);
  }
  if (s.n > 1) s.deviation = sqrt(square / (s.n - 1));
  return s;
}

double xs_domain_spread(const double *auc, int n) {
  xs_spread s = xs_spread_of(auc, n);
  if (s.n < 2) return s.n == 1 ? 0 : NAN;
  return s.deviation * s.deviation * (s.n - 1) / s.n;
}
