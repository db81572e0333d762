#include "normal.h"
#include "xsite.h"

#include <math.h>

/* Of replicates in which both are numbers; 1, the more careful, where either does not vary. */
static double correlation_of(const double *a, const double *b, int n) {
  double sa = 0, sb = 0, aa = 0, bb = 0, ab = 0, known = 0;
  for (int i = 0; i < n; i++) {
    if (isnan(a[i]) || isnan(b[i])) continue;
    known++;
    sa += a[i];
    sb += b[i];
  }
  for (int i = 0; i < n; i++) {
    if (isnan(a[i]) || isnan(b[i])) continue;
    const double x = a[i] - sa / known, y = b[i] - sb / known;
    aa += x * x;
    bb += y * y;
    ab += x * y;
  }
  return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : 1;
}

static double below(const xs_interval *x) { return x->value - x->low; }
static double above(const xs_interval *x) { return x->high - x->value; }

void xs_mean_interval(const xs_interval *x, int n, const double *replicate, int replicates,
                      xs_difference *out) {
  double value = 0, low = 0, high = 0;
  for (int i = 0; i < n; i++) {
    value += x[i].value / n;
    for (int j = 0; j < n; j++) {
      const double *const a = replicate + (int64_t)i * replicates, *const b =
                                                                       replicate +
                                                                       (int64_t)j * replicates;
      const double r = i == j ? 1 : correlation_of(a, b, replicates);
      low += r * below(&x[i]) * below(&x[j]);
      high += r * above(&x[i]) * above(&x[j]);
    }
  }
  low = sqrt(fmax(0, low)) / n;
  high = sqrt(fmax(0, high)) / n;
  const double towards = value > 0 ? low : high;
  const double z = towards > 0 ? NORMAL_97_5 * fabs(value) / towards : fabs(value) > 0 ? 37 : 0;
  *out = (xs_difference){value, value - low, value + high, erfc(z / sqrt(2)), XS_NEWCOMBE};
}
