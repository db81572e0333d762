#include "label_reader.h"

#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "error.h"
#include "label_cell.h"
#include "memory.h"
#include "text.h"
#include "xsite.h"

typedef enum value {
  VALUE_POSITIVE,
  VALUE_NEGATIVE,
  VALUE_UNCERTAIN,
  VALUE_BLANK,
  VALUE_UNMAPPED
} value;

/* ---- columns ---- */

static bool has_cells(const label_reader *r, const char *kind) {
  return !strcmp(r->m->labels.cells, kind);
}

static int find_findings(label_reader *r) {
  const labels *x = r->out;
  static const char *const key[] = {"labels.positive", "labels.negative", "labels.other"};
  for (int64_t i = 0; i < x->term.n; i++) {
    if (joined_tables_find(r->s, key[x->role[i]], x->term.text[i], &r->column[i])) return XS_FAILED;
  }
  return 0;
}

int label_reader_open(const mapping *m, const joined_tables *s, labels *out, label_reader *r) {
  *r = (label_reader){.m = m, .s = s, .out = out};
  r->column = memory_new(sizeof *r->column * (size_t)(out->term.n + 1));
  if (has_cells(r, "none")) return 0;
  if (has_cells(r, "columns")) return find_findings(r);
  return joined_tables_find(s, "labels.column", m->labels.column, &r->column[0]);
}

void label_reader_close(label_reader *r) {
  free(r->column);
  free(r->copy);
  *r = (label_reader){0};
}

/* ---- counting ---- */

static void note_unmapped(label_reader *r, joined_column c, int64_t row, const char *text) {
  labels *x = r->out;
  int64_t before = x->unmapped.n, number = text_set_add(&x->unmapped, text);
  if (number == before) {
    x->unmapped_rows =
        memory_grow(x->unmapped_rows, sizeof *x->unmapped_rows * (size_t)(number + 1));
    x->unmapped_rows[number] = 0;
    if (!number) x->first_unmapped = joined_tables_place(r->s, c, row);
  }
  x->unmapped_rows[number]++;
}

static void count_value(label_count *c, value v) {
  if (v == VALUE_POSITIVE) c->positive++;
  if (v == VALUE_NEGATIVE) c->negative++;
  if (v == VALUE_UNCERTAIN) c->uncertain++;
  if (v == VALUE_BLANK) c->blank++;
}

/* A finding adds to the row's evidence. */
static void weigh(label_role role, value v, label_evidence *e) {
  if (role == ROLE_EXCLUDE) e->excluded = true;
  if (v != VALUE_BLANK && role != ROLE_SILENT) e->says = true;
  if (role == ROLE_NEGATIVE && v == VALUE_POSITIVE) e->negative++;
  if (role != ROLE_POSITIVE) return;
  if (v == VALUE_POSITIVE) e->positive++;
  if (v == VALUE_UNCERTAIN) e->uncertain++;
  if (v == VALUE_BLANK) e->blank++;
}

/* ---- a column for every finding ---- */

typedef bool (*equal_texts)(const char *a, const char *b);

static bool same_text(const char *a, const char *b) { return strcmp(a, b) == 0; }

static value find_value(const mapping *m, const char *cell, equal_texts equal) {
  const xs_texts *list[] = {[VALUE_POSITIVE] = &m->labels.positive_values,
                            [VALUE_NEGATIVE] = &m->labels.negative_values,
                            [VALUE_UNCERTAIN] = &m->labels.uncertain_values};
  for (int v = VALUE_POSITIVE; v <= VALUE_UNCERTAIN; v++) {
    for (int i = 0; i < list[v]->n; i++) {
      if (equal(list[v]->text[i], cell)) return (value)v;
    }
  }
  return VALUE_UNMAPPED;
}

/* As it is written, or as a number: 1.00 is 1. */
static value read_value(const mapping *m, const char *cell) {
  if (!*cell) return VALUE_BLANK;
  const value v = find_value(m, cell, same_text);
  return v == VALUE_UNMAPPED ? find_value(m, cell, text_same_number) : v;
}

/* Returns whether the row has these columns at all: not where a joined file lacks it. */
static bool read_findings(label_reader *r, int64_t row, label_evidence *e) {
  labels *x = r->out;
  bool there = false;
  for (int64_t i = 0; i < x->term.n; i++) {
    const char *cell = joined_tables_cell(r->s, r->column[i], row);
    if (!cell) continue;
    there = true;
    value v = read_value(r->m, cell);
    if (v == VALUE_UNMAPPED) {
      char *text = text_format("%s = %s", x->term.text[i], cell);
      note_unmapped(r, r->column[i], row, text);
      free(text);
      v = VALUE_BLANK;
    }
    count_value(&x->count[i], v);
    weigh(x->role[i], v, e);
  }
  return there;
}

