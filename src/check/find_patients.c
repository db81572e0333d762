/* A patient on two sides of a split, at two sites, or under two writings of one number. */
#include <stdlib.h>
#include <string.h>

#include "data_check.h"
#include "memory.h"
#include "number_ids.h"
#include "text.h"

static const char *side_name(const check *c, const image_stats *s) {
  return s->side < 0 ? "" : c->site[s->site].side[s->side];
}

static int compare_patients(const void *a, const void *b) {
  const image_stats *p = *(const image_stats *const *)a, *q = *(const image_stats *const *)b;
  const int order = strcmp(p->patient, q->patient);
  return order ? order : (p > q) - (p < q);
}

/* Samples of which `wanted` is true, in order; allocated. */
static const image_stats **sorted(const check *c, bool (*wanted)(const image_stats *s),
                                  int (*compare)(const void *, const void *), int64_t *n) {
  const image_stats **all = memory_new(sizeof *all * (size_t)c->n);
  *n = 0;
  for (int64_t i = 0; i < c->n; i++) {
    if (wanted(&c->sample[i])) all[(*n)++] = &c->sample[i];
  }
  if (*n) qsort(all, (size_t)*n, sizeof *all, compare);
  return all;
}

/* ---- sides ----------------------------------------------------------------------------------- */

static bool has_side(const image_stats *s) { return s->side >= 0; }

static bool sides_differ(const check *c, const image_stats *const *s, int64_t n) {
  for (int64_t i = 1; i < n; i++) {
    if (strcmp(side_name(c, s[0]), side_name(c, s[i])) != 0) return true;
  }
  return false;
}

static void show(const check *c, json_t *finding, const image_stats *const *s, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    finding_image(c, finding, s[i] - c->sample,
                  text_format("patient %s, %s", s[i]->patient ? s[i]->patient : "unknown",
                              side_name(c, s[i])));
  }
}

static void check_sides(check *c) {
  int64_t n, patients = 0;
  const image_stats **s = sorted(c, has_side, image_stats_compare_groups, &n);
  json_t *f = NULL;
  for (int64_t from = 0, to; from < n; from = to) {
    for (to = from + 1; to < n && s[to]->group == s[from]->group;) to++;
    if (!sides_differ(c, s + from, to - from)) continue;
    if (!patients++) {
      f = finding_add(c, "patients", CHECK_FAULT, NULL, 0, text_copy(""),
                      "Split by patient: name the patient's column as group_column, keep split_by "
                      "group, or correct the official split.");
    }
    show(c, f, s + from, to - from);
  }
  if (f) {
    char *text = text_format("%lld patient%s on more than one side of the split %s.",
                             (long long)patients, patients == 1 ? " is" : "s are",
                             c->o->split_column     ? "of the column"
                             : check_by_image(c->o) ? "by image"
                                                    : "drawn from the seed");
    json_object_set_new(f, "text", json_string(text));
    json_object_set_new(f, "count", json_integer((json_int_t)patients));
    free(text);
  }
  free(s);
}

/* ---- sites ----------------------------------------------------------------------------------- */

static bool has_patient(const image_stats *s) { return s->patient != NULL; }

static void check_sites(check *c) {
  int64_t n, ids = 0;
  const image_stats **s = sorted(c, has_patient, compare_patients, &n);
  json_t *f = NULL;
  for (int64_t from = 0, to; from < n; from = to) {
    bool apart = false; /* at two sites that do not share their groups */
    for (to = from + 1; to < n && !strcmp(s[to]->patient, s[from]->patient); to++) {
      apart = apart || (s[to]->site != s[from]->site && s[to]->group != s[from]->group);
    }
    if (!apart) continue;
    if (!ids++) {
      f = finding_add(c, "patient-ids", CHECK_FAULT, NULL, 0, text_copy(""),
                      "If equal ids are the same people, give the sites one group_prefix, so that "
                      "no split separates them; if it is chance, --accept patient-ids.");
    }
    show(c, f, s + from, to - from);
  }
  if (f) {
    char *text = text_format("%lld patient id%s at more than one site, and the sites do not share "
                             "their groups.",
                             (long long)ids, ids == 1 ? " is" : "s are");
    json_object_set_new(f, "text", json_string(text));
    json_object_set_new(f, "count", json_integer((json_int_t)ids));
    free(text);
  }
  free(s);
}

/* ---- ids that lost their zeros --------------------------------------------------------------- */

typedef struct numbered {
  int64_t set, image;
} numbered;

static int compare_numbered(const void *a, const void *b) {
  const numbered *p = a, *q = b;
  if (p->set != q->set) return p->set < q->set ? -1 : 1;
  return (p->image > q->image) - (p->image < q->image);
}

static void show_numbered(check *c, const numbered *x, int64_t n, int64_t numbers) {
  json_t *f = finding_add(
      c, "patient-numbers", CHECK_FAULT, NULL, numbers,
      text_format("%lld patient id%s one number in several writings, as 61, 00000061 and 61.0 are: "
                  "they are taken as different patients, whom a split may part.",
                  (long long)numbers, numbers == 1 ? " is" : "s are"),
      "A spreadsheet takes zeros away and puts points in. Write the ids alike in all label files, "
      "as "
      "texts; if they are different people, --accept patient-numbers.");
  for (int64_t i = 0; i < n; i++) {
    const image_stats *s = &c->sample[x[i].image];
    finding_image(c, f, x[i].image,
                  text_format("number %lld, patient %s", (long long)x[i].set + 1, s->patient));
  }
}

static void check_numbers(check *c) {
  const char **id = memory_new(sizeof *id * (size_t)(c->n + 1));
  int64_t *set = memory_new(sizeof *set * (size_t)(c->n + 1)), n = 0;
  numbered *x = memory_new(sizeof *x * (size_t)(c->n + 1));
  for (int64_t i = 0; i < c->n; i++) id[i] = c->sample[i].patient;
  const int64_t numbers = number_ids_find(id, c->n, set);
  for (int64_t i = 0; i < c->n; i++) {
    if (set[i] >= 0) x[n++] = (numbered){set[i], i};
  }
  if (n) qsort(x, (size_t)n, sizeof *x, compare_numbered);
  if (numbers) show_numbered(c, x, n, numbers);
  free(x);
  free(set);
  free(id);
}

int find_patients(check *c) {
  check_sides(c);
  if (c->sites > 1) check_sites(c);
  check_numbers(c);
  return 0;
}
