/* measure_subgroups.c: what adaptation does to parts of the target's patients. */
#include <stdlib.h>
#include <string.h>

#include "group_count.h"
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

/* ---- one subgroup ------------------------------------------------------------------------------
 */

/* Places [*n] of its images in the test set; allocated. */
static int64_t *rows_of(const division *d, int32_t subgroup, int64_t images, int64_t *n) {
  int64_t *row = memory_new((size_t)(images + 1) * sizeof *row);
  *n = 0;
  for (int64_t i = 0; i < images; i++) {
    if (d->subgroup[i] == subgroup) row[(*n)++] = i;
  }
  return row;
}

static test_answer answer_part(const test_answer *a, const int64_t *row, const test_set *part) {
  const size_t classes = (size_t)part->classes, bytes = classes * sizeof(float);
  test_answer answer = {.on = part, .logit = memory_new((size_t)(part->n + 1) * bytes)};
  for (int64_t i = 0; i < part->n; i++) {
    memcpy(answer.logit + (size_t)i * classes, a->logit + (size_t)row[i] * classes, bytes);
  }
  return answer;
}

static int64_t count_groups(const test_set *m) {
  uint64_t *key = memory_new((size_t)(m->n + 1) * sizeof *key);
  memcpy(key, m->group, (size_t)m->n * sizeof *key);
  const int64_t groups = group_count(key, m->n);
  free(key);
  return groups;
}

static bool has_enough(const test_set *m, int64_t groups) {
  bool enough = groups >= XS_SUBGROUP_FEWEST;
  for (int k = 0; k < m->classes; k++) {
    int64_t images = 0;
    for (int64_t i = 0; i < m->n; i++) images += m->label[i] == k;
    enough = enough && images >= XS_SUBGROUP_FEWEST;
  }
  return enough;
}

static xs_status measure_part(const measure_settings *s, const pair_answers *x, const int64_t *row,
                              const test_set *part, json_t *j) {
  test_answer before = answer_part(x->external, row, part),
              after = answer_part(x->adapted, row, part);
  xs_difference gain;
  xs_status status = answer_measure(s, &before);
  if (!status) status = answer_measure(s, &after);
  if (!status) status = answer_difference(s, &before, &after, &gain);
  if (!status) {
    json_object_set_new(j, "external", measure_json(&before.measure));
    json_object_set_new(j, "adapted", measure_json(&after.measure));
    json_object_set_new(j, "gain", difference_json(&gain));
  }
  answer_release(&before);
  answer_release(&after);
  return status;
}

/* Nothing of a subgroup without images; no numbers of one with too few. */
static xs_status add_subgroup(const measure_settings *s, const pair_answers *x, const division *d,
                              int32_t subgroup, json_t *list) {
  const test_set *t = x->external->on;
  int64_t n, *row = rows_of(d, subgroup, t->n, &n);
  test_set part = test_set_of(t->site, t->classes, t->label, t->group, row, n);
  const int64_t groups = count_groups(&part);
  xs_status status = XS_OK;
  if (n) {
    json_t *j = json_pack("{s:s, s:s?, s:I, s:I, s:n, s:n, s:n}", "attribute", d->attribute,
                          "value", subgroup < d->n ? d->name[subgroup] : NULL, "n", (json_int_t)n,
                          "groups", (json_int_t)groups, "external", "adapted", "gain");
    json_array_append_new(list, j);
    if (has_enough(&part, groups)) status = measure_part(s, x, row, &part, j);
  }
  test_set_release(&part);
  free(row);
  return status;
}

static xs_status add_division(const measure_settings *s, const pair_answers *x,
                              const xs_attribute *a, json_t *list) {
  xs_status status = XS_OK;
  division d;
  divide(a, x->external->on->n, &d);
  for (int32_t k = 0; k <= d.n && !status; k++) status = add_subgroup(s, x, &d, k, list);
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