/* ---- one cell of terms ---- */

static void copy_cell(label_reader *r, const char *cell) {
  size_t n = strlen(cell) + 1;
  if (n > r->room) {
    r->room = 2 * n;
    r->copy = memory_grow(r->copy, r->room);
  }
  memcpy(r->copy, cell, n);
}

static void weigh_term(label_reader *r, int64_t row, const char *term, label_evidence *e) {
  labels *x = r->out;
  int64_t number = text_set_find(&x->term, term);
  if (number < 0) {
    note_unmapped(r, r->column[0], row, term);
    e->says = true;
    return;
  }
  if (x->last[number] == x->n) return; /* twice in one cell */
  x->last[number] = x->n;
  x->count[number].positive++;
  weigh(x->role[number], VALUE_POSITIVE, e);
}

static int refuse_cell(const label_reader *r, int64_t row, const char *cell, const char *wrong) {
  char *place = joined_tables_place(r->s, r->column[0], row);
  int status =
      fail(XS_FAILED, "%s: column \"%s\": %.200s is no list of terms: %s; correct the cell", place,
           r->m->labels.column, cell, wrong);
  free(place);
  return status;
}

static int read_terms(label_reader *r, int64_t row, label_evidence *e) {
  const char *cell = joined_tables_cell(r->s, r->column[0], row);
  if (!cell || !*cell) return 0;
  label_terms t;
  copy_cell(r, cell);
  const char *wrong = has_cells(r, "list") ? label_parse_list(r->copy, &t)
                                           : label_split(r->copy, r->m->labels.separator, &t);
  if (wrong) return refuse_cell(r, row, cell, wrong);
  for (int i = 0; i < t.n; i++) weigh_term(r, row, t.term[i], e);
  e->blank = r->m->labels.positive.n - e->positive;
  return 0;
}

/* ---- judging ---- */

void label_reader_count(label_reader *r) {
  const label_evidence *e = &r->last;
  labels *x = r->out;
  if (!e->there) return;
  if (has_cells(r, "columns") && !e->says) x->blank_rows++;
  if (e->positive && e->negative) x->contradicting++;
  if (!e->positive && e->uncertain) x->uncertain_only++;
  if (!e->positive && !e->uncertain && !e->negative) x->unsaid++;
}

static label_outcome judge(const mapping *m, const label_evidence *e) {
  const char *uncertain = m->policy.uncertain;
  if (e->excluded) return LABEL_EXCLUDED;
  if (e->positive || (e->uncertain && !strcmp(uncertain, "positive"))) return LABEL_POSITIVE;
  if (e->uncertain && !strcmp(uncertain, "ignore")) return LABEL_UNCERTAIN;
  if (e->negative) return LABEL_NEGATIVE;
  if (!strcmp(m->policy.negatives, "strict")) return LABEL_SILENT;
  return e->blank && !strcmp(m->policy.blank, "unknown") ? LABEL_SILENT : LABEL_NEGATIVE;
}

int label_reader_judge(label_reader *r, int64_t row, label_outcome *outcome) {
  label_evidence *e = &r->last;
  int status = 0;
  *e = (label_evidence){0};
  if (has_cells(r, "columns")) {
    e->there = read_findings(r, row, e);
  } else if (!has_cells(r, "none")) {
    status = read_terms(r, row, e);
    e->there = e->says;
  }
  *outcome = e->there ? judge(r->m, e) : LABEL_NONE;
  return status;
}

/* "Edema 1.0, Pneumonia -1.0": the findings that are mentioned. */
static char *list_findings(const label_reader *r, int64_t row) {
  buffer text = {0};
  for (int64_t i = 0; i < r->out->term.n; i++) {
    const char *cell = joined_tables_cell(r->s, r->column[i], row);
    if (!cell || !*cell) continue;
    buffer_between(&text, ", ");
    buffer_add(&text, "%s %s", r->out->term.text[i], cell);
  }
  return buffer_take(&text);
}

char *label_reader_evidence(const label_reader *r, int64_t row) {
  if (has_cells(r, "none")) return text_copy("");
  if (has_cells(r, "columns")) return list_findings(r, row);
  const char *cell = joined_tables_cell(r->s, r->column[0], row);
  return text_copy(cell ? cell : "");
}
