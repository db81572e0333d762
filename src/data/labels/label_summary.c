#include "label_summary.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "number_ids.h"
#include "numeral.h"
#include "sort.h"
#include "text.h"

static const char *const reason[LABEL_OUTCOMES] = {
    [LABEL_UNLISTED] = "not in the list of names",
    [LABEL_BROKEN] = "known to be broken (keep.broken)",
    [LABEL_WHERE] = "a condition does not hold (keep.where)",
    [LABEL_VIEW] = "another projection (keep.views)",
    [LABEL_AGE] = "another age (keep.age_from, keep.age_to)",
    [LABEL_EXCLUDED] = "has an excluded term (labels.exclude)",
    [LABEL_NONE] = "no label",
    [LABEL_UNCERTAIN] = "only uncertain (policy.uncertain)",
    [LABEL_SILENT] = "neither positive nor negative (policy.negatives, policy.blank)",
    [LABEL_TIED] = "as many rows say one class as the other (rows: majority)",
};

/* ---- counting ---- */

typedef bool (*chooser)(const mapping *m, const label_row *row);

static bool take_all(const mapping *m, const label_row *row) {
  (void)m, (void)row;
  return true;
}

static bool take_kept(const mapping *m, const label_row *row) {
  return labels_keeps(m, row->outcome);
}

static bool take_negative(const mapping *m, const label_row *row) {
  (void)m;
  return row->outcome == LABEL_NEGATIVE;
}

static bool take_positive(const mapping *m, const label_row *row) {
  (void)m;
  return row->outcome == LABEL_POSITIVE;
}

/* {images, patients, studies} of the rows chosen: an image counts once, whatever its rows; a study
 * is one of its patient. */
static json_t *count_rows(const mapping *m, const labels *x, chooser choose) {
  text_set images = {0}, patients = {0}, studies = {0};
  for (int64_t i = 0; i < x->n; i++) {
    const label_row *row = &x->row[i];
    if (!choose(m, row)) continue;
    text_set_add(&images, row->image);
    if (x->patients) text_set_add(&patients, row->patient);
    if (!x->studies) continue;
    char *key = text_format("%s\x1f%s", row->patient ? row->patient : "", row->study);
    text_set_add(&studies, key);
    free(key);
  }
  json_t *j = json_object();
  json_object_set_new(j, "images", json_integer(images.n));
  if (x->patients) json_object_set_new(j, "patients", json_integer(patients.n));
  if (x->studies) json_object_set_new(j, "studies", json_integer(studies.n));
  text_set_release(&images);
  text_set_release(&patients);
  text_set_release(&studies);
  return j;
}

static json_t *count_all(const mapping *m, const labels *x) {
  json_t *j = count_rows(m, x, take_all);
  json_object_set_new(j, "rows", json_integer(x->read));
  return j;
}

static json_t *describe_merged(const mapping *m, const labels *x) {
  return json_pack("{s:s, s:I, s:I}", "rule", m->rows, "images_of_several_rows",
                   (json_int_t)x->several, "differing", (json_int_t)x->differing);
}

static json_t *count_classes(const mapping *m, const labels *x) {
  json_t *all = json_array();
  for (int k = 0; k < 2; k++) {
    json_t *j = count_rows(m, x, k ? take_positive : take_negative);
    json_object_set_new(j, "name", option_text_json(m->classes.text[k]));
    json_array_append_new(all, j);
  }
  return all;
}

static void count_outcomes(const labels *x, int64_t count[LABEL_OUTCOMES]) {
  text_set images[LABEL_OUTCOMES] = {{0}};
  for (int64_t i = 0; i < x->n; i++) {
    const label_outcome k = x->row[i].outcome;
    if (k >= LABEL_UNLISTED) text_set_add(&images[k], x->row[i].image);
  }
  for (int k = 0; k < LABEL_OUTCOMES; k++) {
    count[k] = images[k].n;
    text_set_release(&images[k]);
  }
}

static json_t *count_left_out(const mapping *m, const labels *x) {
  int64_t count[LABEL_OUTCOMES];
  json_t *all = json_array();
  count_outcomes(x, count);
  for (int k = LABEL_UNLISTED; k < LABEL_OUTCOMES; k++) {
    if (!count[k]) continue;
    bool kept = labels_keeps(m, (label_outcome)k);
    json_array_append_new(all, json_pack("{s:s, s:I, s:b}", "reason", reason[k], "images",
                                         (json_int_t)count[k], "kept_unlabelled", kept));
  }
  return all;
}

/* ---- findings and terms ---- */

