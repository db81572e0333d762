#include "answers.h"

#include <stdlib.h>

#include "file.h"

static xs_status answer(xs_classifier *c, const xs_images *images, const int64_t *rows, int64_t n,
                        xs_outputs *out) {
  int classes = xs_classifier_classes(c);
  float *logit = memory_new((size_t)(n * classes + 1) * sizeof *logit);
  uint64_t *group = memory_new((size_t)(n + 1) * sizeof *group);
  for (int64_t i = 0; i < n; i++) group[i] = images->group[rows[i]];
  *out = (xs_outputs){.n = n, .classes = classes, .logit = logit, .group = group};
  return xs_classifier_logits(c, images, rows, n, logit);
}

static void release(xs_outputs *out) {
  free((void *)(uintptr_t)out->logit);
  free((void *)(uintptr_t)out->group);
}

xs_status outputs_open(xs_classifier *c, const train_set *set, xs_labelled_outputs *out) {
  int32_t *label = memory_new((size_t)(set->n + 1) * sizeof *label);
  for (int64_t i = 0; i < set->n; i++) label[i] = set->label[set->rows[i]];
  *out = (xs_labelled_outputs){.label = label};
  return answer(c, set->images, set->rows, set->n, &out->of);
}

void outputs_release(xs_labelled_outputs *out) {
  release(&out->of);
  free((void *)(uintptr_t)out->label);
}

xs_status answers_open(const char *model, const xs_images *target, const int64_t *rows, int64_t n,
                       const train_set *source, answers *a) {
  xs_classifier *c = NULL;
  *a = (answers){0};
  xs_status status = xs_classifier_load(model, &c);
  if (!status) status = answer(c, target, rows, n, &a->target);
  if (!status) status = outputs_open(c, source, &a->source);
  xs_classifier_free(c);
  return status;
}

void answers_release(answers *a) {
  release(&a->target);
  outputs_release(&a->source);
}
