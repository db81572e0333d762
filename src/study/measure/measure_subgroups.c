/* measure_subgroups.c: what adaptation does to parts of the target's patients. */
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "numeral.h"
#include "result_parts.h"

/* The test images of a site, divided by one attribute. */
typedef struct division {
  const char *attribute;
  const char *const *name; /* [n] of subgroups */
  int n;
  int32_t *subgroup; /* by image; n: the attribute is unknown */
} division;

enum { BANDS = 5 };
static const char *const band_name[BANDS] = {"0-17", "18-39", "40-59", "60-79", "80+"};

static int32_t band_of(const char *age) {
  static const double from[BANDS] = {0, 18, 40, 60, 80};
  const double years = numeral_read(age, NULL);
  int32_t k = BANDS - 1;
  while (k && years < from[k]) k--;
  return k;
}

static void divide(const xs_attribute *a, int64_t n, division *d) {
  const bool age = strcmp(a->name, "age") == 0;
  *d = (division){.attribute = a->name,
                  .name = age ? band_name : (const char *const *)a->level,
                  .n = age ? BANDS : a->levels,
                  .subgroup = memory_new((size_t)(n + 1) * sizeof *d->subgroup)};
  for (int64_t i = 0; i < n; i++) {
    const int32_t level = a->value[i];
    d->subgroup[i] = level < 0 ? d->n : age ? band_of(a->level[level]) : level;
  }
}

/* ---- their numbers -----------------------------------------------------------------------------
 */

/* No numbers of one with too few images. */
static json_t *subgroup_json(const division *d, int which, const xs_subgroup *x) {
  json_t *j = json_pack("{s:s, s:s?, s:I, s:I, s:n, s:n, s:n}", "attribute", d->attribute, "value",
                        which < d->n ? d->name[which] : NULL, "n", (json_int_t)x->n, "groups",
                        (json_int_t)x->groups, "external", "adapted", "gain");
  if (x->measured) {
    json_object_set_new(j, "external", measure_json(&x->a));
    json_object_set_new(j, "adapted", measure_json(&x->b));
    json_object_set_new(j, "gain", difference_json(&x->difference));
  }
  return j;
}

/* Nothing of a subgroup without images. */
static xs_status add_division(const measure_settings *s, const pair_answers *x,
                              const xs_attribute *a, json_t *list) {
  const xs_labelled_outputs external = answer_outputs(x->external);
  division d;
  divide(a, external.of.n, &d);
  xs_subgroup *found = memory_new((size_t)(d.n + 1) * sizeof *found);
  xs_status status = xs_measure_subgroups(&external, x->adapted->logit, d.subgroup, d.n + 1,
                                          s->replicates, s->seed, found);
  for (int k = 0; k <= d.n && !status; k++) {
    if (found[k].n) json_array_append_new(list, subgroup_json(&d, k, &found[k]));
  }
  free(found);
  free(d.subgroup);
  return status;
}

xs_status subgroups_json(const measure_settings *s, const pair_answers *x, json_t **out) {
  const test_set *t = x->external->on;
  xs_status status = XS_OK;
  *out = json_array();
  for (int i = 0; i < t->attributes && !status; i++) {
    status = add_division(s, x, &t->attribute[i], *out);
  }
  return status;
}
