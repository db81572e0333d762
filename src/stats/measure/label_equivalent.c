#include "error.h"
#include "memory.h"
#include "resampling.h"
#include "sort.h"
#include "xsite.h"

#include <math.h>
#include <stdlib.h>

static bool has_nan(const double *value, int n) {
  for (int i = 0; i < n; i++) {
    if (isnan(value[i])) return true;
  }
  return false;
}

/* Where the curve first reaches `wanted`; NAN where a number is missing. */
static double reached_at(const double *count, const double *auc, int points, double wanted) {
  if (isnan(wanted) || has_nan(auc, points)) return NAN;
  if (wanted < auc[0]) return 0;
  double most = auc[0];
  for (int i = 0; i < points; i++) {
    if (auc[i] < wanted) {
      most = fmax(most, auc[i]);
      continue;
    }
    if (auc[i] == wanted) return count[i];
    double part = (wanted - most) / (auc[i] - most);
    return count[i - 1] * pow(count[i] / count[i - 1], part);
  }
  return INFINITY;
}

/* The least value at or below which a share p of them is: no mean of finite and infinite ones. */
static double order_statistic(const double *sorted, int n, double p) {
  int rank = (int)ceil(p * n) - 1;
  return sorted[rank < 0 ? 0 : rank];
}

static xs_status interval(const double *count, int points, const double *auc, const double *adapted,
                          int replicates, xs_interval *out) {
  double *value = memory_new((size_t)replicates * sizeof *value);
  for (int r = 0; r < replicates; r++) {
    value[r] = reached_at(count, auc + (int64_t)r * points, points, adapted[r]);
  }
  int n = resample_defined(value, replicates);
  if (n > 0) {
    sort_doubles(value, n);
    out->low = order_statistic(value, n, 0.025);
    out->high = order_statistic(value, n, 0.975);
  }
  free(value);
  if (n > 0) return XS_OK;
  return fail(XS_FAILED,
              "no interval of the label equivalent: an AUC is missing in each of the %d "
              "replicates",
              replicates);
}

static xs_status check_curve(const double *count, const double *auc, int points, double adapted) {
  if (points < 1) return fail(XS_USAGE, "no label equivalent: the learning curve has no point");
  for (int i = 0; i < points; i++) {
    if (!(count[i] > (i ? count[i - 1] : 0)) || isinf(count[i])) {
      return fail(XS_USAGE,
                  "no label equivalent: counts must be positive and ascend, and point %d of the "
                  "learning curve has %g images",
                  i, count[i]);
    }
  }
  if (isnan(adapted) || has_nan(auc, points)) {
    return fail(XS_FAILED, "no label equivalent: an AUC of the learning curve or the adapted AUC "
                           "is not a number");
  }
  return XS_OK;
}

xs_status xs_label_equivalent(const double *count, const double *auc, int points, double adapted,
                              const double *auc_replicate, const double *adapted_replicate,
                              int replicates, xs_interval *out) {
  *out = (xs_interval){NAN, NAN, NAN};
  xs_status status = check_curve(count, auc, points, adapted);
  if (status != XS_OK) return status;
  out->value = reached_at(count, auc, points, adapted);
  if (replicates < 1) return XS_OK;
  return interval(count, points, auc_replicate, adapted_replicate, replicates, out);
}
