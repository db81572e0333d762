#include "probability.h"

#include "error.h"

#include <inttypes.h>
#include <math.h>

static xs_status check_values(const char *what, const char *kind, const float *x, int64_t n,
                              int width) {
  for (int64_t i = 0; i < n * width; i++) {
    if (isfinite(x[i])) continue;
    return fail(XS_FAILED,
                "%s image %" PRId64 ": %s %d is not a finite number; the classifier's training has "
                "diverged, train it again with a lower learning_rate",
                what, i / width, kind, (int)(i % width));
  }
  return XS_OK;
}

xs_status probability_check(const char *what, const xs_outputs *x) {
  if (x->classes < 2) {
    return fail(XS_USAGE, "%s: %d classes, at least 2 are needed", what, x->classes);
  }
  if (x->n < 1 || !x->logit) return fail(XS_USAGE, "%s: there are no logits of images", what);
  return check_values(what, "logit", x->logit, x->n, x->classes);
}

xs_status probability_check_labelled(const char *what, const xs_labelled_outputs *x) {
  xs_status status = probability_check(what, &x->of);
  if (status) return status;
  for (int64_t i = 0; x->label && i < x->of.n; i++) {
    if (probability_known(x->label[i], x->of.classes)) return XS_OK;
  }
  return fail(XS_FAILED, "%s: none of the %" PRId64 " images has a known label", what, x->of.n);
}

xs_status probability_check_features(const char *what, const xs_outputs *x) {
  if (x->n < 1 || x->width < 1 || !x->feature) {
    return fail(XS_USAGE, "%s: there are no features of images", what);
  }
  return check_values(what, "feature", x->feature, x->n, x->width);
}

bool probability_known(int32_t label, int classes) { return label >= 0 && label < classes; }

int probability_top(const float *row, int classes) {
  int top = 0;
  for (int k = 1; k < classes; k++) top = row[k] > row[top] ? k : top;
  return top;
}

void probability_softmax(const float *row, int classes, double *p) {
  double largest = row[probability_top(row, classes)], sum = 0;
  for (int k = 0; k < classes; k++) sum += p[k] = exp(row[k] - largest);
  for (int k = 0; k < classes; k++) p[k] /= sum;
}

double probability_entropy(const double *p, int classes) {
  double sum = 0;
  for (int k = 0; k < classes; k++) sum -= p[k] > 0 ? p[k] * log(p[k]) : 0;
  return sum;
}

double probability_log(const float *row, int classes, int k) {
  int top = probability_top(row, classes);
  double others = 0;
  for (int j = 0; j < classes; j++) others += j == top ? 0 : exp((double)row[j] - (double)row[top]);
  return (double)row[k] - (double)row[top] - log1p(others);
}
