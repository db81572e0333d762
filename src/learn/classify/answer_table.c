#include "answer_table.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "error.h"
#include "memory.h"
#include "text.h"

void answer_softmax(const float *logit, int n, double temperature, double *p) {
  double top = (double)logit[0], sum = 0;
  for (int i = 1; i < n; i++) top = fmax(top, (double)logit[i]);
  for (int i = 0; i < n; i++) sum += p[i] = exp(((double)logit[i] - top) / temperature);
  for (int i = 0; i < n; i++) p[i] /= sum;
}

static void put_names(csv_writer *f, const answer_columns *a, const char *kind) {
  for (int k = 0; k < xs_classifier_classes(a->classifier); k++) {
    char *name =
        text_format("%s%s_%s", a->prefix, kind, xs_classifier_class_name(a->classifier, k));
    csv_text(f, name);
    free(name);
  }
}

void answer_put_names(csv_writer *f, const answer_columns *a) {
  put_names(f, a, "logit");
  put_names(f, a, "p");
  put_names(f, a, "calibrated");
  csv_plain(f, "%sdecision", a->prefix);
}

/* So many empty cells. */
static void put_none(csv_writer *f, int n) {
  for (int i = 0; i < n; i++) csv_text(f, NULL);
}

static void put_probabilities(csv_writer *f, const float *logit, int n, double temperature) {
  double *p = memory_new((size_t)n * sizeof *p);
  answer_softmax(logit, n, temperature, p);
  for (int k = 0; k < n; k++) csv_plain(f, "%.9g", p[k]);
  free(p);
}

void answer_put(csv_writer *f, const answer_columns *a, const float *logit) {
  const int n = xs_classifier_classes(a->classifier);
  const double temperature = xs_classifier_temperature(a->classifier);
  if (!logit) {
    put_none(f, 3 * n + 1);
    return;
  }
  for (int k = 0; k < n; k++) csv_plain(f, "%.9g", (double)logit[k]);
  put_probabilities(f, logit, n, 1);
  if (isfinite(temperature)) {
    put_probabilities(f, logit, n, temperature);
  } else {
    put_none(f, n);
  }
  const int class = xs_decide(a->decision, logit, n);
  csv_text(f, class >= 0 ? xs_classifier_class_name(a->classifier, class) : NULL);
}

void answer_put_image(csv_writer *f, const char *image, const char *patient, const char *split,
                      const char *label) {
  const char *const cell[] = {image, patient, split, label};
  for (int i = 0; i < 4; i++) csv_text(f, cell[i]);
}

void answer_put_row(csv_writer *f, const xs_images *x, char *const *patient, int64_t row, int side,
                    const char *label) {
  static const char *const name[] = {
      [XS_TRAIN] = "train", [XS_VALIDATION] = "validation", [XS_TEST] = "test"};
  char *number = text_format("%" PRId64, row);
  answer_put_image(f, x->file ? x->file[row] : number, patient ? patient[row] : NULL, name[side],
                   label);
  free(number);
}

xs_status answer_sides(const xs_site *s, split_rule rule, uint8_t **side) {
  const int32_t *label = site_is_labelled(s) ? s->label : NULL;
  xs_status status = XS_OK;
  *side = memory_new((size_t)s->images.n + 1);
  for (int k = XS_TRAIN; k <= XS_TEST && !status; k++) {
    int64_t *rows = NULL, n = 0;
    status = xs_split_labelled(&s->images, label, s->classes, rule.seed, rule.by_image, rule.fold,
                               (xs_split)k, &rows, &n);
    for (int64_t i = 0; i < n; i++) (*side)[rows[i]] = (uint8_t)k;
    free(rows);
  }
  return status;
}

xs_status xs_probabilities(const float *logit, int64_t n, int classes, double temperature,
                           double *probability) {
  if (!(temperature > 0 && isfinite(temperature))) {
    return (xs_status)fail(XS_USAGE,
                           "probabilities: the temperature is %g; it must be above 0: a "
                           "classifier whose file has none is not calibrated",
                           temperature);
  }
  for (int64_t i = 0; i < n; i++) {
    answer_softmax(logit + i * classes, classes, temperature, probability + i * classes);
  }
  return XS_OK;
}
