/* test_set.c: how good a classifier is on labelled images. */
#include <math.h>
#include <stdlib.h>

#include "memory.h"
#include "study_file.h"

void test_set_make(train_set images, int classes, test_set *t) {
  size_t n = (size_t)images.n;
  *t = (test_set){.images = images, .what = "test", .classes = classes};
  t->label = memory_new((n + 1) * sizeof *t->label);
  t->group = memory_new((n + 1) * sizeof *t->group);
  for (size_t i = 0; i < n; i++) {
    t->label[i] = images.label[images.rows[i]];
    t->group[i] = images.images->group[images.rows[i]];
  }
}

void test_set_release(test_set *t) {
  train_set_release(&t->images);
  seal_attributes_release(t->attribute, t->attributes);
  free(t->label);
  free(t->group);
}

xs_labelled_outputs test_set_outputs(const test_set *t, const float *logit) {
  return (xs_labelled_outputs){
      {.n = t->images.n, .classes = t->classes, .logit = logit, .group = t->group}, t->label};
}

xs_status test_set_measure(const test_set *t, xs_classifier *c, int64_t replicates, int64_t seed,
                           float **logit, xs_measure *m) {
  int64_t n = t->images.n;
  *logit = memory_new((size_t)(n * t->classes + 1) * sizeof **logit);
  xs_status status = xs_classifier_logits(c, t->images.images, t->images.rows, n, *logit);
  if (status) return status;
  return xs_measure_classifier(*logit, t->label, t->group, n, t->classes, (int)replicates,
                               (uint64_t)seed, m);
}

json_t *number_json(double x) { return isfinite(x) ? json_real(x) : json_null(); }
json_t *per_cent_json(double x) { return number_json(PER_CENT * x); }

json_t *interval_json(xs_interval x, double unit) {
  return json_pack("{s:o, s:o, s:o}", "value", number_json(unit * x.value), "low",
                   number_json(unit * x.low), "high", number_json(unit * x.high));
}

json_t *difference_json(const xs_difference *d) {
  json_t *j = interval_json((xs_interval){d->value, d->low, d->high}, PER_CENT);
  json_object_set_new(j, "p", number_json(d->p));
  json_object_set_new(j, "interval", json_string(xs_interval_name(d->interval)));
  return j;
}

json_t *measure_json(const xs_measure *m) {
  if (!m->n) return json_null();
  json_t *j = json_object();
  json_object_set_new(j, "auc", per_cent_json(m->auc));
  json_object_set_new(j, "low", per_cent_json(m->low));
  json_object_set_new(j, "high", per_cent_json(m->high));
  json_object_set_new(j, "interval", json_string(xs_interval_name(m->interval)));
  json_object_set_new(j, "paper_mean", per_cent_json(m->paper_mean));
  json_object_set_new(j, "paper_low", per_cent_json(m->paper_low));
  json_object_set_new(j, "paper_high", per_cent_json(m->paper_high));
  json_object_set_new(j, "accuracy", per_cent_json(m->accuracy));
  json_object_set_new(j, "accuracy_low", per_cent_json(m->accuracy_low));
  json_object_set_new(j, "accuracy_high", per_cent_json(m->accuracy_high));
  json_object_set_new(j, "n", json_integer(m->n));
  json_object_set_new(j, "groups", json_integer(m->groups));
  return j;
}
