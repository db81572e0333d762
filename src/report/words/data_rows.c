#include "data_rows.h"

#include "memory.h"
#include "text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- which rows ------------------------------------------------------------------------------ */

typedef struct rows {
  data_row *row;
  int n;
} rows;

static void add(rows *r, data_row row) {
  r->row = memory_grow(r->row, (size_t)(r->n + 1) * sizeof row);
  r->row[r->n++] = row;
}

static bool is_same(const char *a, const char *b) { return a && b && strcmp(a, b) == 0; }

static int count_levels(const rows *r, const char *name) {
  int n = 0;
  for (int i = 0; i < r->n; i++) n += r->row[i].kind == DATA_LEVEL && is_same(r->row[i].name, name);
  return n;
}

static bool has(const rows *r, data_row_kind kind, const char *name, const char *value) {
  for (int i = 0; i < r->n; i++) {
    const data_row *x = &r->row[i];
    if (x->kind == kind && is_same(x->name, name) && (!value || is_same(x->value, value))) {
      return true;
    }
  }
  return false;
}

static const characteristic *find(const data_side *s, const char *name) {
  for (int i = 0; i < s->characteristics; i++) {
    if (is_same(s->known[i].name, name)) return &s->known[i];
  }
  return NULL;
}

static void add_levels(rows *r, const characteristic *c) {
  if (!c->levels && isfinite(c->mean) && !has(r, DATA_NUMBER, c->name, NULL)) {
    add(r, (data_row){DATA_NUMBER, c->name, NULL});
  }
  for (int i = 0; i < c->levels && count_levels(r, c->name) < DATA_MOST_LEVELS; i++) {
    const char *value = c->level[i].value;
    if (!has(r, DATA_LEVEL, c->name, value)) add(r, (data_row){DATA_LEVEL, c->name, value});
  }
}

/* All that columns say of it. */
static void add_characteristic(rows *r, const data_side *const *column, int n, const char *name) {
  bool unknown = false;
  for (int i = 0; i < n; i++) {
    const characteristic *c = find(column[i], name);
    if (c) add_levels(r, c);
    unknown = unknown || !c || c->known < column[i]->images;
  }
  if (unknown) add(r, (data_row){DATA_UNKNOWN, name, NULL});
}

static bool is_first(const data_side *const *column, int i, const char *name) {
  for (int k = 0; k < i; k++) {
    if (find(column[k], name)) return false;
  }
  return true;
}

static bool any_groups(const data_side *const *column, int n) {
  for (int i = 0; i < n; i++) {
    if (column[i]->groups < column[i]->images) return true;
  }
  return false;
}

data_row *data_rows(const data_side *const *column, int n, int *count) {
  rows r = {0};
  add(&r, (data_row){DATA_IMAGES, "images", NULL});
  if (any_groups(column, n)) add(&r, (data_row){DATA_GROUPS, "patients", NULL});
  for (int i = 0; i < n; i++) {
    for (int k = 0; k < column[i]->characteristics; k++) {
      const char *name = column[i]->known[k].name;
      if (is_first(column, i, name)) add_characteristic(&r, column, n, name);
    }
  }
  *count = r.n;
  return r.row;
}

char *data_row_name(const data_row *row) {
  switch (row->kind) {
  case DATA_LEVEL:
    return text_format("%s %s", row->name, row->value ? row->value : "");
  case DATA_NUMBER:
    return text_format("%s, mean (deviation)", row->name);
  case DATA_UNKNOWN:
    return text_format("%s not known", row->name);
  default:
    return text_copy(row->name);
  }
}

/* ---- cells ----------------------------------------------------------------------------------- */

static number beside(number a, number b) {
  char *text = text_format("%s (%s)", a.text, b.text);
  number x;
  snprintf(x.text, sizeof x.text, "%s", text);
  free(text);
  return x;
}

static number with_share(double n, double of) {
  return of > 0 ? beside(number_fixed(n, 0), number_percent(100 * n / of, 1)) : number_fixed(n, 0);
}

/* A level that a site does not have is on none of its images. */
static double images_of(const characteristic *c, const char *value) {
  for (int i = 0; i < c->levels; i++) {
    if (is_same(c->level[i].value, value)) return c->level[i].images;
  }
  return 0;
}

number data_cell(const data_row *row, const data_side *s) {
  const characteristic *c = find(s, row->name);
  if (row->kind == DATA_IMAGES) return number_fixed(s->images, 0);
  if (row->kind == DATA_GROUPS) return number_fixed(s->groups, 0);
  if (row->kind == DATA_UNKNOWN) {
    return with_share(s->images - (c ? c->known : 0), s->images);
  }
  if (!c || !(c->known > 0)) return number_fixed(NAN, 0);
  if (row->kind == DATA_LEVEL) return with_share(images_of(c, row->value), c->known);
  return beside(number_fixed(c->mean, 1), number_fixed(c->deviation, 1));
}

const data_test *data_row_test(const data_row *row, const data_sets *d) {
  if (row->kind != DATA_LEVEL && row->kind != DATA_NUMBER) return NULL;
  return data_test_of(d, row->name, row->value);
}

number data_f(const data_test *t) {
  if (!t || isnan(t->p)) return number_fixed(NAN, 0);
  char *freedom = text_format("%.0f, %.0f", t->between, t->within);
  number degrees, f = number_fixed(t->f, 2);
  snprintf(degrees.text, sizeof degrees.text, "%s", freedom);
  free(freedom);
  if (isnan(t->f)) snprintf(f.text, sizeof f.text, "∞"); /* nothing varies within a site */
  return beside(f, degrees);
}