static json_t *list_findings(const labels *x) {
  static const char *const role[] = {"positive", "negative", "other", "exclude", "silent"};
  json_t *all = json_array();
  for (int64_t i = 0; i < x->term.n; i++) {
    const label_count *c = &x->count[i];
    json_t *j = json_pack("{s:o, s:s, s:I, s:I, s:I, s:I}", "name",
                          option_text_json(x->term.text[i]), "role", role[x->role[i]], "positive",
                          (json_int_t)c->positive, "negative", (json_int_t)c->negative, "uncertain",
                          (json_int_t)c->uncertain, "blank", (json_int_t)c->blank);
    json_array_append_new(all, j);
  }
  return all;
}

typedef struct counted {
  const char *text;
  int64_t rows;
} counted;

static int compare_counts(const void *a, const void *b) {
  const counted *p = a, *q = b;
  if (p->rows != q->rows) return p->rows < q->rows ? 1 : -1;
  return strcmp(p->text, q->text);
}

/* [{text, rows}], the most frequent first. */
static json_t *list_counts(const text_set *s, const int64_t *rows) {
  counted *all = memory_new(sizeof *all * (size_t)s->n);
  for (int64_t i = 0; i < s->n; i++) all[i] = (counted){s->text[i], rows[i]};
  if (s->n) qsort(all, (size_t)s->n, sizeof *all, compare_counts);
  json_t *list = json_array();
  for (int64_t i = 0; i < s->n; i++) {
    json_array_append_new(list, json_pack("{s:o, s:I}", "text", option_text_json(all[i].text),
                                          "rows", (json_int_t)all[i].rows));
  }
  free(all);
  return list;
}

/* The nearest term of the mapping beside each. */
static json_t *list_unmapped(const mapping *m, const labels *x) {
  json_t *all = list_counts(&x->unmapped, x->unmapped_rows), *j;
  size_t i;
  json_array_foreach(all, i, j) {
    const char *near = labels_nearest(m, x, json_string_value(json_object_get(j, "text")));
    if (near) json_object_set_new(j, "nearest", option_text_json(near));
  }
  return all;
}

/* ---- attributes ---- */

static json_t *list_values(const labels *x, attribute_kind kind) {
  text_set values = {0};
  int64_t *rows = NULL, unknown = 0;
  for (int64_t i = 0; i < x->n; i++) {
    const char *text = x->row[i].attribute[kind];
    if (!text) {
      unknown++;
      continue;
    }
    int64_t before = values.n, number = text_set_add(&values, text);
    if (number == before) {
      rows = memory_grow(rows, sizeof *rows * (size_t)values.n);
      rows[number] = 0;
    }
    rows[number]++;
  }
  json_t *j =
      json_pack("{s:o, s:I}", "values", list_counts(&values, rows), "unknown", (json_int_t)unknown);
  text_set_release(&values);
  free(rows);
  return j;
}

static json_t *describe_ages(const labels *x) {
  double *age = memory_new(sizeof *age * (size_t)x->n);
  int64_t n = 0;
  for (int64_t i = 0; i < x->n; i++) {
    const char *text = x->row[i].attribute[ATTRIBUTE_AGE];
    if (text) age[n++] = numeral_read(text, NULL);
  }
  const double median = sort_median(age, n);
  json_t *j = json_pack("{s:I, s:I, s:I}", "known", (json_int_t)n, "unknown",
                        (json_int_t)(x->n - n), "impossible", (json_int_t)x->strange_ages);
  if (x->first_strange) {
    json_object_set_new(j, "first_impossible", option_text_json(x->first_strange));
  }
  if (n) {
    json_object_set_new(j, "least", json_real(age[0]));
    json_object_set_new(j, "median", json_real(median));
    json_object_set_new(j, "largest", json_real(age[n - 1]));
  }
  free(age);
  return j;
}

static json_t *describe_attributes(const labels *x) {
  static const char *const name[] = {"sex", "age", "view", "scanner"};
  json_t *j = json_object();
  for (int k = 0; k < ATTRIBUTES; k++) {
    if (!x->present[k]) continue;
    json_object_set_new(j, name[k],
                        k == ATTRIBUTE_AGE ? describe_ages(x) : list_values(x, (attribute_kind)k));
  }
  return j;
}

/* ---- single rows ---- */

static json_t *describe_row(const xs_texts *csv, const label_row *row) {
  return json_pack("{s:o, s:o, s:I}", "image", option_text_json(row->image), "file",
                   option_text_json(csv->text[row->file]), "line", (json_int_t)row->line);
}

