/* measure_subgroups.c: what adaptation does to parts of the target's patients. */
#include <stdlib.h>
#include <string.h>

#include "group_count.h"
#include "measure.h"
#include "memory.h"
#include "numeral.h"

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

/* ---- one subgroup ------------------------------------------------------------------------------
 */

typedef struct members {
  int64_t n;
  int classes;
  float *external, *adapted; /* [n][classes] logits */
  int32_t *label;            /* [n] */
  uint64_t *group;           /* [n] */
} members;

static void gather(const test_set *t, const pair_answers *x, const division *d, int32_t subgroup,
                   members *m) {
  const size_t n = (size_t)t->n + 1, classes = (size_t)t->classes;
  *m = (members){.classes = t->classes,
                 .external = memory_new(n * classes * sizeof(float)),
                 .adapted = memory_new(n * classes * sizeof(float)),
                 .label = memory_new(n * sizeof(int32_t)),
                 .group = memory_new(n * sizeof(uint64_t))};
  for (int64_t i = 0; i < t->n; i++) {
    const size_t from = (size_t)i * classes, to = (size_t)m->n * classes;
    if (d->subgroup[i] != subgroup) continue;
    memcpy(m->external + to, x->external->logit + from, classes * sizeof(float));
    memcpy(m->adapted + to, x->adapted->logit + from, classes * sizeof(float));
    m->label[m->n] = t->label[i];
    m->group[m->n++] = t->group[i];
  }
}

static void release(members *m) {
  free(m->external);
  free(m->adapted);
  free(m->label);
  free(m->group);
}

static int64_t count_groups(const members *m) {
  uint64_t *key = memory_new((size_t)(m->n + 1) * sizeof *key);
  memcpy(key, m->group, (size_t)m->n * sizeof *key);
  const int64_t groups = group_count(key, m->n);
  free(key);
  return groups;
}

static bool has_enough(const members *m, int64_t groups) {
  bool enough = groups >= XS_SUBGROUP_FEWEST;
  for (int k = 0; k < m->classes; k++) {
    int64_t images = 0;
    for (int64_t i = 0; i < m->n; i++) images += m->label[i] == k;
    enough = enough && images >= XS_SUBGROUP_FEWEST;
  }
  return enough;
}

static xs_status measure_one(const measure_settings *s, const members *m, const float *logit,
                             json_t *j, const char *name) {
  xs_measure measure;
  xs_status status = xs_measure_classifier(logit, m->label, m->group, m->n, m->classes,
                                           s->replicates, s->seed, &measure);
  if (!status) json_object_set_new(j, name, measure_json(&measure));
  return status;
}

static xs_status measure_members(const measure_settings *s, const members *m, json_t *j) {
  xs_difference gain;
  xs_status status = measure_one(s, m, m->external, j, "external");
  if (!status) status = measure_one(s, m, m->adapted, j, "adapted");
  if (!status) {
    status = xs_measure_difference(m->external, m->adapted, m->label, m->group, m->n, m->classes,
                                   s->replicates, s->seed, &gain);
  }
  if (!status) json_object_set_new(j, "gain", difference_json(&gain));
  return status;
}

/* Nothing of a subgroup without images; no numbers of one with too few. */
static xs_status add_subgroup(const measure_settings *s, const division *d, int32_t subgroup,
                              const members *m, json_t *list) {
  const int64_t groups = count_groups(m);
  if (!m->n) return XS_OK;
  json_t *j = json_pack("{s:s, s:s?, s:I, s:I, s:n, s:n, s:n}", "attribute", d->attribute, "value",
                        subgroup < d->n ? d->name[subgroup] : NULL, "n", (json_int_t)m->n, "groups",
                        (json_int_t)groups, "external", "adapted", "gain");
  json_array_append_new(list, j);
  return has_enough(m, groups) ? measure_members(s, m, j) : XS_OK;
}

static xs_status add_division(const measure_settings *s, const pair_answers *x,
                              const xs_attribute *a, json_t *list) {
  const test_set *t = x->external->on;
  xs_status status = XS_OK;
  division d;
  divide(a, t->n, &d);
  for (int32_t k = 0; k <= d.n && !status; k++) {
    members m;
    gather(t, x, &d, k, &m);
    status = add_subgroup(s, &d, k, &m, list);
    release(&m);
  }
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
