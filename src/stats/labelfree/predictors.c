/* The table of ways to predict a classifier's accuracy at a site without labels. */
#include "error.h"
#include "xsite.h"

#include <string.h>

static xs_status confidence(const xs_prediction_data *d, double *out) {
  return xs_average_confidence(&d->target, out);
}

static xs_status difference(const xs_prediction_data *d, double *out) {
  return xs_confidence_difference(&d->source, &d->target, out);
}

static xs_status atc_confidence(const xs_prediction_data *d, double *out) {
  return xs_atc(&d->source, &d->target, XS_ATC_CONFIDENCE, out);
}

static xs_status atc_entropy(const xs_prediction_data *d, double *out) {
  return xs_atc(&d->source, &d->target, XS_ATC_ENTROPY, out);
}

static xs_status agreement(const xs_prediction_data *d, double *out) {
  return xs_agreement(&d->target, d->second, out);
}

static const xs_predictor table[] = {
    {.name = "confidence",
     .accuracy = confidence,
     .title = "average confidence",
     .citation = "Hendrycks and Gimpel 2017"},
    {.name = "confidence-difference",
     .needs_source = true,
     .accuracy = difference,
     .title = "difference of confidences",
     .citation = "Guillory et al. 2021"},
    {.name = "atc-confidence",
     .needs_source = true,
     .accuracy = atc_confidence,
     .title = "average thresholded confidence",
     .citation = "Garg et al. 2022"},
    {.name = "atc-entropy",
     .needs_source = true,
     .accuracy = atc_entropy,
     .title = "average thresholded confidence by entropy",
     .citation = "Garg et al. 2022"},
    {.name = "agreement",
     .needs_second = true,
     .accuracy = agreement,
     .title = "agreement of two classifiers",
     .citation = "Jiang et al. 2022"},
};

enum { ROWS = sizeof table / sizeof *table };

const xs_predictor *xs_predictors(int *n) {
  *n = ROWS;
  return table;
}

const xs_predictor *xs_predictor_find(const char *name) {
  for (int i = 0; i < ROWS; i++) {
    if (!strcmp(table[i].name, name)) return &table[i];
  }
  fail(XS_USAGE,
       "\"%s\" predicts no accuracy; there are confidence, confidence-difference, atc-confidence, "
       "atc-entropy, agreement",
       name);
  return NULL;
}
