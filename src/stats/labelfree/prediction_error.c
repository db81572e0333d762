/* The error of predicted accuracies, from shifts where the truth is known: the split-conformal
 * interval (Vovk, Gammerman and Shafer 2005; Lei et al. 2018). */
#include "error.h"
#include "memory.h"
#include "sort.h"
#include "xsite.h"

#include <math.h>
#include <stdlib.h>

xs_status xs_prediction_calibrate(const double *predicted, const double *measured, int n,
                                  xs_prediction_error *out) {
  if (n < 1) return fail(XS_USAGE, "no prediction error: there are no shifts to calibrate on");
  double *error = memory_new((size_t)n * sizeof *error), sum = 0;
  for (int i = 0; i < n; i++) sum += error[i] = fabs(predicted[i] - measured[i]);
  int64_t rank = (19 * ((int64_t)n + 1) + 19) / 20; /* ceil(0.95 (n + 1)) */
  xs_status status = XS_OK;
  if (isfinite(sum)) {
    sort_doubles(error, n);
    *out = (xs_prediction_error){sum / n, rank <= n ? error[rank - 1] : INFINITY, n};
  } else {
    status = fail(XS_FAILED, "no prediction error: an accuracy is not a number");
  }
  free(error);
  return status;
}

static xs_interval within(const xs_prediction_error *e, double value, double low, double high) {
  return (xs_interval){value, fmax(low, value - e->margin), fmin(high, value + e->margin)};
}

xs_interval xs_accuracy_interval(const xs_prediction_error *e, double accuracy) {
  return within(e, accuracy, 0, 1);
}

xs_interval xs_change_interval(const xs_prediction_error *e, double change) {
  return within(e, change, -1, 1);
}
