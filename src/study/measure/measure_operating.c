/* measure_operating.c: a threshold that finds enough of a class at the source, carried to the
 * target. */
#include <string.h>

#include "error.h"
#include "result_parts.h"

static json_t *rates_json(const xs_rate *sensitivity, const xs_rate *specificity) {
  return json_pack("{s:o, s:o}", "sensitivity", interval_json(sensitivity->bootstrap, PER_CENT),
                   "specificity", interval_json(specificity->bootstrap, PER_CENT));
}

static int positive_class(const measure_settings *s, const pair_answers *x) {
  int k = 0;
  while (strcmp(x->class_name[k], s->positive) != 0) k++;
  return k;
}

static xs_status carry(const measure_settings *s, const pair_answers *x,
                       const xs_labelled_outputs *chosen, const test_answer *a,
                       xs_operating_point *p) {
  const xs_labelled_outputs carried = answer_outputs(a);
  return xs_operating_point_carry(chosen, &carried, positive_class(s, x), s->sensitivity,
                                  s->replicates, s->seed, p);
}

/* The adapted classifier has a threshold of its own.  None where a classifier that labels a third
 * site for it never says the class there. */
static json_t *adapted_json(const measure_settings *s, const pair_answers *x) {
  xs_operating_point p;
  if (carry(s, x, &x->adapted_source, x->adapted, &p)) {
    return json_pack("{s:s}", "unknown", fail_message());
  }
  json_t *j = rates_json(&p.carried_sensitivity, &p.carried_specificity);
  json_object_set_new(j, "threshold", number_json(p.threshold));
  json_object_set_new(j, "source", rates_json(&p.chosen_sensitivity, &p.chosen_specificity));
  return j;
}

xs_status operating_json(const measure_settings *s, const pair_answers *x, json_t **out) {
  xs_operating_point p;
  xs_status status = carry(s, x, &x->external_source, x->external, &p);
  *out = NULL;
  if (status) return status;
  *out = json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "positive", s->positive, "wanted",
                   per_cent_json(s->sensitivity), "threshold", number_json(p.threshold), "source",
                   rates_json(&p.chosen_sensitivity, &p.chosen_specificity), "external",
                   rates_json(&p.carried_sensitivity, &p.carried_specificity), "adapted",
                   adapted_json(s, x));
  return XS_OK;
}
