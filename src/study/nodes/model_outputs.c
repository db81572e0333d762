#include "model_outputs.h"

#include <stdlib.h>

#include "memory.h"

static xs_status answer(xs_classifier *c, const xs_images *images, const int64_t *rows, int64_t n,
                        bool features, xs_outputs *out) {
  size_t count = (size_t)n + 1, classes = (size_t)xs_classifier_classes(c),
         width = (size_t)xs_classifier_width(c);
  float *logit = memory_new(count * classes * sizeof *logit);
  float *feature = features ? memory_new(count * width * sizeof *feature) : NULL;
  uint64_t *group = memory_new(count * sizeof *group);
  for (int64_t i = 0; i < n; i++) group[i] = images->group[rows[i]];
  *out = (xs_outputs){.n = n,
                      .classes = (int)classes,
                      .width = (int)width,
                      .logit = logit,
                      .feature = feature,
                      .group = group};
  return xs_classifier_features(c, images, rows, n, logit, feature);
}

static void release(xs_outputs *out) {
  free((void *)(uintptr_t)out->logit);
  free((void *)(uintptr_t)out->feature);
  free((void *)(uintptr_t)out->group);
}

xs_status outputs_open(xs_classifier *c, const train_set *set, bool features,
                       xs_labelled_outputs *out) {
  int32_t *label = memory_new((size_t)(set->n + 1) * sizeof *label);
  for (int64_t i = 0; i < set->n; i++) label[i] = set->label[set->rows[i]];
  *out = (xs_labelled_outputs){.label = label};
  return answer(c, set->images, set->rows, set->n, features, &out->of);
}

xs_status outputs_of_model(const char *model, const train_set *set, xs_labelled_outputs *out) {
  xs_classifier *c = NULL;
  xs_status status = xs_classifier_load(model, &c);
  if (!status) status = outputs_open(c, set, false, out);
  xs_classifier_free(c);
  return status;
}

void outputs_release(xs_labelled_outputs *out) {
  release(&out->of);
  free((void *)(uintptr_t)out->label);
}

xs_status answers_open(const char *model, const xs_images *target, const int64_t *rows, int64_t n,
                       const train_set *source, bool features, answers *a) {
  xs_classifier *c = NULL;
  *a = (answers){0};
  xs_status status = xs_classifier_load(model, &c);
  if (!status) status = answer(c, target, rows, n, features, &a->target);
  if (!status) status = outputs_open(c, source, features, &a->source);
  xs_classifier_free(c);
  return status;
}

void answers_release(answers *a) {
  release(&a->target);
  outputs_release(&a->source);
}
