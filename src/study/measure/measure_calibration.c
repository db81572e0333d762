/* measure_calibration.c: whether a pair's classifiers are as sure as they are right. */
#include <math.h>
#include <stdlib.h>

#include "memory.h"
#include "result_parts.h"

static json_t *bins_json(const xs_calibration *c) {
  json_t *list = json_array();
  for (int i = 0; i < XS_BINS; i++) {
    const xs_reliability *b = &c->bin[i];
    json_array_append_new(list, json_pack("{s:o, s:o, s:o, s:o, s:I}", "confidence",
                                          number_json(b->predicted), "accuracy",
                                          number_json(b->observed.value), "low",
                                          number_json(b->observed.low), "high",
                                          number_json(b->observed.high), "n", (json_int_t)b->n));
  }
  return list;
}

static xs_status add_calibration(const measure_settings *s, const char *name,
                                 const xs_labelled_outputs *x, json_t *to) {
  xs_calibration c;
  xs_status status = xs_calibration_measure(x, s->replicates, s->seed, &c);
  if (status) return status;
  json_t *j = json_pack("{s:o, s:o, s:o}", "ece", interval_json(c.ece, 1), "brier",
                        interval_json(c.brier, 1), "bins", bins_json(&c));
  json_object_set_new(to, name, j);
  return XS_OK;
}

static xs_status add_answer(const measure_settings *s, const char *name, const test_answer *a,
                            json_t *to) {
  const xs_labelled_outputs x = answer_outputs(a);
  return add_calibration(s, name, &x, to);
}

static xs_status add_scaled(const measure_settings *s, const test_answer *a, double temperature,
                            json_t *to) {
  xs_labelled_outputs x = answer_outputs(a);
  float *scaled = memory_new((size_t)(x.of.n * x.of.classes + 1) * sizeof *scaled);
  xs_temperature_apply(a->logit, x.of.n, x.of.classes, temperature, scaled);
  x.of.logit = scaled;
  xs_status status = add_calibration(s, "adapted_scaled", &x, to);
  free(scaled);
  return status;
}

/* All of it on the images that the ceiling has not learnt from, so that its parts can be compared,
 * whatever else is measured on all images.  The choice's node has fitted the temperature on
 * validation images of the source: NAN, none fits. */
xs_status calibration_json(const measure_settings *s, const pair_answers *x, json_t **out) {
  const json_t *fitted = json_object_get(x->choice, "temperature");
  const double temperature = json_is_number(fitted) ? json_number_value(fitted) : NAN;
  json_t *j = json_object();
  xs_status status = add_answer(s, "external", x->external_test, j);
  if (!status) status = add_answer(s, "adapted", x->adapted_test, j);
  if (!status) status = add_answer(s, "ceiling", x->ceiling, j);
  if (!status && temperature > 0) status = add_scaled(s, x->adapted_test, temperature, j);
  json_object_set_new(j, "temperature", number_json(temperature));
  json_object_set_new(j, "images", json_string(x->ceiling->on->what));
  if (status) json_decref(j);
  *out = status ? NULL : j;
  return status;
}