/* Images that kept rows list more than once: how many rows too many, of them with another class. */
static json_t *find_duplicates(const mapping *m, const xs_texts *csv, const labels *x) {
  text_set images = {0};
  int64_t *first = memory_new(sizeof *first * (size_t)(x->n + 1)), again = 0, differ = 0;
  json_t *example = NULL;
  for (int64_t i = 0; i < x->n; i++) {
    if (!labels_keeps(m, x->row[i].outcome)) continue;
    int64_t before = images.n, number = text_set_add(&images, x->row[i].image);
    if (number == before) {
      first[number] = i;
      continue;
    }
    again++;
    bool differs = x->row[i].outcome != x->row[first[number]].outcome;
    if (!example || (differs && !differ)) {
      json_decref(example);
      example = describe_row(csv, &x->row[i]);
      json_object_set_new(example, "first", describe_row(csv, &x->row[first[number]]));
    }
    differ += differs;
  }
  json_t *j =
      json_pack("{s:I, s:I}", "rows", (json_int_t)again, "contradicting", (json_int_t)differ);
  if (example) json_object_set_new(j, "example", example);
  text_set_release(&images);
  free(first);
  return j;
}

/* Patients whose ids are one number in several writings, of kept rows. */
static json_t *find_number_ids(const mapping *m, const labels *x) {
  const char **id = memory_new(sizeof *id * (size_t)(x->n + 1));
  int64_t *set = memory_new(sizeof *set * (size_t)(x->n + 1));
  for (int64_t i = 0; i < x->n; i++) {
    id[i] = labels_keeps(m, x->row[i].outcome) ? x->row[i].patient : NULL;
  }
  json_t *j =
      json_pack("{s:I, s:[]}", "numbers", (json_int_t)number_ids_find(id, x->n, set), "example");
  const char *first = NULL; /* of the first set */
  for (int64_t i = 0; i < x->n; i++) {
    if (set[i] != 0 || (first && !strcmp(first, id[i]))) continue;
    json_array_append_new(json_object_get(j, "example"), option_text_json(id[i]));
    if (first) break;
    first = id[i];
  }
  free(set);
  free(id);
  return j;
}

static json_t *list_examples(const mapping *m, const xs_texts *csv, const labels *x) {
  json_t *all = json_array();
  for (int k = 0; k < LABEL_OUTCOMES; k++) {
    const char *what = k < 2 ? m->classes.text[k] : reason[k];
    for (int64_t i = 0; i < x->n && x->examples[k]; i++) {
      const label_row *row = &x->row[i];
      if (!row->evidence || (int)row->outcome != k) continue;
      json_t *j = describe_row(csv, row);
      json_object_set_new(j, "what", option_text_json(what));
      json_object_set_new(j, "labels", option_text_json(row->evidence));
      json_array_append_new(all, j);
    }
  }
  return all;
}

/* ---- all of it ---- */

static json_t *describe_mapping(const mapping *m) {
  json_t *j = mapping_json(m);
  json_object_set_new(j, "file", option_text_json(m->path));
  return j;
}

json_t *label_summary(const mapping *m, const xs_texts *csv, const labels *x) {
  json_t *j = json_object();
  json_object_set_new(j, "mapping", describe_mapping(m));
  json_object_set_new(j, "files", option_texts_json(csv->text, csv->n));
  json_object_set_new(j, "rows", count_all(m, x));
  if (m->rows) json_object_set_new(j, "merged", describe_merged(m, x));
  json_object_set_new(j, "kept", count_rows(m, x, take_kept));
  json_object_set_new(j, "classes", count_classes(m, x));
  json_object_set_new(j, "left_out", count_left_out(m, x));
  json_object_set_new(j, "findings", list_findings(x));
  json_object_set_new(j, "unmapped", list_unmapped(m, x));
  json_object_set_new(j, "policy",
                      json_pack("{s:I, s:I, s:I, s:I}", "all_blank", (json_int_t)x->blank_rows,
                                "uncertain_only", (json_int_t)x->uncertain_only, "unsaid",
                                (json_int_t)x->unsaid, "contradicting",
                                (json_int_t)x->contradicting));
  json_object_set_new(j, "attributes", describe_attributes(x));
  json_object_set_new(j, "joined_without_image", json_integer(x->joined_away));
  json_object_set_new(j, "duplicates", find_duplicates(m, csv, x));
  if (x->patients) json_object_set_new(j, "number_ids", find_number_ids(m, x));
  if (x->listed >= 0) {
    json_object_set_new(j, "list",
                        json_pack("{s:I, s:I}", "names", (json_int_t)x->listed, "without_row",
                                  (json_int_t)x->missing));
  }
  json_object_set_new(j, "examples", list_examples(m, csv, x));
  return j;
}
