#include "labelled.h"

#include "error.h"
#include "memory.h"
#include "ranking.h"
#include "resampling.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

xs_status labelled_make(labelled *t, const char *what, const int32_t *label, const uint64_t *group,
                        int64_t n, int classes) {
  *t = (labelled){.label = label, .classes = classes};
  if (classes < 2) return fail(XS_USAGE, "no %s: %d classes, at least 2 are needed", what, classes);
  t->kept = ranking_kept(label, n, classes, &t->n);
  if (t->n == 0) {
    return fail(XS_FAILED, "no %s: none of the %" PRId64 " images has a known label", what, n);
  }
  if (t->n >= (int64_t)1 << 30) {
    return fail(XS_USAGE, "no %s: %" PRId64 " images, the most is 2^30 - 1", what, t->n);
  }
  t->unit = memory_new((size_t)t->n * sizeof *t->unit);
  t->groups = resample_groups(group, t->kept, t->n, t->unit);
  return XS_OK;
}

void labelled_release(labelled *t) {
  free(t->kept);
  free(t->unit);
  *t = (labelled){0};
}

static xs_status diverged(const char *what, const char *quantity, int64_t row, int k,
                          const char *fault) {
  return fail(XS_FAILED,
              "no %s: the %s of image %" PRId64 " for class %d is not %s; the "
              "classifier's training has diverged, train it again with a lower learning_rate",
              what, quantity, row, k, fault);
}

xs_status labelled_check_scores(const labelled *t, const char *what, const float *logit) {
  double *odds = memory_new((size_t)t->classes * sizeof *odds);
  xs_status status = XS_OK;
  for (int64_t i = 0; i < t->n && status == XS_OK; i++) {
    xs_log_odds(logit + t->kept[i] * t->classes, t->classes, odds);
    for (int k = 0; k < t->classes && status == XS_OK; k++) {
      if (isnan(odds[k])) status = diverged(what, "score", t->kept[i], k, "a number");
    }
  }
  free(odds);
  return status;
}

xs_status labelled_check_finite(const labelled *t, const char *what, const float *logit) {
  for (int64_t i = 0; i < t->n; i++) {
    for (int k = 0; k < t->classes; k++) {
      if (!isfinite(logit[t->kept[i] * t->classes + k])) {
        return diverged(what, "logit", t->kept[i], k, "finite");
      }
    }
  }
  return XS_OK;
}

xs_status labelled_one_class(const labelled *t, const char *what) {
  return fail(XS_FAILED,
              "no %s: the %" PRId64 " labelled images are all of one class; add images "
              "of another class",
              what, t->n);
}
