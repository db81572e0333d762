/* test_set.c: how good a classifier is on labelled images. */
#include <math.h>
#include <stdlib.h>

#include "file.h"
#include "study.h"

xs_status test_set_open(const xs_site *s, split_rule rule, xs_split which, test_set *t) {
  *t = (test_set){.site = s};
  xs_status status = train_set_open(s, rule, which, &t->images);
  t->label = memory_new((size_t)(t->images.n + 1) * sizeof *t->label);
  t->group = memory_new((size_t)(t->images.n + 1) * sizeof *t->group);
  for (int64_t i = 0; i < t->images.n; i++) {
    t->label[i] = s->label[t->images.rows[i]];
    t->group[i] = s->images.group[t->images.rows[i]];
  }
  return status;
}

void test_set_release(test_set *t) {
  train_set_release(&t->images);
  free(t->label);
  free(t->group);
}

xs_status test_set_measure(const test_set *t, xs_classifier *c, int64_t replicates, int64_t seed,
                           float **logit, xs_measure *m) {
  int64_t n = t->images.n;
  *logit = memory_new((size_t)(n * t->site->classes + 1) * sizeof **logit);
  xs_status status = xs_classifier_logits(c, t->images.images, t->images.rows, n, *logit);
  if (status) return status;
  return xs_measure_classifier(*logit, t->label, t->group, n, t->site->classes, (int)replicates,
                               (uint64_t)seed, m);
}

json_t *number_json(double x) { return isfinite(x) ? json_real(x) : json_null(); }
json_t *per_cent_json(double x) { return number_json(100 * x); }

json_t *measure_json(const xs_measure *m) {
  if (!m->n) return json_null();
  json_t *j = json_object();
  json_object_set_new(j, "auc", per_cent_json(m->auc));
  json_object_set_new(j, "low", per_cent_json(m->low));
  json_object_set_new(j, "high", per_cent_json(m->high));
  json_object_set_new(j, "paper_mean", per_cent_json(m->paper_mean));
  json_object_set_new(j, "paper_low", per_cent_json(m->paper_low));
  json_object_set_new(j, "paper_high", per_cent_json(m->paper_high));
  json_object_set_new(j, "accuracy", per_cent_json(m->accuracy));
  json_object_set_new(j, "n", json_integer(m->n));
  json_object_set_new(j, "groups", json_integer(m->groups));
  return j;
}
