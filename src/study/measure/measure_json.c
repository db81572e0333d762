#include "measure_json.h"

#include <math.h>

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
