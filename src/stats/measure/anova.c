#include "beta.h"
#include "error.h"
#include "xsite.h"

#include <inttypes.h>
#include <math.h>

static xs_status check_samples(const double *value, const int64_t *size, int samples, int64_t *n) {
  *n = 0;
  if (samples < 2) return fail(XS_USAGE, "no ANOVA: %d samples, at least 2 are needed", samples);
  for (int i = 0; i < samples; i++) {
    if (size[i] < 1) return fail(XS_USAGE, "no ANOVA: sample %d is empty", i);
    for (int64_t j = 0; j < size[i]; j++) {
      if (isfinite(value[*n + j])) continue;
      return fail(XS_USAGE, "no ANOVA: value %" PRId64 " of sample %d is not finite", j, i);
    }
    *n += size[i];
  }
  if (*n > samples) return XS_OK;
  return fail(XS_USAGE, "no ANOVA: every sample has one value, one must have more");
}

/* Exact where all values are equal, so that these have no variance. */
static double mean(const double *value, int64_t n) {
  double sum = 0;
  for (int64_t i = 0; i < n; i++) sum += value[i] - value[0];
  return value[0] + sum / (double)n;
}

static double squares(const double *value, int64_t n, double centre) {
  double sum = 0;
  for (int64_t i = 0; i < n; i++) sum += (value[i] - centre) * (value[i] - centre);
  return sum;
}

xs_status xs_anova_test(const double *value, const int64_t *size, int samples, xs_anova *out) {
  *out = (xs_anova){0};
  int64_t n;
  xs_status status = check_samples(value, size, samples, &n);
  if (status != XS_OK) return status;
  double all = mean(value, n), between = 0, within = 0;
  for (int i = 0; i < samples; i++) {
    double own = mean(value, size[i]);
    between += (double)size[i] * (own - all) * (own - all);
    within += squares(value, size[i], own);
    value += size[i];
  }
  if (between == 0 && within == 0) return fail(XS_FAILED, "no ANOVA: all values are equal");
  out->between = samples - 1;
  out->within = n - samples;
  double d1 = (double)out->between, d2 = (double)out->within;
  out->f = (between / d1) / (within / d2);
  out->p =
      beta_incomplete(within / (within + between), between / (within + between), d2 / 2, d1 / 2);
  return XS_OK;
}
