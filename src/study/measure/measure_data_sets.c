/* measure_data_sets.c: the tables of data sets that papers have: images, patients, classes, sex,
 * age and view of each site and side, and a one-way ANOVA of each over the sites. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data_sets.h"
#include "error.h"
#include "group_count.h"
#include "measure_json.h"
#include "memory.h"
#include "numeral.h"
#include "sort.h"

static bool is_number(const char *characteristic) { return strcmp(characteristic, AGE) == 0; }

/* ---- counts -------------------------------------------------------------------------------------
 */

static bool is_on(const data_set *x, xs_split side, int64_t i) {
  return side == XS_ALL || x->side[i] == side;
}

static json_t *age_json(const data_set *x, const xs_attribute *a, xs_split side) {
  double *years = memory_new((size_t)(x->n + 1) * sizeof *years), mean = 0, square = 0;
  int64_t n = 0;
  for (int64_t i = 0; i < x->n; i++) {
    if (is_on(x, side, i) && a->value[i] >= 0) {
      years[n++] = numeral_read(a->level[a->value[i]], NULL);
    }
  }
  for (int64_t i = 0; i < n; i++) mean += years[i] / (double)n;
  for (int64_t i = 0; i < n; i++) square += (years[i] - mean) * (years[i] - mean);
  free(years);
  return json_pack("{s:s, s:I, s:o, s:o}", "name", a->name, "known", (json_int_t)n, "mean",
                   number_json(n ? mean : NAN), "deviation",
                   number_json(n > 1 ? sqrt(square / (double)(n - 1)) : NAN));
}

static json_t *levels_json(const data_set *x, const xs_attribute *a, xs_split side) {
  int64_t *count = memory_new((size_t)(a->levels + 1) * sizeof *count), known = 0;
  json_t *list = json_array();
  for (int64_t i = 0; i < x->n; i++) {
    if (is_on(x, side, i) && a->value[i] >= 0) count[a->value[i]]++;
  }
  for (int k = 0; k < a->levels; k++) {
    known += count[k];
    json_array_append_new(
        list, json_pack("{s:s, s:I}", "value", a->level[k], "images", (json_int_t)count[k]));
  }
  free(count);
  return json_pack("{s:s, s:I, s:o}", "name", a->name, "known", (json_int_t)known, "levels", list);
}

static json_t *side_json(const data_set *x, xs_split side) {
  static const char *const name[] = {
      [XS_TRAIN] = "train", [XS_VALIDATION] = "validation", [XS_TEST] = "test", [XS_ALL] = "all"};
  uint64_t *key = memory_new((size_t)(x->n + 1) * sizeof *key);
  json_t *list = json_array();
  int64_t images = 0;
  for (int64_t i = 0; i < x->n; i++) {
    if (is_on(x, side, i)) key[images++] = x->group[i];
  }
  for (int k = 0; k < x->characteristics; k++) {
    const xs_attribute *a = &x->known[k];
    json_array_append_new(list,
                          is_number(a->name) ? age_json(x, a, side) : levels_json(x, a, side));
  }
  json_t *j = json_pack("{s:s, s:I, s:I, s:o}", "side", name[side], "images", (json_int_t)images,
                        "groups", (json_int_t)group_count(key, images), "characteristics", list);
  free(key);
  return j;
}

static json_t *site_json(const data_set *x) {
  json_t *sides = json_array();
  for (int k = XS_TRAIN; k <= XS_ALL; k++) json_array_append_new(sides, side_json(x, (xs_split)k));
  return json_pack("{s:s, s:o}", "site", x->site, "sides", sides);
}

/* ---- one value a patient ------------------------------------------------------------------------
 */

/* What is compared: ages, or whether an image has a level. */
typedef struct question {
  const char *name, *level; /* level NULL: of a number */
} question;

typedef struct answered {
  uint64_t group;
  double value;
} answered;

static int compare_answers(const void *a, const void *b) {
  const answered *x = a, *y = b;
  if (x->group != y->group) return x->group < y->group ? -1 : 1;
  return (x->value > y->value) - (x->value < y->value); /* equal ones are alike */
}

static const xs_attribute *find(const data_set *x, const char *name) {
  for (int i = 0; i < x->characteristics; i++) {
    if (strcmp(x->known[i].name, name) == 0) return &x->known[i];
  }
  return NULL;
}

static bool has_level(const xs_attribute *a, const char *level) {
  for (int i = 0; i < a->levels; i++) {
    if (strcmp(a->level[i], level) == 0) return true;
  }
  return false;
}

/* By group; *n images. */
static answered *answer(const data_set *x, const question *q, int64_t *n) {
  const xs_attribute *a = find(x, q->name);
  answered *image = memory_new((size_t)(x->n + 1) * sizeof *image);
  *n = 0;
  for (int64_t i = 0; i < x->n && a; i++) {
    if (a->value[i] < 0) continue;
    const char *level = a->level[a->value[i]];
    image[(*n)++] = (answered){x->group[i],
                               q->level ? strcmp(level, q->level) == 0 : numeral_read(level, NULL)};
  }
  qsort(image, (size_t)*n, sizeof *image, compare_answers);
  return image;
}

