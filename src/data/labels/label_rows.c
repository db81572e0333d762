/* label_rows.c: several rows of one image become one, as a mapping's `rows` says. */
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "labels.h"
#include "memory.h"
#include "row_votes.h"
#include "xsite.h"

static bool is_labelled(const label_row *row) {
  return row->outcome == LABEL_NEGATIVE || row->outcome == LABEL_POSITIVE;
}

static void count_votes(const mapping *m, const labels *x, row_votes *v) {
  const size_t n = (size_t)x->n + 1;
  const char **image = memory_new(sizeof *image * n), **reader = memory_new(sizeof *reader * n);
  int32_t *label = memory_new(sizeof *label * n);
  for (int64_t i = 0; i < x->n; i++) {
    image[i] = x->row[i].image;
    reader[i] = x->row[i].reader;
    label[i] = is_labelled(&x->row[i]) ? (int32_t)x->row[i].outcome : -1;
  }
  const row_votes_in in = {m->rows, 2, x->n, image, m->columns.reader ? reader : NULL, label};
  row_votes_count(&in, v);
  free(label);
  free(reader);
  free(image);
}

static bool differ(const char *a, const char *b) { return a && b && strcmp(a, b) != 0; }

static int check_patients(const xs_texts *csv, const labels *x, const row_votes *v) {
  for (int64_t i = 0; i < x->n; i++) {
    const label_row *row = &x->row[i], *first = &x->row[v->first[v->image[i]]];
    if (differ(row->split, first->split)) {
      return fail(
          XS_FAILED,
          "%s:%lld: image \"%s\" is in %s of the split, on line %lld of %s in %s; correct the "
          "column",
          csv->text[row->file], (long long)row->line, row->image, row->split,
          (long long)first->line, csv->text[first->file], first->split);
    }
    if (!differ(row->patient, first->patient)) continue;
    return fail(XS_FAILED,
                "%s:%lld: image \"%s\" is of patient %s, on line %lld%s%s of patient %s; an image "
                "has one",
                csv->text[row->file], (long long)row->line, row->image, row->patient,
                (long long)first->line, row->file == first->file ? "" : " of ",
                row->file == first->file ? "" : csv->text[first->file], first->patient);
  }
  return 0;
}

/* What an image comes to: left out where a row has a term that excludes images; else the vote, or
 * without one what its first kept row is, or its first. */
static label_outcome decide(const mapping *m, const labels *x, const row_votes *v, int64_t image,
                            label_outcome kept) {
  if (v->tied[image]) return LABEL_TIED;
  if (v->label[image] >= 0) return (label_outcome)v->label[image];
  return labels_keeps(m, kept) ? kept : x->row[v->first[image]].outcome;
}

static void decide_all(const mapping *m, const labels *x, const row_votes *v, label_outcome *out) {
  for (int64_t k = 0; k < v->images; k++) out[k] = x->row[v->first[k]].outcome;
  for (int64_t i = x->n - 1; i >= 0; i--) {
    if (labels_keeps(m, x->row[i].outcome)) out[v->image[i]] = x->row[i].outcome;
  }
  for (int64_t k = 0; k < v->images; k++) out[k] = decide(m, x, v, k, out[k]);
  for (int64_t i = 0; i < x->n; i++) {
    if (x->row[i].outcome == LABEL_EXCLUDED) out[v->image[i]] = LABEL_EXCLUDED;
  }
}

/* An image is told by the first row that says what it comes to. */
static void choose_rows(const labels *x, const row_votes *v, const label_outcome *outcome,
                        int64_t *chosen) {
  for (int64_t k = 0; k < v->images; k++) chosen[k] = -1;
  for (int64_t i = 0; i < x->n; i++) {
    const int64_t k = v->image[i];
    if (chosen[k] < 0 && x->row[i].outcome == outcome[k]) chosen[k] = i;
  }
  for (int64_t k = 0; k < v->images; k++) {
    if (chosen[k] < 0) chosen[k] = v->first[k];
  }
}

/* What is not known from the chosen row is taken from the others. */
static void take_attributes(label_row *to, label_row *from) {
  for (int k = 0; k < ATTRIBUTES; k++) {
    if (to->attribute[k]) continue;
    to->attribute[k] = from->attribute[k];
    from->attribute[k] = NULL;
  }
}

static void count_merged(labels *x, const row_votes *v) {
  int64_t *rows = memory_new(sizeof *rows * (size_t)(v->images + 1));
  bool *differ = memory_new(sizeof *differ * (size_t)(v->images + 1));
  for (int64_t i = 0; i < x->n; i++) {
    const label_row *row = &x->row[i], *first = &x->row[v->first[v->image[i]]];
    rows[v->image[i]]++;
    if (row->outcome != first->outcome) differ[v->image[i]] = true;
  }
  for (int64_t k = 0; k < v->images; k++) {
    x->several += rows[k] > 1;
    x->differing += differ[k];
  }
  free(differ);
  free(rows);
}

static void keep_chosen(labels *x, const row_votes *v, const label_outcome *outcome,
                        const int64_t *chosen) {
  label_row *kept = memory_new(sizeof *kept * (size_t)(v->images + 1));
  for (int64_t i = 0; i < x->n; i++) {
    label_row *to = &x->row[chosen[v->image[i]]];
    if (to != &x->row[i]) take_attributes(to, &x->row[i]);
  }
  memset(x->examples, 0, sizeof x->examples);
  for (int64_t k = 0; k < v->images; k++) {
    kept[k] = x->row[chosen[k]];
    memset(&x->row[chosen[k]], 0, sizeof *x->row);
    kept[k].outcome = outcome[k];
    x->examples[outcome[k]]++;
  }
  for (int64_t i = 0; i < x->n; i++) label_row_release(&x->row[i]);
  free(x->row);
  x->row = kept;
  x->n = x->room = v->images;
}

int labels_merge_rows(const mapping *m, const xs_texts *csv, labels *x) {
  row_votes v;
  count_votes(m, x, &v);
  const int status = check_patients(csv, x, &v);
  if (!status) {
    label_outcome *outcome = memory_new(sizeof *outcome * (size_t)(v.images + 1));
    int64_t *chosen = memory_new(sizeof *chosen * (size_t)(v.images + 1));
    count_merged(x, &v);
    decide_all(m, x, &v, outcome);
    choose_rows(x, &v, outcome, chosen);
    keep_chosen(x, &v, outcome, chosen);
    free(chosen);
    free(outcome);
  }
  row_votes_release(&v);
  return status;
}
