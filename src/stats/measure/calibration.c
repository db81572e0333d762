/* Reliability curve, expected calibration error and Brier score with bootstrap intervals. */
#include "grouped_share.h"
#include "labelled.h"
#include "memory.h"
#include "probability.h"
#include "random.h"
#include "replicates.h"
#include "xsite.h"

#include <math.h>
#include <stdlib.h>

typedef struct forecast { /* one image */
  double predicted, brier;
  uint32_t unit;
  int bin;
  bool observed;
} forecast;

typedef struct forecasts {
  int64_t n;
  forecast *item;
} forecasts;

typedef struct bin_sum {
  double images, predicted, observed;
} bin_sum;

enum { ECE, BRIER, OBSERVED, STATISTICS = OBSERVED + XS_BINS };

static int bin_of(double p) {
  int bin = (int)ceil(p * XS_BINS) - 1;
  return bin < 0 ? 0 : bin < XS_BINS ? bin : XS_BINS - 1;
}

static double brier_of(const double *probability, int classes, int label) {
  double sum = 0;
  for (int k = 0; k < classes; k++) {
    double error = probability[k] - (k == label);
    sum += error * error;
  }
  return classes == 2 ? sum / 2 : sum;
}

static forecast make_forecast(const float *row, int classes, int label, double *probability) {
  probability_softmax(row, classes, probability);
  int top = classes == 2 ? 1 : probability_top(row, classes);
  return (forecast){.predicted = probability[top],
                    .brier = brier_of(probability, classes, label),
                    .bin = bin_of(probability[top]),
                    .observed = label == top};
}

static void make_forecasts(const labelled *t, const float *logit, forecasts *f) {
  *f = (forecasts){t->n, memory_new((size_t)t->n * sizeof *f->item)};
  double *probability = memory_new((size_t)t->classes * sizeof *probability);
  for (int64_t i = 0; i < t->n; i++) {
    int64_t row = t->kept[i];
    f->item[i] = make_forecast(logit + row * t->classes, t->classes, t->label[row], probability);
    f->item[i].unit = t->unit[i];
  }
  free(probability);
}

/* weight NULL: every image once.  Returns the sum of Brier scores. */
static double sum_bins(const forecasts *f, const uint32_t *weight, bin_sum sum[XS_BINS]) {
  double brier = 0;
  for (int b = 0; b < XS_BINS; b++) sum[b] = (bin_sum){0};
  for (int64_t i = 0; i < f->n; i++) {
    const forecast *x = &f->item[i];
    double w = weight ? weight[x->unit] : 1;
    sum[x->bin].images += w;
    sum[x->bin].predicted += w * x->predicted;
    sum[x->bin].observed += w * x->observed;
    brier += w * x->brier;
  }
  return brier;
}

static void statistics(const void *context, const uint32_t *weight, double *out) {
  bin_sum sum[XS_BINS];
  double brier = sum_bins(context, weight, sum), images = 0, error = 0;
  for (int b = 0; b < XS_BINS; b++) {
    images += sum[b].images;
    error += fabs(sum[b].observed - sum[b].predicted);
    out[OBSERVED + b] = sum[b].images > 0 ? sum[b].observed / sum[b].images : NAN;
  }
  out[ECE] = error / images;
  out[BRIER] = brier / images;
}

static void describe_bins(const forecasts *f, xs_reliability bin[XS_BINS]) {
  bin_sum sum[XS_BINS];
  sum_bins(f, NULL, sum);
  for (int b = 0; b < XS_BINS; b++) {
    bin[b].n = (int64_t)sum[b].images;
    bin[b].predicted = bin[b].n > 0 ? sum[b].predicted / sum[b].images : NAN;
  }
}

static xs_interval grouped(const forecasts *f, int bin, int64_t groups) {
  double *right = memory_new((size_t)groups * sizeof *right);
  double *images = memory_new((size_t)groups * sizeof *images);
  for (int64_t i = 0; i < f->n; i++) {
    if (f->item[i].bin != bin) continue;
    images[f->item[i].unit]++;
    right[f->item[i].unit] += f->item[i].observed;
  }
  const xs_interval x = grouped_wilson(right, images, groups);
  free(right);
  free(images);
  return x;
}

/* Replicates do not vary where an event always came true, or never. */
static void widen_bins(const forecasts *f, int64_t groups, xs_reliability bin[XS_BINS]) {
  for (int b = 0; b < XS_BINS; b++) {
    if (bin[b].n == 0) continue;
    const xs_interval x = grouped(f, b, groups);
    bin[b].observed.low = fmin(bin[b].observed.low, x.low);
    bin[b].observed.high = fmax(bin[b].observed.high, x.high);
  }
}

static void measure(const labelled *t, const float *logit, int replicates, uint64_t seed,
                    xs_calibration *out) {
  forecasts f;
  make_forecasts(t, logit, &f);
  describe_bins(&f, out->bin);
  double point[STATISTICS];
  statistics(&f, NULL, point);
  double *value = memory_new((size_t)STATISTICS * (size_t)replicates * sizeof *value);
  resample s = {seed, random_stream("bootstrap of groups"), t->groups, t->groups, replicates};
  replicates_run(&s, 1, statistics, &f, STATISTICS, value);
  for (int j = 0; j < STATISTICS; j++) {
    xs_interval *to = j == ECE     ? &out->ece
                      : j == BRIER ? &out->brier
                                   : &out->bin[j - OBSERVED].observed;
    *to = (xs_interval){point[j], NAN, NAN};
    resample_interval(value + (int64_t)j * replicates, replicates, &to->low, &to->high);
  }
  widen_bins(&f, t->groups, out->bin);
  free(value);
  free(f.item);
}

xs_status xs_calibration_measure(const xs_labelled_outputs *x, int replicates, uint64_t seed,
                                 xs_calibration *out) {
  *out = (xs_calibration){0};
  xs_status status = replicates_check(replicates);
  if (status != XS_OK) return status;
  labelled t;
  status = labelled_make(&t, "calibration", x->label, x->of.group, x->of.n, x->of.classes);
  if (status == XS_OK) status = labelled_check_finite(&t, "calibration", x->of.logit);
  if (status == XS_OK) {
    measure(&t, x->of.logit, replicates, seed, out);
    out->n = t.n;
    out->groups = t.groups;
  }
  labelled_release(&t);
  return status;
}