/* The mean of each patient's images into value; how many patients. */
static int64_t answer_patients(const data_set *x, const question *q, double *value) {
  int64_t n, groups = 0;
  answered *image = answer(x, q, &n);
  for (int64_t i = 0, end; i < n; i = end) {
    double sum = 0;
    for (end = i; end < n && image[end].group == image[i].group; end++) sum += image[end].value;
    value[groups++] = sum / (double)(end - i);
  }
  free(image);
  return groups;
}

/* ---- ANOVA --------------------------------------------------------------------------------------
 */

typedef struct samples {
  double *value; /* of one site after the other */
  int64_t *size; /* [n], of sites where something is known */
  json_t *site;  /* [n] */
  int n;
} samples;

static double mean_of(const double *value, int64_t n) {
  double sum = 0;
  for (int64_t i = 0; i < n; i++) sum += value[i];
  return sum / (double)n;
}

static samples collect(const data_set *x, int n, const question *q) {
  int64_t images = 0;
  for (int i = 0; i < n; i++) images += x[i].n;
  samples s = {.value = memory_new((size_t)(images + 1) * sizeof *s.value),
               .size = memory_new((size_t)n * sizeof *s.size),
               .site = json_array()};
  double *to = s.value;
  for (int i = 0; i < n; i++) {
    const int64_t groups = answer_patients(&x[i], q, to);
    if (!groups) continue;
    json_array_append_new(s.site,
                          json_pack("{s:s, s:I, s:o}", "site", x[i].site, "groups",
                                    (json_int_t)groups, "mean", number_json(mean_of(to, groups))));
    s.size[s.n++] = groups;
    to += groups;
  }
  return s;
}

/* Nothing where fewer than two sites know it. */
static void add_test(const data_set *x, int n, const question *q, json_t *list) {
  samples s = collect(x, n, q);
  if (s.n > 1) {
    xs_anova a;
    const bool tested = !xs_anova_test(s.value, s.size, s.n, &a);
    json_t *j = json_pack("{s:s, s:s?, s:O, s:o, s:I, s:I, s:o}", "name", q->name, "value",
                          q->level, "sites", s.site, "f", number_json(tested ? a.f : NAN),
                          "between", (json_int_t)a.between, "within", (json_int_t)a.within, "p",
                          number_json(tested ? a.p : NAN));
    if (!tested) json_object_set_new(j, "unknown", json_string(fail_message()));
    json_array_append_new(list, j);
  }
  json_decref(s.site);
  free(s.size);
  free(s.value);
}

/* Whether a site before x[i] has the characteristic, and the level unless it is NULL. */
static bool was_asked(const data_set *x, int i, const char *name, const char *level) {
  for (int k = 0; k < i; k++) {
    const xs_attribute *a = find(&x[k], name);
    if (a && (!level || has_level(a, level))) return true;
  }
  return false;
}

/* Each level of each characteristic once. */
static void add_tests(const data_set *x, int n, int i, const xs_attribute *a, json_t *list) {
  if (is_number(a->name)) {
    if (!was_asked(x, i, a->name, NULL)) add_test(x, n, &(question){a->name, NULL}, list);
    return;
  }
  for (int k = 0; k < a->levels; k++) {
    const question q = {a->name, a->level[k]};
    if (!was_asked(x, i, a->name, a->level[k])) add_test(x, n, &q, list);
  }
}

static json_t *anova_json(const data_set *x, int n) {
  json_t *list = json_array();
  for (int i = 0; i < n; i++) {
    for (int k = 0; k < x[i].characteristics; k++) add_tests(x, n, i, &x[i].known[k], list);
  }
  return list;
}

/* ---- all ----------------------------------------------------------------------------------------
 */

/* The groups of a site behind *n keys, each once. */
static void add_groups(const data_set *x, uint64_t *key, int64_t *n) {
  uint64_t *own = key + *n;
  memcpy(own, x->group, (size_t)x->n * sizeof *own);
  sort_keys(own, x->n);
  int64_t k = 0;
  for (int64_t i = 0; i < x->n; i++) {
    if (!k || own[i] != own[k - 1]) own[k++] = own[i];
  }
  *n += k;
}

/* How many groups are at more than one site. */
static int64_t count_shared(const data_set *x, int n) {
  int64_t images = 0, keys = 0, shared = 0;
  for (int i = 0; i < n; i++) images += x[i].n;
  uint64_t *key = memory_new((size_t)(images + 1) * sizeof *key);
  for (int i = 0; i < n; i++) add_groups(&x[i], key, &keys);
  sort_keys(key, keys);
  for (int64_t i = 0, end; i < keys; i = end) {
    for (end = i; end < keys && key[end] == key[i]; end++) continue;
    shared += end - i > 1;
  }
  free(key);
  return shared;
}

json_t *data_sets_json(const data_set *x, int n) {
  json_t *sites = json_array();
  for (int i = 0; i < n; i++) json_array_append_new(sites, site_json(&x[i]));
  return json_pack("{s:o, s:I, s:o}", "sites", sites, "shared_groups",
                   (json_int_t)count_shared(x, n), "anova", anova_json(x, n));
}
