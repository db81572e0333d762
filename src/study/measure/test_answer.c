/* test_answer.c: how good a classifier is on labelled images. */
#include <math.h>
#include <stdlib.h>

#include "memory.h"
#include "result_parts.h"

test_set test_set_of(const char *site, int classes, const int32_t *label, const uint64_t *group,
                     const int64_t *rows, int64_t n) {
  test_set t = {.site = site, .what = "test", .n = n, .classes = classes};
  t.label = memory_new((size_t)(n + 1) * sizeof *t.label);
  t.group = memory_new((size_t)(n + 1) * sizeof *t.group);
  for (int64_t i = 0; i < n; i++) {
    t.label[i] = label[rows[i]];
    t.group[i] = group[rows[i]];
  }
  return t;
}

void test_set_release(test_set *t) {
  free(t->label);
  free(t->group);
}

xs_status answer_measure(const measure_settings *s, test_answer *a) {
  const test_set *t = a->on;
  return xs_measure_classifier(a->logit, t->label, t->group, t->n, t->classes, s->replicates,
                               s->seed, &a->measure);
}

xs_status answer_difference(const measure_settings *s, const test_answer *a, const test_answer *b,
                            xs_difference *d) {
  const test_set *t = a->on;
  return xs_measure_difference(a->logit, b->logit, t->label, t->group, t->n, t->classes,
                               s->replicates, s->seed, d);
}

xs_status answer_replicates(const measure_settings *s, test_answer *a, const double **replicate) {
  const xs_labelled_outputs x = answer_outputs(a);
  xs_status status = XS_OK;
  if (!a->replicate) {
    a->replicate = memory_new((size_t)s->replicates * sizeof *a->replicate);
    status = xs_auc_replicates(&x, s->replicates, s->seed, a->replicate);
  }
  *replicate = status ? NULL : a->replicate;
  return status;
}

void answer_release(test_answer *a) {
  free(a->logit);
  free(a->replicate);
}

xs_labelled_outputs answer_outputs(const test_answer *a) {
  const test_set *t = a->on;
  return (xs_labelled_outputs){
      {.n = t->n, .classes = t->classes, .logit = a->logit, .group = t->group}, t->label};
}

double answer_auc(const test_answer *a) { return a ? a->measure.auc : NAN; }

json_t *answer_json(const test_answer *a) {
  json_t *j = a ? measure_json(&a->measure) : json_null();
  if (json_is_object(j)) json_object_set_new(j, "images", json_string(a->on->what));
  return j;
}
